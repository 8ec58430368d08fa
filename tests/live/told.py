# SPDX-License-Identifier: GPL-2.0-only
"""What one look says of a parent's zombies, read as a person would, and done as it stands there."""

import os
import re
import signal

import now
from ledger import Stat, until


def zombies_of(pid):
    """The oracle: what /proc has."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = Stat(name)
        except OSError:
            continue
        if stat.ppid == pid and stat.state == "Z":
            found.add((int(name), stat.start))
    return found


def is_there(zombie):
    try:
        stat = Stat(zombie[0])
    except OSError:
        return False
    return (stat.start, stat.state) == (zombie[1], "Z")


def one_look(parent):
    groups, _ = now.told("zombies", "--pid", parent)
    return groups and groups[0]["proctrace"]["zombies"]


class Told:
    """What is said of one parent's zombies."""

    def __init__(self, parent, cause, look=one_look):
        # a look may come between a death and the parent's next wait
        self.zombies = until(lambda: (told := look(parent)) and told["cause"] == cause and told,
                             f"{cause} of {parent}", timeout=15)
        self.dead = zombies_of(parent)
        assert len(self.dead) == self.zombies["count"] > 0

    def pid_in(self, list_name, words):
        """The pid in a sentence; words: a regular expression with one group."""
        sentences = self.zombies[list_name]
        (match,) = filter(None, (re.search(words, sentence) for sentence in sentences))
        return int(match[1])

    def do(self, words, sig=signal.SIGKILL):
        os.kill(self.pid_in("advice", words), sig)

    def try_in_vain(self, words, sig):
        os.kill(self.pid_in("no_help", words), sig)

    def gone(self):
        until(lambda: not any(map(is_there, self.dead)), "they are gone")

    def stay(self):
        assert all(map(is_there, self.dead))


RESTART = r"restart \w+\((\d+)\)"
KILL_DEAD = r"kill -9 (\d+): a zombie is dead already"
