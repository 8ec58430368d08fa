# SPDX-License-Identifier: GPL-2.0-only
"""-- COMMAND: it and its descendants are traced, and its end is the tracer's."""

import os
import signal
import subprocess
import time

import pytest

from ledger import PATIENCE, TINY
from tracer import PROCTRACE, Tracer


@pytest.fixture
def run(tmp_path):
    """Runs a command under the tracer to the end; the stream is checked as any other."""
    count = 0

    def start(*command, expect=0, options=(), **popen):
        nonlocal count
        count += 1
        directory = tmp_path / f"run{count}"
        directory.mkdir()
        tracer = Tracer(directory, *options, command=command, **popen)
        return tracer.start(live=False).join(expect)

    return start


def lives_of(tracer):
    """entity_id -> actions, of all that the stream is about."""
    lives = {}
    for line in tracer.lines:
        if "process" in line:
            lives.setdefault(line["process"]["entity_id"], []).append(line["event"]["action"])
    return lives


@pytest.mark.parametrize("code", [0, 1, 2, 3, 42, 127, 255])
def test_exit_status_is_the_command_s(run, code):
    tracer = run(TINY, str(code), expect=code)
    (life,) = lives_of(tracer).values()
    assert life == ["fork", "exec", "exit", "reap"]
    (exec_line,) = (line for line in tracer.lines if line["event"]["action"] == "exec")
    assert exec_line["process"]["args"] == [TINY, str(code)]
    assert exec_line["process"]["parent"]["pid"] == tracer.process.pid


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1])
def test_killed_command_is_128_and_the_signal(run, sig):
    tracer = run("/bin/sh", "-c", f"kill -{int(sig)} $$", expect=128 + sig)
    (exit_line,) = (line for line in tracer.lines if line["event"]["action"] == "exit")
    assert exit_line["proctrace"]["exit"]["signal"] == sig.name


def test_command_that_is_not_there_is_127(run):
    tracer = run("/nowhere/nobody", expect=127)
    assert sum(row.startswith("proctrace: ") for row in tracer.stderr().splitlines()) == 1


def test_command_that_is_no_program_is_126(run, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("no program\n")
    tracer = run(str(plain), expect=126)
    assert sum(row.startswith("proctrace: ") for row in tracer.stderr().splitlines()) == 1


def test_command_is_searched_for_in_path(run):
    tracer = run("true")
    (exec_line,) = (line for line in tracer.lines if line["event"]["action"] == "exec")
    assert exec_line["process"]["args"] == ["true"]


def test_standard_streams_are_the_command_s(tmp_path):
    done = subprocess.run([PROCTRACE, "--format", "json", "-o", str(tmp_path / "stream"), "--grace",
                           "0", "--", "/bin/sh", "-c", "cat; echo err >&2"], input=b"through\n",
                          capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout == b"through\n"
    assert b"err\n" in done.stderr


def test_only_the_command_and_its_descendants_are_told(run):
    other = subprocess.Popen(["/bin/sh", "-c", "while :; do /bin/true; done"])
    try:
        tracer = run("/bin/sh", "-c", f"{TINY} 1; ({TINY} 2; {TINY} 3); exit 4", expect=4,
                     options=["--grace", "0"])
    finally:
        other.kill()
        other.wait()
    programs = [line["process"]["args"][-1] for line in tracer.lines
                if line["event"]["action"] == "exec"]
    assert sorted(programs[1:]) == ["1", "2", "3"]
    family = {tracer.process.pid}
    for line in tracer.lines:
        if line["event"]["action"] == "fork":
            assert line["process"]["parent"]["pid"] in family
            family.add(line["process"]["pid"])
        elif "process" in line:
            assert line["process"]["pid"] in family


# Each: a script for sh and the findings it makes.
LEAVES = [
    ("sleep 0.5 & exit 5", "orphan"),
    ("setsid sleep 0.9 & exit 5", "daemon"),
    # The shell becomes a sleep, which does not wait for the child it has inherited.
    ("/bin/true & exec sleep 1.2", "zombie"),
]


@pytest.mark.parametrize("script, finding", LEAVES)
def test_fail_on_a_finding_is_status_3(run, script, finding):
    tracer = run("/bin/sh", "-c", script, expect=3,
                 options=["--fail-on", finding, "--zombie-after", "300"])
    assert any(line["event"]["action"] == finding for line in tracer.lines)


@pytest.mark.parametrize("script, finding", LEAVES)
def test_without_fail_on_the_status_is_the_command_s(run, script, finding):
    code = 5 if "exit 5" in script else 0
    tracer = run("/bin/sh", "-c", script, expect=code, options=["--zombie-after", "300"])
    assert any(line["event"]["action"] == finding for line in tracer.lines)


def test_fail_on_what_does_not_come_is_no_failure(run):
    run("/bin/sh", "-c", f"{TINY} 0; exit 6", expect=6,
        options=["--fail-on", "orphan,zombie,zombie_leak,daemon,lost"])


def test_fail_on_counts_only_the_command_s_own(run):
    """A stranger's orphan, made while the command runs, is not its failure."""
    other = subprocess.Popen(
        ["/bin/sh", "-c", "while :; do sh -c 'sleep 0.05 &'; sleep 0.02; done"])
    try:
        run("sleep", "0.5", expect=0, options=["--fail-on", "orphan", "--grace", "0"])
    finally:
        other.kill()
        other.wait()


def test_escaped_daemon_is_followed(run):
    tracer = run("/bin/sh", "-c", f"setsid -f sh -c 'sleep 0.5; {TINY} 7' & exit 0",
                 options=["--grace", "2"])
    codes = [line["process"].get("exit_code") for line in tracer.lines
             if line["event"]["action"] == "exit" and line["process"]["name"] == "tiny"]
    assert codes == [7]


@pytest.mark.parametrize("grace", [0, 2])
def test_grace_is_how_long_it_goes_on_to_see_what_was_left(run, grace):
    begin = time.monotonic()
    tracer = run("/bin/sh", "-c", "sleep 20 & exit 0", options=["--grace", grace])
    took = time.monotonic() - begin
    (left,) = (line["process"]["pid"] for line in tracer.lines
               if line["event"]["action"] == "exec" and line["process"]["args"] == ["sleep", "20"])
    os.kill(left, signal.SIGKILL)
    assert grace <= took < 15 * PATIENCE  # and not until what was left has ended
