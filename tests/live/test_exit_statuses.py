# SPDX-License-Identifier: GPL-2.0-only
"""Every end equals what wait() returned: one by one, and ten thousand of them."""

import os
import resource
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from ledger import TINY, Child, Life, crowd, held
from tracer import assert_ended_as, assert_who

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def test_ten_thousand_children_of_mixed_fates_end_as_wait_said(tracer):
    count = crowd(10000)
    with Life("fates", count) as life:
        life.until("lingers", timeout=60)
        fates = life.all("fate")
        for row in fates:
            tracer.wait_line(row, "reap", timeout=20)
        life.finish()
    assert len(fates) == count
    driver = life.pid("driver")
    wrong, killed, unknown = [], 0, Counter()
    for row in fates:
        try:
            assert_fate(tracer, row, driver)
        except AssertionError as problem:
            wrong.append((row, str(problem)))
        if row["killer"] != -1:
            killed += 1
            if "killed_by" not in tracer.of(row, "exit")[0]["proctrace"]["exit"]:
                unknown[row["kind"]] += 1
    print(f"\n{killed} of {len(fates)} killed, {unknown.total()} of them by nobody knows whom")
    assert unknown.total() <= killed / 1000 + 1, unknown
    assert not wrong, f"{len(wrong)} of {len(fates)} are wrong, the first: {wrong[:3]}"


def assert_fate(tracer, row, driver):
    lines = tracer.of(row)
    actions = [line["event"]["action"] for line in lines]
    execs = ["exec"] if row["kind"] in ("runs program", "vforks program") else []
    assert actions == ["fork", *execs, "exit", "reap"], actions
    fork, exit_line, reap_line = lines[0], lines[-2], lines[-1]
    assert fork["process"]["parent"]["pid"] == driver
    assert_ended_as(exit_line, row["status"])
    killed_by = exit_line["proctrace"]["exit"].get("killed_by")
    if killed_by:  # it may be unknown, but never wrong
        assert killed_by.get("pid", 0) == row["killer"], killed_by
        assert row["killer"] or killed_by == {"name": "kernel"}, killed_by
    reap = reap_line["proctrace"]["reap"]
    assert reap["how"] == "wait" and reap["reaper"]["pid"] == driver, reap


@pytest.fixture
def core_dumps(tmp_path):
    """The kernel writes core files into the test's directory for as long as the test runs."""
    before = CORE_PATTERN.read_text()
    CORE_PATTERN.write_text(f"{tmp_path}/core.%p")
    yield tmp_path
    CORE_PATTERN.write_text(before)


def unlimited_core():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.mark.parametrize("sig", [signal.SIGABRT, signal.SIGSEGV, signal.SIGQUIT])
def test_core_dump_is_told(tracer, core_dumps, sig):
    with held(preexec_fn=unlimited_core) as child:
        tracer.wait_line(child.ledger.who("child"), "exec")
        story = tracer.about(child.finish(sig))
    status = story.ledger.status("child")
    assert os.WCOREDUMP(status) and list(core_dumps.glob(f"core.{child.pid}*"))
    ending = story.line("child", "exit")["proctrace"]["exit"]
    assert ending["core_dumped"] is True
    assert ending["killed_by"]["pid"] == os.getpid()
    assert story.life("child") == ["fork", "exec", "exit", "reap"]
    assert story.findings() == []
    story.assert_ends()


def test_death_without_a_core_says_so(tracer, core_dumps):
    with held(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))) as child:
        tracer.wait_line(child.ledger.who("child"), "exec")
        story = tracer.about(child.finish(signal.SIGABRT))
    assert not os.WCOREDUMP(story.ledger.status("child"))
    assert story.line("child", "exit")["proctrace"]["exit"]["core_dumped"] is False
    story.assert_ends()


def test_core_that_goes_to_a_program_is_a_core(tracer, core_dumps):
    # The kernel starts the program itself: one more life, and nobody's child here.
    CORE_PATTERN.write_text(f"|{TINY} 0")
    with held(preexec_fn=unlimited_core) as child:
        tracer.wait_line(child.ledger.who("child"), "exec")
        story = tracer.about(child.finish(signal.SIGABRT))
    assert_ended_as(story.line("child", "exit"), story.ledger.status("child"))
    story.assert_ends()


def test_victim_of_the_oom_killer_names_it(tracer):
    group = Path("/sys/fs/cgroup/memory") / f"proctrace-test-{os.getpid()}"
    if not Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists():
        pytest.skip("no v1 memory controller at /sys/fs/cgroup/memory to run out of memory in")
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(16 << 20))
        script = "x = []\nwhile True: x.append(bytearray(1 << 20))"
        with Child(["/usr/bin/python3", "-S", "-c", script], preexec_fn=lambda:
                   (group / "cgroup.procs").write_text(str(os.getpid()))) as child:
            story = tracer.about(child.collect())
        assert os.WTERMSIG(story.ledger.status("child")) == signal.SIGKILL
        assert story.line("child", "exit")["proctrace"]["exit"]["killed_by"]["name"] == "oom"
        story.assert_ends()
    finally:
        group.rmdir()


def test_killer_is_named_whatever_the_victim_does_with_other_signals(tracer):
    """What is asked is what it does with the signal that was sent (seen: another one's answer)."""
    others = [number for number in range(1, 32)
              if number not in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD)]

    def ignore_others():
        for number in others:
            signal.signal(number, signal.SIG_IGN)

    with held(preexec_fn=ignore_others) as child:
        os.kill(child.pid, signal.SIGTERM)
        exit_line = tracer.wait_line(child.ledger.who("child"), "exit")
    assert exit_line["proctrace"]["exit"]["signal"] == "SIGTERM"
    assert exit_line["proctrace"]["exit"]["killed_by"]["pid"] == os.getpid()


def test_signal_from_a_process_in_a_pid_namespace_names_its_host_pid(tracer):
    # unshare's child is the namespace's init; it starts a sleeper and kills it.
    script = 'sleep 60 & echo $!; kill -TERM $!; wait'
    with Child(["unshare", "--pid", "--fork", "/bin/sh", "-c", script],
               stdout=subprocess.DEVNULL) as child:
        child.collect()
        tracer.wait_line(child.ledger.who("child"), "reap")
    shell = tracer.children(child.pid)[-1]
    sleeper = tracer.children(shell["process"]["pid"])[-1]
    (exit_line,) = tracer.same(sleeper, "exit")
    assert exit_line["proctrace"]["exit"]["signal"] == "SIGTERM"
    assert_who(exit_line["proctrace"]["exit"]["killed_by"], shell["process"]["pid"], "sh")


def test_kernel_is_the_killer_where_a_posix_timer_goes_off(tracer):
    """Its signal looks like one that was sent by whoever runs in that moment: here by the victim."""
    script = ("import ctypes\n"
              "libc, timer = ctypes.CDLL(None), ctypes.c_void_p()\n"
              "soon = (ctypes.c_long * 4)(0, 0, 0, 50_000_000)\n"
              "assert libc.timer_create(1, None, ctypes.byref(timer)) == 0\n"
              "assert libc.timer_settime(timer, 0, soon, None) == 0\n"
              "while True: pass")
    with Child(["/usr/bin/python3", "-S", "-c", script]) as child:
        story = tracer.about(child.collect())
    assert os.WTERMSIG(story.ledger.status("child")) == signal.SIGALRM
    killed_by = story.line("child", "exit")["proctrace"]["exit"]["killed_by"]
    assert killed_by == {"name": "kernel"}
    story.assert_ends()


def test_signal_that_is_caught_kills_nobody(tracer):
    script = 'trap "exit 9" TERM; echo; while :; do sleep 0.01; done'
    with Child(["/bin/sh", "-c", script], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        story = tracer.about(child.finish(signal.SIGTERM))
    assert os.WEXITSTATUS(story.ledger.status("child")) == 9
    story.assert_ends()  # an exit code, no signal, no killer


def test_times_and_memory_are_those_of_wait4(tracer):
    script = ("import time\nx = bytearray(64 << 20)\n"
              "while time.process_time() < 0.3: pass\n"
              "time.sleep(0.2)")
    begin = time.monotonic()
    with Child(["/usr/bin/python3", "-S", "-c", script]) as child:
        _, status, usage = os.wait4(child.pid, 0)
        wall = (time.monotonic() - begin) * 1000
        child.returncode = 0
        child.ledger.add("waited", pid=child.pid, status=status, by=os.getpid())
        story = tracer.about(child.ledger)
    exit_line = story.line("child", "exit")
    ending = exit_line["proctrace"]["exit"]
    # wait4() scales the two to the scheduler's count; the record has them as they were sampled
    assert abs(ending["cpu_user_ms"] - usage.ru_utime * 1000) < 100
    assert abs(ending["cpu_system_ms"] - usage.ru_stime * 1000) < 100
    assert ending["cpu_user_ms"] + ending["cpu_system_ms"] >= 200
    assert abs(ending["max_rss_kb"] - usage.ru_maxrss) < 0.02 * usage.ru_maxrss
    assert wall - 50 < exit_line["proctrace"]["lifetime_ms"] < wall + 50
    assert ending["threads"] == 1
