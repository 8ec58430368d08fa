# SPDX-License-Identifier: GPL-2.0-only
"""It stops at once, with everything written, and leaves nothing behind in the kernel."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from ledger import PATIENCE, TINY, Child, Life, held, released, until

KINDS = ("prog", "map", "link")


def bpf_ids():
    """All BPF programs, maps and links of the kernel: {(kind, id)}."""
    ids = set()
    for kind in KINDS:
        # bpftool fails where one goes while it looks.
        shown = until(lambda kind=kind: bpftool_show(kind), f"bpftool {kind} show")
        ids |= {(kind, item["id"]) for item in json.loads(shown.stdout or b"[]")}
    return ids


def bpftool_show(kind):
    shown = subprocess.run(["bpftool", "-j", kind, "show"], capture_output=True, check=False)
    return shown if shown.returncode == 0 else None


def bpf_ids_of(pid):
    """Those that a process holds by its file descriptors."""
    ids = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            rows = info.read_text().splitlines()
        except FileNotFoundError:  # a file that it has read and closed
            continue
        for row in rows:
            name, _, value = row.partition(":")
            if name in ("prog_id", "map_id", "link_id"):
                ids.add((name.removesuffix("_id"), int(value)))
    return ids


class Objects:
    """What a tracer has brought into the kernel: what it holds, and all that has come with it."""

    def __init__(self, trace, **how):
        before = bpf_ids()
        self.tracer = trace(**how)
        self.held = bpf_ids_of(self.tracer.process.pid)
        self.came = bpf_ids() - before | self.held
        assert {kind for kind, _ in self.held} >= {"prog", "map"}

    def assert_gone(self):
        # The kernel frees them after grace periods of its own.
        until(lambda: not bpf_ids() & self.held, "its own programs, maps and links are gone", 10)
        until(lambda: not bpf_ids() & self.came, "all that came with it is gone", 10)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_stops_at_once_with_everything_flushed(trace, sig):
    objects = Objects(trace)
    tracer = objects.tracer
    children = []
    for code in range(20):
        with Child([TINY, str(code)]) as child:
            children.append(child.collect())
    tracer.stop(sig)
    print(f"\n{sig.name}: stopped in {tracer.stopped_in * 1000:.0f} ms")
    assert tracer.stopped_in < 10 * PATIENCE  # the figure is printed; the bound is for a hang
    for code, ledger in enumerate(children):
        lines = tracer.of(ledger.who("child"), "fork", "exec", "exit")
        assert [line["event"]["action"] for line in lines] == ["fork", "exec", "exit"]
        assert lines[-1]["process"]["exit_code"] == code
    objects.assert_gone()


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_stops_at_once_in_the_middle_of_a_storm(trace, sig):
    tracer = trace(keep=False)
    with Life("storm", "fork", 1000000) as storm:
        tracer.wait_for(lambda: tracer.checker.sequence > 5000, "five thousand lines")
        tracer.stop(sig)
        print(f"\n{sig.name} in a storm: stopped in {tracer.stopped_in * 1000:.0f} ms")
        assert tracer.stopped_in < 10 * PATIENCE  # the figure is printed; the bound is for a hang
        assert storm.process.poll() is None  # it has not waited for the storm to end


def test_second_signal_while_stopping_breaks_nothing(trace):
    tracer = trace()
    for _ in range(5):
        tracer.process.send_signal(signal.SIGTERM)
    tracer.stop(signal.SIGINT)


def test_killed_tracer_leaves_nothing_behind(trace):
    objects = Objects(trace)
    tracer = objects.tracer
    tracer.kill()
    assert tracer.returncode == -signal.SIGKILL
    objects.assert_gone()


def test_tracer_killed_in_a_storm_leaves_nothing_behind(trace):
    objects = Objects(trace, keep=False)
    tracer = objects.tracer
    with Life("storm", "fork", 1000000):
        tracer.wait_for(lambda: tracer.checker.sequence > 5000, "five thousand lines")
        tracer.kill()
    objects.assert_gone()


def test_traced_processes_live_on(trace):
    tracer = trace()
    with held() as child:
        tracer.wait_line(child.ledger.who("child"), "exec")
        tracer.stop()
        os.kill(child.pid, 0)
        assert released(child).status("child") == 0


def test_two_tracers_see_the_same(trace):
    one, other = trace(), trace()
    with Child([TINY, "9"]) as child:
        ledger = child.collect()
    for tracer in (one, other):
        assert tracer.about(ledger).life("child") == ["fork", "exec", "exit", "reap"]
    one.stop()
    with Child([TINY, "10"]) as child:
        ledger = child.collect()
    assert other.about(ledger).life("child") == ["fork", "exec", "exit", "reap"]
    other.stop()


def test_identity_is_the_same_for_every_tracer(trace):
    one, other = trace("--no-snapshot"), trace("--no-snapshot")
    with Child([TINY, "9"]) as child:
        ledger = child.collect()
    assert one.about(ledger).entity("child") == other.about(ledger).entity("child")
