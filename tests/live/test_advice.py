# SPDX-License-Identifier: GPL-2.0-only
"""What `proctrace zombies` advises is good: whoever does what it says is rid of them, and what it
says is no help is none. The advice is read as a person would, and done as it stands there."""

import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import now
from ledger import Life, Stat, is_in_wait, until
from tracer import PROCTRACE


def zombies_of(pid):
    """The oracle: what /proc has."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = Stat(name)
        except OSError:
            continue
        if stat.ppid == pid and stat.state == "Z":
            found.add((int(name), stat.start))
    return found


def is_there(zombie):
    try:
        stat = Stat(zombie[0])
    except OSError:
        return False
    return (stat.start, stat.state) == (zombie[1], "Z")


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


def one_look(parent):
    groups, _ = now.told("zombies", "--pid", parent)
    return groups and groups[0]["proctrace"]["zombies"]


class Told:
    """What is said of one parent's zombies."""

    def __init__(self, parent, cause, look=one_look):
        # a look may come between a death and the parent's next wait
        self.zombies = until(lambda: (told := look(parent)) and told["cause"] == cause and told,
                             f"{cause} of {parent}", timeout=15)
        self.dead = zombies_of(parent)
        assert len(self.dead) == self.zombies["count"] > 0

    def pid_in(self, list_name, words):
        """The pid in a sentence; words: a regular expression with one group."""
        sentences = self.zombies[list_name]
        (match,) = filter(None, (re.search(words, sentence) for sentence in sentences))
        return int(match[1])

    def do(self, words, sig=signal.SIGKILL):
        os.kill(self.pid_in("advice", words), sig)

    def try_in_vain(self, words, sig):
        os.kill(self.pid_in("no_help", words), sig)

    def gone(self):
        until(lambda: not any(map(is_there, self.dead)), "they are gone")

    def stay(self):
        assert all(map(is_there, self.dead))


RESTART = r"restart \w+\((\d+)\)"
KILL_DEAD = r"kill -9 (\d+): a zombie is dead already"


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


# Perl's pre-forking server, from its package: each worker of it takes one connection at a time.
PREFORK = """
use Net::Server::PreFork;
our @ISA = 'Net::Server::PreFork';
sub process_request { print "hello from $$\\n" }
main->run(port => $ARGV[0], host => '127.0.0.1', ipv => 4, log_level => 0, min_servers => 3,
          max_servers => 5, min_spare_servers => 1, max_spare_servers => 4, check_for_dead => 1,
          check_for_waiting => 1);
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_perl_server_that_is_stopped_while_its_workers_crash():
    port = free_port()

    def hello():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                return client.makefile().readline().startswith("hello from ")
        except OSError:
            return False

    def workers():
        return [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children")
                .read_text().split() if Stat(pid).state != "Z"]
    with subprocess.Popen(["perl", "-e", PREFORK, str(port)], stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: hello() and len(workers()) >= 3, "it serves", timeout=15)
            os.kill(server.pid, signal.SIGSTOP)
            crashed = workers()
            for pid in crashed:
                os.kill(pid, signal.SIGSEGV)
            told = Told(server.pid, "parent_stopped")
            assert told.zombies["count"] == len(crashed) and told.zombies["certain"]
            assert {pid for pid, _ in told.dead} == set(crashed)
            assert told.zombies["sigchld"] == "caught"
            told.do(r"kill -CONT (\d+) resumes perl", signal.SIGCONT)
            told.gone()
            # what it held is free again: others serve, as soon as it counts its own
            until(lambda: hello() and not set(workers()) & set(crashed), "it serves again", timeout=90)
        finally:
            server.kill()
            for pid in workers():
                os.kill(pid, signal.SIGKILL)
