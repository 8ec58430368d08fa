# SPDX-License-Identifier: GPL-2.0-only
"""proctrace daemons: each step of daemon(7) that a life did or did not do is told so."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ledger import LIVES, Child, Life, Stat, comm_of, until
from now import run, told
from tracer import PROCTRACE
from test_now_orphans import Left, done, left_by

PF_KTHREAD = 0x00200000


def daemon_of(pid, **how):
    (line,), total = told("daemons", "--pid", pid, **how)
    assert line["process"]["pid"] == pid and total["daemons"] == 1
    return line["proctrace"]["daemon"]


def steps_of(pid, **how):
    """The steps that were done, those that were not, and those that cannot be told."""
    steps = daemon_of(pid, **how)["steps"]
    return [{step for step, state in steps.items() if state == word}
            for word in ("done", "not_done", "not_known")]


@pytest.fixture
def pid_file():
    """pid_file(name) is the place of one; it is removed after."""
    made = []

    def place(name):
        made.append(Path(f"/run/{name}.pid"))
        return made[-1]

    yield place
    for path in made:
        path.unlink(missing_ok=True)


def test_daemon_that_does_all_steps(pid_file):
    name = f"ptd{os.getpid()}"
    with Life("leftovers", "daemon", name) as life:
        (row,) = left_by(life)
        pid_file(name).write_text(f"{row['pid']}\n")
        daemon = daemon_of(row["pid"])
        assert {*daemon["steps"].values()} == {"done"}
        assert daemon["kind"] == "sysv" and daemon["umask"] == "000"
        assert daemon["pid_file"] == f"/run/{name}.pid"
        assert {*daemon["descriptors"].values()} == {"null"}
        assert daemon["adopter"]["pid"] == life.pid("driver") == row["ppid"]
        assert daemon["origin"] == {"kind": "session", "id": row["session"], "leader": "gone"}
        # the same in text: a row of eight yes
        text = run("daemons", "--pid", row["pid"]).stdout.decode()
        words = next(line for line in text.splitlines() if name in line).split()
        assert words[:2] == [str(row["pid"]), "sysv"] and words[2:10] == ["yes"] * 8
        run("daemons", "--pid", row["pid"], "--fail-on", "daemon", expect=3)
        run("daemons", "--pid", row["pid"], "--fail-on", "orphan", expect=0)
        done(life)


def test_daemon_that_leaves_directory_mask_and_descriptors():
    with Life("leftovers", "careless", "careless", stderr=subprocess.DEVNULL) as life:
        (row,) = left_by(life)
        daemon = daemon_of(row["pid"])
        assert steps_of(row["pid"]) == [
            {"fork", "session", "second_fork", "terminal"},
            {"directory", "umask", "descriptors", "pid_file"}, set()]
        assert "kind" not in daemon and daemon["umask"] == "027" and "pid_file" not in daemon
        assert daemon["descriptors"] == {"stdin": "pipe", "stdout": "pipe", "stderr": "null"}
        cwd = os.readlink(f"/proc/{row['pid']}/cwd")
        assert any(cwd[:40] in text for text in daemon["evidence"])
        done(life)


def test_daemon_of_the_library_and_its_pid_file(pid_file):
    """daemon(3): one fork and setsid(). It leads its session; whose child it was is not to be seen,
    and a pid file with another's pid is none."""
    name = f"ptl{os.getpid()}"
    pid_file(name).write_text("1\n")
    code = ("import ctypes, os, sys\nctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"
            "first = os.fork()\nif not first:\n"
            " ready, end = int(sys.argv[1]), int(sys.argv[2])\n"
            f" libc = ctypes.CDLL(None)\n libc.prctl(15, {name.encode()!r}, 0, 0, 0)\n"
            " libc.daemon(0, 0)\n os.write(ready, b'%d\\n' % os.getpid())\n os.read(end, 1)\n"
            " os._exit(0)\nos.waitpid(first, 0)\nsys.stdin.read()")
    ready, told_ready = os.pipe()
    end, hold = os.pipe()
    with Child([sys.executable, "-c", code, str(told_ready), str(end)], stdin=subprocess.PIPE,
               pass_fds=[told_ready, end]) as parent:
        os.close(end)
        daemon = int(os.read(ready, 20))
        until(lambda: Stat(daemon).ppid == parent.pid, "it was left")
        assert Stat(daemon).session == daemon
        assert steps_of(daemon) == [
            {"session", "terminal", "directory", "descriptors"},
            {"second_fork", "umask", "pid_file"}, {"fork"}]
        pid_file(name).write_text(f"{daemon}")
        assert "pid_file" in steps_of(daemon)[0]
        pid_file(name).write_text(f"{daemon}1\n")
        assert "pid_file" in steps_of(daemon)[1]
        os.close(hold)
    os.close(ready), os.close(told_ready)


def test_background_job_under_nohup():
    with Left("nohup sleep 1000 </dev/null 2>&1 >/dev/null & echo $!") as parent:
        until(lambda: comm_of(parent.left) == "sleep", "it runs")
        daemon = daemon_of(parent.left)
        assert daemon["kind"] == "background" and daemon["ignores_sighup"] is True
        assert daemon["steps"]["fork"] == daemon["steps"]["terminal"] == "done"
        assert daemon["steps"]["directory"] == "not_done"


def test_service_of_an_init_is_one():
    with Life("daemons", "service") as life:
        life.until("stands")
        pid = life.pid("daemon")
        daemon = daemon_of(pid)
        assert daemon["kind"] == "service"
        assert (daemon["adopter"]["pid"], daemon["adopter"]["ns_init"]) == (life.pid("init"), True)
        assert daemon["steps"]["fork"] == "not_known"
        assert daemon["steps"]["session"] == "done"
        assert daemon["steps"]["second_fork"] == "not_done"
        done(life)


def test_daemon_with_a_living_parent_is_none_nor_is_a_plain_child():
    with Life("daemons", "attached") as life:
        life.until("stands")
        lines, total = told("daemons", "--pid", life.pid("daemon"))
        assert lines == [] and total["daemons"] == 0
        run("daemons", "--pid", life.pid("daemon"), "--fail-on", "daemon", expect=0)
        done(life)
    with Life("leftovers", "plain") as life:
        left_by(life)
        words = "--pid", ",".join(str(life.pid(role)) for role in ("child", "grandchild", "driver"))
        assert told("daemons", *words)[0] == []
        assert run("daemons", *words).stdout.startswith(b"no daemons")
        done(life)


def test_no_kernel_thread_is_one():
    def flags(pid):
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return int(text[text.rindex(")") + 2:].split()[6])

    threads = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if flags(pid) & PF_KTHREAD:
                threads.add(int(pid))
        except OSError:
            continue
    with Life("leftovers", "daemon", "d") as life:
        (row,) = left_by(life)
        lines, total = told("daemons")
        pids = {line["process"]["pid"] for line in lines}
        assert row["pid"] in pids and not pids & threads and 1 not in pids
        counted = [line["proctrace"]["daemon"].get("kind") for line in lines]
        for kind in ("sysv", "service", "background"):
            assert total[kind] == counted.count(kind)
        assert told("daemons", "--limit", 1)[1]["left_out"] == total["daemons"] - 1
        done(life)


def test_journal_is_known_by_device_and_inode():
    ours, theirs = socket.socketpair()
    what = os.fstat(theirs.fileno())
    for stream, kind, step in ((f"{what.st_dev}:{what.st_ino}", "journal", "done"),
                               (f"{what.st_dev}:{what.st_ino + 1}", "socket", "not_done")):
        with Left("sleep 1000 </dev/null >&2 & echo $!", stderr=theirs,
                  env={**os.environ, "JOURNAL_STREAM": stream}) as parent:
            until(lambda: comm_of(parent.left) == "sleep", "it is set up")
            daemon = daemon_of(parent.left)
            assert daemon["descriptors"] == {"stdin": "null", "stdout": kind, "stderr": kind}
            assert daemon["steps"]["descriptors"] == step
    ours.close(), theirs.close()


def test_name_of_a_descriptor_deceives_nobody(tmp_path):
    """A plain file that is called null is none, a fifo is a pipe, and what is closed is closed."""
    (tmp_path / "null").touch()
    os.mkfifo(tmp_path / "tty")
    script = f"cd {tmp_path}; sleep 1000 <&- >null 2<>tty & echo $!"
    with Left(script) as parent:
        until(lambda: os.readlink(f"/proc/{parent.left}/fd/2").endswith("/tty"), "it is set up")
        daemon = daemon_of(parent.left)
        assert daemon["descriptors"] == {"stdin": "closed", "stdout": "file", "stderr": "pipe"}
        assert daemon["steps"]["descriptors"] == "not_done"


def test_what_cannot_be_read_is_not_known():
    with Life("/usr/bin/unshare", "-pf", LIVES / "leftovers", "daemon", "secret") as life:
        (row,) = left_by(life)
        program = os.open(PROCTRACE, os.O_RDONLY)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                  f"/proc/self/fd/{program}"]
        assert steps_of(row["pid"], before=nobody, pass_fds=[program]) == [
            {"fork", "session", "second_fork", "terminal", "umask"}, set(),
            {"directory", "descriptors", "pid_file"}]
        os.close(program)
        done(life)


def test_pid_file_is_not_looked_for_among_the_mounts_of_strangers(pid_file):
    name = f"ptm{os.getpid()}"
    with Life("/usr/bin/unshare", "-m", LIVES / "leftovers", "daemon", name) as life:
        (row,) = left_by(life)
        pid_file(name).write_text(f"{row['pid']}\n")
        assert steps_of(row["pid"])[2] == {"pid_file"}
        done(life)


def test_pid_file_cannot_be_a_trap(pid_file, tmp_path):
    """A fifo nobody writes to, a link, a name that leads elsewhere."""
    name = f"ptt{os.getpid()}"
    with Life("leftovers", "daemon", name) as life:
        (row,) = left_by(life)
        os.mkfifo(pid_file(name))
        assert "pid_file" in steps_of(row["pid"])[1]
        pid_file(name).unlink()
        (tmp_path / "pid").write_text(f"{row['pid']}\n")
        pid_file(name).symlink_to(tmp_path / "pid")
        assert "pid_file" in steps_of(row["pid"])[1]
        done(life)
    elsewhere = Path(f"/tmp/pt{os.getpid()}.pid")
    with Life("leftovers", "daemon", f"../tmp/{elsewhere.stem}") as life:
        (row,) = left_by(life)
        try:
            elsewhere.write_text(f"{row['pid']}\n")
            assert "pid_file" in steps_of(row["pid"])[1]
        finally:
            elsewhere.unlink()
        done(life)


def test_hostile_names_do_no_harm():
    for name in (") Z 1 (", "\x1b[31m\u202e\n"):
        with Life("leftovers", "daemon", name) as life:
            (row,) = left_by(life)
            assert daemon_of(row["pid"])["kind"] == "sysv"
            text = run("daemons", "--pid", row["pid"], "--color", "never").stdout
            assert all(byte >= 0x20 or byte == 0x0a for byte in text)
            assert "\u202e" not in text.decode()
            done(life)
