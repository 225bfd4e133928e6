"""What a cell means, whatever its format: false and empty, numbers by what they are worth, times, names in paths."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from sim.front.import_table import import_table
from sim.importing.amounts import seconds_between
from sim.kit.errors import TableError


def write(path: Path, *cells: Any, name: str = "x") -> Path:
    """A row for each cell, under `name`; as CSV they are texts."""
    rows = [{"agent": "a", "task": f"t{at}", "success": 1, name: cell} for at, cell in enumerate(cells)]
    if path.suffix == ".csv":
        lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
        path.write_text("\n".join([f"agent,task,success,{name}", *lines]))
    else:
        path.write_text(json.dumps(rows))
    return path


@pytest.mark.parametrize("value", [0, 0.0, -0.0, False, [], {}, None, "", " ", "0", "0.0", "0.00", "FALSE", "false"])
def test_nothing_false_and_zero_are_no_loss(tmp_path: Path, value: Any) -> None:
    made = import_table(write(tmp_path / "m.json", value), lost="x")
    assert (made.columns["success"], made.report.infra) == ([True], 0)


@pytest.mark.parametrize("value", [1, 0.5, True, [0], {"a": 0}, "timeout", "no", "1", "[]"])
def test_anything_else_is_a_loss(tmp_path: Path, value: Any) -> None:
    made = import_table(write(tmp_path / "m.json", value), lost="x")
    assert (made.columns["success"], made.report.infra) == ([None], 1)


def test_csv_and_json_lose_the_same(tmp_path: Path) -> None:
    assert import_table(write(tmp_path / "m.csv", "0.0", "1.0", "False"), lost="x").columns["success"] == [1, None, 1]
    assert import_table(write(tmp_path / "m.json", 0.0, 1.0, False), lost="x").columns["success"] == [1, None, 1]


def kept(path: Path, condition: Any) -> list[str]:
    return list(import_table(path, where={"x": condition}).columns["task"])


@pytest.mark.parametrize("name", ["m.csv", "m.json"])
def test_conditions_take_numbers_by_what_they_are_worth(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, "1.0", "01", "1", " 1e0 ", "2", "one", "1_0", "true")
    assert kept(path, 1) == ["t0", "t1", "t2", "t3"]
    assert kept(path, 1.0) == ["t0", "t1", "t2", "t3"]
    assert kept(path, [1, "one"]) == ["t0", "t1", "t2", "t3", "t5"]
    assert kept(path, {"not": 1}) == ["t4", "t5", "t6", "t7"]
    assert kept(path, "01") == ["t1"]
    assert kept(path, True) == ["t7"]


def test_typed_cells_meet_numbers_and_their_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "m.json", 1, 1.0, True, 2, 1.5)
    assert kept(path, 1) == kept(path, "1") == ["t0", "t1"]
    assert kept(path, 1.5) == kept(path, "1.5") == ["t4"]
    assert kept(path, True) == ["t2"]
    assert kept(path, {"not": [1, 2]}) == ["t2", "t4"]


def test_lists_without_anything_are_empty_to_conditions(tmp_path: Path) -> None:
    path = write(tmp_path / "m.json", [], {}, None, ["x"], 0)
    assert kept(path, {"null": True}) == ["t0", "t1", "t2"]
    assert kept(path, {"null": False}) == ["t3", "t4"]


@pytest.mark.parametrize("name", ["m.csv", "m.json"])
def test_maps_of_values_and_nulls_take_numbers_in_any_format(tmp_path: Path, name: str) -> None:
    cells = ("1.0", "0", "-9") if name == "m.csv" else (1.0, 0, -9)
    path = write(tmp_path / name, *cells)
    columns = {"success": {"field": "x", "values": {"1": 0, "0": 1}}}
    assert import_table(path, columns=columns, nulls=["-9"]).columns["success"] == [False, True, None]


def test_keys_that_are_the_same_number_are_told_apart_by_their_texts(tmp_path: Path) -> None:
    columns = {"success": {"field": "x", "values": {"1": 1, "01": 0}}}
    assert import_table(write(tmp_path / "m.csv", "01", "1"), columns=columns).columns["success"] == [False, True]
    with pytest.raises(TableError, match=r"x \(as success\) must be one of 1, 01; got '1.0'"):
        import_table(write(tmp_path / "m.csv", "1.0"), columns=columns)


@pytest.mark.parametrize("value", [3, True, [], ["2025-01-01"], {"at": 1}, None, "soon", date(2025, 1, 1)])
def test_times_and_what_is_none(value: Any) -> None:
    assert seconds_between(value, "2025-01-01T00:00:01") == (1 if isinstance(value, date) else None)
    assert seconds_between(datetime(2025, 1, 1), value) == (0 if isinstance(value, date) else None)


@pytest.mark.parametrize("value", [3, True, ["2025-01-01"], {"at": 1}, "soon"])
def test_a_time_that_cannot_be_read_is_named(tmp_path: Path, value: Any) -> None:
    columns = {"duration": {"since": "x", "until": "task"}}
    with pytest.raises(
        TableError, match=r"m\.json: row 1: x to task \(as duration\) must be two times, e\.g\. .*; got "
    ):
        import_table(write(tmp_path / "m.json", value), columns=columns, tick_seconds=1.0)


RUN = {"resolved_ids": ["x"], "unresolved_ids": [], "empty_patch_ids": [], "error_ids": [], "incomplete_ids": []}


def test_groups_of_ones_own_pattern_go_over_what_a_format_fills_in(tmp_path: Path) -> None:
    (tmp_path / "gold").mkdir()
    path = tmp_path / "gold" / "m.late.json"
    path.write_text(json.dumps(RUN))
    pattern = r"(?P<trial>[^/]+)/(?P<agent>[^/.]+)\.(?P<task>[^/.]+)\.json"
    made = import_table(path, "swe_bench", path_pattern=pattern)
    found = {name: made.columns[name] for name in ("agent", "task", "trial")}
    assert found == {"agent": ["m"], "task": ["late"], "trial": ["gold"]}
    made = import_table(path, "swe_bench", path_pattern=pattern, columns={"task": "instance_id"})
    assert made.columns["task"] == ["x"]
    made = import_table(path, "swe_bench", path_pattern=pattern, columns={"task": {"values": {"late": "z"}}})
    assert made.columns["task"] == ["z"]


def test_fields_of_ones_own_wide_go_over_what_a_format_fills_in(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("sample_id,eval_name,a,a|total_cost,a paid\n1,s,1,0.5,0.25\n")
    assert import_table(tmp_path / "m.csv", "routerbench").columns["cost"] == [0.5]
    wide = {"agents": ["a"], "fields": {"cost": "{agent} paid", "grade": "{agent}"}}
    assert import_table(tmp_path / "m.csv", "routerbench", wide=wide).columns["cost"] == [0.25]


def test_a_heading_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("Q (id)?,b|c,a\nwhat,True,False\n")
    made = import_table(tmp_path / "m.csv", {"routellm": {"prompt": "Q (id)?"}})
    assert made.columns["agent"] == ["b|c", "a"]
    (tmp_path / "n.csv").write_text("a|b,a\nwhat,True\n")
    assert import_table(tmp_path / "n.csv", {"routellm": {"prompt": "a|b"}}).columns["agent"] == ["a"]


def test_a_metric_with_dots_is_one_name(tmp_path: Path) -> None:
    folder = tmp_path / "mmlu:model=a"
    folder.mkdir()
    rows = [{"instance_id": "i", "train_trial_index": 0, "stats": [{"name": {"name": "pass.at.1"}, "mean": 1.0}]}]
    (folder / "per_instance_stats.json").write_text(json.dumps(rows))
    made = import_table(folder / "per_instance_stats.json", {"helm": {"metric": "pass.at.1"}})
    assert made.columns["success"] == [True]
