# SPDX-License-Identifier: GPL-2.0-only
"""proctrace orphans: what was left, /proc shows below its adopter, and it is told."""

import json
import os
import subprocess
import sys
import time

import pytest

from ledger import LIVES, PATIENCE, Child, Life, Stat, comm_of, crowd, until
from now import run, told
from tracer import PROCTRACE

FULL = os.environ.get("PROCTRACE_FULL") == "1"


def left_by(life):
    life.until("rests")
    return life.all("stands")


def told_of(life):
    """Everybody that this life's driver has now, and the totals."""
    lines, total = told("orphans", "--pid", life.pid("driver"))
    assert total["orphans"] == len(lines) and total["source"] == "task_iterator"
    return {line["process"]["pid"]: line["proctrace"]["orphan"] for line in lines}, total


def done(life):
    life.go_on()
    life.finish()


@pytest.mark.parametrize("case, kind, certain", [
    ("session", "session", True), ("group", "group", False), ("shared", "group", False),
])
def test_leftovers_of_a_killed_worker_are_strays_of_one_origin(case, kind, certain):
    with Life("leftovers", case, process_group=0) as life:
        left, driver = left_by(life), life.pid("driver")
        assert len(left) == 3 and {row["ppid"] for row in left} == {driver}
        orphans, total = told_of(life)
        assert {*orphans} == {row["pid"] for row in left}
        assert (total["groups"], total["left_out"]) == (1, 0)
        worker = life.pid("worker")
        origin = os.getpgid(driver) if case == "shared" else worker
        for row in left:
            orphan = orphans[row["pid"]]
            assert orphan["kind"] == "stray" and orphan["certain"] is certain
            assert (orphan["adopter"]["pid"], orphan["adopter"]["name"]) == (driver, "leftovers")
            assert orphan["adopter"]["subreaper"] is True
            assert (orphan["origin"]["kind"], orphan["origin"]["id"]) == (kind, origin)
            assert orphan["origin"]["leader"] == ("alive" if case == "shared" else "gone")
            assert orphan["group"] == 1
            assert orphan["descriptors"]["stdin"] == orphan["descriptors"]["stdout"] == "pipe"
            assert orphan["directory_is_root"] is False and orphan["umask"] == "022"
        if case == "shared":  # only the order of the driver's children shows it
            younger = life.pid("younger")
            assert younger not in orphans and total["unclear"] == 1
            assert any(f"(pid {younger})" in text for text in orphans[left[0]["pid"]]["evidence"])
        done(life)


def test_who_still_works_is_told_and_stands_first():
    with Life("leftovers", "session") as life:
        left_by(life)
        busy = life.one("stands", role="busy")["pid"]
        orphans, _ = told_of(life)
        assert next(iter(orphans)) == busy
        for pid, orphan in orphans.items():
            assert 190 < orphan["within_ms"], orphan
            assert orphan["works"] is (pid == busy), orphan
            assert orphan["cpu_used_ms"] <= orphan["within_ms"] * 1.1
            assert orphan["cpu_ms"] >= orphan["cpu_used_ms"]
        assert orphans[busy]["cpu_used_ms"] > 5
        text = run("orphans", "--pid", life.pid("driver")).stdout.decode()
        assert text.count(", began ") == 3 and text.count(" works (") == 1
        assert max(map(len, text.splitlines())) <= 100
        done(life)


@pytest.mark.parametrize("case, kind", [("daemon", "daemon"), ("careless", "stray")])
def test_daemon_that_meant_to_stay_differs_from_one_that_kept_all(case, kind):
    """Of a careless one the present cannot tell: nobody who is left knows what it meant."""
    with Life("leftovers", case, "stayer") as life:
        (row,) = left_by(life)
        assert row["session"] not in (row["pid"], os.getsid(0)) and row["tty"] == 0
        orphans, _ = told_of(life)
        orphan = orphans[row["pid"]]
        assert orphan["kind"] == kind and orphan["certain"] is True
        assert orphan["descriptors"]["stdin"] == ("null" if case == "daemon" else "pipe")
        assert orphan["directory_is_root"] is (case == "daemon")
        done(life)


SUBREAPER = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
shell = subprocess.Popen(["sh", "-c", sys.argv[1]], stdout=subprocess.PIPE, start_new_session=True)
pid = int(shell.stdout.readline())
shell.wait()
print(pid, shell.pid, flush=True)
sys.stdin.read()
os.kill(pid, 9)
os.waitpid(pid, 0)
"""


class Left(Child):
    """A subreaper, below which a shell that leads a session has left a program; says its pid."""

    def __init__(self, script, **popen):
        super().__init__([sys.executable, "-c", SUBREAPER, script], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, **popen)
        self.left, self.shell = map(int, self.stdout.readline().split())

    def __exit__(self, *exc):
        self.stdin.close()
        self.collect()
        super().__exit__(*exc)


def orphan_of(left):
    (line,), _ = told("orphans", "--pid", left)
    return line["proctrace"]["orphan"]


def test_job_under_nohup_was_told_to_stay():
    with Left("nohup sleep 1000 </dev/null 2>&1 >/dev/null & echo $!") as parent:
        until(lambda: comm_of(parent.left) == "sleep", "it runs")
        assert Stat(parent.left).ppid == parent.pid and Stat(parent.left).session == parent.shell
        orphan = orphan_of(parent.left)
        assert orphan["kind"] == "background" and orphan["ignores_sighup"] is True
        assert orphan["origin"] == {"kind": "session", "id": parent.shell, "leader": "gone"}
        assert any("nohup" in text for text in orphan["evidence"])
    with Left("sleep 1000 </dev/null 2>&1 >/dev/null & echo $!") as parent:
        until(lambda: comm_of(parent.left) == "sleep", "it runs")
        orphan = orphan_of(parent.left)
        assert orphan["kind"] == "stray" and orphan["ignores_sighup"] is False


def test_job_of_a_living_session_is_in_the_background():
    script = "(sleep 1000 <&- >/dev/null 2>&1 & echo $!); exec sleep 1000 >&-"
    code = SUBREAPER.replace("shell.wait()", "").replace("os.kill(pid, 9)",
                                                         "shell.kill(); os.kill(pid, 9)")
    with Child([sys.executable, "-c", code, script], stdin=subprocess.PIPE,
               stdout=subprocess.PIPE) as parent:
        left, shell = map(int, parent.stdout.readline().split())
        until(lambda: Stat(left).ppid == parent.pid and comm_of(shell) == "sleep", "it is left")
        orphan = orphan_of(left)
        parent.stdin.close()
        parent.collect()
    assert orphan["kind"] == "background" and orphan["certain"] is True
    assert orphan["origin"] == {"kind": "session", "id": shell, "leader": "alive", "name": "sleep"}
    assert orphan["descriptors"]["stdin"] == "closed"


def test_what_its_parent_started_is_none():
    with Life("leftovers", "plain") as life:
        left_by(life)
        orphans, total = told_of(life)
        assert orphans == {} and total["unclear"] == 1  # the child; the grandchild has its parent
        assert told("orphans", "--pid", life.pid("grandchild"))[1]["unclear"] == 0
        pids = {line["process"]["pid"] for line in told("orphans")[0]}
        assert not pids & {life.pid("child"), life.pid("grandchild"), life.pid("driver"), 2}
        assert run("orphans", "--pid", life.pid("driver")).stdout.startswith(b"no orphans")
        run("orphans", "--pid", life.pid("driver"), "--fail-on", "orphan", expect=0)
        done(life)


def test_fail_on_and_filters():
    with Life("leftovers", "session") as life:
        left = left_by(life)
        driver, one = life.pid("driver"), left[0]["pid"]
        run("orphans", "--pid", driver, "--fail-on", "orphan", expect=3)
        run("orphans", "--pid", driver, "--fail-on", "daemon,zombie", expect=0)
        lines, _ = told("orphans", "--pid", one)
        assert [line["process"]["pid"] for line in lines] == [one]
        assert {row["pid"] for row in left} <= {
            line["process"]["pid"] for line in told("orphans", "--comm", "leftovers")[0]}
        assert told("orphans", "--pid", driver, "--uid", "65534")[0] == []
        done(life)


def test_groups_come_with_the_most_suspicious_first_and_a_limit():
    with Life("leftovers", "daemon", "sort-me") as quiet, Life("leftovers", "group") as strays:
        left_by(quiet), left_by(strays)
        drivers = quiet.pid("driver"), strays.pid("driver")
        words = "--pid", ",".join(map(str, drivers))
        lines, total = told("orphans", *words)
        groups = [line["proctrace"]["orphan"]["group"] for line in lines]
        assert groups == [1, 1, 1, 2] and (total["groups"], total["left_out"]) == (2, 0)
        adopters = [line["process"]["parent"]["pid"] for line in lines]
        assert adopters == [drivers[1]] * 3 + [drivers[0]]
        limited, total = told("orphans", *words, "--limit", 1)
        assert len(limited) == 3 and (total["groups"], total["left_out"]) == (2, 1)
        done(quiet)
        done(strays)


def test_hostile_names_do_no_harm():
    for name in (") Z 1 (", "\x1b[31m\u202e\n"):
        with Life("leftovers", "careless", name) as life:
            (row,) = left_by(life)
            assert comm_of(row["pid"]) == name
            (line,), _ = told("orphans", "--pid", row["pid"])
            assert line["process"]["name"] == name
            assert line["process"]["parent"]["pid"] == life.pid("driver")
            text = run("orphans", "--pid", row["pid"], "--color", "never").stdout
            assert all(byte >= 0x20 or byte == 0x0a for byte in text)
            assert "\u202e" not in text.decode()
            done(life)


def test_init_of_a_namespace_has_orphans_and_without_rights_they_are_seen_as_well():
    with Life("/usr/bin/unshare", "-pf", LIVES / "leftovers", "session") as life:
        left = {row["pid"] for row in left_by(life)}
        orphans, _ = told_of(life)
        assert {*orphans} == left
        assert all(orphan["adopter"]["ns_init"] for orphan in orphans.values())
        program = os.open(PROCTRACE, os.O_RDONLY)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                  f"/proc/self/fd/{program}"]
        lines, total = told("orphans", "--pid", life.pid("driver"), before=nobody,
                            pass_fds=[program])
        os.close(program)
        assert total["source"] == "proc" and {line["process"]["pid"] for line in lines} == left
        for line in lines:
            orphan = line["proctrace"]["orphan"]
            assert orphan["descriptors"] == {} and "kind" not in orphan
            assert "directory_is_root" not in orphan and orphan["umask"] == "022"
        done(life)


def test_hundreds_are_told_within_a_second():
    """The time is told, and only a generous bound is held."""
    many = 2000 if FULL else crowd(500)
    with Life("leftovers", "session", many) as life:
        life.until("rests", timeout=60)
        began = time.monotonic()
        shown = run("orphans", "--pid", life.pid("driver"), "--format", "json").stdout.splitlines()
        took = time.monotonic() - began
        print(f"{many} orphans: {took:.3f} s")
        assert took < 5 * PATIENCE
        *orphans, total = map(json.loads, shown)
        assert {line["process"]["pid"] for line in orphans} == {
            row["pid"] for row in life.all("stands")}
        assert len(orphans) == total["proctrace"]["orphans_total"]["orphans"] == many
        text = run("orphans", "--pid", life.pid("driver")).stdout.decode().splitlines()
        assert any(f"and {many - 5} more" in line for line in text) and len(text) < 40
        done(life)
