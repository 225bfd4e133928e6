"""Fields: names joined of several, numbers in names, paths and braces that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.front.import_table import import_table
from sim.importing.field_paths import is_path, parts_of, quoted
from sim.kit.errors import ScenarioError, TableError

JOINED = {"task": "{suite}:{id}"}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """The rows in a file of this ending."""
    frame = pd.DataFrame(rows)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("one", [1, 1.0, "1", "1.0"])
def test_whole_numbers_in_names_have_no_point_in_any_format(tmp_path: Path, ending: str, one: Any) -> None:
    rows = [{"agent": "a", "suite": "s", "id": one, "success": 1}]
    path = write(tmp_path / f"m.{ending}", rows)
    assert import_table(path, columns=JOINED).columns["task"] == ["s:1"]
    assert import_table(path, columns={"task": "id", "trial": "id", "family": 2}).columns["task"] == ["1"]
    assert import_table(path, columns={"task": "id", "family": 2.0}).columns["family"] == ["2"]


def test_other_numbers_and_versions_in_names_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("agent,suite,id,success\ngpt-4.0,0.5,01,1\n")
    made = import_table(tmp_path / "m.csv", columns=JOINED)
    assert (made.columns["agent"], made.columns["task"]) == (["gpt-4.0"], ["0.5:01"])


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("blank", [("s", ""), ("", "t1"), ("s", " "), ("s", "n/a"), ("s", None)])
def test_a_name_of_which_a_part_is_blank_is_missing(tmp_path: Path, ending: str, blank: tuple[Any, Any]) -> None:
    suite, task = blank
    rows = [{"agent": "a", "suite": "s", "id": "t0", "success": 1}]
    rows += [{"agent": "a", "suite": suite, "id": task, "success": 1}]
    path = write(tmp_path / f"m.{ending}", rows)
    with pytest.raises(TableError, match=r"m\.\w+: row 2.*: \{suite\}:\{id\} \(as task\) is empty"):
        import_table(path, columns=JOINED, nulls=["n/a"])
    kept = import_table(path, columns=JOINED, nulls=["n/a"], where={"{suite}:{id}": {"null": False}})
    assert kept.columns["task"] == ["s:t0"]
    assert [tuple(one) for one in kept.report.dropped] == [("{suite}:{id} is empty", 1)]


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", 'a."b', "a.it's", 'a."b"c', "a. .b", ""])
def test_what_is_no_path_has_no_parts(path: str) -> None:
    assert not is_path(path)
    with pytest.raises(ValueError, match="is no dotted path"):
        parts_of(path)


@pytest.mark.parametrize("name", ["f1", "a.b", "it's", 'say "so"', "NDCG@10", " a "])
def test_a_quoted_name_is_one_part(name: str) -> None:
    assert parts_of(quoted(name)) == [name]


@pytest.mark.parametrize(
    ("key", "mapping"),
    [
        ("columns.cost", {"columns": {"cost": "doc..usd"}}),
        ("columns.cost", {"columns": {"cost": {"field": 'doc."usd'}}}),
        ("columns.success", {"columns": {"success": "doc.ok."}}),
        ("where.doc..usd", {"where": {"doc..usd": 1.0}}),
        ("lost", {"lost": "doc.it's"}),
    ],
)
def test_a_path_that_cannot_be_read_is_a_fault(tmp_path: Path, key: str, mapping: dict[str, Any]) -> None:
    row = {"agent": "a", "task": "t", "success": 1, "doc": {"usd": 1, "ok": 1, "it": 1, "s": 1}}
    path = write(tmp_path / "m.jsonl", [row])
    with pytest.raises(TableError) as caught:
        import_table(path, **mapping)
    (line,) = caught.value.args
    assert line.startswith(f"{key}: no field ")
    assert "no dotted path" in line


def test_rows_that_stand_at_no_path_are_a_fault_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"a": {"b": [{"agent": "a", "task": "t", "success": 1}]}}))
    assert import_table(tmp_path / "m.json", rows="a.b").report.rows == 1
    with pytest.raises(TableError, match=r'm\.json: rows: "a\.\.b" is no dotted path, e\.g\. doc\.level'):
        import_table(tmp_path / "m.json", rows="a..b")


def test_a_heading_with_dots_and_quotes_is_looked_up_whole(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("agent,task,success,it's $..\na,t,1,3\n")
    assert import_table(tmp_path / "m.csv", columns={"cost": "it's $.."}).columns["cost"] == [3.0]


@pytest.mark.parametrize(
    ("key", "mapping"),
    [
        ("columns.task", {"columns": {"task": "{suite}:{id"}}),
        ("columns.task: field", {"columns": {"task": {"field": "{suite}:{}"}}}),
        ("where.{a}}", {"where": {"{a}}": 1.0}}),
        ("lost", {"lost": "{{a}"}),
    ],
)
def test_braces_that_hold_no_field_are_a_fault(tmp_path: Path, key: str, mapping: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError) as caught:
        import_table(tmp_path / "m.csv", **mapping)
    assert f"import: {key}: must have each field in its own braces, as {{suite}}:{{id}}; got " in str(caught.value)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_where_rows_stand_is_no_question_in_a_file_of_rows(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"m.{ending}", [{"agent": "a", "task": "t", "success": 1}])
    with pytest.raises(TableError, match=rf"m\.{ending}: rows = .*results.*: only JSON and YAML have it"):
        import_table(path, rows="results")
