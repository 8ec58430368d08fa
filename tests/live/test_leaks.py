# SPDX-License-Identifier: GPL-2.0-only
"""Zombie leaks: growth is one, a crowd is none; and the forecast is held against the real limit."""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import now
import pytest
from ledger import PATIENCE, until
from stream import seconds

LIMIT = 60
RATE = 5  # a second

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


@pytest.fixture
def group():
    """A control group of the test's own, with room for LIMIT tasks."""
    hierarchy = pids_hierarchy()
    if hierarchy is None:
        pytest.skip("no hierarchy of control groups has the pids controller here")
    path = hierarchy / f"proctrace-{uuid.uuid4().hex[:8]}"
    path.mkdir()
    (path / "pids.max").write_text(str(LIMIT))
    yield path
    deadline = time.monotonic() + 10 * PATIENCE
    while True:  # zombies that pid 1 has not taken yet keep it busy
        try:
            path.rmdir()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


class Leaky:
    def __init__(self, rate, enough, group=None, refused=False):
        join = (lambda: (group / "cgroup.procs").write_text(str(os.getpid()))) if group else None
        self.process = subprocess.Popen(
            [sys.executable, "-c", LEAKY, str(rate), str(enough), "refused" if refused else ""],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=join)
        self.pid = self.row()["pid"]

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


def test_leak_is_told_before_the_limit_is_hit_and_a_crowd_is_none(trace, group):
    tracer = trace()
    crowd = Leaky(400, 200)
    crowd.row()
    leaky = Leaky(RATE, 10 * LIMIT, group, refused=True)
    refused = leaky.row()
    assert "refused" in refused and refused["children"] < LIMIT
    begin = time.time()
    told = leaks_of(tracer, leaky.pid)
    assert told, "it ran into its limit, and nobody had said so"
    line, leak = told[0], told[0]["proctrace"]["zombie_leak"]
    assert seconds(line["@timestamp"]) < refused["refused"]
    assert 0 < leak["count"] <= leaky.zombies()
    assert leak["forecast"]["limit"] == "pids_max"
    assert leak["limits"]["pids_max"]["max"] == LIMIT
    assert leak["limits"]["pids_max"]["levels_up"] == 0
    assert leak["limits"]["refused"] >= 1
    assert any("refused" in sentence for sentence in leak["evidence"])
    # From when the limits were read, a tenth at the most.
    read = seconds(leak["limits"]["read"])
    forecast, real = seconds(leak["forecast"]["reached"]) - read, refused["refused"] - read
    print(f"\nforecast {forecast:.2f} s ahead, real {real:.2f} s")
    assert abs(forecast - real) <= 0.1 * real + 0.3
    assert crowd.zombies() == 200
    while time.time() < begin + 3:  # some beats more: nor is it a leak later
        tracer.read()
        time.sleep(0.05)
    assert not leaks_of(tracer, crowd.pid)
    assert sum(line["event"]["action"] == "zombie" and line["process"]["parent"]["pid"] == crowd.pid
               for line in tracer.lines) == 200
    crowd.end()
    leaky.end()


def test_one_look_tells_of_the_limit_that_was_hit(group):
    leaky = Leaky(400, 10 * LIMIT, group)
    refused = leaky.row()
    assert refused["children"] == leaky.zombies() == LIMIT - 1
    (line,), _ = until(lambda: (told := now.told("zombies", "--pid", leaky.pid))[0] and told,
                       "they are zombies")
    text = " ".join(now.run("zombies", "--pid", leaky.pid).stdout.decode().split())
    leaky.end()
    limits = line["proctrace"]["zombies"]["limits"]
    assert limits["pids_max"] == {"max": LIMIT, "used": LIMIT, "levels_up": 0}
    assert limits["refused"] >= 1 and "forecast" not in line["proctrace"]["zombies"]
    assert f"limits pids.max of its control group is reached: {LIMIT} of {LIMIT}; the limits of its " \
           "control groups have refused" in text


def test_fast_leak_is_told_within_seconds(trace):
    tracer = trace("--no-snapshot", "--fail-on", "zombie_leak")
    leaky = Leaky(500, 6000)
    tracer.wait_for(lambda: leaks_of(tracer, leaky.pid), "the leak", timeout=20)
    (line,) = leaks_of(tracer, leaky.pid)[:1]
    leak = line["proctrace"]["zombie_leak"]
    assert leak["forecast"]["limit"] in ("pid_max", "pids_max", "threads_max")
    assert leak["count"] <= leaky.zombies() or leaky.process.poll() is not None
    assert leak["programs"][0]["count"] == leak["count"]
    leaky.end()
    tracer.stop(expect=3)
