# SPDX-License-Identifier: GPL-2.0-only
"""What must be true of every stream, whatever it is about. The one place where that stands."""

import calendar
import json
import os
import re
import time

TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z")
KINDS = {"event", "alert", "state", "metric"}
ALERTS = {"orphan", "zombie", "zombie_leak", "daemon"}
ACTIONS = ALERTS | {
    "start", "stop", "snapshot", "fork", "exec", "session", "exit", "reap", "zombie_cleared",
    "lost", "resync", "clock", "thread_start", "thread_exit",
}
# Where an action stands in a life; those that may stand anywhere have no place here.
PLACE = {"snapshot": 0, "fork": 0, "exec": 1, "exit": 2, "zombie": 3, "reap": 4}
# Where the kernel preempts programs: a file for what it left out meanwhile, which is no test's fault.
PREEMPTED = os.environ.get("PROCTRACE_PREEMPTED")
ONCE = {"snapshot", "fork", "exit", "zombie", "reap", "daemon"}

def seconds(timestamp):
    """An RFC 3339 timestamp as seconds since the epoch."""
    whole, fraction = TIMESTAMP.fullmatch(timestamp).groups()
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + int(fraction) / 1e9


def started_at(line):
    """When its process started, in seconds since boot (as field 22 of /proc/PID/stat counts). What
    the stream makes of it by the wall clock may be set at any time."""
    return int(line["process"]["entity_id"].rsplit("-", 1)[1], 16) / 1e9


def was_preempted(line):
    """Left out by a kernel that may preempt a program; it is written down, for the table."""
    lost = line["proctrace"]["lost"]
    if not PREEMPTED or lost["cause"] != "recursion":
        return False
    with open(PREEMPTED, "a") as file:
        file.write(f"{lost['kind']}\n" * lost["count"])
    return True


class Checker:
    """Takes every line of one stream, in its order, and keeps a list of what is wrong with it.

    The whole machine is in a stream: what is wrong may be about a stranger, so it is told when the
    stream ends, once, and not by whichever test happens to read on."""

    def __init__(self, may_lose=False, framed=True):
        self.may_lose, self.framed = may_lose, framed
        self.steady = True  # nobody sets the clock
        self.ours = self.booted = None
        self.problems = []
        self.sequence = 0
        self.first = self.last = None
        self.lives = {}  # entity_id: [place, time of the last placed line, actions seen once]

    def feed(self, raw):
        """The line as an object; None where it isn't even one."""
        line = None
        self.sequence += 1
        try:
            line = json.loads(raw.decode("utf-8"))
            self._check(line)
        except (AssertionError, KeyError, TypeError, ValueError) as problem:
            self.problems.append(f"{type(problem).__name__}: {problem} in the line\n"
                                 f"{raw[:2000].decode(errors='replace')}")
        return line

    def _check(self, line):
        event = line["event"]
        action = event["action"]
        assert event["sequence"] == self.sequence, "a gap in the sequence"
        assert TIMESTAMP.fullmatch(line["@timestamp"]), "the timestamp"
        assert isinstance(line["ecs"]["version"], str), "the ECS version"
        assert event["kind"] in KINDS, "the kind"
        assert (event["kind"] == "alert") == (action in ALERTS), "alerts are the findings"
        assert isinstance(event["category"], list) and isinstance(event["type"], list), "ECS lists"
        assert action in ACTIONS, "the action"
        assert action != "lost" or self.may_lose or was_preempted(line), "records were lost"
        assert self.last != "stop", "a line after the end"
        self.first, self.last = self.first or action, action
        if "process" in line:
            self._check_process(line, action)

    def _check_process(self, line, action):
        process = line["process"]
        pid, entity = process["pid"], process["entity_id"]
        assert isinstance(pid, int) and isinstance(entity, str) and entity, "identity"
        assert isinstance(process["name"], str), "the name"
        assert TIMESTAMP.fullmatch(process["start"]), "the start time"
        booted = seconds(process["start"]) - started_at(line)
        self.booted = self.booted or booted
        assert abs(booted - self.booted) < 0.001 or not self.steady, "the start time is not its own"
        if pid not in (1, 2) and not self.may_lose:
            # The first two alone have none; and where records are lost, parents may be.
            parent = process["parent"]
            assert isinstance(parent["pid"], int), "the parent"
            assert parent["pid"] == 0 or parent["entity_id"], "the parent's identity"
        self._check_place(entity, action, line["@timestamp"])

    def _check_place(self, entity, action, timestamp):
        place, then, seen = self.lives.get(entity, (0, "", frozenset()))
        if action in ONCE:
            assert action not in seen, f"a second {action} of one process"
            seen = seen | {action}
            assert not {"snapshot", "fork"} <= seen, "told twice: snapshot and fork"
        if action in PLACE:
            assert PLACE[action] >= place, f"{action} comes too late in its life"
            if action not in ("zombie", "snapshot"):
                assert timestamp >= then or not self.steady, f"{action} has a time before what came before it"
                then = timestamp
            place = PLACE[action]
        elif action in ("orphan", "daemon"):
            assert place < PLACE["exit"], f"{action} after its exit"
        self.lives[entity] = (place, then, seen)

    def spare_strangers(self, pids):
        """From here on only lines about these, and those about nobody, are judged."""
        self.ours = set(pids)

    def _concerns_us(self, problem):
        about = re.search(r'"process":\{"pid":(\d+)', problem)
        return self.ours is None or not about or int(about[1]) in self.ours

    def finish(self):
        """Fails for all that was wrong, and for what can be said only of a whole stream."""
        problems = list(filter(self._concerns_us, self.problems))
        assert not problems, f"{len(problems)} lines are wrong, first {problems[0]}"
        if self.framed:
            assert self.first == "start", f"the stream begins with {self.first}"
            assert self.last == "stop", f"the stream ends with {self.last}"
