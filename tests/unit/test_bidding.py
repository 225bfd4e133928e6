"""Bidding policies change one thing of a truthful bid."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit

from sim.agents.bidding import POLICIES, BidderState, Fallback, Shaded, Truthful, parse_policy, see
from sim.agents.everybody import Bidders
from sim.kit.arrays import FloatArray, Notice
from sim.kit.errors import ScenarioError
from sim.mechanisms import lookup
from sim.mechanisms.price import FirstPrice

BELIEF, COST = np.array([0.9, 0.6, 0.5]), np.array([0.3, 0.05, 0.2])
ASK = COST / BELIEF
AGENTS = ("a", "b", "c")
UNTRIED = np.zeros(3, np.int64)


def notice(reserve: float = 1.0) -> Notice:
    shown = (np.float64(1.0), np.float64(reserve), np.float64(0.0))
    return see(("value", "reserve", "penalty"), *shown, posting=np.int64(0))  # type: ignore[arg-type]


def bid(policy: object, own: dict[str, object] | None = None, reserve: float = 1.0) -> tuple[FloatArray, FloatArray]:
    bidders = Bidders.of(
        FirstPrice(), parse_policy(policy), {name: parse_policy(raw) for name, raw in (own or {}).items()}, AGENTS
    )
    return bidders(BELIEF, COST, notice(reserve), BidderState(UNTRIED, UNTRIED))


@pytest.mark.parametrize(
    ("policy", "ask", "claim"),
    [
        ("truthful", ASK, BELIEF),
        ({"mark_up": {"rate": 0.5}}, 1.5 * ASK, BELIEF),
        ({"overclaim": {"logits": 1.0}}, ASK, expit(logit(BELIEF) + 1.0)),
        ({"fixed_claim": {"claim": 0.7}}, ASK, np.full(3, 0.7)),
        ({"clipped_claim": {"low": 0.55, "high": 0.8}}, ASK, np.array([0.8, 0.6, 0.55])),
    ],
)
def test_policy_changes_one_thing(policy: object, ask: FloatArray, claim: FloatArray) -> None:
    found_ask, found_claim = bid(policy)
    assert found_ask == pytest.approx(ask)
    assert found_claim == pytest.approx(claim)


def test_agent_with_a_policy_of_its_own() -> None:
    ask, claim = bid({"mark_up": {"rate": 1.0}}, {"b": {"fixed_claim": {"claim": 1.0}}})
    assert ask == pytest.approx([2 * ASK[0], ASK[1], 2 * ASK[2]])
    assert claim == pytest.approx([0.9, 1.0, 0.5])


def test_shaded_is_the_best_reply_to_itself() -> None:
    """With n iid U[0, 1] break-even prices: no other bid earns more against n - 1 rivals that shade."""
    n, reserve = 3, 0.8
    b = np.linspace(0.0, reserve, 2001)
    shaded, _ = parse_policy({"shaded": {"n_bidders": n}}).bid(b, np.ones(b.shape), notice(reserve))
    for own in (0.1, 0.4, 0.7):
        # Bidding as a type x would, one wins where all rivals are above x.
        profit = (shaded - own) * (1.0 - b) ** (n - 1)
        assert b[int(np.argmax(profit))] == pytest.approx(own, abs=0.01)


@pytest.mark.parametrize(("n", "reserve"), [(3, 0.5), (2, 0.8), (5, 0.3), (1, 0.6)])
def test_shaded_asks_its_price_and_what_it_expects_to_gain_if_it_wins(n: int, reserve: float) -> None:
    """The envelope theorem: (bid(b) - b) (1 - b)^(n - 1) is the integral of (1 - x)^(n - 1) from b to r."""
    for b in (0.05, 0.4 * reserve, 0.9 * reserve):
        rent, _ = quad(lambda x: (1.0 - x) ** (n - 1), b, reserve)
        (ask,), _ = parse_policy({"shaded": {"n_bidders": n}}).bid(np.array([b]), np.ones(1), notice(reserve))
        assert ask == pytest.approx(b + rent / (1.0 - b) ** (n - 1), abs=1e-12)


def test_shaded_is_known_at_a_reserve_of_a_half_and_three_bidders() -> None:
    """.1 + (.9^3 - .5^3) / (3 x .9^2), .4 + (.6^3 - .5^3) / (3 x .6^2), and the reserve itself."""
    ask, _ = parse_policy({"shaded": {"n_bidders": 3}}).bid(np.array([0.1, 0.4, 0.5]), np.ones(3), notice(0.5))
    assert ask == pytest.approx([0.1 + 0.604 / 2.43, 0.4 + 0.091 / 1.08, 0.5], abs=1e-12)
    assert np.round(ask, 3).tolist() == [0.349, 0.484, 0.5]


@pytest.mark.parametrize("reserve", [0.3, 0.5, 0.8])
def test_shaded_asks_the_reserve_where_it_is_the_break_even_price(reserve: float) -> None:
    ask, _ = parse_policy({"shaded": {"n_bidders": 3}}).bid(np.array([reserve]), np.ones(1), notice(reserve))
    assert ask == pytest.approx([reserve], abs=1e-15)


def test_shaded_asks_the_whole_reserve_where_it_breaks_even_there() -> None:
    """Also at a reserve of 1 with many rivals, and without a warning beyond it."""
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        asks, _ = parse_policy({"shaded": {"n_bidders": 6}}).bid(np.array([1.0, 3.0]), np.ones(2), notice(1.0))
    assert asks.tolist() == [1.0, np.inf]


def test_shaded_abstains_above_the_reserve_and_needs_to_see_it() -> None:
    ask, _ = bid({"shaded": {"n_bidders": 3}}, reserve=0.35)
    assert np.isinf(ask[2])
    assert np.isfinite(ask[:2]).all()
    with pytest.raises(ScenarioError, match="public"):
        parse_policy({"shaded": {"n_bidders": 3}}).bid(ASK, BELIEF, see((), *[np.float64(1)] * 3, np.int64(0)))  # type: ignore[arg-type]


def test_unknown_agent_is_refused_with_the_closest_name() -> None:
    with pytest.raises(ScenarioError, match=r"no agent 'aa'.*did you mean 'a'"):
        Bidders.of(FirstPrice(), Truthful(), {"aa": Truthful()}, AGENTS)


@pytest.mark.parametrize(
    "raw", ["truthfull", {"mark_up": {}}, {"overclaim": {"logits": "1"}}, {"fixed_claim": {"claim": 2}}]
)
def test_wrong_policies_are_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"unknown name|missing|must be"):
        parse_policy(raw)


def test_beliefs_of_zero_and_one_stay_when_overclaimed() -> None:
    _, claim = POLICIES["overclaim"](logits=2.0).bid(np.ones(2), np.array([0.0, 1.0]), notice())
    assert claim.tolist() == [0.0, 1.0]


def test_silent_agents_abstain_or_get_the_fallback_bid() -> None:
    silent = BidderState(UNTRIED, UNTRIED, np.array([False, True, False]))
    for fallback, ask, claim in ((None, np.inf, 0.0), (Fallback(ask=0.4, claim=0.5), 0.4, 0.5)):
        bidders = Bidders.of(FirstPrice(), Truthful(), {}, AGENTS, fallback=fallback)
        found_ask, found_claim = bidders(BELIEF, COST, notice(), silent)
        assert found_ask == pytest.approx([ASK[0], ask, ASK[2]])
        assert found_claim == pytest.approx([BELIEF[0], claim, BELIEF[2]])


def test_shaded_is_a_price_and_refuses_rules_that_ask_for_costs() -> None:
    rule = lookup("contingent")(bond=math.inf)  # type: ignore[call-arg]
    with pytest.raises(ScenarioError, match="shaded is a price, and under contingent an ask is a cost"):
        Bidders.of(rule, Truthful(), {"a": Shaded(2)}, ["a", "b"])
    Bidders.of(lookup("first_price")(), Shaded(2), {}, ["a", "b"])
