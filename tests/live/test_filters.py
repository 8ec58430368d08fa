# SPDX-License-Identifier: GPL-2.0-only
"""Only what matches is told, and all of it."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger import TINY, Child, Life, held, lived, released

HIERARCHIES = ["unified", "pids", "memory", ""]  # hybrid machines have some, others the last


def told(tracer):
    """The pids that the stream tells of, by action."""
    pids = {}
    for line in tracer.lines:
        if "process" in line:
            pids.setdefault(line["process"]["pid"], []).append(line["event"]["action"])
    return pids


def as_nobody():
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)


@contextlib.contextmanager
def shell():
    """A shell that runs what it is told, line by line, and says "done" after each."""
    child = Child(["/bin/sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, role="shell")

    def run(line):
        child.stdin.write(line.encode() + b"\necho done\n")
        child.stdin.flush()
        assert child.stdout.readline() == b"done\n"

    with child:
        yield child, run


def test_pid_tells_of_that_process_alone(trace):
    with shell() as (child, run):
        tracer = trace("--pid", child.pid)
        run(f"{TINY} 3")
        child.stdin.close()
        child.collect()
        tracer.wait_line(child.ledger.who("shell"), "reap")
    with Child([TINY]) as other:
        other.collect()
    tracer.stop()
    assert told(tracer) == {child.pid: ["snapshot", "exit", "reap"]}


def test_pid_takes_several_by_comma_and_by_repetition(trace):
    with held() as one, held() as two, held() as three, held() as four:
        tracer = trace("--pid", f"{one.pid},{two.pid}", "--pid", three.pid)
        for child in (one, two, three, four):
            released(child)
        for child in (one, two, three):
            tracer.wait_line(child.ledger.who("child"), "reap")
        tracer.stop()
        assert set(told(tracer)) == {one.pid, two.pid, three.pid}


def test_tree_tells_of_a_process_and_all_its_descendants(trace):
    with shell() as (child, run):
        tracer = trace("--tree", child.pid)
        run(f"{TINY} 3; ({TINY} 4; {TINY} 5)")
        run(f"sh -c 'sh -c \"{TINY} 6\"; :'")
        child.stdin.close()
        child.collect()
        tracer.wait_line(child.ledger.who("shell"), "reap")
    with Child([TINY, "9"]) as other:
        other.collect()
    tracer.stop()
    codes = [line["process"]["exit_code"] for line in tracer.lines
             if line["event"]["action"] == "exit" and line["process"]["name"] == "tiny"]
    assert codes == [3, 4, 5, 6]
    assert other.pid not in told(tracer)
    family = {child.pid}
    for line in tracer.lines:
        if line["event"]["action"] == "fork":
            assert line["process"]["parent"]["pid"] in family
            family.add(line["process"]["pid"])
    assert set(told(tracer)) == family


def test_tree_knows_descendants_that_were_there_before(trace):
    with Life("zombies", "late") as life:
        life.until("dead")
        tracer = trace("--tree", life.pid("reaper"))
        life.go_on()
        life.finish()
        for role in ("reaper", "driver", "child"):
            tracer.wait_line(life.who(role), "reap")
        tracer.stop()
    assert set(told(tracer)) == {life.pid(role) for role in ("reaper", "driver", "child")}
    first, *_, last = told(tracer)[life.pid("child")]
    assert (first, last) == ("snapshot", "reap")


def test_tree_follows_a_daemon_that_escapes(trace):
    with shell() as (child, run):
        tracer = trace("--tree", child.pid)
        run(f"setsid -f sh -c 'sleep 0.2; {TINY} 8'")
        tracer.wait_for(lambda: [line for line in tracer.lines
                                 if line["event"]["action"] == "exit"
                                 and line["process"].get("exit_code") == 8])
        tracer.stop()


def test_uid_tells_of_that_user_alone(trace):
    tracer = trace("--uid", "65534")
    with held(preexec_fn=as_nobody) as child, held() as other:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        assert str(line["user"]["id"]) == "65534"
        released(other)
        released(child)
        tracer.wait_line(child.ledger.who("child"), "reap")
        tracer.stop()
    assert set(told(tracer)) == {child.pid}
    assert told(tracer)[child.pid][-3:] == ["exec", "exit", "reap"]


@pytest.fixture
def programs(tmp_path):
    """Two copies of a program, by names that nobody else on the machine has."""
    paths = [tmp_path / f"{letter}{os.getpid()}" for letter in "xy"]
    for path in paths:
        shutil.copy(TINY, path)
    return paths


def test_comm_tells_of_programs_of_that_name(trace, programs):
    tracer = trace("--comm", programs[0].name)
    with Child([str(programs[0]), "3"]) as child, Child([str(programs[1])]) as other:
        child.collect()
        other.collect()
        line = tracer.wait_line(child.ledger.who("child"), "reap")
        tracer.stop()
    assert line["process"]["name"] == programs[0].name
    assert set(told(tracer)) == {child.pid}
    assert told(tracer)[child.pid][-3:] == ["exec", "exit", "reap"]


def test_comm_takes_several(trace, programs):
    tracer = trace("--comm", ",".join(path.name for path in programs))
    with Child([str(programs[0])]) as one, Child([str(programs[1])]) as two, Child([TINY]) as three:
        for child in (one, two, three):
            child.collect()
        for child in (one, two):
            tracer.wait_line(child.ledger.who("child"), "reap")
        tracer.stop()
    assert set(told(tracer)) == {one.pid, two.pid}


@pytest.fixture(params=HIERARCHIES)
def cgroup(request):
    root = Path("/sys/fs/cgroup") / request.param
    if not (root / "cgroup.procs").exists():
        pytest.skip(f"no control groups at {root}")
    group = root / f"proctrace-test-{os.getpid()}"
    (group / "inner").mkdir(parents=True)
    yield group
    (group / "inner").rmdir()
    group.rmdir()


@pytest.mark.parametrize("inside", ["", "inner"])
def test_cgroup_tells_of_its_members_and_those_below(trace, cgroup, inside):
    def join():
        (cgroup / inside / "cgroup.procs").write_text(str(os.getpid()))

    tracer = trace("--cgroup", cgroup)
    with held(preexec_fn=join) as child, held() as other:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        released(other)
        released(child)
        tracer.wait_line(child.ledger.who("child"), "reap")
        tracer.stop()
    assert set(told(tracer)) == {child.pid}
    shown = line["proctrace"]["cgroup"]
    assert str(cgroup / inside).removesuffix("/").endswith(shown), shown


def test_events_are_only_those_asked_for(trace):
    tracer = trace("--events", "exec,exit", "--no-snapshot", framed=False)
    with Child([TINY, "3"]) as child:
        child.collect()
        tracer.wait_line(child.ledger.who("child"), "exit")
    tracer.stop()
    assert told(tracer)[child.pid] == ["exec", "exit"]
    assert {line["event"]["action"] for line in tracer.lines} <= {"exec", "exit", "start", "stop"}


def test_events_of_findings_alone_work_though_their_causes_are_not_told(trace):
    tracer = trace("--events", "orphan,zombie", "--zombie-after", "200", framed=False)
    orphan = lived("family", "subreaper", "kill=9")
    tracer.wait_line(orphan.who("child"), "orphan")
    with Life("zombies", "late") as life:
        life.until("dead")
        tracer.wait_line(life.who("child"), "zombie")
        life.go_on()
        life.finish()
    tracer.stop()
    assert {line["event"]["action"] for line in tracer.lines} <= {"orphan", "zombie", "start",
                                                                  "stop"}


def test_filtered_finding_still_knows_its_parent_and_adopter(trace):
    """What is dropped from the stream is not dropped from the truth."""
    tracer = trace("--comm", "hold")
    life = lived("family", "subreaper", "exit=0", "exec")
    line = tracer.wait_line(life.who("child"), "orphan")
    tracer.stop()
    assert line["proctrace"]["orphan"]["old_parent"]["name"] == "family"
    assert line["proctrace"]["orphan"]["adopter"]["pid"] == life.pid("reaper")
