"""What a router earns by each record, against closed forms and naive half-splits of the same table.

A table of rates that agents share says nothing of who will do better, so a router by it can earn no more than they do.
Leaving one task out told who fails: it earned .000 of two opposite agents, .045 of six equal ones, .688 of three.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from sim.bundled import find_scenario
from sim.experiment.engine import Engine, play
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.scenario.scenario import Arm, Scenario, load_scenario
from sim.world.history import Histories, with_records
from sim.world.world import World
from tests.market.compare import assert_same_rows, rows
from tests.records import histories, settings, table_scenario
from tests.statistics import assert_mean, assert_rate
from tests.worlds import make_world

SPLIT = 'standing = { advice = { record = "split" } }'
EQUAL = ["claude-opus-4.5", "gemini-3-pro", "gpt-5.2"]  # 75 of 93 each


def redrawn(tasks: int) -> str:
    return f'standing = {{ advice = {{ record = "redrawn", tasks = {tasks} }} }}'


def arm_and_world(of: Scenario, name: str) -> tuple[Arm, World]:
    arm = next(arm for arm in of.arms if arm.name == name)
    return arm, arm_world(of, arm, scenario_origin(of))


def solved(of: Scenario, name: str, engine: Engine = "compiled") -> np.ndarray:
    """Share of the tasks solved in each replication."""
    arm, world = arm_and_world(of, name)
    done = play(engine, world, arm_rules(arm, world), detail="attempts")["attempts"]
    passed = np.bincount(done["replication"], weights=done["success"], minlength=world.n_replications)
    return passed / world.n_tasks


def by_halves(success: np.ndarray, splits: int) -> tuple[float, float]:
    """Mean solve rate, and its standard error, of a router by the rates of the other half; ties shared. (T, n)."""
    chance, n_tasks = np.random.default_rng(6), len(success)
    rates = []
    for _ in range(splits):
        order = chance.permutation(n_tasks)
        first, second = order[: n_tasks // 2], order[n_tasks // 2 :]
        total = 0.0
        for read, served in ((first, second), (second, first)):
            known = success[read].sum(axis=0)
            total += success[served][:, known == known.max()].mean(axis=1).sum()
        rates.append(total / n_tasks)
    return float(np.mean(rates)), float(np.std(rates) / np.sqrt(splits))


def test_two_opposite_agents(tmp_path: Path) -> None:
    """Redrawn, one agent does all 200 tasks, 100 of them well. Of the other half's H successes the better has
    max(H, 100 - H), and as many fewer in this one: min(H, 100 - H) of 100.
    """
    success = np.zeros((200, 2), int)
    success[::2, 0] = success[1::2, 1] = 1
    of = table_scenario(tmp_path, success, {"redrawn": redrawn(199), "split": SPLIT}, replications=400)
    assert_mean(solved(of, "redrawn"), 0.5)
    h = np.arange(101)
    expected = float(hypergeom(200, 100, 100).pmf(h) @ np.minimum(h, 100 - h)) / 100
    assert expected == pytest.approx(0.472, abs=5e-4)
    assert_mean(solved(of, "split"), expected)


def test_six_agents_of_one_rate(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    success = np.stack([chance.permutation(np.arange(200) < 120) for _ in range(6)], axis=1)
    of = table_scenario(tmp_path, success, {"redrawn": redrawn(199), "split": SPLIT}, replications=400)
    assert_mean(solved(of, "redrawn"), 0.6)
    expected, se = by_halves(success, 3000)
    assert expected == pytest.approx(0.556, abs=2e-3)
    assert_mean(solved(of, "split"), expected, expected_se=se)


def test_three_recorded_agents_of_one_rate(tmp_path: Path) -> None:
    path = find_scenario("marketbench_replay")
    with (path.parent / "data" / "marketbench_forecasts.csv").open(newline="") as lines:
        passed = {(row["task"], row["agent"]): int(row["success"]) for row in csv.DictReader(lines)}
    success = np.array([[passed[task, name] for name in EQUAL] for task in sorted({task for task, _ in passed})])
    assert success.sum(axis=0).tolist() == [75, 75, 75]
    arms = "".join(
        f'[[arm]]\nname = "{name}"\nmechanism = "route_by_advice"\n{standing}\n'
        for name, standing in (("redrawn", redrawn(92)), ("split", SPLIT))
    )
    table = path.read_text().partition("[[arm]]")[0].replace("data/", f"{path.parent}/data/")
    text = table.replace("{ uniform = [0.0, 1.0] }", '"value"\nvalue = 1.0').replace("alone = true", "alone = false")
    (tmp_path / "s.toml").write_text(text + "[standing]\nexpected_cost = { fixed = 0.1 }\n" + arms)
    of = load_scenario(tmp_path / "s.toml", replications=800, overrides=[f"world.agents={EQUAL}", "tender.penalty=0.0"])
    assert_mean(solved(of, "redrawn"), 75 / 93)
    expected, se = by_halves(success, 3000)
    assert expected == pytest.approx(0.784, abs=2e-3)
    assert_mean(solved(of, "split"), expected, expected_se=se)


def test_exact_ties_share_the_award_equally(tmp_path: Path) -> None:
    """Three agents that solve the same tasks have the same record, in every half and every history."""
    success = np.repeat(np.random.default_rng(3).random((21, 1)) < 0.5, 3, axis=1)
    of = table_scenario(tmp_path, success, {"redrawn": redrawn(20), "split": SPLIT}, replications=300)
    for name in ("redrawn", "split"):
        arm, world = arm_and_world(of, name)
        hired = play("compiled", world, arm_rules(arm, world), detail="attempts")["attempts"]["agent"]
        for agent in range(3):
            assert_rate(hired == agent, 1 / 3)


def test_engines_agree_and_trials_of_a_table_all_count(tmp_path: Path) -> None:
    """a0 passes its first two of five trials only, a1 all but the first of three: 2/5 and 2/3 at each of nine tasks."""
    success = np.broadcast_to(np.array([[1, 1, 0, 0, 0], [0, 1, 1, -1, -1]]), (9, 2, 5))
    many = 'beyond_tries = "repeat"\n'
    of = table_scenario(tmp_path, success, {"redrawn": redrawn(4), "split": SPLIT}, replications=20, world=many)
    for name, tasks in (("redrawn", (4,)), ("split", (4, 5))):
        arm, world = arm_and_world(of, name)
        told = {((2 * n + 0.5) / (5 * n + 1), (2 * n + 0.5) / (3 * n + 1)) for n in tasks}
        found = {tuple(pair) for pair in world.record_advice.reshape(-1, 2).tolist()}  # type: ignore[union-attr]
        assert found == told
        rule = arm_rules(arm, world)
        assert_same_rows(rows(play("market", world, rule)), rows(play("compiled", world, rule)))


# Over fresh tables: the router's solve rate per table, by splitting it or by drawing it anew.

TABLES, SPLITS, TASKS = 2000, 20, 93


def over_tables(rate: list[float], kind: str) -> np.ndarray:
    """(TABLES,) solve rates of a router by record on tables of independent agents, exact ties shared."""
    chance, block = np.random.default_rng(12), 200
    record = {"record": "split"} if kind == "split" else {"record": "redrawn", "tasks": TASKS - 1}
    found = []
    for first in range(0, TABLES, block):
        success = np.repeat(chance.random((block, TASKS, len(rate))) < rate, SPLITS, axis=0)
        world = replace(make_world(TASKS, len(rate), replications=block * SPLITS), success=success[..., None])
        drawn: Histories = histories(world, seed=first)
        advice = with_records(world, drawn, settings(advice=record).spec).record_advice
        best = advice == advice.max(axis=2, keepdims=True)  # type: ignore[union-attr]
        solved = (best * success).sum(axis=2) / best.sum(axis=2)
        found.append(solved.mean(axis=1).reshape(block, SPLITS).mean(axis=1))
    return np.concatenate(found)


def expected_of_halves(rate: list[float]) -> float:
    """Rate of the agent with the best of a fresh half-record, ties shared, by enumeration over ties and counts."""
    total = 0.0
    for read, served in ((TASKS // 2, TASKS - TASKS // 2), (TASKS - TASKS // 2, TASKS // 2)):
        counts = np.arange(read + 1)
        pmf = np.array([binom.pmf(counts, read, p) for p in rate])
        below = np.array([binom.cdf(counts - 1, read, p) for p in rate])
        for tied in product([False, True], repeat=len(rate)):
            if any(tied):
                chance = np.where(np.array(tied)[:, None], pmf, below).prod(axis=0).sum()
                total += chance * np.mean([p for p, at in zip(rate, tied, strict=True) if at]) * served
    return total / TASKS


@pytest.mark.slow
@pytest.mark.parametrize("rate", [[0.6] * 6, [0.7, 0.66, 0.62, 0.58, 0.54, 0.5], [0.75, 0.6, 0.45]], ids=str)
def test_halves_are_unbiased_over_fresh_tables(rate: list[float]) -> None:
    """Each half's record is fresh to the other, whatever the table."""
    expected = expected_of_halves(rate)
    if len(set(rate)) == 1:
        assert expected == pytest.approx(rate[0])
    assert_mean(over_tables(rate, "split"), expected)


@pytest.mark.slow
def test_a_redrawn_record_is_optimistic_for_fresh_tables() -> None:
    """Its population is the table: it finds who was lucky there, .647 of six agents whose rate is .600."""
    found = over_tables([0.6] * 6, "redrawn")
    assert_mean(found, 0.647, expected_se=5e-4)
    assert found.mean() - 0.6 > 10 * found.std(ddof=1) / np.sqrt(TABLES)
