# SPDX-License-Identifier: GPL-2.0-only
"""A process is a group of threads: its end is the last one's, not the leader's."""

import time

import pytest

from ledger import Life, lived, ps_state
from tracer import assert_ended_as, sequence


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace("--zombie-after", "300")


@pytest.fixture(scope="module")
def thread_tracer(module_trace):
    return module_trace("--threads", "--no-snapshot")


@pytest.mark.parametrize("how", ["leader-first", "leader-first-quiet"])
def test_leader_that_leaves_before_its_threads_is_no_zombie_and_no_exit(tracer, how):
    with Life("threads", how) as life:
        left = life.until("leader-left")
        who = life.who("process")
        assert ps_state(left["pid"]) == "Z"  # so it looks, and so it stays for a while
        time.sleep(1)  # three thresholds: nothing can be waited for where nothing is to come
        tracer.sync()
        assert tracer.of(who, "exit", "reap", "zombie") == []
        life.go_on()
        story = tracer.about(life.finish())
    assert story.life("process") == ["fork", "exit", "reap"]
    assert story.findings() == []
    story.assert_ends()


def test_group_whose_leader_is_traced_is_waited_for_though_sigchld_is_ignored(tracer):
    """do_notify_parent(), kernel/signal.c: it is the leader that has or has not a tracer."""
    with Life("threads", "leader-first-traced") as life:
        life.until("leader-left")
        life.go_on()
        story = tracer.about(life.finish())
    assert story.life("process") == ["fork", "exit", "reap"]
    assert story.line("process", "reap")["proctrace"]["reap"]["how"] == "wait"
    story.assert_ends()


def test_process_killed_with_all_its_threads_ends_once(tracer):
    story = tracer.story_of("threads", "killed")
    assert story.life("process") == ["fork", "exit", "reap"]
    killed_by = story.line("process", "exit")["proctrace"]["exit"]["killed_by"]
    assert killed_by["pid"] == story.ledger.pid("driver")
    story.assert_ends()
    assert story.findings() == []


def test_last_of_two_threads_in_a_race_decides_the_status(tracer):
    story = tracer.story_of("threads", "race=300")
    life = story.ledger
    for row in life.all("waited"):
        exit_line = tracer.of({"pid": row["pid"]}, "exit")[-1]  # pids may have wrapped
        assert_ended_as(exit_line, row["status"])
    assert {row["status"] >> 8 for row in life.all("waited")} <= {0, 3, 5}
    assert story.findings() == []


def test_child_of_a_thread_that_leaves_with_the_group_is_an_orphan(tracer):
    """The thread that leaves first gives its children to the adopter if the other is leaving too:
    that one has none then."""
    rows = lived("threads", "bereaved=200").all("adopted")
    assert len(rows) == 200
    for row in rows:
        tracer.wait_line({"pid": row["pid"]}, "reap", timeout=30)
        told = [line["proctrace"]["orphan"] for line in tracer.of({"pid": row["pid"]}, "orphan")]
        assert [orphan["old_parent"]["pid"] for orphan in told] == [row["old"]]
        assert told[0]["adopter"]["pid"] == row["adopter"]


def test_threads_send_nothing_unless_asked(tracer):
    before = len(tracer.read().lines)
    life = tracer.story_of("threads", "herd=5").ledger
    tids = {row["tid"] for row in life.all("thread")}
    assert len(tids) == 5
    assert not tids & {line["process"]["pid"] for line in tracer.lines[before:]
                       if "process" in line}
    assert not any(line["event"]["action"].startswith("thread_") for line in tracer.lines)


def test_each_thread_starts_and_ends_when_asked(thread_tracer):
    story = thread_tracer.story_of("threads", "herd=5")
    tids = [row["tid"] for row in story.ledger.all("thread")]
    for action in ("thread_start", "thread_exit"):
        lines = story.lines("process", action)
        assert [line["process"]["thread"]["id"] for line in lines] == tids
    assert story.life("process") == ["fork", "exit", "reap"]
    story.entity("process")


def test_leader_s_departure_is_at_most_a_thread_s_when_asked(thread_tracer):
    with Life("threads", "leader-first") as life:
        life.until("leader-left")
        who = life.who("process")
        thread_tracer.sync()
        assert thread_tracer.of(who, "exit") == []
        life.go_on()
        story = thread_tracer.about(life.finish())
    assert story.life("process") == ["fork", "exit", "reap"]
    # The thread that stayed is told to end, before its process does.
    (start,) = story.lines("process", "thread_start")
    ends = [line for line in story.lines("process", "thread_exit")
            if line["process"]["thread"] == start["process"]["thread"]]
    assert len(ends) == 1 and sequence(ends[0]) < sequence(story.line("process", "exit"))


def test_thread_count_of_a_process_with_one_is_one(tracer):
    story = tracer.story_of("zombies", "ignored")
    assert story.line("child", "exit")["proctrace"]["exit"]["threads"] == 1


def test_thread_count_is_known_with_threads(thread_tracer):
    story = thread_tracer.story_of("threads", "killed")
    assert story.line("process", "exit")["proctrace"]["exit"]["threads"] == 8
