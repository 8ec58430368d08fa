# SPDX-License-Identifier: GPL-2.0-only
"""What a guest said on its console: hooks, findings, tests; and the table of all of them."""

import json
import re
from collections import Counter

FEATURES = ("fork", "exec", "exit", "free", "signal", "cgroup", "task_iterator", "group_dead")
TEST = re.compile(r"^(tests/\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL)")


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

    def __init__(self, name, stream, replay, faults):
        self.name, self.replay, self.faults, self.suite = name, replay, faults, None
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
        return self.lines[0]["proctrace"]["kernel"] if self.lines else "?"

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
        return not self.faults and (self.suite is None or not self.suite["failed"])

    def summary(self):
        text = f"{self.name}: {self.kernel()}: {sum(self.findings.values())} findings, "
        text += "as here" if not self.faults else "; ".join(self.faults)
        if self.suite:
            text += (f"; suite: {self.suite['passed']} passed, {len(self.suite['failed'])} failed, "
                     f"{len(self.suite['skipped'])} skipped")
        return text


def read(name, console):
    stream = between(console, "VM-STREAM", "VM-REPLAY")
    faults = []
    if "VM-RC=0" not in console or not stream:
        faults.append(next((line for line in console if line.startswith("proctrace: ")),
                           f"the guest said at the end: {' / '.join(console[-2:])}"))
    return Result(name, stream, between(console, "VM-REPLAY", "VM-END"), faults)


def read_suite(console):
    """pytest -v in a guest: {passed: n, failed: [name], skipped: [(name, why)]}"""
    suite = {"passed": 0, "failed": [], "skipped": [], "ended": "VM-SUITE-END" in console}
    for line in console:
        match = TEST.match(line)
        if not match:
            continue
        name, outcome = match.groups()
        if outcome == "PASSED":
            suite["passed"] += 1
        elif outcome == "SKIPPED":
            suite["skipped"].append(name)
        else:
            suite["failed"].append(name)
    suite["why"] = [line for line in console if line.startswith("SKIPPED [")]
    suite["failed"] = sorted(set(suite["failed"]))
    if not suite["ended"]:
        suite["failed"].append("(the suite did not come to its end)")
    return suite


HEAD = """# One binary on other kernels

Made by `make test-vm`: the same static binary in virtual machines, software emulation, one processor.
A hook is "yes" where it served. "same findings": the lives of `tests/vm/guest/scenario` gave the same
orphans, zombies and daemons, with the same causes, as on the kernel that the run was made on.
"""


def write_table(path, arch, rows):
    """Puts the section of an architecture into the file; those of others stay."""
    hooks = sorted({name for row in rows for name in row.hooks()} - {*FEATURES, "threads"})
    out = [f"## {arch}", "", "| kernel | " + " | ".join([*FEATURES, *hooks]) +
           " | same findings | live suite |", "| --- " * (len(FEATURES) + len(hooks) + 3) + "|"]
    for row in rows:
        cells = [{True: "yes", False: "no"}.get(row.hooks().get(name), "-")
                 for name in [*FEATURES, *hooks]]
        suite = "not run" if not row.suite else (
            f"{row.suite['passed']} passed, {len(row.suite['failed'])} failed, "
            f"{len(row.suite['skipped'])} skipped")
        out.append(f"| {row.kernel()} | " + " | ".join(cells) +
                   f" | {'no' if row.faults else 'yes'} | {suite} |")
    for row in rows:
        suite = row.suite or {"failed": (), "why": ()}
        details = [*row.faults, *(f"failed: {name}" for name in suite["failed"]), *suite["why"],
                   *(f"lost: {line['proctrace']}" for line in row.lost())]
        if details:
            out += ["", f"{row.kernel()}:", "", *(f"- {text}" for text in details)]
    sections = path.read_text().split("\n## ")[1:] if path.exists() else []
    others = ["## " + section.rstrip() for section in sections if not section.startswith(arch)]
    path.write_text(HEAD + "".join(f"\n{section}\n" for section in sorted(["\n".join(out), *others])))
