# SPDX-License-Identifier: GPL-2.0-only
"""Names and arguments of strangers: JSON gives every byte back, text lets none of them act."""

import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger import HOLD, LIVES, TINY, Child, crowd, lived, released
from tracer import PROCTRACE, original

HOSTILE = [
    b"new\nline", b"carriage\rreturn", b"tab\there", b'quote"quote', b"back\\slash", b"\\u0041",
    b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07", b"\x01\x02\x03\x1f\x7f", b"\x9b31m", b"\xc2\x9b31m",
    b"\xff\xfe", b"\x80", b"ab\xc3", b"\xc0\x80", b"\xe2\x82", b"\xed\xb2\x80", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", "grün €".encode(), "\U0001f600".encode(),
    "\u2028\u2029".encode(), "\u202edesrever".encode(), "\u2066\u2069\u200f".encode(),
    "\ufeff\ufffd\uffff".encode(), b"", b"}{", b"</script>", b"%s%n", b"' OR 1=1 --",
]


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def test_every_argument_comes_back_byte_for_byte(tracer):
    with Child([TINY, "0", *HOSTILE]) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        child.collect()
    assert original(line, "args") == [TINY.encode(), b"0", *HOSTILE]
    assert line["process"]["args_count"] == 2 + len(HOSTILE)


def test_every_single_byte_comes_back(tracer):
    words = [bytes([byte]) for byte in range(1, 256)]
    with Child([TINY, "0", *words]) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        child.collect()
    assert original(line, "args")[2:] == words


def test_cut_in_the_middle_of_a_character_is_still_json(tracer):
    # Three bytes a character, so that at some offset the cut must fall into one.
    for shift in range(3):
        word = b"x" * shift + "€".encode() * 2000
        with Child([TINY, "0", word]) as child:
            line = tracer.wait_line(child.ledger.who("child"), "exec")
            child.collect()
        argv = b"\0".join([TINY.encode(), b"0", word])
        assert argv.startswith(b"\0".join(original(line, "args")))
        assert line["proctrace"]["args_truncated"] == {"bytes": len(argv) + 1}


@pytest.mark.parametrize("name", [
    b"ev\nil\"\\\xff\x1b", b"\x80\x81", "ä€\U0001f600".encode(), b"a) S 1 1", b"\r\t\x7f\x9b",
    "123456789012€".encode(),  # longer than comm may be: the kernel cuts it, anywhere
    "1234567890123€".encode(),
])
def test_name_that_a_process_gives_itself_comes_back(tracer, name):
    story = tracer.story_of("execs", "renamed", name.hex())
    assert original(story.line("child", "exit"), "name") == name[:15]
    assert story.line("child", "fork")["process"]["name"] == "execs"


@pytest.mark.parametrize("name", [
    b"ev\nil\"\\\xff\x1b", "€uro \U0001f600 long name".encode(), b" "])
def test_program_and_directory_with_any_name_come_back(tracer, tmp_path, name):
    directory = os.path.join(bytes(tmp_path), name)
    os.mkdir(directory)
    program = os.path.join(directory, name)
    shutil.copy(HOLD, program)
    with Child([program, "child", "0", "0"], cwd=directory, stdin=subprocess.PIPE,
               stdout=subprocess.DEVNULL) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        assert original(line, "executable") == os.readlink(
            f"/proc/{child.pid}/exe".encode())
        assert original(line, "working_directory") == directory
        assert original(line, "args")[0] == program
        assert original(line, "name") == name[:15]
        child.stdin.close()
        child.collect()


def test_script_with_any_name_comes_back(tracer, tmp_path):
    script = os.path.join(bytes(tmp_path), b"s\x1b\n\xff\xe2\x82.sh")
    Path(os.fsdecode(script)).write_text("#!/bin/true\n")
    os.chmod(script, 0o755)
    with Child([script, "x"]) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        child.collect()
    assert original(line, "script", "proctrace") == script
    assert original(line, "args")[1:] == [script, b"x"]


def test_control_group_with_any_name_comes_back(trace):
    mounts = [row.split() for row in Path("/proc/self/mounts").read_text().splitlines()]
    roots = [root for _, root, kind, *_ in mounts if kind in ("cgroup", "cgroup2")
             and root.endswith(("pids", "unified", "/cgroup"))]
    group = os.path.join(roots[0].encode(), b"ev\x1b\xff\xe2\x82 %d" % os.getpid())
    os.mkdir(group)
    try:
        def join():
            with open(os.path.join(group, b"cgroup.procs"), "w") as procs:
                procs.write(str(os.getpid()))

        tracer = trace("--cgroup", os.fsdecode(group))
        with Child([HOLD, "child", "0", "0"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                   preexec_fn=join) as child:
            line = tracer.wait_line(child.ledger.who("child"), "exec")
            released(child)
        tracer.stop()
    finally:
        os.rmdir(group)
    assert group.endswith(original(line, "cgroup", "proctrace"))
    assert os.path.basename(group) in original(line, "cgroup", "proctrace")


def assert_harmless(text):
    """It holds no byte that a terminal would act on. Gives its lines."""
    assert not set(text) & (set(range(0x20)) - {0x0a} | {0x7f}), "control characters"
    shown = text.decode("utf-8")  # strictly: whatever is there is valid
    acting = {chr(code) for code in [*range(0x80, 0xa0), 0x061c, 0x200e, 0x200f,
                                     *range(0x202a, 0x202f), *range(0x2066, 0x206a)]}
    assert not set(shown) & acting, "C1 and bidirectional controls"
    # A newline of theirs must not have made a line of its own: every line begins with a time.
    lines = shown.splitlines()
    wrong = [line for line in lines[1:] if not LINE.match(line)]
    assert lines[0].startswith("TIME") and not wrong, wrong
    return lines


LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{3} [a-z_]+ +(\d+|-) ")


def test_text_holds_no_byte_that_a_terminal_would_act_on(tmp_path):
    output = tmp_path / "text"
    evil = tmp_path / os.fsdecode(b"ev\nil\x1b[2J\x9b")
    shutil.copy(TINY, evil)
    with open(output, "wb") as stdout:
        tracer = subprocess.Popen([PROCTRACE, "--format", "text"], stdout=stdout,
                                  stderr=subprocess.PIPE)
        tracer.stderr.readline()
        with Child([bytes(evil), "0", *HOSTILE]) as child:
            child.collect()
        lived("execs", "renamed", b"\x1b[31m\n\x9b\xc2\x9b".hex())
        tracer.terminate()
        tracer.communicate()
    assert tracer.returncode == 0
    lines = assert_harmless(output.read_bytes())
    assert any(f" {child.pid} " in line for line in lines)


# Strangers by the thousand: the test's own bytes are the oracle, nobody else has heard of them.

def any_bytes(dice, least, most, without=b""):
    """From least to most of all bytes but NUL: nasty ones, whole characters, and anything."""
    data = b""
    length = dice.randint(least, most)
    while len(data) < length:
        data += dice.choice([
            lambda: dice.choice(HOSTILE),
            lambda: bytes([dice.randint(1, 255)]),
            lambda: chr(dice.randint(0x80, 0xd7ff)).encode(),
            lambda: b"abc"])()
    return bytes(byte if byte not in b"\0" + without else 0x1b for byte in data[:length])


def hostile_programs(dice, directory, count):
    """Programs under such names in directories of such names: the tiny one, or scripts."""
    programs = []
    tiny = os.path.join(directory, b"tiny")
    shutil.copy(TINY, tiny)
    for number in range(count):
        where = os.path.join(directory, b"%d" % number + any_bytes(dice, 1, 60, b"/"))
        os.mkdir(where)
        path = os.path.join(where, any_bytes(dice, 3, 60, b"/"))
        if number % 8:
            os.link(tiny, path)
            programs.append((path, path, None))
        else:
            with open(path, "wb") as script:
                script.write(b"#!" + tiny + b"\n")
            os.chmod(path, 0o755)
            programs.append((path, tiny, path))
    return programs


def hostile_plan(dice, directory, count):
    """What lives/strangers.c is to make: (name, NAME) and (exec, CWD, PROGRAM, ARGS), where PROGRAM
    is the path that is executed, what then runs, and the script if it is one."""
    programs = hostile_programs(dice, directory, 48)
    plan = []
    for number in range(count):
        if number % 4 == 0:
            plan.append(("name", any_bytes(dice, 1, 40)))
        else:
            args = [any_bytes(dice, 0, 40) for _ in range(dice.randint(1, 8))]
            plan.append(("exec", os.path.dirname(dice.choice(programs)[0]),
                         dice.choice(programs), args))
    assert {byte for what, *words in plan if what == "exec" for arg in words[2] for byte in arg} \
        == set(range(1, 256))
    return plan


def write_plan(path, plan):
    with open(path, "w") as file:
        for what, *words in plan:
            if what == "exec":
                cwd, program, args = words
                words = [cwd, program[0], b"".join(arg + b"\0" for arg in args)]
            print(what, *(word.hex() for word in words), file=file)


def strangers_of(ledger):
    rows = [json.loads(row) for row in ledger.read_text().splitlines()]
    return [row for row in rows if row["what"] == "born" and row["role"] != "driver"]


def assert_comes_back(tracer, row, what, *words):
    (line,) = tracer.of(row, "exit")
    if what == "name":
        assert original(line, "name") == words[0][:15]
        return
    cwd, (path, runs, script), args = words
    assert original(line, "name") == os.path.basename(path)[:15]
    (line,) = tracer.of(row, "exec")
    assert original(line, "executable") == runs
    assert original(line, "working_directory") == cwd
    assert original(line, "args") == ([runs, path, *args[1:]] if script else args)
    if script:
        assert original(line, "script", "proctrace") == script


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """A plan, and the file of it."""
    directory = tmp_path_factory.mktemp("strangers")
    dice = random.Random(int(os.environ.get("PROCTRACE_SEED", "1")))
    count = 20000 if os.environ.get("PROCTRACE_FULL") == "1" else max(400, crowd(3000))
    made = hostile_plan(dice, bytes(directory), count)
    write_plan(directory / "plan", made)
    return made, directory / "plan"


def test_strangers_by_the_thousand_come_back_byte_for_byte(trace, plan, tmp_path):
    with open(tmp_path / "ledger", "w") as ledger:
        tracer = trace("--no-mask", command=[LIVES / "strangers", plan[1]], stdout=ledger)
        tracer.join()
    strangers = strangers_of(tmp_path / "ledger")
    assert len(strangers) == len(plan[0])
    for row, words in zip(strangers, plan[0]):
        assert_comes_back(tracer, row, *words)


def test_strangers_by_the_thousand_do_no_harm_in_text(plan, tmp_path):
    with open(tmp_path / "ledger", "w") as ledger:
        subprocess.run([PROCTRACE, "--format", "text", "--no-mask", "-o", tmp_path / "text", "--",
                        LIVES / "strangers", plan[1]], stdin=subprocess.DEVNULL, stdout=ledger,
                       stderr=subprocess.DEVNULL, check=True)
    pids = {row["pid"] for row in strangers_of(tmp_path / "ledger")}
    assert len(pids) == len(plan[0])
    lines = assert_harmless((tmp_path / "text").read_bytes())
    # each of them is told once born and once dead, on lines of their own
    for action in ("fork", "exit"):
        assert len([line for line in lines if line[13:].startswith(action + " ")
                    and int(line[28:35]) in pids]) == len(pids)
