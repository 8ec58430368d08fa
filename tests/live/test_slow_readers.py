# SPDX-License-Identifier: GPL-2.0-only
"""A reader that is late, slow or gone: what it can't take in is told, and an end still comes."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time

import pytest

from ledger import PATIENCE, TINY, Child, lived, proc_text, until
from piped import PAGE, Piped, running, small_pipe
from stream import Checker
from tracer import PROCTRACE

FULL = os.environ.get("PROCTRACE_FULL") == "1"
STALL = 1  # seconds that a reader may take nothing once the end is wanted, as the manual says
SLOW = 5  # and how long it has in all


def about(lines, pid, *actions):
    return [line for line in lines if line.get("process", {}).get("pid") == pid
            and (not actions or line["event"]["action"] in actions)]


def children(lines, parent):
    """The lives below a parent: {entity: [(action, inferred, exit code)]}."""
    lives = {}
    for line in lines:
        process = line.get("process", {})
        if process.get("parent", {}).get("pid") == parent:
            lives.setdefault(process["entity_id"], []).append((
                line["event"]["action"], line["proctrace"].get("inferred") is True,
                process.get("exit_code")))
    return lives


def heard(lives, action):
    """In how many of these it was heard of, and not concluded."""
    return sum(any(what == action and not inferred for what, inferred, _ in life)
               for life in lives.values())


def lost(lines, kind):
    return sum(line["proctrace"]["lost"]["count"] for line in lines
               if line["event"]["action"] == "lost" and line["proctrace"]["lost"]["kind"] == kind)


def is_whole(lines, pid):
    return [line["event"]["action"] for line in about(lines, pid)][:3] == ["fork", "exec", "exit"]


def last_event(tracer):
    """The number that it gave as that of the last event that was taken."""
    (complaint,) = tracer.complaints()
    return int(re.search(r"what came after event (\d+) is lost", complaint).group(1))


def whole_lines(data):
    return data.count(b"\n")


def test_reader_that_is_late_is_told_what_it_missed():
    """Nobody reads while a storm goes by. Then somebody does: what is not there was counted."""
    count = 3000
    with Piped("--no-snapshot", "--ring-size", 256, may_lose=True) as tracer:
        tracer.live()
        parent = lived("storm", "exec", count).pid("storm")
        assert tracer.is_full()
        tracer.read_on()
        late = []
        for _ in range(200):  # those that came while the ring was still full may be not whole
            with Child([TINY, "9"]) as child:
                late.append(child.collect().pid("child"))
            time.sleep(0.02)
            if is_whole(map(json.loads, tracer.data.split(b"\n")[:-1]), late[-1]):
                break
        tracer.process.terminate()
        assert tracer.ended() == 0
        lines = tracer.lines()
    lives = children(lines, parent)
    for action in ("fork", "exec", "exit"):
        missing = count - heard(lives, action)
        assert 0 < missing <= lost(lines, action), f"{missing} {action} missing"
        assert missing > count / 2, "it was not held up"
    assert is_whole(lines, late[-1])
    assert lines[-1]["proctrace"]["totals"]["lost"] == sum(
        line["proctrace"]["lost"]["count"] for line in lines if line["event"]["action"] == "lost")
    assert not [line for line in lines if line["event"]["action"] in ("zombie", "daemon")
                and line["process"]["parent"]["pid"] == parent]


def test_slow_reader_gets_all_of_it():
    """The ring holds what it has not read yet, and an end waits for a reader that reads."""
    with Piped("--no-snapshot", "--tree", os.getpid()) as tracer:
        tracer.live()
        parent = lived("storm", "exec", 60).pid("storm")
        tracer.blocked()
        tracer.read_on(2048, 0.02)
        begin = time.monotonic()
        tracer.signal()
        assert tracer.ended() == 0
        print(f"\n{len(tracer.data)} bytes, done {time.monotonic() - begin:.1f} s after the signal")
        assert time.monotonic() - begin > STALL, "no test: it could have been stalled all the time"
        lives = children(tracer.lines(), parent)
    assert [life[-2][2] for life in lives.values()] == [*range(60)]
    assert {tuple(action for action, _, _ in life) for life in lives.values()} \
        == {("fork", "exec", "exit", "reap")}


def stalled(tracer, count=300):
    """It has more to say than its reader takes."""
    tracer.live()
    lived("storm", "exec", count)
    return tracer.blocked()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_it_though_nobody_reads(sig):
    with stalled(Piped("--no-snapshot")) as tracer:
        begin = time.monotonic()
        tracer.signal(sig)
        tracer.process.wait(20 * PATIENCE)
        took = time.monotonic() - begin
        assert tracer.ended() == 1
        print(f"\n{sig.name}: ended after {took:.2f} s")
        assert STALL - 0.1 < took, "it did not wait for its reader"
        assert tracer.lines(framed=False)[0]["event"]["action"] == "start"
        assert last_event(tracer) == whole_lines(tracer.data) > 0
        assert tracer.data.endswith(b"\n"), "the last line is cut"


def test_second_signal_does_not_wait_for_the_reader():
    took = []
    while not took or took[-1] >= STALL:  # more than once only where the machine is very slow
        assert len(took) < 3, took
        with stalled(Piped("--no-snapshot")) as tracer:
            tracer.signal()
            begin = time.monotonic()
            tracer.signal()
            assert tracer.ended() == 1
            took.append(time.monotonic() - begin)
            assert last_event(tracer) == whole_lines(tracer.data)


@pytest.mark.skipif(not FULL, reason="it takes as long as it says")
def test_reader_that_is_too_slow_does_not_hold_up_the_end_for_ever():
    with stalled(Piped("--no-snapshot"), 3000) as tracer:
        tracer.read_on(512, 0.1)  # at this rate it would take a quarter of an hour
        begin = time.monotonic()
        tracer.signal()
        tracer.process.wait(20 * PATIENCE)
        took = time.monotonic() - begin
        tracer.done.set()
        assert tracer.ended() == 1
        assert STALL < took and SLOW - 0.5 < took, took
        tracer.lines(framed=False)
        assert last_event(tracer) == whole_lines(tracer.data)


def test_line_of_more_than_a_pipe_takes_at_once_may_be_cut_and_is_not_counted():
    with Piped("--no-snapshot", "--args-max", 20480) as tracer:
        tracer.live()
        lived("storm", "fat", 20)
        tracer.blocked()
        tracer.signal()
        assert tracer.ended() == 1
        tracer.lines(framed=False)
        assert last_event(tracer) == whole_lines(tracer.data)


def test_reader_that_goes_while_it_is_waited_for_is_noticed():
    with stalled(Piped("--no-snapshot")) as tracer:
        os.close(tracer.end)
        assert tracer.process.wait(10 * PATIENCE) == 1
        complaints = tracer.process.stderr.read().decode()
        assert complaints.count("proctrace: ") == 1 and "closed" in complaints


def test_command_goes_on_while_nobody_reads_and_is_interrupted_with_it(tmp_path):
    """The first signal is the command's, and it gets its time; but the end comes."""
    mark, busy = tmp_path / "mark", tmp_path / "busy"
    script = (f'trap "echo ended > {mark}; exit 5" TERM; i=0; '
              f'while [ $i -lt 200 ]; do {TINY} 1; i=$((i+1)); done; '
              f'touch {busy}; while :; do sleep 0.05; done')
    with Piped("--grace", "0.3", "--", "/bin/sh", "-c", script) as tracer:
        until(busy.exists, "the command has gone on", 20)
        tracer.blocked()
        tracer.signal()
        tracer.process.wait(20 * PATIENCE)
        assert tracer.ended() == 1
        assert mark.read_text() == "ended\n"
        assert sum("is lost" in row for row in tracer.complaints()) == 1


def test_stdout_of_others_is_left_as_it_was():
    """What does not wait is the tracer's own: to those who share its stdout nothing changes."""
    read, write = small_pipe()
    shared = os.dup(write)
    flags = fcntl.fcntl(shared, fcntl.F_GETFL)
    with Piped("--no-snapshot", ends=(read, write)) as tracer:
        tracer.live()
        assert fcntl.fcntl(shared, fcntl.F_GETFL) == flags
        assert not flags & os.O_NONBLOCK
        os.close(shared)
        tracer.read_on().process.terminate()
        assert tracer.ended() == 0
        tracer.lines()


def test_socket_that_nobody_reads():
    ours, theirs = socket.socketpair()
    with ours:
        with Piped("--no-snapshot", ends=(os.dup(ours.fileno()), theirs.detach())) as tracer:
            tracer.live()
            lived("storm", "exec", 500)
            until(lambda: tracer.unread() > PAGE and settles(tracer.unread), "it is full")
            tracer.signal()
            assert tracer.ended() == 1
            tracer.lines(framed=False)
            assert last_event(tracer) == whole_lines(tracer.data)


def settles(value):
    """It is the same now and a little later."""
    before = value()
    time.sleep(0.1)
    return value() == before


def test_terminal_that_is_stuck_does_not_keep_it():
    master, slave = pty.openpty()
    with running(PROCTRACE, "--no-snapshot", "--color", "always", stdout=slave) as tracer:
        assert tracer.stderr.readline().startswith(b"tracing")
        lived("storm", "exec", 1000)
        until(lambda: not select.select([], [slave], [], 0)[1], "the terminal is full")
        begin = time.monotonic()
        tracer.terminate()
        assert tracer.wait(20 * PATIENCE) == 1
        assert time.monotonic() - begin > STALL - 0.1
        assert b"is lost" in tracer.stderr.read()
    os.close(slave)
    os.close(master)


def waits_in_open(pid):
    """In a fifo's open; x86 before 5.16 does not say where, but the number of the call tells."""
    where = proc_text(pid, "wchan")
    return where in ("fifo_open", "wait_for_partner") or where == "0" and \
        proc_text(pid, "syscall").split()[0] in ("257", "56")  # openat: x86_64, aarch64


def test_fifo_waits_for_its_reader_and_signals_end_that(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    words = [PROCTRACE, "--format", "json", "--no-snapshot", "-o", fifo]
    with running(*words) as tracer:
        until(lambda: waits_in_open(tracer.pid), "it waits for a reader")
        tracer.terminate()
        assert tracer.wait(10 * PATIENCE) == -signal.SIGTERM
    with running(*words) as tracer:
        with open(fifo, "rb") as reader:
            assert tracer.stderr.readline().startswith(b"tracing")
            tracer.terminate()
            data = reader.read()
        assert tracer.wait(10 * PATIENCE) == 0
    checker = Checker()
    for raw in data.splitlines():
        checker.feed(raw)
    checker.finish()


@pytest.mark.parametrize("redirection", [">&-", "1</dev/null", "<&- >&-"])
def test_stdout_that_cannot_be_written_is_status_1_before_anything_is_run(tmp_path, redirection):
    mark = tmp_path / "mark"
    done = subprocess.run(["/bin/sh", "-c", f'exec "$0" -- touch {mark} {redirection}', PROCTRACE],
                          stderr=subprocess.PIPE, text=True, timeout=20 * PATIENCE, check=False)
    assert done.returncode == 1
    assert done.stderr == "proctrace: stdout: cannot be written: Bad file descriptor\n"
    assert not mark.exists()


@pytest.mark.parametrize("redirection", ["2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_without_stderr_no_message_gets_into_the_stream(tmp_path, redirection):
    """The first file that is opened would become stderr where that is closed."""
    output = tmp_path / "stream"
    done = subprocess.run(["/bin/sh", "-c", f'exec "$0" --format json --no-snapshot -o {output} '
                           f'--duration 0.3 {redirection}', PROCTRACE], timeout=20 * PATIENCE,
                          check=False)
    assert done.returncode == 0
    checker = Checker()
    for raw in output.read_bytes().splitlines():
        checker.feed(raw)
    checker.finish()


def full_pipe():
    """A pipe that takes nothing any more."""
    read, write = small_pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x" * PAGE)
    os.set_blocking(write, True)
    return read, write


def test_stderr_that_nobody_reads_holds_up_nothing(tmp_path):
    """A storm is lost, which would be said ten times a second; the stream has it all the same."""
    output = tmp_path / "stream"
    read, write = full_pipe()
    with running(PROCTRACE, "--format", "json", "--no-snapshot", "--ring-size", 64, "-o", output,
                 stderr=write) as tracer:
        until(lambda: output.exists() and b'"start"' in output.read_bytes(), "it is live", 10)
        os.kill(tracer.pid, signal.SIGSTOP)
        lived("storm", "exec", 300)
        os.kill(tracer.pid, signal.SIGCONT)
        until(lambda: b'"lost"' in output.read_bytes(), "the loss is told")
        with Child([TINY, "9"]) as child:
            pid = child.collect().pid("child")
        until(lambda: b'"pid":%d,' % pid in output.read_bytes(), "it goes on")
        tracer.terminate()
        assert tracer.wait(20 * PATIENCE) == 0
    checker = Checker(may_lose=True)
    for raw in output.read_bytes().splitlines():
        checker.feed(raw)
    checker.finish()
    os.close(read)
    os.close(write)
