# SPDX-License-Identifier: GPL-2.0-only
"""Containers: who was in which, though both were gone at once; and who was who inside.

No runtime is needed: what tells a container is where its control group is, and the tests make
groups with the names that runtimes give them. The oracle is the test's own ledger of who went
where, and what the processes say of themselves."""

import ctypes
import json
import os
import signal
import struct
import subprocess
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path

import now
import pytest
from ledger import crowd, held, released, until
from tracer import PROCTRACE

TIMES = 5000 if os.environ.get("PROCTRACE_FULL") else crowd(300)


def pod_uid():
    return str(uuid.uuid4())


def slice_of(uid):
    uid = uid.replace("-", "_")
    return f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid}.slice"


# As runtimes call them: (path, runtime, whether there is a pod, the systemd unit's name)
KINDS = [
    (lambda i, _: f"docker/{i}", "docker", False, None),
    (lambda i, _: f"system.slice/docker-{i}.scope", "docker", False, "system.slice"),
    (lambda i, _: f"system.slice/docker-{i}.scope/system.slice/my\\x2dapp.service", "docker", False,
     "my-app.service"),
    (lambda i, uid: f"kubepods/burstable/pod{uid}/{i}", None, True, None),
    (lambda i, uid: f"{slice_of(uid)}/cri-containerd-{i}.scope", "containerd", True, "pod"),
    (lambda i, uid: f"{slice_of(uid)}/crio-{i}.scope/container", "cri-o", True, "pod"),
    (lambda i, uid: f"kubepods/pod{uid}/{'0123456789abcdef' * 4}/docker/{i}", "docker", True, None),
    (lambda i, _: f"machine.slice/libpod-{i}.scope/container", "podman", False, "machine.slice"),
]


class Inside:
    """A control group that looks like a container's, and what must be said of who is in it."""

    def __init__(self, top, kind):
        path, self.runtime, in_pod, unit = kind
        self.top, self.id = top, os.urandom(32).hex()
        self.pod = pod_uid() if in_pod else None
        self.group = top / path(self.id, self.pod)
        self.unit = Path(slice_of(self.pod)).name if unit == "pod" else unit
        self.group.mkdir(parents=True)

    def join(self):
        with open(self.group / "cgroup.procs", "w") as procs:
            procs.write("0")

    def remove(self):
        group = self.group
        while group != self.top:
            try:
                group.rmdir()
            except OSError:
                return  # another is in there
            group = group.parent

    def assert_told(self, line):
        container = {"id": self.id} | ({"runtime": self.runtime} if self.runtime else {})
        pod = {"pod": {"uid": self.pod}} if self.pod else None
        assert line.get("container") == container, (self.group, line)
        assert line.get("kubernetes") == pod, (self.group, line)
        if "cgroup" in line["proctrace"]:
            assert str(self.group).endswith(line["proctrace"]["cgroup"]), (self.group, line)
            assert line["proctrace"].get("unit") == self.unit, (self.group, line)


def hierarchies():
    """Where groups are: the pids controller's of their own, and the unified one."""
    found = {}
    for row in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = row.split()
        if kind == "cgroup" and "pids" in options.split(","):
            found["pids"] = Path(place)
        elif kind == "cgroup2":
            found["unified"] = Path(place)
    return found


@contextmanager
def group_in(root):
    """A group of the test's own, for others in it."""
    if root is None:
        pytest.skip("no such control groups are mounted")
    group = root / f"proctrace-{uuid.uuid4().hex[:8]}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    yield group

    def removed():
        for directory, _, _ in os.walk(group, topdown=False):
            try:
                os.rmdir(directory)
            except OSError:
                return False
        return True
    until(removed, "nobody is in the groups", timeout=10)


@pytest.fixture
def top():
    """In the hierarchy that the tracer goes by."""
    found = hierarchies()
    with group_in(found.get("pids") or found.get("unified")) as group:
        yield group


@pytest.fixture
def unified():
    with group_in(hierarchies().get("unified")) as group:
        yield group


def run(inside, *argv):
    """Goes into the group by itself, becomes a program there at once, and is collected."""
    pid = os.fork()
    if pid == 0:
        try:
            inside.join()
            os.execv(argv[0], argv)
        finally:
            os._exit(127)
    assert os.waitpid(pid, 0)[1] == 0


def execs(tracer):
    """{the last argument: the lines of those who became a program with it}"""
    found = {}
    for line in tracer.lines:
        if line["event"]["action"] == "exec":
            found.setdefault(line["process"]["args"][-1], []).append(line)
    return found


def test_who_is_gone_at_once_was_in_its_container(trace, top):
    tracer, ledger = trace("--tree", os.getpid()), {}
    for n in range(TIMES):
        inside = Inside(top, KINDS[n % len(KINDS)])
        marker = f"{n} in {inside.id}"
        ledger[marker] = inside
        run(inside, "/bin/true", marker)
        inside.remove()
        assert not inside.group.exists()
    tracer.sync()
    found = execs(tracer)
    for marker, inside in ledger.items():
        (line,) = found[marker]
        inside.assert_told(line)


def born_in(inside, *argv):
    """The same with clone3(CLONE_INTO_CGROUP): it is never moved."""
    group = os.open(inside.group, os.O_RDONLY | os.O_DIRECTORY)
    clone_args = struct.pack("@11Q", 1 << 33, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, group)
    pid = ctypes.PyDLL(None).syscall(435, clone_args, len(clone_args))
    if pid == 0:
        try:
            os.execv(argv[0], argv)
        finally:
            os._exit(127)
    assert os.waitpid(pid, 0)[1] == 0
    os.close(group)


def test_who_is_born_in_a_container_and_gone_at_once(trace, unified):
    tracer, ledger = trace("--no-snapshot", "--cgroup", unified), {}
    for n in range(100):
        inside = Inside(unified, KINDS[n % len(KINDS)])
        ledger[inside.id] = inside
        born_in(inside, "/bin/true", inside.id)
        inside.remove()
        assert not inside.group.exists()
    tracer.stop()
    found = execs(tracer)
    for marker, inside in ledger.items():
        (line,) = found[marker]
        inside.assert_told(line)
        (fork,) = tracer.same(line, "fork")
        inside.assert_told(fork)


def test_what_runs_below_a_container_is_in_it(trace, top):
    """A shell's children are born in it, and it is gone before the tracer has heard of most."""
    tracer, ledger = trace("--tree", os.getpid()), {}
    for kind in KINDS:
        inside = Inside(top, kind)
        script = f"for n in 1 2 3 4 5 6 7 8 9 10; do /bin/true {inside.id}; done"
        run(inside, "/bin/sh", "-c", script)
        inside.remove()
        ledger[inside.id] = inside
    tracer.sync()
    found = execs(tracer)
    for marker, inside in ledger.items():
        assert len(found[marker]) == 10
        for line in found[marker]:
            inside.assert_told(line)
            (fork,) = tracer.same(line, "fork")
            inside.assert_told(fork)


def test_who_only_watches_a_container_is_outside(trace, top):
    tracer, number = trace("--tree", os.getpid()), os.urandom(32).hex()
    watcher = Inside(top, (lambda i, _: f"machine.slice/libpod-conmon-{i}.scope", None, False, None))
    run(watcher, "/bin/true", number)
    tracer.sync()
    (line,) = execs(tracer)[number]
    assert "container" not in line and "kubernetes" not in line
    assert line["proctrace"]["unit"] == watcher.group.name


@contextmanager
def zombie_in(inside):
    """Went in and died there, without ever becoming a program."""
    pid = os.fork()
    if pid == 0:
        try:
            inside.join()
        finally:
            os._exit(3)
    try:
        yield pid
    finally:
        os.waitpid(pid, 0)


def test_findings_name_the_container(trace, top):
    tracer, inside = trace("--tree", os.getpid()), Inside(top, KINDS[4])
    with zombie_in(inside) as pid:
        line = tracer.wait_line({"pid": pid}, "zombie")
    inside.assert_told(line)
    tracer.wait_line({"pid": pid}, "zombie_cleared")
    tracer.stop()
    with open(tracer.output) as recording:
        done = subprocess.run([PROCTRACE, "replay", "-"], stdin=recording, capture_output=True,
                              text=True, check=True)
    (text,) = [row for row in done.stdout.splitlines() if f" {pid} " in row and " zombie " in row]
    assert f"in containerd {inside.id[:12]}: for " in text


def move_and_be_left(inside, ledger):
    """A child goes in, has a child there, and then its parent dies; nobody becomes a program."""
    parent = os.fork()
    if parent == 0:
        moved, told = os.pipe()
        if os.fork() == 0:
            inside.join()
            child = os.fork()
            if child:
                os.write(ledger, f"{os.getpid()} {child}".encode())
                os.write(told, b".")
            signal.pause()  # until it is killed
        os.read(moved, 1)
        os._exit(1)
    os.waitpid(parent, 0)


def test_who_moves_and_becomes_no_program_is_known_to_a_replay_too(trace, top):
    """That is checked of every stream when its test ends."""
    tracer, inside, (ledger, theirs) = trace("--tree", os.getpid()), Inside(top, KINDS[1]), os.pipe()
    move_and_be_left(inside, theirs)
    orphan, child = map(int, os.read(ledger, 99).split())
    try:
        inside.assert_told(tracer.wait_line({"pid": orphan}, "orphan"))
        inside.assert_told(tracer.wait_line({"pid": child}, "fork"))
    finally:
        os.kill(orphan, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        os.close(ledger)
        os.close(theirs)
    tracer.wait_line({"pid": child}, "reap")
    tracer.wait_line({"pid": orphan}, "reap")


def test_snapshot_and_filter_know_the_container(trace, top):
    inside, other = Inside(top, KINDS[0]), Inside(top, KINDS[0])
    with held(preexec_fn=inside.join) as before:
        tracer = trace("--container", f"docker://{inside.id}")
        run(inside, "/bin/true", "in")
        run(other, "/bin/true", "out")
        inside.assert_told(tracer.wait_line({"pid": before.pid}, "snapshot"))
        released(before)
        tracer.wait_line({"pid": before.pid}, "exit")
        tracer.stop()
    assert "in" in execs(tracer) and "out" not in execs(tracer)


# Leaves so many zombies, says so, and stays.
LEAVES = """
import os, time
for _ in range({}):
    os.fork() or os._exit(0)
print(flush=True)
time.sleep(60)
"""


def leaving(inside, zombies=1):
    """A parent in there with so many zombies."""
    parent = subprocess.Popen([sys.executable, "-S", "-c", LEAVES.format(zombies)],
                              stdout=subprocess.PIPE, preexec_fn=inside.join)
    parent.stdout.readline()
    return parent


def end(*parents):
    for parent in parents:
        parent.kill()
        parent.communicate()


def containers_of(total):
    return {row["container"]["id"]: row for row in total["containers"] if "id" in row["container"]}


def test_zombies_of_now_name_the_container(top):
    inside = Inside(top, KINDS[4])
    with leaving(inside) as parent:
        line = until(lambda: [line for line in now.told("zombies")[0]
                              if line.get("process", {}).get("pid") == parent.pid],
                     "its zombie is told of")[0]
        text = now.run("zombies", "--limit", "9999").stdout.decode()
        end(parent)
    inside.assert_told(line)
    assert line["proctrace"]["zombies"]["container"] == inside.id
    assert f"in containerd {inside.id[:12]}, pod {inside.pod}:" in " ".join(text.split())


def test_zombies_of_now_are_counted_by_container(top):
    many, few = Inside(top, KINDS[5]), Inside(top, KINDS[0])
    parents = [leaving(many, 40), leaving(few, 3), leaving(many, 25)]
    ours = [word for parent in parents for word in ("--pid", parent.pid)]
    total = until(lambda: (told := now.told("zombies", *ours)[1])["zombies"] == 68 and told,
                  "all are zombies")
    text = now.run("zombies", *ours).stdout.decode().partition("\n\nIn containers:\n")[2]
    end(*parents)
    assert [row["container"]["id"] for row in total["containers"]] == [many.id, few.id]
    first, second = total["containers"]
    assert (first["zombies"], first["parents"], first["pod"]) == (65, 2, many.pod)
    assert (second["zombies"], second["parents"], "pod" in second) == (3, 1, False)
    assert [row["container"].get("runtime") for row in total["containers"]] == ["cri-o", "docker"]
    assert "created" not in first and "this_minute" not in first
    text = " ".join(text.split())
    assert text.startswith(f"65 cri-o {many.id[:12]}, pod {many.pod}: under 2 parents, the oldest (")
    assert f" 3 docker {few.id[:12]}: under 1 parent, the oldest (" in text


def test_watch_counts_what_comes_and_goes_in_a_container(top):
    inside = Inside(top, KINDS[0])
    with subprocess.Popen([PROCTRACE, "zombies", "--watch", "--interval", "0.2", "--format", "json",
                           "--container", inside.id], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as watch:
        assert watch.stderr.readline().startswith("tracing ")
        parents = [leaving(inside, 4), leaving(inside, 7)]

        def told():
            total = json.loads(watch.stdout.readline())["proctrace"].get("zombies_total")
            return total and total["zombies"] == 11 and containers_of(total)[inside.id]
        row = until(told, "all are told of", timeout=20)
        watch.kill()
        end(*parents)
    assert (row["zombies"], row["parents"]) == (11, 2) and row["oldest_died"]
    # 0: a minute has been whole in between, and is in the windows
    whole = row.get("created", {}).get("last_1m", 0)
    assert row["this_minute"]["created"] + whole == 11
    assert row["this_minute"]["reaped"] == 0


# In pid namespaces. Each tells its own pid as its last argument but one.
CROWD = """
import os, sys
me = os.getpid()
for n in range(int(sys.argv[2])):
    pid = os.fork()
    if pid == 0:
        os.execv("/bin/true", ["true", str(os.getpid()), sys.argv[1]])
    os.waitpid(pid, 0)
os.execv("/bin/true", ["true", str(me), sys.argv[1]])
"""
UNSHARE = ["unshare", "--pid", "--fork"]


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_pids_are_also_told_as_seen_inside(trace, depth):
    tracer, marker = trace("--tree", os.getpid()), f"depth {depth} {uuid.uuid4()}"
    subprocess.run([*UNSHARE * depth, sys.executable, "-S", "-c", CROWD, marker, "100"], check=True)
    tracer.sync()
    lines = [line for line in execs(tracer)[marker] if line["process"]["args"][0] == "true"]
    assert len(lines) == 101
    for line in lines:
        said = int(line["process"]["args"][1])
        assert line["proctrace"].get("nspid", line["process"]["pid"]) == said, line
        assert ("nspid" in line["proctrace"]) == (depth > 0), line
        assert line["proctrace"].get("ns_init", False) == (depth > 0 and said == 1), line
    assert [line["process"]["args"][1] for line in lines].count("1") == (depth > 0)
