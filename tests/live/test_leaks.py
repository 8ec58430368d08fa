# SPDX-License-Identifier: GPL-2.0-only
"""Zombie leaks: growth is one, a crowd is none; and the forecast is held against the real limit."""

import os
import resource
import time
from contextlib import contextmanager
from pathlib import Path

import now
import pytest
from leaky import Leaky, group_of, leaks_of, namespaces_have_a_pid_max
from ledger import until
from stream import seconds

LIMIT = 60
RATE = 5  # a second
USER = 54321  # nobody's, so that its tasks are the leak's alone
THREADS_MAX = Path("/proc/sys/kernel/threads-max")
FULL = os.environ.get("PROCTRACE_FULL") == "1"
OWN_MACHINE = os.environ.get("PROCTRACE_OWN_MACHINE") == "1"


@pytest.fixture
def group():
    with group_of(LIMIT) as path:
        yield path


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


def off_by(line, refused):
    """What a forecast missed by, as a part of the time that was left when the limits were read."""
    leak = line["proctrace"]["zombie_leak"]
    read, reached = seconds(leak["limits"]["read"]), seconds(leak["forecast"]["reached"])
    print(f"\n{leak['count']} zombies, {leak['growth']}, {leak['forecast']['limit']}: forecast {reached - read:.2f} s ahead, "
          f"real {refused - read:.2f} s")
    return (reached - refused) / (refused - read)


def may_limit_users():
    try:
        resource.setrlimit(resource.RLIMIT_NPROC, resource.getrlimit(resource.RLIMIT_NPROC))
    except (OSError, ValueError):
        return False
    return True


@pytest.mark.skipif(not may_limit_users(), reason="setrlimit() is refused here")
def test_forecast_of_the_limit_of_a_plain_user(trace):
    tracer = trace()
    leaky = Leaky(RATE, 10 * LIMIT, user=(USER, LIMIT))
    refused = leaky.row()
    assert refused["children"] == leaky.zombies() == LIMIT - 1
    told = leaks_of(tracer, leaky.pid)
    assert told, "it ran into its limit, and nobody had said so"
    leak = told[0]["proctrace"]["zombie_leak"]
    assert leak["forecast"]["limit"] == "nproc" and leak["limits"]["nproc"]["max"] == LIMIT
    assert abs(off_by(told[0], refused["refused"])) <= 0.1 + 0.3 / RATE
    assert any("RLIMIT_NPROC of its user is reached in" in words for words in leak["evidence"])
    leaky.end()


@pytest.mark.skipif(not namespaces_have_a_pid_max(), reason="pid_max is the machine's before 6.14")
def test_forecast_of_the_pid_limit_of_a_namespace(trace):
    tracer = trace()
    # It fills the namespace once: of the first 300 numbers its init's own is used from then on.
    leaky = Leaky(RATE, 10 * LIMIT, refused=True, pid_max=300 + LIMIT)
    refused = leaky.row()
    assert refused["children"] == leaky.zombies() == LIMIT
    told = leaks_of(tracer, leaky.pid)
    assert told, "it ran into its limit, and nobody had said so"
    leak = told[0]["proctrace"]["zombie_leak"]
    assert leak["forecast"]["limit"] == "pid_max"
    assert leak["limits"]["pid_max"]["max"] == LIMIT + 1
    assert leak["limits"]["pid_max"]["levels_up"] == 0
    assert abs(off_by(told[0], refused["refused"])) <= 0.1
    assert any("kernel.pid_max of its pid namespace is reached in" in words
               for words in leak["evidence"])
    (line,), _ = now.told("zombies", "--pid", leaky.pid)
    assert line["proctrace"]["zombies"]["limits"]["pid_max"] == {
        "max": LIMIT + 1, "used": LIMIT + 1, "levels_up": 0}
    text = " ".join(now.run("zombies", "--pid", leaky.pid).stdout.decode().split())
    assert f"kernel.pid_max of its pid namespace is reached: {LIMIT + 1} of {LIMIT + 1}" in text
    leaky.end()


@pytest.mark.skipif(not namespaces_have_a_pid_max(), reason="pid_max is the machine's before 6.14")
def test_namespace_that_is_young_gives_out_its_first_numbers_too():
    leaky = Leaky(2000, 500, pid_max=600)
    assert leaky.row()["left"] == 499
    (line,), _ = until(lambda: (told := now.told("zombies", "--pid", leaky.pid))[0] and told,
                       "they are zombies")
    leaky.end()
    zombies = line["proctrace"]["zombies"]
    assert zombies["limits"]["pid_max"] == {"max": 599, "used": 501, "levels_up": 0}


@contextmanager
def room_on_the_machine(tasks):
    """Of the tasks of all; who runs this is counted, too."""
    before = THREADS_MAX.read_text()
    now_there = int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])
    THREADS_MAX.write_text(str(now_there + tasks))
    try:
        yield now_there + tasks
    finally:
        THREADS_MAX.write_text(before)


@pytest.mark.skipif(not OWN_MACHINE, reason="it fills the machine: PROCTRACE_OWN_MACHINE=1")
def test_forecast_of_the_limit_of_the_machine(trace):
    tracer = trace()
    with room_on_the_machine(LIMIT) as limit:
        leaky = Leaky(RATE, 10 * LIMIT)
        refused = leaky.row()
    assert LIMIT / 2 < refused["children"] == leaky.zombies()
    told = leaks_of(tracer, leaky.pid)
    assert told, "it ran into its limit, and nobody had said so"
    leak = told[0]["proctrace"]["zombie_leak"]
    assert leak["forecast"]["limit"] == "threads_max"
    assert leak["limits"]["threads_max"]["max"] == limit
    assert abs(off_by(told[0], refused["refused"])) <= 0.1 + 0.3 / RATE
    assert any("kernel.threads-max is reached in" in words for words in leak["evidence"])
    leaky.end()


@pytest.mark.skipif(not FULL, reason="it makes 16,000 zombies: PROCTRACE_FULL=1")
def test_forecast_of_a_thousand_a_second(trace):
    tracer = trace("--no-snapshot", "--events", "zombie_leak")
    with group_of(16000) as group:
        leaky = Leaky(1000, 10**6, group)
        refused = leaky.row()
        told = leaks_of(tracer, leaky.pid)
        assert told and told[0]["proctrace"]["zombie_leak"]["forecast"]["limit"] == "pids_max"
        assert abs(off_by(told[0], refused["refused"])) <= 0.1
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
