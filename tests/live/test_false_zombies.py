# SPDX-License-Identifier: GPL-2.0-only
"""Children that are collected, at once or late, on a machine that is busy: none is taken for a
zombie. Of those that are left lying none is missed. And nothing is kept of those that are gone."""

import contextlib
import os
import re
import time

import pytest

from ledger import Life, crowd, proc_text, until
from stream import started_at

FULL = os.environ.get("PROCTRACE_FULL") == "1"
COUNT, RUNS, LEFT = (125000, 8, 50) if FULL else (crowd(20000), 1, 20)
LATE = 300  # milliseconds; the threshold is 1000
ROOM = 2048  # KiB for those that are dead at once: more of them after all lives than after a tenth
EACH = 2  # KiB for everybody that there is besides: an audit looks at strangers too


@contextlib.contextmanager
def busy():
    """Something to do for every processor."""
    with contextlib.ExitStack() as stack:
        spinners = [stack.enter_context(Life("storm", "spin", cpu))
                    for cpu in sorted(os.sched_getaffinity(0))]
        for spinner in spinners:
            spinner.until("spinning")
        yield
        for spinner in spinners:
            spinner.finish()


def own_memory(tracer):
    """In KiB, without what the kernel shares with it: the ring shows page by page as it is read."""
    return int(re.search(r"RssAnon:\s+(\d+)", proc_text(tracer.process.pid, "status"))[1])


def is_one_of(line, rows):
    return any(row["pid"] == line["process"]["pid"]
               and abs(started_at(line) - row["start"] / 100) < 0.25 for row in rows)


@pytest.mark.parametrize("run", range(RUNS))
def test_nobody_that_is_collected_is_taken_for_a_zombie(trace, run):
    with busy(), Life("nursery", COUNT, LATE, LEFT) as life:
        root = life.until("born")["pid"]
        tracer = trace("--tree", root, "--events", "zombie,zombie_cleared", "--no-snapshot")
        begin = time.monotonic()
        life.go_on()
        until(lambda: len(life.seen("left")) > LEFT // 10, "a tenth of the lives", timeout=60)
        first = own_memory(tracer.read())
        most = 0

        def rests():
            nonlocal most
            most = max(most, len(os.listdir("/proc")))
            return life.seen("rests")

        until(rests, "all lives", timeout=600)
        took, last = time.monotonic() - begin, own_memory(tracer)
        left, slow = life.all("left"), life.all("slow")

        def found(action="zombie"):
            return [line for line in tracer.lines if line["event"]["action"] == action]

        tracer.wait_for(lambda: sum(is_one_of(line, left) for line in found()) >= len(left),
                        "all that lie there are found", timeout=20)
        life.go_on()
        life.until("collected")
        tracer.wait_for(lambda: len(found("zombie_cleared")) == len(found()), "all are cleared",
                        timeout=30)
        tracer.stop()
        life.finish()
    assert life.one("collected")["count"] == COUNT and len(left) >= LEFT
    false = [line for line in found() if not is_one_of(line, left + slow)]
    print(f"\n{COUNT} children in {took:.0f} s, {len(left)} left, {len(slow)} collected too late by "
          f"a parent that had no processor; {len(found())} zombies found, {len(false)} false; its "
          f"memory went from {first} to {last} KiB, with at most {most} processes on the machine")
    assert not false, false[:3]
    assert len(found()) <= len(left) + len(slow)
    assert last <= first + ROOM + EACH * most, "something is kept of each life"
