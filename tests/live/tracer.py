# SPDX-License-Identifier: GPL-2.0-only
"""The tracer under test, and what its stream says about the lives of a ledger."""

import base64
import os
import re
import signal
import subprocess
import time

from ledger import PATIENCE, ROOT, TINY, Child, Life
from replay import assert_replays
from stream import ALERTS, Checker, started_at

PROCTRACE = os.path.abspath(os.environ.get("PROCTRACE", ROOT / "build/proctrace"))
# A recording made with these lacks what a replay needs to find the same.
PARTIAL = {"--events", "--no-snapshot", "--pid", "--comm", "--uid", "--cgroup", "--container",
           "--no-mask", "--mask", "--max-processes"}
SANITIZER = re.compile(r"AddressSanitizer|runtime error|LeakSanitizer")


class Tracer:
    """One run of the tracer, JSON to a file. Every line is checked as it is read, see stream.py.

    options     the command line besides --format json -o FILE
    command     for -- COMMAND
    keep        False: check the lines, but don't keep them (for long streams: see `visit`)
    visit       called with each line
    may_lose    `lost` lines are no failure
    framed      the stream must begin with `start` and end with `stop`
    """

    def __init__(self, directory, *options, command=(), keep=True, visit=None, may_lose=False,
                 framed=True, **popen):
        self.output = directory / "stream.json"
        self.errors = directory / "stderr"
        self.argv = [PROCTRACE, "--format", "json", "-o", str(self.output), *map(str, options)]
        if command:
            self.argv += ["--", *map(str, command)]
        self.popen = popen
        self.checker = Checker(may_lose=may_lose, framed=framed)
        self.keep, self.visit = keep, visit
        self.lines, self.by_pid = [], {}
        self.process, self.file, self.rest = None, None, b""
        self.returncode = None

    # Running it

    def start(self, live=True):
        self.popen.setdefault("stdout", subprocess.DEVNULL)
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(self.argv, cwd=ROOT, stdin=subprocess.DEVNULL,
                                            stderr=errors, **self.popen)
        if live:
            self._until(lambda: re.search(r"^tracing", self.stderr(), re.M), "the hooks are live",
                        timeout=15)
        return self

    def stderr(self):
        return self.errors.read_text(errors="replace")

    def stop(self, sig=signal.SIGINT, expect=0):
        """Stops it with a signal; every line it has ever written is read and checked."""
        begin = time.monotonic()
        self.process.send_signal(sig)
        self.join(expect, timeout=30)
        self.stopped_in = time.monotonic() - begin
        return self

    def join(self, expect=0, timeout=60):
        """Waits until it ends by itself."""
        try:
            self.returncode = self.process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it does not end: {self.argv}\n{self.stderr()}") from None
        self.read()
        stderr = self.stderr()
        assert not SANITIZER.search(stderr), stderr
        assert self.returncode == expect, f"exit status {self.returncode}\n{stderr}"
        assert self.rest == b"", f"the last line is cut: {self.rest[-200:]}"
        self.checker.finish()
        return self

    def kill(self):
        self.process.kill()
        self.returncode = self.process.wait()

    def close(self):
        """The end of a test. A tracer that still runs is stopped and judged like any other."""
        if self.process and self.returncode is None:
            self.stop()
        if self.file:
            self.file.close()
        if self.returncode == 0 and not PARTIAL & set(self.argv):
            assert_replays(self.output, lossy=self.checker.may_lose)
        if self.output.exists() and self.output.stat().st_size > 16 << 20:
            self.output.unlink()  # storms would fill the disk; the others are kept to be looked at

    # Reading it

    def read(self):
        """Takes in what has been written until now; returns self, to look at.

        Not what comes meanwhile: in a storm that is quicker than we are, this would never end."""
        if not self.file:
            if not self.output.exists():
                return self
            self.file = open(self.output, "rb")
        left = os.fstat(self.file.fileno()).st_size - self.file.tell()
        while left > 0 and (data := self.file.read(min(left, 1 << 22))):
            left -= len(data)
            *lines, self.rest = (self.rest + data).split(b"\n")
            for raw in lines:
                line = self.checker.feed(raw)
                if line:
                    self._take(line)
        return self

    def _take(self, line):
        if self.visit:
            self.visit(line)
        if self.keep:
            self.lines.append(line)
            if "process" in line:
                self.by_pid.setdefault(line["process"]["pid"], []).append(line)

    def _until(self, condition, what, timeout):
        deadline = time.monotonic() + timeout * PATIENCE
        while not (result := condition()):
            if self.process.poll() is not None:
                self.returncode = self.process.returncode
                raise AssertionError(f"the tracer has ended ({self.returncode}) before {what}:\n"
                                     f"{self.stderr()}")
            assert time.monotonic() < deadline, f"never came: {what}\n{self.stderr()}"
            time.sleep(0.002 * PATIENCE)
        return result

    def wait_for(self, condition, what="what the test waits for", timeout=5):
        """Reads on until the condition holds, and returns what it returned."""
        return self._until(lambda: self.read() and condition(), what, timeout)

    def sync(self):
        """All that has happened until now is in the stream: a child of ours that came later is.

        (The records come in one queue, in their order.)"""
        with Child([TINY]) as marker:
            marker.collect()
        self.wait_line(marker.ledger.who("child"), "exit")

    # What it says about somebody

    def of(self, who, *actions):
        """The lines about a process of a ledger (pid and start time), all or of some actions."""
        return [line for line in self.by_pid.get(who["pid"], ())
                if (not actions or line["event"]["action"] in actions)
                and ("start" not in who or abs(started_at(line) - who["start"] / 100) < 0.25)]

    def same(self, line, *actions):
        """The lines about the same process as a line: where only the stream knows its pid."""
        return [other for other in self.by_pid[line["process"]["pid"]]
                if other["process"]["entity_id"] == line["process"]["entity_id"]
                and (not actions or other["event"]["action"] in actions)]

    def wait_line(self, who, action, timeout=5):
        """The first line of that action about somebody; waits for it.

        The kernel may tell a release many seconds late; the audit, every ten, finds it before."""
        if action in ("reap", "zombie_cleared"):
            timeout = max(timeout, 25)
        return self.wait_for(lambda: self.of(who, action), f"{action} of {who}", timeout)[0]

    def children(self, pid):
        """The births under a parent, in their order."""
        return [line for line in self.lines if line["event"]["action"] == "fork"
                and line["process"]["parent"]["pid"] == pid]

    def settled(self, life, *roles):
        """Waits until these have been collected and the stream has said so, while whoever collected
        them lingers (see lives.h): who is gone by then may no longer be known."""
        for role in roles:
            who = life.until("born", role=role)
            life.until("waited", pid=who["pid"])
            self.wait_line(who, "reap")

    def story_of(self, program, *words):
        """A life that needs no steps, from its beginning to its end."""
        with Life(program, *words) as life:
            life.until("lingers")
            for row in life.all("waited"):
                self.wait_line(life.all("born", pid=row["pid"])[0], "reap")
            return self.about(life.finish())

    def about(self, ledger, settle=True, timeout=10):
        """The story of a ledger. With settle, when all of its processes have been reaped."""
        story = Story(self, ledger)
        if settle:
            for row in ledger.all("born"):
                self.wait_line(row, "reap", timeout)
        return story


def assert_who(told, pid, name):
    """Somebody in a line is that process; it may say more of it."""
    assert (told["pid"], told["name"]) == (pid, name), told


def signal_names(number):
    """The names that a signal may go by."""
    if number < signal.SIGRTMIN:
        aliases = {signal.SIGIO: {"SIGIO", "SIGPOLL"}, signal.SIGABRT: {"SIGABRT", "SIGIOT"}}
        return aliases.get(number) or {
            "SIGSTKFLT" if number == 16 else signal.Signals(number).name}
    return {f"SIGRTMIN+{number - signal.SIGRTMIN}", f"SIGRTMAX-{signal.SIGRTMAX - number}",
            *({"SIGRTMIN"} if number == signal.SIGRTMIN else ()),
            *({"SIGRTMAX"} if number == signal.SIGRTMAX else ())}


def assert_ended_as(exit_line, status):
    """An exit line says what wait() returned, and nothing else."""
    process, ending = exit_line["process"], exit_line["proctrace"]["exit"]
    if os.WIFEXITED(status):
        assert process["exit_code"] == os.WEXITSTATUS(status), exit_line
        assert "signal" not in ending and "killed_by" not in ending, exit_line
    else:
        assert "exit_code" not in process, exit_line
        assert ending["signal"] in signal_names(os.WTERMSIG(status)), exit_line
        assert ending["core_dumped"] is os.WCOREDUMP(status), exit_line


BAD_BYTES = {code: "\ufffd" for code in range(0xdc80, 0xdd00)}


def original(line, field, of="process"):
    """The bytes behind a string of process.* (or proctrace.*): either the string gives them back
    itself, or it shows U+FFFD for each bad byte and they stand beside it."""
    text, raw = line[of][field], line.get("proctrace", {}).get("raw", {})
    if field in raw:
        whole = base64.b64decode(raw[field])
        shown = text if field == "args" else [text]
        parts = whole.split(b"\0")[:len(shown)] if field == "args" else [whole]
        assert shown == [part.decode("utf-8", "surrogateescape").translate(BAD_BYTES)
                         for part in parts]
        return parts if field == "args" else whole
    return [word.encode() for word in text] if field == "args" else text.encode()


class Story:
    """What the stream says about the processes of one ledger."""

    def __init__(self, tracer, ledger):
        self.tracer, self.ledger = tracer, ledger

    def lines(self, role, *actions):
        return self.tracer.of(self.ledger.who(role), *actions)

    def line(self, role, action):
        lines = self.lines(role, action)
        assert len(lines) == 1, f"{len(lines)} lines {action} of {role}: {self.lines(role)}"
        return lines[0]

    def actions(self, role):
        return [line["event"]["action"] for line in self.lines(role)]

    def life(self, role):
        """Its actions without findings and without what changed meanwhile: how it lived."""
        return [action for action in self.actions(role)
                if action in ("snapshot", "fork", "exec", "exit", "reap")]

    def entity(self, role):
        entities = {line["process"]["entity_id"] for line in self.lines(role)}
        assert len(entities) == 1, f"{role} has the identities {entities}"
        return entities.pop()

    def findings(self):
        """All findings about anybody in the ledger: (role, action), in the stream's order."""
        roles = {}
        for row in self.ledger.all("born"):
            roles.setdefault(row["pid"], row)  # who plays two roles goes by the first
        found = [(sequence(line), row["role"], line["event"]["action"])
                 for row in roles.values() for line in self.tracer.of(row)
                 if line["event"]["action"] in ALERTS | {"zombie_cleared"}]
        return [(role, action) for _, role, action in sorted(found)]

    def assert_ends(self):
        """Everybody that was waited for ended as wait() said, and was reaped by who waited."""
        inits = {row["pid"] for row in self.ledger.all("born", role="init")} | {1}
        for row in self.ledger.all("waited"):
            who = self.ledger.all("born", pid=row["pid"])[0]
            (exit_line,) = self.tracer.of(who, "exit")
            (reap_line,) = self.tracer.of(who, "reap")
            assert_ended_as(exit_line, row["status"])
            reap = reap_line["proctrace"]["reap"]
            if "reaper" not in reap:  # not known: that can be only where it is gone already
                (gone,) = self.tracer.of(self.ledger.all("born", pid=row["by"])[0], "exit")
                assert sequence(gone) < sequence(reap_line), reap_line
                continue
            assert reap["reaper"]["pid"] == row["by"], reap_line
            assert reap["how"] == ("init" if row["by"] in inits else "wait"), reap_line


def sequence(line):
    return line["event"]["sequence"]
