# SPDX-License-Identifier: GPL-2.0-only
"""proctrace zombies --watch: what one look cannot tell, it has seen."""

import json
import subprocess
import sys
import time

import pytest
from jsonschema import Draft202012Validator

from ledger import ROOT, until
from tracer import PROCTRACE

SCHEMA = Draft202012Validator(json.loads((ROOT / "user/sink/stream.schema.json").read_text()))
# Every line it reads: a child that is left lying, until "all": then they are collected.
KEEPER = """
import os, sys
for line in sys.stdin:
    if line.strip() == "all":
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
    elif os.fork() == 0:
        os.execv("/bin/sleep", ["sleep", "0", line.strip()])
    print(flush=True)
"""


class Watch:
    """One that is watched, in a stream that is read as it comes."""

    def __init__(self, *words):
        self.keeper = subprocess.Popen([sys.executable, "-c", KEEPER], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.tracer = subprocess.Popen(
            [PROCTRACE, "zombies", "--watch", "--interval", "0.2", "--format", "json",
             "--pid", str(self.keeper.pid), *words], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        assert self.tracer.stderr.readline().startswith("tracing ")

    def order(self, word):
        print(word, file=self.keeper.stdin, flush=True)
        self.keeper.stdout.readline()

    def next(self):
        """The groups of the next round, and its totals."""
        groups = []
        for raw in self.tracer.stdout:
            line = json.loads(raw)
            SCHEMA.validate(line)
            if line["event"]["action"] == "zombies_total":
                return groups, line["proctrace"]["zombies_total"]
            if line["event"]["action"] == "zombies":
                groups.append(line)
        raise AssertionError("it has ended")

    def wait_for(self, count):
        """Rounds until so many lie there; the last of them."""
        found = until(lambda: (now := self.next())[1]["zombies"] == count and now,
                      f"{count} zombies", timeout=20)
        return found[0][0]["proctrace"]["zombies"] if count else None

    def end(self, expect):
        self.tracer.terminate()
        rest, errors = self.tracer.communicate(timeout=20)
        assert self.tracer.returncode == expect, errors
        return rest


def minute():
    """Of the clock that the tracer counts minutes by."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) // 60


@pytest.fixture
def watched():
    made = []

    def start(*words):
        made.append(Watch(*words))
        return made[-1]

    yield start
    for watch in made:
        for process in (watch.tracer, watch.keeper):
            process.kill()
            process.communicate()


def test_what_was_seen_is_told(watched):
    watch = watched("--fail-on", "zombie")
    assert watch.next()[1]["zombies"] == 0
    begun = minute()
    for n in range(3):
        watch.order(n)
    told = watch.wait_for(3)
    assert told["certain"] and told["cause"] == "never_waits"
    assert told["oldest_died"]
    assert told["this_minute"]["created"] == 3 or begun < minute()
    watch.order("all")
    watch.wait_for(0)
    watch.order("once more")
    told = watch.wait_for(1)
    assert told["this_minute"]["reaped"] in (0, 3)  # 0: a minute was whole in between
    watch.end(expect=3)


def later_pages(action, keeper, duration, interval):
    """What another watch, begun only now, says in its lines of that action."""
    done = subprocess.run([PROCTRACE, "zombies", "--watch", "--format", "json", "--duration",
                           str(duration), "--interval", str(interval), "--pid", str(keeper.pid)],
                          stdout=subprocess.PIPE, timeout=60, check=True)
    return [line["proctrace"][action] for line in map(json.loads, done.stdout.splitlines())
            if line["event"]["action"] == action]


def test_those_who_were_there_before_are_no_more_than_seen(watched):
    first = watched()
    first.order("early")
    assert first.wait_for(1)["oldest_died"]
    groups = later_pages("zombies", first.keeper, duration=3, interval=0.4)
    assert groups
    assert not any("oldest_died" in group or "creators" in group for group in groups)


def test_first_page_knows_those_who_were_there_before(watched):
    first = watched()
    first.order("early")
    assert first.wait_for(1)["oldest_died"]
    totals = later_pages("zombies_total", first.keeper, duration=2, interval=0.1)
    assert len(totals) > 2 and totals[0]["zombies"] == 1


def test_text_tells_arguments_and_how_it_goes_on(watched):
    with subprocess.Popen([PROCTRACE, "zombies", "--watch", "--interval", "0.3"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr.readline().startswith("tracing ")
        keeper = watched().keeper
        print("the last words", file=keeper.stdin, flush=True)
        keeper.stdout.readline()
        seen = []
        until(lambda: seen.append(tracer.stdout.readline()) or "became zombies" in seen[-1]
              or "the last words" in seen[-1], "its arguments", timeout=20)
        tracer.terminate()
        tracer.communicate(timeout=20)
        assert "\033" not in "".join(seen)


@pytest.mark.parametrize("words", [["--interval", "1"], ["--duration", "1"],
                                   ["--watch", "--interval", "0"], ["--watch", "--interval", "x"]])
def test_what_makes_no_sense_is_refused(words):
    done = subprocess.run([PROCTRACE, "zombies", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
