# SPDX-License-Identifier: GPL-2.0-only
"""Holds the stream against the ledger of a random life (lives/random), process by process.

What must be said, what may be said and what must not follows from the ledger alone. Where it is a
matter of timing (a zombie near the threshold, a child that falls with its parent), either will do.
"""

import json
import os
from collections import Counter

from stream import seconds
from tracer import original, sequence, signal_names

ZOMBIE_AFTER = 0.4  # what the tracer is told
CLEARLY = 0.6  # so much above a threshold nothing is a matter of timing
DAEMON_AFTER = 0.25, 0.5  # an orphan is surely none before, surely one after
SAME_BLOW = 0.2
CLOCKS = 0.005  # between the stamps of the kernel's clocks and those of the ledger
OTHER_EXIT_SIGNAL = {"silent", "signal", "deadly"}
ENDS = {"waited", "auto", "zapped", "vanished"}
SAID = {"fork", "exec", "session", "exit", "reap", "orphan", "zombie", "zombie_cleared", "daemon"}


class Difference(Exception):
    """What the stream says of a process and what the ledger says are two things."""


def check(truth, what, *details):
    if not truth:
        raise Difference(" ".join(map(str, (what, *details))))


def shown(line):
    """A line, as far as anybody wants to read it in a report."""
    rest = {key: line[key] for key in ("process", "proctrace") if key in line}
    return (f"    {line['event']['sequence']} {seconds(line['@timestamp']):.6f} "
            f"{line['event']['action']} {json.dumps(rest)[:1200]}")


class Person:
    """One process, as the ledger tells its life. (No role is played twice.)"""

    def __init__(self, birth):
        self.birth, self.role, self.init = birth, birth["role"], birth["init"]
        self.parents = [birth["parent"]]
        self.groups = [(birth.get("sid"), birth.get("pgid"))]
        self.execs, self.adoptions, self.holds = [], [], []
        self.death = self.end = None
        self.subreaper = self.broken = self.pended = False

    def take(self, row):
        what = row["what"]
        if what == "execed":
            self.execs.append({**row, "group": self.groups[-1]})
        elif what == "moved":
            self.groups.append((row["sid"], row["pgid"]))
        elif what == "died":
            self.death = {**row, "parent": self.parents[-1]}
        elif what in ("adopted", "inherited"):
            self.parents.append(row["adopter"])
            same_step = self.death and self.death["after"] == row["after"]
            self.adoptions.append({**row, "loose": row["loose"] or bool(same_step)})
        elif what == "traced":
            self.holds.append([row["by"], row["before"], None])
        elif what in ("untraced", "tracer-waited") and self.holds:
            self.holds[-1][2] = self.holds[-1][2] or row["after"]
        elif what == "pended":
            self.pended = True
        elif what == "broken":
            self.broken = True
        elif what in ENDS:
            self.end = row
        elif what == "ordered" and row["order"] == "subreaper":
            self.subreaper = True

    @property
    def status(self):
        """What wait() said; if nobody could be asked, what must have been. None: not known."""
        status = self.end["status"] if self.end["what"] == "waited" else self.death["status"]
        return None if status == -1 else status

    def stood(self):
        """For how long it lay dead, at the least and at the most."""
        return (self.end["after"] - self.death["before"], self.end["before"] - self.death["after"])


class Model:
    """All persons of one ledger, against what a tracer has read."""

    def __init__(self, seed, life, tracer):
        self.seed, self.rows, self.tracer = seed, life.rows, tracer
        self.persons = {}
        for row in self.rows:
            if row["what"] == "born" and row["role"] != "outer":
                self.persons[row["role"]] = Person(row)
            elif row.get("role") in self.persons:
                self.persons[row["role"]].take(row)
        self.outer = life.who("outer")
        self.lines = {role: tracer.of(p.birth) for role, p in self.persons.items()}
        self.counts = Counter()

    def compare(self):
        """The differences, each with all that is known of its process. What was found besides is
        counted, so that it can be seen that there was something to compare."""
        found = []
        for person in self.persons.values():
            try:
                self.check_person(person)
            except (Difference, KeyError, IndexError, AssertionError) as problem:
                found.append(self.report(person, f"{type(problem).__name__}: {problem}"))
        found += self.invented()
        return found

    def report(self, person, problem):
        rows = [json.dumps(row) for row in self.rows
                if person.role in (row.get("role"), row.get("old"), row.get("adopter"))]
        return "\n".join([f"seed {self.seed}, {person.role}: {problem}",
                          "  the ledger:", *(f"    {row[:400]}" for row in rows),
                          "  the stream:", *map(shown, self.lines[person.role])])

    def invented(self):
        """Children of ours in the stream that nobody has borne."""
        ours = {lines[0]["process"]["entity_id"] for lines in self.lines.values() if lines}
        return [f"seed {self.seed}: nobody has borne {line}" for pid in
                {p.birth["pid"] for p in self.persons.values()} for line in self.children_of(pid)
                if {line["process"]["parent"].get("entity_id"),
                    line["proctrace"].get("creator", {}).get("entity_id")} & ours
                and line["process"]["entity_id"] not in ours]

    def children_of(self, pid):
        return self.tracer.forks_by_parent.get(pid, ())

    def entity(self, role):
        if role == "outer":
            return self.tracer.of(self.outer)[0]["process"]["entity_id"]
        lines = self.lines[role]
        check(lines, "nothing is said of", role)
        return lines[0]["process"]["entity_id"]

    def is_role(self, told, role):
        """Somebody in a line is the one with that role."""
        birth = self.outer if role == "outer" else self.persons[role].birth
        return told.get("pid") == birth["pid"] and told.get("entity_id") == self.entity(role)

    def check_person(self, person):
        lines = self.lines[person.role]
        check(lines, "nothing is said of it")
        check(len({line["process"]["entity_id"] for line in lines}) == 1, "it has two identities")
        by_action = {action: [line for line in lines if line["event"]["action"] == action]
                     for action in SAID}
        actions = [line["event"]["action"] for line in lines]
        check(set(actions) <= SAID, "it has lines", set(actions) - SAID)
        check(not any(line["proctrace"].get("inferred") for line in lines
                      if line["proctrace"].get("reap", {}).get("precision") != "audit"),
              "something was inferred where nothing was lost")
        life = [action for action in actions if action in ("fork", "exec", "exit", "reap")]
        check(life == ["fork"] + ["exec"] * len(person.execs) + ["exit", "reap"], "it lived", life)
        self.counts.update(life)
        self.check_birth(person, by_action["fork"][0])
        for row, line in zip(person.execs, by_action["exec"]):
            self.check_exec(row, line)
        self.check_parents(person, lines)
        self.check_exit(person, by_action["exit"][0])
        self.check_reap(person, by_action["reap"][0])
        for line in by_action["session"]:
            check(line["proctrace"]["session"]["new_sid"] in {sid for sid, _ in person.groups},
                  "it never was in such a session", line["proctrace"]["session"])
        self.check_orphans(person, by_action["orphan"])
        self.check_zombies(person, by_action["zombie"], by_action["zombie_cleared"])
        self.check_daemon(person, by_action["daemon"])

    def check_time(self, row, line):
        check(row["after"] - CLOCKS <= seconds(line["@timestamp"]) <= row["before"] + CLOCKS,
              line["event"]["action"], "at", seconds(line["@timestamp"]), "not within", row)

    def check_birth(self, person, line):
        birth = person.birth
        self.check_time(birth, line)
        check(self.is_role(line["process"]["parent"], birth["parent"]), "born under",
              line["process"]["parent"])
        creator = line["proctrace"].get("creator")
        if birth["creator"] == birth["parent"]:
            check(creator is None, "it needs no creator beside its parent", creator)
        else:
            check(self.is_role(creator or {}, birth["creator"]), "created by", creator)
        check(line["proctrace"].get("nspid", birth["pid"]) == birth["nspid"], "its nspid")
        if "sid" in birth and person.role != "m0":  # it said so only when it had its session
            self.check_group(person.groups[0], line)

    def check_group(self, group, line):
        process = line["process"]
        told = process["session_leader"]["pid"], process["group_leader"]["pid"]
        check(told == group, "in session and group", told, "not", group)
        check("tty" not in process, "it has no terminal")

    def check_exec(self, row, line):
        self.check_time(row, line)
        words = original(line, "args")
        said, truth = b"\0".join(words) + b"\0", bytes.fromhex(row["argv"])
        cut = line["proctrace"].get("args_truncated", {}).get("bytes", len(said))
        check(cut == row["bytes"], "argv of", cut, "bytes, not", row["bytes"])
        check(said[:len(truth)] == truth, "argv", words)
        check(line["proctrace"].get("exec_thread", 0) == row["thread"], "the thread of the exec")
        check(line["proctrace"].get("script", "") == row["script"], "the script")
        if row["group"][0]:
            self.check_group(row["group"], line)

    def check_parents(self, person, lines):
        """None whom it never had. (When a pid namespace ends, all in there may be parents. And a
        release may be told when who has collected it is gone: then the heir stands there.)"""
        loose = (person.end["what"] == "zapped" or any(row["loose"] for row in person.adoptions)
                 or self.died_with_parent(person))
        may = self.persons if loose else person.parents
        for line in lines:
            told = line["process"]["parent"]
            if line["event"]["action"] in ("reap", "zombie_cleared") and self.is_gone(person, line):
                continue
            check(any(self.is_role(told, role) for role in may), "never under", told, "in",
                  line["event"]["action"])

    def is_gone(self, person, line):
        """Has its last parent died before this line?"""
        last = person.parents[-1]
        return last != "outer" and any(
            other["event"]["action"] == "exit" and sequence(other) < sequence(line)
            for other in self.lines[last])

    def check_exit(self, person, line):
        self.check_time(person.death, line)
        # Who vanished fell with its parent: by then the heir may have had it, and let it go.
        unsure = person.end["what"] in ("zapped", "vanished")
        if not unsure and not any(row["loose"] for row in person.adoptions):
            check(self.is_role(line["process"]["parent"], person.death["parent"])
                  or not self.parent_is_sure(person), "died under", line["process"]["parent"])
        process, ending, status = line["process"], line["proctrace"]["exit"], person.status
        if status is None:
            return
        if os.WIFEXITED(status):
            check(process.get("exit_code") == os.WEXITSTATUS(status), "the exit code")
            check("signal" not in ending and "killed_by" not in ending, "nobody killed it")
            return
        check("exit_code" not in process, "it has no exit code")
        check(ending["signal"] in signal_names(os.WTERMSIG(status)), "killed by", ending["signal"])
        check(ending["core_dumped"] is os.WCOREDUMP(status), "its core")
        self.check_killer(person, ending.get("killed_by"))

    def parent_is_sure(self, person):
        """Not where it died in the step of its adoption."""
        return not any(row["what"] == "adopted" and not row["alive"] for row in person.adoptions)

    def check_killer(self, person, told):
        killer = person.death["killer"]
        if told is None and (killer == "kernel" or person.pended):
            # A timer's, now and then; and of several signals that wait only the last is kept.
            self.counts["killer unknown"] += 1
            return
        check(told is not None, "its killer is not known, but was", killer)
        if killer == "kernel":
            check(told == {"name": "kernel"}, "killed by", told, "and not the kernel")
        elif killer != "?":
            check(self.is_role(told, person.role if killer == "self" else killer), "killed by",
                  told, "and not by", killer)

    def check_reap(self, person, line):
        reap, end = line["proctrace"]["reap"], person.end
        stamp = seconds(line["@timestamp"])
        check(stamp >= end["after"] - CLOCKS, "reaped at", stamp, "before", end)
        if end["what"] in ("zapped", "vanished"):
            return
        by_init = end["by"] != "outer" and self.persons[end["by"]].init
        how = "auto" if end["what"] == "auto" else "init" if by_init else "wait"
        # Where a tracer held it, nothing tells that the kernel then asked its parent once more.
        # A sibling by CLONE_PARENT has the exit signal of its creator, and its creator's age of it.
        unsure = self.was_held(person) or person.birth["how"] == "clone-parent"
        if "reaper" not in reap:  # not known: it is gone already, or a look found the heir's gone
            by_look = self.stood_before(person) and reap["precision"] == "audit"
            check(by_look or self.is_gone(person, line), "its reaper is not known, but was",
                  end["by"])
            return
        check(reap["how"] == how or (how == "auto" and unsure), "reaped by", reap["how"],
              "and not", how)
        may = [*self.persons, "outer"] if self.let_go_by_the_dying(person) else [end["by"]]
        check(any(self.is_role(reap["reaper"], role) for role in may), "reaped by", reap["reaper"])
        least, most = person.stood()
        if how == "auto" and not self.stood_before(person):
            check(unsure or reap["zombie_ms"] == 0, "never a zombie")
        else:
            check(reap["zombie_ms"] / 1000 >= least - CLOCKS, "it stood for", least)

    def let_go_by_the_dying(self, person):
        """Its tracer and parent ignored SIGCHLD, and let go of it as it died itself: by then it is
        among the heir's children, forget_original_parent(), and that is what the kernel shows."""
        last = getattr(self.persons.get(person.end["by"]), "death", None)
        return (person.end["what"] == "auto" and self.was_held(person) and last
                and last["after"] == person.end["after"])

    def was_held(self, person):
        return any(until is None or until >= person.death["after"]
                   for _, _, until in person.holds)

    def check_orphans(self, person, lines):
        """One for each parent that died before it, unless both fell by the same blow."""
        self.counts["orphan"] += len(lines)
        must = [row for row in person.adoptions if row["what"] == "adopted"]
        if person.end["what"] == "zapped" or any(row["loose"] or not row["alive"] for row in must
                                                 ) or any(row["loose"] for row in person.adoptions):
            for line in lines:
                self.check_old_parent(line["proctrace"]["orphan"])
            return
        told = [line["proctrace"]["orphan"] for line in lines]
        for row in [row for row in must if self.fell_with(person, row)]:
            if len(must) > len(told) and not any(self.is_role(orphan["old_parent"], row["old"])
                                                 for orphan in told):
                must.remove(row)
        check(len(told) == len(must), len(told), "times an orphan, not", len(must))
        for orphan, row in zip(told, must):
            check(self.is_role(orphan["old_parent"], row["old"]), "left by", orphan["old_parent"])
            check(self.is_role(orphan["adopter"], row["adopter"]), "adopted by", orphan["adopter"])
            self.check_old_parent(orphan)

    def fell_with(self, person, row):
        death, old = person.death["status"], self.persons[row["old"]].status
        return (person.death["after"] - row["after"] < SAME_BLOW and death != -1
                and old is not None and os.WIFSIGNALED(death) and os.WIFSIGNALED(old)
                and os.WTERMSIG(death) == os.WTERMSIG(old))

    def died_with_parent(self, person):
        """At one blow: whether the parent or its heir had it then, nobody can tell but the kernel."""
        theirs = getattr(self.persons.get(person.parents[-1]), "death", None)
        return bool(person.death and theirs
                    and abs(person.death["after"] - theirs["after"]) < SAME_BLOW)

    def check_old_parent(self, orphan):
        """How the parent ended decides whether anybody meant to leave the child."""
        for person in self.persons.values():
            if not self.is_role(orphan["old_parent"], person.role):
                continue
            status = person.status
            if status is None:
                return
            if os.WIFEXITED(status):
                check(orphan["old_parent"]["how"] == f"exited {os.WEXITSTATUS(status)}", "it",
                      orphan["old_parent"]["how"])
            check((orphan["kind"] == "abandoned") == os.WIFSIGNALED(status), "an orphan",
                  orphan["kind"], "of a parent that ended with", status)
            return
        check(False, "its old parent is a stranger", orphan["old_parent"])

    def check_zombies(self, person, zombies, cleared):
        least, most = person.stood()
        check(len(zombies) <= 1, "a zombie more than once")
        check(len(cleared) == len(zombies), "a zombie", len(zombies), "times and cleared",
              len(cleared))
        self.counts["zombie"] += len(zombies)
        if person.end["what"] == "auto" and not self.was_held(person) and not self.stood_before(person):
            check(not zombies, "never a zombie")
        elif least > ZOMBIE_AFTER + CLEARLY:
            check(zombies, "no zombie, though it stood for", least)
            self.counts["clear zombie"] += 1
        elif most < ZOMBIE_AFTER:
            check(not zombies, "a zombie, though it stood for no more than", most)
            self.counts["clearly no zombie"] += 1
        for line in zombies:
            self.check_zombie(person, line)

    def stood_before(self, person):
        """Dead already when one that ignores SIGCHLD inherited it."""
        return any(row["what"] == "inherited" for row in person.adoptions)

    def check_zombie(self, person, line):
        zombie = line["proctrace"]["zombie"]
        check(any(self.is_role(zombie["responsible"], role) for role in person.parents),
              "nobody's duty:", zombie["responsible"])
        if self.was_held(person):
            return
        check(zombie["cause"] != "traced", "nobody traces it")
        if person.birth["how"] == "clone-parent":
            return  # its exit signal is its creator's
        stamp = seconds(line["@timestamp"])
        kept = not any(row["before"] < stamp for row in person.adoptions)
        executed = person.execs or person.broken  # either makes it SIGCHLD: de_thread()
        lost = executed or any(row["after"] < stamp for row in person.adoptions)
        special = person.birth["how"] in OTHER_EXIT_SIGNAL
        check(zombie["cause"] != "clone_child" or (special and kept and not executed),
              "a plain wait sees it")
        check(zombie["cause"] == "clone_child" or not special or lost, "a plain wait",
              "does not see it, but its cause is", zombie["cause"])

    def check_daemon(self, person, lines):
        self.counts["daemon"] += len(lines)
        check(len(lines) <= 1, "a daemon more than once")
        adopted = [row for row in person.adoptions if row["what"] == "adopted" and row["alive"]]
        of_init = person.role != "m0" and self.persons[person.parents[0]].init
        of_manager = of_init or any(role != "outer" and self.persons[role].subreaper
                                    for role in person.parents)
        if adopted:
            least = person.death["after"] - adopted[0]["before"]
            most = person.death["before"] - adopted[0]["after"]
        elif of_init:
            least, most = (person.death["after"] - person.birth["before"],
                           person.death["before"] - person.birth["after"])
        else:
            least = most = 0
        if least > DAEMON_AFTER[1] + CLEARLY:
            check(lines, "no daemon, though it stood for", least)
            self.counts["clear daemon"] += 1
        elif most < DAEMON_AFTER[0] and not of_manager:
            check(not lines, "a daemon, though it stood for no more than", most)
            self.counts["clearly no daemon"] += 1
