# SPDX-License-Identifier: GPL-2.0-only
"""The documents, as the tests of this directory read them, and the program that they are held against."""

import json
import os
import re
import subprocess
from pathlib import Path

from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
PROCTRACE = os.path.abspath(os.environ.get("PROCTRACE", ROOT / "build/proctrace"))
README = ROOT / "README.md"
MANUAL = ROOT / "user/cli/proctrace.8"
SCHEMA_FILE = ROOT / "user/sink/stream.schema.json"
SCHEMA = json.loads(SCHEMA_FILE.read_text())
# lines of the commands that trace nothing
PRESENT = {"zombies", "zombies_total", "orphans", "orphans_total", "daemons", "daemons_total"}
ACTIONS = [word for word in SCHEMA["properties"]["event"]["properties"]["action"]["enum"] if word not in PRESENT]
WHOLE = Draft202012Validator(SCHEMA)
COMMON = Draft202012Validator({name: part for name, part in SCHEMA.items() if name != "oneOf"})


def proctrace(*options, **how):
    how.setdefault("timeout", 60)
    return subprocess.run([PROCTRACE, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, **how)


def takes(*options):
    """Does the command line hold? --help ends it before anything is traced."""
    status = proctrace(*options, "--help").returncode
    assert status in (0, 2), (options, status)
    return status == 0


def manual_section(name):
    found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", MANUAL.read_text(), re.M | re.S)
    assert found, f"the manual has no section {name}"
    return found[1].replace(r"\-", "-")


def manual_items(section, macro):
    """[(the item's tag, its text)]"""
    return re.findall(rf"^\.It ({macro} [^\n]*)\n(.*?)(?=^\.It |^\.El)", manual_section(section), re.M | re.S)


def manual_options():
    options = {}
    for tag, text in manual_items("OPTIONS", "Fl"):
        tag, _, value = tag.partition(" Ar ")
        names = ["-" + name for name in re.findall(r"Fl (\S+)", tag)]
        letter = names.pop(0) if len(names) == 2 else None
        assert len(names) == 1 and names[0] not in options, tag
        options[names[0]] = (letter, value or None, text)
    return options


def manual_text():
    done = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=500", MANUAL], capture_output=True, check=True)
    return re.sub(".\b", "", done.stdout.decode())


def branch(action):
    """The one branch of oneOf that an action has: it says what is wrong, where oneOf only says no."""
    name = "line_thread" if action.startswith("thread_") else f"line_{action}"
    return Draft202012Validator({"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


BRANCHES = {action: branch(action) for action in [*ACTIONS, *PRESENT]}


def complaints(line):
    action = line["event"]["action"]
    if action not in BRANCHES:
        return [f"no such action: {action}"]
    return [f"{'/'.join(map(str, problem.absolute_path))}: {problem.message}"
            for problem in [*BRANCHES[action].iter_errors(line), *COMMON.iter_errors(line)]]
