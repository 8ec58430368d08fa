# SPDX-License-Identifier: GPL-2.0-only
"""The live suite: real processes, a real kernel, and an oracle that is never the tracer itself.

Run it as root from anywhere: /usr/bin/python3 -m pytest tests/live

    PROCTRACE           the tracer to test (build/proctrace; an ASan build is welcome)
    PROCTRACE_PATIENCE  multiplies every timeout (for slow machines and slow builds)
    PROCTRACE_CROWDS    a share of 1: crowds are so much smaller (for emulated machines)
    PROCTRACE_REPLAYS   0: the streams are not replayed (no machine does it in another way)
    PROCTRACE_FULL      1: the long storms at their full length
    PROCTRACE_OWN_MACHINE
                        1: nobody else is on this machine, which has no compiler (a guest of
                        tests/vm): the wall clock is set, instead of a library's for the tracer alone
    PROCTRACE_PREEMPTED a file: what the kernel left out, as it may preempt a program, is written
                        there and fails no test
"""

import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from ledger import ROOT  # noqa: E402
from tracer import PROCTRACE, Tracer  # noqa: E402


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the live tests need root", returncode=2)


@pytest.fixture(scope="session", autouse=True)
def lives_are_built():
    subprocess.run(["tests/live/build.sh"], cwd=ROOT, check=True)


@pytest.fixture(scope="session", autouse=True)
def tracer_is_built(request):
    """Not a skip: a suite without its subject has failed. Only the makers of lives need none."""
    if any(item.path.name != "test_lives.py" for item in request.session.items):
        assert os.access(PROCTRACE, os.X_OK), f"no tracer at {PROCTRACE}: make it first"


@pytest.fixture
def trace(tmp_path):
    """trace(*options, ...) starts a tracer of the test's own; what still runs is stopped after."""
    started = []

    def start(*options, **how):
        directory = tmp_path / f"trace{len(started)}"
        directory.mkdir()
        started.append(Tracer(directory, *options, **how))
        return started[-1].start()

    yield start
    for tracer in started:
        tracer.close()


@pytest.fixture(scope="module")
def module_trace(tmp_path_factory):
    """The same for a tracer that all tests of a file share."""
    started = []

    def start(*options, **how):
        started.append(Tracer(tmp_path_factory.mktemp("trace"), *options, **how))
        return started[-1].start()

    yield start
    for tracer in started:
        tracer.close()
