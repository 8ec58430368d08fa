# SPDX-License-Identifier: GPL-2.0-only
"""A leak of 30 an hour until fork fails, beside crowds of 200 that only stand or come and go.

It takes more than an hour and next to no CPU time: PROCTRACE_FULL=1. The tracer counts its
quarters of an hour by the boot clock, so it takes up to five of them until the slowest of its
scales has something to judge."""

import os
import subprocess
import sys

import pytest
from leaky import Leaky, group_of, leaks_of
from stream import seconds

LIMIT = int(os.environ.get("PROCTRACE_SLOW_LIMIT", "42"))  # 80 minutes
RATE = 30 / 3600
CROWD = 200

# As many zombies as ever; each second the oldest is collected and another one left.
CHURN = """
import os, sys, time
def leave():
    return os.fork() or os._exit(0)
crowd = [leave() for _ in range(int(sys.argv[1]))]
print(flush=True)
while True:
    time.sleep(1)
    try:
        crowd.append(leave())
    except BlockingIOError:  # other tests may have filled the machine
        continue
    os.waitpid(crowd.pop(0), 0)
"""


@pytest.mark.skipif(os.environ.get("PROCTRACE_FULL") != "1",
                    reason="it takes more than an hour: PROCTRACE_FULL=1")
def test_slow_leak_is_told_and_forecast_and_crowds_are_none(trace):
    tracer = trace("--no-snapshot", "--events", "zombie_leak")
    stands = Leaky(400, CROWD)
    with group_of(LIMIT) as group, subprocess.Popen(
            [sys.executable, "-c", CHURN, str(CROWD)], stdout=subprocess.PIPE) as changes:
        try:
            stands.row(), changes.stdout.readline()
            leaky = Leaky(RATE, 10 * LIMIT, group)
            refused = leaky.row()  # an hour passes
            told = leaks_of(tracer, leaky.pid)
            assert told, "it ran into its limit, and nobody had said so"
            for line in told:
                leak = line["proctrace"]["zombie_leak"]
                read = seconds(leak["limits"]["read"])
                forecast = seconds(leak["forecast"]["reached"]) - read
                real = refused["refused"] - read
                print(f"{leak['count']} zombies, {leak['growth']}: forecast {forecast:.0f} s ahead, "
                      f"real {real:.0f} s, error {100 * (forecast - real) / real:+.1f} %")
                assert leak["forecast"]["limit"] == "pids_max"
            assert refused["children"] == leaky.zombies() == LIMIT - 1
            assert stands.zombies() == CROWD and changes.poll() is None
            assert not leaks_of(tracer, stands.pid) and not leaks_of(tracer, changes.pid)
            for line in told:  # the limit is hit by the child after the one that reaches it
                leak = line["proctrace"]["zombie_leak"]
                read = seconds(leak["limits"]["read"])
                real = refused["refused"] - read
                off = seconds(leak["forecast"]["reached"]) - refused["refused"]
                assert -1 / RATE - 0.1 * real <= off <= 0.1 * real, line
            leaky.end()
        finally:
            changes.kill()
            stands.end()
