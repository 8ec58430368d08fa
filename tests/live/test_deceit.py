# SPDX-License-Identifier: GPL-2.0-only
"""Processes that are not what they show: names made to look like /proc's own fields, arguments
that change while a program begins and after."""

import contextlib
from pathlib import Path

import pytest

from ledger import Life, Stat, comm_of
from test_hostile_text import original

# Each would be read as fields of /proc/PID/stat or as lines of /proc/PID/status by who trusts it.
NAMES = [b") Z 1 (", b") Z 1 1 1 0 -1", b") S 1 (a) Z 1 (", b"x\nTracerPid:\t1", b"\nUid:\t7\t7\t7",
         b"((((((((((((((("[:15], b")))))))))))))))"[:15], b"\n", b" "]


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace("--zombie-after", "100", "--args-max", "8192")


@pytest.fixture
def lives():
    """A child of each of the names, alive."""
    with contextlib.ExitStack() as stack:
        lives = [stack.enter_context(Life("deceit", "named", name.hex())) for name in NAMES]
        for life in lives:
            life.until("ready")
        yield lives


def raw(pid, name):
    return Path(f"/proc/{pid}/{name}").read_bytes()


def parts(argv):
    """As a C program would read it: the last argument need not end with a NUL."""
    return argv.removesuffix(b"\0").split(b"\0")


def test_name_that_looks_like_fields_is_a_name_and_no_field(tracer, lives):
    for life, name in zip(lives, NAMES):
        child = life.who("child")
        assert raw(child["pid"], "comm") == name + b"\n" and Stat(child["pid"]).state == "S"
        life.go_on()
        life.until("dead")
    for life, name in zip(lives, NAMES):
        line = tracer.wait_line(life.who("child"), "zombie")
        zombie = line["proctrace"]["zombie"]
        assert original(line, "name") == name
        assert line["process"]["parent"]["pid"] == zombie["responsible"]["pid"] \
            == life.pid("driver")
        assert zombie["cause"] == "never_waits" and not zombie["pre_existing"], line
        assert zombie["how"] == "exited 7"
        assert [line["event"]["action"] for line in tracer.of(life.who("child"))] \
            == ["fork", "exit", "zombie"]


def test_who_was_there_before_is_taken_for_nothing_else_either(trace, lives):
    """The first picture, and the looks at those in it: half of them live, half are dead."""
    for life in lives[1::2]:
        life.go_on()
        life.until("dead")
    tracer = trace("--zombie-after", "100")
    for number, (life, name) in enumerate(zip(lives, NAMES)):
        line = tracer.wait_line(life.who("child"), "snapshot")
        assert original(line, "name") == name
        assert line["process"]["parent"]["pid"] == life.pid("driver")
        assert line["proctrace"]["state"] == ("Z" if number % 2 else "S"), line
        assert str(line["user"]["id"]) == "0"
        if number % 2:
            zombie = tracer.wait_line(life.who("child"), "zombie")["proctrace"]["zombie"]
            assert zombie["pre_existing"] and zombie["cause"] == "never_waits", zombie
    tracer.sync()
    assert not any(tracer.of(life.who("child"), "zombie") for life in lives[::2])
    tracer.stop()


@pytest.mark.parametrize("name", NAMES[:2])
def test_orphan_of_such_a_name_is_followed_to_its_adopter(tracer, name):
    with Life("deceit", "orphan", name.hex()) as life:
        life.until("ready")
        life.go_on()
        line = tracer.wait_line(life.who("child"), "orphan")
        assert line["proctrace"]["orphan"]["adopter"]["pid"] == life.pid("reaper") \
            == Stat(life.pid("child")).ppid
        life.go_on()
        line = tracer.wait_line(life.who("child"), "exit")
        assert original(line, "name") == name
        assert line["process"]["parent"]["pid"] == life.pid("reaper")
        story = tracer.about(life.finish(), settle=False)
    # under load it may live long enough to be a daemon, where the session has no terminal
    assert [f for f in story.findings() if f != ("child", "daemon")] == [("child", "orphan")]


@pytest.mark.parametrize("words", [["retitled", 5], ["retitled", 3000], ["emptied"], ["moved"]],
                         ids=lambda words: "-".join(map(str, words)))
def test_arguments_that_are_rewritten_later(tracer, trace, words):
    """Who saw the program begin tells what was executed; who comes later, what /proc shows then."""
    with Life("deceit", *words) as life:
        life.until("ready")
        child = life.who("child")
        if any(row["errno"] for row in life.all("moved")):
            pytest.skip("the kernel does not let argv be moved")
        exec_line = tracer.wait_line(child, "exec")
        executed = ["deceit", "changed", words[0], str(words[1]) if len(words) > 1 else "0", "the",
                    "last", "argument"]
        assert exec_line["process"]["args"] == executed
        shown = raw(child["pid"], "cmdline")
        assert parts(shown) != [word.encode() for word in executed]
        late = trace("--zombie-after", "100")
        line = late.wait_line(child, "snapshot")
        assert raw(child["pid"], "cmdline") == shown
        if shown:
            assert original(line, "args") == parts(shown[:4096])
            assert line["process"]["args_count"] == len(parts(shown))
        else:
            assert "args" not in line["process"]
        assert line["process"]["name"] == comm_of(child["pid"])
        late.stop()
        life.go_on()
        life.finish()
    assert tracer.wait_line(child, "exit")["process"]["name"] == line["process"]["name"]


def test_arguments_that_change_while_a_program_begins_are_those_it_got(tracer):
    """A thread writes over them all the time; the new program says itself what it was given."""
    with Life("deceit", "racing", 150) as life:
        life.until("lingers", timeout=30)
        images = life.all("image")
        for row in images:
            line = tracer.wait_line(row, "exec")
            assert line["process"]["args"] == row["args"]
            assert line["process"]["args_count"] == row["argc"]
        life.finish()
    torn = sum(len(set(row["args"][2])) > 1 for row in images)
    print(f"\n{len(images)} programs, {torn} with arguments that were changed meanwhile")
    assert len(images) == 150 and torn > 3, "no race took place"
