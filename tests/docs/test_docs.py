# SPDX-License-Identifier: GPL-2.0-only
"""The documentation held against the program: --help, the manual, the README, the schema, a real stream.

    /usr/bin/python3 -m pytest tests/docs           as root: the live part traces

    PROCTRACE   the tracer to test (build/proctrace)
"""

import base64
import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
PROCTRACE = os.path.abspath(os.environ.get("PROCTRACE", ROOT / "build/proctrace"))
README = ROOT / "README.md"
MANUAL = ROOT / "user/cli/proctrace.8"
SCHEMA_FILE = ROOT / "user/sink/stream.schema.json"
SCHEMA = json.loads(SCHEMA_FILE.read_text())
LEAK = ROOT / "tests/replay/leak.jsonl"
PRESENT = {"zombies", "zombies_total", "orphans", "orphans_total", "daemons", "daemons_total"}  # lines of the commands that trace nothing
ACTIONS = [word for word in SCHEMA["properties"]["event"]["properties"]["action"]["enum"] if word not in PRESENT]

# Whoever runs this is the tree that is traced. Each line of the ledger: role, pid.
LIVES = r"""
import ctypes, os, signal, subprocess, sys, threading, time

directory = os.fsencode(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)

def tell(role, pid):
    os.write(1, f"{role} {pid}\n".encode())  # whole, whoever writes beside it

def child(act):
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(0)
    return pid

def run(role, argv, **how):
    process = subprocess.Popen(argv, **how)
    tell(role, process.pid)
    process.wait()

# dead before tracing begins
pre_existing = child(lambda: None)
tell("pre_existing", pre_existing)
print("ready", flush=True)
sys.stdin.readline()

zombie = child(lambda: os._exit(3))
tell("zombie", zombie)

run("orphan_s_parent", ["/bin/sh", "-c", "sleep 1.2 & exit 0"])
abandoned = child(lambda: (child(lambda: time.sleep(1.2)), time.sleep(0.1), os.kill(os.getpid(), 9)))
tell("killed_parent", abandoned)
os.waitpid(abandoned, 0)

def daemon():
    os.setsid()
    pid = child(lambda: os.execv("/bin/sleep", ["sleep", "1.5"]))
    tell("daemon", pid)
first = child(daemon)
os.waitpid(first, 0)

def new_session():
    os.setsid()
    os.execv("/bin/true", ["true"])
os.waitpid(child(new_session), 0)

hostile = [b"/bin/true", b"a\nb\t", b"\x1b[31m\x9b", b"\xff\xfe\xc3", b"", "ü\u202e\U0001f600".encode()]
here = os.path.join(directory, b"cwd\xfe\n")
os.mkdir(here)
run("hostile", hostile, cwd=here)
run("long", ["/bin/true", *["x" * 99] * 100])

def strange_name():
    libc.prctl(15, b"\x80\x81 na\nme", 0, 0, 0)
strange = child(strange_name)
tell("strange_name", strange)
os.waitpid(strange, 0)

script = os.path.join(directory, b"script")
with open(script, "w") as f:
    f.write("#!/bin/sh\nexit 4\n")
os.chmod(script, 0o755)
run("script", [script])

def collector():
    pid = child(lambda: None)
    tell("collected", pid)
    os.waitpid(pid, 0)  # and is gone before the release is heard of
collector_pid = child(collector)
tell("collector", collector_pid)
os.waitpid(collector_pid, 0)

killed = subprocess.Popen(["sleep", "9"])
tell("killed", killed.pid)
killed.kill()
killed.wait()
crashed = child(lambda: os.kill(os.getpid(), signal.SIGSEGV))
os.waitpid(crashed, 0)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
tell("auto", child(lambda: time.sleep(0.05)))
time.sleep(0.1)
signal.signal(signal.SIGCHLD, signal.SIG_DFL)

thread = threading.Thread(target=time.sleep, args=(0.05,))
thread.start()
thread.join()

time.sleep(0.9)
os.waitpid(zombie, 0)
os.waitpid(pre_existing, 0)
time.sleep(0.3)
"""

# Lives that go on while nobody reads the ring. "go" begins that time; every word back ends a step.
STORM = r"""
import os, signal, subprocess, sys, time

signal.alarm(40)  # the end, whatever hangs

def tell(role, pid):
    os.write(1, f"{role} {pid}\n".encode())  # whole, whoever writes beside it

pipe, keep = subprocess.PIPE, []
sh = lambda words, **how: keep.append(subprocess.Popen(["sh", "-c", words], stdin=pipe, **how)) or keep[-1]
sys.stdin.readline()
corpse, gone, becomes = sh("read x; exit 3"), sh("read x"), sh("read x; exec sleep 20")
left = sh("sleep 20 <&- >&- & echo $!; read x", stdout=pipe)
for role, process in (("corpse", corpse), ("gone", gone), ("becomes", becomes), ("lost_parent", left)):
    tell(role, process.pid)
orphan = int(left.stdout.readline())
tell("orphan", orphan)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):  # more than a ring of one page takes
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
for process in (corpse, gone, becomes, left):
    process.stdin.close()
gone.wait()
left.wait()
os.waitid(os.P_PID, corpse.pid, os.WEXITED | os.WNOWAIT)
while open(f"/proc/{becomes.pid}/comm").read() != "sleep\n":
    pass
new = subprocess.Popen(["sleep", "20"])
tell("new", new.pid)
time.sleep(0.2)  # younger than 50 ms it would be left to the next look
print("ready", flush=True)
sys.stdin.readline()
time.sleep(0.8)  # the corpse is found to be a zombie
os.kill(orphan, 9)
for process in (becomes, new):
    process.kill()
"""


def proctrace(*options, **how):
    how.setdefault("timeout", 60)
    return subprocess.run([PROCTRACE, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, **how)


def takes(*options):
    """Does the command line hold? --help ends it before anything is traced."""
    status = proctrace(*options, "--help").returncode
    assert status in (0, 2), (options, status)
    return status == 0


@pytest.fixture(scope="module")
def help_text():
    done = proctrace("--help")
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def help_options(help_text):
    """{"--output": ("-o", "FILE", its text)}"""
    row = re.compile(r"^ {2}(?:(-\w), | {4})(--[a-z-]+)(?: (\S+))? {2,}(\S.*)$", re.M)
    options = {name: (letter or None, value or None, text)
               for letter, name, value, text in row.findall(help_text)}
    rows = help_text.split("Options:\n")[1].split("\n\n")[0].splitlines()
    assert len(options) == len(rows) > 10, "a line of --help is not understood"
    return options


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


# The manual and the program


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


# The words of the stream


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


# The README


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


# The schema and real streams


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


WHOLE = Draft202012Validator(SCHEMA)


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
            for problem in BRANCHES[action].iter_errors(line)] + \
        [problem.message for problem in WHOLE.iter_errors(line) if "oneOf" not in problem.schema_path]


def read_stream(path):
    return [json.loads(raw) for raw in path.read_bytes().decode("utf-8").split("\n")[:-1]]


@pytest.fixture(scope="module")
def root():
    assert os.geteuid() == 0, "the live part needs root"


@pytest.fixture(scope="module")
def snapshot(root, tmp_path_factory):
    """The machine as it is."""
    path = tmp_path_factory.mktemp("snapshot") / "stream"
    done = proctrace("--format", "json", "--events", "snapshot", "--duration", "0.1", "-o", str(path))
    assert done.returncode == 0, done.stderr
    return read_stream(path)


@pytest.fixture(scope="module")
def lives(root, tmp_path_factory):
    """A few lives, traced from their middle on: the lines, and who was who."""
    directory = tmp_path_factory.mktemp("lives")
    path = directory / "stream"
    with subprocess.Popen([sys.executable, "-c", LIVES, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as driver:
        ledger = [driver.stdout.readline(), driver.stdout.readline()]
        assert ledger[1] == "ready\n"
        tracer = subprocess.Popen([PROCTRACE, "--format", "json", "--threads", "--zombie-after", "100",
                                   "--tree", str(driver.pid), "-o", path], stderr=subprocess.PIPE, text=True)
        try:
            line = tracer.stderr.readline()
            assert line.startswith("tracing "), line
            time.sleep(0.3)  # what was dead before is found to be a zombie
            rest, _ = driver.communicate("go\n", timeout=60)
            time.sleep(0.6)
            tracer.send_signal(signal.SIGINT)
            assert tracer.wait(30) == 0, tracer.stderr.read()
        finally:
            tracer.kill()
            tracer.communicate()
    assert driver.returncode == 0
    who = dict(row.split() for row in (ledger[0] + rest).splitlines())
    return read_stream(path), {role: int(pid) for role, pid in who.items()}


@pytest.fixture(scope="module")
def losses(root, tmp_path_factory):
    """A ring of one page is too small for this."""
    path = tmp_path_factory.mktemp("losses") / "stream"
    storm = "i=0; while [ $i -lt 300 ]; do ( : ); ( : ); ( : ); i=$((i+1)); done"
    done = proctrace("--format", "json", "--ring-size", "4", "--grace", "0", "-o", str(path), "--", "sh", "-c", storm)
    assert done.returncode == 0, done.stderr
    return read_stream(path)


@pytest.fixture(scope="module")
def resync(root, tmp_path_factory):
    """The tracer sleeps through a small storm, with the smallest ring: the lines, and who was who."""
    path = tmp_path_factory.mktemp("resync") / "stream"
    driver = subprocess.Popen([sys.executable, "-c", STORM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    tracer = None
    who = {}

    def step():
        driver.stdin.write("go\n")
        driver.stdin.flush()
        for row in iter(driver.stdout.readline, "ready\n"):
            role, pid = row.split()  # at its end, or when its time is over, there is no row to split
            who[role] = int(pid)

    try:
        tracer = subprocess.Popen([PROCTRACE, "--format", "json", "--ring-size", "4", "--no-snapshot", "--duration",
                                   "30", "--zombie-after", "300", "--tree", str(driver.pid), "-o", path],
                                  stderr=subprocess.PIPE, text=True)
        assert tracer.stderr.readline().startswith("tracing ")
        step()
        time.sleep(0.3)
        tracer.send_signal(signal.SIGSTOP)
        step()
        tracer.send_signal(signal.SIGCONT)
        until = time.monotonic() + 10
        while b'"action":"resync"' not in path.read_bytes() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.2)  # an orphan is held back a moment
        driver.communicate("go\n", timeout=20)
        tracer.send_signal(signal.SIGINT)
        assert tracer.wait(20) == 0, tracer.stderr.read()
    finally:
        for process in filter(None, (tracer, driver)):
            process.kill()
            process.communicate(timeout=20)
    return read_stream(path), who


@pytest.fixture(scope="module")
def samples(snapshot, lives, losses, resync):
    """A line of each action, the one with most in it. A clock that is set and a leak are recorded ones."""
    clock = {"@timestamp": snapshot[0]["@timestamp"], "event": {"action": "clock"}, "proctrace": {
        "clock": {"boot_ns": snapshot[0]["proctrace"]["boot_ns"], "step_ns": -1}}}
    recording = "\n".join(map(json.dumps, [snapshot[0], clock])) + "\n" + LEAK.read_text()
    replayed = subprocess.run([PROCTRACE, "replay", "--format", "json", "-"], input=recording, text=True,
                              capture_output=True, check=True).stdout
    found = {}
    for line in [*snapshot, *lives[0], *losses, *resync[0], *map(json.loads, replayed.splitlines())]:
        action = line["event"]["action"]
        if action not in found or len(json.dumps(line)) > len(json.dumps(found[action])):
            found[action] = line
    return found


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


def about(lives, role, action):
    return next(line for line in lives[0]
                if line["event"]["action"] == action and line["process"]["pid"] == lives[1][role])


# One dead child; and one below this subreaper that another one, which leads a session, had left there.
PRESENT_LIVES = r"""
import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
os.fork() or os._exit(0)
ready, done = os.pipe(), os.pipe()
middle = os.fork()
if not middle:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(done[1])
    os.write(ready[1], b"%d" % os.getpid())
    os.read(done[0], 1)
    os._exit(0)
os.waitpid(middle, 0)
print(os.read(ready[0], 20).decode(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def now(root):
    """The lines of the commands that trace nothing: one process's each, and the totals."""
    with subprocess.Popen([sys.executable, "-c", PRESENT_LIVES], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as parent:
        left = parent.stdout.readline().strip()
        runs = [proctrace(command, "--format", "json", "--pid", pid)
                for command, pid in (("zombies", str(parent.pid)), ("orphans", left), ("daemons", left))]
        parent.stdin.close()
    lines = [json.loads(raw) for run in runs for raw in run.stdout.splitlines()]
    assert sorted(line["event"]["action"] for line in lines) == sorted(PRESENT)
    return {line["event"]["action"]: line for line in lines}


def test_lines_of_the_present_are_of_the_schema_and_in_the_manual(now):
    section, defs = manual_section("THE PRESENT"), SCHEMA["$defs"]
    totals = {action: defs[f"line_{action}"]["properties"]["proctrace"]["properties"][action]
              for action in PRESENT if action.endswith("_total")}
    members = {"zombies": defs["zombies"]["properties"], "orphans": defs["orphan_now"]["properties"],
               "daemons": {**defs["daemon_now"]["properties"], **defs["daemon_now"]["properties"]["steps"]["properties"]},
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


def test_raw_bytes_are_as_the_manual_says(lives):
    line = about(lives, "hostile", "exec")
    raw = line["proctrace"]["raw"]
    args = [b"/bin/true", b"a\nb\t", b"\x1b[31m\x9b", b"\xff\xfe\xc3", b"", "ü\u202e\U0001f600".encode()]
    assert base64.b64decode(raw["args"]) == b"".join(arg + b"\0" for arg in args)
    assert line["process"]["args"][:2] == ["/bin/true", "a\nb\t"]
    assert line["process"]["args"][3] == "\ufffd" * 3
    assert base64.b64decode(raw["working_directory"]).endswith(b"/cwd\xfe\n")
    assert line["process"]["working_directory"].endswith("/cwd\ufffd\n")
    assert "executable" not in raw and "name" not in raw
    line = about(lives, "strange_name", "exit")
    assert base64.b64decode(line["proctrace"]["raw"]["name"]) == b"\x80\x81 na\nme"
    assert line["process"]["name"] == "\ufffd\ufffd na\nme"


def test_cut_arguments_have_their_real_length(lives):
    line = about(lives, "long", "exec")
    assert line["proctrace"]["args_truncated"]["bytes"] == len("/bin/true\0") + 100 * 100
    assert line["process"]["args_count"] == 101
    assert sum(len(arg) + 1 for arg in line["process"]["args"]) <= 4097


def test_lives_are_what_the_manual_says(lives):
    kinds = {line["proctrace"]["orphan"]["kind"] for line in lives[0] if line["event"]["action"] == "orphan"}
    assert kinds == {"background", "abandoned", "daemonizing"}
    assert about(lives, "daemon", "daemon")["proctrace"]["daemon"]["kind"] == "sysv"
    zombie = about(lives, "zombie", "zombie")["proctrace"]["zombie"]
    assert zombie["how"] == "exited 3" and not zombie["pre_existing"] and zombie["age_ms"] >= 100
    assert about(lives, "pre_existing", "zombie")["proctrace"]["zombie"]["pre_existing"]
    assert about(lives, "zombie", "zombie_cleared")
    assert about(lives, "auto", "reap")["proctrace"]["reap"]["how"] == "auto"
    assert about(lives, "killed", "exit")["proctrace"]["exit"]["killed_by"]["name"].startswith("python3")
    assert about(lives, "script", "exec")["proctrace"]["script"].endswith("/script")


def test_reaper_is_who_collected_it(lives):
    reap = about(lives, "collected", "reap")["proctrace"]["reap"]
    assert (reap["reaper"]["pid"], reap["how"]) == (lives[1]["collector"], "wait")


def test_what_was_lost_is_inferred_as_the_manual_says(resync):
    lines = {action: [line for line in resync[0] if line["event"]["action"] == action] for action in ACTIONS}
    assert {line["proctrace"]["lost"]["kind"] for line in lines["lost"]} >= {"fork", "exit"}
    told = [line["proctrace"]["resync"] for line in lines["resync"]]
    assert told[0]["reason"] == "lost" and told[0]["checked"] > 5
    for action in ("fork", "exec", "exit", "reap"):
        assert sum(each["inferred"].get(action, 0) for each in told) >= 1, action

    exit_ = about(resync, "corpse", "exit")
    assert exit_["proctrace"]["inferred"] and exit_["process"]["exit_code"] == 3 and exit_["proctrace"]["exit"] == {}
    zombie = about(resync, "corpse", "zombie")["proctrace"]["zombie"]
    assert not zombie["pre_existing"] and not {"since", "age_ms"} & {*zombie} and zombie["how"] == "exited 3"
    exit_ = about(resync, "gone", "exit")
    assert exit_["proctrace"]["inferred"] and exit_["proctrace"]["exit"] == {} and "exit_code" not in exit_["process"]
    reap = about(resync, "gone", "reap")["proctrace"]
    assert reap["inferred"] and reap["reap"]["precision"] == "audit" and "zombie_ms" not in reap["reap"]
    assert about(resync, "new", "fork")["proctrace"]["inferred"]

    first, last = [line for line in lines["exec"] if line["process"]["pid"] == resync[1]["becomes"]]
    assert "inferred" not in first["proctrace"] and first["process"]["args"][0] == "sh"
    assert last["proctrace"]["inferred"] and "args" not in last["process"] and last["process"]["name"] == "sleep"

    orphan = about(resync, "orphan", "orphan")["proctrace"]
    assert orphan["inferred"] and orphan["orphan"]["old_parent"]["pid"] == resync[1]["lost_parent"]
    assert not {"kind", "since"} & {*orphan["orphan"]} and "how" not in orphan["orphan"]["old_parent"]


def test_snapshot_heeds_args_max(root):
    argv = ["sleep", "20", *["0.001"] * 100]
    real = "\0".join([*argv, ""])
    with subprocess.Popen(argv) as process:
        try:
            while not Path(f"/proc/{process.pid}/cmdline").read_text().startswith("sleep\0"):
                time.sleep(0.01)
            for most in (0, 11, 4096):
                done = proctrace("--format", "json", "--pid", str(process.pid), "--args-max", str(most), "--duration",
                                 "0.1")
                line, = [line for line in map(json.loads, done.stdout.splitlines())
                         if line["event"]["action"] == "snapshot"]
                assert complaints(line) == []
                assert line["process"]["args_count"] == len(argv)
                cut = line["proctrace"].get("args_truncated")
                assert cut == ({"bytes": len(real)} if most < len(real) else None)
                assert line["process"]["args"] == real[:most].removesuffix("\0").split("\0") if most else ["-"]
        finally:
            process.kill()


def test_rights_are_given_up_as_the_manual_says(root):
    if b"__asan_init" in Path(PROCTRACE).read_bytes():
        pytest.skip("a build for the address sanitizer keeps its system calls: its leak check needs them")
    kept = {"CAP_DAC_READ_SEARCH": 2, "CAP_SYS_PTRACE": 19, "CAP_PERFMON": 38, "CAP_BPF": 39}
    with subprocess.Popen([PROCTRACE, "--duration", "20", "-o", "/dev/null"], stderr=subprocess.PIPE) as tracer:
        try:
            tracer.stderr.readline()
            until = time.monotonic() + 5
            status = {}
            while status.get("Seccomp") != "2" and time.monotonic() < until:
                time.sleep(0.02)
                rows = Path(f"/proc/{tracer.pid}/status").read_text().splitlines()
                status = dict(row.split(":\t", 1) for row in rows if ":\t" in row)
        finally:
            tracer.kill()
    mask = f"{sum(1 << bit for bit in kept.values()):016x}"
    assert [status[name] for name in ("CapEff", "CapPrm", "CapBnd")] == [mask] * 3
    assert (status["CapInh"], status["CapAmb"]) == ("0" * 16, "0" * 16)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    named = manual_section("PRIVILEGES")
    assert set(re.findall(r"CAP_\w+", named)) == set(kept) == set(re.findall(r"CAP_\w+", README.read_text()))


def test_two_capabilities_are_enough(root, tmp_path):
    capabilities = "-all,+bpf,+perfmon"
    program = os.open(PROCTRACE, os.O_RDONLY)  # its directory may be closed to that user
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                           f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}", f"/proc/self/fd/{program}",
                           "--format", "json", "--duration", "0.1"], pass_fds=[program], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"action":"snapshot"' in done.stdout


def test_stdout_is_the_streams_alone(root, tmp_path):
    done = proctrace("--format", "json", "--grace", "0", "--", "echo", "mine")
    assert "mine\n" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["event"]["action"] == "stop"
    assert all(json.loads(line)["event"] for line in done.stdout.splitlines())
    assert proctrace("--grace", "0", "-o", str(tmp_path / "stream"), "--", "echo", "mine").stdout == "mine\n"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_command_runs(root, sent):
    deaf = ("import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; print('deaf', flush=True); "
            "time.sleep(3)")
    with subprocess.Popen([PROCTRACE, "--grace", "0.2", "-o", "/dev/null", "--", sys.executable, "-c", deaf],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tracer:
        try:
            assert tracer.stdout.readline() == "deaf\n"
            time.sleep(0.2)
            tracer.send_signal(sent)
            assert tracer.wait(20) == 128 + sent
        finally:
            tracer.kill()


def test_one_life_has_one_identity(lives):
    pids, entities, starts = {}, {}, {}
    for line in lives[0]:
        if "process" in line:
            process = line["process"]
            starts.setdefault(process["entity_id"], set()).add(process["start"])
            pids.setdefault(process["entity_id"], set()).add(process["pid"])
            entities.setdefault(process["pid"], set()).add(process["entity_id"])
    for many in (pids, entities, starts):  # so short a trace sees no pid twice
        assert len(many) > 10 and all(len(each) == 1 for each in many.values())


@pytest.mark.parametrize("status, words", [
    (0, ["--duration", "0.1", "--no-snapshot"]),
    (1, ["-o", "/dev/full", "--duration", "0.1"]),
    (2, ["--nonsense"]),
    (3, ["--fail-on", "orphan", "--grace", "0.3", "--", "sh", "-c", "sleep 0.2 &"]),
    (7, ["--fail-on", "orphan", "--grace", "0", "--", "sh", "-c", "exit 7"]),
    (126, ["--", "/dev/null"]),
    (127, ["--", "/nonexistent"]),
    (128 + 9, ["--grace", "0", "--", "sh", "-c", "kill -9 $$"]),
])
def test_exit_statuses_are_those_of_the_manual(root, status, words):
    assert proctrace(*words).returncode == status


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


@pytest.mark.parametrize("path", [MANUAL, SCHEMA_FILE, Path(__file__)])
def test_sources_name_their_licence(path):
    assert "SPDX-License-Identifier: GPL-2.0-only" in path.read_text()[:200]


def test_text_has_the_columns_of_the_manual(root):
    done = proctrace("--duration", "0.1", "--events", "snapshot")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["TIME", "ACTION", "PID", "PPID", "NAME", "DETAIL"]
    assert all(re.search(rf"\b{column}\b", manual_section("OUTPUT")) for column in head.split())
    row = re.compile(r"\d\d:\d\d:\d\d\.\d{3} snapshot +\d+ +(\d+|\?) .*")
    assert rows and all(row.fullmatch(line) for line in rows)
