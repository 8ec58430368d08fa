# SPDX-License-Identifier: GPL-2.0-only
"""What really happened: lives that are made here, and the ledger they leave.

A ledger knows who was born (pid and start time), what wait() returned and to whom, and whatever
else a life has to say. It never asks the tracer.
"""

import json
import os
import selectors
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIVES = ROOT / "build/tests/lives"
HOLD = str(LIVES / "hold")
TINY = str(LIVES / "tiny")
PATIENCE = float(os.environ.get("PROCTRACE_PATIENCE", "1"))
CROWDS = float(os.environ.get("PROCTRACE_CROWDS", "1"))


def crowd(count):
    """So many lives; fewer where so many would take too long."""
    return max(1, int(count * CROWDS))


class Stat:
    """/proc/PID/stat, as far as anybody here asks."""

    def __init__(self, pid):
        text = Path(f"/proc/{pid}/stat").read_bytes()
        fields = text[text.rindex(b")") + 2:].split()
        self.state = fields[0].decode()
        self.ppid, self.pgrp, self.session, self.tty = map(int, fields[1:5])
        self.kthread = bool(int(fields[6]) & 0x200000)  # PF_KTHREAD, include/linux/sched.h
        self.start = int(fields[19])


def proc_text(pid, name):
    return Path(f"/proc/{pid}/{name}").read_text()


def comm_of(pid):
    return proc_text(pid, "comm")[:-1]


WAIT_CALLS = {"x86_64": ("61", "247"), "aarch64": ("260", "95")}  # wait4, waitid


def is_in_wait(pid):
    """It sleeps in a wait call; where the kernel does not say in which function (x86 before 5.16),
    the number of its system call tells."""
    wchan = proc_text(pid, "wchan")
    return wchan.startswith("do_wait") or wchan == "0" and \
        proc_text(pid, "syscall").split()[0] in WAIT_CALLS[os.uname().machine]


def is_there(pid):
    return os.path.exists(f"/proc/{pid}")


def ps_state(pid):
    """The state letters of ps, without those that only ps shows (s, l, +)."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip().translate({ord(letter): None for letter in "sl+"})


def until(condition, what, timeout=5):
    """Waits for a fact of the machine (not of the tracer) to come true."""
    deadline = time.monotonic() + timeout * PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.002 * PATIENCE)
    return result


class Ledger:
    def __init__(self):
        self.rows = []

    def add(self, what, **facts):
        self.rows.append({"what": what, **facts})

    def born(self, role, pid):
        stat = Stat(pid)
        self.add("born", role=role, pid=pid, start=stat.start, ppid=stat.ppid)

    def all(self, what, **facts):
        wanted = {"what": what, **facts}.items()
        return [row for row in self.rows if wanted <= row.items()]

    def one(self, what, **facts):
        rows = self.all(what, **facts)
        assert len(rows) == 1, f"{len(rows)} rows {what} {facts} in {self.rows}"
        return rows[0]

    def who(self, role):
        """The birth of the one who plays a role."""
        return self.one("born", role=role)

    def pid(self, role):
        return self.who(role)["pid"]

    def status(self, role):
        """What wait() returned for it."""
        return self.one("waited", pid=self.pid(role))["status"]


class Life(Ledger):
    """A running maker of lives: lives/PROGRAM.c or a script, its ledger on stdout."""

    def __init__(self, program, *words, **popen):
        super().__init__()
        path = LIVES / program if "/" not in str(program) else program
        self.process = subprocess.Popen([str(path), *map(str, words)], cwd=ROOT,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, **popen)
        self.argv = self.process.args
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.rest = b""
        self.ended = False

    def _read(self, timeout):
        if not self.selector.select(timeout):
            return
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        self.ended = not data
        *rows, self.rest = (self.rest + data).split(b"\n")
        self.rows += map(json.loads, rows)

    def seen(self, what, **facts):
        """Whether the ledger has such a row by now."""
        self._read(0)
        return self.all(what, **facts)

    def until(self, what, timeout=10, **facts):
        """Waits until the ledger has such a row."""
        deadline = time.monotonic() + timeout * PATIENCE
        while not self.all(what, **facts):
            assert not self.ended, f"the life ended before {what} {facts}: {self.rows}"
            assert time.monotonic() < deadline, f"no {what} {facts} in {self.rows}"
            self._read(0.1)
        return self.all(what, **facts)[-1]

    def go_on(self):
        """Lets it past its next step()."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def finish(self, timeout=30):
        """Nobody is to linger; waits until nobody holds the ledger any more. The maker itself must
        have done well."""
        self.process.stdin.close()
        deadline = time.monotonic() + timeout * PATIENCE
        while not self.ended:
            assert time.monotonic() < deadline, f"the life goes on and on: {self.rows}"
            self._read(0.1)
        _, status = os.waitpid(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.process.stdout.close()
        assert status == 0, f"{self.argv} ended with {self.process.returncode}: {self.rows}"
        self.add("waited", pid=self.process.pid, status=status, by=os.getpid())
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        """After a failure: all of it ends, because its gates and its stdin end with it."""
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()


def lived(program, *words, **popen):
    """A life that needs no steps, from its beginning to its end."""
    with Life(program, *words, **popen) as life:
        return life.finish()


class Child(subprocess.Popen):
    """A child of the test itself, which waits for it by os.waitpid and keeps the raw status."""

    def __init__(self, argv, role="child", **popen):
        super().__init__(argv, cwd=popen.pop("cwd", ROOT), **popen)
        self.ledger = Ledger()
        self.role = role
        self.ledger.born(role, self.pid)

    def collect(self):
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        self.ledger.add("waited", pid=self.pid, status=status, by=os.getpid())
        return self.ledger

    def finish(self, sig=signal.SIGKILL):
        """Ends it if need be, and collects it."""
        if self.returncode is None:
            os.kill(self.pid, sig)
            self.collect()
        return self.ledger

    def __exit__(self, *exc):
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                stream.close()
        self.finish()


def held(*words, role="child", **popen):
    """A child in a program of its own that lives until its stdin is closed, then exits 0."""
    return Child([HOLD, role, "0", "0", *words], role=role, stdin=subprocess.PIPE,
                 stdout=subprocess.DEVNULL, **popen)


def released(child):
    """Lets a held child go, and collects it."""
    child.stdin.close()
    return child.collect()
