# SPDX-License-Identifier: GPL-2.0-only
"""The first picture: who was there already, as /proc shows it, and nobody lost or told twice."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios

import pytest

from ledger import HOLD, Child, Life, Stat, comm_of, held, ps_state, released, until
from stream import started_at


def processes():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def actions(lines):
    return [line["event"]["action"] for line in lines]


def exe_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


def facts():
    """What /proc says of everybody: {pid: (start, parent, kernel's, name, executable)}."""
    found = {}
    for pid in processes():
        with contextlib.suppress(OSError):  # it has gone meanwhile
            stat = Stat(pid)
            found[pid] = (stat.start, stat.ppid, stat.kthread, comm_of(pid), exe_of(pid))
    return found


def test_everybody_who_was_there_is_told_once_as_proc_shows(trace):
    with held("some", "words") as child:
        before = facts()
        tracer = trace()
        tracer.sync()
        after = facts()
        tracer.stop()
        stayed = {pid: fact for pid, fact in before.items() if after.get(pid) == fact}
        snapshots = {}
        for line in tracer.lines:
            if line["event"]["action"] == "snapshot":
                assert line["event"]["kind"] == "state"
                assert line["process"]["pid"] not in snapshots, "told twice"
                snapshots[line["process"]["pid"]] = line
        assert child.pid in stayed and set(stayed) <= set(snapshots)
        for pid, (start, ppid, kernel, name, executable) in stayed.items():
            line = snapshots[pid]
            process = line["process"]
            assert process.get("parent", {}).get("pid", 0) == ppid, line
            assert abs(started_at(line) - start / 100) < 0.25
            assert (line["proctrace"]["class"] == "kernel") == kernel, line
            if not kernel:  # /proc says more of a worker than its name
                assert process["name"] == name
                assert process.get("executable") == executable, line
        line = snapshots[child.pid]
        assert line["process"]["args"] == child.args
        assert line["process"]["working_directory"] == os.readlink(f"/proc/{child.pid}/cwd")
        assert str(line["user"]["id"]) == "0"
        assert line["proctrace"]["state"] == "S" == ps_state(child.pid)
        assert line["process"]["session_leader"]["pid"] == os.getsid(child.pid)
        released(child)


def test_kernel_threads_have_the_state_of_ps(trace):
    before = {pid: ps_state(pid) for pid in processes()}
    tracer = trace()
    tracer.sync()
    tracer.stop()
    # Only who was idle both times: a worker may just have had work.
    idle = {pid: state for pid, state in before.items()
            if state.startswith("I") and ps_state(pid) == state}
    assert len(idle) > 3
    told = {pid: tracer.of({"pid": pid}, "snapshot")[0]["proctrace"]["state"] for pid in idle}
    busy = [pid for pid in idle if told[pid][0] in "RD"]
    assert {pid: state for pid, state in told.items() if pid not in busy} \
        == {pid: state for pid, state in idle.items() if pid not in busy}
    assert len(busy) < 3


def test_snapshot_comes_before_what_happens_next_to_its_processes(trace):
    with held() as child:
        who = child.ledger.who("child")
        tracer = trace()
        tracer.wait_line(who, "snapshot")
        story = tracer.about(released(child))
        assert story.life("child") == ["snapshot", "exit", "reap"]
        assert story.line("child", "exit")["process"]["exit_code"] == 0
        story.entity("child")
        story.assert_ends()


def test_without_snapshot_they_are_known_all_the_same(trace):
    with held() as child:
        tracer = trace("--no-snapshot")
        story = tracer.about(released(child))
        tracer.stop()
        assert not any(line["event"]["action"] == "snapshot" for line in tracer.lines)
        assert story.life("child") == ["exit", "reap"]
        exit_line = story.line("child", "exit")
        assert exit_line["process"]["name"] == "hold"
        assert exit_line["process"]["parent"]["pid"] == os.getpid()
        assert exit_line["process"]["parent"]["entity_id"]


def test_nobody_is_lost_or_told_twice_between_the_hooks_and_the_picture(trace):
    """Processes come and go while the tracer starts: each is in the stream from its beginning or
    from the picture, never from both (stream.py checks that), and all that were born after the
    hooks went live are whole."""
    script = "i=0; while :; do /bin/true & i=$((i+1)); [ $((i%10)) = 0 ] && wait; done"
    with Child(["/bin/sh", "-c", script], role="shell") as shell:
        for _ in range(3):
            tracer = trace()
            tracer.wait_for(lambda: len(tracer.children(shell.pid)) > 200, "200 births")
            tracer.sync()
            lives = {}
            for line in tracer.lines:
                if line.get("process", {}).get("parent", {}).get("pid") == shell.pid:
                    lives.setdefault(line["process"]["entity_id"], []).append(line)
            tracer.stop()
            # Who was born before the first hook and dead before the picture may be met in the
            # middle of its life; who was born after that is whole.
            live_since = next(line["@timestamp"] for line in tracer.lines
                              if line["event"]["action"] == "fork")
            whole = [life for life in lives.values() if life[0]["process"]["start"] >= live_since]
            assert len(whole) > 150
            for life in whole[:-20]:  # the last ones may still run
                assert actions(life)[:3] in (["fork", "exec", "exit"], ["snapshot", "exec", "exit"],
                                             ["snapshot", "exit", "reap"]), life


KIN = """
import os, time
for _ in range(100):
    if not os.fork():
        os.execv("/bin/sleep", ["sleep", "60"])
if os.fork():
    os.wait()
while True:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    if not (pid := os.fork()):
        os.execv("/bin/true", ["true"])
    os.waitpid(pid, 0)
    print(pid, before, flush=True)
"""


@pytest.mark.parametrize("filters", [[], ["--comm", "true"]])
def test_nobody_is_lost_whom_a_member_of_a_tree_makes_meanwhile(trace, filters):
    """The kernel's side knows the root, and tells of nobody whose parent it does not know to be one
    of the tree: by the first picture it must know all of them."""
    with subprocess.Popen([sys.executable, "-c", KIN], stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as root:
        try:
            root.stdout.readline()
            for _ in range(3):
                tracer = trace("--tree", root.pid, *filters)
                tracer.wait_for(lambda: tracer.lines, "the stream's beginning")
                since, born = tracer.lines[0]["proctrace"]["boot_ns"], set()
                while len(born) < 200:
                    pid, before = map(int, root.stdout.readline().split())
                    if before > since:
                        born.add(pid)
                tracer.stop()
                execed = {line["process"]["pid"] for line in tracer.lines
                          if line["event"]["action"] == "exec"}
                assert not born - execed
        finally:
            os.killpg(root.pid, signal.SIGKILL)


def test_zombie_that_was_there_before_is_in_the_picture_and_a_finding(trace):
    with Life("zombies", "late") as life:
        life.until("dead")
        who = life.who("child")
        tracer = trace("--zombie-after", "300")
        assert tracer.wait_line(who, "snapshot")["proctrace"]["state"] == "Z"
        zombie = tracer.wait_line(who, "zombie")["proctrace"]["zombie"]
        assert zombie["pre_existing"] is True
        assert zombie["responsible"]["pid"] == life.pid("driver")
        life.go_on()
        tracer.settled(life, "child")
        story = tracer.about(life.finish())
    assert story.life("child") == ["snapshot", "reap"]
    assert story.findings() == [("child", "zombie"), ("child", "zombie_cleared")]
    reap = story.line("child", "reap")["proctrace"]["reap"]
    assert reap["reaper"]["pid"] == life.pid("driver") and reap["how"] == "wait"


def test_leader_that_left_before_is_no_zombie_in_the_picture(trace):
    with Life("threads", "leader-first") as life:
        life.until("leader-left")
        who = life.who("process")
        tracer = trace("--zombie-after", "200")
        tracer.wait_line(who, "snapshot")
        with Life("zombies", "late") as other:  # a true zombie, later than this one would be
            other.until("dead")
            tracer.wait_line(other.who("child"), "zombie")
            other.go_on()
            other.finish()
        assert tracer.of(who, "zombie", "exit") == []
        life.go_on()
        story = tracer.about(life.finish())
    assert story.life("process") == ["snapshot", "exit", "reap"]
    story.assert_ends()


def test_orphan_of_a_parent_from_before_is_found(trace):
    with Child(["/bin/sh", "-c", "read x; sleep 0.1 & exit 0"], stdin=subprocess.PIPE,
               role="shell") as shell:
        tracer = trace()
        shell.stdin.write(b"\n")
        shell.stdin.close()
        shell.collect()
        tracer.wait_line(shell.ledger.who("shell"), "exit")
        (sleeper,) = tracer.wait_for(lambda: tracer.children(shell.pid))
        (line,) = tracer.wait_for(lambda: tracer.same(sleeper, "orphan"))
        assert line["proctrace"]["orphan"]["old_parent"]["pid"] == shell.pid
        assert line["proctrace"]["orphan"]["old_parent"]["name"] == "sh"


def test_class_says_how_a_process_lives(trace):
    master, slave = os.openpty()

    def on_terminal():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    gate, release = os.pipe()
    words = ["setsid", "--fork", HOLD, "daemon", str(gate), "0"]
    with held(preexec_fn=on_terminal) as interactive, held(preexec_fn=os.setsid) as batch, \
            Child(words, stdout=subprocess.PIPE, pass_fds=[gate]) as starter:
        daemon = json.loads(starter.stdout.readline())
        starter.collect()
        until(lambda: Stat(daemon["pid"]).ppid != starter.pid, "it is adopted")
        assert Stat(interactive.pid).tty != 0
        tracer = trace()
        classes = {name: tracer.wait_line(who, "snapshot")["proctrace"]["class"]
                   for name, who in (("daemon", daemon),
                                     ("interactive", interactive.ledger.who("child")),
                                     ("batch", batch.ledger.who("child")),
                                     ("kernel", {"pid": 2}))}
        tracer.stop()
        assert classes == {name: name for name in classes}
        for fd in (master, slave, gate, release):
            os.close(fd)


def test_stopped_and_dead_are_told_apart(trace):
    with held() as child:
        os.kill(child.pid, signal.SIGSTOP)
        os.waitpid(child.pid, os.WUNTRACED)
        os.kill(child.pid, signal.SIGKILL)
        until(lambda: ps_state(child.pid) == "Z", "it is dead")
        tracer = trace("--zombie-after", "200")
        who = child.ledger.who("child")
        assert tracer.wait_line(who, "snapshot")["proctrace"]["state"] == "Z"
        tracer.wait_line(who, "zombie")
        child.collect()
        tracer.wait_line(who, "zombie_cleared")
