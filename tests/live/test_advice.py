# SPDX-License-Identifier: GPL-2.0-only
"""What `proctrace zombies` advises is good: whoever does what it says is rid of them, and what it
says is no help is none. The advice is read as a person would, and done as it stands there."""

import json
import os
import signal
import subprocess

import pytest

from ledger import Life, Stat, is_in_wait, until
from told import KILL_DEAD, RESTART, Told, zombies_of
from tracer import PROCTRACE


@pytest.fixture
def watch():
    """One that has watched from the beginning: the lines of a round after the other."""
    with subprocess.Popen([PROCTRACE, "zombies", "--watch", "--interval", "0.3", "--format", "json",
                           "--comm", "causes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as tracer:
        assert tracer.stderr.readline().startswith("tracing ")

        def look(parent):
            for line in map(json.loads, tracer.stdout):
                if line["event"]["action"] == "zombies_total":
                    return None
                if line.get("process", {}).get("pid") == parent:
                    return line["proctrace"]["zombies"]
            raise AssertionError("it has ended")
        yield look
        tracer.kill()


@pytest.fixture
def life():
    made = []

    def start(program, *words, at="ready"):
        made.append(Life(program, *words))
        made[-1].until(at)
        return made[-1]
    yield start
    for one in made:
        one.finish()


def test_never_waits_restart(life):
    parent = life("causes", "never=3").pid("parent")
    told = Told(parent, "never_waits")
    told.try_in_vain(KILL_DEAD, signal.SIGKILL)
    told.try_in_vain(r"kill -CHLD (\d+): SIGCHLD is at its default", signal.SIGCHLD)
    told.stay()
    told.do(RESTART + r".*: that frees 3,")
    told.gone()


def test_stopped_resume(life):
    made = life("causes", "good")
    parent = made.pid("parent")
    os.kill(parent, signal.SIGSTOP)
    until(lambda: Stat(parent).state == "T", "it is stopped")
    made.go_on()
    told = Told(parent, "parent_stopped")
    told.try_in_vain(r"kill -CHLD (\d+): they wait", signal.SIGCHLD)
    told.stay()
    told.do(r"kill -CONT (\d+) resumes", signal.SIGCONT)
    told.gone()
    os.kill(parent, signal.SIGKILL)


def test_held_by_its_tracer_end_that(life):
    made = life("causes", "held")
    parent = made.pid("parent")
    until(lambda: Stat(parent).state == "t", "the parent is held")
    made.go_on()
    told = Told(parent, "parent_stopped")
    told.try_in_vain(r"kill -CONT (\d+): its tracer", signal.SIGCONT)
    told.stay()
    told.do(r"let pid (\d+), which traces")
    told.gone()
    os.kill(parent, signal.SIGKILL)


def stuck(life):
    made = life("causes", "stuck")
    parent = made.pid("parent")
    until(lambda: Stat(parent).state == "D", "it is in vfork()")
    told = Told(parent, "parent_stopped")
    return made, parent, told


def test_stuck_in_the_kernel_end_what_it_waits_for(life):
    made, parent, told = stuck(life)
    told.try_in_vain(r"kill -CHLD (\d+): it takes none", signal.SIGCHLD)
    told.stay()
    assert told.pid_in("advice", r"find what .* hangs in \(/proc/(\d+)/stack") == parent
    made.go_on()  # its child in vfork() ends
    told.gone()


def test_stuck_in_a_sleep_that_can_be_killed_kill_it(life):
    _, _, told = stuck(life)
    told.do(r"kill -9 (\d+) ends it where that sleep can be killed")
    told.gone()


def test_forgets_some_restart(watch, life):
    parent = life("causes", "forgets").pid("parent")
    told = Told(parent, "forgets_some", watch)
    told.try_in_vain(KILL_DEAD, signal.SIGKILL)
    told.stay()
    told.do(RESTART)
    told.gone()


@pytest.mark.parametrize("watched", [False, True])
def test_signals_that_merged_one_more_each_time(watch, life, watched):
    made = life("causes", "once=4")
    made.until("waited")
    parent = made.pid("parent")
    if watched:
        told = Told(parent, "misses_signals", watch)
        assert told.zombies["certain"]
    else:
        told = Told(parent, "misses_signals")
        assert not told.zombies["certain"]
        assert "its handler waits once for several signals" in told.zombies["watch"]
    for left in (2, 1, 0):
        told.do(r"kill -CHLD (\d+) runs that handler again", signal.SIGCHLD)
        until(lambda: len(zombies_of(parent)) == left, "one more is collected")
    told.gone()
    os.kill(parent, signal.SIGKILL)


def test_waits_for_another_end_that(life):
    parent = life("causes", "another").pid("parent")
    until(lambda: is_in_wait(parent), "it waits")
    told = Told(parent, "waits_for_another")
    told.do(r"no one but \w+\((\d+)\), its only child that lives")
    told.gone()


def test_traced_end_the_tracer(life):
    made = life("causes", "traced")
    made.go_on()
    parent = made.pid("parent")
    told = Told(parent, "traced")
    told.do(r"end pid (\d+), which traces them")
    told.gone()
    os.kill(parent, signal.SIGKILL)


def test_clone_child_another_wait(life):
    made = life("zombies", "clone=0", at="plain-wait")
    told = Told(made.pid("driver"), "clone_child")
    told.try_in_vain(r"kill -CHLD (\d+), ignoring SIGCHLD", signal.SIGCHLD)
    told.stay()
    assert any("wait for them with __WALL" in words for words in told.zombies["advice"])
    made.go_on()  # which does that
    told.gone()


def test_late_waiter_waits(life):
    made = life("causes", "late")
    made.go_on()
    made.until("dead")
    told = Told(made.pid("parent"), "waits_late")
    made.go_on()
    told.gone()


def test_subreaper_restart(watch, life):
    made = life("causes", "subreaper")
    parent, child = made.pid("parent"), made.pid("child")
    until(lambda: Stat(child).ppid == parent, "it is adopted")
    made.go_on()
    told = Told(parent, "subreaper_does_not_reap", watch)
    told.do(RESTART)
    told.gone()


def test_bad_init_restart_the_container(life):
    made = life("zombies", "lazy-init", at="adopted")
    told = Told(made.pid("init"), "init_does_not_reap")
    assert any("--init, tini" in words for words in told.zombies["advice"])
    told.do(r"restart the container whose init \S+?\((\d+)\) is: its end frees 1,")
    told.gone()
    made.go_on()
