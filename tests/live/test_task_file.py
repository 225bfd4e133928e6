"""Files of tasks: every format says the same, and all that is wrong is said at once."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.bundled import find_tasks, task_files
from sim.kit.errors import TableError
from sim.live.task_file import KEYS, read_tasks
from sim.live.verifiers import Exact, Number

ROWS: list[dict[str, Any]] = [
    {"id": 1, "prompt": "Add 2 and 2.", "answer": 4, "verify": {"number": {"tolerance": 0.5}}, "value": 0.25},
    {"id": "two", "prompt": "Capital of\nFrance?", "verify": {"exact": "Paris"}, "family": "places", "block": "b"},
    {"id": "three", "prompt": "Say 7.", "answer": "7", "principal": "p"},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".yaml":
        path.write_text(yaml.safe_dump(rows))
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:
        keys = list(dict.fromkeys(key for row in rows for key in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, keys)
            writer.writeheader()
            for row in rows:
                writer.writerow({k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()})
    return path


def faults(path: Path, rows: list[dict[str, Any]], **how: Any) -> list[str]:
    with pytest.raises(TableError) as error:
        read_tasks(write(path, rows), **how)
    return [line.removeprefix(f"{path}: ") for line in error.value.args]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "yaml", "csv"])
def test_every_format_says_the_same(suffix: str, tmp_path: Path) -> None:
    one, two, three = read_tasks(write(tmp_path / f"tasks.{suffix}", ROWS), "number")
    assert (one.name, one.prompt, one.value) == ("1", "Add 2 and 2.", 0.25)
    assert (two.prompt, two.family, two.block, two.principal) == ("Capital of\nFrance?", "places", "b", "")
    assert math.isnan(two.value)
    assert three.principal == "p"
    assert one.verify is not None
    assert two.verify is not None
    assert three.verify is not None
    assert one.verify.verifier == Number(tolerance=0.5)
    assert one.verify.verify("4.4").status == "PASS"
    assert (two.verify.verifier, two.verify.expected) == (Exact(), "Paris")
    assert three.verify.verifier == Number()
    assert three.verify.verify("It is 7").status == "PASS"


def test_all_faults_at_once(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a", "prompt": "x", "verify": {"exact": "1"}, "famly": "f"},
        {"id": "a", "verify": {"exact": "1"}, "answer": "1"},
        {"prompt": "x", "verify": {"exat": "1"}, "value": -1},
        {"id": "b", "prompt": 3, "verify": {"number": {"tolerance": -1}}, "answer": 1},
        {"id": "c", "prompt": "x"},
        {"id": "d", "prompt": "x", "verify": {"number": "seven"}},
        {"id": "e", "prompt": "x", "verify": "number", "labels": "x"},
    ]
    forms = '"name", {name = {parameter = value}} or {name = what it expects}'
    assert faults(tmp_path / "t.jsonl", rows) == [
        f"row 1 (line 1): famly: unknown key (did you mean 'family'?); allowed: {', '.join(KEYS)}",
        "row 2 (line 2): prompt: is missing",
        "row 2 (line 2): verify: says what is expected, and so does answer; one of them must go",
        "row 3 (line 3): id: is missing",
        "row 3 (line 3): value: must be a number from 0 to 1e12, in dollars; got -1",
        "row 3 (line 3): verify: unknown name 'exat' (did you mean 'exact'?); allowed: exact, number, pattern, "
        "program, judge, inspect; for one of your own give --plugin FILE",
        "row 4 (line 4): prompt: must be a text; got 3",
        "row 4 (line 4): verify: number.tolerance: must be >= 0; got -1",
        f"row 5 (line 5): verify: is missing, and no verifier is given for the file; it is {forms}",
        "row 6 (line 6): verify: must be a number; got 'seven'",
        'row 7 (line 7): labels: must be a table of texts; got "x"',
        "row 7 (line 7): answer: is missing; it must be a number",
        "row 2 (line 2): id: 'a' is that of row 1 too",
    ]


def test_claims_alone_need_no_verifier(tmp_path: Path) -> None:
    (task,) = read_tasks(write(tmp_path / "t.jsonl", [{"id": "a", "prompt": "x"}]), verified=False)
    assert task.verify is None


def test_a_file_without_tasks(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="holds no task"):
        read_tasks(write(tmp_path / "t.json", []))
    with pytest.raises(TableError, match="cannot be read"):
        read_tasks(tmp_path / "none.jsonl")


def test_the_fingerprint_holds_all_that_a_verdict_follows_from(tmp_path: Path) -> None:
    def of(row: dict[str, Any]) -> str:
        (task,) = read_tasks(write(tmp_path / "t.jsonl", [{"id": "a", "prompt": "x", **row}]))
        assert task.verify is not None
        return task.verify.fingerprint

    (tmp_path / "check.sh").write_text("exit 0")
    program = {"verify": {"program": {"command": ["sh", "check.sh"]}}}
    first = of(program)
    assert str(tmp_path) not in first
    found = {of({"verify": {"exact": "1"}}), of({"verify": {"exact": "2"}}), of({"verify": {"number": 1}}), first}
    found.add(of({"verify": {"number": {"tolerance": 0.1}}, "answer": 1}))
    (tmp_path / "check.sh").write_text("exit 1")
    found.add(of(program))
    assert len(found) == 6


def test_the_bundled_sums() -> None:
    assert "sums" in task_files()
    tasks = read_tasks(find_tasks("sums"), "number")
    assert len(tasks) == 8
    for task in tasks:
        assert task.verify is not None
        shown = task.prompt.removeprefix("What is ").partition("?")[0]
        assert task.verify.expected == sum(int(part.replace(",", "")) for part in shown.split(" + "))
    with pytest.raises(TableError, match="did you mean 'sums'"):
        find_tasks("sum")
