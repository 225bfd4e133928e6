"""Why an agent that could bid on a task makes no bid on it."""

from __future__ import annotations

import math

import numpy as np

from sim.agents.bidding import POLICIES, see
from sim.agents.bidding_names import Sybil
from sim.agents.bidding_under_names import HandOver, Knowing, Whitewash
from sim.agents.everybody import Bidders
from sim.explain.case import Case

_OF_NAMES = (Sybil, Whitewash, HandOver)


def no_bid(case: Case, agent: int) -> str:
    """Why, of a bid that the ledger calls abstained."""
    at = 0, case.task
    if not case.world.present[(*at, agent)]:
        return "cannot bid on this task"
    if case.world.unasked is not None and case.world.unasked[at]:
        return "was not asked: the principal does the task itself, or nobody"
    if case.world.silent is not None and case.world.silent[(*at, agent)]:
        return "did not answer"
    if math.isinf(_truthful(case, agent)):
        return "no ask would let it break even"
    return _of_policy(case, agent)


def _truthful(case: Case, agent: int) -> float:
    """The ask at which it breaks even; infinite where there is none, or nobody knows."""
    if np.isnan(case.belief[agent]):
        return math.inf
    tender = case.tender
    notice = see(case.rules.public, tender.value, tender.reserve, tender.penalty, tender.posting)
    return float(case.rule.truthful_ask(case.belief, case.cost_belief, notice)[agent])


def _of_policy(case: Case, agent: int) -> str:
    bidder = case.rules.bidder
    if agent in case.rules.processes:
        return "its own process makes no bid here"
    policy = bidder.own.get(agent, bidder.everybody) if isinstance(bidder, Bidders) else bidder
    policy = policy.policy if isinstance(policy, Knowing) else policy
    name = POLICIES.name_of(policy) if isinstance(bidder, Bidders) else "its own"
    who = "bids under another name" if isinstance(policy, _OF_NAMES) else "makes no bid here"
    return f"its policy, {name}, {who}"
