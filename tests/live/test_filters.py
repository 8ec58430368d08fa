# SPDX-License-Identifier: GPL-2.0-only
"""Only what matches is told, and all of it."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger import TINY, Child, Life, comm_of, held, lived, released, until

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


# What makes a process match that did not when it was born: the option, what it does, what is told.
BECOMING = {
    "program": ("--comm", "exec {program} 3", ["exec", "exit", "reap"]),
    "name": ("--comm", "printf {name} >/proc/$$/comm; exit 3", ["exit", "reap"]),
    "user": ("--uid", "exec setpriv --reuid=65534 --clear-groups {tiny} 3",
             ["exec", "exit", "reap"]),
}


@pytest.mark.parametrize("where", ["anywhere", "tree", "command"])
@pytest.mark.parametrize("what", BECOMING)
def test_who_comes_to_match_is_told_from_then_on(trace, programs, tmp_path, where, what):
    """A fork has its creator's name and user: whose child it is makes no difference to that."""
    option, becomes, story = BECOMING[what]
    words = {"program": programs[0], "name": programs[0].name, "tiny": TINY}
    selected = [option, "65534" if option == "--uid" else programs[0].name]
    ledger = tmp_path / "pid"
    script = tmp_path / "script"
    script.write_text(f"sh -c 'echo $$ >{ledger}; {becomes.format(**words)}'\n:\n")
    with shell() as (child, run):
        if where == "command":
            tracer = trace(*selected, command=["/bin/sh", "-c", f"sh {script}; :"])
            tracer.join()
        else:
            tracer = trace(*selected, *(["--tree", child.pid] if where == "tree" else []))
            run(f"sh {script}")
            pid = int(ledger.read_text())
            tracer.wait_for(lambda: "reap" in told(tracer).get(pid, ()), "its reap", 25)
            tracer.stop()
    pid = int(ledger.read_text())
    assert told(tracer)[pid] == story
    (code,) = [line["process"]["exit_code"] for line in tracer.lines
               if line["event"]["action"] == "exit" and line["process"]["pid"] == pid]
    assert code == 3
    if option == "--comm":  # of that name is nobody else
        assert set(told(tracer)) == {pid}


@pytest.fixture
def gate(tmp_path):
    """A fifo that a shell reads a line from, and what lets it go on."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR)  # waits for no reader
    yield path, lambda: os.write(fd, b"on\n")
    os.close(fd)


@pytest.mark.parametrize("where", ["tree", "command"])
def test_who_matches_outside_the_tree_is_not_told(trace, programs, gate, where):
    program, (path, go_on) = programs[0], gate
    script = f"{program} 1; read x <{path}; {program} 2; :"
    with shell() as (child, _):
        if where == "command":
            tracer = trace("--comm", program.name, command=["/bin/sh", "-c", script])
        else:
            tracer = trace("--comm", program.name, "--tree", child.pid)
            child.stdin.write(script.encode() + b"\n")
            child.stdin.flush()
        with Child([str(program), "9"]) as other:
            other.collect()
        go_on()
        tracer.wait_for(lambda: [line for line in tracer.lines if line["event"]["action"] == "exit"
                                 and line["process"]["exit_code"] == 2])
        if where == "command":
            tracer.join()
        else:
            tracer.stop()
    codes = [line["process"]["exit_code"] for line in tracer.lines
             if line["event"]["action"] == "exit"]
    assert codes == [1, 2]


def test_who_was_there_and_ceases_to_match_is_told_no_more(trace, programs, tmp_path, gate):
    """It has become another program: what befalls that one befalls nobody of the old name."""
    (name, marker), (path, go_on) = programs, gate
    shutil.copy("/bin/sh", name)
    up, pid = tmp_path / "up", tmp_path / "pid"
    with shell() as (child, run):
        run(f"{name} -c 'read x <{path}; exec sh -c \": >{up}; read x <{path}\"' & echo $! >{pid}")
        pid = int(pid.read_text())
        until(lambda: comm_of(pid) == name.name, "its name")
        tracer = trace("--comm", f"{name.name},{marker.name}")
        go_on()
        until(up.exists, "its other program")
        child.finish()
        with Child([str(marker)], role="marker") as last:
            last.collect()
        tracer.wait_line(last.ledger.who("marker"), "exit")
        tracer.stop()
        go_on()
    assert told(tracer)[pid] == ["snapshot"]


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
