# SPDX-License-Identifier: GPL-2.0-only
"""The schema held against real streams, and against lines that were spoiled."""

import copy
import json
import re

import pytest
from jsonschema import Draft202012Validator

from documents import ACTIONS, PRESENT, SCHEMA, WHOLE, complaints, manual_section


def schema_is_strict(node, path="$defs"):
    """Every object that lists its members lists them all."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            assert node.get("additionalProperties") is False, path
        for key, value in node.items():
            schema_is_strict(value, f"{path}/{key}")
    elif isinstance(node, list):
        for value in node:
            schema_is_strict(value, path)


def test_schema_is_one_and_strict():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("draft/2020-12/schema")
    assert re.match(r"(urn:|https://[a-z.]+\.invalid/)", SCHEMA["$id"])
    schema_is_strict(SCHEMA["$defs"])
    refs = {row["$ref"].removeprefix("#/$defs/") for row in SCHEMA["oneOf"]}
    assert refs == {name for name in SCHEMA["$defs"] if name.startswith("line_")}


def test_every_line_of_real_streams_is_of_the_schema(snapshot, lives, losses, resync):
    for stream in (snapshot, lives[0], losses, resync[0]):
        assert len(stream) > 10
        assert [line["event"]["sequence"] for line in stream] == list(range(1, len(stream) + 1))
        assert (stream[0]["event"]["action"], stream[-1]["event"]["action"]) == ("start", "stop")
        for line in stream:
            assert complaints(line) == [], json.dumps(line)


def test_real_streams_have_every_action(samples):
    assert sorted(samples) == sorted(ACTIONS)


def test_actions_that_the_program_counts_are_those_of_the_schema(samples):
    totals = samples["stop"]["proctrace"]["totals"]
    assert sorted([*totals, "start", "stop", "resync", "clock"]) == sorted(ACTIONS)


def test_schema_refuses_a_member_that_is_not_its_own_wherever_it_stands(samples):
    def objects(node, path=()):
        if isinstance(node, dict):
            yield path
            for key, value in node.items():
                yield from objects(value, (*path, key))

    for action, line in samples.items():
        for path in objects(line):
            spoiled = node = copy.deepcopy(line)
            for key in path:
                node = node[key]
            node["stranger"] = 1
            assert not WHOLE.is_valid(spoiled), f"{action}: {'/'.join(path)}"


def spoil(line, path, value=None):
    """Without a value the member is taken out."""
    *way, last = path.split("/")
    node = line = copy.deepcopy(line)
    for key in way:
        node = node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return line


@pytest.mark.parametrize("action, path, value", [
    ("exit", "process/entity_id", None),
    ("fork", "process/entity_id", "1-2"),
    ("reap", "process/start", None),
    ("exec", "process/name", None),
    ("exec", "process/args", "true"),
    ("exec", "process/args", [1]),
    ("exec", "proctrace/raw/args", "no base64"),
    ("fork", "process/pid", "1"),
    ("fork", "process/pid", 0),
    ("fork", "user/id", 0),
    ("fork", "event/action", "nonsense"),
    ("fork", "event/action", "exec"),
    ("fork", "event/sequence", 0),
    ("fork", "event/sequence", None),
    ("fork", "event/kind", "alert"),
    ("fork", "@timestamp", "2026-01-01T00:00:00Z"),
    ("fork", "ecs", None),
    ("exit", "proctrace/exit/signal", 9),
    ("exit", "proctrace/exit/core_dumped", None),
    ("exit", "process/exit_code", 0),  # the sample was killed
    ("orphan", "proctrace/orphan/old_parent", None),
    ("orphan", "proctrace/orphan/old_parent/how", "died"),
    ("orphan", "proctrace/orphan/evidence", []),
    ("orphan", "event/kind", "event"),
    ("zombie", "proctrace/zombie", None),
    ("zombie", "proctrace/zombie/cause", "laziness"),
    ("zombie", "proctrace/zombie/pre_existing", True),
    ("zombie", "proctrace/zombie/age_ms", None),
    ("zombie_cleared", "proctrace/reap/how", "luck"),
    ("daemon", "proctrace/daemon/kind", "evil"),
    ("thread_start", "process/thread", None),
    ("session", "proctrace/session/new_sid", None),
    ("snapshot", "proctrace/state", "Q"),
    ("lost", "proctrace/lost/count", 0),
    ("resync", "proctrace/resync/reason", "boredom"),
    ("resync", "proctrace/resync/checked", None),
    ("resync", "proctrace/resync/inferred/exit", 0),
    ("resync", "proctrace/resync/inferred/zombie", 1),
    ("resync", "event/kind", "alert"),
    ("fork", "user", None),
    ("exec", "process/executable", None),
    ("exec", "proctrace/inferred", True),  # the sample has arguments
    ("exit", "proctrace/exit/cpu_user_ms", None),
    ("exit", "proctrace/exit/signal", None),
    ("exit", "proctrace/inferred", False),
    ("exit", "proctrace/inferred", True),  # the sample has CPU times
    ("orphan", "proctrace/orphan/kind", None),
    ("orphan", "proctrace/orphan/since", None),
    ("orphan", "proctrace/orphan/old_parent/how", None),
    ("start", "proctrace/schema_version", "9.0"),
    ("start", "proctrace/hooks/fork", "yes"),
    ("stop", "proctrace/totals/fork", -1),
])
def test_schema_refuses_lines_that_were_spoiled(samples, lives, action, path, value):
    line = samples[action]
    if action == "exit":
        line = next(x for x in lives[0] if "killed_by" in x["proctrace"].get("exit", {}))
    if path.startswith("proctrace/raw"):
        line = next(x for x in lives[0] if "args" in x["proctrace"].get("raw", {}))
    if action == "zombie":
        line = next(x for x in lives[0] if x["proctrace"].get("zombie", {}).get("pre_existing") is False)
    assert WHOLE.is_valid(line)
    assert not WHOLE.is_valid(spoil(line, path, value))


def test_lines_of_the_present_are_of_the_schema_and_in_the_manual(now):
    section, defs = manual_section("THE PRESENT"), SCHEMA["$defs"]
    totals = {action: defs[f"line_{action}"]["properties"]["proctrace"]["properties"][action]
              for action in PRESENT if action.endswith("_total")}
    members = {"zombies": defs["zombies"]["properties"], "orphans": defs["orphan_now"]["properties"],
               "daemons": {**defs["daemon_now"]["properties"],
                           **defs["daemon_now"]["properties"]["steps"]["properties"]},
               **{action: total["properties"] for action, total in totals.items()}}
    for action, line in now.items():
        assert complaints(line) == [], json.dumps(line)
        assert f"Dq {action} " in section
        for name in {*members[action]} - {"evidence"}:
            assert re.search(rf"\.{name}\b", section), f"{name} is not in the manual"
    for name in "orphan_now/properties/kind", "descriptor", "step", "origin/properties/leader":
        found = defs
        for key in name.split("/"):
            found = found[key]
        for word in found["enum"]:
            assert re.search(rf"^\.(It )?Cm (\w+ , )*{word}\b", section, re.M), f"{word} is not in the manual"


@pytest.mark.parametrize("action, path, value", [
    ("zombies", "proctrace/zombies/cause", "laziness"),
    ("zombies", "proctrace/zombies/count", 0),
    ("zombies", "proctrace/zombies/advice", []),
    ("zombies", "proctrace/zombies/causes/0/evidence", None),
    ("zombies", "proctrace/zombies/stranger", 1),
    ("zombies", "event/kind", "alert"),
    ("zombies", "proctrace/zombies", None),
    ("zombies_total", "proctrace/zombies_total/groups", None),
    ("zombies_total", "proctrace/zombies_total/source", "rumour"),
    ("zombies_total", "event/action", "zombies"),
    ("orphans", "proctrace/orphan/adopter", None),
    ("orphans", "proctrace/orphan/group", 0),
    ("orphans", "proctrace/orphan/origin/leader", "asleep"),
    ("orphans", "proctrace/orphan/works", None),
    ("orphans", "proctrace/orphan/stranger", 1),
    ("orphans", "event/action", "orphan"),
    ("orphans_total", "proctrace/orphans_total/unclear", None),
    ("daemons", "proctrace/daemon/steps/fork", "perhaps"),
    ("daemons", "proctrace/daemon/steps/umask", None),
    ("daemons", "proctrace/daemon/umask", "9"),
    ("daemons", "proctrace/daemon/descriptors/stdin", "wire"),
    ("daemons_total", "proctrace/daemons_total/sysv", None),
])
def test_schema_refuses_lines_of_the_present_that_were_spoiled(now, action, path, value):
    path = path.split("/0/")
    spoiled = copy.deepcopy(now[action])
    if len(path) == 2:
        del spoiled["proctrace"]["zombies"]["causes"][0][path[1]]
    else:
        spoiled = spoil(spoiled, path[0], value)
    assert WHOLE.is_valid(now[action]) and not WHOLE.is_valid(spoiled)
