# SPDX-License-Identifier: GPL-2.0-only
"""Random lives of all kinds against their own ledger: the whole stream, line by line.

    PROCTRACE_SEEDS  how many lives (16; with PROCTRACE_FULL=1 500)
    PROCTRACE_SEED   the first of them; alone, it is the only one
"""

import os
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from ledger import LIVES, ROOT, TINY, Child, lived
from model import ZOMBIE_AFTER, Model

FULL = os.environ.get("PROCTRACE_FULL") == "1"
FIRST = int(os.environ.get("PROCTRACE_SEED", "1"))
COUNT = int(os.environ.get("PROCTRACE_SEEDS", "1" if "PROCTRACE_SEED" in os.environ
                           else "500" if FULL else "16"))
AT_ONCE = 8
BATCH = 25  # seeds of one tracer


def life_of(seed, broken):
    """A maker that has lost track of its own says so and gives up: then it is made once more."""
    try:
        return seed, lived("random", seed)
    except AssertionError:
        broken.append(seed)
        return seed, lived("random", seed)


def lives_of(seeds, broken):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda seed: life_of(seed, broken), seeds))


def test_stream_is_what_random_lives_say_of_themselves(trace):
    subprocess.run([LIVES / "random", "files"], cwd=ROOT, check=True)
    counts, differences, broken = Counter(), [], []
    for first in range(FIRST, FIRST + COUNT, BATCH):
        tracer = trace("--no-snapshot", "--zombie-after", int(ZOMBIE_AFTER * 1000))
        at_leisure(tracer)
        lives = lives_of(range(first, min(first + BATCH, FIRST + COUNT)), broken)
        tracer.sync()
        tracer.checker.spare_strangers(row["pid"] for _, life in lives for row in life.all("born"))
        tracer.stop()
        index_forks(tracer)
        for seed, life in lives:
            model = Model(seed, life, tracer)
            differences += model.compare()
            counts += model.counts
    print(f"\n{COUNT} lives from seed {FIRST}, made again {broken}: {dict(counts)}")
    print("\n\n".join(differences))
    firsts = "\n".join(difference.split("\n", 1)[0] for difference in differences)
    assert not differences, f"{len(differences)} differences (all of each above):\n{firsts}"
    assert len(broken) <= 1 + COUNT / 100
    assert counts["killer unknown"] <= 2 + COUNT / 5, counts
    assert COUNT < BATCH or all(counts[what] for what in ("clear zombie", "clearly no zombie",
                                                          "clear daemon"))


def at_leisure(tracer):
    """It has looked at all that stood before it began: a new zombie is told in time."""
    with Child([TINY]) as child:
        tracer.wait_line(child.ledger.who("child"), "zombie", timeout=60)
        child.collect()


def index_forks(tracer):
    tracer.forks_by_parent = {}
    for line in tracer.lines:
        if line["event"]["action"] != "fork":
            continue
        for who in (line["process"]["parent"], line["proctrace"].get("creator", {})):
            tracer.forks_by_parent.setdefault(who.get("pid"), []).append(line)
