# SPDX-License-Identifier: GPL-2.0-only
"""Becoming a program: by every way, with every kind of argument list, and failing at it."""

import os
import shutil
import subprocess

import pytest

from ledger import HOLD, ROOT, TINY, Child, held, released
from tracer import assert_ended_as, sequence


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def story_of(tracer, *words):
    story = tracer.story_of("execs", *words)
    story.assert_ends()
    assert story.findings() == []
    return story


def cmdline(pid):
    """argv as the kernel keeps it."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


@pytest.mark.parametrize("how", ["fork", "vfork", "spawn"])
def test_child_becomes_a_program(tracer, how):
    story = story_of(tracer, how, TINY)
    assert story.life("child") == ["fork", "exec", "exit", "reap"]
    fork, exec_line = story.line("child", "fork"), story.line("child", "exec")
    assert fork["process"]["name"] == "execs"
    assert fork["process"]["parent"]["pid"] == story.ledger.pid("driver")
    assert exec_line["process"]["name"] == "tiny"
    assert exec_line["process"]["args"] == ["tiny", "33"]
    assert exec_line["process"]["args_count"] == 2
    assert exec_line["process"]["executable"] == TINY
    assert exec_line["process"]["working_directory"] == str(ROOT)
    assert str(exec_line["user"]["id"]) == "0"
    assert story.line("child", "exit")["process"]["exit_code"] == 33
    assert story.line("child", "exit")["process"]["name"] == "tiny"


def test_vfork_child_that_only_exits_has_no_exec(tracer):
    story = story_of(tracer, "vfork-exit")
    assert story.life("child") == ["fork", "exit", "reap"]
    assert story.line("child", "exit")["process"]["exit_code"] == 3


@pytest.mark.parametrize("how, code", [("vfork-failed", 127), ("fork-failed", 126)])
def test_exec_that_fails_is_no_exec(tracer, how, code):
    story = story_of(tracer, how)
    assert story.life("child") == ["fork", "exit", "reap"]
    assert story.line("child", "exit")["process"]["exit_code"] == code
    assert story.line("child", "exit")["process"]["name"] == "execs"


def test_exec_that_works_after_two_that_failed_is_the_only_one(tracer):
    story = story_of(tracer, "fork-retried", TINY)
    assert story.life("child") == ["fork", "exec", "exit", "reap"]
    assert story.line("child", "exec")["process"]["executable"] == TINY


def test_spawn_that_fails_leaves_the_trace_of_its_child(tracer):
    story = story_of(tracer, "spawn-failed")
    assert story.ledger.one("failed")["errno"] == 2
    (fork,) = tracer.children(story.ledger.pid("driver"))
    tracer.wait_for(lambda: tracer.same(fork, "reap"))
    lines = tracer.same(fork)
    assert [line["event"]["action"] for line in lines] == ["fork", "exit", "reap"]
    assert lines[1]["process"]["exit_code"] == 127
    assert lines[2]["proctrace"]["reap"]["reaper"]["pid"] == story.ledger.pid("driver")


def test_chain_of_programs_is_one_process(tracer):
    story = story_of(tracer, "chain=5")
    assert story.life("child") == ["fork"] + 5 * ["exec"] + ["exit", "reap"]
    assert [line["process"]["args"] for line in story.lines("child", "exec")] \
        == [["execs", f"link={left}"] for left in (4, 3, 2, 1, 0)]
    story.entity("child")
    assert story.line("child", "exit")["process"]["exit_code"] == 42


def test_script_is_its_interpreter_with_the_script_as_argument(tracer, tmp_path):
    script = tmp_path / "a-script"
    script.write_text('#!/bin/sh -u\nread wait\nexit 6\n')
    script.chmod(0o755)
    with Child([str(script), "one"], stdin=subprocess.PIPE) as child:
        exec_line = tracer.wait_line(child.ledger.who("child"), "exec")
        executable = os.readlink(f"/proc/{child.pid}/exe")
        argv = cmdline(child.pid)
        child.stdin.write(b"\n")
        child.stdin.close()
        story = tracer.about(child.collect())
    assert argv == b"\0".join([b"/bin/sh", b"-u", bytes(script), b"one"]) + b"\0"
    assert exec_line["process"]["args"] == ["/bin/sh", "-u", str(script), "one"]
    assert exec_line["process"]["executable"] == executable
    assert exec_line["process"]["name"] == "a-script"
    assert story.life("child") == ["fork", "exec", "exit", "reap"]
    story.assert_ends()
    assert story.findings() == []


def test_exec_line_agrees_with_proc(tracer, tmp_path):
    with held("x", "", "y z", cwd=tmp_path) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        process = line["process"]
        assert process["executable"] == os.readlink(f"/proc/{child.pid}/exe")
        assert process["working_directory"] == os.readlink(f"/proc/{child.pid}/cwd")
        assert [arg.encode() for arg in process["args"]] == cmdline(child.pid)[:-1].split(b"\0")
        assert process["args_count"] == 7
        assert process["session_leader"]["pid"] == os.getsid(child.pid)
        assert process["group_leader"]["pid"] == os.getpgid(child.pid)
        assert process["parent"]["pid"] == os.getpid()
        with open(f"/proc/{child.pid}/stat", "rb") as stat:
            tty = int(stat.read().rpartition(b")")[2].split()[4])
        assert ("tty" in process) == (tty != 0)
        released(child)


def test_user_is_the_one_it_runs_as(tracer):
    def nobody():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)

    with held(preexec_fn=nobody) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        assert str(line["user"]["id"]) == "65534"
        released(child)


def test_program_that_is_deleted_or_in_memory_is_named_as_proc_does(tracer, tmp_path):
    copy = tmp_path / "soon-gone"
    shutil.copy(HOLD, copy)
    fd = os.open(copy, os.O_RDONLY)
    copy.unlink()
    with Child(["a-name", "child", "0", "0"], executable=f"/proc/self/fd/{fd}", pass_fds=[fd],
               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        os.close(fd)
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        assert line["process"]["args"][0] == "a-name"
        assert (line["process"]["executable"].removesuffix(" (deleted)")
                == os.readlink(f"/proc/{child.pid}/exe").removesuffix(" (deleted)"))
        released(child)


def test_empty_argument_list_is_what_the_kernel_makes_of_it(tracer):
    # Since 5.18 the kernel gives a program without arguments one empty argument.
    story = story_of(tracer, "no-arguments", TINY)
    process = story.line("child", "exec")["process"]
    assert process["args"] == [""]
    assert process["args_count"] == 1


def exec_with(tracer, *words):
    """The exec line of a program with these arguments, and argv as /proc has it."""
    with held(*words) as child:
        line = tracer.wait_line(child.ledger.who("child"), "exec")
        argv = cmdline(child.pid)
        released(child)
    return line, argv


def test_argv_of_100_kib_is_cut_with_its_real_length(tracer):
    words = [f"{n:04d}" + "x" * 995 for n in range(103)]
    line, argv = exec_with(tracer, *words)
    assert len(argv) > 100 * 1024
    assert line["proctrace"]["args_truncated"] == {"bytes": len(argv)}
    assert line["process"]["args_count"] == 4 + len(words)
    shown = "\0".join(line["process"]["args"]).encode()
    assert argv.startswith(shown)
    assert 4000 <= len(shown) <= 4096


def test_one_argument_of_100_kib_is_cut(tracer):
    line, argv = exec_with(tracer, "y" * 100 * 1024)
    assert line["proctrace"]["args_truncated"] == {"bytes": len(argv)}
    assert line["process"]["args_count"] == 5
    assert argv.startswith("\0".join(line["process"]["args"]).encode())


def words_of(length):
    """Arguments that make argv as long as that, in bytes, with all that /proc counts."""
    base = len("\0".join([HOLD, "child", "0", "0", ""]).encode())
    return "z" * (length - base - 1)


@pytest.mark.parametrize("length, cut", [(4095, False), (4096, False), (4097, True)])
def test_argv_is_whole_up_to_4_kib(tracer, length, cut):
    line, argv = exec_with(tracer, words_of(length))
    assert len(argv) == length
    if cut:
        assert line["proctrace"]["args_truncated"] == {"bytes": length}
    else:
        assert "args_truncated" not in line["proctrace"]
        assert "\0".join(line["process"]["args"]).encode() + b"\0" == argv


def test_args_max_is_settable_to_20_kib(trace):
    tracer = trace("--args-max", "20480", "--no-snapshot")
    line, argv = exec_with(tracer, words_of(20480))
    assert "args_truncated" not in line["proctrace"]
    assert "\0".join(line["process"]["args"]).encode() + b"\0" == argv
    line, argv = exec_with(tracer, words_of(20481))
    assert line["proctrace"]["args_truncated"] == {"bytes": 20481}
    tracer.stop()


def test_args_max_can_be_small(trace):
    tracer = trace("--args-max", "64", "--no-snapshot")
    line, argv = exec_with(tracer, "w" * 200)
    assert line["proctrace"]["args_truncated"] == {"bytes": len(argv)}
    assert argv.startswith("\0".join(line["process"]["args"]).encode())
    assert len("\0".join(line["process"]["args"])) <= 64
    tracer.stop()


@pytest.mark.parametrize("how", ["exec", "exec-after-leader"])
def test_exec_by_a_thread_that_is_not_the_leader_is_one_process_and_no_exit(tracer, how):
    story = tracer.story_of("threads", how)
    assert story.life("process") == ["fork", "exec", "exit", "reap"]
    exec_line = story.line("process", "exec")
    assert exec_line["process"]["args"] == ["tiny", "33"]
    story.entity("process")
    assert_ended_as(story.line("process", "exit"), story.ledger.status("process"))
    # The thread's id was given up at the exec: it is nobody.
    assert tracer.by_pid.get(story.ledger.one("thread")["tid"], []) == []
    assert story.findings() == []
    story.assert_ends()


def test_fork_precedes_exec_precedes_exit(tracer):
    story = story_of(tracer, "fork", TINY)
    places = [sequence(story.line("child", action)) for action in ("fork", "exec", "exit", "reap")]
    assert places == sorted(places)
