"""Files of every ending give the same table; what cannot be read is named by file and line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.front.import_table import import_table
from sim.kit.errors import TableError

ROWS: list[dict[str, Any]] = [
    {"agent": "a", "task": "t1", "success": 1, "cost": 0.5, "trial": "first"},
    {"agent": "a", "task": "t1", "success": None, "cost": 0.25, "trial": "01"},
    {"agent": "b", "task": "t2", "success": 0, "cost": 1e-3, "trial": "x"},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
TEXTS = {
    "csv": "agent,task,success,cost,trial\na,t1,1,0.5,first\na,t1,,0.25,01\nb,t2,0,1e-3,x\n",
    "tsv": "agent\ttask\tsuccess\tcost\ttrial\na\tt1\t1\t0.5\tfirst\na\tt1\t\t0.25\t01\nb\tt2\t0\t1e-3\tx\n",
    "json": json.dumps(ROWS),
    "jsonl": LINES,
    "ndjson": "\ufeff" + LINES + "\n",
    "yaml": "".join(
        f"- {{agent: {r['agent']}, task: {r['task']}, success: {'~' if r['success'] is None else r['success']}, "
        f'cost: {r["cost"]}, trial: "{r["trial"]}"}}\n'
        for r in ROWS
    ),
    "yml": "---\n".join(json.dumps(row) + "\n" for row in ROWS),
}


def columns(path: Path, **mapping: Any) -> dict[str, list[Any]]:
    return {name: list(column) for name, column in import_table(path, **mapping).columns.items()}


EXPECTED = {
    "agent": ["a", "a", "b"],
    "task": ["t1", "t1", "t2"],
    "success": [True, None, False],
    "cost": [0.5, 0.25, 1e-3],
    "trial": ["first", "01", "x"],
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ending", [*TEXTS, "parquet"])
def test_every_ending_gives_the_same_table(tmp_path: Path, ending: str, packed: bool) -> None:
    if ending in ("yaml", "yml"):
        pytest.importorskip("yaml")
    path = tmp_path / f"m.{ending}"
    if ending == "parquet":
        pd.DataFrame(ROWS).to_parquet(path)
    else:
        path.write_text(TEXTS[ending], encoding="utf-8")
    if packed:
        packed_path = tmp_path / f"m.{ending.upper()}.gz"
        packed_path.write_bytes(gzip.compress(path.read_bytes()))
        path = packed_path
    assert columns(path) == EXPECTED


def test_yaml_keeps_words_as_they_are(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "m.yaml").write_text("- {agent: no, task: 2025-01-01, success: true, trial: 12:30}\n")
    assert columns(tmp_path / "m.yaml") == {
        "agent": ["no"],
        "task": ["2025-01-01"],
        "success": [True],
        "trial": ["12:30"],
    }


def test_rows_inside_a_document(tmp_path: Path) -> None:
    document = {"of": {"m1": {"runs": [{"q": {"id": 1}, "ok": True}]}, "m2": {"runs": [{"q": {"id": 1}, "ok": False}]}}}
    (tmp_path / "m.json").write_text(json.dumps({**document, "suite": "s"}))
    mapping = {"agent": "$key", "task": "q.id", "success": "ok", "family": "$top.suite"}
    assert columns(tmp_path / "m.json", rows="of.*.runs", columns=mapping) == {
        "agent": ["m1", "m2"],
        "task": ["1", "1"],
        "success": [True, False],
        "family": ["s", "s"],
    }
    with pytest.raises(TableError, match=r"m.json: rows: of has no key 'all'; it has m1, m2"):
        columns(tmp_path / "m.json", rows="of.all", columns=mapping)


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        (
            "m.txt",
            b"x",
            "must end in .csv, .tsv, .jsonl, .ndjson, .json, .yaml, .yml, .parquet, or",
        ),
        ("m.csv", b"", "the file is empty"),
        ("m.csv", b"agent,task\n", "the table has a header and no rows"),
        ("m.csv", b"agent,task\na\nb\n", "line 2: has 1 fields; the header has 2"),
        ("m.csv", b"agent\xff,task\na,b\n", "is no UTF-8 text"),
        ("m.json", b"{", "is no JSON"),
        ("m.json", b'{"a": 1, "a": 2}', "is no JSON: 'a' occurs twice"),
        ("m.json", b"[1]", "row 1: must be a table of keys; got 1"),
        ("m.jsonl", b'{"agent": 1}\n[1]\n', "line 2: must be a JSON object"),
        ("m.yaml", b"a: [", "is no YAML"),
        ("m.yaml", b"a: 1\na: 2\n", "is no YAML: a key occurs twice"),
        ("m.parquet", b"x", "cannot be read as parquet"),
        ("m.csv.gz", b"x", "cannot be read"),
        ("m.json", b"[]", "no rows"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, part: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError) as caught:
        import_table(tmp_path / name)
    assert f"{name}: " in str(caught.value)
    assert part in str(caught.value)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(TableError) as caught:
        import_table([tmp_path / "a.csv", str(tmp_path / "*.csv"), tmp_path / "d"])
    assert caught.value.args == (
        f"{tmp_path}/a.csv: no such file",
        f"{tmp_path}/*.csv: no file matches",
        f"{tmp_path}/d: is a folder; name its files, e.g. {tmp_path}/d/**/*.json",
    )


def test_all_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.json").write_text("{")
    with pytest.raises(TableError) as caught:
        import_table(tmp_path / "*.json")
    assert [line.split(": ")[0] for line in caught.value.args] == [f"{tmp_path}/a.json", f"{tmp_path}/b.json"]


def test_a_heading_that_occurs_twice_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("agent,task,success,x,x\na,t,1,2,3\n")
    assert columns(tmp_path / "m.csv")["agent"] == ["a"]
    with pytest.raises(TableError, match=r"columns.cost: the heading 'x' occurs twice"):
        columns(tmp_path / "m.csv", columns={"cost": "x"})
