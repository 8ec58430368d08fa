# SPDX-License-Identifier: GPL-2.0-only
"""The README held against the program and the tree."""

import json
import re
import subprocess

from jsonschema import Draft202012Validator

from documents import ACTIONS, README, ROOT, SCHEMA


def readme_blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)


def test_readme_names_only_options_that_exist(help_options):
    words = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", README.read_text()))
    assert words and words - {"--init"} <= set(help_options)  # that one is docker's


def test_readme_names_only_actions_that_exist():
    text = README.read_text()
    lists = re.findall(r"--(?:events|fail-on) ([\w,]+)", text)
    named = {word for words in lists for word in words.split(",")}
    named |= set(re.findall(r"\.action == \"(\w+)\"", text))
    shown = re.findall(r"^\d\d:\d\d:\d\d\.\d{3} (\w+) +\d+ +(?:\d+|\?) \S+ ", text, re.M)
    assert {"orphan", "zombie", "daemon"} <= set(shown) and lists
    assert named | set(shown) <= set(ACTIONS)


def test_readme_names_only_files_that_exist():
    text = README.read_text()
    paths = set(re.findall(r"\]\(([^)#:]+)\)", text))
    paths |= {path for path in re.findall(r"`([^`\s]+)`", text) if "/" in path}
    paths |= set(re.findall(r"\*\*([^*\s]+/)\*\*", text))
    paths |= set(re.findall(r"man -l (\S+?)`", text))
    assert len(paths) > 8
    for path in paths:
        assert path.startswith("build/") or (ROOT / path).exists(), path
    rooms = {path.name for path in (ROOT / "user").iterdir() if path.is_dir()}
    assert {path.split("/")[1] for path in paths if re.fullmatch(r"user/\w+/", path)} == rooms


def test_readme_has_the_two_commands_and_make_has_them():
    text = README.read_text()
    assert "    sudo make run " in text and "    sudo make test " in text
    targets = set(re.findall(r"make ([a-z-]+)", text.split("## In CI")[0] + text.split("## How it works")[1]))
    assert {"run", "test"} <= targets
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        assert done.returncode == 0, f"make {target}: {done.stderr}"
        if target in ("run", "test"):
            assert "apt-get" in done.stdout, f"make {target} brings no dependencies"
        if target == "run":
            assert re.search(r"^\S*/proctrace", done.stdout, re.M), "make run does not trace"
        if target == "test":
            assert "pytest" in done.stdout and "tests/docs" in done.stdout and "tests/live" in done.stdout


def test_json_of_the_readme_is_of_the_schema():
    blocks = readme_blocks("json")
    assert len(blocks) == 1
    check = Draft202012Validator({"$ref": "#/$defs/zombie", "$defs": SCHEMA["$defs"]})
    for block in blocks:
        check.validate(json.loads(block))


def test_readme_is_at_most_120_columns_wide():
    assert [line for line in README.read_text().splitlines() if len(line) > 120] == []
