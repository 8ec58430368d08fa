# SPDX-License-Identifier: GPL-2.0-only
"""Pids that are used again at once, and many times: no life is taken for another's."""

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from ledger import Life, crowd, is_there

FULL = os.environ.get("PROCTRACE_FULL") == "1"
PID_MAX = Path("/proc/sys/kernel/pid_max")
LOWEST = 301  # include/linux/threads.h: RESERVED_PIDS + 1; only those above are given out again


def free_pids(count):
    """The first of so many pids in a row that nobody has, far from those that are given out now."""
    last = int(Path("/proc/sys/kernel/ns_last_pid").read_text())
    top = int(PID_MAX.read_text())
    for first in range(last + top // 2, last + top, count):
        first = 300 + first % (top - 300 - count)
        if not any(is_there(pid) for pid in range(first, first + count)):
            return first
    raise AssertionError("no pids are free")


@pytest.fixture
def lowest_pid_max():
    """The kernel gives out five hundred pids only, over and over, to everybody. (It takes LOWEST,
    but that is one pid.)"""
    before = PID_MAX.read_text()
    PID_MAX.write_text(str(LOWEST + 500))
    try:
        yield
    finally:
        PID_MAX.write_text(before)


class Watch:
    """The lines about each life of the storm, by pid and in the order of their births."""

    def __init__(self):
        self.lives = defaultdict(list)  # pid: [lines of one life]
        self.by_entity = {}
        self.count = Counter()  # of the lines of an action

    def __call__(self, line):
        process = line.get("process", {})
        entity = process.get("entity_id")
        if line["event"]["action"] == "fork":
            self.by_entity[entity] = []
            self.lives[process["pid"]].append(self.by_entity[entity])
        if entity in self.by_entity:
            self.by_entity[entity].append(line)
            self.count[line["event"]["action"]] += 1


def storm(trace, count, first, pids):
    watch = Watch()
    with Life("reuse", "storm", count, first, pids) as life:
        root = life.until("born")["pid"]
        tracer = trace("--tree", root, "--zombie-after", 200, keep=False, visit=watch)
        for lives in range(1000, count + 1, 1000):
            life.go_on()
            life.until("round", lives=lives, timeout=60)
            corpses = len(life.all("life", kind="zombie"))
            tracer.wait_for(lambda: watch.count["zombie"] >= corpses, "all zombies", timeout=20)
        life.go_on()
        life.until("lingers")
        births = count + len(life.all("life", kind="orphan"))  # each has a parent of its own
        tracer.wait_for(lambda: watch.count["reap"] == births, "all reaps", timeout=30)
        tracer.stop()
        life.finish()
    return watch, life.all("life"), root


def assert_own(watch, rows, root):
    """Each life is its own: one birth, one program with its own argument, one end with its own
    code, one release; and its findings are those it deserves. How the releases were told."""
    wanted = defaultdict(list)  # pid: who had it, in their order; None: an orphan's parent
    for row in rows:
        if row["kind"] == "orphan":
            wanted[row["parent"]].append(None)
        wanted[row["pid"]].append(row)
    how = Counter()
    for pid, lives in wanted.items():
        assert len(watch.lives[pid]) == len(lives), f"pid {pid}"
        for row, lines in zip(lives, watch.lives[pid]):
            if row:
                assert_life(row, lines, root)
            else:
                assert [line["event"]["action"] for line in lines] == ["fork", "exit", "reap"]
            how[lines[-1]["proctrace"]["reap"]["precision"]] += 1
    return how


def assert_life(row, lines, root):
    actions = [line["event"]["action"] for line in lines]
    findings = {"zombie": ["zombie"], "orphan": ["orphan"]}.get(row["kind"], [])
    rest = [action for action in actions if action not in ("daemon", "zombie_cleared")]
    assert sorted(rest) == sorted(["fork", "exec", "exit", *findings, "reap"]), (row, actions)
    of = {line["event"]["action"]: line for line in lines}
    assert of["fork"]["process"]["parent"]["pid"] == row["parent"], row
    for line in lines:
        args = line["process"].get("args", ["?"])
        assert args[0] != "tiny" or args[2] == str(row["n"]), (row, line)
    assert of["exec"]["process"]["args"][2] == str(row["n"]), row
    assert of["exit"]["process"]["exit_code"] == row["code"], row
    assert of["reap"]["proctrace"]["reap"]["reaper"]["pid"] == root, (row, of["reap"])
    if row["kind"] == "zombie":
        assert of["zombie"]["process"]["args"][2] == str(row["n"]), (row, of["zombie"])
        assert of["zombie"]["proctrace"]["zombie"]["responsible"]["pid"] == root
    if row["kind"] == "orphan":
        assert of["orphan"]["proctrace"]["orphan"]["old_parent"]["pid"] == row["parent"]
        assert of["orphan"]["proctrace"]["orphan"]["adopter"]["pid"] == root
    assert "daemon" not in actions or row["kind"] == "orphan", row


def test_lives_that_share_a_few_pids_are_told_apart(trace):
    count, pids = 20000 if FULL else max(1000, crowd(5000)), 32
    watch, rows, root = storm(trace, count, free_pids(pids), pids)
    how = assert_own(watch, rows, root)
    uses = Counter(row["pid"] for row in rows)
    print(f"\n{count} lives on {len(uses)} pids, up to {max(uses.values())} on one; reaps: {how}")
    assert how["rcu"] > 0.97 * how.total(), "releases were dropped"


@pytest.mark.skipif(not FULL, reason="it lowers the machine's kernel.pid_max: PROCTRACE_FULL=1")
def test_no_life_is_joined_to_another_s_when_the_pids_wrap(trace, lowest_pid_max):
    watch, rows, root = storm(trace, 30000, 0, 0)
    how = assert_own(watch, rows, root)
    wraps = sum(later["pid"] < row["pid"] for row, later in zip(rows, rows[1:]))
    print(f"\n{len(rows)} lives, wrapped {wraps} times; reaps: {how}")
    assert wraps >= 50


def test_thread_count_is_not_that_of_a_stranger_who_had_the_pid_before(trace):
    first = free_pids(1)
    with Life("reuse", "peak", first) as life:
        root = life.until("born", role="root")["pid"]
        tracer = trace("--tree", root)
        life.go_on()
        second = life.until("born", role="second")
        assert second["pid"] == first
        exit_line = tracer.wait_line(second, "exit")
        life.until("lingers")
        life.finish()
    assert exit_line["proctrace"]["exit"]["threads"] == 1


def test_stranger_who_gets_the_pid_of_the_tree_s_root_is_no_part_of_it(trace):
    first = free_pids(1)
    with Life("reuse", "root", first) as life:
        root = life.until("born", role="root")
        assert root["pid"] == first
        tracer = trace("--tree", first)
        life.go_on()
        life.until("lingers")
        tracer.wait_line(root, "reap")
        tracer.stop()
        life.finish()
    assert [line["event"]["action"] for line in tracer.lines if "process" in line] \
        == ["snapshot", "exit", "reap"]
    assert tracer.lines[-1]["proctrace"]["records"]["fork"] == 0
