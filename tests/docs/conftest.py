# SPDX-License-Identifier: GPL-2.0-only
"""The documentation held against the program: --help, the manual, the README, the schema, a real stream.

    /usr/bin/python3 -m pytest tests/docs           as root: the live part traces

    PROCTRACE   the tracer to test (build/proctrace)
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from documents import PRESENT, PROCTRACE, ROOT, proctrace  # noqa: E402

PROGRAMS = Path(__file__).with_name("programs")
LEAK = ROOT / "tests/replay/leak.jsonl"


@pytest.fixture(scope="session")
def help_text():
    done = proctrace("--help")
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


@pytest.fixture(scope="session")
def help_options(help_text):
    """{"--output": ("-o", "FILE", its text)}"""
    row = re.compile(r"^ {2}(?:(-\w), | {4})(--[a-z-]+)(?: (\S+))? {2,}(\S.*)$", re.M)
    options = {name: (letter or None, value or None, text)
               for letter, name, value, text in row.findall(help_text)}
    rows = help_text.split("Options:\n")[1].split("\n\n")[0].splitlines()
    assert len(options) == len(rows) > 10, "a line of --help is not understood"
    return options


def read_stream(path):
    return [json.loads(raw) for raw in path.read_bytes().decode("utf-8").split("\n")[:-1]]


@pytest.fixture(scope="session")
def root():
    assert os.geteuid() == 0, "the live part needs root"


@pytest.fixture(scope="session")
def snapshot(root, tmp_path_factory):
    """The machine as it is."""
    path = tmp_path_factory.mktemp("snapshot") / "stream"
    done = proctrace("--format", "json", "--events", "snapshot", "--duration", "0.1", "-o", str(path))
    assert done.returncode == 0, done.stderr
    return read_stream(path)


@pytest.fixture(scope="session")
def lives(root, tmp_path_factory):
    """A few lives, traced from their middle on: the lines, and who was who."""
    directory = tmp_path_factory.mktemp("lives")
    path = directory / "stream"
    with subprocess.Popen([sys.executable, PROGRAMS / "lives.py", directory], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as driver:
        ledger = [driver.stdout.readline(), driver.stdout.readline()]
        assert ledger[1] == "ready\n"
        tracer = subprocess.Popen([PROCTRACE, "--format", "json", "--threads", "--zombie-after", "100",
                                   "--tree", str(driver.pid), "-o", path], stderr=subprocess.PIPE, text=True)
        try:
            line = tracer.stderr.readline()
            assert line.startswith("tracing "), line
            time.sleep(0.3)  # what was dead before is found to be a zombie
            rest, _ = driver.communicate("go\n", timeout=60)
            time.sleep(0.6)
            tracer.send_signal(signal.SIGINT)
            assert tracer.wait(30) == 0, tracer.stderr.read()
        finally:
            tracer.kill()
            tracer.communicate()
    assert driver.returncode == 0
    who = dict(row.split() for row in (ledger[0] + rest).splitlines())
    return read_stream(path), {role: int(pid) for role, pid in who.items()}


@pytest.fixture(scope="session")
def losses(root, tmp_path_factory):
    """A ring of one page is too small for this."""
    path = tmp_path_factory.mktemp("losses") / "stream"
    storm = "i=0; while [ $i -lt 300 ]; do ( : ); ( : ); ( : ); i=$((i+1)); done"
    done = proctrace("--format", "json", "--ring-size", "4", "--grace", "0", "-o", str(path), "--", "sh", "-c", storm)
    assert done.returncode == 0, done.stderr
    return read_stream(path)


@pytest.fixture(scope="session")
def resync(root, tmp_path_factory):
    """The tracer sleeps through a small storm, with the smallest ring: the lines, and who was who."""
    path = tmp_path_factory.mktemp("resync") / "stream"
    driver = subprocess.Popen([sys.executable, PROGRAMS / "storm.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    tracer = None
    who = {}

    def step():
        driver.stdin.write("go\n")
        driver.stdin.flush()
        for row in iter(driver.stdout.readline, "ready\n"):
            role, pid = row.split()  # at its end, or when its time is over, there is no row to split
            who[role] = int(pid)

    try:
        tracer = subprocess.Popen([PROCTRACE, "--format", "json", "--ring-size", "4", "--no-snapshot", "--duration",
                                   "30", "--zombie-after", "300", "--tree", str(driver.pid), "-o", path],
                                  stderr=subprocess.PIPE, text=True)
        assert tracer.stderr.readline().startswith("tracing ")
        step()
        time.sleep(0.3)
        tracer.send_signal(signal.SIGSTOP)
        step()
        tracer.send_signal(signal.SIGCONT)
        until = time.monotonic() + 10
        while b'"action":"resync"' not in path.read_bytes() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.2)  # an orphan is held back a moment
        driver.communicate("go\n", timeout=20)
        tracer.send_signal(signal.SIGINT)
        assert tracer.wait(20) == 0, tracer.stderr.read()
    finally:
        for process in filter(None, (tracer, driver)):
            process.kill()
            process.communicate(timeout=20)
    return read_stream(path), who


@pytest.fixture(scope="session")
def samples(snapshot, lives, losses, resync):
    """A line of each action, the one with most in it. A clock that is set and a leak are recorded ones."""
    clock = {"@timestamp": snapshot[0]["@timestamp"], "event": {"action": "clock"}, "proctrace": {
        "clock": {"boot_ns": snapshot[0]["proctrace"]["boot_ns"], "step_ns": -1}}}
    recording = "\n".join(map(json.dumps, [snapshot[0], clock])) + "\n" + LEAK.read_text()
    replayed = subprocess.run([PROCTRACE, "replay", "--format", "json", "-"], input=recording, text=True,
                              capture_output=True, check=True).stdout
    found = {}
    for line in [*snapshot, *lives[0], *losses, *resync[0], *map(json.loads, replayed.splitlines())]:
        action = line["event"]["action"]
        if action not in found or len(json.dumps(line)) > len(json.dumps(found[action])):
            found[action] = line
    return found


@pytest.fixture(scope="session")
def now(root):
    """The lines of the commands that trace nothing: one process's each, and the totals."""
    with subprocess.Popen([sys.executable, PROGRAMS / "present.py"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as parent:
        left = parent.stdout.readline().strip()
        runs = [proctrace(command, "--format", "json", "--pid", pid)
                for command, pid in (("zombies", str(parent.pid)), ("orphans", left), ("daemons", left))]
        parent.stdin.close()
    lines = [json.loads(raw) for run in runs for raw in run.stdout.splitlines()]
    assert sorted(line["event"]["action"] for line in lines) == sorted(PRESENT)
    return {line["event"]["action"]: line for line in lines}
