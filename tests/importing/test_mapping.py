"""A mapping: what it reads of a messy table, and what it says of one that it cannot read, all faults at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.front.import_table import import_table
from sim.importing.imported import Imported
from sim.kit.errors import ScenarioError, TableError
from tests.cli.command import ARM, TENDER, TOP, bidlab

MESSY = """\
Model,Task ID,Prob.,Solved?,Price,secs,note
a,t1,93%,Yes,12,1.5,x
a,t2, 50 %,no,3,0.2,y
b,t1,,Yes,1.5,2,z
b,t2,10%,n/a,1,2.2,z
"""
COLUMNS: dict[str, Any] = {
    "agent": "Model",
    "task": "Task ID",
    "claim": {"field": "Prob.", "unit": "percent", "null": 0.5},
    "success": {"field": "Solved?", "values": {"Yes": 1, "no": 0}},
    "cost": {"field": "Price", "unit": "cents"},
    "cost_belief": 0.1,
    "duration": {"field": "secs", "unit": "s"},
}
SCENARIO = f"""{TOP}
[world.table]
files = "messy.csv"
tick_seconds = 0.5
nulls = ["n/a"]
[world.table.columns]
agent = "Model"
task = "Task ID"
claim = {{field = "Prob.", unit = "percent", null = 0.5}}
success = {{field = "Solved?", values = {{Yes = 1, no = 0}}}}
cost = {{field = "Price", unit = "cents"}}
cost_belief = 0.1
duration = {{field = "secs", unit = "s"}}
{TENDER}{ARM}"""


def imported(folder: Path, table: str = MESSY, columns: dict[str, Any] | None = None, **mapping: Any) -> Imported:
    (folder / "messy.csv").write_text(table)
    chosen = {"tick_seconds": 0.5, "nulls": ["n/a"], "columns": COLUMNS if columns is None else columns, **mapping}
    return import_table(folder / "messy.csv", **chosen)


def fails(folder: Path, *parts: str, kind: type[Exception] = TableError, **how: Any) -> list[str]:
    """The faults, each part of which stands in one of its own."""
    with pytest.raises(kind) as caught:
        imported(folder, **how)
    lines = str(caught.value).split("\n")
    assert len(lines) == len(parts), lines
    for line, part in zip(lines, parts, strict=True):
        assert part in line
    return lines


def test_messy_table_goes_in_with_one_mapping(tmp_path: Path) -> None:
    made = imported(tmp_path)
    assert {name: list(column) for name, column in made.columns.items()} == {
        "agent": ["a", "a", "b", "b"],
        "task": ["t1", "t2", "t1", "t2"],
        "claim": [0.93, 0.5, 0.5, 0.1],
        "success": [True, False, True, None],
        "cost": [0.12, 0.03, 0.015, 0.01],
        "cost_belief": [0.1] * 4,
        "duration": [3.0, 1.0, 4.0, 5.0],
    }


def test_one_check_lists_all_faults_of_a_messy_table(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SCENARIO)
    wrong = (
        MESSY.replace("93%", "930%").replace("no,3", "maybe,x").replace("b,t2,10%", "b,t1,-1%").replace("1.5,x", ",x")
    )
    (tmp_path / "messy.csv").write_text(wrong)
    said = bidlab("check", tmp_path / "s.toml")
    assert said.code == 2
    assert said.err.splitlines() == [
        "bidlab: messy.csv: row 1 (line 2): Prob. (as claim) must be a number in [0, 1]; got 9.3",
        "bidlab: messy.csv: row 1 (line 2): secs (as duration) is empty; columns.duration.null = VALUE says what that "
        "stands for",
        "bidlab: messy.csv: row 2 (line 3): Solved? (as success) must be one of Yes, no; got 'maybe'",
        "bidlab: messy.csv: row 2 (line 3): Price (as cost) must be a number; got 'x'",
        "bidlab: messy.csv: row 4 (line 5): Prob. (as claim) must be a number in [0, 1]; got -0.01",
        "bidlab: messy.csv: row 4 (line 5): duplicate of messy.csv: row 3 (line 4): agent 'b', task 't1'; map "
        "columns.trial if these are repeated trials",
    ]
    (tmp_path / "messy.csv").write_text(MESSY)
    said = bidlab("check", tmp_path / "s.toml")
    assert (said.code, said.err) == (0, "")


def test_a_kind_of_fault_of_many_rows_is_told_once(tmp_path: Path) -> None:
    header = "Model,Task ID,Prob.,Solved?,Price,secs,note\n"
    rows = "".join(f"a,t{row},x,Yes,{'' if row < 3 else 1},1,\n" for row in range(30))
    price = "Price (as cost) is empty; columns.cost.null = VALUE says what that stands for"
    fails(
        tmp_path,
        "messy.csv: row 1 (line 2) and 29 more rows: Prob. (as claim) must be a number; got 'x'",
        f"messy.csv: row 1 (line 2): {price}",
        f"messy.csv: row 2 (line 3): {price}",
        f"messy.csv: row 3 (line 4): {price}",
        table=header + rows,
    )
    fails(
        tmp_path,
        "messy.csv: row 3 (line 4) and 4 more rows: duplicate of ",
        table=header + "a,t0,0%,Yes,1,1,\n" + "a,t1,0%,Yes,1,1,\n" * 6,
    )


def test_fields_that_are_not_there_are_faults(tmp_path: Path) -> None:
    columns = COLUMNS | {"agent": "Modle", "trial": "$agnt", "family": "Price.usd"}
    lines = fails(
        tmp_path,
        "columns.agent: no field 'Modle' (did you mean 'Model'?); the rows have Model, Task ID",
        "columns.family: no field 'Price.usd'; Price has no keys",
        "columns.trial: no field '$agnt' (did you mean '$path'?); there are $path, $file, $folder, $row",
        "where.notes: no field 'notes' (did you mean 'note'?)",
        columns=columns,
        where={"notes": "x"},
    )
    assert not any("row" in line.split(":")[0] for line in lines)


def test_keys_that_do_not_hold_together_are_faults(tmp_path: Path) -> None:
    columns = {
        "agent": {"null": "x"},
        "claim": {"field": "Prob.", "unit": "cents"},
        "cost": {"since": "a", "until": "b"},
        "duration": {"field": "secs", "unit": "min"},
        "ability": {"tokens": {"input": "x"}, "at_least": 1.0},
    }
    fails(
        tmp_path,
        "import: columns.agent: must say where its values come from: field, constant, tokens, or since and until",
        "import: columns.claim.unit: must be percent; got cents",
        "import: columns.cost.since: only a duration is the time between two moments",
        "import: tick_seconds: is missing; it must be stated where columns.cost is in seconds",
        "import: tick_seconds: is missing; it must be stated where columns.duration is in seconds",
        "import: columns.ability.tokens: only cost, cost_belief, usd_per_token are dollars for tokens",
        "import: columns.ability.at_least: only success has a mark",
        "import: columns.task: is missing",
        "import: columns.success: is missing; success, status or score says what became of an attempt",
        kind=ScenarioError,
        columns=columns,
        tick_seconds=None,
    )


@pytest.mark.parametrize(
    ("mapping", "part"),
    [
        ({"columns": {"clam": 1.0}}, "columns: unknown column 'clam' (did you mean 'claim'?); allowed: agent, task"),
        (
            {"columns": {"cost": {"feld": "x"}}},
            "columns.cost.feld: unknown key (did you mean 'field'?)",
        ),
        ({"columns": {"cost": {"field": "x", "constant": 1.0}}}, "columns.cost: field and constant cannot be combined"),
        ({"columns": {"duration": {"since": "x"}}}, "since and until must be stated together"),
        ({"columns": {"cost": {"field": "x", "unit": "eur"}}}, 'unit: must be "percent", "cents"'),
        ({"path_pattern": "("}, "path_pattern: is no regular expression"),
        ({"wide": {"agents": "x", "fields": {"a": "b"}}}, "agents: must have a group (?P<agent>...); got"),
        ({"where": {"a": {"nt": 1.0}}}, "where.a.nt: unknown key (did you mean 'not'?)"),
        ({"tick_seconds": 0.0}, "tick_seconds: must be"),
        ({"format": "helmet"}, "format: unknown importer 'helmet' (did you mean 'helm'?); allowed: table, "),
        ({"format": {"helm": {"metrics": "f1"}}}, "format.helm.metrics: unknown key (did you mean 'metric'?)"),
    ],
)
def test_wrong_keys_are_named(tmp_path: Path, mapping: dict[str, Any], part: str) -> None:
    (tmp_path / "messy.csv").write_text(MESSY)
    with pytest.raises(ScenarioError) as caught:
        import_table(tmp_path / "messy.csv", **mapping)
    assert part in str(caught.value)


def test_units_that_are_in_the_cells_are_not_guessed(tmp_path: Path) -> None:
    table = "agent,task,success,claim,cost\na,t,1,5%,$0.10\n"
    (tmp_path / "m.csv").write_text(table)
    with pytest.raises(TableError) as caught:
        import_table(tmp_path / "m.csv")
    at = f"{tmp_path}/m.csv: row 1 (line 2)"
    assert caught.value.args == (
        f"{at}: claim must be a number; got '5%'; columns.claim.unit = \"percent\" reads it",
        f"{at}: cost must be a number; got '$0.10'; columns.cost.unit = \"dollars\" reads it",
    )
    columns = {"claim": {"field": "claim", "unit": "percent"}, "cost": {"field": "cost", "unit": "dollars"}}
    made = import_table(tmp_path / "m.csv", columns=columns)
    assert (made.columns["claim"], made.columns["cost"]) == ([0.05], [0.1])


def test_graded_scores_need_a_mark(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("agent,task,success\na,t,0.5\na,u,0.49\na,v,1\n")
    with pytest.raises(TableError, match=r"got '0.5'; columns.success.at_least says from which score it succeeds"):
        import_table(tmp_path / "m.csv")
    made = import_table(tmp_path / "m.csv", columns={"success": {"field": "success", "at_least": 0.5}})
    assert made.columns["success"] == [True, False, True]


@pytest.mark.parametrize(("null", "success"), [(None, None), (0, False), ("INFRA", None), (True, True)])
def test_an_empty_success_is_lost_unless_it_is_said_otherwise(tmp_path: Path, null: Any, success: Any) -> None:
    (tmp_path / "m.csv").write_text("agent,task,success\na,t,\n")
    stated = {"field": "success"} if null is None else {"field": "success", "null": null}
    assert import_table(tmp_path / "m.csv", columns={"success": stated}).columns["success"] == [success]


def test_status_and_success_must_agree(tmp_path: Path) -> None:
    columns = {"status": {"field": "s", "values": {"ok": "PASS", "ko": "FAIL", "oom": "INFRA"}}}
    (tmp_path / "m.csv").write_text("agent,task,s\na,t,ok\na,u,ko\na,v,oom\n")
    assert import_table(tmp_path / "m.csv", columns=columns).columns["success"] == [True, False, None]
    (tmp_path / "m.csv").write_text("agent,task,s,success\na,t,ok,0\n")
    with pytest.raises(TableError, match=r"row 1 \(line 2\): s \(as status\) is PASS, but success is False"):
        import_table(tmp_path / "m.csv", columns=columns)


def test_rows_are_filtered_and_counted(tmp_path: Path) -> None:
    rows = "a,t1,1,test,3,\na,t2,1,train,3,\na,t3,0,test,9,\na,t4,0,test,x,\na,t5,1,test,3,bad\n"
    (tmp_path / "m.csv").write_text("agent,task,success,split,level,flag\n" + rows)
    where = {"split": ["test", "dev"], "level": {"at_most": 5.0}, "flag": {"null": True}}
    made = import_table(tmp_path / "m.csv", where=where)
    assert made.columns["task"] == ["t1"]
    assert [tuple(one) for one in made.report.dropped] == [
        ('split is not "test" or "dev"', 1),
        ("level is no number to 5", 2),
        ("flag is not empty", 1),
    ]
    made = import_table(tmp_path / "m.csv", where={"task": {"not": ["t1", "t2"]}, "split": {}})
    assert made.columns["task"] == ["t3", "t4", "t5"]
    with pytest.raises(TableError, match=r'where: no row is kept: 5 where split is not "x"'):
        import_table(tmp_path / "m.csv", where={"split": "x"})


def test_wide_table_becomes_long(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("id,b score,b usd,a score,a usd,c usd\n1,1,.5,0,.25,\n2,,,1,,9\n")
    fields = {"success": "{agent} score", "cost": "{agent} usd"}
    columns = {"task": "id", "cost": {"field": "$cost", "null": 0.0}}
    made = import_table(tmp_path / "m.csv", wide={"agents": ["b", "a"], "fields": fields}, columns=columns)
    assert {name: list(column) for name, column in made.columns.items()} == {
        "agent": ["b", "a", "a"],
        "task": ["1", "1", "2"],
        "success": [True, False, True],
        "cost": [0.5, 0.25, 0.0],
    }
    assert [one.number for one in made.report.dropped] == [1]
    assert list(made.report.unused) == ["c usd"]
    with pytest.raises(TableError, match=r"wide.fields.success: no heading 'c score' of agent 'c'"):
        import_table(tmp_path / "m.csv", wide={"agents": "(?P<agent>.) usd", "fields": fields}, columns=columns)
    with pytest.raises(TableError, match=r"wide.agents: .* matches none of the headings id, b score"):
        import_table(tmp_path / "m.csv", wide={"agents": "(?P<agent>x)", "fields": fields}, columns=columns)


def test_tokens_cost_what_their_prices_say(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("agent,task,success,i,o\na,t,1,1000,10\nb,t,1,2000,0\n")
    columns = {"cost": {"tokens": {"in": "i", "out": "o"}}}
    prices = {"a": {"in": 1.25, "out": 10.0}, "*": {"in": 2.0, "out": 0.0}}
    made = import_table(tmp_path / "m.csv", columns=columns, usd_per_million_tokens=prices)
    assert made.columns["cost"] == [0.00135, 0.004]
    with pytest.raises(TableError, match=r"i and o \(as cost\) has no price of out tokens for agent 'b'"):
        import_table(tmp_path / "m.csv", columns=columns, usd_per_million_tokens=prices | {"b": {"in": 1.0}})


def test_agent_from_the_path_and_task_of_several_fields(tmp_path: Path) -> None:
    for agent in ("gpt-5.2", "b"):
        (tmp_path / agent / "x").mkdir(parents=True)
        (tmp_path / agent / "x" / "r.jsonl").write_text('{"id": 7, "set": "s", "ok": true}\n')
    pattern = r"(?P<agent>[^/]+)/(?P<family>[^/]+)/r\.jsonl$"
    columns = {"task": "{set}/{id}#{$row}", "success": "ok"}
    made = import_table(str(tmp_path / "*/x/r.jsonl"), path_pattern=pattern, columns=columns)
    assert {name: list(column) for name, column in made.columns.items()} == {
        "agent": ["b", "gpt-5.2"],
        "task": ["s/7#1"] * 2,
        "success": [True, True],
        "family": ["x", "x"],
    }
    with pytest.raises(TableError, match="path_pattern 'zz' is not found in this path"):
        import_table(str(tmp_path / "*/x/r.jsonl"), path_pattern="zz", columns=columns)


def test_labels_of_a_task_must_be_the_same_everywhere(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("agent,task,success,family\na,t,1,x\nb,t,1,y\n")
    with pytest.raises(TableError, match=r"row 2 \(line 3\): family of task 't' is 'y', but 'x' in an earlier row"):
        import_table(tmp_path / "m.csv")


def test_what_a_mapping_states_goes_over_what_the_reader_fills_in(tmp_path: Path) -> None:
    (tmp_path / "m.main.json").write_text(
        '{"resolved_ids": ["a"], "unresolved_ids": [], "empty_patch_ids": [], "error_ids": ["b"], "incomplete_ids": []}'
    )
    plain = import_table(tmp_path / "m.main.json", "swe_bench")
    assert plain.columns["success"] == [True, None]
    strict = import_table(tmp_path / "m.main.json", "swe_bench", columns={"success": {"values": {"error": 0}}})
    assert strict.columns["success"] == [True, False]
    named = import_table(tmp_path / "m.main.json", "swe_bench", columns={"agent": {"constant": "x"}})
    assert named.columns["agent"] == ["x", "x"]
