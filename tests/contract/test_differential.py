"""Every rule against its naive scalar definition in `tests.reference`.

Two kinds of input. On grids (dyadic fractions for the price and score rules, whole credits for the live ones) equal
scores are exactly equal, so ties, asks at the reserve, and claims of 0 and 1 are common. In the continuum nothing ties.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mechanisms import Mechanism, lookup, names
from tests import reference, reference_cascade, reference_contracts
from tests.reference import Agent, Result, Task
from tests.scenes import assert_award, chance, scene_of
from tests.tried import tried

Reference = Callable[[list[Agent], Task], Result]


def pair(reference_rule: Callable[..., Result], **settings_of_both: object) -> tuple[Mechanism, Reference]:
    """The package's rule of that name, and its definition, with the same settings."""
    return lookup(reference_rule.__name__)(**settings_of_both), partial(reference_rule, **settings_of_both)


def score_pair(reference_rule: Callable[..., Result], form: str) -> tuple[Mechanism, Reference]:
    return lookup(reference_rule.__name__)(score=form), partial(reference_rule, form=form)


MONEY_PAIRS = {
    "posted_price": pair(reference.posted_price),
    "first_price": pair(reference.first_price),
    "second_price": pair(reference.second_price),
    "hire_all": pair(reference.hire_all),
    "first_score qV-a": score_pair(reference.first_score, "qV-a"),
    "first_score q(V-a)": score_pair(reference.first_score, "q(V-a)"),
    "second_score qV-a": score_pair(reference.second_score, "qV-a"),
    "second_score q(V-a)": score_pair(reference.second_score, "q(V-a)"),
    "first_score qV/(a+ec)": score_pair(reference.first_score, "qV/(a+ec)"),
    "second_score qV/(a+ec)": score_pair(reference.second_score, "qV/(a+ec)"),
    "contingent": pair(reference_contracts.contingent, bond=math.inf),
    "contingent, compensated without need": pair(
        reference_contracts.contingent, bond=math.inf, settlement="compensated"
    ),
    "contingent, bond .125": pair(reference_contracts.contingent, bond=0.125),
    "contingent, bond .125, compensated": pair(reference_contracts.contingent, bond=0.125, settlement="compensated"),
    "contingent, no bond, compensated": pair(reference_contracts.contingent, bond=0.0, settlement="compensated"),
    "fixed_price_bonus": pair(reference_contracts.fixed_price_bonus, kappa=0.5, m0=0.25),
    "second_score_bonus": pair(reference_contracts.second_score_bonus, kappa=2.0, m0=0.25),
    "hybrid": pair(reference_contracts.hybrid),
    "agent_economy_second_score": pair(reference_contracts.agent_economy_second_score),
    "agent_economy_phase2_second_score": pair(reference_contracts.agent_economy_phase2_second_score),
    "best_reserve": pair(reference.best_reserve),
    "best_reserve, another law": pair(reference.best_reserve, low=0.125, high=0.75, shape=2.0),
    "best_reserve_public": pair(reference.best_reserve_public),
    "best_reserve_public, advice": pair(reference.best_reserve_public, ability="advice"),
    "best_reserve_public, another law": pair(reference.best_reserve_public, low=0.25, high=0.75, shape=0.5),
    "k_redundant": pair(reference.k_redundant),
    "k_redundant, one": pair(reference.k_redundant, at_most=1),
    "k_redundant, two": pair(reference.k_redundant, at_most=2),
    "budget_feasible": pair(reference.budget_feasible),
    "budget_feasible, equal values": pair(reference.budget_feasible, values="equal"),
    "assignment_vcg": pair(reference.assignment_vcg),
    "always": pair(reference.always, agent=1),
    "always, paid the reserve": pair(reference.always, agent=1, pay="reserve"),
    "cascade": pair(reference_cascade.cascade),
    "cascade of two": pair(reference_cascade.cascade, at_most=2),
    "cascade of one": pair(reference_cascade.cascade, at_most=1),
    "cascade, verified at a cost": pair(reference_cascade.cascade, verification=0.0625),
    "cascade of three, verified at a cost": pair(reference_cascade.cascade, at_most=3, verification=0.125),
    "cascade in order": pair(reference_cascade.cascade, order=(3, 0, 1)),
    "cascade of two in order": pair(reference_cascade.cascade, order=(2, 4, 0, 1), at_most=2),
    "production_plans": pair(reference_cascade.production_plans),
    "production_plans, second score": pair(reference_cascade.production_plans, payment="second_score"),
    "always, beside another": pair(reference.always, agent=1, beside=0),
    "route_by_advice": pair(reference.route_by_advice),
    "route_by_advice, paid the reserve": pair(reference.route_by_advice, pay="reserve"),
}
LIVE_PAIRS = {
    "agent_economy": pair(reference.agent_economy),
    "agent_economy, paid the bounty": pair(reference.agent_economy, pay="bounty"),
    "agent_economy, not rounded": pair(reference.agent_economy, rounded=False),
    "agent_economy, 64 credits a dollar": pair(reference.agent_economy, credits_per_dollar=64.0),
    "agent_economy_phase2": pair(reference.agent_economy_phase2),
    "agent_economy_phase2, 64 credits a dollar": pair(reference.agent_economy_phase2, credits_per_dollar=64.0),
}


def taken(rule: Mechanism, task: Task) -> Task:
    """The task as the rule takes it: without a penalty where it refuses one."""
    return task if rule.capabilities.takes_penalty else replace(task, penalty=0.0)


def every(pairs: dict[str, tuple[Mechanism, Reference]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("rule", "definition"), pairs.values(), ids=pairs.keys())


def test_every_registered_rule_has_a_definition_to_differ_from() -> None:
    own = {name for name in names() if lookup(name).__module__.startswith("sim.")}
    assert own == {rule.name for rule, _ in (MONEY_PAIRS | LIVE_PAIRS).values()}


def grid(step: float, low: int, high: int) -> st.SearchStrategy[float]:
    """Multiples of `step`."""
    return st.integers(low, high).map(lambda i: i * step)


SIXTEENTHS = 1 / 16
on_or_off = st.sampled_from([True, True, True, False])
dyadic_agents = st.lists(
    st.builds(
        Agent,
        ask=grid(SIXTEENTHS, -2, 20),
        claim=grid(1 / 8, 0, 8),
        lottery=grid(1 / 8, 0, 7),
        active=on_or_off,
        expected_cost=grid(SIXTEENTHS, 0, 8),
        advice=grid(1 / 8, 0, 8),
    ),
    max_size=7,
)
dyadic_tasks = st.builds(
    Task,
    value=grid(SIXTEENTHS, 1, 16),
    reserve=grid(SIXTEENTHS, 0, 20),
    penalty=st.one_of(st.just(0.0), grid(SIXTEENTHS, 0, 32)),
)


@every(MONEY_PAIRS)
@tried(100)
@given(agents=dyadic_agents, task=dyadic_tasks)
def test_rule_equals_its_definition_with_ties(rule, definition, agents, task) -> None:
    assert_award(scene_of(agents, task).award(rule), definition(agents, taken(rule, task)))


@every(LIVE_PAIRS)
@tried(100)
@given(
    agents=st.lists(
        st.builds(
            Agent,
            ask=st.integers(1, 60),
            claim=grid(0.05, 0, 20).map(lambda q: round(q, 2)),
            lottery=grid(1 / 8, 0, 7),
            active=on_or_off,
            reputation=st.sampled_from([0.5, 0.66, 0.8, 1.0, 1.06, 1.25]),
            expected_cost=grid(0.5, 0, 20),
        ),
        max_size=7,
    ),
    bounty=st.integers(1, 200),
)
def test_live_rule_equals_its_definition_in_whole_credits(rule, definition, agents, bounty) -> None:
    credit = rule.credits_per_dollar
    agents = [reference.replace(a, ask=a.ask / credit, expected_cost=a.expected_cost / credit) for a in agents]
    task = Task(value=1.0, reserve=bounty / credit)
    assert_award(scene_of(agents, task).award(rule), definition(agents, task))


@every(MONEY_PAIRS | LIVE_PAIRS)
@pytest.mark.parametrize(
    "n", [pytest.param(n, marks=[] if n in (0, 1, 2, 5) else [pytest.mark.slow]) for n in range(8)]
)
def test_rule_equals_its_definition_in_the_continuum(rule, definition, n) -> None:
    asks, claims, lotteries, reputations, costs, advice = (
        chance(f"differential/{name}", 40, n) for name in ("ask", "claim", "lottery", "reputation", "cost", "advice")
    )
    terms = chance("differential/task", 40, 3)
    for row in range(40):
        agents = [
            Agent(
                ask=float(asks[row, i]),
                claim=float(claims[row, i]),
                lottery=float(lotteries[row, i]),
                active=bool(lotteries[row, i] < 0.9),
                reputation=0.5 + 0.75 * float(reputations[row, i]),
                expected_cost=0.3 * float(costs[row, i]),
                advice=float(advice[row, i]),
            )
            for i in range(n)
        ]
        value, reserve, penalty = (float(x) for x in terms[row])
        task = taken(rule, Task(0.5 + value, 1.2 * reserve, 2.0 * penalty if row % 2 else 0.0))
        assert_award(scene_of(agents, task).award(rule), definition(agents, task))


@pytest.mark.parametrize("form", ["qV-a", "q(V-a)", "qV/(a+ec)"])
@tried(60)
@given(agents=dyadic_agents, task=dyadic_tasks)
def test_second_score_pays_the_largest_ask_that_still_wins(form, agents, task) -> None:
    rule = lookup("second_score")(score=form)
    task, award = taken(rule, task), scene_of(agents, task).award(rule)
    definition = partial(reference.first_score, form=form)
    for who in np.flatnonzero(award.hired).tolist():
        if form != "qV-a" or agents[who].claim >= 1e-9:
            largest = reference.largest_winning_ask(definition, agents, task, who)
            assert award.pay_success[who] == pytest.approx(largest, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "definition",
    [reference_contracts.agent_economy_second_score, reference_contracts.agent_economy_phase2_second_score],
)
@tried(60)
@given(agents=dyadic_agents, task=dyadic_tasks)
def test_live_second_score_pays_the_largest_ask_that_still_wins(definition, agents, task) -> None:
    """Rules are monotone, so who wins as first score wins as second score: the definition's own winner is asked."""
    award = scene_of(agents, task).award(lookup(definition.__name__)())
    for who in np.flatnonzero(award.hired).tolist():
        largest = reference.largest_winning_ask(definition, agents, task, who)
        assert award.pay_success[who] == pytest.approx(largest, rel=1e-9, abs=1e-9)


@tried(60)
@given(agents=dyadic_agents, task=dyadic_tasks)
def test_hybrid_pays_the_largest_ask_that_still_wins(agents, task) -> None:
    task, award = replace(task, penalty=0.0), scene_of(agents, task).award(lookup("hybrid")())
    for who in np.flatnonzero(award.hired).tolist():
        largest = reference.largest_winning_ask(reference_contracts.hybrid, agents, task, who)
        assert award.pay_success[who] == pytest.approx(largest, rel=1e-9, abs=1e-9)


@tried(60)
@given(agents=dyadic_agents, task=dyadic_tasks)
def test_second_price_pays_the_largest_ask_that_still_wins(agents, task) -> None:
    award = scene_of(agents, task).award(lookup("second_price")())
    for who in np.flatnonzero(award.hired).tolist():
        largest = reference.largest_winning_ask(reference.first_price, agents, task, who)
        assert award.pay_success[who] == pytest.approx(largest, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("bounty", [1, 5, 13, 15, 25, 26, 45, 90, 103, 115, 126, 200])
def test_failure_penalty_in_credits_is_the_live_engines(bounty: int) -> None:
    rule = lookup("agent_economy")()
    claims = np.round(np.arange(21) * 0.05, 2)
    fines = rule.failure_penalty(claims, np.float64(bounty / 90.0)) * 90.0
    expected = [reference.agent_economy_penalty(float(q), float(bounty)) for q in claims]
    np.testing.assert_allclose(fines, expected, rtol=0, atol=1e-9)
