# SPDX-License-Identifier: GPL-2.0-only
"""How the dead are released: by whom, in what way, and when. Exactly, where the kernel lets a
program see it; else some milliseconds late. The makers look at the clock before and after."""

import calendar
import time

import pytest

from ledger import Life
from stream import TIMESTAMP

CASES = ["wait", "thread", "peek", "adopter", "own-tracer", "tracer", "ignored", "nocldwait",
         "traced-ignored", "tracer-dies", "heir-ignores", "init", "namespace", "leader-first",
         "leader-ignored", "exec-thread"]
# What came of the parent's SIGCHLD after the death, only the moment itself shows.
SHOWN_BY_THE_MOMENT = {"traced-ignored", "tracer-dies"}
ROUNDS = 5


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def nanoseconds(line):
    whole, fraction = TIMESTAMP.fullmatch(line["@timestamp"]).groups()
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction)


@pytest.fixture(scope="module")
def start(tracer):
    return tracer.wait_for(lambda: tracer.lines, "the first line")[0]


@pytest.fixture(scope="module")
def boot_ns(start):
    """The time of a line by the boot clock. (The wall clock is not set while these tests run.)"""
    return lambda line: nanoseconds(line) - nanoseconds(start) + start["proctrace"]["boot_ns"]


@pytest.fixture(scope="module")
def exact(start):
    return start["proctrace"]["hooks"]["exact_reap"]


@pytest.mark.parametrize("case", CASES)
def test_release_is_told_as_it_was(tracer, boot_ns, exact, case):
    with Life("releases", case, ROUNDS) as life:
        life.until("lingers", timeout=30)
        for who in life.all("born"):
            if who["role"] != "driver":
                tracer.wait_line(who, "reap")
        life.finish()
    for row in life.all("released"):
        (who,) = life.all("born", pid=row["pid"])
        (line,) = tracer.of(who, "reap")
        reap = line["proctrace"]["reap"]
        if exact or case not in SHOWN_BY_THE_MOMENT:
            assert reap["how"] == row["how"], (row, line)
        assert reap["reaper"]["pid"] == row["by"], (row, line)
        assert boot_ns(line) >= row["before"], (row, line)
        if exact and row.get("own", True):
            assert reap["precision"] == "exact", (row, line)
            assert boot_ns(line) <= row["after"], (row, line)
        else:
            assert reap["precision"] in ("rcu", "audit"), (row, line)
    assert len(life.all("released")) >= ROUNDS
