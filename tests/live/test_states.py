# SPDX-License-Identifier: GPL-2.0-only
"""Stopped, continued, niced, locked: the letters that ps shows, and no event that isn't one."""

import os
import signal
import subprocess

import pytest

from ledger import Child, held, lived, ps_state, released, until


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def state_in_snapshot(trace, who):
    """What a second tracer sees, that starts only now."""
    tracer = trace()
    line = tracer.wait_line(who, "snapshot")
    tracer.stop()
    return line["proctrace"]["state"]


def test_stop_and_continue_end_nothing(tracer, trace):
    with held() as child:
        who = child.ledger.who("child")
        os.kill(child.pid, signal.SIGSTOP)
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status) and ps_state(child.pid) == "T"
        assert state_in_snapshot(trace, who) == "T"
        os.kill(child.pid, signal.SIGCONT)
        _, status = os.waitpid(child.pid, os.WCONTINUED)
        assert os.WIFCONTINUED(status)
        until(lambda: ps_state(child.pid) == "S", "it sleeps again")
        assert state_in_snapshot(trace, who) == "S"
        tracer.sync()
        assert tracer.of(who, "exit", "reap") == []
        story = tracer.about(released(child))
    assert story.life("child") == ["fork", "exec", "exit", "reap"]
    assert story.findings() == []
    story.assert_ends()


def test_stopped_process_that_is_killed_was_killed(tracer):
    with held() as child:
        os.kill(child.pid, signal.SIGSTOP)
        os.waitpid(child.pid, os.WUNTRACED)
        story = tracer.about(child.finish(signal.SIGKILL))
    ending = story.line("child", "exit")["proctrace"]["exit"]
    assert ending["signal"] == "SIGKILL"
    assert ending["killed_by"]["pid"] == os.getpid()
    story.assert_ends()


def test_child_that_stops_itself_and_goes_on_exits_as_wait_says(tracer):
    # kind "stops" of the fates: raise(SIGSTOP), continued by its parent, exit
    life = lived("fates", 28)
    stopped = [row for row in life.all("fate") if row["kind"] == "stops"]
    assert len(stopped) == 2
    for row in stopped:
        line = tracer.wait_line(row, "exit")
        assert line["process"]["exit_code"] == row["status"] >> 8


@pytest.mark.parametrize("nice, letters", [(5, "SN"), (-5, "S<"), (0, "S")])
def test_niceness_shows_in_the_state_letters(trace, nice, letters):
    with held(preexec_fn=lambda: os.nice(nice)) as child:
        until(lambda: ps_state(child.pid) == letters, "ps sees it")
        assert state_in_snapshot(trace, child.ledger.who("child")) == letters
        released(child)


def test_renice_shows_in_the_state_letters(trace):
    with held() as child:
        who = child.ledger.who("child")
        subprocess.run(["renice", "-n", "7", "-p", str(child.pid)], check=True,
                       stdout=subprocess.DEVNULL)
        until(lambda: ps_state(child.pid) == "SN", "ps sees it")
        assert state_in_snapshot(trace, who) == "SN"
        os.setpriority(os.PRIO_PROCESS, child.pid, -7)
        until(lambda: ps_state(child.pid) == "S<", "ps sees it")
        assert state_in_snapshot(trace, who) == "S<"
        released(child)


def test_stopped_and_niced_shows_both(trace):
    with held(preexec_fn=lambda: os.nice(3)) as child:
        os.kill(child.pid, signal.SIGSTOP)
        os.waitpid(child.pid, os.WUNTRACED)
        assert ps_state(child.pid) == "TN"
        assert state_in_snapshot(trace, child.ledger.who("child")) == "TN"


def test_locked_memory_shows_in_the_state_letters(trace):
    script = ("import ctypes, sys; page = ctypes.create_string_buffer(4096);"
              "assert ctypes.CDLL(None).mlock(page, 4096) == 0;"
              "print(flush=True); sys.stdin.read()")
    with Child(["/usr/bin/python3", "-c", script], stdin=subprocess.PIPE,
               stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        until(lambda: ps_state(child.pid) == "SL", "ps sees it")
        assert state_in_snapshot(trace, child.ledger.who("child")) == "SL"
        child.stdin.close()
        child.collect()
