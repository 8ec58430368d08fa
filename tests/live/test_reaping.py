# SPDX-License-Identifier: GPL-2.0-only
"""Who collected the dead, and how."""

import os

import pytest

from ledger import TINY, Child, Life


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def test_waiting_parent_is_the_reaper(tracer):
    with Child([TINY, "77"]) as child:
        story = tracer.about(child.collect())
    assert story.life("child") == ["fork", "exec", "exit", "reap"]
    reap = story.line("child", "reap")["proctrace"]["reap"]
    assert reap["reaper"]["pid"] == os.getpid()
    assert reap["how"] == "wait"
    assert 0 <= reap["zombie_ms"] < 1000
    assert reap["precision"] in ("exact", "rcu")
    story.assert_ends()
    assert story.findings() == []


def test_thread_that_waits_for_another_thread_s_child_reaps_for_its_process(tracer):
    with Life("zombies", "other-thread") as life:
        tracer.settled(life, "child")
        story = tracer.about(life.finish())
    fork = story.line("child", "fork")
    assert fork["process"]["parent"]["pid"] == story.ledger.pid("driver")
    assert (story.line("child", "reap")["proctrace"]["reap"]["reaper"]["pid"]
            == story.ledger.pid("driver"))
    story.assert_ends()
    assert story.findings() == []


def test_namespace_that_dies_with_its_init_is_a_burst_and_no_leak(tracer):
    with Life("zombies", "burst=40") as life:
        life.until("inmates")
        life.go_on()
        story = tracer.about(life.finish())
    inmates = life.all("born", role="inmate")
    for inmate in inmates:
        (exit_line,) = tracer.of(inmate, "exit")
        assert exit_line["proctrace"]["exit"]["signal"] == "SIGKILL"
        assert len(tracer.of(inmate, "fork")) == len(tracer.of(inmate, "reap")) == 1
    assert story.line("init", "exit")["process"]["exit_code"] == 11
    assert story.findings() == []


def test_parent_that_dies_between_child_s_death_and_wait_leaves_it_to_its_reaper(tracer):
    with Life("family", "subreaper", "exit=0", "dead") as life:
        tracer.settled(life, "parent", "child")
        story = tracer.about(life.finish())
    reap = story.line("child", "reap")["proctrace"]["reap"]
    assert reap["reaper"]["pid"] == story.ledger.pid("reaper")
    assert reap["how"] == "wait"


def test_release_that_was_not_seen_but_found_out_is_inferred(trace):
    """Stopped right after the wait, before the kernel has told of the release: a last look finds
    the process gone, and says that it is that."""
    tracer = trace("--no-snapshot")
    with Child([TINY, "3"]) as child:
        child.collect()
        tracer.stop()
    found = [line for line in tracer.lines if line["event"]["action"] == "reap"
             and line["proctrace"]["reap"]["precision"] == "audit"]
    assert all(line["proctrace"].get("inferred") is True for line in found), found
    assert all(line["proctrace"].get("inferred") is not True for line in tracer.lines
               if line["event"]["action"] in ("fork", "exec", "exit"))
