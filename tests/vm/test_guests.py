# SPDX-License-Identifier: GPL-2.0-only
"""The same binary on the oldest and on the newest kernel that can be had: of the scenario's lives and of
recorded streams it must find there what it finds here."""

import os
import subprocess
from pathlib import Path

import pytest

from archive import NO_ARCHIVE

RUN = Path(__file__).parent / "run"


@pytest.mark.skipif(not os.environ.get("PROCTRACE_VM"),
                    reason="it boots other kernels: PROCTRACE_VM=1, as CI does; make test-vm boots all")
def test_oldest_and_newest_kernel_find_what_this_one_finds():
    done = subprocess.run([RUN, "smoke", "oldest", "newest"], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode == NO_ARCHIVE or "skipped, the archive does not give it" in done.stdout:
        pytest.skip((done.stdout + done.stderr).splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("findings, as here") == 2
