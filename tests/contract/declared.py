"""What every rule promises and can do, written a second time: a declaration must not select its own test.

Five letters as in `sim.mechanisms.base.Promises`: A ask (A+ at a true claim only), Q claim, I rational, E efficient,
D no deficit; then `unread` where the claim changes nothing and `equilibrium` where the truth is a best reply to the
truth. Flags: what an ask means (price or cost), what the rule needs, $ and each parameter in dollars, and the flags of
`sim.mechanisms.base.Mechanism` that differ from its own.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from sim.mechanisms import Mechanism, lookup


class Declared(NamedTuple):
    """A rule, its promises and its flags, as words."""

    rule: Mechanism
    promises: set[str]
    flags: set[str]


def _own(name: str, promises: str, flags: str, **parameters: Any) -> Declared:
    return Declared(lookup(name)(**parameters), set(promises.split()), set(flags.split()))


LIVE = "price expected_cost announces_reserve"
TURNS = "cost value $verification in_turns hires_several"
PLANNER = "cost expected_cost no_bids"
ROUTER = "cost advice expected_cost value takes_index no_bids"

DECLARED = [
    _own("posted_price", "A Q I D unread", "price"),
    _own("first_price", "Q I D unread", "price"),
    _own("second_price", "A Q I D unread", "price"),
    _own("hire_all", "A Q I unread", "price hires_several"),
    _own("first_score", "I D", "price value", score="qV-a"),
    _own("first_score", "I E D", "price value no_penalty", score="q(V-a)"),
    _own("first_score", "I D", "price value expected_cost no_dollars", score="qV/(a+ec)"),
    _own("second_score", "A I D", "price value", score="qV-a"),
    _own("second_score", "A I E D", "price value no_penalty", score="q(V-a)"),
    _own("second_score", "A I D", "price value expected_cost no_dollars", score="qV/(a+ec)"),
    _own("hybrid", "A Q I D unread", "price value advice no_penalty"),
    _own("fixed_price_bonus", "A I D", "price $kappa no_dollars", kappa=0.0, m0=0.0),
    _own("fixed_price_bonus", "A I D", "price $kappa no_dollars", kappa=0.0, m0=0.25),
    _own("fixed_price_bonus", "A+ I D", "price $kappa no_dollars", kappa=1.0, m0=0.0),
    _own("fixed_price_bonus", "A+ I", "price $kappa no_dollars", kappa=1.0, m0=0.25),
    _own("second_score_bonus", "A I D", "price value $kappa", kappa=0.0, m0=0.0),
    _own("second_score_bonus", "A I D", "price value $kappa", kappa=0.0, m0=0.25),
    _own("second_score_bonus", "A+ I D", "price value $kappa", kappa=1.0, m0=0.0),
    _own("second_score_bonus", "A+ I", "price value $kappa", kappa=1.0, m0=0.25),
    _own("contingent", "A+ Q I E D", "cost value $bond", bond=math.inf),
    _own("contingent", "A+ Q I E D", "cost value $bond", bond=math.inf, settlement="compensated"),
    _own("contingent", "I E D", "cost value $bond", bond=0.25),
    _own("contingent", "A+ I E D", "cost value $bond", bond=0.25, settlement="compensated"),
    _own("production_plans", "A+ Q I E D", "cost value takes_menu"),
    _own("production_plans", "A+ I E D", "cost value takes_menu", payment="second_score"),
    _own("assignment_vcg", "A+ Q I E D", "cost value couples_tasks"),
    _own("k_redundant", "A+ Q I E", "cost value hires_several most_12"),
    _own("k_redundant", "A+ Q I E D", "cost value hires_several most_12", at_most=1),
    _own("k_redundant", "A+ Q I E", "cost value hires_several most_12", at_most=2),
    _own("budget_feasible", "A Q I unread", "cost advice hires_several"),
    _own("budget_feasible", "A Q I unread", "cost hires_several", values="equal"),
    _own("cascade", "I D equilibrium", TURNS),
    _own("cascade", "I D equilibrium", TURNS, at_most=2),
    _own("cascade", "I D equilibrium", TURNS, verification=0.0625),
    _own("cascade", "I D equilibrium", TURNS, order=(1, 0)),
    _own("best_reserve", "A Q I D unread", "price value $low $high"),
    _own("best_reserve", "A Q I D unread", "price value $low $high", low=0.125, high=0.75, shape=2.0),
    _own("best_reserve_public", "A I", "cost value $low $high"),
    _own("best_reserve_public", "A I", "cost value $low $high", low=0.125, high=0.75, shape=2.0),
    _own("best_reserve_public", "A Q I unread", "cost value advice $low $high", ability="advice"),
    _own("agent_economy", "I", LIVE),
    _own("agent_economy", "I", LIVE, rounded=False),
    _own("agent_economy", "I", LIVE, rounded=False, credits_per_dollar=64.0),
    _own("agent_economy", "D", LIVE, pay="bounty"),
    _own("agent_economy", "D", LIVE, pay="bounty", rounded=False),
    _own("agent_economy_phase2", "I D", LIVE),
    _own("agent_economy_second_score", "A+ I D", LIVE),
    _own("agent_economy_phase2_second_score", "A+ I D", LIVE),
    _own("always", "A Q unread", PLANNER, agent=0),
    _own("always", "A Q D unread", PLANNER, pay="reserve", agent=0),
    _own("always", "A Q D unread", PLANNER, pay="reserve", agent=1),
    _own("route_by_advice", "A Q unread", ROUTER),
    _own("route_by_advice", "A Q D unread", ROUTER, pay="reserve"),
]


def promises_of(rule: Mechanism) -> set[str]:
    """What the rule says it promises, in the table's words."""
    stated = rule.promises
    words = {
        "A": stated.ask and not stated.ask_at_true_claim,
        "A+": stated.ask and stated.ask_at_true_claim,
        "Q": stated.claim,
        "I": stated.rational,
        "E": stated.efficient,
        "D": stated.no_deficit,
        "unread": stated.claim_ignored,
        "equilibrium": stated.equilibrium,
        "A+ without A": stated.ask_at_true_claim and not stated.ask,
    }
    return {word for word, holds in words.items() if holds}


def flags_of(rule: Mechanism) -> set[str]:
    """What the rule says it can do, in the table's words."""
    switches = ("announces_reserve", "couples_tasks", "takes_index", "in_turns", "takes_menu", "hires_several")
    words = {name for name in switches if getattr(rule.capabilities, name)}
    words |= {rule.capabilities.asks_for, *rule.capabilities.needs, *(f"${name}" for name in rule.dollars)}
    words |= set() if rule.capabilities.solicits_bids else {"no_bids"}
    words |= set() if rule.capabilities.scores_dollars else {"no_dollars"}
    words |= set() if rule.capabilities.takes_penalty else {"no_penalty"}
    return words if rule.capabilities.most_agents is None else words | {f"most_{rule.capabilities.most_agents}"}
