"""Gates of a market, attention, prices and numbers of bids, entry: each by a scalar loop, and in both engines."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import bidlab as bl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.bidding import BidderState
from sim.agents.bidding_entry import Enters
from sim.agents.everybody import Bidders
from sim.experiment.engine import refused
from sim.kit.arrays import BoolArray, FloatArray, Notice
from sim.kit.errors import ScenarioError
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.around import Around
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.gates import Attention, Gate, PricedBids, read
from sim.mechanisms.make_or_buy import MakeOrBuy
from sim.mechanisms.price import HireAll, SecondPrice
from sim.scenario.given import scenario_of
from sim.scenario.scenario import label_of
from sim.standing.reputation import LiveReputation
from tests.market.compare import assert_same_markets, assert_same_rows, rows
from tests.market.play import Play
from tests.reference_market import naive_market
from tests.scenes import chance, scene
from tests.tried import tried
from tests.worlds import changed, examples, make_rules, make_world, worlds
from tests.worlds import rules as any_rules

ONE_BY_ONE = [rule for rule in examples() if not rule.capabilities.takes_menu]


def posted(rule: Mechanism, size: tuple[int, int] = (30, 5)) -> Any:
    """Bids of many postings, some of which do not count, before agents of several reputations."""
    name = label_of(rule)
    drawn = {one: chance(f"{name}/{one}", *size) for one in ("ask", "claim", "advice", "lottery", "reputation", "in")}
    made = scene(
        drawn["ask"].round(1),
        drawn["claim"].round(1),
        active=drawn["in"] < 0.8,
        advice=drawn["advice"],
        expected_cost=0.1,
        reputation=drawn["reputation"].round(1),
        lottery=drawn["lottery"],
    )
    return made.played(rule)


def order_of(lottery: float) -> float:
    """What is left of a lottery number once its first 20 bits are gone."""
    return math.fmod(lottery * 2.0**20, 1.0)


def naively_read(active: BoolArray, lottery: FloatArray, most: int) -> list[list[bool]]:
    """Agents that are among the first so many of those that count, one posting at a time."""
    found = []
    for row, luck in zip(active.tolist(), lottery.tolist(), strict=True):
        queue = sorted((order_of(luck[i]), i) for i, counts in enumerate(row) if counts)[:most]
        found.append([i in [agent for _, agent in queue] for i in range(len(row))])
    return found


@pytest.mark.parametrize("rule", ONE_BY_ONE, ids=label_of)
def test_what_is_kept_from_a_rule_is_as_if_it_did_not_count(rule: Mechanism) -> None:
    seen = posted(rule)
    trusted = [
        [bool(a) and r >= 0.5 for a, r in zip(*both, strict=True)]
        for both in zip(seen.bids.active, seen.standing.reputation, strict=True)
    ]
    first = naively_read(seen.bids.active, seen.lottery, 2)
    for around, counts in ((Gate(rule, 0.5), trusted), (Attention(rule, 2), first)):
        found, expected = around(*seen), rule(*seen.with_bids(active=np.array(counts)))
        for name, array in vars(expected).items():
            if array is not None:
                np.testing.assert_array_equal(getattr(found, name), array, err_msg=name)
    priced, plain = PricedBids(rule, 0.25)(*seen), rule(*seen)
    fee = np.zeros(seen.bids.ask.shape) if plain.fee is None else plain.fee
    np.testing.assert_array_equal(priced.fee, fee + 0.25 * seen.bids.active)


def test_the_order_of_reading_is_even_and_tells_nothing_of_ties() -> None:
    lottery, everybody = chance("order", 20_000, 4), np.ones((20_000, 4), np.bool_)
    first = read(everybody, lottery, 1)
    assert (first.sum(axis=1) == 1).all()
    share = first.mean(axis=0)
    luckiest = lottery == lottery.min(axis=1, keepdims=True)
    for rate in (*share, (first & luckiest).any(axis=1).mean()):
        assert abs(rate - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 20_000)


@pytest.mark.parametrize("mechanism", [SecondPrice(), HireAll()], ids=label_of)
@tried(24)
@given(data=st.data())
def test_a_market_with_delays_and_few_bids_is_the_naive_one(mechanism: Mechanism, data: st.DataObject) -> None:
    world, plain = data.draw(worlds((2, 4, 4))), data.draw(any_rules(mechanism))
    delay = data.draw(st.integers(0, 3), label="delay")
    deadline = None if plain.deadline is None else plain.deadline + delay
    most = data.draw(st.sampled_from([1, 2, None]), label="most bids")
    rule = changed(plain, approval_delay=delay, deadline=deadline, most_bids=most)
    assert_same_rows(rows(simulate(world, rule)), naive_market(world, rule))


def test_work_starts_when_it_is_approved() -> None:
    world = make_world(2, 1, arrival=[0, 1], duration=2)
    assert Play(world, make_rules(approval_delay=3, capacity=1)).worked() == [(0, 0, 3, 5, "PASS")]
    assert Play(world, make_rules(approval_delay=3)).worked() == [(0, 0, 3, 5, "PASS"), (1, 0, 4, 6, "PASS")]


def test_an_agent_makes_its_first_bids_and_no_more() -> None:
    play = Play(
        make_world(3, 2, arrival=[0, 1, 2], cost_belief=[[0.125, 0.25]]), make_rules(most_bids=2, bid_cost=0.0625)
    )
    assert [play.outcomes(task) for task in range(3)] == [["won", "lost"], ["won", "lost"], ["bid limit", "bid limit"]]
    assert [row["bid_cost"] for row in play.bids] == [0.0625] * 4 + [0.0] * 2


def arranged(rule: Mechanism, seed: int) -> Rules:
    around: Around = Gate(PricedBids(Attention(rule, 2), 0.0625) if seed % 2 else rule, 0.9)
    changes: dict[str, Any] = {"reputation": LiveReputation(), "approval_delay": seed, "capacity": 1 + seed % 2}
    if seed == 3:
        changes |= {"deadline": 9, "bankroll": (1.0, 2.0, math.inf, 0.5)}
    return make_rules(around, bidder=Bidders.truthful(around), postings=3, exclude="failed", **changes)


@pytest.mark.slow
@pytest.mark.parametrize("rule", [SecondPrice(), HireAll(), Contingent(bond=np.inf)], ids=label_of)
@pytest.mark.parametrize("seed", range(4))
def test_both_engines_agree(rule: Mechanism, seed: int) -> None:
    pytest.importorskip("numba")
    from sim.compiled.lanes import play_compiled

    shape = (30, 4)
    belief, cost, luck = (chance(f"gates {seed}/{name}", *shape).round(1) for name in ("belief", "cost", "arrival"))
    world = make_world(
        *shape, replications=2, belief=belief, cost_belief=cost, cost=cost, value=1.25, repeats=True,
        arrival=(luck[:, 0] * 30).astype(int), duration=1 + (luck * 3).astype(int),
        lottery=chance(f"gates {seed}/lottery", shape[0], 4, shape[1]),
    )  # fmt: skip
    world = replace(world, success=chance(f"gates {seed}/success", 2, *shape, 1) < 0.5)
    assert_same_markets(play_compiled, world, arranged(rule, seed))


SCENARIO: dict[str, Any] = {
    "question": "?",
    "source": "MB",
    "seed": 3,
    "replications": 2,
    "world": {"profile": "marketbench", "parameters": "point", "tasks": 20, "arrivals": {"every": 1}},
    "tender": {"value": 1.0, "reserve": "value", "penalty": 0.0},
    "arm": [{"name": "second price", "mechanism": "second_price"}],
}


def test_what_the_keys_say_reaches_the_market() -> None:
    stated = {"market.attention": 1, "market.bid_price": 0.01, "market.approval_delay": 2}
    (arm,) = bl.run(SCENARIO, settings=stated).arms()
    assert arm.rules is not None
    assert (label_of(arm.rules.mechanism.rule.rule), arm.rules.market.approval_delay) == ("second_price", 2)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(arm.fee, 0.01 * np.isfinite(arm.ask))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"standing.least_reputation": 0.5}, "least_reputation: has no meaning without standing.reputation"),
        ({"tender.deadline": 3, "tender.timeout": "FAIL", "market.approval_delay": 3}, "or no work begins; got 3"),
    ],
    ids=str,
)
def test_what_has_no_meaning_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(says)):
        bl.run(SCENARIO, settings=settings)


@pytest.mark.parametrize("key", ["market.attention", "market.bid_price"])
def test_a_planner_reads_no_bids(key: str) -> None:
    arm = {"name": "x", "mechanism": {"always": {"agent": "gpt-5.2"}}, "standing": {"expected_cost": "actual"}}
    with pytest.raises(ScenarioError, match=f"{re.escape(key)}: has no meaning with always"):
        bl.run({**SCENARIO, "arm": [arm]}, settings={key: 1})


def test_a_number_of_bids_is_refused_by_name_and_played_by_the_processes() -> None:
    (arm,) = scenario_of({**SCENARIO, "bidders": {"most_bids": 3}}).arms
    assert (refused(arm.settings.terms) or "").startswith(("bidders.most_bids: ", "numba is not installed"))
    found = bl.run(SCENARIO, settings={"bidders.most_bids": 3})
    made = found.bids.groupby(["replication", "agent"], observed=True)["ask"].count()
    assert made.max() == 3


def test_who_enters_by_a_scalar_loop() -> None:
    policy = Enters(bid_cost=0.1, chance=0.5, prize=0.75)
    belief, cost = (chance(f"enters/{name}", 40, 3).round(2) for name in ("belief", "cost"))
    sealed = np.arange(40) % 2 == 0
    reserve = np.where(sealed, np.nan, 1.25)
    notice = Notice(value=np.full(40, 1.5), reserve=reserve, penalty=np.full(40, 0.25), posting=np.zeros(40, np.int64))
    none = np.zeros((40, 3), np.int64)
    ask, claim = Bidders(SecondPrice(), policy, {})(belief, cost, notice, BidderState(none, none))
    for row, agent in np.ndindex(40, 3):
        p, c = belief[row, agent], cost[row, agent]
        gain = 0.5 * (p * 0.75 * (1.5 if sealed[row] else 1.25) - (1.0 - p) * 0.25 - c)
        assert np.isfinite(ask[row, agent]) == (gain >= 0.1 and p > 0)
        assert claim[row, agent] == p


def test_what_kept_a_bid_out_is_said() -> None:
    lottery = np.array([0.5, 0.5 + 2.0**-22, 0.5 + 2.0**-21, 0.25])
    seen = scene(
        [0.2, 0.3, 0.1, 0.4], [0.5, 0.5, 0.5, 0.9], reputation=[1.0, 0.5, 1.0, 1.0], lottery=lottery, expected_cost=0.0
    )
    around = MakeOrBuy(Gate(Attention(SecondPrice(), 1), 0.6), 3)
    award = around(*seen)
    assert award.hired.tolist() == [False, False, False, True]
    said = [around.said(agent, *seen, award) for agent in range(4)]
    assert said == [
        "the principal makes the task itself",
        "its reputation, 0.5000, is below the least, 0.6000",
        "was not read: 1 of 2 bids were",
        "made: worth 0.5000 to the principal, by its own belief",
    ]
    bought = MakeOrBuy(Attention(SecondPrice(), 3), 1)
    assert [bought.said(agent, *seen, bought(*seen)) for agent in (0, 1)] == [
        "",
        "not made: worth 0.2000 to the principal, by its own belief",
    ]


def test_bidders_are_told_of_what_is_around_a_rule() -> None:
    inner = SecondPrice()
    told = Gate(PricedBids(Attention(inner, 2), 0.25), 0.5).told_to_bidders()
    assert told == (
        f"{inner.told_to_bidders()} The principal reads at most 2 of the bids, in random order. Every bid pays the "
        "principal $0.25, hired or not. Nobody with a reputation below 0.5 is hired."
    )
