# SPDX-License-Identifier: GPL-2.0-only
"""The oracle by itself, without a tracer: the lives that are made really are what they claim."""

import errno
import os
import signal
from collections import Counter

import pytest

from ledger import Life, Stat, held, lived, ps_state, released, until


def test_plain_orphan_goes_to_the_nearest_subreaper_or_init():
    adopted = lived("family", "exit=0").one("adopted")
    assert adopted["adopter"] != adopted["old"]


@pytest.mark.parametrize("where", [(), ("pidns",)])
def test_subreaper_adopts(where):
    life = lived("family", "subreaper", "kill=9", *where)
    assert life.one("adopted")["adopter"] == life.pid("reaper")
    assert life.status("parent") == signal.SIGKILL
    assert life.status("child") == 7 << 8


def test_init_of_a_pid_namespace_adopts():
    life = lived("family", "pidns", "exit=3")
    assert life.one("adopted")["adopter"] == life.pid("init")


def test_init_of_a_pid_namespace_is_adopted_outside_of_it():
    life = lived("family", "subreaper", "outside", "exit=0")
    assert life.one("adopted")["adopter"] == life.pid("reaper")


@pytest.mark.parametrize("sig", [0, signal.SIGUSR1])
def test_child_with_another_exit_signal_stays_and_a_plain_wait_does_not_see_it(sig):
    with Life("zombies", f"clone={int(sig)}") as life:
        dead = life.until("dead")
        assert Stat(dead["pid"]).state == "Z"
        assert life.until("plain-wait")["errno"] == errno.ECHILD
        life.go_on()
        assert life.finish().status("child") == 6 << 8


@pytest.mark.parametrize("how", ["ignored", "nocldwait"])
def test_auto_reaped_child_leaves_nobody_to_wait_for(how):
    assert lived("zombies", how).one("echild")


def test_sibling_by_clone_parent_is_nobody_s_orphan():
    life = lived("zombies", "clone-parent")
    assert life.who("sibling")["ppid"] == life.pid("driver")
    assert life.one("alone")["ppid"] == life.pid("driver")


@pytest.mark.parametrize("how, own_session", [("classic", False), ("library", True)])
def test_daemon_stands_alone(how, own_session):
    with Life("daemons", how) as life:
        stands = life.until("stands")
        assert stands["ppid"] == life.pid("reaper") and stands["tty"] == 0
        assert stands["session"] != os.getsid(0)
        assert (stands["session"] == stands["pid"]) == own_session
        life.go_on()
        life.finish()


def test_leader_that_left_looks_like_a_zombie_while_its_threads_run():
    with Life("threads", "leader-first") as life:
        assert life.until("leader-left")["state"] == "Z"
        life.go_on()
        assert life.finish().status("process") == 7 << 8


def test_fates_are_mixed():
    fates = lived("fates", 1400).all("fate")
    assert len(fates) == len({(row["pid"], row["start"]) for row in fates}) == 1400
    assert len(Counter(row["kind"] for row in fates)) == 14
    assert len({row["status"] for row in fates}) > 100


def test_adopters_are_many():
    life = lived("adopters", 300)
    assert len(life.all("adopted")) == life.one("orphans")["count"] >= 300
    assert len({row["adopter"] for row in life.all("adopted")}) > 20


def test_held_child_is_stopped_when_ps_says_so():
    with held() as child:
        os.kill(child.pid, signal.SIGSTOP)
        until(lambda: ps_state(child.pid) == "T", "stopped")
        os.kill(child.pid, signal.SIGCONT)
        assert released(child).status("child") == 0
