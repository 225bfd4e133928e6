"""Advisors against their definitions, their purity, and what a market may do with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.compiled.lanes import play_compiled
from sim.kit.arrays import Status
from sim.kit.errors import MarketError, ScenarioError
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Capabilities
from sim.mechanisms.planner import RouteByAdvice
from sim.mechanisms.price import SecondPrice
from sim.specs.settings import Settings
from sim.standing.advisors import (
    ADVISORS,
    UCB1,
    Advisor,
    BaseRate,
    Beta,
    Lesson,
    PlattBatch,
    PlattOnline,
    Posted,
    Thompson,
)
from sim.standing.sources import family_codes
from tests.reference_standing import advised
from tests.tried import tried
from tests.worlds import make_rules, make_world

EXAMPLES: dict[str, Advisor] = {
    "base_rate": BaseRate(prior=3.0, mean=0.6),
    "beta": Beta(prior=10.0, decay=0.9),
    "beta with a fixed mean": Beta(prior=2.0, mean=0.3),
    "platt_online": PlattOnline(eta=0.5, eps=0.01),
    "platt_batch": PlattBatch(eps=0.01, memory=4),
    "thompson": Thompson(),
    "ucb1": UCB1(),
}
every_advisor = pytest.mark.parametrize("advisor", EXAMPLES.values(), ids=EXAMPLES.keys())
N = 3
lessons = st.lists(
    st.lists(
        st.tuples(st.sampled_from(list(Status)), st.sampled_from([0.0, 0.2, 0.55, 0.9, 1.0])), min_size=N, max_size=N
    ),
    max_size=30,
)


def lesson(row: list[tuple[Status, float]]) -> Lesson:
    return Lesson(np.array([s for s, _ in row], np.int8), np.array([claim for _, claim in row]))


def taught(advisor: Advisor, history: list[list[tuple[Status, float]]], n: int = N):
    state = advisor.init(n)
    for row in history:
        state = advisor.step(state, lesson(row))
    return state


def test_every_advisor_is_tested() -> None:
    assert set(ADVISORS) == {name.split()[0] for name in EXAMPLES}


@every_advisor
@tried(40)
@given(history=lessons, luck=st.floats(0.01, 0.99))
def test_advice_follows_its_definition(advisor: Advisor, history, luck: float) -> None:
    claim = np.array([0.0, 0.35, 1.0])
    found = np.broadcast_to(advisor.read(taught(advisor, history), Posted(claim, np.full(N, luck))), (N,))
    past = [
        (agent, said, status is Status.PASS)
        for row in history
        for agent, (status, said) in enumerate(row)
        if status in (Status.PASS, Status.FAIL)
    ]
    expected = [advised(advisor, agent, float(claim[agent]), past, luck) for agent in range(N)]
    assert found.tolist() == expected


@every_advisor
def test_batch_gives_bit_for_bit_what_its_rows_give(advisor: Advisor) -> None:
    """In both memory layouts, for a batch wide enough to fill every vector register and leave a tail."""
    chance = np.random.default_rng(5)
    size, steps = 37, 6
    status = chance.integers(-1, 3, (steps, size, N)).astype(np.int8)
    claims, uniform = chance.random((steps, size, N)), chance.random((size, N))
    posted = chance.random((size, N))
    for order in ("C", "F"):
        batch = tuple(np.broadcast_to(array, (size, *array.shape)).copy(order=order) for array in advisor.init(N))
        for step in range(steps):
            batch = advisor.step(batch, Lesson(status[step].copy(order=order), claims[step].copy(order=order)))
        whole = advisor.read(batch, Posted(posted.copy(order=order), uniform.copy(order=order)))
        for row in range(size):
            state = advisor.init(N)
            for step in range(steps):
                state = advisor.step(state, Lesson(status[step, row], claims[step, row]))
            alone = advisor.read(state, Posted(posted[row], uniform[row]))
            assert np.ascontiguousarray(whole[row]).tobytes() == alone.tobytes()


@every_advisor
def test_step_leaves_the_state_it_was_given(advisor: Advisor) -> None:
    state = taught(advisor, [[(Status.PASS, 0.7)] * N])
    kept = [array.copy() for array in state]
    after = advisor.step(state, lesson([(Status.FAIL, 0.4)] * N))
    for array, copy, new in zip(state, kept, after, strict=True):
        np.testing.assert_array_equal(array, copy)
        assert not np.shares_memory(array, new)


@every_advisor
@pytest.mark.parametrize("status", [Status.INFRA, Status.NONE])
def test_only_verified_outcomes_teach(advisor: Advisor, status: Status) -> None:
    state = taught(advisor, [[(Status.PASS, 0.7), (Status.FAIL, 0.2), (Status.PASS, 0.9)]])
    claim = np.nan if status is Status.NONE else 0.3
    after = advisor.step(state, lesson([(status, claim)] * N))
    for old, new in zip(state, after, strict=True):
        np.testing.assert_array_equal(old, new)


@every_advisor
def test_advice_of_a_probability_is_one(advisor: Advisor) -> None:
    chance = np.random.default_rng(8)
    state = advisor.init(N)
    for _ in range(20):
        state = advisor.step(state, Lesson(chance.integers(0, 2, N).astype(np.int8), chance.random(N).round(1)))
        advice = advisor.read(state, Posted(np.array([0.0, 0.5, 1.0]), chance.random(N)))
        assert (advice >= 0).all()
        assert advisor.index or (advice <= 1).all()


def test_without_a_draw_an_exploring_advisor_is_refused_by_both_engines() -> None:
    rule = make_rules(RouteByAdvice(), advisor=Thompson())
    for engine in (simulate, play_compiled):
        with pytest.raises(MarketError, match="explores"):
            engine(make_world(2, 2), rule)


def test_families_are_numbered_as_they_appear_and_only_where_they_count() -> None:
    world = replace(make_world(4, 1), family=("b", "a", "b", ""))
    codes, count = family_codes(world.family, by_family=True)
    assert (codes.tolist(), count) == ([0, 1, 0, 2], 3)
    assert family_codes(["a", "a"], by_family=True)[1] == 1
    codes, count = family_codes(world.family, by_family=False)
    assert (codes.tolist(), count) == ([0, 0, 0, 0], 1)


@pytest.mark.parametrize(
    ("advice", "asked"),
    [
        ("ability", False),
        ("thompson", False),
        ({"beta": {"prior": 2.0, "mean": 0.5}}, False),
        ({"beta": {"prior": 2.0}}, True),
        ({"platt_online": {"eta": 0.1, "eps": 0.01}}, True),
    ],
)
def test_a_router_pays_for_bids_only_where_its_advice_reads_them(advice: object, asked: bool) -> None:
    settings = Settings.model_validate(
        {
            "world": {"profile": "live", "tasks": 1, "parameters": "point", "arrivals": {"every": 1}, "bid_cost": 0.01},
            "tender": {"value": 1.0, "reserve": 1.0, "penalty": 0.0},
            "standing": {"advice": advice, "expected_cost": {"fixed": 0.1}},
        }
    )
    assert Rules.of(RouteByAdvice(), settings.terms, make_world(1, 1)).bid_cost == (0.01 if asked else 0.0)
    assert Rules.of(SecondPrice(), settings.terms, make_world(1, 1)).bid_cost == 0.01


def test_an_index_is_refused_where_a_probability_is_needed() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Ranks(RouteByAdvice):
        capabilities: ClassVar[Capabilities] = replace(RouteByAdvice.capabilities, takes_index=False)

    settings = Settings.model_validate(
        {
            "world": {"profile": "live", "tasks": 1, "parameters": "point", "arrivals": {"every": 1}},
            "tender": {"value": 1.0, "reserve": 1.0, "penalty": 0.0},
            "standing": {"advice": "ucb1", "expected_cost": {"fixed": 0.1}},
        }
    )
    assert Rules.of(RouteByAdvice(), settings.terms, make_world(1, 1)).advisor == UCB1()
    with pytest.raises(ScenarioError, match="needs a probability"):
        Rules.of(Ranks(), settings.terms, make_world(1, 1))
