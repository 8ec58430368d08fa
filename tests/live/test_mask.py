# SPDX-License-Identifier: GPL-2.0-only
"""Secrets in arguments: they stand in /proc, and not one byte of the stream is theirs."""

import base64
import contextlib
import os
import subprocess

import pytest

from ledger import HOLD, Child, held, proc_text, released, until
from tracer import PROCTRACE

# Words that nothing else on this machine has, one for each place; and no known kind of key.
COUNT = 17
OWN = 4  # a held program has so many arguments of its own
SECRETS = [f"hush{index:02d}q{os.urandom(4).hex()}" for index in range(COUNT)]


def words_with(secrets):
    """Arguments with a secret each, and what they are to look like."""
    words = [
        ["--password={}"], ["--password", "{}"], ["--db-token", "{}"], ["-storepass", "{}"],
        ["DB_PASSWORD={}"], ["-e", "API_KEY={}"], ["-eTOKEN={}"],
        ["postgres://joe:{}@db.example.org/x"], ["-H", "Authorization: Bearer {}"],
        ["-H", "X-Api-Key: {}"], ['{{"user":"joe","password":"{}","n":1}}'],
        ["sh", "-c", 'curl -H "Authorization: Basic {}" http://h/; PASSWORD=$x run'],
        ["sh", "-c", "PASSWORD='{}' run --fast"], ["curl", "-u", "joe:{}"], ["-pub", "code {}."],
        ["mysql", "-p{}"], ["--name", "sk-{}abcdefgh"],
    ]
    assert len(words) == len(secrets) == COUNT
    return [word.format(secret) for group, secret in zip(words, secrets) for word in group]


MASKED = [word.replace("sk-***abcdefgh", "***").replace("PASSWORD=$x", "PASSWORD=***")
          for word in words_with(["***"] * COUNT)]
CODE = ["--mask", "code (hush[0-9a-fq]+)"]  # no rule knows a code


def shown(secrets, data):
    return [secret for secret in secrets if secret.encode() in data]


def hold(words):
    """A program with these arguments, that lives until it is released; /proc shows all of them."""
    child = held(*words)
    until(lambda: proc_text(child.pid, "cmdline").split("\0")[OWN:-1] == words, "its arguments")
    return child


def everything(tracer):
    """Every byte it wrote, and what stderr got."""
    return tracer.output.read_bytes() + tracer.errors.read_bytes()


def args(line):
    return line["process"]["args"][OWN:]


def test_no_secret_is_in_the_stream(trace):
    words = words_with(SECRETS)
    with hold(words) as before:
        tracer = trace(*CODE)
        with hold(words) as after:
            for child, action in ((before, "snapshot"), (after, "exec")):
                line = tracer.wait_line(child.ledger.who("child"), action)
                assert args(line) == MASKED
                assert line["process"]["args_count"] == OWN + len(words)
                assert "args_truncated" not in line["proctrace"]
            # all of it is still what the kernel has
            assert len(shown(SECRETS, proc_text(after.pid, "cmdline").encode())) == COUNT
            released(after)
        released(before)
    tracer.sync()
    tracer.stop()
    assert shown(SECRETS, everything(tracer)) == []


def test_without_masking_every_secret_is_in_the_stream(trace):
    words = words_with(SECRETS)
    with hold(words) as before:
        tracer = trace("--no-mask")
        with hold(words) as after:
            for child, action in ((before, "snapshot"), (after, "exec")):
                assert args(tracer.wait_line(child.ledger.who("child"), action)) == words
            released(after)
        released(before)
    tracer.stop()
    assert shown(SECRETS, everything(tracer)) == SECRETS


@pytest.mark.parametrize("options, told", [(CODE, 0), (["--no-mask"], COUNT)])
def test_text_holds_them_only_without_masking(tmp_path, options, told):
    output = tmp_path / "text"
    with hold(words_with(SECRETS)) as before:
        with subprocess.Popen([PROCTRACE, "--format", "text", "-o", str(output), *options],
                              stderr=subprocess.PIPE) as tracer:
            tracer.stderr.readline()
            with hold(words_with(SECRETS)) as after:
                released(after)
            tracer.terminate()
            errors = tracer.communicate()[1]
        released(before)
    assert tracer.returncode == 0
    rows = [row for row in output.read_bytes().splitlines() if b"postgres://joe:" in row]
    for pid, action in ((before.pid, b"snapshot"), (after.pid, b"exec")):
        assert any(f" {pid} ".encode() in row and action in row for row in rows)
    assert len(shown(SECRETS, output.read_bytes() + errors)) == told


def test_command_and_its_children_are_masked(trace):
    secret = SECRETS[0]
    script = f"exec {HOLD} child 0 0 --token {secret}"
    tracer = trace("--grace", "0", command=["sh", "-c", script, "--password", secret])
    tracer.join()
    execs = [line["process"]["args"] for line in tracer.lines if line["event"]["action"] == "exec"]
    assert execs == [["sh", "-c", script.replace(secret, "***"), "--password", "***"],
                     [HOLD, "child", "0", "0", "--token", "***"]]
    # the tracer's own arguments have it too: what it starts begins as a copy of it
    assert shown([secret], everything(tracer)) == []


def test_raw_bytes_are_masked_as_well(trace):
    tracer = trace("--no-snapshot")
    argv = [HOLD.encode(), b"child", b"0", b"0", b"\xff\xfe", b"--password=" + SECRETS[0].encode(),
            b"TOKEN=\xc3" + SECRETS[1].encode()]
    with Child(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        child.collect()
    tracer.stop()
    raw = base64.b64decode(line["proctrace"]["raw"]["args"])
    assert raw == b"\0".join([*argv[:5], b"--password=***", b"TOKEN=***", b""])
    encoded = [base64.b64encode(bytes(shift) + SECRETS[0].encode())[4:-8] for shift in range(3)]
    assert not any(part in everything(tracer) for part in encoded)


@pytest.mark.parametrize("most", [40, 41, 50, 56, 57])
def test_secret_that_is_cut_is_masked_and_cut_all_the_same(trace, most):
    """The end of what is kept falls before, into and behind the secret."""
    before = f"p\0{'x' * 26}\0--password="
    assert len(before) == 40
    real = f"{before}{SECRETS[0]}\0"
    argv = real[:-1].split("\0")
    tracer = trace("--no-snapshot", "--args-max", most)
    with Child(argv, executable=HOLD, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
               stderr=subprocess.DEVNULL) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        child.collect()
    tracer.stop()
    assert shown([SECRETS[0][:3]], everything(tracer)) == []
    shows = before + "***" * (most > len(before))
    assert line["process"]["args"] == shows.split("\0")
    cut = line["proctrace"].get("args_truncated")
    assert cut == ({"bytes": len(real)} if most < len(real) else None)


def test_title_that_a_process_gives_itself_is_masked(trace):
    """Written over its arguments, with no NUL before the end."""
    title = f"worker --token {SECRETS[0]} --port 1"
    program = (
        "import ctypes, sys\n"
        "at = int(open('/proc/self/stat').read().rpartition(')')[2].split()[45])\n"
        f"ctypes.memmove(at, {title.encode()!r}.ljust(400), 400)\n"
        "print(flush=True)\nsys.stdin.read()\n")
    with subprocess.Popen(["/usr/bin/python3", "-c", program, "x" * 400], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        with contextlib.closing(child.stdin):
            assert proc_text(child.pid, "cmdline").startswith(title)
            tracer = trace("--pid", child.pid)
            tracer.wait_for(lambda: tracer.by_pid.get(child.pid))
            line = tracer.by_pid[child.pid][0]
    tracer.stop()
    assert line["event"]["action"] == "snapshot"
    assert line["process"]["args"][0].startswith("worker --token *** --port 1 ")
    assert shown(SECRETS, everything(tracer)) == []
