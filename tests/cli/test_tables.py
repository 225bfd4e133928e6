"""The readers of recorded tables: three formats, one Recorded."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.kit.errors import TableError
from sim.tables.table import Recorded, read_table

Rows = list[dict[str, Any]]
PLAIN = {name: name for name in ("agent", "task", "claim", "success", "cost", "cost_belief")}


def cell(
    agent: str, task: str, claim: float = 0.5, success: int = 1, cost: float = 0.25, **more: Any
) -> dict[str, Any]:
    return {"agent": agent, "task": task, "claim": claim, "success": success, "cost": cost, **more}


def write(folder: Path, kind: str, rows: Rows) -> Path:
    path = folder / f"t.{kind}"
    if kind == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def assert_same(one: Recorded, other: Recorded) -> None:
    for field in fields(Recorded):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, err_msg=field.name)
            assert left.dtype == right.dtype
        else:
            assert left == right


FULL: Rows = [
    cell("b, the second", "t2", 0.25, 0, 0.5, cost_belief=0.5, family="f", block="x", duration=3, ability=0.5, trial=0),
    cell("é☃", "t1", 1.0, 1, 1e-9, cost_belief=0.0, family="", block="y", duration=0, ability=0.0, trial=7),
    cell(
        "b, the second", "t2", 0.75, 1, 0.125, cost_belief=9.0, family="f", block="x", duration=4, ability=1.0, trial=1
    ),
    cell("é☃", "t2", 0.0, 1, 2.0, cost_belief=2.0, family="f", block="x", duration=1, ability=1.0, trial=2),
]


def test_csv_parquet_and_json_lines_are_the_same_table(tmp_path: Path) -> None:
    columns = {name: name for name in FULL[0]}
    tables = [read_table(write(tmp_path, kind, FULL), columns) for kind in ("csv", "parquet", "jsonl")]
    assert_same(tables[0], tables[1])
    assert_same(tables[0], tables[2])
    table = tables[0]
    assert table.agents == ("b, the second", "é☃")
    assert table.tasks == ("t2", "t1")
    assert table.family == ("f", "")
    assert table.block == ("x", "y")
    assert table.present.tolist() == [[True, True], [False, True]]
    assert table.trials.tolist() == [[2, 1], [0, 1]]
    assert table.belief[0].tolist() == [0.25, 0.0]
    assert table.cost_belief[0].tolist() == [0.5, 2.0]
    assert table.ability[0].tolist() == [0.5, 1.0]
    assert table.duration is not None
    assert table.duration[0].tolist() == [[3, 4], [1, 1]]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_trials_are_sorted_by_number_and_the_last_is_repeated(tmp_path: Path, order: list[int]) -> None:
    rows = [
        cell("a", "t", 0.1, 0, 1.0, cost_belief=10.0, trial=2),
        cell("a", "t", 0.2, 1, 2.0, cost_belief=20.0, trial=5),
        cell("b", "t", 0.3, 1, 3.0, cost_belief=30.0, trial=0),
    ]
    path = write(tmp_path, "csv", [rows[place] for place in order])
    table = read_table(path, {**PLAIN, "trial": "trial"})
    a, b = table.agents.index("a"), table.agents.index("b")
    assert table.success[0, a].tolist() == [False, True]
    assert table.cost[0, a].tolist() == [1.0, 2.0]
    assert table.success[0, b].tolist() == [True, True]
    assert table.cost[0, b].tolist() == [3.0, 3.0]
    assert (table.belief[0, a], table.cost_belief[0, a]) == (0.1, 10.0)
    assert (table.trials[0, a], table.trials[0, b]) == (2, 1)


def test_same_trial_twice_is_a_duplicate(tmp_path: Path) -> None:
    path = write(tmp_path, "csv", [cell("a", "t", cost_belief=1, trial=3), cell("a", "t", cost_belief=1, trial=3)])
    with pytest.raises(TableError, match=r"row 2 \(line 3\): duplicate of row 1: agent 'a', task 't', trial 3"):
        read_table(path, {**PLAIN, "trial": "trial"})


def test_cost_belief_is_tokens_times_price(tmp_path: Path) -> None:
    rows = [cell("a", "t1", tokens=1000, usd=2e-6), cell("a", "t2", tokens=0, usd=2e-6)]
    columns = {name: name for name in PLAIN if name != "cost_belief"} | {"tokens": "tokens", "usd_per_token": "usd"}
    assert read_table(write(tmp_path, "csv", rows), columns).cost_belief[:, 0].tolist() == [1000 * 2e-6, 0.0]


def test_families_must_agree_across_the_rows_of_a_task(tmp_path: Path) -> None:
    rows = [cell("a", "t", cost_belief=1, family="x"), cell("b", "t", cost_belief=1, family="y")]
    with pytest.raises(TableError, match=r"row 2 \(line 3\): family of task 't' is 'y', but 'x' in an earlier row"):
        read_table(write(tmp_path, "csv", rows), {**PLAIN, "family": "family"})


def test_without_labels_ability_and_duration(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "parquet", [cell("a", "t", cost_belief=1.0)]), PLAIN)
    assert (table.family, table.block, table.duration) == (("",), ("",), None)
    assert np.isnan(table.ability).all()


CSV = "agent,task,claim,success,cost,cost_belief\na,t1,0.5,1,0.25,1\nb,t1,1,0,2,3\n"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + CSV,
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.rstrip("\n"),
        "\n" + CSV.replace("\n", "\n\n") + "  \n",
        CSV.replace(",", " , "),
        CSV.replace("a,t1", '"a","t1"'),
        CSV.replace("0.5", ".5").replace("0.25", "25e-2"),
        CSV.replace("0.5,1,", "0.5,TRUE,").replace("1,0,2", "1,false,2"),
        CSV.replace("cost_belief\n", "cost_belief,note\n").replace(",1\n", ",1,\n").replace(",3\n", ',3,"x, y"\n'),
    ],
    ids=[
        "BOM",
        "CRLF",
        "CR",
        "no newline",
        "blank lines",
        "spaces",
        "quoted",
        "short numbers",
        "words",
        "more columns",
    ],
)
def test_ways_to_write_the_same_csv(tmp_path: Path, text: str) -> None:
    (tmp_path / "plain.csv").write_text(CSV)
    (tmp_path / "t.csv").write_bytes(text.encode())
    assert_same(read_table(tmp_path / "t.csv", PLAIN), read_table(tmp_path / "plain.csv", PLAIN))


def test_names_may_look_like_numbers_or_missing_values(tmp_path: Path) -> None:
    rows = [cell(name, "1e3", cost_belief=1) for name in ("1", "1.0", "NA", "None", "nan", "true")]
    for kind in ("csv", "parquet", "jsonl"):
        table = read_table(write(tmp_path, kind, rows), PLAIN)
        assert table.agents == ("1", "1.0", "NA", "None", "nan", "true")
        assert table.tasks == ("1e3",)


def test_numbers_as_names_and_truth_values_of_typed_formats(tmp_path: Path) -> None:
    rows = [{**cell("a", "t", cost_belief=1.0), "agent": 3, "success": True}]
    for kind in ("parquet", "jsonl"):
        table = read_table(write(tmp_path, kind, rows), PLAIN)
        assert table.agents == ("3",)
        assert table.success.all()
