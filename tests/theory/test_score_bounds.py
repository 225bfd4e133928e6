"""Payments of scoring rules are bounded: by refusing a penalty that rewards claiming failure, and by the reserve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from sim.kit.arrays import FloatArray, Standing, Tender
from sim.kit.errors import ArrayError
from sim.mechanisms import CriticalScoreRule, Mechanism, lookup
from tests.scenes import chance, random_scene, scene, truthful, utility

SIZE, N = 300, 3


@dataclass(frozen=True)
class Credited(CriticalScoreRule):
    """q (V - a) + (1 - q) k: a score of one's own that credits a bidder with its penalty."""

    summary = "credits the penalty"

    def score(self, ask: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        value, penalty = tender.value[..., None], tender.penalty[..., None]
        return claim * (value - ask) + (1.0 - claim) * penalty


REFUSING = [lookup("first_score")(score="q(V-a)"), lookup("second_score")(score="q(V-a)"), lookup("hybrid")()]
BOUNDED: list[Mechanism] = [
    *REFUSING,
    *(lookup(name)(score=form) for name in ("first_score", "second_score") for form in ("qV-a", "qV/(a+ec)")),
    Credited(),
    lookup("contingent")(bond=0.25, settlement="compensated"),
    lookup("production_plans")(payment="second_score"),
    lookup("agent_economy_second_score")(),
    lookup("agent_economy_phase2_second_score")(),
]


@pytest.mark.parametrize("rule", REFUSING, ids=lambda rule: rule.name)
def test_a_penalty_is_refused_where_it_would_reward_claiming_failure(rule: Mechanism) -> None:
    posted = scene([[0.3, 0.1], [0.2, 0.4]], 0.5, value=2.0, reserve=1.5, penalty=[0.0, 0.25])
    with pytest.raises(ArrayError, match=rf"penalty must be 0 under {rule.name}.*got 0.25 at \(1,\)"):
        rule(*posted)
    assert not rule.capabilities.takes_penalty


def test_only_these_rules_refuse_it() -> None:
    takes = {
        name: [one.capabilities.takes_penalty for one in lookup(name).examples()]
        for name in ("first_score", "second_score")
    }
    assert takes == {"first_score": [True, False, True], "second_score": [True, False, True]}


def test_crediting_the_penalty_without_a_cap_would_pay_a_liar_without_bound() -> None:
    """World E1 (V = r = 1, four agents), k = .5, rivals truthful: agent 0 claims q and not p, at its break-even ask.

    Score q (V - a) + (1 - q) k, which is p V - c at the truth; price on success V - (bar - (1 - q) k) / q.
    """
    size, k = 20000, 0.5
    p, c = chance("E1/p", size, 4, low=0.3, high=0.95), chance("E1/c", size, 4, high=0.4)
    bar = np.maximum(0.0, (p - c)[:, 1:].max(axis=1))
    p, c = p[:, 0], c[:, 0]
    ask = (c + k * (1.0 - p)) / p
    most = []
    for q in (0.1, 0.01, 0.001):
        hired = q * (1.0 - ask) + (1.0 - q) * k >= bar
        price = 1.0 - (bar - (1.0 - q) * k) / q
        most.append((np.where(hired, p * price - (1.0 - p) * k - c, 0.0) - np.maximum(0.0, p - c - bar)).max())
    assert all(after > 5 * before for before, after in pairwise(most))
    assert most[1] > 20


@pytest.mark.parametrize("rule", BOUNDED, ids=lambda rule: f"{rule.name if hasattr(rule, 'name') else 'own'}")
def test_nobody_is_paid_more_than_the_reserve_whatever_it_claims(rule: Mechanism) -> None:
    """Reserves on both sides of the value, penalties where the rule takes them, claims down to a billionth."""
    whole = random_scene((SIZE,), N, "bounds")
    claim = np.where(chance("bounds/tiny", SIZE, N) < 0.3, 1e-6, whole.bids.claim)
    award = whole.with_bids(claim=claim, ask=whole.bids.ask * 0.3).award(rule)
    assert award.hired.any(axis=-1).mean() > 0.3
    assert (award.pay_success <= whole.tender.reserve[:, None] + 1e-12).all()


@pytest.mark.parametrize("rule", REFUSING[1:], ids=lambda rule: rule.name)
def test_truth_is_dominant_and_rational_where_the_reserve_exceeds_the_value(rule: Mechanism) -> None:
    rivals = random_scene((SIZE,), N, "above value")
    tender = replace(rivals.tender, reserve=rivals.tender.value * 1.75, penalty=np.zeros(SIZE))
    first = np.broadcast_to(np.arange(N) == 0, (SIZE, N))
    p, c = chance("above value/p", SIZE, 1, low=0.05), chance("above value/c", SIZE, 1)
    honest = truthful(rule, rivals._replace(tender=tender), p, c, first).with_bids(claim=rivals.bids.claim)
    truth = utility(honest.award(rule), p, c)[:, 0]
    assert truth.min() >= -1e-12
    for ask in np.linspace(0.0, 3.0, 31):
        lie = honest.with_bids(ask=np.where(first, ask, honest.bids.ask), active=honest.bids.active | first)
        assert (utility(lie.award(rule), p, c)[:, 0] - truth).max() <= 1e-9


def test_a_score_of_ones_own_takes_the_penalty_on_failure() -> None:
    award = scene([[0.3, 0.1], [0.2, 0.4]], 0.5, value=2.0, reserve=1.5, penalty=[0.25, 0.75]).award(Credited())
    assert award.pay_failure.tolist() == [[0.0, -0.25], [-0.75, 0.0]]
