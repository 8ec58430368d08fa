# SPDX-License-Identifier: GPL-2.0-only
"""proctrace zombies: what /proc and the ledger know of the dead, it tells, the worst first."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ledger import PATIENCE, ROOT, Child, Life, Stat, crowd, is_in_wait, until
from tracer import PROCTRACE, SANITIZER

SCHEMA = Draft202012Validator(json.loads((ROOT / "user/sink/stream.schema.json").read_text()))
FULL = os.environ.get("PROCTRACE_FULL") == "1"
IDLE = "import os, sys\n{}\nprint(flush=True)\nsys.stdin.readline()"


def run(*words, expect=0, **how):
    done = subprocess.run([PROCTRACE, "zombies", *map(str, words)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60 * PATIENCE, **how)
    assert not SANITIZER.search(done.stderr.decode(errors="replace")), done.stderr
    assert done.returncode == expect, done
    return done


def told(*words, **how):
    """The groups of one run, and its totals; every line is one of the schema."""
    done = run("--format", "json", *words, **how)
    lines = [json.loads(raw) for raw in done.stdout.decode().splitlines()]
    for line in lines:
        SCHEMA.validate(line)
    assert [line["event"]["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    *groups, total = lines
    assert total["event"]["action"] == "zombies_total"
    assert {line["event"]["action"] for line in groups} <= {"zombies"}
    return groups, total["proctrace"]["zombies_total"]


def group_of(pid, **how):
    """The one group of that parent, by the filter."""
    (group,), total = told("--pid", pid, **how)
    assert group["process"]["pid"] == pid
    assert total["zombies"] == group["proctrace"]["zombies"]["count"]
    return group["proctrace"]["zombies"]


def dead_by_parent():
    """The oracle: {parent: its children in state Z whose threads are all gone}, from /proc."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if Stat(name).state == "Z" and len(os.listdir(f"/proc/{name}/task")) == 1:
                found[Stat(name).ppid] = found.get(Stat(name).ppid, 0) + 1
        except OSError:
            continue
    return found


def parent_of(code, zombies=1):
    """A python that runs the code (which forks) and then does nothing; as many lie dead below."""
    child = Child([sys.executable, "-c", IDLE.format(code)], stdin=subprocess.PIPE,
                  stdout=subprocess.PIPE)
    child.stdout.readline()
    until(lambda: dead_by_parent().get(child.pid) == zombies, "they are dead")
    return child


LEAVE = "for i in range({}): os.fork() or os._exit(0)"


def test_groups_are_those_of_proc_with_the_worst_first():
    with Life("crowds", 12, 300) as life:
        until(lambda: life._read(0.1) or len(life.all("crowd")) == 12, "all crowds", 20)
        crowds = {row["pid"]: row["count"] for row in life.all("crowd")}
        assert sum(crowds.values()) == 300 and len(set(crowds.values())) > 6
        before = dead_by_parent()
        groups, total = told()
        after = dead_by_parent()
        counts = [group["proctrace"]["zombies"]["count"] for group in groups]
        assert counts == sorted(counts, reverse=True)
        assert total["zombies"] == sum(counts) and total["groups"] == len(groups)
        assert total["left_out"] == 0 and total["source"] == "task_iterator"
        shown = {group["process"]["pid"]: group for group in groups}
        stayed = {pid: n for pid, n in before.items() if after.get(pid) == n}
        assert {pid: before[pid] for pid in crowds} == crowds, "the oracles agree"
        for pid in crowds:
            assert stayed[pid] == shown[pid]["proctrace"]["zombies"]["count"]
            zombies = shown[pid]["proctrace"]["zombies"]
            assert zombies["cause"] == "never_waits" and not zombies["certain"]
            assert zombies["watch"] and zombies["sigchld"] == "default"
            assert zombies["programs"] == [{"name": "crowds", "count": crowds[pid]}]
            assert all(Stat(dead).state == "Z" and Stat(dead).ppid == pid
                       for dead in zombies["pids"])
            oldest = min(zombies["pids"], key=lambda dead: Stat(dead).start)
            assert zombies["pids"][0] == oldest
            assert zombies["heir"]["pid"] == life.pid("reaper")
            assert any(f"frees {crowds[pid]}" in text for text in zombies["advice"])
        # a limit shows the worst of them, and says how many it leaves out
        limited, rest = told("--limit", 3)
        assert [one["process"]["pid"] for one in limited] == [
            one["process"]["pid"] for one in groups[:3]]
        assert rest["left_out"] == rest["groups"] - 3
        life.go_on()
        life.finish()


def test_text_fits_on_one_screen_and_each_group_has_advice():
    with Life("crowds", 40, 400) as life:
        until(lambda: life._read(0.1) or len(life.all("crowd")) == 40, "all crowds", 20)
        ours = "--comm", "crowds"  # others may be ill, too
        lines = run(*ours).stdout.decode().splitlines()
        assert len(lines) <= 50 and max(map(len, lines)) <= 100
        assert lines[0].startswith("400 zombies under 40 parents, the worst first (of ")
        assert sum(line.startswith("       do ") for line in lines) >= 1
        assert sum(line.startswith("       no help ") for line in lines) >= 1
        rows = [line for line in lines if "; restart it: that frees" in line]
        assert len(rows) >= 15
        assert any(line.endswith("shows all)") for line in lines)
        full = run(*ours, "--limit", 30).stdout.decode().splitlines()
        assert sum(line.startswith("       do ") for line in full) == 30
        assert b"\x1b" not in run(*ours).stdout
        assert b"\x1b[1;31m" in run(*ours, "--color", "always").stdout
        life.go_on()
        life.finish()


def test_what_was_advised_frees_them():
    """Restarting the parent hands its zombies to the heir that was named, and that collects."""
    with Life("crowds", 1, 50) as life:
        crowd = life.until("crowd")
        zombies = group_of(crowd["pid"])
        assert zombies["heir"]["name"] == "crowds"
        assert zombies["count"] == 50
        assert any(f"restart crowds({crowd['pid']}): that frees 50" in text
                   for text in zombies["advice"])
        os.kill(crowd["pid"], signal.SIGTERM)
        until(lambda: crowd["pid"] not in dead_by_parent(), "they are gone")
        until(lambda: life.pid("reaper") not in dead_by_parent(), "the heir has collected them")
        life.go_on()
        life.finish()


def test_fail_on_is_about_what_the_filters_choose():
    with parent_of("pass", None) as quiet:
        run("--pid", quiet.pid, "--fail-on", "zombie", expect=0)
        groups, total = told("--pid", quiet.pid)
        assert groups == [] and total["zombies"] == 0
        assert run("--pid", quiet.pid).stdout.startswith(b"no zombies")
    with parent_of(LEAVE.format(2), 2) as parent:
        run("--pid", parent.pid, "--fail-on", "orphan,zombie", expect=3)
        run("--pid", parent.pid, "--fail-on", "orphan", expect=0)
        run("--pid", parent.pid, expect=0)


def test_child_that_was_just_collected_is_none():
    """A parent that collects each of its children a little late has always a dead one, and no
    zombie."""
    code = ("import os, time\nwhile True:\n born = time.monotonic()\n"
            " pid = os.fork() or os._exit(0)\n time.sleep(0.08)\n os.waitpid(pid, 0)\n"
            " print(pid, time.monotonic() - born, flush=True)")
    with Child([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        groups = [group for _ in range(5) for group in told("--pid", parent.pid)[0]]
        parent.finish()
        stood = dict(row.split() for row in parent.stdout.read().decode().splitlines())
    assert len(stood) > 5
    for group in groups:  # this machine may be that slow
        for pid in group["proctrace"]["zombies"]["pids"]:
            assert float(stood.get(str(pid), "inf")) > 0.2, stood


def test_stopped_parent_is_resumed():
    code = "import signal\n" + LEAVE.format(3)
    with parent_of(code, 3) as parent:
        os.kill(parent.pid, signal.SIGSTOP)
        until(lambda: Stat(parent.pid).state == "T", "it is stopped")
        zombies = group_of(parent.pid)
        assert zombies["cause"] == "parent_stopped" and zombies["certain"]
        assert "watch" not in zombies
        assert any(f"kill -CONT {parent.pid}" in text for text in zombies["advice"])
        assert any("SIGTERM" in text for text in zombies["no_help"])


def test_parent_that_has_waited_before_is_told_from_one_that_never_has():
    late = "for _ in range(3):\n pid = os.fork() or os._exit(0)\n os.waitpid(pid, 0)\n"
    with parent_of(LEAVE.format(5), 5) as never, parent_of(late + LEAVE.format(5), 5) as waiter:
        never_waits, waits_late = group_of(never.pid), group_of(waiter.pid)
        assert never_waits["cause"] == "never_waits" and waits_late["cause"] == "waits_late"
        assert not never_waits["certain"] and not waits_late["certain"]
        assert f"it has never collected one: cminflt in /proc/{never.pid}/stat is 0" in \
            never_waits["evidence"]
        collected = Path(f"/proc/{waiter.pid}/stat").read_text().rpartition(")")[2].split()[8]
        assert any(f"cminflt in /proc/{waiter.pid}/stat is {collected}" in text
                   for text in waits_late["evidence"])
        assert not any("seen to die" in text for text in
                       never_waits["evidence"] + waits_late["evidence"])


def test_parent_that_waits_for_another_is_told_apart_and_for_whom():
    code = LEAVE.format(4) + ("\nsleeper = os.fork()\nif not sleeper:\n sys.stdin.readline()\n"
                              " os._exit(0)\nprint(sleeper, flush=True)\nos.waitpid(sleeper, 0)")
    with Child([sys.executable, "-c", "import os, sys\n" + code], stdin=subprocess.PIPE,
               stdout=subprocess.PIPE) as parent:
        sleeper = int(parent.stdout.readline())
        until(lambda: dead_by_parent().get(parent.pid) == 4, "they are dead")
        until(lambda: is_in_wait(parent.pid), "it waits")
        zombies = group_of(parent.pid)
        assert zombies["cause"] == "waits_for_another" and zombies["certain"] and zombies["waits"]
        assert any(f"a wait call for pid {sleeper} alone" in text for text in zombies["evidence"])
        assert any(f"({sleeper})" in text for text in zombies["advice"])


@pytest.mark.parametrize("life_name, dead, cause, word", [
    ("traced", "child", "traced", "which traces them"),
    ("clone=0", "child", "clone_child", "__WALL"),
])
def test_zombies_of_other_causes(life_name, dead, cause, word):
    with Life("zombies", life_name) as life:
        life.until("dead" if life_name == "traced" else "plain-wait")
        zombies = group_of(life.pid("driver"))
        assert (zombies["cause"], zombies["count"]) == (cause, 1) and zombies["certain"]
        assert zombies["pids"] == [life.pid(dead)]
        assert any(word in text for text in zombies["advice"])
        if cause == "traced":
            assert any(f"pid {life.pid('tracer')}," in text for text in zombies["advice"])
            assert not any("that frees" in text for text in zombies["advice"])
        life.go_on()
        life.finish()


def test_init_of_a_container_without_an_init():
    with Life("zombies", "lazy-init") as life:
        life.until("adopted")
        init = life.pid("init")
        until(lambda: init in dead_by_parent(), "the grandchild is dead")
        zombies = group_of(init)
        assert zombies["count"] == 1 and zombies["pids"] == [life.pid("grandchild")]
        assert any("--init, tini" in text for text in zombies["advice"])
        assert any("restart the container" in text for text in zombies["advice"])
        assert not any("tini" in text for text in zombies["no_help"])
        life.go_on()
        life.finish()


def test_causes_of_one_parent_that_differ_are_told_each():
    clone = ("import ctypes\nlibc = ctypes.CDLL(None)\n"
             "libc.syscall(56, 0, 0, 0, 0, 0) or os._exit(0)\n" + LEAVE.format(3))
    if os.uname().machine != "x86_64":
        pytest.skip("the number of clone() is x86's")
    with parent_of(clone, 4) as parent:
        zombies = group_of(parent.pid)
        assert [(cause["cause"], cause["count"]) for cause in zombies["causes"]] == [
            ("never_waits", 3), ("clone_child", 1)]
        text = run("--pid", parent.pid).stdout.decode()
        assert "never_waits (3)" in text and "clone_child (1)" in text
        assert "__WALL" in text


def test_leader_of_living_threads_stands_apart():
    with Life("threads", "leader-first") as life:
        life.until("leader-left")
        pid = life.pid("process")
        assert Stat(pid).state == "Z"
        groups, total = told("--pid", pid)
        assert groups == [] and total["zombies"] == 0
        assert [leader["pid"] for leader in total["leaders"]] == [pid]
        text = run("--pid", pid).stdout.decode()
        assert text.startswith("no zombies") and f"threads({pid})" in text
        life.go_on()
        life.finish()


def test_leader_of_living_threads_beside_a_real_zombie_is_no_leak_and_needs_nothing():
    with Life("threads", "leader-first") as life, Life("causes", "never=1") as bad:
        life.until("leader-left")
        bad.until("ready")
        leader, parent, corpse = life.pid("process"), bad.pid("parent"), bad.pid("child")
        assert Stat(leader).state == Stat(corpse).state == "Z"  # ps shows both alike
        (group,), _ = until(lambda: (answer := told("--pid", parent))[0] and answer, "it is told")
        assert group["proctrace"]["zombies"]["cause"] == "never_waits"
        assert any("restart" in words for words in group["proctrace"]["zombies"]["advice"])
        groups, total = told("--pid", Stat(leader).ppid)
        assert leader not in [pid for one in groups for pid in one["proctrace"]["zombies"]["pids"]]
        assert leader in [one["pid"] for one in total["leaders"]]
        run("--pid", leader, "--fail-on", "zombie")
        life.go_on()  # its threads end, and it with them
        life.finish()
        assert not Path(f"/proc/{leader}").exists() and Stat(corpse).state == "Z"
        os.kill(parent, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{corpse}").exists(), "the real one is gone")
        bad.finish()


def test_hostile_names_do_no_harm():
    name = b"\x1b[31m\x9b\xff\n\xe2\x80\xaei"
    code = ("import ctypes\nlibc = ctypes.CDLL(None)\n"
            f"libc.prctl(15, {name!r}, 0, 0, 0)\n" + LEAVE.format(2))
    with parent_of(code, 2) as parent:
        assert open(f"/proc/{parent.pid}/comm", "rb").read() == name + b"\n"
        text = run("--pid", parent.pid, "--color", "never").stdout
        assert all(byte >= 0x20 or byte == 0x0a for byte in text)
        assert b"\x7f" not in text and "\u202e" not in text.decode()
        assert rb"\x1b[31m" in text
        (group,), _ = told("--pid", parent.pid)
        assert "\ufffd" in group["process"]["name"] and "raw" in group["proctrace"]


def test_without_rights_proc_tells_most_of_it():
    program = os.open(PROCTRACE, os.O_RDONLY)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
              f"/proc/self/fd/{program}"]  # its directory may be closed to that user
    with parent_of(LEAVE.format(5), 5) as parent:
        words = ["zombies", "--pid", str(parent.pid), "--format", "json", "--fail-on", "zombie"]
        done = subprocess.run(nobody + words, pass_fds=[program], capture_output=True, text=True,
                              timeout=60 * PATIENCE)
        os.close(program)
        assert done.returncode == 3 and "reading /proc instead" in done.stderr, done
        group, total = map(json.loads, done.stdout.splitlines())
        SCHEMA.validate(group)
        assert total["proctrace"]["zombies_total"]["source"] == "proc"
        assert group["process"]["pid"] == parent.pid
        assert group["proctrace"]["zombies"]["count"] == 5


def test_thousands_of_zombies_are_told_at_once():
    """As many as pid_max lets be; the time is told, and only a generous bound is held."""
    parents, zombies = (300, 20000) if FULL else (crowd(100), crowd(3000))
    with Life("crowds", parents, zombies) as life:
        until(lambda: life._read(0.1) or len(life.all("crowd")) == parents, "all crowds", 60)
        crowds = {row["pid"]: row["count"] for row in life.all("crowd")}
        began = time.monotonic()
        text = run().stdout.decode().splitlines()
        took = time.monotonic() - began
        began = time.monotonic()
        subprocess.run(["ps", "-e"], stdout=subprocess.DEVNULL, check=True)
        ps = time.monotonic() - began
        print(f"{zombies} zombies: {took:.3f} s, ps -e {ps:.3f} s")
        assert took < 10 * PATIENCE
        assert len(text) <= 50
        text = run("--comm", "crowds").stdout.decode().splitlines()
        groups, total = told()
        shown = {group["process"]["pid"]: group["proctrace"]["zombies"]["count"]
                 for group in groups}
        assert {pid: shown.get(pid) for pid in crowds} == crowds
        assert total["zombies"] >= zombies
        first = max(crowds, key=lambda pid: f"({pid})" in text[2])
        assert f"({first})" in text[2] and crowds[first] == max(crowds.values())
        life.go_on()
        life.finish(timeout=60)
