# SPDX-License-Identifier: GPL-2.0-only
"""A child dies before its parent: when it is a zombie, whose, and when it is none."""

import signal

import pytest

from ledger import PATIENCE, TINY, Child, Life
from stream import seconds
from tracer import sequence

THRESHOLD = 300


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace("--zombie-after", THRESHOLD)


def assert_zombie(line, responsible, threshold=THRESHOLD):
    """A finding with all that belongs to it."""
    told = line["proctrace"]["zombie"]
    assert told["age_ms"] >= threshold, told
    assert told["age_ms"] < threshold + 1000 * PATIENCE, "announced too late"
    assert told["responsible"]["pid"] == responsible["pid"], told
    assert told["responsible"]["name"] and told["responsible"]["entity_id"], told
    assert told["evidence"] and all(isinstance(text, str) and text for text in told["evidence"])
    assert not told.get("pre_existing", False)
    assert line["proctrace"]["state"] == "Z"
    return told


def test_child_that_is_never_waited_for_is_a_zombie_until_its_parent_ends(tracer):
    with Life("zombies", "never") as life:
        life.until("dead")
        child, driver = life.who("child"), life.who("driver")
        told = assert_zombie(tracer.wait_line(child, "zombie"), driver)
        assert told["responsible"]["name"] == "zombies"
        assert tracer.of(child, "reap", "zombie_cleared") == []
        life.go_on()
        tracer.settled(life, "child", "driver")
        story = tracer.about(life.finish())
    assert told["responsible"]["entity_id"] == story.entity("driver")
    assert story.findings() == [("child", "zombie"), ("child", "zombie_cleared")]
    assert story.life("child") == ["fork", "exit", "reap"]
    # Its parent never did: the parent's own reaper collected both.
    reap = story.line("child", "reap")["proctrace"]["reap"]
    assert reap["reaper"]["pid"] == life.pid("reaper")
    assert reap["zombie_ms"] >= told["age_ms"]
    story.assert_ends()


def test_wait_that_comes_late_clears_the_zombie(tracer):
    with Life("zombies", "late") as life:
        dead = life.until("dead")
        assert_zombie(tracer.wait_line(life.who("child"), "zombie"), life.who("driver"))
        life.go_on()
        tracer.settled(life, "child")
        story = tracer.about(life.finish())
    assert story.findings() == [("child", "zombie"), ("child", "zombie_cleared")]
    story.assert_ends()
    reap = story.line("child", "reap")["proctrace"]["reap"]
    stood = (life.one("waiting")["time"] - dead["time"]) * 1000
    assert stood - 10 < reap["zombie_ms"] < stood + 1000 * PATIENCE
    assert reap["precision"] in ("exact", "rcu")


def test_wait_within_the_threshold_makes_no_finding(tracer):
    with Life("zombies", "late") as life:
        life.until("dead")
        life.go_on()
        tracer.settled(life, "child")
        story = tracer.about(life.finish())
    tracer.sync()
    assert story.findings() == []
    assert story.life("child") == ["fork", "exit", "reap"]
    assert story.line("child", "reap")["proctrace"]["reap"]["zombie_ms"] < THRESHOLD * PATIENCE
    story.assert_ends()


def test_threshold_is_a_second_unless_told_otherwise(trace):
    tracer = trace("--no-snapshot")
    with Life("zombies", "late") as life:
        dead = life.until("dead")
        line = tracer.wait_line(life.who("child"), "zombie")
        assert_zombie(line, life.who("driver"), threshold=1000)
        assert seconds(line["@timestamp"]) >= dead["time"] + 0.99
        life.go_on()
        life.finish()
    tracer.stop()


def test_zombie_is_told_with_the_arguments_that_it_had(tracer):
    with Child([TINY, "5", "once had", "arguments"]) as child:
        line = tracer.wait_line(child.ledger.who("child"), "zombie")
        assert line["process"]["args"] == [TINY, "5", "once had", "arguments"]
        assert line["process"]["name"] == "tiny"
        story = tracer.about(child.collect())
    assert story.findings() == [("child", "zombie"), ("child", "zombie_cleared")]
    story.assert_ends()


@pytest.mark.parametrize("how", ["ignored", "nocldwait"])
def test_child_of_a_parent_that_ignores_sigchld_is_reaped_by_the_kernel(tracer, how):
    story = tracer.story_of("zombies", how)
    assert story.ledger.one("echild")  # the parent itself had nobody to wait for
    assert story.life("child") == ["fork", "exit", "reap"]
    assert story.line("child", "exit")["process"]["exit_code"] == 9
    assert story.line("child", "reap")["proctrace"]["reap"]["how"] == "auto"
    assert story.findings() == []
    story.assert_ends()


def test_ignoring_sigchld_after_the_death_does_not_help(tracer):
    with Life("zombies", "ignored-after") as life:
        life.until("dead")
        assert_zombie(tracer.wait_line(life.who("child"), "zombie"), life.who("driver"))
        life.go_on()
        tracer.settled(life, "child")
        story = tracer.about(life.finish())
    assert story.line("child", "reap")["proctrace"]["reap"]["how"] == "wait"
    story.assert_ends()


def test_double_fork_is_a_way_out_of_zombies(tracer):
    with Life("zombies", "escape") as life:
        tracer.settled(life, "middle", "grandchild")
        life.go_on()
        story = tracer.about(life.finish())
    assert story.findings() == [("grandchild", "orphan")]
    told = story.line("grandchild", "orphan")["proctrace"]["orphan"]
    assert told["adopter"]["pid"] == life.one("adopted")["adopter"] == life.pid("reaper")
    assert told["old_parent"]["how"] == "exited 0"
    story.assert_ends()


@pytest.mark.parametrize("sig", [0, signal.SIGUSR1])
def test_clone_child_that_a_plain_wait_does_not_see_is_a_zombie(tracer, sig):
    with Life("zombies", f"clone={int(sig)}") as life:
        life.until("plain-wait")
        assert_zombie(tracer.wait_line(life.who("child"), "zombie"), life.who("driver"))
        life.go_on()
        tracer.settled(life, "child")
        story = tracer.about(life.finish())
    assert story.findings() == [("child", "zombie"), ("child", "zombie_cleared")]
    story.assert_ends()


def test_zombie_under_a_subreaper_is_the_adopter_s_and_names_its_creator(tracer):
    with Life("zombies", "lazy-subreaper") as life:
        life.until("adopted")
        told = assert_zombie(tracer.wait_line(life.who("grandchild"), "zombie"),
                             life.who("driver"))
        assert told["creator"]["pid"] == life.pid("middle")
        life.go_on()
        tracer.settled(life, "grandchild")
        story = tracer.about(life.finish())
    assert story.findings() == [("grandchild", "orphan"), ("grandchild", "zombie"),
                                ("grandchild", "zombie_cleared")]
    assert story.line("grandchild", "reap")["proctrace"]["reap"]["how"] == "wait"


def test_zombie_under_an_init_that_is_no_init_is_that_init_s(tracer):
    with Life("zombies", "lazy-init") as life:
        life.until("adopted")
        assert_zombie(tracer.wait_line(life.who("grandchild"), "zombie"), life.who("init"))
        life.go_on()
        reap = tracer.wait_line(life.who("grandchild"), "reap")["proctrace"]["reap"]
        assert reap["how"] == "init" and reap["reaper"]["pid"] == life.pid("init")
        story = tracer.about(life.finish())
    assert ("grandchild", "zombie_cleared") in story.findings()


def test_dead_process_held_by_its_ptrace_tracer_is_told_apart(tracer):
    with Life("zombies", "traced") as life:
        life.until("dead")
        # It may be a finding, but never one that calls the waiting parent the culprit.
        line = tracer.wait_line(life.who("child"), "zombie")
        assert "trac" in " ".join(line["proctrace"]["zombie"]["evidence"])
        life.go_on()
        tracer.settled(life, "child", "tracer")
        story = tracer.about(life.finish())
    assert story.findings() == [("child", "zombie"), ("child", "zombie_cleared")]
    assert story.life("child") == ["fork", "exit", "reap"]
    story.assert_ends()


def test_each_of_many_zombies_is_found_and_cleared(tracer):
    with Life("zombies", "many=100") as life:
        children = [row for row in life.until("dead", status=99 << 8) and life.all("born")
                    if row["role"] == "child"]
        assert len(children) == 100
        for child in children:
            assert_zombie(tracer.wait_line(child, "zombie"), life.who("driver"))
        life.go_on()
        for child in children:
            tracer.wait_line(child, "zombie_cleared")
            reap = tracer.wait_line(child, "reap")["proctrace"]["reap"]
            assert reap["reaper"]["pid"] == life.pid("driver") and reap["how"] == "wait"
        life.finish()


def test_zombie_line_stands_between_exit_and_reap(tracer):
    with Life("zombies", "late") as life:
        line = tracer.wait_line(life.until("born", role="child"), "zombie")
        life.go_on()
        story = tracer.about(life.finish())
    assert (sequence(story.line("child", "exit")) < sequence(line)
            < sequence(story.line("child", "zombie_cleared")))
    assert sequence(line) < sequence(story.line("child", "reap"))
