"""A self-history card moves all claims of an agent alike to what its record says, and its cost beliefs with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from sim.agents.retry import after_each
from sim.bundled import find_scenario
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.kit.invalid import written
from sim.scenario.scenario import load_scenario
from sim.specs.bidders import Card
from sim.world.card import Means, PastCard, lean, move
from sim.world.world import World
from tests.records import SEED, recorded, settings
from tests.reference_records import tasks_on_record, told
from tests.worlds import make_world

KINDS = {
    "redrawn": {"record": "redrawn", "tasks": 11},
    "split": {"record": "split"},
    "published": {"record": "published"},
}


def card(kind: str, weight: float, cost_weight: float, **more: Any) -> dict[str, Any]:
    return {**KINDS[kind], "weight": weight, "cost_weight": cost_weight, **more}


def ragged() -> tuple[World, np.ndarray]:
    """R, T, n, K, failures foreseen = 4, 7, 2, 5, 3; claims of 0 and 1 among others, some trials not on record."""
    chance, shape = np.random.default_rng(8), (4, 7, 2, 5)
    belief = chance.random(shape[1:3])
    belief[0, 0], belief[1, 1], belief[2] = 0.0, 1.0, [0.0, 1.0]
    world = make_world(
        7, 2, replications=4, tries=5, present=chance.random(shape[1:3]) < 0.9, success=chance.random(shape[1:]) < 0.6,
        belief=belief, cost=chance.random(shape[1:]) * 8.0, cost_belief=chance.random(shape[1:3]) * 8.0,
        infra=chance.random(shape[1:]) < 0.2, spread=1.5,
    )  # fmt: skip
    return world, np.broadcast_to(chance.random(shape[1:]) < 0.7, shape)


@pytest.mark.parametrize("kind", list(KINDS))
def test_claims_and_cost_beliefs_follow_the_definition(kind: str) -> None:
    world, observed = ragged()
    after = recorded(world, settings(card(kind, 0.7, 0.3)), observed)
    np.testing.assert_array_equal(after.uncarded, world.belief)
    tasks = tasks_on_record(kind, world, SEED, 11)
    for (r, t, i), belief in np.ndenumerate(world.belief):
        says = told(world, observed, r, i, tasks[r, t])
        rate = says.rate if kind == "published" else says.smoothed
        claim = belief
        if 0 < belief < 1:
            claim = expit(logit(belief) + 0.7 * (logit(rate) - logit(says.claim)))
        assert after.belief[r, t, i] == pytest.approx(claim)
        expected = world.cost_belief[r, t, i] * (says.cost / says.cost_belief) ** 0.3
        assert after.cost_belief[r, t, i] == pytest.approx(expected)
    own = after_each(after.belief, np.full(world.belief.shape, 1.5), 3)
    np.testing.assert_array_equal(after.retry_belief, own)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "tasks"), [("redrawn", 2), ("split", 2), ("published", 2)])
def test_a_card_with_exactly_one_task(kind: str, tasks: int) -> None:
    """One success of one: (1 + 1/2) / 2 smoothed, 1 as published, which makes an agent certain."""
    given = card(kind, 1.0, 1.0, **({"tasks": 1} if kind == "redrawn" else {}))
    world = make_world(tasks, 1, replications=3, belief=0.5, success=True, cost=0.4, cost_belief=0.1)
    after = recorded(world, settings(given))
    assert after.belief == pytest.approx(np.full((3, tasks, 1), 1.0 if kind == "published" else 0.75))
    assert after.cost_belief == pytest.approx(np.full((3, tasks, 1), 0.4))


def test_an_empty_card_changes_nothing() -> None:
    world = make_world(1, 2)
    after = recorded(world, settings(card("published", 1.0, 1.0)))
    np.testing.assert_array_equal(after.belief, world.belief)
    np.testing.assert_array_equal(after.cost_belief, world.cost_belief)
    nothing = recorded(make_world(3, 2), settings(card("split", 1.0, 1.0)), False)
    np.testing.assert_array_equal(nothing.belief, make_world(3, 2).belief)


@pytest.mark.parametrize("kind", list(KINDS))
def test_weights_of_zero_change_nothing(kind: str) -> None:
    world, observed = ragged()
    after = recorded(world, settings(card(kind, 0.0, 0.0)), observed)
    for name in ("belief", "cost_belief", "retry_belief"):
        np.testing.assert_array_equal(getattr(after, name), getattr(world, name))


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_beliefs_of_0_and_1_stay_whatever_the_record(rate: float) -> None:
    """A record of 0 or 1 makes every other claim certain; a mean claim of 0 or 1 says nothing."""
    belief, cost = np.array([0.0, 0.3, 1.0]), np.array([0.1, 0.2, 0.4])

    def after(claim: ArrayLike) -> list[float]:
        means = Means(np.full(3, rate), np.broadcast_to(claim, 3), cost, cost)
        return lean(move(Card(record="split", weight=0.5, cost_weight=1.0), means), belief, cost).belief.tolist()

    assert after(0.6) == [0.0, rate, 1.0]
    assert after(0.0) == after(1.0) == after(np.nan) == [0.0, 0.3, 1.0]


def test_a_card_never_holds_the_task_itself() -> None:
    """Nor, halved, any task of its own half."""
    world = make_world(4, 1, belief=[[0.6], [0.8], [0.7], [0.9]], success=[[True], [False], [True], [False]])
    success = world.success.copy()
    success[0, 0] = False
    other = make_world(4, 1, belief=world.belief[0], success=success[0])
    for kind in ("split", "published"):
        before, after = (recorded(each, settings(card(kind, 1.0, 0.0))) for each in (world, other))
        same = (before.belief == after.belief)[0, :, 0]
        own = before.half[0] == before.half[0, 0] if kind == "split" else np.arange(4) == 0  # type: ignore[index]
        assert same.tolist() == own.tolist()


def test_what_a_card_is_given_is_kept_or_refused() -> None:
    assert PastCard(Card(record="past", weight=1.0, cost_weight=0.0, history=2)).card.history == 2
    for wrong in ({"record": "split", "history": 2}, {"record": "redrawn"}, {"record": "published", "tasks": 2}):
        with pytest.raises(ValueError, match=r"has a meaning with record|must be stated"):
            Card(weight=1.0, cost_weight=0.0, **wrong)  # type: ignore[arg-type]


def carded(kind: str, replications: int) -> World:
    """The bundled table with a card at weight 1."""
    given = card(kind, 1.0, 0.16, **({"tasks": 92} if kind == "redrawn" else {}))
    text = written(given)
    path = find_scenario("marketbench_replay")
    of = load_scenario(path, replications=replications, overrides=[f"bidders.card={text}"], mechanisms=["posted_price"])
    return arm_world(of, of.arms[0], scenario_origin(of))


def auc(claim: np.ndarray, success: np.ndarray) -> float:
    """Share of pairs of a success and a failure in which the success was claimed higher, ties a half."""
    gap = claim[success][:, None] - claim[~success]
    return float(((gap > 0) + 0.5 * (gap == 0)).mean())


def aucs(belief: np.ndarray, success: np.ndarray, cells: np.ndarray) -> list[float]:
    return [auc(belief[cells, i], success[cells, i]) for i in range(belief.shape[1])]


@pytest.mark.parametrize("kind", ["redrawn", "split"])
def test_a_card_leaves_auc_as_it_was_within_a_record(kind: str) -> None:
    """All tasks of one record of one agent move by the same shift. gemini-3-pro's claims of 1 stay the highest."""
    world = carded(kind, 20)
    for r in range(20):
        half = np.zeros(93) if world.half is None else world.half[r]
        for cells in (half == 0, half == 1)[: 1 if kind == "redrawn" else 2]:
            success = world.success[r, ..., 0]
            before, after = (aucs(array[r], success, cells) for array in (world.uncarded, world.belief))  # type: ignore[index]
            np.testing.assert_allclose(after, before, rtol=0, atol=1e-9)
    assert (world.belief != world.uncarded).mean() > 0.9


def test_the_published_card_is_higher_exactly_where_the_agent_fails() -> None:
    """It leaves one task out, so AUC falls: a fault of its form, kept for comparison."""
    world = carded("published", 1)
    found = aucs(world.belief[0], world.success[0, ..., 0], np.ones(93, np.bool_))
    assert found == pytest.approx([0.581, 0.533, 0.386, 0.174, 0.480, 0.575], abs=1e-3)
    plain = aucs(world.uncarded[0], world.success[0, ..., 0], np.ones(93, np.bool_))  # type: ignore[index]
    assert plain == pytest.approx([0.697, 0.672, 0.603, 0.446, 0.528, 0.611], abs=5e-4)


@pytest.mark.parametrize("kind", ["redrawn", "split"])
def test_constant_claims_keep_an_auc_of_a_half(kind: str) -> None:
    world = make_world(9, 2, replications=3, belief=0.7, success=np.random.default_rng(4).random((9, 2)) < 0.5)
    after = recorded(world, settings(card(kind, 1.0, 0.0)))
    groups = np.zeros((3, 9)) if after.half is None else after.half
    for r in range(3):
        for half in np.unique(groups[r]):
            assert (np.ptp(after.belief[r, groups[r] == half], axis=0) == 0).all()
    assert (np.ptp(recorded(world, settings(card("published", 1.0, 0.0))).belief[0], axis=0) > 0).all()


@pytest.mark.parametrize("old", ["others", "leave_one_task_out"])
def test_the_old_record_is_refused_with_what_to_write_instead(old: str) -> None:
    with pytest.raises(ValueError, match=r'is gone: .* write record = "redrawn", tasks = h .* or record = "split"'):
        Card(record=old, weight=1.0, cost_weight=0.0)  # type: ignore[arg-type]
