# SPDX-License-Identifier: GPL-2.0-only
"""What a guest said on its console: hooks, findings, tests; and the table of all of them."""

import json
import re
from collections import Counter
from pathlib import Path

FEATURES = ("fork", "exec", "exit", "free", "signal", "cgroup", "task_iterator", "group_dead")
TEST = re.compile(r"^(test_\w+\.py::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b")
GUEST = Path(__file__).parent / "guest"


def between(console, first, last):
    try:
        begin = console.index(first) + 1
        return console[begin:console.index(last, begin)]
    except ValueError:
        return []


def finding(line):
    """What is the same on every kernel: neither pids nor times."""
    action, process, said = line["event"]["action"], line["process"], line["proctrace"]
    told = said[action]
    facts = [action, process.get("name"), told.get("cause") or told.get("kind")]
    for who in ("responsible", "creator", "adopter", "old_parent"):
        if who in told:
            facts.append(f"{who} {told[who].get('name')}")
            facts.append(told[who].get("how"))
    facts.append(told.get("how"))
    return " ".join(str(fact) for fact in facts if fact)


def is_compared(line):
    """Not the shell and its tools, which differ between a guest and this machine; nor those whose
    parent's death kills them too: they are orphans or dead, whichever is first."""
    name, action = line["process"]["name"] if "process" in line else None, line["event"]["action"]
    return (line["event"]["kind"] == "alert" and name not in ("sh", "sleep", "busybox")
            and not (action == "orphan" and name in ("held", "traced", "traced-never")))


class Result:
    """One run of the scenario. stream, replay: lines."""

    def __init__(self, name, stream, replay, faults, binary=""):
        self.name, self.replay, self.faults, self.suite = name, replay, faults, None
        self.binary = binary
        self.lines = []
        for text in stream:
            try:
                self.lines.append(json.loads(text))
            except ValueError:
                self.faults.append(f"no JSON: {text[:80]}")
        self.findings = Counter(finding(line) for line in self.lines if is_compared(line))

    def streams(self):
        return bool(self.lines)

    def hooks(self):
        return self.lines[0]["proctrace"]["hooks"] if self.lines else {}

    def kernel(self):
        return self.lines[0]["proctrace"]["kernel"] if self.lines else self.name

    def lost(self):
        return [line for line in self.lines if line["event"]["action"] == "lost"]

    def compare(self, expected):
        if not self.lines:
            return
        for missing in (expected.findings - self.findings).elements():
            self.faults.append(f"not found: {missing}")
        for extra in (self.findings - expected.findings).elements():
            self.faults.append(f"found besides: {extra}")
        if self.replay != expected.replay:
            self.faults.append("a recorded stream is replayed in another way")

    def good(self):
        return not self.faults and (self.suite is None or
                                    not self.suite["failed"] and not self.suite["cut"])

    def summary(self):
        text = f"{self.name}: {self.kernel()}: {sum(self.findings.values())} findings, "
        text += "as here" if not self.faults else "; ".join(self.faults)
        if self.suite:
            text += f"; suite: {outcome(self.suite)}"
        return text


def binary(console):
    """What the guest says of the tracer that it runs; the firmware's last words stand before it."""
    return next((line.partition("VM-BINARY ")[2] for line in console if "VM-BINARY " in line),
                "one that the console does not name")


def read(name, console):
    stream = between(console, "VM-STREAM", "VM-REPLAY")
    faults = []
    if not {"VM-STATUS=0", "VM-END"} <= set(console) or not stream:
        faults.append(next((line for line in console if line.startswith("proctrace: ")),
                           f"the guest said at the end: {' / '.join(console[-2:])}"))
    result = Result(name, stream, between(console, "VM-REPLAY", "VM-END"), faults, binary(console))
    if "VM-SUITE" in console:
        result.suite = read_suite(console)
    return result


def read_suite(console):
    """pytest -v -rfEs in a guest: what came of each test, and what its summary says of the others."""
    outcomes = dict(match.groups() for match in map(TEST.match, console) if match)
    suite = {"passed": 0, "failed": [], "skipped": 0, "why": []}
    for outcome in outcomes.values():
        suite["passed"] += outcome == "PASSED"
        suite["skipped"] += outcome in ("SKIPPED", "XFAIL")
    failed = {name for name, outcome in outcomes.items() if outcome in ("FAILED", "ERROR")}
    for line in console:
        word, _, rest = line.partition(" ")
        name = rest.partition(" - ")[0]
        if word in ("FAILED", "ERROR") and name in failed:
            failed.remove(name)
            suite["failed"].append(rest)
        elif line.startswith("SKIPPED ["):
            suite["why"].append(re.sub(r"\S*/(test_\w+\.py)", r"\1", line))
        elif word == "VM-PART":
            suite["why"].append(f"of the suite this alone: {rest}")
        elif word == "VM-PREEMPTED":
            suite["why"].append("left out by the kernel, told as lost and recovered: {} {}".format(*rest.split()))
    suite["failed"] += sorted(failed)
    suite["cut"] = None if "VM-SUITE-END" in console else " ".join(console[-1].split())
    return suite


HEAD = """# One binary on other kernels

Made by `make test-vm`: the same static binary in virtual machines, software emulation, one processor.
A hook is "yes" where it served. "same findings": the lives of `tests/vm/guest/scenario` gave the same
orphans, zombies and daemons, with the same causes, as on the kernel that the run was made on. "live
suite": of tests/live all that is not named at the end, with crowds a twentieth of their size. From 7.0
on the kernel may preempt a program, and leaves out what another process would have told meanwhile on
that processor: a second program tells it, and what that one was left out of too is told as lost.
"""


def listed(title, name):
    lines = [line for line in (GUEST / name).read_text().splitlines() if line and line[0] != "#"]
    rows = [line.split(None, 1) for line in lines]
    return f"\n## {title}\n\n| of tests/live | why |\n| --- | --- |\n" + \
        "".join(f"| {name} | {why} |\n" for name, why in rows)


def left_out():
    return listed("Not run in the guests", "left-out")


def of_binaries(rows):
    told = list(dict.fromkeys(row.binary for row in rows))
    if len(told) == 1:
        return f"All of them with one binary: {told[0]}."
    return "\n".join(["**Not with one binary:**", "", *(
        f"- {binary}: " + ", ".join(row.kernel() for row in rows if row.binary == binary)
        for binary in told)])


def outcome(suite):
    return "not run" if not suite else (f"{suite['passed']} passed, {len(suite['failed'])} failed, "
                                        f"{suite['skipped']} skipped" + (", cut" if suite["cut"] else ""))


def write_table(path, arch, rows):
    """Puts the section of an architecture into the file; those of others stay."""
    hooks = sorted({name for row in rows for name in row.hooks()} - {*FEATURES, "threads"})
    out = [f"## {arch}", "", of_binaries(rows), "",
           "| kernel | " + " | ".join([*FEATURES, *hooks]) + " | same findings | live suite |",
           "| --- " * (len(FEATURES) + len(hooks) + 3) + "|"]
    for row in rows:
        cells = [{True: "yes", False: "no"}.get(row.hooks().get(name), "-")
                 for name in [*FEATURES, *hooks]]
        out.append(f"| {row.kernel()} | " + " | ".join(cells) +
                   f" | {'no' if row.faults else 'yes'} | {outcome(row.suite)} |")
    details = {}  # the same of many kernels is told once
    for row in rows:
        suite = row.suite or {"failed": (), "why": (), "cut": None}
        cut = [f"cut, before its end, at {suite['cut']}"] if suite["cut"] else []
        for text in [*row.faults, *cut, *(f"failed: {name}" for name in suite["failed"]), *suite["why"],
                     *(lost(line) for line in row.lost())]:
            details.setdefault(text, []).append(row.kernel().partition("-")[0])
    if details:
        out += ["", *(f"- {text} ({', '.join(kernels) if len(kernels) < len(rows) else 'all'})"
                      for text, kernels in details.items())]
    sections = path.read_text().split("\n## ")[1:] if path.exists() else []
    others = ["## " + section.rstrip() for section in sections
              if section.startswith(("amd64", "arm64")) and not section.startswith(arch)]
    path.write_text(HEAD + "".join(f"\n{section}\n" for section in sorted(["\n".join(out), *others])) +
                    left_out())


def lost(line):
    told = line["proctrace"]["lost"]
    return f"lost in the scenario: {told['count']} {told['kind']} ({told['cause']})"
