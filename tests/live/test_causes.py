# SPDX-License-Identifier: GPL-2.0-only
"""Why a zombie stays: each cause made for real, told with its evidence, and ended by its cure.

The oracle is /proc and what wait() said: who is a zombie, under whom, and that it is gone after."""

import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import now
import pytest

from corpses import (cminflt, container, corpses, diagnosed, gone, is_zombie, kill, life,
                     processes, row_of, zombies_of)
from ledger import Life, Stat, is_in_wait, proc_text, until

THRESHOLD = 300


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace("--zombie-after", THRESHOLD, "--tree", os.getpid())


# One test a cause


def test_parent_that_never_waits_and_is_killed_under_an_adopter_that_does(tracer):
    with life("never=3") as made:
        parent = made.pid("parent")
        assert cminflt(parent) == 0
        for corpse in corpses(made):
            told = diagnosed(tracer, corpse, parent, "never_waits", "SIGCHLD is at its default",
                             "of 3 children seen to die it has collected 0",
                             f"cminflt in /proc/{parent}/stat is 0")
            assert told["responsible"]["sigchld"] == "default"
        kill(parent)
        gone(tracer, *corpses(made))


def test_parent_that_blocks_the_signal_and_does_not_fetch_it(tracer):
    with life("deaf") as made:
        corpse = corpses(made)[0]
        told = diagnosed(tracer, corpse, made.pid("parent"), "never_waits", "and blocked",
                         "a SIGCHLD is pending")
        assert told["responsible"]["sigchld_blocked"] and told["responsible"]["sigchld_pending"]
        kill(made.pid("parent"))
        gone(tracer, corpse)


@pytest.mark.parametrize("case, how", [
    ("once=4", "it has a handler for SIGCHLD"),
    ("sigwait=4", "at its default there, and it sleeps in sigwait"),
    ("signalfd=4", "at its default there, and blocked")])
def test_signals_merge_and_each_further_one_collects_another(tracer, case, how):
    with life(case) as made:
        parent = made.pid("parent")
        made.until("waited")
        left = zombies_of(parent)
        assert len(left) == 3
        lost = [row for row in corpses(made) if row["pid"] in left]
        for corpse in lost:
            diagnosed(tracer, corpse, parent, "misses_signals", how, "of 4", "collected 1",
                      "no SIGCHLD is pending", also=["waits_late"])
        for n in range(len(lost)):
            kill(parent, signal.SIGCHLD)
            until(lambda: len(zombies_of(parent)) == 2 - n, "one more is collected")
        gone(tracer, *lost)
        kill(parent)


@pytest.mark.parametrize("case", ["another", "group"])
def test_parent_that_sleeps_in_a_wait_for_another(tracer, case):
    with life(case) as made:
        parent, other, corpse = made.pid("parent"), made.pid("other"), made.who("child")
        until(lambda: is_in_wait(parent), "it waits")
        told = diagnosed(tracer, corpse, parent, "waits_for_another",
                         f"for pid {other} alone (causes, which runs)" if case == "another"
                         else f"for process group {other} alone")
        assert told["responsible"]["waits"] is True
        assert told["responsible"]["waits_for"] == (other if case == "another" else -other)
        made.go_on()  # the other ends
        gone(tracer, corpse)
        assert made.until("waited", pid=corpse["pid"], by=parent)


def test_parent_that_waits_for_some_by_their_pid(tracer):
    with life("forgets") as made:
        parent, corpse = made.pid("parent"), made.who("child")
        diagnosed(tracer, corpse, parent, "forgets_some", "of 2", "collected 1",
                  f"pid {made.pid('younger')}, which was born and died after this one")
        kill(parent)
        gone(tracer, corpse)


def test_late_waiter_is_told_from_one_that_never_waits(tracer):
    with life("late") as made:
        parent = made.pid("parent")
        made.go_on()
        made.until("dead")
        assert cminflt(parent) > 0
        diagnosed(tracer, made.who("child"), parent, "waits_late", "of 2", "collected 1",
                  "the last to die of those that it collected died", "s before this one")
        made.go_on()
        gone(tracer, made.who("child"))
        assert made.until("waited", pid=made.pid("child"), by=parent)


def test_what_a_parent_did_before_tracing_began_counts(trace):
    with life("late") as made, life("never=1") as bad:
        tracer = trace("--zombie-after", THRESHOLD, "--tree", os.getpid())
        made.go_on()
        made.until("dead")
        diagnosed(tracer, made.who("child"), made.pid("parent"), "waits_late", "of 1", "collected 0",
                  f"cminflt in /proc/{made.pid('parent')}/stat is {cminflt(made.pid('parent'))}")
        told = diagnosed(tracer, bad.who("child"), bad.pid("parent"), "never_waits",
                         f"cminflt in /proc/{bad.pid('parent')}/stat is 0")
        assert told["pre_existing"]
        made.go_on()
        kill(bad.pid("parent"))
        gone(tracer, made.who("child"), bad.who("child"))
        tracer.stop()


def test_stopped_parent_goes_on(tracer):
    with life("good") as made:
        parent, corpse = made.pid("parent"), made.who("child")
        kill(parent, signal.SIGSTOP)
        until(lambda: Stat(parent).state == "T", "it is stopped")
        made.go_on()
        until(lambda: is_zombie(corpse["pid"]), "the child is dead")
        diagnosed(tracer, corpse, parent, "parent_stopped", "state T (stopped)")
        kill(parent, signal.SIGCONT)
        gone(tracer, corpse)
        assert made.until("waited", pid=corpse["pid"], by=parent)
        kill(parent)


def wchan_of(sleeper):
    """The kernel's function that it sleeps in, as soon as the kernel says so. "": this one never does.
    (x86 could not unwind a stack there before 5.16, and says "0" of every sleeper.)"""
    release = tuple(map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups()))
    if platform.machine() == "x86_64" and release < (5, 16):
        return ""
    until(lambda: proc_text(sleeper, "wchan") != "0", "the kernel says where it sleeps")
    return proc_text(sleeper, "wchan").partition(".")[0]


def test_stuck_parent_is_told_with_where_it_sleeps(tracer):
    with life("stuck") as made:
        parent, corpse = made.pid("parent"), made.who("child")
        until(lambda: Stat(parent).state == "D", "it is in vfork()")
        where = wchan_of(parent)
        told = diagnosed(tracer, corpse, parent, "parent_stopped",
                         f"state D (uninterruptible sleep{' in ' if where else ''}{where})")
        assert told["responsible"].get("where", "") == where
        made.go_on()
        gone(tracer, corpse)
        assert made.until("waited", pid=corpse["pid"], by=parent)


def freezers():
    """(where groups are made, the file that freezes, its words for frozen and thawed)"""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2":
            yield Path(place), "cgroup.freeze", "1", "0"
        elif kind == "cgroup" and "freezer" in options.split(","):
            yield Path(place), "freezer.state", "FROZEN", "THAWED"


@contextmanager
def cgroup(root):
    """A control group of this test's own; who is left in it when it ends is killed."""
    group = root / f"causes-{os.getpid()}-{time.monotonic_ns()}"
    group.mkdir()
    try:
        yield group
    finally:
        if (group / "freezer.state").exists():
            (group / "freezer.state").write_text("THAWED")
        for pid in (group / "cgroup.procs").read_text().split():
            kill(int(pid))

        def removed():
            try:
                group.rmdir()
            except OSError:
                return False
            return True
        until(removed, "nobody is in the group")


@pytest.mark.parametrize("root, file, frozen, thawed", list(freezers()),
                         ids=lambda value: str(value) if "." in str(value) else "")
def test_frozen_parent_is_told_as_such(tracer, root, file, frozen, thawed):
    with cgroup(root) as group, life("good") as made:
        parent, corpse = made.pid("parent"), made.who("child")
        (group / "cgroup.procs").write_text(str(parent))
        (group / file).write_text(frozen)
        made.go_on()
        until(lambda: is_zombie(corpse["pid"]), "the child is dead")
        if where := wchan_of(parent):
            until(lambda: re.search("freez|frigerator|get_signal", proc_text(parent, "wchan")),
                  "it is frozen")
            where = proc_text(parent, "wchan")
        diagnosed(tracer, corpse, parent, "parent_stopped", "frozen with its control group",
                  f"{where})")
        (group / file).write_text(thawed)
        gone(tracer, corpse)
        kill(parent)


def test_parent_that_its_tracer_stopped_is_no_traced_child(tracer):
    with life("held") as made:
        parent, corpse, holder = made.pid("parent"), made.who("child"), made.pid("tracer")
        until(lambda: Stat(parent).state == "t", "the parent is held")
        made.go_on()
        until(lambda: is_zombie(corpse["pid"]), "the child is dead")
        told = diagnosed(tracer, corpse, parent, "parent_stopped",
                         f"state t (stopped by its tracer, pid {holder})")
        assert told["responsible"]["tracer"]["pid"] == holder
        kill(holder)
        gone(tracer, corpse)
        assert made.until("waited", pid=corpse["pid"], by=parent)
        kill(parent)


def test_traced_child_is_collected_when_its_tracer_ends(tracer):
    with life("traced") as made:
        parent, corpse, holder = made.pid("parent"), made.who("child"), made.pid("tracer")
        made.go_on()
        until(lambda: is_zombie(corpse["pid"]), "the child is dead")
        assert f"TracerPid:\t{holder}\n" in proc_text(corpse["pid"], "status")
        diagnosed(tracer, corpse, parent, "traced", f"pid {holder} traces it (ptrace)")
        kill(holder)
        gone(tracer, corpse)
        assert made.until("waited", pid=corpse["pid"], by=parent)
        kill(parent)


def test_traced_child_of_a_parent_that_never_waits_has_two_causes(tracer):
    with life("traced-never") as made:
        parent, holder = made.pid("parent"), made.pid("tracer")
        free, held = corpses(made)
        made.go_on()
        until(lambda: is_zombie(held["pid"]), "the child is dead")
        diagnosed(tracer, free, parent, "never_waits")
        diagnosed(tracer, held, parent, "traced", "of 2", also=["never_waits"])
        kill(holder)
        until(lambda: is_zombie(holder), "the tracer is dead")
        assert is_zombie(held["pid"])  # that alone was no cure
        kill(parent)
        gone(tracer, free, held)


@pytest.mark.parametrize("sig", [0, signal.SIGUSR1])
def test_clone_child_needs_another_wait(tracer, sig):
    with Life("zombies", f"clone={int(sig)}") as made:
        assert made.until("plain-wait")["errno"]  # a plain wait did not see it
        corpse = made.who("child")
        diagnosed(tracer, corpse, made.pid("driver"), "clone_child",
                  f"its exit signal is {int(sig)}", "__WALL")
        made.go_on()  # waits with __WALL
        gone(tracer, corpse)
        made.finish()


def test_signal_that_is_ignored_too_late(tracer):
    with Life("zombies", "ignored-after") as made:
        made.until("dead")
        corpse = made.who("child")
        told = diagnosed(tracer, corpse, made.pid("driver"), "never_waits",
                         "ignores SIGCHLD now, but did not when the child died")
        assert told["responsible"]["sigchld"] == "ignored"
        made.go_on()
        gone(tracer, corpse)
        made.finish()


@pytest.mark.parametrize("case", ["subreaper", "inherits"])
def test_subreaper_that_waits_for_its_own_alone(tracer, case):
    with life(case) as made:
        parent, corpse = made.pid("parent"), made.who("child")
        until(lambda: Stat(corpse["pid"]).ppid == parent, "it is adopted")
        if case == "subreaper":
            made.go_on()
        until(lambda: is_zombie(corpse["pid"]), "it is dead")
        told = diagnosed(tracer, corpse, parent, "subreaper_does_not_reap",
                         "PR_SET_CHILD_SUBREAPER", "adopted this child",
                         "1 of these was an orphan that it had adopted, of which it has collected 0")
        assert told["creator"]["pid"] == made.pid("middle")
        kill(parent)
        gone(tracer, corpse)


def test_dead_leader_of_living_threads_is_none_and_a_real_zombie_is(tracer):
    with Life("threads", "leader-first") as made:
        made.until("leader-left")
        leader = made.who("process")
        assert is_zombie(leader["pid"])  # so ps shows it
        with life("never=1") as bad:
            diagnosed(tracer, bad.who("child"), bad.pid("parent"), "never_waits")
            assert is_zombie(leader["pid"]) and not tracer.of(leader, "zombie", "exit")
            kill(bad.pid("parent"))
            gone(tracer, bad.who("child"))
        made.go_on()
        tracer.settled(made, "process")
        made.finish()
    assert not tracer.of(leader, "zombie")


def pids_root():
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup" and "pids" in options.split(","):
            return Path(place)
        if kind == "cgroup2" and "pids" in Path(place, "cgroup.subtree_control").read_text():
            return Path(place)
    raise AssertionError("nothing limits the number of tasks here")


def test_leak_that_has_filled_its_control_group(tracer):
    with cgroup(pids_root()) as group:
        (group / "pids.max").write_text("8")
        with life("full", group) as made:
            parent = made.pid("parent")
            assert made.one("refused")["errno"] == 11  # EAGAIN
            assert len(zombies_of(parent)) == made.one("refused")["count"] == 7
            for corpse in corpses(made):
                diagnosed(tracer, corpse, parent, "never_waits", "of 7", "collected 0")
            kill(parent)
            gone(tracer, *corpses(made))
        assert (group / "pids.current").read_text() == "0\n"


# Containers, and servers that were not written for this

# As entrypoints are: probes in the background, then the program takes the shell's place.
ENTRYPOINT = """
(
    for probe in 1 2 3; do
        timeout 0.5 sh -c 'sleep 0.7 & exec sleep 5' &
    done
    wait
) &
exec tail -f /dev/null
"""


def test_container_whose_program_is_no_init(tracer):
    with container("sh", "-c", ENTRYPOINT) as init:
        until(lambda: {"sh\n", "sleep\n"} <= {proc_text(pid, "comm") for pid in zombies_of(init)},
              "what probes left, and their loop, lie dead")
        assert proc_text(init, "comm") == "tail\n" and "\t1\n" in proc_text(init, "status")
        dead = {pid: row_of(pid) for pid in zombies_of(init)}
        probes = [row for pid, row in dead.items() if proc_text(pid, "comm") == "sleep\n"]
        for corpse in probes:
            told = diagnosed(tracer, corpse, init, "init_does_not_reap",
                             "the init of its pid namespace and adopted this child",
                             f"cminflt in /proc/{init}/stat is 0")
            assert told["responsible"]["ns_init"] and told["responsible"]["name"] == "tail"
            assert told["creator"]["pid"] not in (init, corpse["pid"])
        (loop,) = [row for row in dead.values() if row not in probes]
        diagnosed(tracer, loop, init, "never_waits")  # its own: the shell started it there
    gone(tracer, *dead.values())


def test_same_container_with_an_init_has_no_zombie(tracer):
    with container("tini", "sh", "--", "-c", ENTRYPOINT) as init:
        assert proc_text(init, "comm") == "tini\n"
        app = until(lambda: [pid for pid, stat in processes()
                             if stat.ppid == init and proc_text(pid, "comm") == "tail\n"], "it runs")
        until(lambda: zombies_of(app[0]), "the loop is over")
        loop = row_of(zombies_of(app[0])[0])
        # an init is no help against a parent that lives: the loop is the program's own child
        diagnosed(tracer, loop, app[0], "never_waits", "collected 0")
        assert zombies_of(init) == []
    probes = [line for line in tracer.lines if line["event"]["action"] == "zombie"
              and line["proctrace"]["zombie"]["responsible"]["pid"] == init]
    assert probes == []


def test_orphan_under_a_bad_init_is_told_from_a_child_of_a_live_bad_parent(tracer):
    words = "import os, time; os.fork() or os._exit(3); time.sleep(60)"
    script = f"(sleep 0.1 & exec {sys.executable} -S -c '{words}') & exec tail -f /dev/null"
    with container("sh", "-c", f"sh -c 'sleep 0.2 &' ; {script}") as init:
        orphan = row_of(until(lambda: zombies_of(init), "the orphan is dead")[0])
        bad = until(lambda: [pid for pid, stat in processes() if stat.ppid == init
                             and stat.state != "Z"
                             and len(zombies_of(pid)) == 2], "its children are dead")[0]
        diagnosed(tracer, orphan, init, "init_does_not_reap", "adopted this child")
        children = [row_of(pid) for pid in zombies_of(bad)]
        for child in children:
            diagnosed(tracer, child, bad, "never_waits", "of 2", "collected 0")
        looks, _ = now.told("zombies")
        looks = {look["process"]["pid"]: look["proctrace"]["zombies"] for look in looks}
        assert [looks[pid]["cause"] for pid in (init, bad)] == ["init_does_not_reap", "never_waits"]
        assert any(f"its {len(children)} pass to tail({init}), which does not collect its own" in words
                   for words in looks[bad]["advice"])
        # Its end hands them to the same bad init: no cure here, and the container's end is.
        kill(bad)
        until(lambda: len(zombies_of(init)) == 4, "all lie before the init")
    gone(tracer, orphan, *children)


# The standard library's pre-forking server; nothing of it is written here but its name.
SERVER = """
import http.server, socketserver, sys
class Server(socketserver.ForkingMixIn, http.server.HTTPServer): pass
server = Server(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def test_forking_server_that_is_stopped_and_goes_on(tracer):
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as server:
        try:
            port = int(server.stdout.readline())
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
            workers = until(lambda: [row_of(pid) for pid, stat in processes()
                                     if stat.ppid == server.pid][2:] and
                            [row_of(pid) for pid, stat in processes() if stat.ppid == server.pid],
                            "each client has a worker")
            kill(server.pid, signal.SIGSTOP)
            for client in clients:
                client.close()
            until(lambda: zombies_of(server.pid) == sorted(row["pid"] for row in workers),
                  "the workers are dead")
            for worker in workers:
                diagnosed(tracer, worker, server.pid, "parent_stopped", "state T (stopped)")
            kill(server.pid, signal.SIGCONT)
            gone(tracer, *workers)
        finally:
            server.kill()
