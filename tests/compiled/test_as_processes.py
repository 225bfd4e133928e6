"""The compiled engine gives the ledger of the event market, row by row and bit by bit, in every kind of market."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.bidding import Fallback, parse_policy
from sim.agents.everybody import Bidders
from sim.bundled import profiles
from sim.compiled import lanes
from sim.compiled.lanes import play_compiled
from sim.kit.errors import MarketError
from sim.market.rules import Rules
from sim.mechanisms import Mechanism
from sim.mechanisms.cascade import Cascade
from sim.mechanisms.planner import RouteByAdvice
from sim.mechanisms.price import HireAll, SecondPrice
from sim.population.profile import read_profile
from sim.scenario.scenario import label_of
from sim.specs.settings import Settings
from sim.standing.advisors import Advisor, PlattBatch
from sim.standing.reputation import LiveReputation
from sim.world.history import with_records
from sim.world.synthetic import synthetic_base
from sim.world.world import World
from tests.market.compare import assert_same_markets, assert_same_rows, rows
from tests.tried import tried, tried_on_each
from tests.worlds import accounted, examples, make_rules, make_world, rules, worlds

pytest.importorskip("numba")

POLICIES = ("truthful", {"mark_up": {"rate": 0.5}}, {"overclaim": {"logits": 1.0}}, {"fixed_claim": {"claim": 0.75}})


def assert_same(world: World, rule: Rules) -> None:
    """An advisor that the compiled engine refuses by name is left out."""
    assert_same_markets(play_compiled, world, replace(rule, advisor=played(rule.advisor)))


def played(advisor: Advisor | None) -> Advisor | None:
    return None if isinstance(advisor, PlattBatch) else advisor


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", examples(), ids=label_of)
@tried(15)
@given(data=st.data())
def test_several_calls_join_to_the_same_ledger(mechanism: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds((7, 5, 3)))
    rule = data.draw(accounted(data.draw(rules(mechanism)), world))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "_TASKS", data.draw(st.integers(1, 15), label="tasks"))
        assert_same(world, rule)


@pytest.mark.slow
@tried_on_each(24)
@given(data=st.data())
def test_policies_and_silent_agents_bid_the_same(data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(SecondPrice()))
    silent = np.random.default_rng(data.draw(st.integers(0, 99), label="silent")).random(world.present.shape) < 0.4
    fallback = data.draw(st.none() | st.just(Fallback(0.25, 0.5)), label="fallback")
    policy = parse_policy(data.draw(st.sampled_from(POLICIES), label="policy"))
    own = {0: parse_policy({"clipped_claim": {"low": 0.25, "high": 0.5}})}
    bidder = Bidders(SecondPrice(), policy, own, fallback)
    assert_same(replace(world, silent=silent), replace(rule, bidder=bidder))


def test_world_that_does_not_vary_is_read_as_one_that_does() -> None:
    """Arrays broadcast over replications, or all alike, give the ledger of the same arrays written out."""
    whole = make_world(4, 3, replications=3, belief=[[0.5], [0.75], [0.25], [1.0]], duration=2, tries=2)
    thin = replace(whole, **{name: _broadcast(array) for name, array in vars(whole).items() if _alike(array)})
    for capacity in (1, 3):
        rule = make_rules(HireAll(), capacity=capacity, postings=2, exclude="failed", reputation=LiveReputation())
        assert_same(thin, rule)
        assert_same_rows(rows(play_compiled(thin, rule)), rows(play_compiled(whole, rule)))


def _alike(array: object) -> bool:
    return isinstance(array, np.ndarray) and bool((array == array[:1]).all())


def _broadcast(array: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    first = array[:1, :1] if (array == array.flat[0]).all() else array[:1]
    return np.broadcast_to(first, array.shape)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "at_work"), [(SecondPrice(), 1), (Cascade(), 3)], ids=["one at work", "three in turns"]
)
def test_durations_are_refused_where_they_do_not_fit_a_key_and_not_before(rule: Mechanism, at_work: int) -> None:
    """Two postings of the first task, and room for a third: 2 x (window + work + delay) + window ticks."""
    rules = make_rules(rule, postings=2, exclude="none", window=3, repost_delay=5)
    bits = 1 + 1 + 2  # of 2 tasks, 2 postings and 3 agents, in a moment of 62
    longest = (2 ** (62 - bits) - 1 - 2 * (3 + 5) - 3) // 2 // at_work

    def world(duration: int) -> World:
        return make_world(2, 3, replications=4, tries=2, success=False, arrival=[0, 7], duration=[[duration], [1]])

    assert_same(world(longest), rules)
    with pytest.raises(MarketError, match=r"2 tasks, 2 postings and 3 agents over .* ticks are too many for"):
        play_compiled(world(longest + 1), rules)


ADVICE = (
    {"base_rate": {"prior": 2.0, "mean": 0.5, "by_family": True}},
    {"beta": {"prior": 5.0, "decay": 0.9, "by_family": True}},
    {"platt_online": {"eta": 0.3, "eps": 0.001}},
    {"thompson": {"by_family": True}},
    {"ucb1": {}},
    {"planner": {"budget": 60, "prior": 2.0, "noise": 0.5}},
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "advice",
    [pytest.param(advice, id=next(iter(advice))) for advice in ADVICE],
)
@pytest.mark.parametrize(
    "reputation",
    [
        "none",
        {"exponential": {"weight": 0.2}},
        {"beta": {"decay": 0.95}},
    ],
    ids=["none", "exponential", "beta"],
)
def test_every_source_of_advice_in_a_scenario(advice: dict[str, object], reputation: object) -> None:
    """Families, slots, delays, lost attempts and a verifier that errs."""
    world = {"profile": "pool", "tasks": 60, "parameters": "point", "pool_size": 7, "arrivals": {"poisson": 0.5}}
    chance = {"duration": {"uniform": [0, 9]}, "infra": 0.1, "verifier": {"false_pass": 0.1, "false_fail": 0.1}}
    stated = Settings.model_validate(
        {
            "world": {**world, **chance},
            "tender": {"value": 1.0, "reserve": 1.0, "penalty": 0.0, "postings": 3, "exclude": "failed"},
            "market": {"capacity": 2, "repost_delay": 1},
            "standing": {"advice": advice, "reputation": reputation, "expected_cost": {"fixed": 0.05}},
        }
    )
    drawn = with_records(*synthetic_base(read_profile(profiles()["pool"]), (), stated.spec, 11, 3), stated.spec)
    assert_same(drawn, Rules.of(RouteByAdvice(), stated.terms, drawn))
