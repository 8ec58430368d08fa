# SPDX-License-Identifier: GPL-2.0-only
"""A recording, replayed, tells the same story. Every stream of the suite is asked to."""

import json
import os
import subprocess

from ledger import ROOT
from stream import ALERTS

PROCTRACE = os.path.abspath(os.environ.get("PROCTRACE", ROOT / "build/proctrace"))
TOO_LONG = 8 << 20  # of a stream: it would take too much of the suite's time


def nobody():
    """A replay needs no rights: it runs as somebody who has none."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def replayed(stream, *options):
    """The lines of a replay."""
    with open(stream, "rb") as recording:
        done = subprocess.run([PROCTRACE, "replay", "--format", "json", *options, "-"],
                              stdin=recording, capture_output=True, preexec_fn=nobody, check=False)
    assert done.returncode == 0, done.stderr
    return list(map(json.loads, done.stdout.splitlines()))


def findings(lines):
    """What was found, and why: all but when it was told and what was seen in that moment."""
    found = []
    for line in lines:
        if line["event"]["action"] not in ALERTS:
            continue
        found.append(line := json.loads(json.dumps(line)))
        del line["@timestamp"], line["event"]["sequence"]
        line["proctrace"].get("zombie", {}).pop("age_ms", None)
        for momentary in ("state", "traced", "tracer"):
            line["proctrace"].pop(momentary, None)
    return sorted(map(json.dumps, found))


def others(lines):
    """All other lines, in their order."""
    return [{key: value for key, value in line.items() if key != "event"} | {
        "event": {**line["event"], "sequence": 0}}
        for line in lines if line["event"]["action"] not in ALERTS]


def assert_same(again, told):
    """The same lines; else the first that differs."""
    for new, old in zip(again, told):
        assert new == old, f"{old}\nis replayed as\n{new}"
    assert len(again) == len(told), (again + told)[min(len(again), len(told))]


def story(lines):
    """Who did what or was found what, without the words. An exec that was inferred is left out: two
    looks found that out, and one of them may stand in no line."""
    return sorted((line["process"]["entity_id"], line["event"]["action"],
                   line["proctrace"].get("inferred", False))
                  for line in lines if "process" in line
                  and not (line["event"]["action"] == "exec" and "inferred" in line["proctrace"]))


def assert_replays(stream, lossy=False):
    """A replay comes to the same findings, and tells the rest word for word. After a loss the words
    may be others: looks that no line tells of have found out names and classes."""
    if stream.stat().st_size > TOO_LONG or os.environ.get("PROCTRACE_REPLAYS") == "0":
        return
    with open(stream, "rb") as recording:
        told = list(map(json.loads, recording))
    again = replayed(stream)
    if lossy:
        assert_same(story(again), story(told))
        return
    assert_same(findings(again), findings(told))
    assert_same(others(again), others(told))
