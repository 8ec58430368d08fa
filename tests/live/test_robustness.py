# SPDX-License-Identifier: GPL-2.0-only
"""A run that is stopped, joined by others, begun in a storm and ended in one: what it tells is true
and whole, or says that it is not."""

import os
import random
import signal
import time

import pytest

from ledger import TINY, Child, Life, crowd, lived, until
from stream import ALERTS
from test_exit_statuses import assert_fate
from test_stopping import bpf_ids, bpf_ids_of

FULL = os.environ.get("PROCTRACE_FULL") == "1"
CODES = 251  # the nth child of a storm ends with n % 251


@pytest.fixture
def dice():
    seed = int(os.environ.get("PROCTRACE_SEED", time.time_ns() % 1000000))
    print(f"\nPROCTRACE_SEED={seed}")
    return random.Random(seed)


class Held:
    """A tracer that does not run, as one that is stopped by ^Z or by a debugger."""

    def __init__(self, tracer):
        self.pid = tracer.process.pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)

    def __exit__(self, *exc):
        os.kill(self.pid, signal.SIGCONT)


def findings(tracer, parent):
    return [line for line in tracer.lines if line["event"]["action"] in ALERTS
            and line["process"].get("parent", {}).get("pid") == parent]


def test_stopped_tracer_tells_it_all_afterwards_and_finds_nothing_that_is_not(trace):
    """Lives of all kinds end while it is stopped, and a child stands dead for much longer than the
    threshold, but is collected: when the tracer looks, there is no zombie."""
    tracer = trace("--zombie-after", "200", "--no-snapshot")
    with Life("fates", crowd(700)) as fates, Life("zombies", "late") as late:
        with Held(tracer):
            fates.until("lingers")
            late.until("dead")
            time.sleep(0.5)  # for longer than --zombie-after: that is the point
            late.go_on()
            late.until("waited")
        for row in fates.all("fate"):
            tracer.wait_line(row, "reap")
            assert_fate(tracer, row, fates.pid("driver"))
        tracer.settled(late, "child")
        story = tracer.about(late.finish())
        assert story.life("child") == ["fork", "exit", "reap"]
        assert story.line("child", "reap")["proctrace"]["reap"]["zombie_ms"] > 500
        assert story.findings() == []
        assert findings(tracer, fates.pid("driver")) == []
        fates.finish()


def test_stopped_tracer_whose_ring_is_too_small_says_how_much_it_missed(trace):
    count = 1400
    tracer = trace("--zombie-after", "200", "--no-snapshot", "--ring-size", "64", "--tree",
                   os.getpid(), may_lose=True)
    with Life("fates", count) as fates:
        with Held(tracer):
            fates.until("lingers")
        with Child([TINY]) as after:
            after.collect()
        tracer.wait_for(lambda: any(line["event"]["action"] == "resync" for line in tracer.lines),
                        "what was lost is looked for", 20)
        time.sleep(0.3)  # what was lost must not turn into zombies
        driver = fates.pid("driver")
        fates.finish()
    tracer.stop()
    lost = {}
    for line in tracer.lines:
        if line["event"]["action"] == "lost":
            told = line["proctrace"]["lost"]
            lost[told["kind"]] = lost.get(told["kind"], 0) + told["count"]
    for action in ("fork", "exit"):
        heard = sum(any(not line["proctrace"].get("inferred") for line in tracer.of(row, action))
                    for row in fates.all("fate"))
        assert 0 < count - heard <= lost[action], f"{count - heard} {action} missing of {count}"
    assert findings(tracer, driver) == []
    for life in filter(None, map(tracer.of, fates.all("fate"))):  # who has begun has also ended
        assert [line["event"]["action"] for line in life
                if line["event"]["action"] != "exec"] == ["fork", "exit", "reap"], life


def told(tracer, ledger):
    """What every tracer must tell alike: all but times, which each reads for itself."""
    story = []
    for row in ledger.all("born") + ledger.all("fate"):
        for line in tracer.of(row):
            facts = line["proctrace"]
            process = {name: value for name, value in line["process"].items() if name != "start"}
            reap = facts.get("reap", {})
            story.append((row["pid"], line["event"]["action"], process,
                          {name: facts.get("exit", {}).get(name)
                           for name in ("signal", "killed_by", "core_dumped", "threads")},
                          reap.get("reaper"), reap.get("how"),
                          {name: facts.get("orphan", {}).get(name)
                           for name in ("kind", "old_parent", "adopter")}))
    return story


def some_lives(tracers):
    """Some of every kind, while these tracers look on; returns their ledgers."""
    with Life("fates", 70) as fates:
        fates.until("lingers")
        for tracer in tracers:
            for row in fates.all("fate"):
                tracer.wait_line(row, "reap")
        fates.finish()
    family = lived("family", "subreaper", "kill=9")
    for tracer in tracers:
        for row in family.all("born"):
            tracer.wait_line(row, "reap")
    return fates, family


def test_three_tracers_tell_the_same_and_go_on_when_one_is_killed(trace):
    before = bpf_ids()
    tracers = [trace("--no-snapshot") for _ in range(3)]
    held = [bpf_ids_of(tracer.process.pid) for tracer in tracers]
    assert not held[0] & held[1] and not held[1] & held[2] and not held[0] & held[2]
    assert not before & set.union(*held)
    for ledger in some_lives(tracers):
        one, *others = [told(tracer, ledger) for tracer in tracers]
        assert len(one) > 3 and others == [one, one]
    killed, *left = tracers
    with Life("storm", "fork", 1000000):
        for tracer in tracers:  # by size: to read three streams takes longer than to write them
            begin = tracer.output.stat().st_size
            until(lambda tracer=tracer, begin=begin:
                  tracer.output.stat().st_size > begin + (1 << 18), "it tells the storm", 10)
        killed.kill()
    until(lambda: not bpf_ids() & held[0], "what the killed one had is gone", 10)
    for ledger in some_lives(left):
        assert told(left[0], ledger) == told(left[1], ledger) != []
    for tracer, ids in zip(left, held[1:]):
        assert bpf_ids() & ids
        tracer.stop()
        until(lambda ids=ids: not bpf_ids() & ids, "nothing is left behind", 10)


def test_begun_and_ended_in_a_storm_again_and_again(trace, dice):
    """The storm's children come one after the other and end with 0, 1, 2 and so on: whoever is
    missing in between was lost in silence. (That no life contradicts itself is in stream.py.)"""
    stopped, lives = [], []
    with Life("storm", "fork", 100000000) as storm:
        for _ in range(60 if FULL else 20):
            tracer = trace(dice.choice(["--no-snapshot", "--threads"]))
            time.sleep(dice.uniform(0, 0.1))
            tracer.stop(dice.choice([signal.SIGINT, signal.SIGTERM]))
            stopped.append(tracer.stopped_in)
            lives.append(unbroken(tracer, storm.until("born")["pid"]))
            assert storm.process.poll() is None
    print(f"stopped in {min(stopped) * 1000:.0f} to {max(stopped) * 1000:.0f} ms; lives: {lives}")
    assert sum(count > 10 for count in lives) > len(lives) / 2, lives


def unbroken(tracer, parent):
    """How many lives it told in a row."""
    lives = {}
    for line in tracer.lines:
        if line.get("process", {}).get("parent", {}).get("pid") == parent:
            lives.setdefault(line["process"]["entity_id"], {})[line["event"]["action"]] = line
    lives = sorted(lives.values(), key=lambda life: next(iter(life.values()))["process"]["start"])
    # The first ones may have begun before all hooks were there, the last may still live.
    first = next((at for at, life in enumerate(lives) if {"fork", "exit"} <= life.keys()
                  and not life["exit"]["proctrace"].get("inferred")), len(lives))
    then = 0
    for number, life in enumerate(lives[first:-1]):
        # Who was in the first picture is told there, without its fork, and only if that is wanted.
        assert not life["exit"]["proctrace"].get("inferred"), life
        assert life["exit"]["process"]["exit_code"] \
            == (lives[first]["exit"]["process"]["exit_code"] + number) % CODES, life
        for action in ("fork", "exit") if "fork" in life else ("exit",):
            assert then < life[action]["event"]["sequence"], "it began before the one before ended"
            then = life[action]["event"]["sequence"]
    assert sum("fork" not in life for life in lives[first:-1]) < 2, "more than one in the picture"
    return len(lives[first:-1])
