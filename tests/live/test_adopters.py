# SPDX-License-Identifier: GPL-2.0-only
"""A thousand orphans in random families: each goes to whom /proc shows, and nobody else is told."""

import os
from collections import Counter

import pytest

from ledger import crowd, lived


@pytest.fixture(scope="module")
def tracer(module_trace):
    return module_trace()


def test_adopters_of_a_thousand_orphans_are_those_of_proc(tracer):
    seed = int(os.environ.get("PROCTRACE_SEED", "1"))
    life = lived("adopters", crowd(1000), seed)
    story = tracer.about(life)
    rows = life.all("adopted")
    assert len(rows) >= crowd(1000)
    shown = Counter((row["pid"], row["old"], row["adopter"], row["adopter_name"]) for row in rows)
    births = {row["pid"]: row for row in life.all("born")}
    orphans = [line for row in births.values() for line in tracer.of(row, "orphan")]
    told = Counter()
    for line in orphans:
        orphan = line["proctrace"]["orphan"]
        told[line["process"]["pid"], orphan["old_parent"]["pid"], orphan["adopter"]["pid"],
             orphan["adopter"]["name"]] += 1
    assert told == shown, (f"seed {seed}: missing {list((shown - told).items())[:5]}, "
                           f"too many {list((told - shown).items())[:5]}")
    for line in orphans:
        adopter = line["proctrace"]["orphan"]["adopter"]
        assert adopter["entity_id"] == tracer.of(births[adopter["pid"]])[0]["process"]["entity_id"]
    # Not one of them was ever left unreaped or taken for more than it was.
    assert {action for _, action in story.findings()} <= {"orphan", "daemon"}
