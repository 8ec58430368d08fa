# SPDX-License-Identifier: GPL-2.0-only
"""Parents that leave dead children lying (lives/causes.c): what /proc has of them, and what a trace
says of each."""

import os
import signal
import subprocess
from contextlib import contextmanager

from ledger import Life, Stat, proc_text, until


# What the kernel shows


def is_zombie(pid, start=None):
    try:
        stat = Stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.state == "Z" and start in (None, stat.start)


def cminflt(pid):
    return int(proc_text(pid, "stat").rpartition(")")[2].split()[8])


def processes():
    """Every process as (pid, its Stat)."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                yield int(name), Stat(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass


def zombies_of(pid):
    return sorted(child for child, stat in processes() if stat.ppid == pid and stat.state == "Z")


def row_of(pid):
    return {"pid": pid, "start": Stat(pid).start}


# What the stream says


def diagnosed(tracer, corpse, parent, cause, *words, also=None):
    """Its finding, which names that parent and that cause, with evidence that has these words;
    and the other causes that fit, if asked for."""
    assert is_zombie(corpse["pid"]) and Stat(corpse["pid"]).ppid == parent
    told = tracer.wait_line(corpse, "zombie")["proctrace"]["zombie"]
    assert told["responsible"]["pid"] == parent, told
    assert (told["cause"], also and told.get("also", [])) == (cause, also), told
    evidence = "; ".join(told["evidence"])
    for word in words:
        assert word in evidence, evidence
    return told


def gone(tracer, *corpses):
    """They are, for the kernel and in the stream."""
    for corpse in corpses:
        until(lambda: not is_zombie(corpse["pid"], corpse["start"]), f"{corpse} is collected")
    for corpse in corpses:
        tracer.wait_line(corpse, "zombie_cleared")


def kill(pid, sig=signal.SIGKILL):
    os.kill(pid, sig)


@contextmanager
def life(*words):
    """A life of causes.c at its first `ready`. It is to be cured before the end."""
    with Life("causes", *words) as made:
        made.until("ready")
        yield made
        made.finish()


def corpses(made):
    return made.all("born", role="child")


@contextmanager
def container(*argv):
    """A pid namespace; gives its init's host pid. It ends with all that is in it."""
    with subprocess.Popen(["unshare", "--fork", "--pid", "--kill-child", *argv],
                          stdout=subprocess.DEVNULL) as outside:
        try:
            yield until(lambda: [pid for pid, stat in processes() if stat.ppid == outside.pid],
                        "the namespace has an init")[0]
        finally:
            outside.kill()
