# SPDX-License-Identifier: GPL-2.0-only
"""Output files that fill up, are removed or rotated under the tracer: whole lines, and no gap that
nobody was told of."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess

import pytest

from ledger import PATIENCE, TINY, Child, Life, lived, until
from piped import running
from stream import Checker
from tracer import PROCTRACE


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 192 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "none", disk],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted: {done.stderr}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def checked(data, may_lose=False, framed=False):
    """The lines of a stream of which the end may be missing; none of them is cut."""
    assert data.endswith(b"\n"), f"the last line is cut: {data[-200:]}"
    checker = Checker(may_lose=may_lose, framed=framed)
    lines = [checker.feed(raw) for raw in data.splitlines()]
    checker.finish()
    return lines


def last_event(stderr):
    (complaint,) = [row for row in stderr.splitlines() if row.startswith("proctrace: ")]
    return int(re.search(r"what came after event (\d+) is lost", complaint).group(1)), complaint


def fills_up(output, error, **popen):
    """A storm until its disk is full; returns what the file holds then, and the count it gave."""
    with running(PROCTRACE, "--format", "json", "--no-snapshot", "-o", output, **popen) as tracer:
        assert tracer.stderr.readline().startswith(b"tracing")
        with Life("storm", "exec", 1000000):
            assert tracer.wait(20 * PATIENCE) == 1
        event, complaint = last_event(tracer.stderr.read().decode())
    assert str(output) in complaint and os.strerror(error) in complaint
    return output.read_bytes(), event


def test_disk_that_fills_up_in_a_storm_keeps_whole_lines(small_disk):
    data, event = fills_up(small_disk / "stream", 28)
    lines = checked(data)
    assert len(lines) == event > 100
    assert shutil.disk_usage(small_disk).free < 8192


def test_limit_on_the_size_of_files_is_an_error_and_no_end_by_a_signal(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

    data, event = fills_up(tmp_path / "stream", 27, preexec_fn=limit)
    assert len(checked(data)) == event
    assert len(data) > 90000


def test_command_still_dies_by_its_own_limit_on_the_size_of_files(tmp_path):
    script = "ulimit -f 1; exec head -c 100000 /dev/zero"
    with open(tmp_path / "big", "wb") as big:
        done = subprocess.run([PROCTRACE, "-o", tmp_path / "stream", "--grace", "0", "--", "/bin/sh",
                               "-c", script], stdout=big, stderr=subprocess.PIPE, check=False,
                              timeout=20 * PATIENCE)
    assert done.returncode == 128 + signal.SIGXFSZ


def test_what_follows_on_a_shared_file_stands_behind_whole_lines(tmp_path):
    """stdout is a file that the next program writes on, where it was left."""
    output = tmp_path / "output"
    script = ('(ulimit -f 100; exec "$0" --format json --no-snapshot --duration 20);'
              ' echo "status $?"')
    with open(output, "wb") as stdout, Life("storm", "exec", 1000000) as storm:
        done = subprocess.run(["/bin/sh", "-c", script, PROCTRACE], stdout=stdout,
                              stderr=subprocess.PIPE, timeout=30 * PATIENCE, check=False)
        assert storm.process.poll() is None
    *lines, last = output.read_bytes().splitlines(keepends=True)
    assert last == b"status 1\n"
    assert len(checked(b"".join(lines))) == last_event(done.stderr.decode())[0]


def test_text_that_fills_its_disk_ends_with_a_whole_line(small_disk):
    output = small_disk / "text"
    with running(PROCTRACE, "--no-snapshot", "-o", output) as tracer:
        tracer.stderr.readline()
        with Life("storm", "exec", 1000000):
            assert tracer.wait(20 * PATIENCE) == 1
        event, _ = last_event(tracer.stderr.read().decode())
    head, *rows = output.read_text().splitlines(keepends=True)
    assert head.startswith("TIME") and len(rows) == event
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} .*\n", row) for row in rows)


def test_file_that_is_removed_is_told_and_made_anew_on_sighup(trace):
    tracer = trace("--no-snapshot")
    with open(tracer.output, "rb") as old:
        tracer.output.unlink()
        until(lambda: "removed" in tracer.stderr(), "it is told")
        with Child([TINY, "1"]) as first:
            first.collect()
        until(lambda: says(os.pread(old.fileno(), 1 << 24, 0), first.pid, "exit"), "the first")
        tracer.process.send_signal(signal.SIGHUP)
        until(tracer.output.exists, "a new file")
        with Child([TINY, "2"]) as second:
            second.collect()
        until(lambda: says(tracer.output.read_bytes(), second.pid, "exit"), "the second")
        before = old.read()
    tracer.process.terminate()
    tracer.returncode = tracer.process.wait(10 * PATIENCE)
    assert tracer.returncode == 0
    assert tracer.stderr().count("proctrace: ") == 1, tracer.stderr()
    fresh = tracer.output.read_bytes()
    assert not says(before, second.pid, "exit") and not says(fresh, first.pid, "exit")
    checked(before + fresh, framed=True)


def says(data, pid, action):
    return any(b'"pid":%d,' % pid in raw and b'"action":"%s"' % action.encode() in raw
               for raw in data.splitlines())


def test_file_that_is_removed_just_before_the_end_is_told_too(trace):
    tracer = trace("--no-snapshot")
    tracer.output.unlink()
    tracer.process.terminate()
    tracer.returncode = tracer.process.wait(10 * PATIENCE)
    assert tracer.returncode == 0
    assert f"proctrace: {tracer.output}: it was removed" in tracer.stderr()


def test_directory_that_is_removed_leaves_the_old_file(trace, tmp_path):
    directory = tmp_path / "logs"
    directory.mkdir()
    output = directory / "stream"
    errors = tmp_path / "stderr"
    with open(errors, "wb") as stderr, running(PROCTRACE, "--format", "json", "--no-snapshot",
                                               "-o", output, stderr=stderr) as tracer:
        until(lambda: "tracing" in errors.read_text(), "it is live", 15)
        with open(output, "rb") as old:
            shutil.rmtree(directory)
            tracer.send_signal(signal.SIGHUP)
            until(lambda: "going on with the old file" in errors.read_text(), "it is told")
            with Child([TINY]) as child:
                child.collect()
            until(lambda: says(os.pread(old.fileno(), 1 << 24, 0), child.pid, "exit"), "it goes on")
            tracer.terminate()
            assert tracer.wait(10 * PATIENCE) == 0
            checked(old.read(), framed=True)


def test_rotation_by_renaming_in_a_storm_cuts_no_line_and_loses_none(trace, tmp_path):
    tracer = trace("--no-snapshot")
    rotated = []
    with Life("storm", "exec", 1000000) as storm:
        for number in range(8):
            size = tracer.output.stat().st_size
            until(lambda size=size: tracer.output.stat().st_size > size + 100000, "more lines")
            rotated.append(tmp_path / f"rotated.{number}")
            tracer.output.rename(rotated[-1])
            tracer.process.send_signal(signal.SIGHUP)
            until(tracer.output.exists, "a new file")
        storm.process.kill()
    tracer.process.terminate()
    tracer.returncode = tracer.process.wait(10 * PATIENCE)
    assert tracer.returncode == 0
    parts = [path.read_bytes() for path in [*rotated, tracer.output]]
    assert all(part.endswith(b"\n") for part in parts)
    checked(b"".join(parts), framed=True)


def test_rotation_by_copying_and_truncating_leaves_no_hole(trace, tmp_path):
    """As logrotate's copytruncate does: what is written goes to the end of the file, wherever
    that is now. (Lines between the copy and the cut are lost by it: that shows in the numbers.)"""
    tracer = trace("--no-snapshot")
    lived("storm", "exec", 200)
    until(lambda: tracer.output.stat().st_size > 100000, "lines")
    shutil.copyfile(tracer.output, tmp_path / "copy")
    os.truncate(tracer.output, 0)
    with Child([TINY, "2"]) as child:
        child.collect()
    until(lambda: says(tracer.output.read_bytes(), child.pid, "exit"), "what came after")
    tracer.process.terminate()
    tracer.returncode = tracer.process.wait(10 * PATIENCE)
    assert tracer.returncode == 0
    fresh = tracer.output.read_bytes()
    assert b"\0" not in fresh and fresh.endswith(b"\n")
    copied = (tmp_path / "copy").read_bytes()
    numbers = [json.loads(raw)["event"]["sequence"]
               for raw in copied[:copied.rindex(b"\n")].splitlines() + fresh.splitlines()]
    assert numbers == sorted(set(numbers))
    assert json.loads(fresh.splitlines()[-1])["event"]["action"] == "stop"
