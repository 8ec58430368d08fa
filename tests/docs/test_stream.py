# SPDX-License-Identifier: GPL-2.0-only
"""What the manual says of a trace, held against real ones."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from documents import ACTIONS, PROCTRACE, README, complaints, manual_section, proctrace


def about(lives, role, action):
    return next(line for line in lives[0]
                if line["event"]["action"] == action and line["process"]["pid"] == lives[1][role])


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


def test_text_has_the_columns_of_the_manual(root):
    done = proctrace("--duration", "0.1", "--events", "snapshot")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["TIME", "ACTION", "PID", "PPID", "NAME", "DETAIL"]
    assert all(re.search(rf"\b{column}\b", manual_section("OUTPUT")) for column in head.split())
    row = re.compile(r"\d\d:\d\d:\d\d\.\d{3} snapshot +\d+ +(\d+|\?) .*")
    assert rows and all(row.fullmatch(line) for line in rows)
