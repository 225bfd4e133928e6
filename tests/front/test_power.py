"""Tasks that tell two arms of a run apart: from the ledger, counted naively; the command, its files and refusals."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from analysis.paired_outcomes import RESAMPLES
from analysis.power_analysis import FILES
from analysis.power_table import COLUMNS
from analysis.power_words import sentence
from analysis.sample_size import connor, paired_t
from sim.kit.csv_file import read_csv
from sim.kit.errors import RunError
from tests.cli.command import SCENARIO, bidlab, files, lay_out
from tests.front.test_compare import ARMS, KEYS, table

TENDER = {"value": 1.5, "reserve": 0.75, "penalty": 0.0, "postings": 2, "exclude": "failed"}


@pytest.fixture(scope="module")
def run() -> Any:
    """Two postings a task, so that arms share some of their attempts."""
    return bl.run(bl.Scenario.of("small", **{**KEYS, "tender": TENDER}, arms=ARMS))


def naive(run: Any, first: str, second: str) -> dict[str, float]:
    """Counts and dollars from the ledger's rows, one after the other."""
    rows = run.attempts.astype({"arm": str, "task": str, "agent": str})
    solved: dict[str, set[Any]] = {first: set(), second: set()}
    made: dict[str, dict[Any, float]] = {first: {}, second: {}}
    for row in rows.to_dict("records"):
        if row["arm"] in solved:
            made[row["arm"]][row["replication"], row["task"], row["agent"], row["try"]] = row["cost"]
            if row["success"]:
                solved[row["arm"]].add((row["replication"], row["task"]))
    n = 3 * 11
    both = set(made[first]) & set(made[second])
    return {
        "first": len(solved[first]) / n,
        "only_first": len(solved[first] - solved[second]) / n,
        "only_second": len(solved[second] - solved[first]) / n,
        "dollars_per_task": (sum(made[first].values()) + sum(made[second].values())) / n,
        "shared_per_task": sum(made[first][key] for key in both) / n,
    }


def test_shares_and_dollars_are_those_of_the_ledger(run: Any) -> None:
    found = bl.power(run, "owing", "mini")
    assert list(found.frame.columns) == list(COLUMNS)
    row = found.frame.iloc[0]
    expected = naive(run, "owing", "mini")
    assert row[list(expected)].tolist() == pytest.approx(list(expected.values()))
    assert 0 < row["shared_per_task"] < row["dollars_per_task"]
    tasks = math.ceil(connor(row["only_first"], row["only_second"]))
    assert row["tasks"] == tasks
    assert row["dollars"] == pytest.approx(tasks * expected["dollars_per_task"])
    assert row["dollars_shared"] == pytest.approx(tasks * (expected["dollars_per_task"] - expected["shared_per_task"]))
    assert found.frame["pair"].iloc[1:3].tolist() == ["29 v 24 of 50 [P2]", "27 v 23 of 50 [P2]"]


def test_dollars_by_the_spread_of_tasks(run: Any) -> None:
    row = bl.power(run, "owing", "mini", quantities=["cost"]).frame.iloc[0]
    arms = {arm.name: arm for arm in run.arms()}
    gaps = (arms["owing"].cost.sum(axis=2) - arms["mini"].cost.sum(axis=2)).ravel()
    assert (row["difference"], row["sd"]) == pytest.approx((gaps.mean(), gaps.std(ddof=1)))
    assert row["tasks"] == paired_t(gaps.mean() / gaps.std(ddof=1))
    assert row["tasks_low"] <= row["tasks"] <= row["tasks_high"]
    assert row["n_seen"] == 33


def test_whole_clusters_are_redrawn() -> None:
    from analysis.paired_outcomes import _redrawn

    values = np.arange(30.0).reshape(6, 5, 1)
    for by, parts in (("pair", values.ravel()), ("task", values.mean(axis=0)), ("replication", values.mean(axis=1))):
        (drawn,) = _redrawn([values], by, 4)  # type: ignore[arg-type]
        count = parts.size
        assert drawn.shape == (RESAMPLES,)
        assert drawn.mean() == pytest.approx(values.mean(), abs=4 * parts.std() / math.sqrt(count * RESAMPLES))
        assert drawn.std() == pytest.approx(parts.std() / math.sqrt(count), rel=0.1)
    assert np.isnan(_redrawn([values[:4]], "replication", 4)).all()
    assert np.isnan(_redrawn([values], "none", 4)).all()


def test_sentences_table_and_figure(run: Any) -> None:
    found = bl.power(run, "owing", "mini", quantities=["solve_rate"])
    (said,) = found.sentences
    row = found.frame.iloc[0]
    assert said.startswith(f"owing v mini: to tell a difference of .{abs(row['difference']) * 1e4:04.0f} in solve rate")
    assert f"takes {row['tasks']:,.0f} tasks (95 % interval " in said
    assert f"${row['dollars_shared']:,.2f} where shared outcomes are paid once" in said
    (paper,) = found.tables
    assert r"tasks needed, paired & " in paper.latex()
    figure = found.figure()
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert [line.get_label().partition(":")[0] for line in axes.lines if ":" in str(line.get_label())] == [
        "paired, McNemar mid-p",
        "paired, e-value after every task",
        "not paired, other tasks each",
    ]
    top = axes.child_axes[0]
    each = row["dollars_per_task"] - row["shared_per_task"]
    assert top.get_xlabel() == "dollars, shared outcomes paid once"
    assert top.get_xlim()[1] == pytest.approx(axes.get_xlim()[1] * each)


def test_what_is_refused(run: Any) -> None:
    for call, words in (
        (lambda: bl.power(3, "a", "b"), "run: must be the results of a run; got int"),  # type: ignore[arg-type]
        (lambda: bl.power(run, "owing", "owing"), "two arms are compared; got 'owing' twice"),
        (lambda: bl.power(run, "owing", "nobody"), "no arm 'nobody'"),
        (lambda: bl.power(run, "owing", "mini", power=1.0), "power: must be above 0 and below 1; got 1"),
        (lambda: bl.power(run, "owing", "mini", power=0.01), "must be above alpha"),
        (lambda: bl.power(run, "owing", "mini", quantities=["cots"]), "quantity 'cots': unknown .did you mean 'cost'"),
        (lambda: bl.power(bl.run("marketbench_replay", replications=1), "posted", "oracle"), "no arm|is alone"),
    ):
        with pytest.raises(RunError, match=words):
            call()


def test_arms_that_do_the_same(run: Any) -> None:
    found = bl.power(run, "first", "second")
    assert found.sentences[0].endswith("no difference in solve rate was seen, so no number of tasks tells them apart")
    assert not found.drawable
    with pytest.raises(ValueError, match="equally often"):
        found.figure()


def test_the_command_takes_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = bidlab("power", "--discordant", "11/6/50/18", "--usd", "0.5", "--out", tmp_path / "p")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert files(tmp_path / "p") == set(FILES)
    row = read_csv((tmp_path / "p" / "power.csv").read_bytes()).iloc[0]
    assert (row["tasks"], row["dollars"]) == (265, 132.5)
    assert "takes 265 tasks" in " ".join(said.out.split())
    curve = pd.read_csv(tmp_path / "p" / "power_curve.csv")
    assert curve["power"].between(0, 1).all()
    assert curve["test"].nunique() == 3


def test_the_command_takes_a_run_of_two_arms(tmp_path: Path) -> None:
    arms = '\n[[arm]]\nname = "y"\nmechanism = "hire_all"\n'
    path = lay_out(tmp_path, SCENARIO + arms, table(12, 2))
    assert bidlab("run", path, "--out", tmp_path / "r").code == 0
    said = bidlab("power", tmp_path / "r", "--quantity", "cost")
    assert said.code == 0, said.err
    assert "y v x: to tell a difference of" in " ".join(said.out.split())
    assert bidlab("power", tmp_path / "r", "--arms", "x", "y").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the folder of a run, or give --discordant"),
        (("--discordant", "11/6"), "--discordant 11/6: must be ONLY_FIRST/ONLY_SECOND/TASKS"),
        (("--discordant", "11/6/12"), "11 + 6 + 0 must be at most 12 tasks"),
        (("--discordant", "1/2/0"), "must be at most 0 tasks, 1 or more"),
        (("--discordant", "1/2/9", "--arms", "a", "b"), "--arms: cannot be combined with --discordant"),
        (("--discordant", "1/2/9", "--power", "2"), "--power 2: must be a number from 0 to 1"),
        (("nowhere",), "nowhere"),
    ],
)
def test_wrong_input_is_one_line(arguments: tuple[str, ...], words: str) -> None:
    said = bidlab("power", *arguments)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert words in said.err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"difference": math.nan}, "welfare is undefined"),
        ({"n_seen": 1}, "one task does not say how much welfare differs from task to task"),
        ({"difference": 0.0}, "welfare is the same at every task"),
        ({}, "welfare differs by .2500 at every task: nothing varied, so there is no test"),
    ],
)
def test_why_there_is_no_number_of_tasks(changes: dict[str, Any], words: str) -> None:
    row = {"pair": "x v y", "quantity": "welfare", "power": 0.8, "tasks": math.nan, "difference": -0.25, "n_seen": 9}
    assert sentence(row | changes) == f"x v y: {words}"


def test_a_share_of_a_percent_is_not_rounded_away() -> None:
    said = bidlab("power", "--discordant", "11/6/50", "--power", "0.995", "--alpha", "0.005")
    assert "99.5 % power" in said.out
    assert "100 % power" not in said.out
