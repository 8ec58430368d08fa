# SPDX-License-Identifier: GPL-2.0-only
"""The manual held against the program: options, words, sections, examples."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from documents import (ACTIONS, MANUAL, PROCTRACE, README, SCHEMA, SCHEMA_FILE, manual_items, manual_options,
                       manual_section, manual_text, proctrace, takes)


def test_manual_has_each_option_of_help_and_no_other(help_options):
    manual = manual_options()
    assert {name: option[:2] for name, option in manual.items()} == \
        {name: option[:2] for name, option in help_options.items()}
    assert list(manual) == list(help_options), "in the same order"


def test_numbers_of_help_are_those_of_the_manual(help_options):
    manual, numbers = manual_options(), 0
    for name, (_, _, text) in help_options.items():
        for number in re.findall(r"\d+", text):
            assert re.search(rf"\b{number}\b", manual[name][2]), f"{name}: {number} is not in the manual"
            numbers += 1
    assert numbers > 4


def test_words_after_two_dashes_in_the_manual_are_options(help_options):
    words = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", manual_text()))
    assert len(words) > 10 and words <= set(help_options)


@pytest.mark.parametrize("option, good, bad", [
    ("--duration", ["0.5", "10", "1000000000"], ["0", "-1", "1000000001", "1s", ""]),
    ("--zombie-after", ["0", "86400000"], ["86400001", "-1", "1.5", ""]),
    ("--grace", ["0", "1000000000"], ["1000000001", "-1", ""]),
    ("--args-max", ["0", "20480"], ["20481", "-1"]),
    ("--ring-size", ["4", "8192", "1048576"], ["2", "5", "2097152", "0"]),
    ("--max-processes", ["16", "1048576", "4294967295"], ["15", "0", "4294967296", "-1", ""]),
    ("--container", ["abcd", "0123456789abcdef"], ["abc", "xyzw", ""]),
    ("--limit", ["1", "4294967295"], ["0", "4294967296", "-1", ""]),
    ("--color", ["auto", "always", "never"], ["maybe"]),
    ("--format", ["text", "json"], ["xml"]),
])
def test_ranges_are_those_of_the_manual(option, good, bad):
    for value in good:
        assert takes(option, value), value
    for value in bad:
        assert not takes(option, value), value
    text = manual_options()[option][2]
    for word in good:
        if option in ("--color", "--format") or re.fullmatch(r"\d{4,10}", word):
            assert re.search(rf"\b{word}\b", text), f"{word} is not in the manual"


def test_filters_take_eight_values():
    me = str(os.getpid())
    for option, value in (("--pid", me), ("--tree", me), ("--uid", "0"), ("--comm", "x"), ("--container", "abcd"),
                          ("--cgroup", "/")):
        assert takes(*[option, value] * 8), option
        assert not takes(*[option, value] * 9), option
        assert f"Fl {option[1:]}" in manual_section("OPTIONS").split("The filters are")[1]
        if option in ("--pid", "--tree", "--uid", "--comm"):
            assert takes(option, ",".join([value] * 8)), option
            assert "omma separated" in manual_options()[option][2]


VALUES = {"text|json": "text", "FILE": "x", "SECONDS": "1", "MS": "1", "LIST": "zombie", "PID": "1", "NAME": "x",
          "USER": "0", "PATH": "/", "ID": "abcd", "N": "16", "BYTES": "1", "REGEX": "x", "KIB": "4", "WHEN": "auto"}


@pytest.mark.parametrize("command, section", [("replay", "REPLAY"), ("zombies", "THE PRESENT"),
                                              ("orphans", "THE PRESENT"), ("daemons", "THE PRESENT")])
def test_options_that_a_command_cannot_use_are_those_of_the_manual(help_options, command, section):
    told = manual_section(section).split("Options about")[1].split("cannot be used")[0]
    told = {f"-{option}" for option in re.findall(r"Fl (-[a-z-]+)", told)}
    others = {"--watch", "--interval", "--limit"} if command == "replay" else {"--watch", "--interval", "--duration"}
    refused = set()
    for option, (_, value, _) in help_options.items():
        if option not in ("--help", "--version"):
            done = proctrace(command, option, *([VALUES[value]] if value else []), "-o", "/no/such/file")
            assert done.returncode != 0  # at the latest where the file is opened
            if "cannot be used with" in done.stderr:
                refused.add(option)
    assert refused - told <= others and told <= refused
    assert len(told) > 5


def test_masks_are_as_many_as_the_manual_says():
    text = manual_options()["--mask"][2]
    most = int(re.search(r"up to (\d+) times", text)[1])
    assert takes(*["--mask", "x"] * most) and not takes(*["--mask", "x"] * (most + 1))
    assert "must not match an empty string" in text and not takes("--mask", "x*")


def test_names_of_secrets_in_the_manual_are_masked(root):
    names = re.search(r"like a secret's: (.*?), in any case", manual_section("OUTPUT"), re.S)[1]
    names = [name.strip() for name in names.split(",")]
    argv = ["true", *[word for name in names for word in (f"--my-{name}", "hush", f"MY_{name.upper()}=hush")]]
    assert len(names) > 15
    done = proctrace("--format", "json", "--no-snapshot", "--grace", "0", "--", *argv)
    line, = [line for line in map(json.loads, done.stdout.splitlines()) if line["event"]["action"] == "exec"]
    assert line["process"]["args"] == [word.replace("hush", "***") for word in argv]


def test_findings_that_can_fail_a_run_are_those_of_the_manual(help_options):
    words = re.findall(r"^\.Cm (\w+)", manual_options()["--fail-on"][2], re.M)
    assert words == help_options["--fail-on"][2].split(": ")[1].split(", ")
    assert takes("--fail-on", ",".join(words))
    assert [word for word in {*ACTIONS} - {*words} if takes("--fail-on", word)] == []


def test_exit_statuses_of_help_and_manual_agree(help_text):
    told = {int(n) for n in re.findall(r"\d+", help_text.split("Exit status:")[1].split("The manual")[0])}
    section = manual_section("EXIT STATUS")
    assert told == {int(n) for n in re.findall(r"^\.It (\d+)", section, re.M)} == {0, 1, 2, 3, 126, 127, 128}


@pytest.mark.parametrize("page", [MANUAL, MANUAL.with_name("proctrace-zombies.7")], ids=lambda page: page.name)
def test_manual_is_clean(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
    told = [row for row in done.stderr.splitlines() if "mandoc.db lacks proctrace" not in row]  # not installed
    assert (done.stdout, told) == ("", [])


def test_manual_has_its_sections():
    assert re.findall(r"^\.Sh (.*)", MANUAL.read_text(), re.M) == [
        "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EVENTS", "FINDINGS", "OUTPUT", "REPLAY", "THE PRESENT",
        "PRIVILEGES", "ENVIRONMENT", "FILES", "EXIT STATUS", "SIGNALS", "EXAMPLES", "SEE ALSO", "BUGS"]


def manual_actions():
    tags = [tag for tag, _ in manual_items("EVENTS", "Cm")]
    return [word for tag in tags for word in tag[len("Cm "):].split(" , ")]


def words_of(schema, name):
    return set(SCHEMA["$defs"][schema]["properties"][name]["enum"])


def test_manual_and_schema_have_the_same_actions():
    assert sorted(manual_actions()) == sorted(ACTIONS)


def test_events_takes_each_action_and_the_reserved_ones():
    for action in ACTIONS:
        assert takes("--events", action), action
        assert re.search(rf"^\.(It )?Cm (\w+ , )?{action}\b", manual_section("EVENTS"), re.M), action
    assert not takes("--events", "nonsense") and not takes("--events", "fork,,exit")


@pytest.mark.parametrize("schema, name", [
    ("orphan", "kind"), ("daemon", "kind"), ("zombie", "cause"), ("reap", "how"), ("reap", "precision"),
])
def test_words_of_findings_are_in_the_manual_and_in_the_program(schema, name):
    text = manual_section("FINDINGS") + manual_section("EVENTS")
    binary = Path(PROCTRACE).read_bytes()
    for word in words_of(schema, name):
        assert re.search(rf"^\.(It )?Cm {word}\b", text, re.M), f"{word} is not in the manual"
        assert f"{word}\0".encode() in binary, f"{word} is not in the program"


def test_kinds_and_causes_of_losses_are_in_the_manual_and_in_the_program():
    text = re.search(r"^\.Ss Losses\n(.*?)^\.Pp", manual_section("EVENTS"), re.M | re.S)[1]
    binary = Path(PROCTRACE).read_bytes()
    for word in SCHEMA["$defs"]["lost_kind"]["enum"] + SCHEMA["$defs"]["lost_cause"]["enum"]:
        assert re.search(rf"^\.(It |Pq )?(Cm|Va) .*\b{word}\b", text, re.M), f"{word} is not in the manual"
        assert f"{word}\0".encode() in binary, f"{word} is not in the program"
    assert set(re.findall(r"^\.It Va (\w+)", text, re.M)) == {*SCHEMA["$defs"]["lost_cause"]["enum"]}


def test_each_word_of_a_finding_in_the_manual_is_in_the_schema():
    for subsection, schema, name in (("Orphans", "orphan", "kind"), ("Zombies", "zombie", "cause"),
                                     ("Daemons", "daemon", "kind")):
        text = re.search(rf"^\.Ss {subsection}\n(.*?)(?=^\.Ss |\Z)", manual_section("FINDINGS"), re.M | re.S)[1]
        assert set(re.findall(r"^\.It Cm (\w+)", text, re.M)) == words_of(schema, name)


def test_versions_agree():
    version, stream = re.fullmatch(r"proctrace (\S+) \(stream (\S+)\)\n", proctrace("-V").stdout).groups()
    start = SCHEMA["$defs"]["line_start"]["properties"]["proctrace"]["properties"]
    assert start["schema_version"]["const"] == stream
    assert f"/{stream}/" in SCHEMA["$id"] and SCHEMA["title"].endswith(stream)
    assert re.search(start["version"]["pattern"], version)


def test_jq_programs_of_the_manual_and_the_readme_work(lives, now):
    text = MANUAL.read_text().replace(r"\-", "-") + README.read_text()
    programs = re.findall(r"jq(?: -[rc])? '([^']+)'", text)
    assert len(programs) >= 4
    stream = "".join(json.dumps(line) + "\n" for line in lives[0])
    with subprocess.Popen(["true"]) as corpse:  # one to be told of
        os.waitid(os.P_PID, corpse.pid, os.WEXITED | os.WNOWAIT)
        stream += proctrace("zombies", "--format", "json").stdout
    stream += "".join(json.dumps(line) + "\n" for line in now.values())
    for program in programs:
        done = subprocess.run(["jq", "-c", program], input=stream, capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout, f"{program}: {done.stderr}"


@pytest.mark.parametrize("path", [MANUAL, SCHEMA_FILE, *Path(__file__).parent.rglob("*.py")],
                         ids=lambda path: path.name)
def test_sources_name_their_licence(path):
    assert "SPDX-License-Identifier: GPL-2.0-only" in path.read_text()[:200]
