"""Records are what the definition says, are drawn by name, and are made before the market opens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.compiled.lanes import play_compiled
from sim.kit import draws
from sim.kit.errors import ArrayError, MarketError, ScenarioError
from sim.market.simulate import simulate
from sim.standing.sources import ExpectedCost
from sim.world.history import drawn_counts, with_records
from sim.world.world import World
from tests.market.play import Play
from tests.records import SEED, histories, recorded, settings
from tests.reference_records import half_of, redrawn, tasks_on_record, told
from tests.statistics import assert_mean
from tests.tried import tried
from tests.worlds import make_rules, make_world, worlds

SPLIT = {"record": "split"}


def drawn(tasks: int) -> dict[str, Any]:
    return {"record": "redrawn", "tasks": tasks}


def ragged() -> tuple[World, np.ndarray]:
    """R, T, n, K = 4, 7, 3, 2; some trials unobserved, lost or of absent agents."""
    chance, shape = np.random.default_rng(5), (4, 7, 3, 2)
    world = make_world(
        7, 3, replications=4, tries=2, present=chance.random(shape[1:3]) < 0.8, success=chance.random(shape[1:]) < 0.5,
        belief=chance.random(shape[1:3]), cost=chance.random(shape[1:]) * 8.0, infra=chance.random(shape[1:]) < 0.2,
        cost_belief=chance.random(shape[1:3]) * 8.0,
    )  # fmt: skip
    return world, np.broadcast_to(chance.random(shape[1:]) < 0.7, shape)


def check(world: World, observed: np.ndarray, raw: dict[str, Any]) -> None:
    kept = recorded(world, settings(advice=raw, expected_cost=raw), observed)
    tasks = tasks_on_record(raw["record"], world, SEED, raw.get("tasks", 0))
    for (r, t, i), advice in np.ndenumerate(kept.record_advice):
        expected = told(world, observed, r, i, tasks[r, t])
        assert advice == pytest.approx(expected.smoothed)
        assert kept.record_cost[r, t, i] == pytest.approx(expected.cost, nan_ok=True)  # type: ignore[index]


@pytest.mark.parametrize("raw", [drawn(1), drawn(11), SPLIT], ids=str)
def test_advice_and_cost_are_those_of_the_definition(raw: dict[str, Any]) -> None:
    check(*ragged(), raw)


@tried(25)
@given(world=worlds((2, 5, 3)), h=st.integers(1, 6), luck=st.integers(0, 2**32 - 1))
def test_records_of_any_world(world: World, h: int, luck: int) -> None:
    observed = np.random.default_rng(luck).random(world.success.shape) < 0.7
    check(world, observed, drawn(h))
    if world.n_tasks > 1:
        check(world, observed, SPLIT)


def test_halves_are_equal_and_each_serves_the_other() -> None:
    world, observed = ragged()
    kept = recorded(world, settings(advice=SPLIT), observed)
    assert kept.half.tolist() == [half_of(world, SEED, r) for r in range(4)]  # type: ignore[union-attr]
    assert (kept.half == 0).sum(axis=1).tolist() == [3] * 4  # type: ignore[union-attr]
    assert (kept.half != kept.half[:1]).any()  # type: ignore[index, operator]
    own = np.repeat((kept.half == 0)[..., None, None], 3, axis=2)
    changed = recorded(replace(world, success=world.success ^ own), settings(advice=SPLIT), observed)
    same = kept.record_advice == changed.record_advice
    assert same[kept.half == 0].all()
    assert not same[kept.half == 1].all()


def test_a_redrawn_history_is_independent_of_the_tasks_played_and_right_on_average() -> None:
    """N = 8 smoothed draws of a rate p: (8 p + .5) / 9 on average, whatever becomes of the task at hand."""
    success = np.random.default_rng(2).random((13, 3)) < [0.2, 0.5, 0.9]
    world = make_world(13, 3, replications=3000, success=success[..., None])
    advice = recorded(world, settings(advice=drawn(8))).record_advice
    assert (advice == advice[:, :1]).all()  # type: ignore[index]
    for i, rate in enumerate(success.mean(axis=0)):
        assert_mean(advice[:, 0, i], (8 * rate + 0.5) / 9)  # type: ignore[index]


def test_a_task_more_leaves_most_of_the_history() -> None:
    """Each slot keeps its task but where the new one has the least draw: 1 in T + 1 of them."""
    words = draws.words_of([f"t{t}" for t in range(20)])
    r = draws.words_range(300)
    few, more = drawn_counts(SEED, r, words[:-1], 40), drawn_counts(SEED, r, words, 40)
    assert (more[:, :-1] <= few).all()
    assert_mean(more[:, -1], 40 / 20)
    longer = drawn_counts(SEED, r, words, 41)
    assert ((longer - more).sum(axis=1) == 1).all()
    assert (longer >= more).all()


def test_counts_are_those_of_one_draw_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _ = ragged()
    expected = [np.bincount(redrawn(world, SEED, r, 9), minlength=7).tolist() for r in range(4)]
    words = draws.words_range(4), draws.words_of(world.tasks)
    assert drawn_counts(SEED, *words, 9).tolist() == expected
    monkeypatch.setattr("sim.world.history._PIECE", 15)
    assert drawn_counts(SEED, *words, 9).tolist() == expected


def test_records_of_some_replications_are_those_of_all() -> None:
    world, observed = ragged()
    card = {"record": "split", "weight": 0.7, "cost_weight": 0.3}
    for raw in (drawn(11), SPLIT):
        of = settings(advice=raw, expected_cost=raw, card=card)
        whole = recorded(world, of, observed)
        part = histories(world.replication(1, 2), observed[1:3])
        part = replace(part, words=(draws.words_range(2, 1), part.words[1]))
        some = with_records(world.replication(1, 2), part, of.spec)
        for name in ("record_advice", "record_cost", "half", "uncarded", "belief", "cost_belief"):
            np.testing.assert_array_equal(getattr(some, name), getattr(whole.replication(1, 2), name))


def test_slices_of_a_world_cut_its_records() -> None:
    world, observed = ragged()
    card = {"record": "split", "weight": 0.7, "cost_weight": 0.3}
    kept = recorded(world, settings(advice=drawn(5), expected_cost=SPLIT, card=card), observed)
    one = kept.only(2).replication(1, 3)
    for name in ("record_advice", "record_cost", "uncarded"):
        np.testing.assert_array_equal(getattr(one, name), getattr(kept, name)[1:, :, 2:])
    np.testing.assert_array_equal(one.half, kept.half[1:])  # type: ignore[arg-type, index]


def test_nobody_is_hired_by_a_cost_that_nobody_knows() -> None:
    """a1, the better one, is on no record: it is advised at 1/2, and its cost is not known."""
    world = make_world(4, 2, success=True, present=True)
    observed = np.broadcast_to(np.array([True, False])[:, None], (1, 4, 2, 1))
    kept = recorded(world, settings(advice=SPLIT, expected_cost=SPLIT), observed)
    assert kept.record_advice[0, 0].tolist() == [2.5 / 3, 0.5]  # type: ignore[index]
    assert np.isnan(kept.record_cost[..., 1]).all()  # type: ignore[index]
    rule = make_rules("route_by_advice", advice="record", expected_cost=ExpectedCost("record"))
    assert {row["agent"] for row in Play(kept, rule).attempts} == {0}
    only = Play(kept.only(1), rule)
    assert only.attempts == []


def test_without_records_in_the_world_there_is_no_market() -> None:
    world = make_world(2, 2)
    for rule, says in (
        (make_rules("route_by_advice", advice="record"), "record_advice"),
        (make_rules("second_price", expected_cost=ExpectedCost("record")), "record_cost"),
    ):
        with pytest.raises(MarketError, match=says):
            simulate(world, rule)
        with pytest.raises(MarketError, match=says):
            play_compiled(world, rule)


def test_halves_need_two_tasks() -> None:
    for of in (settings(advice=SPLIT), settings(card={"record": "split", "weight": 1.0, "cost_weight": 0.0})):
        with pytest.raises(ScenarioError, match="at least two tasks; there is 1"):
            recorded(make_world(1, 2), of)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"record_advice": np.full((1, 3, 2), 1.5)}, r"record_advice must lie in \[0, 1\]; got 1.5"),
        ({"record_advice": np.ones((1, 3))}, "record_advice must have shape"),
        ({"record_cost": np.full((1, 3, 2), -1.0)}, "record_cost must be finite and >= 0, or NaN; got -1.0"),
        ({"half": np.full((1, 3), 2, np.int8)}, "half must be 0 or 1; got 2"),
        ({"half": np.zeros((1, 3, 2), np.int8)}, "half must have shape"),
        ({"uncarded": np.full((1, 3, 2), np.nan)}, r"uncarded must lie in \[0, 1\]; got nan"),
    ],
)
def test_world_refuses(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ArrayError, match=says):
        replace(make_world(3, 2), **changes)
