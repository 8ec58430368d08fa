# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong: one clear line on stderr, nothing on stdout, and the right exit status."""

import os
import resource
import subprocess

import pytest

from ledger import PATIENCE, ROOT, TINY
from tracer import PROCTRACE, SANITIZER


def run(*argv, timeout=20, **popen):
    popen.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([str(word) for word in argv], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=timeout * PATIENCE, check=False, **popen)


def complaints(done):
    stderr = done.stderr.decode()
    assert not SANITIZER.search(stderr), stderr
    return [row for row in stderr.splitlines() if row.startswith("proctrace: ")]


def assert_fails(done, status, mentions=""):
    stderr = done.stderr.decode()
    assert done.returncode == status, f"exit status {done.returncode}: {stderr}"
    assert len(complaints(done)) == 1, stderr
    assert mentions in complaints(done)[0], stderr
    return done


WRONG = [
    (["--bogus"], "--bogus"),
    (["-Z"], "Z"),
    (["-Zo"], "'-Z'"),
    (["--duration"], "duration"),
    (["--duration", "soon"], "soon"),
    (["--duration", "-1"], "-1"),
    (["--duration", ""], "duration"),
    (["--duration", "1x"], "1x"),
    (["--duration", "99999999999999999999"], "99999999999999999999"),
    (["--zombie-after", "1.5.2"], "1.5.2"),
    (["--zombie-after", "-5"], "-5"),
    (["--zombie-after", "ten"], "ten"),
    (["--args-max", "lots"], "lots"),
    (["--args-max", "20481"], "20481"),
    (["--args-max", "-1"], "-1"),
    (["--mask", "(x"], "(x"),
    (["--mask", ""], "mask"),
    (["--mask", "x", "--mask", "y*"], "y*"),
    (["--no-mask=1"], "--no-mask takes no value"),
    (["--watch"], "--watch is for proctrace zombies"),
    (["--limit", "3"], "--limit is for proctrace zombies|orphans|daemons"),
    (["zombies", "--tree", "1"], "--tree cannot be used with zombies"),
    (["--grace", "never", "--", TINY], "never"),
    (["--format", "xml"], "xml"),
    (["--events", "fork,bogus"], "bogus"),
    (["--events", ""], "events"),
    (["--fail-on", "bogus"], "bogus"),
    (["--fail-on", "fork"], "fork"),
    (["--pid", "init"], "init"),
    (["--pid", "-1"], "-1"),
    (["--pid", "1x"], "1x"),
    (["--pid", "99999999"], "99999999"),
    (["--tree", "99999999"], "99999999"),
    (["--uid", "no-such-user-here"], "no-such-user-here"),
    (["bogus"], "proctrace -- bogus"),
    (["--"], ""),
]


@pytest.mark.parametrize("words, mentions", WRONG, ids=lambda value: " ".join(value) if isinstance(
    value, list) else None)
def test_wrong_command_line_is_status_2(words, mentions):
    done = assert_fails(run(PROCTRACE, *words), 2, mentions)
    assert done.stdout == b""
    assert b"tracing" not in done.stderr


def test_pid_that_was_there_but_is_gone_is_status_2():
    gone = subprocess.Popen([TINY])
    gone.wait()
    assert_fails(run(PROCTRACE, "--pid", gone.pid), 2, str(gone.pid))


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_on_stdout_and_no_error(word):
    done = run(PROCTRACE, word)
    assert done.returncode == 0 and done.stderr == b""
    for option in ("--format", "--output", "--duration", "--zombie-after", "--events", "--pid",
                   "--tree", "--comm", "--uid", "--cgroup", "--no-snapshot", "--threads",
                   "--fail-on", "--grace", "--args-max"):
        assert option.encode() in done.stdout


def test_version_is_on_stdout_and_no_error():
    done = run(PROCTRACE, "--version")
    assert done.returncode == 0 and done.stderr == b"" and b"proctrace" in done.stdout


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_that_does_not_arrive_is_status_1(word):
    with open("/dev/full", "wb") as full:
        assert_fails(run(PROCTRACE, word, stdout=full), 1, os.strerror(28))
    assert_fails(run("/bin/sh", "-c", 'exec "$0" "$1" >&-', PROCTRACE, word), 1, "stdout")


def as_nobody():
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)


def test_not_root_is_one_line_and_status_1():
    done = assert_fails(run(PROCTRACE, preexec_fn=as_nobody), 1, "root")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == b""


def test_not_root_fails_before_it_starts_the_command(tmp_path):
    mark = tmp_path / "mark"
    tmp_path.chmod(0o777)
    assert_fails(run(PROCTRACE, "--", "touch", mark, preexec_fn=as_nobody), 1)
    assert not mark.exists()


def test_kernel_without_btf_is_one_line_and_status_1():
    done = run("unshare", "--mount", "sh", "-c",
               'mount -t tmpfs none /sys/kernel/btf && exec "$0"', PROCTRACE)
    assert_fails(done, 1, "BTF")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == b""


def test_output_into_a_directory_that_is_not_there_is_status_1(tmp_path):
    path = tmp_path / "missing" / "stream"
    assert_fails(run(PROCTRACE, "-o", path), 1, str(path))


def test_output_that_is_a_directory_is_status_1(tmp_path):
    assert_fails(run(PROCTRACE, "-o", tmp_path), 1, str(tmp_path))


@pytest.mark.parametrize("form", ["json", "text"])
def test_full_disk_is_status_1(form):
    done = run(PROCTRACE, "--format", form, "-o", "/dev/full", "--duration", "5")
    assert_fails(done, 1, "/dev/full")
    assert os.strerror(28) in complaints(done)[0]


def test_full_standard_output_is_status_1():
    with open("/dev/full", "wb") as full:
        assert_fails(run(PROCTRACE, "--format", "json", "--duration", "5", stdout=full), 1)


@pytest.mark.parametrize("form", ["json", "text"])
def test_closed_pipe_is_one_line_and_status_1(form):
    script = f'{{ "$0" --format {form} --duration 10; echo "status $?" >&2; }} | head -1'
    done = run("/bin/sh", "-c", script, PROCTRACE)
    assert b"status 1\n" in done.stderr
    assert len(complaints(done)) == 1, done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_closed_pipe_after_the_start_is_noticed():
    read, write = os.pipe()
    tracer = subprocess.Popen([PROCTRACE, "--format", "json", "--no-snapshot"], stdout=write,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    os.close(write)
    while b"tracing" not in tracer.stderr.readline():
        pass
    os.close(read)
    subprocess.run([TINY], check=True)  # something to write about
    assert tracer.wait(10 * PATIENCE) == 1
    assert tracer.stderr.read().count(b"proctrace: ") == 1
    tracer.stderr.close()


def test_standard_streams_that_are_closed_do_no_harm(tmp_path):
    """fd 0, 1 and 2 closed: no BPF object or file may be taken for one of them."""
    output = tmp_path / "stream"
    done = run("/bin/sh", "-c", f'exec <&- >&- ; exec "$0" --format json -o {output} --duration 1',
               PROCTRACE)
    assert done.returncode == 0, done.stderr
    assert output.read_bytes().splitlines()[-1].count(b'"stop"') == 1


def test_too_few_file_descriptors_is_an_error_and_no_crash():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6))

    assert_fails(run(PROCTRACE, "--duration", "1", preexec_fn=few), 1)
