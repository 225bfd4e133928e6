"""Money: where it moves, in what unit, and what is counted once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.arm import ArmData
from analysis.quantities.auctions import surplus, utility, welfare
from sim.agents.everybody import Bidders
from sim.kit.arrays import Status
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.standing.reputation import RunningMeanCost
from sim.standing.sources import ExpectedCost
from sim.world.world import World
from tests.market.compare import assert_same_rows, rows
from tests.market.play import ledger_of
from tests.tried import tried, tried_on_each
from tests.worlds import accounted, each_example, examples, make_rules, make_world, rules, worlds

MONEY = {
    "attempts": ("ask", "cost_belief", "pay_success", "pay_failure", "payment", "budget", "cost"),
    "bids": ("ask", "cost_belief", "score", "bid_cost"),
    "clearings": ("value", "reserve", "penalty", "overhead"),
    "accounts": ("dollars",),
}
every_mechanism = pytest.mark.parametrize("mechanism", each_example())


def dearer_world(world: World, factor: float) -> World:
    dollars = ("value", "reserve", "cost_belief", "cost", "record_cost")
    return replace(world, **{name: getattr(world, name) * factor for name in dollars})


def dearer_rules(rule: Rules, factor: float) -> Rules:
    """The same market with every amount of money in another currency; a credit stays a credit."""
    mechanism, escalation, source = rule.mechanism, rule.escalation, rule.expected_cost
    if hasattr(mechanism, "credits_per_dollar"):
        mechanism = replace(mechanism, credits_per_dollar=mechanism.credits_per_dollar / factor)  # type: ignore[type-var]
    mechanism = replace(mechanism, **{name: getattr(mechanism, name) * factor for name in mechanism.dollars})  # type: ignore[type-var]
    if escalation is not None and escalation.credits_per_dollar is not None:
        escalation = replace(escalation, credits_per_dollar=escalation.credits_per_dollar / factor)
    if isinstance(source.learner, RunningMeanCost):
        source = source._replace(learner=replace(source.learner, prior=source.learner.prior * factor))
    amounts: dict[str, Any] = {name: getattr(rule, name) * factor for name in ("penalty", "bid_cost", "overhead")}
    for name in ("bankroll", "budgets", "penalties"):
        own = getattr(rule, name)
        amounts[name] = None if own is None else tuple(dollars * factor for dollars in own)
    bidder = Bidders.truthful(mechanism) if isinstance(rule.bidder, Bidders) else rule.bidder
    plans = rule.plans
    if plans is not None:
        plans = replace(plans, budgets=tuple(budget * factor for budget in plans.budgets))
    return replace(
        rule,
        plans=plans,
        mechanism=mechanism,
        bidder=bidder,
        escalation=escalation,
        expected_cost=source._replace(dollars=source.dollars * factor),
        **amounts,
    )


@every_mechanism
@tried_on_each(20)
@given(data=st.data(), factor=st.sampled_from([0.25, 4.0]))
def test_another_currency_scales_the_money_and_nothing_else(
    mechanism: Mechanism, data: st.DataObject, factor: float
) -> None:
    """But for the rounding of raised reserves to billionths, so that they rise by factors here that need none."""
    world = data.draw(worlds())
    rule = data.draw(accounted(data.draw(rules(mechanism)), world))
    if rule.escalation is not None and rule.escalation.credits_per_dollar is None:
        rule = replace(rule, escalation=replace(rule.escalation, unfilled_factor=1.5, failed_factor=2.0))
    expected = rows(simulate(world, rule))
    for name, columns in MONEY.items():
        money = [column for column in columns if column != "score" or mechanism.capabilities.scores_dollars]
        expected[name] = [row | {column: row[column] * factor for column in money} for row in expected[name]]
    assert_same_rows(rows(simulate(dearer_world(world, factor), dearer_rules(rule, factor))), expected)


@every_mechanism
@tried_on_each(20)
@given(data=st.data())
def test_payment_is_what_the_contract_says_for_the_verified_status(mechanism: Mechanism, data: st.DataObject) -> None:
    tables = simulate(data.draw(worlds()), data.draw(rules(mechanism)))
    attempts = tables["attempts"]
    promised = np.select(
        [attempts["status"] == Status.PASS, attempts["status"] == Status.FAIL],
        [attempts["pay_success"], attempts["pay_failure"]],
        0.0,
    )
    np.testing.assert_array_equal(attempts["payment"], promised)
    hired, tried = tables["clearings"]["n_hired"].sum(), len(attempts["payment"])
    assert tried <= hired if mechanism.capabilities.in_turns else tried == hired


def _arm(world: World, rule: Rules) -> ArmData:
    return ArmData.build("arm", "rule", world, ledger_of(world, simulate(world, rule)), alone=False)


def test_welfare_counts_the_value_once_however_many_succeed() -> None:
    world = make_world(1, 3, value=1.0, cost=[[0.125, 0.25, 0.0625]])
    arm = _arm(world, make_rules("hire_all", bid_cost=0.0625, overhead=0.125))
    assert welfare(arm).tolist() == [[[1.0 - 0.4375 - 3 * 0.0625 - 0.125]]]
    assert surplus(arm).tolist() == [[[1.0 - 3 * 1.0 - 0.125]]]
    assert (surplus(arm) + utility(arm)).tolist() == welfare(arm).tolist()


def test_welfare_counts_a_true_success_that_the_verifier_failed_once_over_two_postings() -> None:
    world = make_world(1, 2, value=1.0, cost=0.25, success=True, verified=[[False, True]])
    arm = _arm(world, make_rules(postings=2, exclude="hired"))
    assert welfare(arm).tolist() == [[[1.0 - 2 * 0.25]]]


def test_task_that_nobody_solved_is_worth_nothing_and_still_costs() -> None:
    world = make_world(1, 1, value=1.0, cost=0.25, success=False, verified=True)
    arm = _arm(world, make_rules())
    assert welfare(arm).tolist() == [[[-0.25]]]
    assert surplus(arm).tolist() == [[[-0.25]]]


@tried(50)
@given(data=st.data(), mechanism=st.sampled_from(examples()))
def test_welfare_is_surplus_plus_utility(data: st.DataObject, mechanism: Mechanism) -> None:
    rule = replace(data.draw(rules(mechanism)), expected_cost=ExpectedCost("fixed", 0.125))
    arm = _arm(data.draw(worlds()), rule)
    np.testing.assert_allclose(surplus(arm) + utility(arm), welfare(arm), rtol=0, atol=1e-12)
