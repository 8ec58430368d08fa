# SPDX-License-Identifier: GPL-2.0-only
"""Habits that are easily taken for each other, side by side: one trace and one look tell them apart.

The pairs that need a namespace or threads stand in test_causes.py and test_now_zombies.py."""

import os
from contextlib import ExitStack

import now
import pytest

from corpses import corpses, cminflt, diagnosed, gone, is_zombie, kill, life, zombies_of
from ledger import Stat, proc_text, until


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace("--zombie-after", 300, "--tree", os.getpid())


@pytest.fixture
def lives():
    """Several at a time, by their cases; each at its first `ready`."""
    with ExitStack() as stack:
        yield lambda *cases: [stack.enter_context(life(case)) for case in cases]


def seen_at_once(*parents):
    """What one look says of each parent's zombies."""
    def look():
        groups, _ = now.told("zombies")
        found = {group["process"]["pid"]: group["proctrace"]["zombies"] for group in groups}
        return set(parents) <= set(found) and [found[parent] for parent in parents]
    return until(look, "all of them are told", timeout=15)


def test_who_misses_signals_and_who_never_waits_with_a_handler_or_without(tracer, lives):
    misses, counts, never = lives("once=3", "counts=2", "never=2")
    parents = [made.pid("parent") for made in (misses, counts, never)]
    misses.until("waited")
    dead = [[row for row in corpses(made) if row["pid"] in zombies_of(parent)]
            for made, parent in zip((misses, counts, never), parents)]
    assert list(map(len, dead)) == [2, 2, 2]  # to ps they are the same
    assert [cminflt(parent) > 0 for parent in parents] == [True, False, False]
    for corpse in dead[0]:
        diagnosed(tracer, corpse, parents[0], "misses_signals", "it has a handler for SIGCHLD",
                  "of 3", "collected 1", "no SIGCHLD is pending", also=["waits_late"])
    for corpse in dead[1]:
        diagnosed(tracer, corpse, parents[1], "never_waits", "it has a handler for SIGCHLD",
                  "of 2", "collected 0", also=[])
    for corpse in dead[2]:
        diagnosed(tracer, corpse, parents[2], "never_waits", "SIGCHLD is at its default",
                  "of 2", "collected 0", also=[])
    looks = seen_at_once(*parents)
    assert [(look["cause"], look["sigchld"], look["certain"]) for look in looks] == [
        ("misses_signals", "caught", False), ("never_waits", "caught", False),
        ("never_waits", "default", False)]
    assert "late, or not at all" in looks[0]["watch"]
    assert [any("kill -CHLD" in words for words in look["no_help"]) for look in looks] == [
        False, False, True]
    for parent in parents:
        kill(parent)
    gone(tracer, *sum(dead, []))


def test_the_same_two_of_before_tracing_began(trace, lives):
    misses, counts = lives("once=3", "counts=2")
    misses.until("waited")
    parents = [made.pid("parent") for made in (misses, counts)]
    dead = [[row for row in corpses(made) if row["pid"] in zombies_of(parent)]
            for made, parent in zip((misses, counts), parents)]
    tracer = trace("--zombie-after", 300, "--tree", os.getpid())  # its replay comes to the same
    for corpse in dead[0]:
        diagnosed(tracer, corpse, parents[0], "misses_signals",
                  f"cminflt in /proc/{parents[0]}/stat is {cminflt(parents[0])}",
                  "no SIGCHLD is pending", also=["waits_late"])
    for corpse in dead[1]:
        diagnosed(tracer, corpse, parents[1], "never_waits", "it has a handler for SIGCHLD",
                  f"cminflt in /proc/{parents[1]}/stat is 0", also=[])
    for parent in parents:
        kill(parent)
    gone(tracer, *sum(dead, []))


def test_a_child_that_is_traced_and_a_parent_that_is_stuck_or_traced_itself(tracer, lives):
    traced, stuck, held = lives("traced", "stuck", "held")
    parents = [made.pid("parent") for made in (traced, stuck, held)]
    dead = [made.who("child") for made in (traced, stuck, held)]
    until(lambda: [Stat(parent).state for parent in parents] == ["S", "D", "t"],
          "one sleeps, one is stuck and one is held")
    traced.go_on()
    held.go_on()
    until(lambda: all(is_zombie(row["pid"], row["start"]) for row in dead), "the children are dead")
    holder = traced.pid("tracer")
    assert f"TracerPid:\t{holder}\n" in proc_text(dead[0]["pid"], "status")
    diagnosed(tracer, dead[0], parents[0], "traced", f"pid {holder} traces it (ptrace)")
    diagnosed(tracer, dead[1], parents[1], "parent_stopped", "state D (uninterruptible sleep")
    diagnosed(tracer, dead[2], parents[2], "parent_stopped",
              f"state t (stopped by its tracer, pid {held.pid('tracer')})")
    looks = seen_at_once(*parents)
    assert [(look["cause"], look["certain"]) for look in looks] == [
        ("traced", True), ("parent_stopped", True), ("parent_stopped", True)]
    for look, words in zip(looks, (f"end pid {holder}", f"/proc/{parents[1]}/stack",
                                   f"let pid {held.pid('tracer')}")):
        assert any(words in advice for advice in look["advice"]), look["advice"]
    kill(holder)
    stuck.go_on()
    kill(held.pid("tracer"))
    gone(tracer, *dead)
    for made, parent, corpse in zip((traced, stuck, held), parents, dead):
        assert made.until("waited", pid=corpse["pid"], by=parent)
    for made in (traced, held):
        kill(made.pid("parent"))


def test_who_waits_late_and_who_never_does(tracer, lives):
    late, never = lives("late", "never=1")
    late.go_on()
    late.until("dead")
    parents = [made.pid("parent") for made in (late, never)]
    diagnosed(tracer, late.who("child"), parents[0], "waits_late", "of 2", "collected 1", also=[])
    diagnosed(tracer, never.who("child"), parents[1], "never_waits", "of 1 child", "collected 0",
              also=[])
    looks = seen_at_once(*parents)
    assert [(look["cause"], look["certain"]) for look in looks] == [
        ("waits_late", False), ("never_waits", False)]
    late.go_on()
    kill(parents[1])
    gone(tracer, late.who("child"), never.who("child"))
    assert late.until("waited", pid=late.pid("child"), by=parents[0])
