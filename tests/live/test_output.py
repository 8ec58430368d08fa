# SPDX-License-Identifier: GPL-2.0-only
"""Where the stream goes: files, stdout, rotation, time limits; and what stderr says meanwhile."""

import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import time
from pathlib import Path

from ledger import PATIENCE, TINY, Child, lived, until
from stream import Checker
from tracer import PROCTRACE


def test_output_file_is_for_its_owner_only(trace):
    before = os.umask(0)
    try:
        tracer = trace()
    finally:
        os.umask(before)
    assert stat.S_IMODE(tracer.output.stat().st_mode) == 0o600
    tracer.stop()


def test_output_is_reopened_on_sighup(trace, tmp_path):
    tracer = trace("--no-snapshot")
    with Child([TINY, "1"]) as first:
        first.collect()
    tracer.wait_line(first.ledger.who("child"), "reap")
    tracer.output.rename(tmp_path / "rotated")
    tracer.process.send_signal(signal.SIGHUP)
    until(tracer.output.exists, "a new file")
    assert stat.S_IMODE(tracer.output.stat().st_mode) == 0o600
    with Child([TINY, "2"]) as second:
        second.collect()
    until(lambda: any('"reap"' in row and f'"pid":{second.pid},' in row.replace(" ", "")
                      for row in tracer.output.read_text().splitlines()),
          "the second in the new file, to its end")
    tracer.process.send_signal(signal.SIGINT)
    assert tracer.process.wait(10 * PATIENCE) == 0
    tracer.returncode = 0
    # Together they are one stream, and no line stands in both or is cut between them.
    rotated, fresh = (path.read_bytes() for path in (tmp_path / "rotated", tracer.output))
    assert rotated.endswith(b"\n") and fresh.endswith(b"\n")
    checker = Checker()
    lines = [checker.feed(raw) for raw in (rotated + fresh).splitlines()]
    checker.finish()
    for child, text in ((first, rotated), (second, fresh)):
        assert [line["event"]["action"] for line in lines
                if line.get("process", {}).get("pid") == child.pid] == ["fork", "exec", "exit",
                                                                        "reap"]
        assert any(json.loads(raw).get("process", {}).get("pid") == child.pid
                   for raw in text.splitlines())


def test_duration_ends_it_in_time(trace):
    tracer = trace("--duration", "1")
    begin = time.monotonic()
    tracer.join(0)
    assert time.monotonic() - begin > 0.5  # how much longer is the machine's affair


def test_stdout_carries_the_stream_and_nothing_else():
    with subprocess.Popen([PROCTRACE, "--format", "json"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as tracer:
        assert tracer.stderr.readline().startswith(b"tracing")
        with Child([TINY, "5"]) as child:
            child.collect()
        tracer.send_signal(signal.SIGTERM)
        stdout, _ = tracer.communicate()
    assert tracer.returncode == 0
    checker = Checker()
    lines = [checker.feed(raw) for raw in stdout.splitlines()]
    checker.finish()
    assert [line["event"]["action"] for line in lines
            if line.get("process", {}).get("pid") == child.pid][:3] == ["fork", "exec", "exit"]


def test_events_are_written_while_they_are_young(trace):
    """A lone event on a quiet machine is not left waiting for a batch to fill."""
    tracer = trace("--no-snapshot")
    for _ in range(5):
        with Child([TINY]) as child:
            child.collect()
        tracer.wait_line(child.ledger.who("child"), "exit", timeout=10)
        time.sleep(0.1)  # the quiet
    tracer.stop()


def test_start_says_what_is_traced_and_where(trace):
    tracer = trace("--no-snapshot")
    tracer.stop()
    start, stop = tracer.lines[0], tracer.lines[-1]
    text = json.dumps(start)
    assert os.uname().release in text
    assert Path("/proc/sys/kernel/random/boot_id").read_text().strip() in text
    for hook in ("fork", "exec", "exit", "free"):
        assert hook in json.dumps(start["proctrace"]), hook
    assert "version" in json.dumps(start["proctrace"])
    assert start["event"]["sequence"] == 1
    assert stop["proctrace"]


def test_stderr_says_when_it_is_live_and_sums_up(trace):
    tracer = trace()
    assert len(tracer.stderr().splitlines()) == 1
    assert tracer.stderr().startswith("tracing")
    tracer.stop()
    assert len(tracer.stderr().splitlines()) > 1


def text_of(*lives, options=(), env=None):
    """What text says, after the header if there is one, of lives that take place meanwhile."""
    with subprocess.Popen([PROCTRACE, "--format", "text", *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env) as tracer:
        tracer.stderr.readline()
        ledgers = [life() for life in lives]
        tracer.send_signal(signal.SIGINT)
        stdout, _ = tracer.communicate()
    assert tracer.returncode == 0
    return stdout.decode(), ledgers


def tiny():
    with Child([TINY, "0", "two words"]) as child:
        return child.collect()


def test_text_has_its_columns_in_their_order():
    text, (ledger,) = text_of(tiny)
    pid = ledger.pid("child")
    rows = [row for row in text.splitlines()
            if re.match(rf"\S+ +(fork|exec|exit) +{pid} +{os.getpid()} +\S+", row, re.I)]
    assert [row.split()[1].lower() for row in rows] == ["fork", "exec", "exit"]
    assert "tiny" in rows[1] and "two" in rows[1] and "words" in rows[1]


def test_text_is_the_default():
    with subprocess.Popen([PROCTRACE, "--no-snapshot"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as tracer:
        tracer.stderr.readline()
        ledger = tiny()
        tracer.send_signal(signal.SIGINT)
        stdout, _ = tracer.communicate()
    assert str(ledger.pid("child")).encode() in stdout
    assert not stdout.lstrip().startswith(b"{")


def test_text_tells_findings():
    text, (ledger,) = text_of(lambda: lived("family", "subreaper", "kill=9"))
    assert any(re.match(rf"\S+ +orphan +{ledger.pid('child')} ", row, re.I)
               for row in text.splitlines())


def on_a_terminal(env):
    """The text that a terminal gets, with a finding in it."""
    master, slave = pty.openpty()
    process = subprocess.Popen([PROCTRACE, "--no-snapshot", "--duration", "1"], stdout=slave,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env)
    os.close(slave)
    process.stderr.readline()
    lived("family", "subreaper", "kill=9")
    text = b""
    while process.poll() is None or select.select([master], [], [], 0)[0]:
        if select.select([master], [], [], 0.1)[0]:
            try:
                text += os.read(master, 65536)
            except OSError:  # nobody is at the other end any more
                break
    process.wait()
    process.stderr.close()
    os.close(master)
    assert b"family" in text
    return text


def test_findings_have_a_colour_on_a_terminal_unless_no_color_is_set():
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    assert b"\x1b[" in on_a_terminal(env | {"TERM": "xterm"})
    assert b"\x1b" not in on_a_terminal(env | {"TERM": "xterm", "NO_COLOR": "1"})


def test_text_has_no_colour_off_a_terminal():
    text, _ = text_of(lambda: lived("family", "subreaper", "kill=9"))
    assert "\x1b" not in text
