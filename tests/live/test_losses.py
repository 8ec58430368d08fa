# SPDX-License-Identifier: GPL-2.0-only
"""What can't be kept is told: a tracer that is held up loses records, but never in silence."""

import os
import signal
import time

from ledger import PATIENCE, TINY, Child, lived


def hold_up(tracer, count):
    """A storm of fat execs that nobody drains the buffer of."""
    os.kill(tracer.process.pid, signal.SIGSTOP)
    try:
        storm = lived("storm", "fat", count)
    finally:
        os.kill(tracer.process.pid, signal.SIGCONT)
    return storm.pid("storm")


def recovered(tracer):
    """A child that is whole again; those that came while the buffer was still full may be not."""
    for _ in range(100):
        with Child([TINY, "9"]) as child:
            who = child.collect().who("child")
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            if tracer.read().of(who, "exit"):
                return tracer.about(child.ledger)
            time.sleep(0.01)
    raise AssertionError("it does not recover")


def lives_under(tracer, parent):
    lives = {}
    for line in tracer.lines:
        if line.get("process", {}).get("parent", {}).get("pid") == parent:
            lives.setdefault(line["process"]["entity_id"], []).append(line)
    return lives


def test_loss_is_told_and_makes_no_false_finding(trace):
    count = 30000
    tracer = trace("--no-snapshot", "--zombie-after", "300", may_lose=True)
    parent = hold_up(tracer, count)
    after = recovered(tracer)
    assert after.life("child") == ["fork", "exec", "exit", "reap"]  # it goes on as before
    time.sleep(1 * PATIENCE)  # three thresholds: what was lost must not turn into zombies
    tracer.sync()
    tracer.stop()
    lives = lives_under(tracer, parent)
    whole = sum([line["event"]["action"] for line in life
                 if not line.get("proctrace", {}).get("inferred")]
                == ["fork", "exec", "exit", "reap"] for life in lives.values())
    lost = [line for line in tracer.lines if line["event"]["action"] == "lost"]
    print(f"\n{whole} of {count} whole, {len(lost)} lines of loss")
    assert lost or whole == count, "lost in silence"
    assert not any(line["event"]["action"] in ("zombie", "zombie_leak")
                   for life in lives.values() for line in life)
    for line in lost:
        assert line["proctrace"]["lost"], line


def test_fail_on_lost_is_status_3_when_something_was(trace):
    tracer = trace("--no-snapshot", "--fail-on", "lost", may_lose=True)
    hold_up(tracer, 30000)
    recovered(tracer)
    tracer.stop(expect=3 if any(line["event"]["action"] == "lost" for line in tracer.lines) else 0)
