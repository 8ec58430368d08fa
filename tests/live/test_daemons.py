# SPDX-License-Identifier: GPL-2.0-only
"""The ways to become a daemon, and what only looks like one."""

import contextlib
import fcntl
import json
import os
import shlex
import signal
import subprocess
import termios
import time

import pytest

from ledger import HOLD, PATIENCE, ROOT, Ledger, Life, Stat, is_there, until
from stream import seconds
from tracer import sequence


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


@contextlib.contextmanager
def shell(script, terminal=False):
    """A shell that leads a session of its own, with or without a controlling terminal. The script
    ends by itself; the holders it leaves in the background live until the block ends."""
    read_gate, write_gate = os.pipe()
    read_ledger, write_ledger = os.pipe()
    master, slave = os.openpty() if terminal else (None, None)

    def own_session():
        os.setsid()
        if terminal:
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    standard = slave if terminal else subprocess.DEVNULL
    process = subprocess.Popen(
        ["/bin/sh", "-c", script], cwd=ROOT, stdin=standard, stdout=standard, stderr=standard,
        pass_fds=[read_gate, write_ledger], preexec_fn=own_session,
        env=dict(os.environ, LEDGER_FD=str(write_ledger),
                 HOLD_IT=f"{shlex.quote(HOLD)} daemon {read_gate} 0"))
    os.close(write_ledger)
    ledger = Ledger()
    ledger.born("shell", process.pid)
    try:
        with open(read_ledger, "rb") as rows:
            ledger.rows.append(json.loads(rows.readline()))
            yield process, ledger
    finally:
        os.close(write_gate)
        process.kill()  # if it is still there
        process.wait()
        for fd in (read_gate, master, slave):
            if fd is not None:
                os.close(fd)


def assert_daemon(line, kind, parent):
    told = line["proctrace"]["daemon"]
    assert told["kind"] in kind, told
    assert told["evidence"] and all(isinstance(text, str) and text for text in told["evidence"])
    assert line["process"]["parent"]["pid"] == parent
    return " ".join(told["evidence"])


@pytest.mark.parametrize("how", ["classic", "library"])
def test_process_that_takes_the_steps_is_a_daemon_within_a_second(tracer, how):
    with Life("daemons", how) as life:
        stands = life.until("stands")
        orphan = tracer.wait_line(stands, "orphan", timeout=1)
        assert orphan["proctrace"]["orphan"]["kind"] == "daemonizing"
        line = tracer.wait_line(stands, "daemon", timeout=2)
        waited = seconds(line["@timestamp"]) - stands["time"]
        assert 0.2 < waited < 1 * PATIENCE, f"told {waited:.3f} s after its last step"
        evidence = assert_daemon(line, {"sysv"}, stands["ppid"])
        assert "session" in evidence and "terminal" in evidence
        life.go_on()
        story = tracer.about(life.finish())
    assert story.findings() == [("daemon", "orphan"), ("daemon", "daemon")]
    assert story.life("daemon") == ["fork", "exit", "reap"]
    story.assert_ends()


def test_step_into_an_own_session_is_told(tracer):
    with Life("daemons", "library") as life:
        stands = life.until("stands")
        line = tracer.wait_line(stands, "daemon")
        session = tracer.of(stands, "session")[0]
        assert sequence(session) < sequence(line)
        life.go_on()
        life.finish()


@pytest.mark.parametrize("how", ["service", "worker"])
def test_child_of_an_init_is_a_service(tracer, how):
    with Life("daemons", how) as life:
        stands = life.until("stands")
        assert_daemon(tracer.wait_line(stands, "daemon"), {"service"}, life.pid("init"))
        life.go_on()
        story = tracer.about(life.finish())
    assert [row for row in story.findings() if row[0] == "daemon"] == [("daemon", "daemon")]


def test_orphan_that_ends_before_it_has_stood_is_no_daemon(tracer):
    story = tracer.about(Life("daemons", "brief").finish())
    assert story.findings() == [("daemon", "orphan")]


def test_child_in_its_own_session_is_no_daemon_while_its_starter_lives(tracer):
    with Life("daemons", "attached") as life:
        stands = life.until("stands")
        time.sleep(1.2)  # nothing can be waited for where nothing is to come
        tracer.sync()
        assert tracer.of(stands, "daemon", "orphan") == []
        life.go_on()
        assert tracer.about(life.finish()).findings() == []


def test_setsid_command_left_behind_is_a_daemon(tracer):
    with shell("setsid $HOLD_IT &") as (process, ledger):
        who = ledger.who("daemon")
        process.wait()
        line = tracer.wait_line(who, "daemon")
        assert Stat(who["pid"]).session == who["pid"]
        evidence = assert_daemon(line, {"sysv", "background"}, Stat(who["pid"]).ppid)
        assert "session" in evidence
    tracer.wait_line(who, "exit")
    found = [line["event"]["action"] for line in tracer.of(who) if line["event"]["kind"] == "alert"]
    assert found == ["orphan", "daemon"]


def test_nohup_command_left_behind_without_a_terminal_is_a_background_daemon(tracer):
    with shell("nohup $HOLD_IT &") as (process, ledger):
        who = ledger.who("daemon")
        process.wait()
        line = tracer.wait_line(who, "daemon")
        assert_daemon(line, {"background"}, Stat(who["pid"]).ppid)
        (orphan,) = tracer.of(who, "orphan")
        told = orphan["proctrace"]["orphan"]
        assert told["kind"] == "background"
        assert told["old_parent"]["pid"] == process.pid and told["old_parent"]["how"] == "exited 0"
    tracer.wait_line(who, "exit")
    assert len(tracer.of(who, "exec")) == 2  # nohup, then the program: one process


def test_background_job_of_a_terminal_is_no_daemon_until_the_terminal_is_gone(tracer):
    with shell("nohup $HOLD_IT >/dev/null & while :; do sleep 0.1; done", terminal=True) as (process, ledger):
        who = ledger.who("daemon")
        assert Stat(who["pid"]).tty != 0
        (*_, exec_line) = tracer.wait_for(lambda: len(tracer.of(who, "exec")) == 2
                                          and tracer.of(who, "exec"))
        assert "tty" in exec_line["process"]
        time.sleep(1)  # nothing can be waited for where nothing is to come
        tracer.sync()
        assert tracer.of(who, "orphan", "daemon") == []
        # The session's leader dies: the kernel takes the terminal from all who are left in it.
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        until(lambda: Stat(who["pid"]).tty == 0, "its terminal is gone")
        assert_daemon(tracer.wait_line(who, "daemon"), {"background"}, Stat(who["pid"]).ppid)
        assert tracer.of(who, "orphan")[0]["proctrace"]["orphan"]["kind"] == "abandoned"
    tracer.wait_line(who, "exit")


def test_daemon_finding_names_the_same_process_as_its_birth(tracer):
    with Life("daemons", "classic") as life:
        stands = life.until("stands")
        line = tracer.wait_line(stands, "daemon")
        assert {other["process"]["entity_id"] for other in tracer.of(stands)} \
            == {line["process"]["entity_id"]}
        assert line["process"]["name"] == "daemons"
        life.go_on()
        life.finish()
    assert not is_there(stands["pid"])
