"""Accuracy against cost on a recorded table: policies against loops written from their definitions."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from analysis.by_record import Records, _Half
from analysis.frontier_table import COLUMNS, frontier_table
from analysis.panel import Panel
from analysis.policies import ability_oracle, always, at_random, outcome_oracle
from sim.kit.errors import RunError, TableError
from sim.tables.table import found_columns, read_sheet
from sim.tables.table_file import sheet_of
from tests.cli.command import bidlab

VALUE = 0.9

FILES = [f"frontier.{kind}" for kind in ("column.pdf", "column.png", "csv", "pdf", "png")]


def frame(tasks: int = 9, agents: int = 4, trials: int = 2, share: float = 0.7, seed: int = 3) -> pd.DataFrame:
    """Some cells have no row, some fewer trials, one trial is lost; the first task is done by everybody."""
    rng = np.random.default_rng(seed)
    rows = []
    for t, i in itertools.product(range(tasks), range(agents)):
        held = 0 if t and rng.random() > share else int(rng.integers(1, trials + 1)) if trials > 1 else 1
        for k in range(held):
            row = {"agent": f"a{i}", "task": f"t{t}", "trial": k, "family": f"f{t % 3}"}
            row |= {
                "success": float(rng.random() < 0.3 + 0.15 * i),
                "cost": round(0.02 + rng.random() * (i + 1) / 8, 3),
            }
            rows.append(row)
    rows[1]["success"] = None
    return pd.DataFrame(rows)


def panel(table: pd.DataFrame, **columns: str) -> Panel:
    sheet = sheet_of(table)
    return Panel.of(read_sheet(sheet, found_columns(sheet, columns, "x")))


def cells(of: Panel) -> list[tuple[int, int, list[int]]]:
    """Trial, task, and the agents known there."""
    size = range(of.n_trials), range(of.n_tasks)
    return [(k, t, np.flatnonzero(of.known[t]).tolist()) for k, t in itertools.product(*size)]


def tried(of: Panel, k: int, t: int, order: list[int], most: int) -> tuple[float, float]:
    """Worth and cost of agents who try one after the other."""
    cost = 0.0
    for agent in [i for i in order if of.known[t, i]][:most]:
        cost += of.cost[k, t, agent]
        if of.passed[k, t, agent]:
            return 1.0, cost
    return 0.0, cost


def test_lost_and_missing_trials() -> None:
    table = frame()
    of = panel(table)
    kept = table.dropna(subset="success").groupby(["task", "agent"])
    for (task, agent), rows in kept:
        t, i = of.recorded.tasks.index(task), of.agents.index(agent)
        assert of.trials[t, i] == len(rows)
        for k in range(of.n_trials):
            row = rows.iloc[k % len(rows)]
            assert (of.worth[k, t, i], of.cost[k, t, i]) == (row["success"], row["cost"])
    assert of.known.sum() == len(kept)
    assert not of.worth[:, ~of.known].any()


def test_what_needs_no_record() -> None:
    of = panel(frame())
    for k, t, able in cells(of):
        assert always(of, 2).worth[k, t] == of.worth[k, t, 2]
        assert at_random(of).cost[k, t] == pytest.approx(np.mean(of.cost[k, t, able]))
        gains = {i: VALUE * of.passed[k, t, i] - of.cost[k, t, i] for i in able}
        best = max(gains, key=lambda i: gains[i])
        expected = (of.worth[k, t, best], of.cost[k, t, best]) if gains[best] > 0 else (0.0, 0.0)
        found = outcome_oracle(of, VALUE)
        assert (found.worth[k, t], found.cost[k, t]) == pytest.approx(expected)


def test_an_ability_oracle_does_not_see_the_trial_it_is_judged_by() -> None:
    """Of two agents with one success in two trials each, the other trial always points to the one that fails."""
    rows = [
        {"agent": agent, "task": "t", "trial": k, "success": int(k == luck), "cost": 0.0}
        for luck, agent in enumerate("ab")
        for k in (0, 1)
    ]
    of = panel(pd.DataFrame(rows))
    found = ability_oracle(of, 1.0)
    assert found is not None
    assert found.worth.mean() == 0.0
    known = panel(pd.DataFrame([row | {"ability": 0.5 + 0.1 * (row["agent"] == "b")} for row in rows]))
    found = ability_oracle(known, 1.0)
    assert found is not None
    assert found.worth[:, 0].tolist() == known.worth[:, 0, 1].tolist()
    assert ability_oracle(panel(pd.DataFrame(rows[::2])), 1.0) is None


def naive_half(of: Panel, on: np.ndarray, families: bool, t: int) -> tuple[np.ndarray, np.ndarray]:
    """Smoothed rate and mean cost of every agent on these tasks."""
    same = (of.family == of.family[t]) | (not families)
    use = (on & same)[:, None] * of.trials
    count = use.sum(axis=0)
    cost = (use * of.mean_cost).sum(axis=0) / np.where(count > 0, count, np.nan)
    return ((use * of.hits).sum(axis=0) + 0.5) / (count + 1.0), cost


@pytest.mark.parametrize("seed", range(3))
def test_policies_by_record(seed: int) -> None:
    of = panel(frame(seed=seed))
    records = Records(of, VALUE, 5)
    (second,) = records._halves(range(1), np.ones(of.n_tasks))
    assert second.sum() == -(-of.n_tasks // 2)
    found = records._decided(second, np.ones(of.n_tasks))
    shape = of.n_trials, of.n_tasks
    for k, t, able in cells(of):
        on = second != second[t]
        for name, by_family in (("record router", False), ("record router, by family", True)):
            rate, cost = naive_half(of, on, by_family, t)
            gain = np.where(np.isnan(cost), -1.0, VALUE * rate - np.nan_to_num(cost))
            top = [i for i in able if gain[i] > 0 and gain[i] == max(gain[able])]
            for both, array in zip(found[name], (of.worth, of.cost), strict=True):
                expected = np.mean(array[k, t, top]) if top else 0.0
                assert both.reshape(shape)[k, t] == pytest.approx(expected)
        rate, cost = naive_half(of, on, False, t)
        worth_it = [i for i in range(len(of.agents)) if cost[i] < VALUE * rate[i]]
        order = sorted(worth_it, key=lambda i: cost[i] / rate[i])
        for name, most in (("cascade of 2", 2), ("cascade of 3", 3), ("cascade of all", 4)):
            both = [one.reshape(shape)[k, t] for one in found[name]]
            assert both == pytest.approx(tried(of, k, t, order, most))


@pytest.mark.parametrize("seed", range(4))
def test_the_searched_order_is_the_best_of_all(seed: int) -> None:
    of = panel(frame(tasks=12, seed=seed))
    weight = np.random.default_rng(seed).integers(0, 3, of.n_tasks).astype(float)
    order = _Half(Records(of, VALUE, 5), weight, np.zeros(0, np.int64)).searched()

    def gain(chosen: tuple[int, ...]) -> float:
        parts = [(weight[t], tried(of, k, t, list(chosen), 9)) for k, t, _ in cells(of)]
        return sum(w * (VALUE * worth - cost) for w, (worth, cost) in parts)

    ways = [way for size in range(5) for way in itertools.permutations(range(4), size)]
    assert gain(tuple(order)) == pytest.approx(max(map(gain, ways)))


@pytest.mark.slow
def test_it_agrees_with_markets() -> None:
    """Always one agent, the outcome oracle and second price do here what they do in a market."""
    found = bl.frontier("marketbench").table.set_index("policy")
    world = bl.World.recorded("marketbench", seed=1, advice="outcome", expected_cost="actual")
    fixed: dict[str, Any] = {"expected_cost": {"fixed": 0.0}}
    for name, rule, settings in (
        ("gpt-5.2", bl.Always(agent="gpt-5.2"), fixed),
        ("second price", bl.SecondPrice(), {}),
        ("second score q(V-a)", bl.SecondScore(score="q(V-a)"), {}),
        ("outcome oracle", bl.RouteByAdvice(), {"advice": "outcome", "expected_cost": "actual"}),
    ):
        row = bl.Market(world, rule, **settings).run().summary.iloc[0]
        for ours, theirs in (("accuracy", "solve_rate"), ("cost", "cost")):
            parts = [f"{name}{part}" for name, part in itertools.product([ours], ("", "_low", "_high", "_se"))]
            expected = [row[part.replace(ours, theirs)] for part in parts]
            assert found.loc[name, parts].tolist() == pytest.approx(expected), (name, ours)


def test_the_frontier_is_what_nothing_dominates() -> None:
    table = frontier_table(panel(frame(tasks=30, share=0.9)), VALUE, 0)
    assert list(table) == list(COLUMNS)
    whole = table["tasks"] == table["tasks"].max()
    for _, row in table.iterrows():
        rivals = table[whole & (table["kind"] != "oracle")]
        as_good = (rivals["accuracy"] >= row["accuracy"]) & (rivals["cost"] <= row["cost"])
        better = (rivals["accuracy"] > row["accuracy"]) | (rivals["cost"] < row["cost"])
        plays = row["kind"] != "oracle" and row["tasks"] == table["tasks"].max()
        assert row["on_frontier"] == int(plays and not (as_good & better).any())
    assert table["on_frontier"].sum() > 1


def test_small_tables_have_no_interval_for_what_chooses_by_them() -> None:
    for tasks, known in ((20, False), (60, True)):
        table = frontier_table(panel(frame(tasks=tasks, trials=1)), VALUE, 0).set_index("policy")
        assert table["accuracy_low"].notna()[["random", "outcome oracle"]].all()
        assert (table["accuracy_low"].notna()[["record router", "cascade of all"]] == known).all()


def test_scores_and_marks(tmp_path: Path) -> None:
    rows = pd.DataFrame({"agent": ["a", "b"] * 2, "task": ["s", "s", "t", "t"], "score": [0.4, 0.9, 0.8, 0.2]})
    found = bl.frontier(rows, {"score": "score"}, mark=0.7)
    table = found.table.set_index("policy")
    assert table.loc[["a", "b"], "accuracy"].tolist() == pytest.approx([0.6, 0.55])
    assert table.loc["outcome oracle", "accuracy"] == pytest.approx(0.85)
    assert table["cost"].isna().all()
    assert "costs are unknown, and count as 0 where a policy weighs them" in found.notes
    (auctions,) = [line for line in found.notes if line.startswith("no auctions: they need claims and cost beliefs")]
    assert "--column claim=p --column cost_belief=usd" in auctions
    with pytest.raises(TableError, match="mark must be stated with a column of scores"):
        bl.frontier(rows, {"score": "score"})
    with pytest.raises(RunError, match="value: must be dollars above 0"):
        bl.frontier(rows, {"score": "score"}, mark=0.7, value=0.0)


def test_the_command_fits_a_terminal_and_writes_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = frame(tasks=17, agents=45, trials=5)
    table["agent"] = "a model with quite a long name " + table["agent"]
    table.to_csv(tmp_path / "t.csv", index=False)
    said = bidlab("frontier", tmp_path / "t.csv", "--out", tmp_path / "o")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert "of 45 agents the 20 that are most accurate" in said.out
    assert "the table fills " in said.out
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == FILES
    written = pd.read_csv(tmp_path / "o" / "frontier.csv")
    assert (written["kind"] == "always").sum() == 45
    again = bidlab("frontier", tmp_path / "t.csv", "--out", tmp_path / "o")
    assert again.code == 2
    assert "frontier.csv is there" in again.err
    assert bidlab("frontier", tmp_path / "t.csv", "--out", tmp_path / "o", "--force").out == said.out
    assert bidlab("frontier", "marketbenhc").code == 2


@pytest.mark.slow
def test_intervals_hold_the_truth() -> None:
    """300 tables of 60 tasks: the mean over tables lies in .92 or more of the intervals, less three standard errors."""
    rng = np.random.default_rng(8)
    level, price = np.array([0.0, 0.6, 0.9, 1.2]), np.array([0.02, 0.1, 0.2, 0.4])
    found = []
    for _ in range(300):
        chance = 1 / (1 + np.exp(-(level + rng.normal(0, 1.5, (60, 1)) + rng.normal(0, 1, (60, 4)))))
        t, i = np.indices((60, 4)).reshape(2, -1)
        rows = {"agent": i, "task": t, "success": (rng.random((60, 4)) < chance).ravel().astype(int)}
        rows |= {"cost": (price * rng.lognormal(0, 0.5, (60, 4))).ravel()}
        found.append(frontier_table(panel(pd.DataFrame(rows)), 1.0, 0).set_index("policy"))
    for name in ("3", "random", "record router", "cascade of 2", "cascade of all", "outcome oracle"):
        for column in ("accuracy", "cost"):
            value, low, high = (
                np.array([one.loc[name, f"{column}{part}"] for one in found]) for part in ("", "_low", "_high")
            )
            held = np.mean((low <= value.mean()) & (value.mean() <= high))
            assert held >= 0.92 - 3 * (0.92 * 0.08 / 300) ** 0.5, (name, column, held)
