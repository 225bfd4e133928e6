"""The test world E1, in which the gains of many rules are known.

n = 4 agents, V = r = 1, no penalty, p ~ U[.3, .95] and c ~ U[0, .4], all independent; rivals truthful; beliefs exact;
advice = ability, expected cost 0, reputation 1. The audited agent is the first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.auditing.problem import EXACT, Draws, Problem, Types, Verifier
from sim.kit import draws
from sim.kit.arrays import FloatArray, Notice, Standing, Tender
from sim.mechanisms import Mechanism

E1 = (
    "E1: n = 4, V = r = 1, p ~ U[.3, .95], c ~ U[0, .4], independent, rivals truthful, penalty 0, advice = ability, "
    "expected cost 0, reputation 1"
)
AGENTS = tuple(f"a{place}" for place in range(4))
Law = Callable[[FloatArray], FloatArray]  # from a uniform draw to a type


def e1(rule: Mechanism, n_types: int, n_draws: int, n_screening: int, seed: int, verifier: Verifier = EXACT) -> Problem:
    """The first agent's problem in E1 under the rule."""
    return independent(
        rule,
        4,
        lambda u: 0.3 + 0.65 * u,
        lambda u: 0.4 * u,
        n_types=n_types,
        n_draws=n_draws,
        n_screening=n_screening,
        seed=seed,
        verifier=verifier,
    )


def independent(
    rule: Mechanism,
    n: int,
    ability: Law,
    cost: Law,
    *,
    n_types: int,
    n_draws: int,
    n_screening: int,
    seed: int,
    verifier: Verifier = EXACT,
) -> Problem:
    """The first of n agents alike, with abilities and costs drawn independently by these laws; V = r = 1."""
    agents = tuple(f"a{place}" for place in range(n))
    rule, size = rule.for_agents(agents), n_screening + n_draws
    r, i, t = draws.words_range(size), draws.words_of(agents), draws.words_range(n_types)
    p, c = ability(draws.uniform(seed, "audit ability", r, i)), cost(draws.uniform(seed, "audit cost", r, i))
    own, own_cost = ability(draws.uniform(seed, "audit type", t)), cost(draws.uniform(seed, "audit type cost", t))
    one, nothing = np.ones(size), np.zeros(size)
    tender = Tender(value=one, reserve=one, penalty=nothing, posting=np.zeros(size, np.int64))
    sealed = one if rule.capabilities.announces_reserve else np.full(size, np.nan)
    notice = Notice(value=one, reserve=sealed, penalty=nothing, posting=tender.posting)
    ask = np.asarray(rule.truthful_ask(p, c, notice))
    bids = np.isfinite(ask)
    whole = Draws(
        ask=np.where(bids, ask, np.nan),
        claim=p,
        active=bids,
        belief=p,
        cost=c,
        ability=p,
        tender=tender,
        notice=notice,
        standing=Standing(reputation=np.ones(p.shape), expected_cost=np.zeros(p.shape), advice=p),
        lottery=draws.uniform(seed, "audit lottery", r, i),
        scale=one,
    )
    return Problem(
        rule=rule,
        agent=0,
        who=agents[0],
        types=Types(own, own_cost, own, own if "advice" in rule.capabilities.needs else None),
        draws=whole.cut(slice(n_screening, None)),
        screening=whole.cut(slice(n_screening)),
        verifier=verifier,
    )
