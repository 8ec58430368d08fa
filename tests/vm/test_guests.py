# SPDX-License-Identifier: GPL-2.0-only
"""The same binary on the oldest and on the newest kernel that can be had: the scenario's lives, and
recorded streams, must give what they give here."""

import os
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "run"
NO_ARCHIVE = 75  # run's, sysexits.h's EX_TEMPFAIL


@pytest.mark.skipif(not os.environ.get("PROCTRACE_VM"),
                    reason="it boots virtual machines: PROCTRACE_VM=1, or make test-vm for all of them")
def test_oldest_and_newest_kernel_find_what_this_one_finds():
    done = subprocess.run([RUN, "smoke", "oldest", "newest"], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode == NO_ARCHIVE:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("findings, as here") == 2
