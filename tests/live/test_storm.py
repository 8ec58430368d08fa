# SPDX-License-Identifier: GPL-2.0-only
"""A hundred thousand short lives at full speed: every one whole and in order, none lost."""

import os
import shutil

import pytest

from ledger import Life

FULL = os.environ.get("PROCTRACE_FULL") == "1"
CODES = 251  # the nth child of a storm ends with n % 251


class StormWatch:
    """Keeps what must be known of each child of a storm while its lines go by: what has happened
    to it, in the order of their births."""

    def __init__(self, storm):
        self.storm = storm  # its pid: there is no other of that pid while it lives
        self.lives = {}
        self.reaped = 0
        self.losses = []
        self.untold = 0  # releases that the audit has found, as the kernel did not tell of them

    def __call__(self, line):
        action = line["event"]["action"]
        resync = line["proctrace"].get("resync", {})
        if resync.get("reason") == "audit" and resync["inferred"].keys() == {"reap"}:
            self.untold += resync["inferred"]["reap"]
        elif action in ("lost", "resync"):
            self.losses.append(line)
        process = line.get("process", {})
        entity = process.get("entity_id")
        if action == "fork" and process["parent"]["pid"] == self.storm:
            self.lives[entity] = []
        if entity in self.lives:
            self.lives[entity].append((action, process.get("exit_code")))
            self.reaped += action == "reap"


def run_storm(trace, how, count):
    """One storm under a tracer of its own; returns what was seen of its children: reading begins
    when it is over, so that nothing slows it down."""
    tracer = trace("--no-snapshot", keep=False)
    with Life("storm", how, count) as life:
        storm = life.finish(timeout=120)
    result = storm.one("storm")
    assert result["count"] == count
    tracer.visit = watch = StormWatch(storm.pid("storm"))
    # The kernel tells of a release only some time after it, now and then a second.
    tracer.wait_for(lambda: watch.reaped >= count, f"{count} reaps", timeout=60)
    tracer.stop()
    size = tracer.output.stat().st_size
    print(f"\nstorm {how}: {count} in {result['seconds']:.1f} s "
          f"({result['seconds'] / count * 1e6:.0f} us each), {size >> 20} MiB of JSON, "
          f"stopped in {tracer.stopped_in * 1000:.0f} ms")
    assert not watch.losses, watch.losses[:3]
    assert watch.untold <= 0.006 * count  # see assert_counted() in test_overload.py
    return list(watch.lives.values())


def assert_whole(lives, count, actions):
    assert len(lives) == count
    for n, life in enumerate(lives):
        code = n % CODES
        assert [action for action, _ in life] == actions, f"child {n}: {life}"
        assert life[-2] == ("exit", code), f"child {n}: {life}"


def test_hundred_thousand_programs_at_full_speed_are_whole_and_in_order(trace, tmp_path):
    if shutil.disk_usage(tmp_path).free < 2 << 30:
        pytest.skip(f"less than 2 GiB are free at {tmp_path}")
    lives = run_storm(trace, "exec", 100000)
    assert_whole(lives, 100000, ["fork", "exec", "exit", "reap"])


def test_storm_of_bare_forks_is_whole_and_in_order(trace):
    count = 100000 if FULL else 30000
    assert_whole(run_storm(trace, "fork", count), count, ["fork", "exit", "reap"])


def test_storm_is_whole_while_the_other_processor_is_busy(trace):
    count = 100000 if FULL else 30000
    with Life("storm", "spin", os.cpu_count() - 1) as spinner:
        spinner.until("spinning")
        lives = run_storm(trace, "exec", count)
        spinner.process.stdin.close()
    assert_whole(lives, count, ["fork", "exec", "exit", "reap"])
