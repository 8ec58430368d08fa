# SPDX-License-Identifier: GPL-2.0-only
"""What can't be kept is told: a tracer that is held up loses records, but never in silence."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ledger import PATIENCE, TINY, Child, Life, held, until
from tracer import Story

BPFTOOL = "/usr/sbin/bpftool"
FULL = os.environ.get("PROCTRACE_FULL") == "1"
STORM = 10000
WHOLE = ["fork", "exec", "exit", "reap"]


def hold_up(tracer):
    """A storm of fat execs that nobody drains the buffer of: some five times what it holds."""
    os.kill(tracer.process.pid, signal.SIGSTOP)
    try:
        with Life("storm", "fat", STORM) as storm:
            storm.finish(timeout=120)
    finally:
        os.kill(tracer.process.pid, signal.SIGCONT)
    return storm.pid("storm")


def losses(tracer):
    """Its lines of what was lost, of which there must be some: the counters are read in rounds."""
    return tracer.wait_for(
        lambda: [line for line in tracer.lines if line["event"]["action"] == "lost"],
        "the loss is told", timeout=30)


def recovered(tracer):
    """A child is whole again; those that came while the buffer was still full may be not."""
    stories = []

    def one_is_whole():
        with Child([TINY, "9"]) as child:
            stories.append(Story(tracer, child.collect()))
        time.sleep(0.05)
        tracer.read()
        return any(story.life("child") == WHOLE for story in stories)

    tracer.wait_for(one_is_whole, "a child that is whole", timeout=60)


def lives_under(tracer, parent):
    lives = {}
    for line in tracer.lines:
        if line.get("process", {}).get("parent", {}).get("pid") == parent:
            lives.setdefault(line["process"]["entity_id"], []).append(line)
    return lives


def test_loss_is_told_and_makes_no_false_finding(trace):
    tracer = trace("--no-snapshot", "--zombie-after", "300", may_lose=True)
    parent = hold_up(tracer)
    recovered(tracer)  # it goes on as before
    time.sleep(1 * PATIENCE)  # three thresholds: what was lost must not turn into zombies
    tracer.sync()
    tracer.stop()
    lives = lives_under(tracer, parent)
    whole = sum([line["event"]["action"] for line in life
                 if not line.get("proctrace", {}).get("inferred")]
                == WHOLE for life in lives.values())
    lost = losses(tracer)
    print(f"\n{whole} of {STORM} whole, {len(lost)} lines of loss")
    assert whole < STORM
    assert not any(line["event"]["action"] in ("zombie", "zombie_leak")
                   for life in lives.values() for line in life)
    for line in lost:
        assert line["proctrace"]["lost"], line


def test_fail_on_lost_is_status_3_when_something_was(trace):
    tracer = trace("--no-snapshot", "--fail-on", "lost", may_lose=True)
    hold_up(tracer)
    losses(tracer)
    tracer.stop(expect=3)


def test_processes_that_the_first_picture_has_no_room_for_are_counted(trace):
    with Child(["/bin/sh"], stdin=subprocess.PIPE) as shell:
        shell.stdin.write(b"sleep 60 &\n" * 40)
        shell.stdin.flush()
        family = Path(f"/proc/{shell.pid}/task/{shell.pid}/children")
        until(lambda: len(family.read_text().split()) == 40, "40 children")
        tracer = trace("--max-processes", 16, may_lose=True)
        tracer.stop()
        for child in family.read_text().split():
            os.kill(int(child), signal.SIGKILL)
    told = sum(line["event"]["action"] == "snapshot" for line in tracer.lines)
    lost = sum(row["count"] for row in tracer.lines[-1]["proctrace"]["losses"]
               if (row["kind"], row["cause"]) == ("process", "max_processes"))
    assert told < 40 <= told + lost
    assert "--max-processes" in tracer.stderr()


def test_filter_that_finds_no_room_is_counted(trace):
    """Of 16 processes that are remembered one is the tree's root: first as it was named, and by its
    start when that is known; where so few are kept it may be both."""
    with Child(["/bin/sh"], stdin=subprocess.PIPE) as shell:
        tracer = trace("--tree", shell.pid, "--max-processes", 16, may_lose=True)
        shell.stdin.write(b"sleep 60 &\n" * 40)
        shell.stdin.flush()
        family = Path(f"/proc/{shell.pid}/task/{shell.pid}/children")
        until(lambda: len(family.read_text().split()) == 40, "40 children")
        tracer.stop()
        for child in family.read_text().split():
            os.kill(int(child), signal.SIGKILL)
    told = sum(line["proctrace"]["lost"]["count"] for line in tracer.lines
               if line["event"]["action"] == "lost"
               and line["proctrace"]["lost"]["kind"] == "filter"
               and line["proctrace"]["lost"]["cause"] == "map_full")
    assert told in (40 - 15, 40 - 14)
    assert {"kind": "filter", "cause": "map_full", "count": told} \
        in tracer.lines[-1]["proctrace"]["losses"]
    assert re.search(r"lost: \d+ filter: ", tracer.stderr())


def kernel_map(tracer, name):
    """What a map of the tracer's programs holds, by bpftool."""
    for entry in Path(f"/proc/{tracer.process.pid}/fdinfo").iterdir():
        found = re.search(r"^map_id:\s+(\d+)", entry.read_text(), re.M)
        if not found:
            continue
        shown = subprocess.run([BPFTOOL, "-j", "map", "show", "id", found[1]], check=True,
                               capture_output=True)
        if json.loads(shown.stdout)["name"] == name:
            dump = subprocess.run([BPFTOOL, "-j", "map", "dump", "id", found[1]], check=True,
                                  capture_output=True)
            return [row.get("formatted", row) for row in json.loads(dump.stdout)]
    raise AssertionError(f"the tracer has no map {name}")


@pytest.mark.skipif(not os.access(BPFTOOL, os.X_OK), reason="no bpftool")
def test_nothing_is_kept_of_the_dead_who_are_not_told(trace):
    """Else the maps would be full one day, and the next one of a pid be taken for the last."""
    with held() as other:
        tracer = trace("--tree", other.pid)
        killed = []
        for _ in range(20):
            with held() as child:
                killed.append(child.pid)
                child.finish(signal.SIGTERM)
        with Life("threads", "herd=5") as life:
            threaded = life.process.pid
            life.finish()
        for name in ("killers", "thread_peak"):
            left = {row["key"] for row in kernel_map(tracer, name)}
            assert not left & {*killed, threaded}, name


def cpu_seconds(pid):
    """To the nanosecond: what a program that sleeps most of the time takes is less than a tick."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


@pytest.mark.skipif(not FULL, reason="it takes a minute: PROCTRACE_FULL=1")
@pytest.mark.parametrize("count", [1000, 10000, 20000])
def test_audits_of_many_processes_at_rest_cost_little(trace, count):
    with Life("storm", "crowd", count) as life:
        root = life.until("born", timeout=60)["pid"]
        tracer = trace("--tree", root, "--no-snapshot")
        time.sleep(2)
        begin, before = time.monotonic(), cpu_seconds(tracer.process.pid)
        time.sleep(60)
        share = (cpu_seconds(tracer.process.pid) - before) / (time.monotonic() - begin)
        tracer.stop()
        life.finish()
    print(f"\n{count} processes at rest: {share * 100:.3f} % of one processor")
    assert share < 0.005


def test_nobody_is_left_out_who_comes_while_another_is_told_of(trace):
    """Many at once on one processor: where tracepoints may be preempted, some come to run in the
    middle of a program, which the kernel does not enter again before its end."""
    loop = "i=0; while [ $i -lt 400 ]; do (:) & i=$((i + 1)); wait; done"
    tracer = trace(may_lose=True, preexec_fn=lambda: os.sched_setaffinity(0, {0}),
                   command=["sh", "-c", f"({loop}) & " * 6 + "wait"])
    tracer.join(timeout=120)
    left_out = {}
    for line in tracer.lines:
        lost = line["proctrace"].get("lost", {})
        if lost.get("cause") == "recursion":
            left_out[lost["kind"]] = left_out.get(lost["kind"], 0) + lost["count"]
    told = sum(line["event"]["action"] == "fork" for line in tracer.lines)
    assert told >= 2400 and sum(left_out.values()) <= told // 1000, left_out
