# SPDX-License-Identifier: GPL-2.0-only
"""proctrace-zombies(7): each program on that page has the cause it stands under, and the evidence
that is quoted there, whatever the numbers."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from ledger import ROOT, Stat, proc_text, until
from tracer import PROCTRACE

PAGE = (ROOT / "user/cli/proctrace-zombies.7").read_text()
CAUSES = PAGE.partition(".Sh CAUSES")[2].partition(".Sh NO ZOMBIES")[0]
SCHEMA = json.loads((ROOT / "user/sink/stream.schema.json").read_text())
SECTION = re.compile(r"\.Ss (\w+)\n.*?\.Bd [^\n]*\n(.*?)\n\.Ed\n.*?Told:\n\.Dq (.*?) \.\n\.Pp\nHelps", re.S)
SECTIONS = SECTION.findall(CAUSES)


def test_page_has_every_cause():
    causes = SCHEMA["$defs"]["zombie"]["properties"]["cause"]["enum"]
    assert sorted(re.findall(r"\.Ss (\w+)", CAUSES)) == sorted(causes)
    assert {name for name, _, _ in SECTIONS} == set(causes) - {"unknown"}


def children_of(pid):
    return [int(child) for child in proc_text(pid, f"task/{pid}/children").split()]


def without_numbers(words):
    return re.sub(r"\d+(\.\d+)?", "N", words)


@pytest.mark.parametrize("cause, program, told", SECTIONS, ids=[name for name, _, _ in SECTIONS])
def test_program_of_the_page_has_its_cause(tmp_path, cause, program, told):
    shell = program.startswith("unshare")
    script = tmp_path / "program"
    script.write_text(program.replace("\\e", "\\") + "\n")
    command = ["sh" if shell else sys.executable, str(script)]
    with subprocess.Popen([PROCTRACE, "--format", "json", "--events", "zombie", "--duration", "9",
                           "--", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, start_new_session=True) as tracer:
        seen = []

        def found():
            seen.append(json.loads(tracer.stdout.readline())["proctrace"].get("zombie", {}))
            return seen[-1].get("cause") == cause and all(
                words in map(without_numbers, seen[-1]["evidence"])
                for words in without_numbers(told.replace("\n", " ")).split("; "))

        try:
            until(found, f"{cause}: {told}", timeout=20)
        finally:
            print(*seen, sep="\n")
            os.killpg(tracer.pid, signal.SIGKILL)


def cminflt_of(pid):
    """Of those whom it has collected: field 11 of stat, behind a name that may be anything."""
    return int(proc_text(pid, "stat").rpartition(")")[2].split()[8])


def test_one_look_at_the_program_of_the_page_says_what_stands_there(tmp_path):
    look = PAGE.partition(".Sh ONE LOOK")[2].partition(".Bd")[2].partition("\n")[2].partition("\n.Ed")[0]
    (tmp_path / "server.py").write_text(
        next(program for cause, program, _ in SECTIONS if cause == "misses_signals") + "\n")
    with subprocess.Popen(["tini", "-s", "--", "sh", "-c", "/usr/bin/python3 server.py & wait"],
                          cwd=tmp_path, stdin=subprocess.DEVNULL) as init:
        def zombies_of(parent):
            return [child for child in children_of(parent) if Stat(child).state == "Z"]
        try:
            (shell,) = until(lambda: children_of(init.pid), "the shell runs")
            (server,) = until(lambda: children_of(shell), "the server runs")
            until(lambda: cminflt_of(server) and len(children_of(server)) == 2 ==
                  len(zombies_of(server)), "it collected one and left two")
            done = subprocess.run([PROCTRACE, "zombies", "--pid", str(server)], check=True,
                                  capture_output=True, text=True)
            os.kill(server, signal.SIGKILL)
        finally:
            init.terminate()
    # where the lines end depends on the terminal
    assert without_numbers(done.stdout).split() == without_numbers(look).replace("\\e", "\\").split()


def test_leader_that_has_left_is_no_zombie(tmp_path):
    script = tmp_path / "leader"
    script.write_text(PAGE.partition(".Sh NO ZOMBIES")[2].partition(".Bd")[2].partition("\n")[2]
                      .partition("\n.Ed")[0] + "\n")
    with subprocess.Popen([sys.executable, script]) as leader:
        until(lambda: Stat(leader.pid).state == "Z", "its main thread leaves")
        done = subprocess.run([PROCTRACE, "zombies", "--pid", str(leader.pid)], check=True,
                              capture_output=True, text=True)
        leader.kill()
    assert done.stdout.startswith("no zombies") and f"({leader.pid})" in done.stdout
