# SPDX-License-Identifier: GPL-2.0-only
"""What is made of a guest's console: no virtual machine is needed to test that."""

import json

import results

START = {"event": {"kind": "state", "action": "start"},
         "proctrace": {"kernel": "9.9.9-test", "hooks": {"fork": True, "group_dead": False}}}
ORPHAN = {"event": {"kind": "alert", "action": "orphan"}, "process": {"name": "left"},
          "proctrace": {"orphan": {"kind": "background"}}}
LOCAL = "../../../somewhere/of/ours/proctrace/tests/live/test_a.py"


def console(*suite, binary="c[?7lVM-BINARY proctrace 9, sha256 123456789abc", findings=(ORPHAN,)):
    lines = [binary, "VM-STATUS=0", "VM-STREAM", *map(json.dumps, (START, *findings)), "VM-REPLAY", "VM-END"]
    return lines + (["VM-SUITE", *suite] if suite else [])


def result(*suite, **what):
    row = results.read("9.9 (amd64)", console(*suite, **what))
    row.compare(results.read("here", console()))
    return row


def table(tmp_path, *rows, arch="amd64"):
    path = tmp_path / "RESULTS.md"
    results.write_table(path, arch, rows)
    return path.read_text()


def test_the_suite_s_outcomes_are_counted_and_told_without_local_paths(tmp_path):
    row = result("test_a.py::test_1 PASSED   [ 20%]", "test_a.py::test_2[x-y] FAILED  [ 40%]",
                 "test_a.py::test_3 SKIPPED (no such thing) [ 60%]",
                 f"SKIPPED [1] {LOCAL}:12: no such thing", "FAILED test_a.py::test_2[x-y] - assert 1 == 2",
                 "VM-PREEMPTED      3 exec", "VM-SUITE-END")
    assert not row.good()
    text = table(tmp_path, row)
    assert "| 9.9.9-test | yes | " in text
    assert "| yes | 1 passed, 1 failed, 1 skipped |" in text
    assert "- failed: test_a.py::test_2[x-y] - assert 1 == 2 (all)" in text
    assert "- SKIPPED [1] test_a.py:12: no such thing (all)" in text
    assert "- left out by the kernel, told as lost and recovered: 3 exec (all)" in text
    assert "somewhere" not in text


def test_a_suite_that_was_cut_is_no_success(tmp_path):
    row = result("test_a.py::test_1 PASSED", "test_a.py::test_2 ")
    assert not row.good()
    assert "1 passed, 0 failed, 0 skipped, cut |" in table(tmp_path, row)


def test_a_part_of_the_suite_is_called_one(tmp_path):
    row = result("VM-PART test_a.py test_b.py", "test_a.py::test_1 PASSED", "VM-SUITE-END")
    assert row.good()
    assert "- of the suite this alone: test_a.py test_b.py (all)" in table(tmp_path, row)


def test_what_is_found_elsewhere_and_not_here_is_a_fault(tmp_path):
    row = result(findings=())
    assert row.faults == ["not found: orphan left background"]
    assert "| no | not run |" in table(tmp_path, row)


def test_one_binary_is_named_and_so_are_two(tmp_path):
    one, other = result(), result(binary="VM-BINARY proctrace 9, sha256 ffff")
    assert "All of them with one binary: proctrace 9, sha256 123456789abc." in table(tmp_path, one)
    text = table(tmp_path, one, other)
    assert "**Not with one binary:**" in text and "sha256 ffff: 9.9.9-test" in text


def test_the_table_of_another_architecture_stays(tmp_path):
    table(tmp_path, result(), arch="amd64")
    text = table(tmp_path, result(), result(), arch="arm64")
    assert text.count("| 9.9.9-test |") == 3
    assert text.index("## amd64") < text.index("## arm64") < text.index("## Not run")
