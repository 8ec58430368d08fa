# SPDX-License-Identifier: GPL-2.0-only
"""Python programs: os.fork, os.system, os.popen, subprocess and multiprocessing, as they are."""

import os
import signal
from pathlib import Path

import pytest

from ledger import LIVES, Life
from tracer import assert_ended_as, assert_who

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).parent / "lives/python_lives.py"


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def python_life(*words):
    return Life(PYTHON, SCRIPT, *words)


def story_of(tracer, *words):
    with python_life(*words) as life:
        life.until("lingers")
        tracer.sync()
        for child in tracer.children(life.pid("driver")):
            tracer.wait_for(lambda born=child: tracer.same(born, "reap"))
        story = tracer.about(life.finish())
    story.assert_ends()
    return story


def only_child(tracer, story):
    """The one child of the program, which it made without ever learning its pid."""
    (fork,) = tracer.children(story.ledger.pid("driver"))
    lines = tracer.same(fork)
    reaper = lines[-1]["proctrace"]["reap"]["reaper"]
    assert reaper["pid"] == story.ledger.pid("driver")
    return lines


def actions(lines):
    return [line["event"]["action"] for line in lines]


def test_os_fork(tracer):
    story = story_of(tracer, "fork")
    assert story.life("child") == ["fork", "exit", "reap"]
    assert story.line("child", "exit")["process"]["exit_code"] == 3
    assert story.findings() == []


def test_os_fork_and_exec(tracer):
    story = story_of(tracer, "fork_exec")
    assert story.life("child") == ["fork", "exec", "exit", "reap"]
    assert story.line("child", "exec")["process"]["args"] == ["tiny", "4"]
    assert story.findings() == []


def test_os_system(tracer):
    story = story_of(tracer, "system")
    shell = only_child(tracer, story)
    assert actions(shell) == ["fork", "exec", "exit", "reap"]
    assert shell[1]["process"]["name"] == "sh"
    assert shell[1]["process"]["args"][:2] == ["sh", "-c"]
    assert shell[1]["process"]["args"][-1] == "build/tests/lives/tiny 1; exit 5"
    assert_ended_as(shell[2], story.ledger.one("returned")["status"])
    (tiny,) = tracer.children(shell[0]["process"]["pid"])
    assert actions(tracer.same(tiny)) == ["fork", "exec", "exit", "reap"]
    assert story.findings() == []


def test_os_popen(tracer):
    story = story_of(tracer, "popen")
    assert story.ledger.one("read")["text"] == "words\n"
    shell = only_child(tracer, story)
    assert actions(shell) == ["fork", "exec", "exit", "reap"]
    assert shell[1]["process"]["args"] == ["/bin/sh", "-c", "echo words; exit 6"]
    assert_ended_as(shell[2], story.ledger.one("returned")["status"])
    assert story.findings() == []


def test_subprocess_run(tracer):
    story = story_of(tracer, "run")
    child = only_child(tracer, story)
    assert actions(child) == ["fork", "exec", "exit", "reap"]
    assert child[1]["process"]["executable"] == str(LIVES / "tiny")
    assert_ended_as(child[2], story.ledger.one("returned")["status"])
    assert story.findings() == []


def test_subprocess_shell_that_kills_itself(tracer):
    story = story_of(tracer, "run_shell")
    child = only_child(tracer, story)
    assert_ended_as(child[2], story.ledger.one("returned")["status"])
    killed_by = child[2]["proctrace"]["exit"]["killed_by"]
    assert_who(killed_by, child[0]["process"]["pid"], "sh")
    assert story.findings() == []


def test_subprocess_that_does_not_exist_leaves_the_trace_of_its_child(tracer):
    story = story_of(tracer, "run_failing")
    assert story.ledger.one("failed")
    assert actions(only_child(tracer, story)) == ["fork", "exit", "reap"]
    assert story.findings() == []


def test_subprocess_pipeline(tracer):
    story = story_of(tracer, "pipeline")
    assert story.ledger.one("read")["text"] == "words\n"
    for role, name in (("first", "echo"), ("second", "cat")):
        assert story.life(role) == ["fork", "exec", "exit", "reap"]
        assert story.line(role, "exec")["process"]["name"] == name
    assert story.findings() == []


def test_subprocess_that_is_forgotten_is_a_zombie(tracer):
    with python_life("forgotten") as life:
        who = life.until("born", role="child")
        zombie = tracer.wait_line(who, "zombie")["proctrace"]["zombie"]
        assert zombie["responsible"]["pid"] == life.pid("driver")
        assert zombie["responsible"]["name"] == "python3"
        life.go_on()
        story = tracer.about(life.finish())
    assert story.findings() == [("child", "zombie"), ("child", "zombie_cleared")]
    story.assert_ends()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_processes(tracer, method):
    with python_life("processes", method) as life:
        story = tracer.about(life.finish())
    workers = life.all("born", role="worker")
    joined = {row["pid"]: row["status"] for row in life.all("joined")}
    assert sorted(row["pid"] for row in workers) == sorted(joined)
    for worker in workers:
        lines = tracer.of(worker)
        assert actions(lines) == {"fork": ["fork", "exit", "reap"],
                                  "spawn": ["fork", "exec", "exit", "reap"],
                                  "forkserver": ["fork", "exit", "reap"]}[method]
        exit_line = tracer.of(worker, "exit")[0]
        assert_ended_as(exit_line, joined[worker["pid"]])
        assert exit_line["process"]["parent"]["pid"] == worker["ppid"]
        assert (worker["ppid"] == life.pid("driver")) == (method != "forkserver")
    assert [row for row in story.findings() if row[0] == "worker"] == []


def test_multiprocessing_worker_that_is_terminated_names_its_program(tracer):
    story = story_of(tracer, "terminated")
    ending = story.line("child", "exit")["proctrace"]["exit"]
    assert ending["signal"] == "SIGTERM"
    assert_who(ending["killed_by"], story.ledger.pid("driver"), "python3")
    assert story.findings() == []


def test_multiprocessing_pool(tracer):
    story = story_of(tracer, "pool")
    results = story.ledger.one("results")
    assert results["numbers"] == [number * number for number in range(30)]
    children = tracer.children(story.ledger.pid("driver"))
    assert sorted(line["process"]["pid"] for line in children) == sorted(results["pids"])
    for child in children:
        lines = tracer.same(child)
        assert actions(lines) == ["fork", "exit", "reap"]
        assert lines[1]["process"]["exit_code"] == 0
    assert story.findings() == []


def test_python_worker_left_by_a_killed_program_is_abandoned(tracer):
    with python_life("left_behind") as life:
        story = tracer.about(life.finish())
    orphan = story.line("worker", "orphan")["proctrace"]["orphan"]
    assert_who(orphan["old_parent"], life.pid("program"), "python3")
    assert orphan["old_parent"]["how"] == "killed by SIGKILL"
    assert orphan["kind"] == "abandoned"
    assert orphan["adopter"]["pid"] not in (life.pid("program"), life.pid("worker"))
    killed_by = story.line("program", "exit")["proctrace"]["exit"]["killed_by"]
    assert_who(killed_by, life.pid("program"), "python3")
    assert os.WTERMSIG(story.ledger.status("program")) == signal.SIGKILL
