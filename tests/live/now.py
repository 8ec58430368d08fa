# SPDX-License-Identifier: GPL-2.0-only
"""Runs of the commands that trace nothing, each line held against the schema."""

import json
import subprocess

from jsonschema import Draft202012Validator

from ledger import PATIENCE, ROOT
from tracer import PROCTRACE, SANITIZER

SCHEMA = Draft202012Validator(json.loads((ROOT / "user/sink/stream.schema.json").read_text()))


def run(*words, expect=0, before=(), **how):
    """before: what runs proctrace, if not we."""
    done = subprocess.run([*(before or [PROCTRACE]), *map(str, words)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60 * PATIENCE, **how)
    assert not SANITIZER.search(done.stderr.decode(errors="replace")), done.stderr
    assert done.returncode == expect, done
    return done


def told(command, *words, **how):
    """The lines of one run, and its totals."""
    done = run(command, "--format", "json", *words, **how)
    lines = [json.loads(raw) for raw in done.stdout.decode().splitlines()]
    for line in lines:
        SCHEMA.validate(line)
    assert [line["event"]["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    *lines, total = lines
    assert total["event"]["action"] == f"{command}_total"
    assert {line["event"]["action"] for line in lines} <= {command}
    return lines, total["proctrace"][f"{command}_total"]
