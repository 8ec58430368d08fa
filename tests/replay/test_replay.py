# SPDX-License-Identifier: GPL-2.0-only
"""Golden replays: what recorded streams come to, as text and as JSON. No root, no kernel.

    /usr/bin/python3 -m pytest tests/replay

    PROCTRACE   the program to test (build/proctrace)

NAME.jsonl is a recording, NAME.txt what its replay must say. `leak` is a parent that never waits
in a control group with pids.max 100; `leaks` are three such parents, found out in one moment; `lives` has a late waiter, an orphan of a
killed parent, daemons, a subreaper that does not reap, and odd bytes; in `losses` the ring was four KiB
and the tracer stood still for a while; in `stopped` too, from two orphans' births on until one of them
was long gone.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROCTRACE = os.path.abspath(os.environ.get("PROCTRACE", HERE.parents[1] / "build/proctrace"))
RECORDINGS = sorted(HERE.glob("*.jsonl"))
FINDINGS = {"orphan", "zombie", "zombie_leak", "daemon"}


def replay(*words, stdin=b"", status=0):
    """Its stdout and its stderr."""
    done = subprocess.run([PROCTRACE, "replay", *map(str, words)], input=stdin, capture_output=True,
                          env={**os.environ, "TZ": "UTC"}, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr.decode()


def lines_of(stream):
    return list(map(json.loads, stream.splitlines()))


def found(lines):
    """Who was found what, and why."""
    return sorted((line["process"]["entity_id"], action, json.dumps(line["proctrace"][action].get(key)))
                  for line in lines if (action := line["event"]["action"]) in FINDINGS
                  for key in ("kind", "cause", "evidence", "adopter", "since", "responsible", "count", "growth", "programs", "forecast"))


def test_there_are_recordings():
    assert [path.stem for path in RECORDINGS] == ["leak", "leaks", "lives", "losses", "stopped"]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_text_is_the_golden_one(path):
    text, _ = replay(path)
    assert text.decode() == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_findings_are_those_of_the_live_run(path):
    recorded = lines_of(path.read_bytes())
    again, _ = replay("--format", "json", path)
    assert found(recorded) and found(lines_of(again)) == found(recorded)
    rest = [[line | {"event": 0} for line in lines if line["event"]["action"] not in FINDINGS]
            for lines in (recorded, lines_of(again))]
    assert rest[0] == rest[1]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_findings_do_not_come_from_the_recorded_findings(path):
    """Without a finding's own line it is found all the same; zombies alone were confirmed by a look."""
    recorded = path.read_bytes().splitlines(keepends=True)
    kept = [raw for raw in recorded if json.loads(raw)["event"]["action"] not in ("orphan", "daemon")
            or json.loads(raw)["proctrace"].get("inferred")]
    assert len(kept) < len(recorded) or path.stem in ("leak", "leaks")  # orphans are in others
    again, _ = replay("--format", "json", "-", stdin=b"".join(kept))
    assert found(lines_of(again)) == found(lines_of(b"".join(recorded)))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_replay_of_a_replay_is_the_same(path):
    once, _ = replay("--format", "json", path)
    twice, _ = replay("--format", "json", "-", stdin=once)
    assert once == twice


def test_options_of_output_work_as_in_a_trace(tmp_path):
    path = HERE / "lives.jsonl"
    out, _ = replay("--format", "json", "--events", "zombie", path, "--fail-on", "zombie", status=3)
    assert {line["event"]["action"] for line in lines_of(out)} == {"start", "stop", "zombie"}
    replay("--fail-on", "zombie_leak", path)
    replay("--fail-on", "zombie_leak", HERE / "leak.jsonl", status=3)
    out, _ = replay(path, "-o", tmp_path / "text")
    assert out == b""
    assert (tmp_path / "text").read_text() == path.with_suffix(".txt").read_text()
    out, _ = replay("--format", "json", "--comm", "false", path)
    assert {line["process"]["name"] for line in lines_of(out) if "process" in line} == {"false"}
    pid = next(line["process"]["pid"] for line in lines_of(path.read_bytes())
               if line["event"]["action"] == "daemon")
    out, _ = replay("--format", "json", "--pid", pid, path)
    assert {line["process"]["pid"] for line in lines_of(out) if "process" in line} == {pid}
    assert replay("--color", "always", path)[0].count(b"\x1b[1;31m") >= 1


def test_what_was_lost_fails_a_run_that_asks_for_it():
    replay("--fail-on", "lost", HERE / "losses.jsonl", status=3)
    replay("--fail-on", "lost", HERE / "lives.jsonl")


def test_a_part_of_a_stream_begins_with_what_its_first_lines_tell():
    recorded = (HERE / "lives.jsonl").read_bytes().splitlines(keepends=True)
    part = recorded[8:]
    again, stderr = replay("--format", "json", "-", stdin=b"".join(part))
    told = [line for line in lines_of(again) if line["event"]["action"] in ("exit", "exec")]
    want = [line for line in lines_of(b"".join(part)) if line["event"]["action"] in ("exit", "exec")]
    assert [(line["@timestamp"], line["process"]["entity_id"]) for line in told] == [
        (line["@timestamp"], line["process"]["entity_id"]) for line in want]
    assert lines_of(again)[-1]["event"]["action"] == "stop"
    assert "end is missing" not in stderr


def test_a_stream_that_was_cut_off_is_replayed_up_to_there():
    recorded = (HERE / "lives.jsonl").read_bytes()
    cut = recorded[:recorded.rindex(b"\n", 0, -1) - 40]
    again, stderr = replay("--format", "json", "-", stdin=cut, status=1)
    assert len(lines_of(again)) == recorded.count(b"\n") - 1
    assert lines_of(again)[-1]["proctrace"]["reason"] == "recording ended"
    assert f"stdin:{cut.count(10) + 1}: left out:" in stderr
    assert "its end is missing" in stderr


def test_several_streams_in_one_file_are_several():
    recorded = (HERE / "lives.jsonl").read_bytes()
    once, _ = replay("--format", "json", "-", stdin=recorded)
    twice, _ = replay("--format", "json", "-", stdin=recorded + recorded)
    assert found(lines_of(twice)) == sorted(found(lines_of(once)) * 2)


@pytest.mark.parametrize("bad", [b"nonsense\n", b"{}\n", b"[1]\n", b"\xff\xfe\n", b"\0\n", b'{"a":"\\u0000"}\n',
                                 b'{"@timestamp":"2026-01-01T00:00:00.000000000Z","event":{"action":"fork"}}\n'])
def test_a_line_that_cannot_be_read_is_named_and_left_out(bad):
    recorded = (HERE / "lives.jsonl").read_bytes().splitlines(keepends=True)
    again, stderr = replay("--format", "json", "-", stdin=b"".join([*recorded[:5], bad, *recorded[5:]]), status=1)
    assert again == replay("--format", "json", HERE / "lives.jsonl")[0]
    assert stderr.count("stdin:6: left out: ") == 1
    assert "1 line could not be read and was left out" in stderr
    assert all(0x20 <= byte < 0x7f or byte == 10 for byte in stderr.encode())


def test_many_bad_lines_are_counted_not_all_named():
    _, stderr = replay("-", stdin=b"x\n" * 1000, status=1)
    assert stderr.count("left out: ") <= 6 and "1000 lines could not be read" in stderr


def test_another_version_is_refused_by_name():
    recorded = (HERE / "lives.jsonl").read_bytes().replace(b'"schema_version":"1.', b'"schema_version":"2.')
    _, stderr = replay("-", stdin=recorded, status=1)
    assert "stdin:1: left out: its stream is of another version than 1" in stderr


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path):
    _, stderr = replay(tmp_path / "none", status=1)
    assert stderr == f"proctrace: {tmp_path}/none: cannot be read: No such file or directory\n"
    _, stderr = replay(tmp_path, status=1)
    assert f"{tmp_path}: Is a directory" in stderr


def test_the_clock_that_was_set_meanwhile_is_followed():
    """From a clock line on, lines have another time; the lives have not."""
    recorded = lines_of((HERE / "lives.jsonl").read_bytes())
    whole, _ = replay("--format", "json", HERE / "lives.jsonl")
    middle = len(recorded) // 2
    hour = 3600
    offset = stamp(recorded[0]) - recorded[0]["proctrace"]["boot_ns"]
    clock = {"@timestamp": later(recorded[middle - 1], hour), "event": {"action": "clock"},
             "proctrace": {"clock": {"boot_ns": stamp(recorded[middle - 1]) - offset, "step_ns": hour * 10**9}}}
    shifted = [line | {"@timestamp": later(line, hour)} for line in recorded[middle:]]
    stream = "\n".join(map(json.dumps, [*recorded[:middle], clock, *shifted])) + "\n"
    again, _ = replay("--format", "json", "-", stdin=stream.encode())
    assert found(lines_of(again)) == found(lines_of(whole))
    told = [line for line in lines_of(again) if line["event"]["action"] == "clock"]
    assert [line["proctrace"] for line in told] == [clock["proctrace"]]
    ages = [[line["proctrace"]["zombie"]["age_ms"] for line in lines if line["event"]["action"] == "zombie"]
            for lines in (lines_of(again), lines_of(whole))]
    assert ages[0] == ages[1]


def stamp(line):
    """Its time, in ns."""
    whole, rest = line["@timestamp"].rstrip("Z").split(".")
    return int(subprocess.check_output(["date", "-u", "-d", whole + "Z", "+%s"])) * 10**9 + int(rest)


def later(line, seconds):
    at = stamp(line) + seconds * 10**9
    whole = subprocess.check_output(["date", "-u", "-d", f"@{at // 10**9}", "+%Y-%m-%dT%H:%M:%S"], text=True).strip()
    return f"{whole}.{at % 10**9:09}Z"
