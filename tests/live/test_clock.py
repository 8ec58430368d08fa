# SPDX-License-Identifier: GPL-2.0-only
"""A wall clock that is set back and forth changes the time on the lines, and nothing else."""

import mmap
import os
import struct
import subprocess
import time
from pathlib import Path

import pytest

from ledger import TINY, Child, Life, held, released
from stream import seconds, started_at

FULL = os.environ.get("PROCTRACE_FULL") == "1"
OWN_MACHINE = os.environ.get("PROCTRACE_OWN_MACHINE") == "1"
HOUR, DAY = 3600, 86400


class PreloadedClock:
    """A wall clock for the tracer alone."""

    def __init__(self, library, directory):
        setting = directory / "setting"
        setting.write_bytes(bytes(8))
        self.env = os.environ | {
            "LD_PRELOAD": str(library), "WALL_CLOCK": str(setting),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
        with open(setting, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8)

    def set(self, offset):
        """So many seconds from the true time."""
        struct.pack_into("q", self.memory, 0, int(offset * 1e9))

    def restore(self):
        self.set(0)


class MachineClock:
    """The wall clock of the machine; put right again by the clock that nobody can set."""
    env = None

    def __init__(self):
        self.truth = time.clock_gettime(time.CLOCK_REALTIME) - time.monotonic()
        try:
            self.set(0)
        except PermissionError as refused:
            pytest.skip(f"the machine's clock can't be set: {refused}")

    def set(self, offset):
        time.clock_settime(time.CLOCK_REALTIME, self.truth + time.monotonic() + offset)

    def restore(self):
        self.set(0)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    library = tmp_path_factory.mktemp("clock") / "wall_clock.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Werror",
                    Path(__file__).parent / "wall_clock.c", "-o", library, "-ldl"], check=True)
    return library


@pytest.fixture(params=([] if OWN_MACHINE else [PreloadedClock]) +
                ([MachineClock] if FULL or OWN_MACHINE else []))
def clock(request, tmp_path):
    if request.param is MachineClock:
        clock = MachineClock()
    else:
        clock = PreloadedClock(request.getfixturevalue("library"), tmp_path)
    yield clock
    clock.restore()


def boot_now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_now():
    return time.clock_gettime(time.CLOCK_REALTIME)


@pytest.fixture
def tracer(trace, clock):
    tracer = trace("--zombie-after", "400", env=clock.env)
    tracer.checker.steady = False
    return tracer


def follow(tracer):
    """The tracer has seen that the clock was set: it looks at it as often as it looks for events."""
    tracer.sync()
    tracer.sync()


@pytest.mark.parametrize("offset", [HOUR, -400 * DAY])
def test_lives_are_as_long_as_they_were(tracer, clock, offset):
    """Three lives: through the jump, between it and the way back, and after both."""
    truth = wall_now() - boot_now()
    with held() as through:
        began = boot_now()
        tracer.wait_line(through.ledger.who("child"), "exec")
        clock.set(offset)
        follow(tracer)
        with held() as between:
            born = boot_now()
            tracer.wait_line(between.ledger.who("child"), "exec")
            released(between)
            died = boot_now()
            line = tracer.wait_line(between.ledger.who("child"), "exit")
            assert died - born - 0.05 < line["proctrace"]["lifetime_ms"] / 1000 < died - born + 0.1
            assert abs(seconds(line["@timestamp"]) - (died + truth + offset)) < 1
        clock.restore()
        follow(tracer)
        released(through)
        died = boot_now()
    line = tracer.wait_line(through.ledger.who("child"), "exit")
    assert died - began - 0.05 < line["proctrace"]["lifetime_ms"] / 1000 < died - began + 0.1
    assert abs(seconds(line["@timestamp"]) - (died + truth)) < 1
    for child in (through, between):
        tracer.wait_line(child.ledger.who("child"), "reap")
        lines = tracer.of(child.ledger.who("child"))  # found by its start, whatever the clock said
        assert [line["event"]["action"] for line in lines] == ["fork", "exec", "exit", "reap"]
        assert len({line["process"]["start"] for line in lines}) == 1
        assert len({line["process"]["entity_id"] for line in lines}) == 1
        assert abs(started_at(lines[0]) - child.ledger.who("child")["start"] / 100) < 0.02
        (reap,) = tracer.of(child.ledger.who("child"), "reap")
        assert 0 <= reap["proctrace"]["reap"]["zombie_ms"] < 30000


@pytest.mark.parametrize("offset", [DAY, -DAY])
def test_zombie_is_as_old_as_it_is(tracer, clock, offset):
    """Neither is the young dead called a zombie, nor is the old one passed over."""
    truth = wall_now() - boot_now()
    with Life("zombies", "late") as life:
        life.until("dead")
        who, dead = life.who("child"), boot_now()
        clock.set(offset)
        follow(tracer)
        line = tracer.wait_line(who, "zombie")
        age = line["proctrace"]["zombie"]["age_ms"] / 1000
        assert 0.4 <= age <= boot_now() - dead + 0.2
        assert abs(seconds(line["proctrace"]["zombie"]["since"]) - (dead + truth)) < 0.2
        clock.restore()
        follow(tracer)
        life.go_on()
        tracer.settled(life, "child")
        life.finish()
    (cleared,) = tracer.of(who, "zombie_cleared")
    (reap,) = tracer.of(who, "reap")
    assert 400 < reap["proctrace"]["reap"]["zombie_ms"] < (boot_now() - dead) * 1000 + 200
    assert tracer.of(who).index(cleared) > tracer.of(who).index(line)
    assert not [line for line in tracer.lines if line["event"]["action"] == "zombie"
                and line["process"]["parent"]["pid"] == os.getpid()]


def test_duration_is_not_measured_by_the_wall_clock(trace, clock):
    for offset in (DAY, -DAY):
        begin = time.monotonic()
        tracer = trace("--duration", "0.5", "--no-snapshot", env=clock.env)
        tracer.checker.steady = False
        clock.set(offset)
        tracer.join(timeout=20)
        assert time.monotonic() - begin > 0.5
        clock.restore()


def test_clock_that_goes_back_and_forth_all_the_time(tracer, clock):
    """Set a hundred times while lives begin and end: all of them are whole."""
    children = []
    for number in range(100):
        clock.set((-1) ** number * number * 100)
        with Child([TINY, str(number)]) as child:
            children.append(child.collect())
    clock.restore()
    for number, ledger in enumerate(children):
        story = tracer.about(ledger)
        assert story.life("child") == ["fork", "exec", "exit", "reap"]
        assert story.line("child", "exit")["process"]["exit_code"] == number
        assert story.line("child", "exit")["proctrace"]["lifetime_ms"] < 10000
        story.entity("child")
        assert story.findings() == []
