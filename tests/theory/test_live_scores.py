"""The live rules: published scores, the best joint replies, and the drift and stationary mean of reputation."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kit.arrays import Status
from sim.mechanisms import Mechanism, lookup
from sim.standing.reputation import LiveReputation, Outcome
from tests.scenes import scene, utility

CREDITS = 90.0


@pytest.mark.parametrize(
    ("name", "ask", "claim", "expected_cost", "score"),
    [
        ("agent_economy_phase2", 34, 0.62, 8.4771, 9.4925),
        ("agent_economy_phase2", 34, 0.55, 7.6206, 3.6269),
        ("agent_economy_phase2", 32, 0.65, 1.8541, 21.0234),
        ("agent_economy_phase2", 42, 0.85, 2.7889, 29.8886),
        ("agent_economy_phase2", 18, 0.65, 2.0798, 34.7977),
        ("agent_economy_phase2", 42, 0.75, 2.7026, 19.9849),
        ("agent_economy_phase2", 18, 0.60, 1.9163, 30.1237),
        ("agent_economy_phase2", 38, 0.75, 2.4174, 24.2701),
        ("agent_economy", 18, 0.65, 2.0, 28.0),
        ("agent_economy", 45, 0.85, 2.0, 25.0),
    ],
)
def test_published_score_is_reproduced(name, ask, claim, expected_cost, score) -> None:
    """B = 90 credits = one dollar."""
    bid = scene([ask / CREDITS], claim, expected_cost=expected_cost / CREDITS)
    assert lookup(name)().scores(*bid[:3])[0] * CREDITS == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize(("name", "fine"), [("agent_economy", 9 + 7), ("agent_economy_phase2", 9 * 1.4)])
def test_published_failure_penalty_is_reproduced(name, fine) -> None:
    """B = 90, q = .9: AE takes round(.1 B) = 9 and round(9 x .8) = 7 more; P2 takes .1 B (.5 + .9)."""
    award = scene([0.3], 0.9).award(lookup(name)())
    assert award.pay_failure[0] * CREDITS == pytest.approx(-fine, abs=1e-9)


@pytest.mark.parametrize("name", ["agent_economy", "agent_economy_phase2"])
@pytest.mark.parametrize(("score", "hired"), [(3e-7, True), (1e-6, True), (0.0, False), (-3e-7, False)])
def test_a_score_must_be_positive_before_it_is_rounded(name, score, hired) -> None:
    """B = 120 credits, q = 1, expected cost 2: S = 118 - a. 3e-7 of a credit is 0 after rounding and is hired."""
    bid = scene([(118.0 - score) / CREDITS], 1.0, value=2.0, reserve=120 / CREDITS, expected_cost=2 / CREDITS)
    assert bid.award(lookup(name)()).hired.item() is hired


def test_a_score_of_no_credits_is_never_hired_whatever_dollars_make_of_it() -> None:
    """All whole bounties B, asks B - ec at a claim of 1."""
    bounty, cost = np.meshgrid(np.arange(1.0, 200.0), np.arange(0.0, 20.0, 0.5))
    bids = scene(
        (bounty - cost)[..., None] / CREDITS, 1.0, reserve=bounty / CREDITS, expected_cost=cost[..., None] / CREDITS
    )
    for name in ("agent_economy", "agent_economy_phase2"):
        assert not bids.award(lookup(name)()).hired.any()


SMOOTH = {
    "agent_economy": lookup("agent_economy")(rounded=False),
    "agent_economy_phase2": lookup("agent_economy_phase2")(),
}


def payoff_at_a_fixed_score(rule: Mechanism, belief: float, claims: np.ndarray, score: float = 0.05) -> np.ndarray:
    """Expected pay of an agent that reaches the same score with each claim, by the ask that takes it there.

    Rivals see scores only, so the claim that is best at one score is part of the best joint reply at every score.
    """
    free = scene(np.zeros((len(claims), 1)), claims[:, None])
    ask = rule.scores(*free[:3]) - score
    award = scene(ask, claims[:, None]).award(rule)
    assert award.hired.all()
    return utility(award, belief, 0.0)[:, 0]


@pytest.mark.parametrize(
    ("name", "belief", "best"),
    [
        ("agent_economy_phase2", 0.20, 1.0),
        ("agent_economy_phase2", 0.60, 1.0),
        ("agent_economy_phase2", 0.09, 1.0),
        ("agent_economy_phase2", 0.08, 0.0),
        ("agent_economy", 0.20, 1.0),
        ("agent_economy", 0.60, 1.0),
        ("agent_economy", 0.135, 1.0),
        ("agent_economy", 0.12, 0.5),
    ],
)
def test_best_joint_reply_claims(name, belief, best) -> None:
    claims = np.linspace(0.0, 1.0, 201)
    assert claims[payoff_at_a_fixed_score(SMOOTH[name], belief, claims).argmax()] == best


@pytest.mark.parametrize(("belief", "best"), [(0.20, 1.0), (0.60, 1.0), (0.12, 0.5)])
def test_rounding_the_fine_moves_the_best_claim_to_just_below_a_step(belief, best) -> None:
    """In whole credits a fine of 9 + round(9 x over) is worth dodging by less than one step of the claim, .5 / 9."""
    claims = np.linspace(0.0, 1.0, 201)
    rounded = claims[payoff_at_a_fixed_score(lookup("agent_economy")(), belief, claims).argmax()]
    assert abs(rounded - best) < 0.5 / 9


@pytest.mark.parametrize("name", ["agent_economy", "agent_economy_phase2"])
def test_equal_scores_go_to_the_higher_reputation(name) -> None:
    """Reputations are chosen so that the asks make both scores of AE equal to six decimals of a credit."""
    rule = lookup(name)()
    free = scene([0.0, 0.0], 0.8, reputation=[1.0, 1.25])
    asks = rule.scores(*free[:3]) - 0.2
    award = scene(asks, 0.8, reputation=[1.0, 1.25], lottery=[0.1, 0.9]).award(rule)
    assert award.hired.tolist() == [False, True]
    assert not award.by_tie


def test_reputation_above_one_lets_an_ask_above_the_bounty_win() -> None:
    award = scene([1.1], 1.0, reputation=1.25).award(lookup("agent_economy")())
    assert award.pay_success.tolist() == [1.1]


def stationary_mean(success_rate: float) -> float:
    """Mean of the stationary distribution, exactly, from the learner's own step on the lattice .50, .51, ..., 1.25."""
    rule, lattice = LiveReputation(), np.arange(50, 126) / 100
    chain = np.zeros((76, 76))
    for status, weight in ((Status.PASS, success_rate), (Status.FAIL, 1 - success_rate)):
        after = rule.read(rule.step((lattice,), Outcome(np.full(76, status, np.int8), np.zeros(76))))
        column = np.rint(100 * after).astype(int) - 50
        np.testing.assert_allclose(lattice[column], after, rtol=0, atol=1e-12)
        np.add.at(chain, (np.arange(76), column), weight)
    balance = np.vstack([chain.T - np.eye(76), np.ones(76)])
    weights = np.linalg.lstsq(balance, np.append(np.zeros(76), 1.0), rcond=None)[0]
    return float(weights @ lattice)


@pytest.mark.parametrize(
    ("success_rate", "mean"), [(0.36, 0.535), (0.5, 0.569), (0.7, 0.741), (0.77, 0.900), (0.8, 0.978), (0.9, 1.175)]
)
def test_stationary_mean_reputation(success_rate, mean) -> None:
    assert stationary_mean(success_rate) == pytest.approx(mean, abs=1.5e-3)


def test_reputation_has_no_drift_at_ten_successes_in_thirteen() -> None:
    rule = LiveReputation()
    status = np.array([Status.PASS] * 10 + [Status.FAIL] * 3, np.int8)
    moved = rule.read(rule.step((np.full(13, 0.9),), Outcome(status, np.zeros(13)))) - 0.9
    assert moved.sum() == pytest.approx(0.0, abs=1e-12)
