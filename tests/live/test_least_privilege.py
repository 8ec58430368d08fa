# SPDX-License-Identifier: GPL-2.0-only
"""What the tracer can still do once it traces: next to nothing, whoever makes it try."""

import errno
import os
import platform
import signal
from pathlib import Path

import pytest

from ledger import PATIENCE, TINY, Child, Life, held, released, until
from tracer import PROCTRACE

CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_PERFMON, CAP_BPF = 2, 19, 38, 39
KEPT = f"{sum(1 << cap for cap in (CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_PERFMON, CAP_BPF)):016x}"
# Numbers on x86-64. None of them needs a right that root's process was left without, and those
# that need no argument can't fail at all: where EPERM comes, it comes from the list.
GETPID, GETPPID, GETUID, UMASK = 39, 110, 102, 95
FORBIDDEN = {"getppid": GETPPID, "getuid": GETUID, "umask": UMASK, "socket": 41, "fork": 57,
             "vfork": 58, "clone": 56, "clone3": 435, "execve": 59, "execveat": 322, "ptrace": 101,
             "connect": 42, "unlink": 87, "unlinkat": 263, "rename": 82, "chmod": 90, "prctl": 157,
             "memfd_create": 319, "process_vm_writev": 311, "io_uring_setup": 425, "dup": 32,
             "userfaultfd": 323, "pidfd_getfd": 438, "mknod": 133, "symlink": 88, "pipe2": 293}


def status_of(pid):
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(row.split(":\t", 1) for row in rows if ":\t" in row)


@pytest.fixture
def hardened(trace):
    if b"__asan_init" in Path(PROCTRACE).read_bytes():
        pytest.skip("a build for the address sanitizer keeps its system calls")
    tracer = trace()
    until(lambda: status_of(tracer.process.pid)["Seccomp"] == "2", "it is hardened")
    return tracer


def test_rights_are_gone_and_cannot_come_back(hardened):
    status = status_of(hardened.process.pid)
    assert {name: status[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")} \
        == {"CapEff": KEPT, "CapPrm": KEPT, "CapBnd": KEPT, "CapInh": "0" * 16, "CapAmb": "0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    # No core dump is written, and nobody without CAP_SYS_PTRACE may look into it.
    owners = {os.stat(f"/proc/{hardened.process.pid}/{name}").st_uid for name in ("environ", "mem")}
    assert owners == {0}
    hardened.stop()


def call(pid, *numbers):
    """Has a process make system calls; what each of them came to."""
    with Life("inject", pid, *numbers) as life:
        life.finish()
    if life.all("skip"):
        pytest.skip(life.one("skip")["why"])
    return {row["nr"]: row["result"] for row in life.all("call")}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86-64")
def test_forbidden_system_calls_are_refused_though_root_makes_them(hardened):
    pid = hardened.process.pid
    with held() as other:  # that this way of calling works at all, and what it says elsewhere
        assert call(other.pid, GETPID, GETPPID, GETUID) \
            == {GETPID: other.pid, GETPPID: os.getpid(), GETUID: 0}
        released(other)
    results = call(pid, GETPID, *FORBIDDEN.values())
    assert results.pop(GETPID) == pid
    assert results == {number: -errno.EPERM for number in FORBIDDEN.values()}
    # It has been refused, not killed, and goes on as before.
    with Child([TINY, "9"]) as child:
        child.collect()
    assert hardened.about(child.ledger).life("child") == ["fork", "exec", "exit", "reap"]
    hardened.stop()


def test_crash_leaves_no_core(hardened, tmp_path):
    """It would hold the arguments of others."""
    pattern = Path("/proc/sys/kernel/core_pattern")
    before = pattern.read_text()
    pattern.write_text(f"{tmp_path}/core.%p")
    try:
        hardened.process.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(hardened.process.pid, 0)
    finally:
        pattern.write_text(before)
    hardened.returncode = hardened.process.returncode = -signal.SIGSEGV
    assert os.WTERMSIG(status) == signal.SIGSEGV and not os.WCOREDUMP(status)
    assert not list(tmp_path.glob("core*"))
