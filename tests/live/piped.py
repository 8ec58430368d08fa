# SPDX-License-Identifier: GPL-2.0-only
"""A tracer whose stdout somebody reads as they like: at once, slowly, late or not at all."""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import termios
import threading
import time

from ledger import PATIENCE, ROOT, until
from stream import Checker
from tracer import PROCTRACE, SANITIZER

PAGE = 4096


@contextlib.contextmanager
def running(*words, **popen):
    """A process of any kind; after a failure it is killed and not waited for."""
    popen.setdefault("stderr", subprocess.PIPE)
    with subprocess.Popen([*map(str, words)], cwd=ROOT, stdin=subprocess.DEVNULL,
                          **popen) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


class Piped:
    """One run with JSON on stdout. What is read is kept; `lines` checks all of it.

    ends      (read, write): a pipe, or whatever else; the writer's end is closed here
    """

    def __init__(self, *options, ends=None, may_lose=False, form="json", **popen):
        self.end, theirs = ends or small_pipe()
        self.may_lose = may_lose
        self.data, self.reader, self.done = b"", None, threading.Event()
        self.process = subprocess.Popen(
            [PROCTRACE, "--format", form, *map(str, options)], cwd=ROOT, stdout=theirs,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **popen)
        os.close(theirs)
        self.errors = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.done.set()
        if self.reader:
            self.reader.join()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        with contextlib.suppress(OSError):  # a test may have closed it
            os.close(self.end)

    def live(self):
        """Waits until the hooks are live. (What stands before that must fit into the pipe.)"""
        self.errors.append(self.process.stderr.readline().decode())
        assert self.errors[0].startswith("tracing"), self.errors
        return self

    def is_full(self):
        """Nobody could write more into the pipe now."""
        with open(f"/proc/self/fd/{self.end}", "wb", buffering=0,
                  opener=lambda path, _: os.open(path, os.O_WRONLY | os.O_NONBLOCK)) as other:
            return not select.select([], [other], [], 0)[1]

    def blocked(self):
        """Waits until it has more to write than anybody takes."""
        until(self.is_full, "the pipe is full", 20)
        return self

    def unread(self):
        """How many bytes wait to be read."""
        count = bytearray(4)
        fcntl.ioctl(self.end, termios.FIONREAD, count)
        return int.from_bytes(count, "little")

    def read(self, size=1 << 16):
        """Reads once; False at the end."""
        data = os.read(self.end, size)
        self.data += data
        return bool(data)

    def read_on(self, size=1 << 16, pause=0):
        """Reads from now on, a piece at a time, in the background."""
        def take():
            while not self.done.is_set():
                if select.select([self.end], [], [], 0.05)[0] and not self.read(size):
                    return
                if pause:
                    time.sleep(pause)

        self.reader = threading.Thread(target=take)
        self.reader.start()
        return self

    def signal(self, sig=signal.SIGTERM):
        """Sends a signal and waits until it has been taken."""
        self.process.send_signal(sig)
        until(lambda: self.process.poll() is not None or not self._pending(), f"{sig.name} taken")

    def _pending(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            rows = dict(row.split(":", 1) for row in status)
        return int(rows["ShdPnd"], 16)

    def ended(self, timeout=20):
        """Waits for its end; returns its exit status. All that it wrote is read."""
        status = self.process.wait(timeout * PATIENCE)
        if self.reader:
            self.reader.join()
        while self.read():
            pass
        self.errors += self.process.stderr.read().decode().splitlines()
        assert not SANITIZER.search("\n".join(self.errors)), self.errors
        return status

    def complaints(self):
        return [row for row in self.errors if row.startswith("proctrace: ")]

    def lines(self, framed=True):
        """All lines, checked, from the first to the last one that is whole."""
        checker = Checker(may_lose=self.may_lose, framed=framed)
        *raws, rest = self.data.split(b"\n")
        found = [checker.feed(raw) for raw in raws]
        checker.finish()
        assert not framed or rest == b"", f"the last line is cut: {rest[-200:]}"
        return found


def small_pipe(size=4 * PAGE):
    """The kernel gives a pipe 64 KiB: with less it is full sooner."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, size)
    return read, write
