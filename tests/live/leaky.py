# SPDX-License-Identifier: GPL-2.0-only
"""Parents that leave zombies at a rate of ours, in control groups of ours, and say when fork failed."""

import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
from ledger import PATIENCE, proc_text

# Leaves children uncollected, at a rate, until fork fails or there are enough of them. Its first
# act is to run into the limit once, so that there is a refusal to be counted.
LEAKY = """
import json, os, sys, time
rate, enough, first = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "refused"

def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid

if first:
    living = []
    try:
        while True:
            living.append(fork())
    except BlockingIOError:
        pass
    for pid in living:
        os.waitpid(pid, 0)
print(json.dumps({"pid": os.getpid()}), flush=True)
begin, n = time.monotonic(), 0
try:
    for n in range(enough):
        fork()
        time.sleep(max(0, begin + (n + 1) / rate - time.monotonic()))
except BlockingIOError:
    print(json.dumps({"refused": time.time(), "children": n}), flush=True)
print(json.dumps({"left": n}), flush=True)
sys.stdin.read()
"""


def pids_hierarchy():
    """Where the pids controller's groups are; None: there is no such controller here."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, behind = line.split(" - ")
        where, (kind, _, options) = Path(before.split()[4]), behind.split()[:3]
        if kind == "cgroup" and "pids" in options.split(","):
            return where
        if kind == "cgroup2" and "pids" in (where / "cgroup.subtree_control").read_text().split():
            return where
    return None


@contextmanager
def group_of(limit):
    """A control group of the test's own, with room for so many tasks."""
    hierarchy = pids_hierarchy()
    if hierarchy is None:
        pytest.skip("no hierarchy of control groups has the pids controller here")
    path = hierarchy / f"proctrace-{uuid.uuid4().hex[:8]}"
    path.mkdir()
    (path / "pids.max").write_text(str(limit))
    yield path
    deadline = time.monotonic() + 10 * PATIENCE
    while True:  # zombies that pid 1 has not taken yet keep it busy
        try:
            path.rmdir()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


# The shell becomes the init of a pid namespace, lowers its pid_max, and becomes the rest of the line.
INSIDE = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c",
          'echo $0 > /proc/sys/kernel/pid_max && exec "$@"']


def namespaces_have_a_pid_max():
    """Each its own; before 6.14 that file was the machine's, whoever wrote to it."""
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups())) >= (6, 14)


class Leaky:
    """rate a second, as many as are enough. group: to run in; user: a plain one's id and how many
    tasks it may have (RLIMIT_NPROC); pid_max: of a pid namespace whose init it is to be."""

    def __init__(self, rate, enough, group=None, refused=False, user=None, pid_max=None):
        def join():
            if group:
                (group / "cgroup.procs").write_text(str(os.getpid()))
            if user:
                resource.setrlimit(resource.RLIMIT_NPROC, (user[1], user[1]))
                os.setgroups([])
                os.setresgid(user[0], user[0], user[0])
                os.setresuid(user[0], user[0], user[0])
        self.process = subprocess.Popen(
            [*([*INSIDE, str(pid_max)] if pid_max else []),
             sys.executable, "-c", LEAKY, str(rate), str(enough), "refused" if refused else ""],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=join)
        self.pid = self.row()["pid"]
        if pid_max:
            assert self.pid == 1
            (self.pid,) = map(int, proc_text(self.process.pid, f"task/{self.process.pid}/children")
                              .split())

    def row(self):
        return json.loads(self.process.stdout.readline())

    def zombies(self):
        """How many the kernel shows."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
                   for pid in children)

    def end(self):
        self.process.communicate(timeout=20)


def leaks_of(tracer, pid):
    return [line for line in tracer.read().lines if line["event"]["action"] == "zombie_leak"
            and line["process"]["pid"] == pid]
