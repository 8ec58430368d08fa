# SPDX-License-Identifier: GPL-2.0-only
"""A parent dies before its child: who is told to be an orphan, of whom, and who adopts it."""

import signal

import pytest

from ledger import Life
from tracer import assert_who, sequence


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def family(tracer, *words):
    """The story of one family, once all of it is over."""
    with Life("family", *words) as life:
        tracer.settled(life, "parent", *(["child"] if {"subreaper", "pidns"} & {*words} else []))
        life.until("lingers")
        story = tracer.about(life.finish())
    story.assert_ends()
    return story


def assert_orphaned(story, how, kind=None):
    """One orphan and nothing else, told between its parent's end and its own, adopted as /proc
    shows."""
    orphan = story.line("child", "orphan")
    adopted = story.ledger.one("adopted")
    told = orphan["proctrace"]["orphan"]
    assert adopted["old"] == story.ledger.pid("parent")
    assert_who(told["old_parent"], adopted["old"], "family")
    assert told["old_parent"]["how"] == how
    assert_who(told["adopter"], adopted["adopter"], adopted["adopter_name"])
    assert told["evidence"] and all(isinstance(line, str) and line for line in told["evidence"])
    if kind:
        assert told["kind"] == kind, told
    assert (sequence(story.line("parent", "exit")) < sequence(orphan)
            < sequence(story.line("child", "exit")))
    assert story.line("child", "exit")["process"]["parent"]["pid"] == adopted["adopter"]
    # A family lives for milliseconds. Only where the machine was slow may its child have stood
    # long enough to count as a daemon; and the real pid 1 may leave it a zombie for a while.
    may = {"daemon"} | ({"zombie", "zombie_cleared"} if adopted["adopter"] == 1 else set())
    assert [row for row in story.findings() if row[1] not in may] == [("child", "orphan")]
    return told


def test_plain_orphan_is_adopted_as_proc_shows(tracer):
    story = family(tracer, "exit=0")
    told = assert_orphaned(story, "exited 0", "daemonizing")
    adopter = {"pid": told["adopter"]["pid"]}
    assert tracer.of(adopter)[0]["process"]["entity_id"] == told["adopter"]["entity_id"]
    assert story.life("child") == ["fork", "exit", "reap"]
    assert story.line("child", "exit")["process"]["exit_code"] == 7


def test_orphan_of_a_killed_parent_names_the_signal_and_the_killer(tracer):
    story = family(tracer, "kill=9")
    assert_orphaned(story, "killed by SIGKILL", "abandoned")
    killed_by = story.line("parent", "exit")["proctrace"]["exit"]["killed_by"]
    assert_who(killed_by, story.ledger.pid("assassin"), "assassin")


def test_orphan_of_a_terminated_parent_is_abandoned_too(tracer):
    story = family(tracer, "subreaper", f"kill={int(signal.SIGTERM)}", "exec")
    assert_orphaned(story, "killed by SIGTERM", "abandoned")


def test_orphan_of_a_crashed_parent_is_abandoned_and_the_kernel_is_the_killer(tracer):
    story = family(tracer, "subreaper", "crash")
    assert_orphaned(story, "killed by SIGSEGV", "abandoned")
    assert story.line("parent", "exit")["proctrace"]["exit"]["killed_by"] == {"name": "kernel"}


@pytest.mark.parametrize("how, said", [("exit=0", "exited 0"), ("exit=3", "exited 3"),
                                       ("kill=9", "killed by SIGKILL")])
def test_orphan_under_a_subreaper_is_adopted_by_it(tracer, how, said):
    story = family(tracer, "subreaper", how)
    told = assert_orphaned(story, said)
    assert told["adopter"]["pid"] == story.ledger.pid("reaper")
    assert told["adopter"]["entity_id"] == story.entity("reaper")


@pytest.mark.parametrize("how, said", [("exit=0", "exited 0"), ("kill=9", "killed by SIGKILL")])
def test_orphan_under_a_subreaper_in_a_pid_namespace_is_adopted_by_it(tracer, how, said):
    story = family(tracer, "subreaper", "pidns", how)
    told = assert_orphaned(story, said)
    assert told["adopter"]["pid"] == story.ledger.pid("reaper")
    assert told["adopter"]["entity_id"] == story.entity("reaper")


def test_orphan_in_a_pid_namespace_is_adopted_by_its_init(tracer):
    story = family(tracer, "pidns", "exit=0", "exec")
    told = assert_orphaned(story, "exited 0", "background")
    assert told["adopter"]["pid"] == story.ledger.pid("init")
    assert told["adopter"]["entity_id"] == story.entity("init")
    assert story.line("child", "reap")["proctrace"]["reap"]["how"] == "init"


def test_init_of_a_pid_namespace_can_be_an_orphan_and_is_adopted_outside(tracer):
    story = family(tracer, "subreaper", "outside", "exit=0")
    told = assert_orphaned(story, "exited 0")
    assert told["adopter"]["pid"] == story.ledger.pid("reaper")
    assert story.line("child", "reap")["proctrace"]["reap"]["how"] == "wait"


@pytest.mark.parametrize("code", [0, 3])
def test_program_left_by_a_parent_that_ended_by_itself_is_background(tracer, code):
    story = family(tracer, "subreaper", f"exit={code}", "exec")
    assert_orphaned(story, f"exited {code}", "background")
    assert story.life("child") == ["fork", "exec", "exit", "reap"]


def test_orphan_with_its_own_session_is_on_its_way_to_be_a_daemon(tracer):
    assert_orphaned(family(tracer, "subreaper", "exit=0", "setsid"), "exited 0", "daemonizing")


def test_orphan_that_ends_at_once_is_told_before_its_end(tracer):
    story = family(tracer, "subreaper", "exit=0", "brief")
    assert_orphaned(story, "exited 0", "daemonizing")
    assert story.findings() == [("child", "orphan")]


def test_child_killed_together_with_its_parent_is_no_orphan(tracer):
    story = family(tracer, "subreaper", "group=9")
    assert story.findings() == []
    assert story.life("child") == ["fork", "exit", "reap"]
    for role in ("parent", "child"):
        killed_by = story.line(role, "exit")["proctrace"]["exit"]["killed_by"]
        assert_who(killed_by, story.ledger.pid("assassin"), "assassin")


def test_child_that_is_dead_already_is_no_orphan(tracer):
    story = family(tracer, "subreaper", "exit=0", "dead")
    assert story.findings() == []
    assert sequence(story.line("child", "exit")) < sequence(story.line("parent", "exit"))
    # It was the parent's to collect; the adopter did.
    assert (story.line("child", "reap")["proctrace"]["reap"]["reaper"]["pid"]
            == story.ledger.pid("reaper"))


def test_sibling_by_clone_parent_is_no_orphan_and_names_its_creator(tracer):
    with Life("zombies", "clone-parent") as life:
        tracer.settled(life, "caller", "sibling")
        story = tracer.about(life.finish())
    fork = story.line("sibling", "fork")
    assert fork["process"]["parent"]["pid"] == story.ledger.pid("driver")
    assert fork["process"]["parent"]["entity_id"] == story.entity("driver")
    assert fork["proctrace"]["creator"]["pid"] == story.ledger.pid("caller")
    assert "creator" not in story.line("caller", "fork").get("proctrace", {})
    assert story.findings() == []
    story.assert_ends()


def test_child_of_a_thread_that_left_is_no_orphan(tracer):
    with Life("threads", "forker") as life:
        assert life.until("forked")["ppid"] == life.process.pid
        tracer.wait_line(life.until("born", role="child"), "fork")
        life.go_on()
        story = tracer.about(life.finish())
    assert story.line("child", "fork")["process"]["parent"]["pid"] == life.pid("driver")
    assert story.findings() == []
    story.assert_ends()
