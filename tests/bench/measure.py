# SPDX-License-Identifier: GPL-2.0-only
"""What the benches share: the tracers, their cost in nanoseconds, and where rows are kept."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(TOP, "build/tests/bench")
ROWS = os.environ.get("BENCH_ROWS", os.path.join(BUILT, "rows.jsonl"))
PROCTRACE = os.environ.get("PROCTRACE", os.path.join(TOP, "build/proctrace"))
CPUS = sorted(os.sched_getaffinity(0))


def keep(section, **row):
    """One measurement more; report makes the tables of them."""
    os.makedirs(os.path.dirname(ROWS), exist_ok=True)
    with open(ROWS, "a", encoding="utf-8") as f:
        f.write(json.dumps({"section": section, **row}) + "\n")
    print(section, *(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}"
                     for k, v in row.items()), flush=True)


def cpu_ns(pid):
    """The processor time of all threads so far. /proc/PID/stat counts whole clock ticks only."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total


def ready(process, err, word, seconds=20):
    """Waits until the tracer says on stderr that it is live."""
    deadline = time.monotonic() + seconds
    while True:
        with open(err, errors="replace", encoding="utf-8") as f:
            text = f.read()
        if word in text:
            return
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError(f"it did not start: {text[-300:]}")
        time.sleep(0.002)


class Tracer:
    """argv with {out} for the file that takes the lines; live: what its stderr says when it is."""

    def __init__(self, name, argv, live=None, loss=None):
        self.name, self.argv, self.live, self.loss = name, argv, live, loss

    def available(self):
        return shutil.which(self.argv[0]) or os.access(self.argv[0], os.X_OK)

    def start(self, directory, pinned=True):
        self.out = os.path.join(directory, "out")
        self.err = os.path.join(directory, "err")
        argv = [word.format(out=self.out) for word in self.argv]
        if pinned:
            argv = ["taskset", "-c", str(CPUS[-1]), *argv]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL,
            stdout=open(os.devnull if self.out in argv else self.out, "wb"),
            stderr=open(self.err, "wb"))
        if self.live:
            ready(self.process, self.err, self.live)
        time.sleep(1.5)  # some do not say when; what it has to look at first is looked at then
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended: {open(self.err, errors='replace').read()[-200:]!r}")
        self.cpu_at_start = cpu_ns(self.process.pid)

    def stop(self):
        """Its cost since it was ready: CPU in ns, peak KiB, lines, losses."""
        time.sleep(0.3)  # what is under way still counts
        cpu = cpu_ns(self.process.pid) - self.cpu_at_start
        os.kill(self.process.pid, signal.SIGINT)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = status
        with open(self.out, "rb") as f:
            lines = sum(chunk.count(b"\n") for chunk in iter(lambda: f.read(1 << 20), b""))
        with open(self.err, errors="replace", encoding="utf-8") as f:
            text = f.read()
        os.unlink(self.out)
        return {"cpu": cpu, "rss": usage.ru_maxrss, "lines": lines,
                "lost": self.loss(text) if self.loss else None}


def proctrace_loss(text):
    return int(text.rpartition("lost ")[2].split()[0])


def tracers():
    return [
        Tracer("proctrace", [PROCTRACE, "--format", "json", "-o", "{out}", "--no-snapshot"],
               "tracing", proctrace_loss),
        Tracer("execsnoop", ["/usr/sbin/execsnoop"]),
        Tracer("exitsnoop", ["/usr/sbin/exitsnoop"]),
        Tracer("forkstat", ["forkstat", "-e", "all"]),
    ]


def with_tracefs():
    """The peers want tracefs; where it is not mounted, it is for this run alone."""
    if not os.path.isdir("/sys/kernel/tracing/events") and "BENCH_AGAIN" not in os.environ:
        os.environ["BENCH_AGAIN"] = "1"
        script = 'mount -t tracefs nodev /sys/kernel/tracing; exec "$0" "$@"'
        os.execvp("unshare", ["unshare", "-m", "sh", "-c", script, sys.executable, *sys.argv])
