"""Attempts lost to the system: an empty success, or the status INFRA."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.kit.errors import TableError
from sim.tables.table import Recorded, known_outcomes, missing_columns, read_table
from tests.cli.command import HEADER, ROWS, SCENARIO, bidlab, lay_out
from tests.cli.test_tables import PLAIN, Rows, assert_same, cell, write

STATES = ("PASS", "fail", " Infra ")


def rows(**columns: object) -> Rows:
    """Three tasks of one agent: it succeeds, fails, is lost."""
    found = [cell("a", f"t{k}", 0.5, 0, 0.25 * (k + 1), cost_belief=1.0) for k in range(3)]
    for name, values in columns.items():
        for row, value in zip(found, values, strict=True):  # type: ignore[call-overload]
            row[name] = value
    return found


def read(folder: Path, kind: str, table: Rows, *, status: bool = False, success: bool = True) -> Recorded:
    columns = PLAIN | ({"status": "status"} if status else {})
    return read_table(
        write(folder, kind, table), columns if success else {k: v for k, v in columns.items() if k != "success"}
    )


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_empty_success_and_a_status_say_the_same(tmp_path: Path, kind: str) -> None:
    empty = "" if kind == "csv" else None
    by_success = read(tmp_path, kind, rows(success=[1, 0, empty]))
    assert by_success.success[:, 0, 0].tolist() == [True, False, False]
    assert by_success.infra is not None
    assert by_success.infra[:, 0, 0].tolist() == [False, False, True]
    assert by_success.cost[:, 0, 0].tolist() == [0.25, 0.5, 0.75]
    alone = read(tmp_path, kind, rows(status=STATES), status=True, success=False)
    both = read(tmp_path, kind, rows(success=[1, 0, empty], status=STATES), status=True)
    failed = read(tmp_path, kind, rows(success=[1, 0, 0], status=STATES), status=True)
    for other in (alone, both, failed):
        assert_same(by_success, other)


def test_nan_of_a_typed_format_is_a_lost_run(tmp_path: Path) -> None:
    table = read(tmp_path, "parquet", rows(success=[1.0, 0.0, float("nan")]))
    assert table.infra is not None
    assert table.infra[:, 0, 0].tolist() == [False, False, True]


def test_a_table_without_lost_runs_says_so(tmp_path: Path) -> None:
    assert read(tmp_path, "csv", rows(status=["PASS", "FAIL", "fail"]), status=True, success=False).infra is None


@pytest.mark.parametrize(
    ("success", "status", "fragments"),
    [
        ([1, 0, 1], STATES, ("row 3 (line 4)", "status is Infra, but success is '1'")),
        ([0, 0, ""], STATES, ("row 1 (line 2)", "status is PASS, but success is '0'")),
        (["", 0, ""], STATES, ("row 1 (line 2)", "status is PASS, but success is empty")),
        ([1, 1, ""], STATES, ("row 2 (line 3)", "status is fail, but success is '1'")),
        ([1, "", ""], STATES, ("row 2 (line 3)", "status is fail, but success is empty")),
        ([1, 0, ""], ("PASS", "FAIL", "lost"), ("row 3 (line 4)", "status must be PASS, FAIL or INFRA; got 'lost'")),
        ([1, 0, ""], ("PASS", "", "INFRA"), ("row 2 (line 3)", "status must be PASS, FAIL or INFRA; got nothing")),
        ([1, 0, ""], ("PASS", "0", "INFRA"), ("row 2 (line 3)", "got '0'")),
        (
            [1, "no", ""],
            STATES,
            ("row 2 (line 3)", "must be 0 or 1", "empty where the attempt was lost", "'no'"),
        ),
        ([1, 0, "nan"], STATES, ("row 3 (line 4)", "success must be 0 or 1", "'nan'")),
    ],
)
def test_contradictions_and_unknown_words(
    tmp_path: Path, success: list[object], status: tuple[str, ...], fragments: tuple[str, ...]
) -> None:
    with pytest.raises(TableError) as caught:
        read(tmp_path, "csv", rows(success=success, status=status), status=True)
    assert all(part in str(caught.value) for part in fragments), caught.value


def test_truth_values_are_no_status(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="row 1: status must be PASS, FAIL or INFRA; got True"):
        read(tmp_path, "parquet", rows(status=[True, False, True]), status=True, success=False)


@pytest.mark.parametrize("column", ["cost", "claim"])
def test_a_lost_run_states_its_cost_and_claim(tmp_path: Path, column: str) -> None:
    with pytest.raises(TableError, match=rf"row 3 \(line 4\): {column} must be .*; got nothing"):
        read(tmp_path, "csv", rows(success=[1, 0, ""], **{column: [0.5, 0.5, ""]}))


def test_success_or_status_must_be_mapped(tmp_path: Path) -> None:
    assert missing_columns(dict.fromkeys(("agent", "task", "claim", "cost", "status"), "x")) == []
    said = bidlab("check", lay_out(tmp_path, SCENARIO.replace('success = "success", ', "")))
    assert said.code == 2
    assert "'success', or 'status', must be mapped to a column of the table" in said.err
    scenario = SCENARIO.replace('success = "success"', 'status = "success"')
    table = (HEADER + ROWS).replace(",1,0", ",pass,0").replace(",0,0", ",FAIL,0")
    assert bidlab("check", lay_out(tmp_path, scenario, table)).code == 0


def test_what_a_fit_reads_has_no_lost_runs(tmp_path: Path) -> None:
    table = [
        cell("a", "t1", 0.5, success, cost, cost_belief=1.0, trial=k)  # type: ignore[arg-type]
        for k, (success, cost) in enumerate([("", 1.0), (1, 2.0), ("", 3.0), (0, 4.0)])
    ]
    table += [cell("b", "t1", 0.25, "", 5.0, cost_belief=1.0, trial=9)]  # type: ignore[arg-type]
    recorded = read_table(write(tmp_path, "csv", table), {**PLAIN, "trial": "trial"})
    assert recorded.trials.tolist() == [[4, 1]]
    known = known_outcomes(recorded)
    assert known.trials.tolist() == [[2, 0]]
    assert known.infra is None
    assert known.success[0, 0].tolist() == [True, False, False, False]
    assert known.cost[0, 0].tolist() == [2.0, 4.0, 4.0, 4.0]
    assert known.present.all()
    assert known.belief.tolist() == [[0.5, 0.25]]
    whole = read_table(write(tmp_path, "csv", rows(success=[1, 0, 1])), PLAIN)
    assert known_outcomes(whole) is whole


def test_an_agent_whose_run_was_lost_may_try_again(tmp_path: Path) -> None:
    """Where the failed are excluded, each agent needs one trial, unless runs can be lost."""
    tender = 'penalty = 0.0\npostings = 2\nexclude = "failed"\n[bidders]\non_retry = "same"\n'
    scenario = SCENARIO.replace("penalty = 0.0\n", tender)
    assert bidlab("check", lay_out(tmp_path, scenario)).code == 0
    said = bidlab("check", lay_out(tmp_path, scenario, (HEADER + ROWS).replace("a,t1,0.9,1,", "a,t1,0.9,,")))
    assert said.code == 2
    assert "an agent may try a task 2 times, but the table holds 1 trial(s) of 'a' at 't1'" in said.err
