# SPDX-License-Identifier: GPL-2.0-only
"""What the oldest kernels ask of the BPF programs' code, and newer ones do not."""

import os
import re
import subprocess
from pathlib import Path

import pytest

BUILT = Path(os.environ.get("PROCTRACE", "build/proctrace")).parent / "proctrace.bpf.o"


def functions():
    """{name: {number: instruction}}"""
    listed = subprocess.run(["llvm-objdump", "-d", "--no-show-raw-insn", BUILT], text=True,
                            capture_output=True, check=True).stdout
    found = {}
    for line in listed.splitlines():
        if (name := re.match(r"[0-9a-f]+ <(\w+)>:", line)) and not name[1].startswith("LBB"):
            code = found[name[1]] = {}
        elif insn := re.match(r"\s+(\d+):\s+(.*)", line):
            code[int(insn[1])] = insn[2]
    return found


def ways_on(code, at, following):
    """[(where it goes, whether by a jump)], as push_insn() in kernel/bpf/verifier.c is called."""
    jump = re.search(r"goto ([+-]\d+)", code[at])
    if code[at] == "exit":
        return []
    if not jump:
        return [(following[at], False)]
    target = (at + 1 + int(jump[1]), True)
    return [(following[at], True), target] if code[at].startswith("if") else [target]


def bad_ways_back(code):
    """Ways back into a loop that are no jump: 5.10 refuses a program that has one ("back-edge")."""
    numbers = sorted(code)
    following = dict(zip(numbers, numbers[1:]))
    open_, done, path, bad = {numbers[0]}, set(), [(numbers[0], 0)], []
    while path:
        at, n = path.pop()
        ways = ways_on(code, at, following)
        if n == len(ways):
            open_.discard(at)
            done.add(at)
            continue
        path.append((at, n + 1))
        to, by_jump = ways[n]
        if to in open_:
            bad += [] if by_jump else [(at, to)]
        elif to not in done:
            open_.add(to)
            path.append((to, 0))
    return bad


@pytest.mark.parametrize("name", functions())
def test_every_way_back_into_a_loop_is_a_jump(name):
    assert not bad_ways_back(functions()[name])
