"""Redrawn tables: which tasks stand in them, what moves with a task and what with its place, records made anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.inference import ratio
from analysis.replays import can_be_replayed, replays
from analysis.resampled import (
    LEAST_TASKS,
    TABLES,
    task_counts,
    with_error_of_difference,
    with_errors,
)
from sim.experiment.run_folder import arm_rules, draw_world, scenario_origin
from sim.market.coupling import coupling, replayed
from sim.scenario.scenario import Scenario, load_scenario
from sim.standing.sources import parse_advice
from sim.world.origin import TableOrigin
from sim.world.redrawn_tables import drawn_tasks, resampled_world

SCENARIO = Path(__file__).parents[2] / "scenarios" / "marketbench_head_to_head.toml"
SPLIT = 'standing.advice={record="split"}'
T = 93


def scenario(*changes: str, replications: int = 20) -> Scenario:
    return load_scenario(SCENARIO, replications=replications, overrides=changes)


def arm_of(done: Scenario, name: str) -> Any:
    return next(arm for arm in done.arms if arm.name == name)


def origin_of(done: Scenario) -> TableOrigin:
    found = scenario_origin(done)
    assert isinstance(found, TableOrigin)
    return found


def test_tasks_are_drawn_with_replacement_and_alike_in_every_block() -> None:
    counts = task_counts(5, range(4, 9), T)
    assert (counts.sum(axis=1) == T).all()
    assert np.array_equal(counts, task_counts(5, range(TABLES), T)[4:9])
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.06)
    assert not np.array_equal(counts[0], counts[1])


def test_a_redrawn_task_brings_its_claims_outcomes_and_costs_and_no_luck_of_a_place() -> None:
    done = scenario()
    settings, origin = arm_of(done, "second price").settings, origin_of(done)
    world = resampled_world(origin, settings.spec, 3, range(2, 4), 5)
    plain = draw_world(settings.spec, origin, 3, 10, 10)
    drawn = np.repeat(drawn_tasks(3, range(2, 4), T), 5, axis=0)
    for r in range(10):
        for name in ("belief", "cost_belief", "success", "cost", "present"):
            assert np.array_equal(getattr(world, name)[r], getattr(plain, name)[r, drawn[r]])
    slot, other = _twice(drawn[0])
    assert not np.array_equal(world.lottery[0, slot], world.lottery[0, other])
    assert world.arrival[0, slot] != world.arrival[0, other]


def _twice(drawn: np.ndarray) -> tuple[int, int]:
    """Two slots of one task."""
    task = int(np.argmax(np.bincount(drawn) > 1))
    first, second = np.flatnonzero(drawn == task)[:2].tolist()
    return first, second


def test_a_task_drawn_twice_is_in_one_half_and_halves_are_of_the_tasks_drawn() -> None:
    done = scenario()
    arm, origin = arm_of(done, "route by record, split"), origin_of(done)
    world = resampled_world(origin, arm.settings.spec, 3, range(3), 4)
    drawn = np.repeat(drawn_tasks(3, range(3), T), 4, axis=0)
    assert world.half is not None
    assert world.record_advice is not None
    for r in range(12):
        first = {task: int(world.half[r, np.argmax(drawn[r] == task)]) for task in set(drawn[r].tolist())}
        assert [first[task] for task in drawn[r].tolist()] == world.half[r].tolist()
        assert abs(2 * sum(first.values()) - len(first)) <= 1
        for half in (0, 1):
            others = world.half[r] != half
            solved, seen = world.delivered[r, others, :, 0].sum(axis=0), int(others.sum())
            expected = (solved + 0.5) / (seen + 1)
            assert world.record_advice[r, ~others] == pytest.approx(np.broadcast_to(expected, (T - seen, 6)))
    assert len({world.half[r].tobytes() for r in range(4)}) == 4  # a halving a replication


def test_a_task_drawn_twice_is_asked_for_twice_or_not_at_all() -> None:
    own = origin_of(scenario()).recorded.agents[2]
    done = load_scenario(SCENARIO, overrides=[f'tender.own="{own}"', "tender.autarky=0.4"], mechanisms=["second_price"])
    spec, origin = done.arms[0].settings.spec, origin_of(done)
    world, plain = resampled_world(origin, spec, 3, range(2, 4), 5), draw_world(spec, origin, 3, 10, 10)
    drawn = np.repeat(drawn_tasks(3, range(2, 4), T), 5, axis=0)
    assert world.unasked is not None
    assert plain.unasked is not None
    assert np.array_equal(world.unasked, np.take_along_axis(plain.unasked, drawn, axis=1))
    assert 0.3 < plain.unasked.mean() < 0.5


def test_uncoupled_arms_need_no_replay_and_find_the_same_error_by_one() -> None:
    done = scenario()
    arm, origin = arm_of(done, "always gpt-5-mini"), origin_of(done)
    world = draw_world(arm.settings.spec, origin, done.seed, 1)
    assert not replayed(arm_rules(arm, world), world)
    per_task = world.delivered[0, :, -1, 0] - world.cost[0, :, -1, 0]
    spread = replays(arm, origin, done.seed, 1)["welfare"].std(ddof=1)
    assert spread == pytest.approx(per_task.std(ddof=1) / np.sqrt(T), rel=0.15)  # of 200 tables: se .05


def test_by_a_record_dollars_have_the_percentiles_of_redrawn_tables() -> None:
    """The p value of a difference says what its interval says; rates and other arms keep theirs."""
    draws = np.random.default_rng(4)
    values, base = draws.gamma(2.0, 0.1, TABLES), draws.gamma(2.0, 0.05, TABLES)
    estimates = {name: ratio(np.full((1, T), 0.3), 1.0, "none", rate=name == "solve_rate") for name in NAMES}
    record, learned = (
        with_errors(estimates, dict.fromkeys(NAMES, values), T, {"solve_rate"}, by_record=by_record)
        for by_record in (True, False)
    )
    assert (float(record["cost"].low), float(record["cost"].high)) == pytest.approx(np.percentile(values, [2.5, 97.5]))
    half = 1.9860863 * values.std(ddof=1)  # t with 92 degrees of freedom
    assert float(learned["cost"].high - learned["cost"].low) == pytest.approx(2 * half, rel=1e-6)
    assert record["solve_rate"].low == learned["solve_rate"].low
    for shift, told in ((0.0, False), (0.35, True)):
        found = with_error_of_difference(estimates["cost"], values + shift, base, T, None, by_record=True)
        assert (found.low > 0) == (found.p < 0.05) == told
    often_equal = np.where(np.arange(TABLES) < 40, -0.1, 0.0)
    found = with_error_of_difference(estimates["cost"], often_equal, 0 * base, T, None, by_record=True)
    assert (float(found.low), float(found.high), float(found.p)) == (-0.1, 0.0, 1.0)
    same = with_error_of_difference(estimates["cost"], values, values, T, None, by_record=True)
    assert np.isnan([same.low, same.high, same.p]).all()


NAMES = ("cost", "solve_rate")
REASONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "second price": ("", ()),
    "route by record, split": ("", ("standing.expected_cost, a record", "standing.advice, a record")),
    "agent-economy": ("", ("standing.expected_cost, a record", "standing.reputation")),
    "first price": ("market.capacity=2", ("market.capacity",)),
    "posted price": ("market.round=3", ("market.round",)),
    "hire all": ("bidders.bankroll=5.0", ("bidders.bankroll",)),
    "second price, penalty 2": ("tender.budget=9.0", ("tender.budget",)),
    "outcome oracle": ('bidders.card={record="past",weight=1.0,cost_weight=0.0}', ("bidders.card, of the past",)),
}


@pytest.mark.parametrize("name", list(REASONS))
def test_what_couples_the_tasks_of_a_replication(name: str) -> None:
    change, reasons = REASONS[name]
    done = scenario(*([change] if change else []))
    arm = arm_of(done, name)
    world = draw_world(arm.settings.spec, origin_of(done), 1, 2)
    rules = arm_rules(arm, world)
    expected = tuple(reason for reason in reasons if reason)
    found = coupling(rules, world)
    assert found[-len(expected) :] == expected if expected else found == ()
    moved = set(found) - {"standing.expected_cost, a record", "bidders.card, a record"}
    assert replayed(rules, world) == bool(moved)


def test_small_tables_and_advisors_by_family_are_not_replayed() -> None:
    done = scenario()
    arm, origin = arm_of(done, "route by record, split"), origin_of(done)
    assert can_be_replayed(arm, origin)
    names = ("tasks", "family", "block", "present", "belief", "cost_belief", "ability", "success", "cost", "trials")
    few: dict[str, Any] = {name: getattr(origin.recorded, name)[: LEAST_TASKS - 1] for name in names}
    small = replace(origin.recorded, **few)
    assert not can_be_replayed(arm, TableOrigin(small, origin.agents))
    advised = arm_of(scenario("standing.advice={thompson={by_family=true}}"), "outcome oracle")
    labelled = replace(origin.recorded, family=tuple("ab"[t % 2] for t in range(T)))
    assert can_be_replayed(advised, origin)
    assert not can_be_replayed(by_family(advised), TableOrigin(labelled, origin.agents))


def by_family(arm: Any) -> Any:
    """The arm with an advisor that learns by families."""
    standing = arm.settings.standing.model_copy(update={"advice": parse_advice({"thompson": {"by_family": True}})})
    return replace(arm, settings=arm.settings.model_copy(update={"standing": standing}))
