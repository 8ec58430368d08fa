# SPDX-License-Identifier: GPL-2.0-only
"""Names and arguments of strangers: JSON gives every byte back, text lets none of them act."""

import base64
import os
import shutil
import subprocess

import pytest

from ledger import HOLD, TINY, Child, lived
from tracer import PROCTRACE

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


def original(line, field):
    """The bytes behind a string of process.*: either the string gives them back itself, by
    Python's surrogateescape, or it shows U+FFFD for each bad byte and they stand beside it."""
    text, raw = line["process"][field], line.get("proctrace", {}).get("raw", {})
    if field in raw:
        whole = base64.b64decode(raw[field])
        shown = text if field == "args" else [text]
        parts = whole.split(b"\0")[:len(shown)] if field == "args" else [whole]
        assert shown == [part.decode("utf-8", "surrogateescape").translate(BAD_BYTES)
                         for part in parts]
        return parts if field == "args" else whole
    return [word.encode("utf-8", "surrogateescape") for word in text] if field == "args" \
        else text.encode("utf-8", "surrogateescape")


BAD_BYTES = {code: "\ufffd" for code in range(0xdc80, 0xdd00)}


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
    text = output.read_bytes()
    assert f" {child.pid} ".encode() in text
    assert not set(text) & (set(range(0x20)) - {0x0a} | {0x7f}), "control characters"
    shown = text.decode("utf-8")  # strictly: whatever is there is valid
    acting = {chr(code) for code in [*range(0x80, 0xa0), 0x061c, 0x200e, 0x200f,
                                     *range(0x202a, 0x202f), *range(0x2066, 0x206a)]}
    assert not set(shown) & acting, "C1 and bidirectional controls"
    # A newline of theirs must not have made a line of its own: every line begins with a time.
    lines = shown.splitlines()
    assert all(line[:1].isdigit() or line.startswith(("TIME", " ")) for line in lines), lines
    assert not any(line.startswith(("il", "line")) for line in lines)
