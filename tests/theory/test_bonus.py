"""Bonus by a proper scoring rule: what it is at the truth, and how far it falls short of buying the truth."""

from __future__ import annotations

import numpy as np
import pytest

from sim.mechanisms import lookup
from sim.mechanisms.bonus import FixedPriceBonus, SecondScoreBonus
from tests.scenes import Scene, chance, scene, truthful, utility
from tests.statistics import assert_mean, assert_rate

CLAIMS = np.linspace(0.0, 1.0, 100_001)


def winner(kappa: float, belief: float, ask: float = -3.0) -> tuple[np.ndarray, int]:
    """Utility at each claim of an agent that is hired in any case (it asks little), and which claim is the truth."""
    rule = SecondScoreBonus(kappa=kappa, m0=0.0)
    award = scene(np.full((len(CLAIMS), 1), ask), CLAIMS[:, None]).award(rule)
    assert award.hired[1:].all()
    return utility(award, belief, 0.1)[:, 0], round(belief * 100_000)


@pytest.mark.parametrize("kappa", [0.1, 0.5, 1.0, 2.0, 5.0, 16.0])
@pytest.mark.parametrize("belief", [0.2, 0.5, 0.8, 0.95])
def test_best_claim_and_gain_of_a_sure_winner(kappa, belief) -> None:
    """min(1, p + p V / (2 kappa)); p^2 V^2 / (4 kappa) inside, V p (1 - p) - kappa (1 - p)^2 at the corner; V = 1."""
    gain, truth = winner(kappa, belief)
    best = min(1.0, belief + belief / (2 * kappa))
    inside = kappa >= belief / (2 * (1 - belief))
    expected = belief**2 / (4 * kappa) if inside else belief * (1 - belief) - kappa * (1 - belief) ** 2
    assert CLAIMS[1:][gain[1:].argmax()] == pytest.approx(best, abs=1e-5)
    assert gain[1:].max() - gain[truth] == pytest.approx(expected, abs=1e-9 * kappa)


def test_a_scale_of_16_v_holds_the_gain_at_a_hundredth_of_the_value() -> None:
    gain, truth = winner(16.0, 0.8)
    assert gain[1:].max() - gain[truth] == pytest.approx(0.01, abs=1e-8)


@pytest.mark.parametrize("rule", [FixedPriceBonus(kappa=2.0, m0=0.25), SecondScoreBonus(kappa=2.0, m0=0.25)])
def test_expected_bonus_at_the_truth_is_kappa_times_the_squared_distance_from_one_half(rule) -> None:
    p = np.linspace(0.01, 1.0, 100)
    won, lost = rule.bonus(p)
    np.testing.assert_allclose(p * won + (1 - p) * lost, 2.0 * (p - 0.5) ** 2, rtol=0, atol=1e-15)


@pytest.mark.parametrize("kappa", [0.5, 3.0])
def test_a_false_claim_costs_kappa_times_its_squared_error(kappa) -> None:
    rule = FixedPriceBonus(kappa=kappa, m0=0.25)
    p, q = chance("bonus/p", 500), chance("bonus/q", 500)
    told, true = rule.bonus(q), rule.bonus(p)
    loss = p * (true[0] - told[0]) + (1 - p) * (true[1] - told[1])
    np.testing.assert_allclose(loss, kappa * (p - q) ** 2, rtol=0, atol=1e-12)


@pytest.mark.parametrize("m0", [0.0, 0.25])
def test_an_agent_accepts_a_fixed_price_where_its_rent_is_not_negative(m0) -> None:
    rule = FixedPriceBonus(kappa=1.5, m0=m0)
    p, c = chance("accept/p", 2000, 1, low=0.05), chance("accept/c", 2000, 1)
    posted = scene(p, p, reserve=0.6, penalty=0.2)
    award = truthful(rule, posted, p, c, p > 0).award(rule)
    rent = p * 0.6 - c - 0.2 * (1 - p) + 1.5 * (m0 - p * (1 - p))
    np.testing.assert_array_equal(award.hired, rent >= 0)
    np.testing.assert_allclose(utility(award, p, c), np.maximum(0.0, rent), rtol=0, atol=1e-12)


def test_without_a_scale_the_second_score_is_plain() -> None:
    p = chance("plain/p", 500, 3)
    bids = scene(chance("plain/ask", 500, 3), p, penalty=0.3)
    found, expected = bids.award(SecondScoreBonus(kappa=0.0, m0=0.25)), bids.award(lookup("second_score")())
    for name, column in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), column)


TYPES, DRAWS = 8000, 4000


def gains(kappa: float, m0: float) -> tuple[np.ndarray, np.ndarray]:
    """E1 at a fixed price of .6: best gain of a claim, and whether each type is willing at the truth.

    Only the highest claim among the willing rivals matters to an agent: H(q) is the share of draws in which it is less.
    """
    rule = FixedPriceBonus(kappa=kappa, m0=m0)
    p, c = chance("bonus/type p", TYPES, low=0.3, high=0.95), chance("bonus/type c", TYPES, high=0.4)
    rivals = (chance("bonus/rival p", DRAWS, 3, low=0.3, high=0.95), chance("bonus/rival c", DRAWS, 3, high=0.4))
    honest = truthful(rule, scene(rivals[0], rivals[0], reserve=0.6), *rivals, rivals[0] > 0)
    top = np.sort(np.where(honest.bids.active & (honest.bids.ask <= 0.6), rivals[0], 0.0).max(axis=-1))
    claims = np.linspace(0.02, 1.0, 491)

    def worth(claim: np.ndarray) -> np.ndarray:
        won, lost = rule.bonus(claim)
        rent = p[:, None] * (0.6 + won) + (1 - p[:, None]) * lost - c[:, None]
        return rent * np.searchsorted(top, claim, side="left") / DRAWS

    truth = np.maximum(0.0, worth(p[:, None])[:, 0])
    rent = p * 0.6 - c + kappa * (m0 - p * (1 - p))
    best = np.maximum(0.0, worth(np.broadcast_to(claims, (TYPES, len(claims)))).max(axis=-1))
    return np.maximum(0.0, best - truth), rent >= 0


@pytest.mark.parametrize(
    ("kappa", "mean", "se", "willing"),
    [
        (0.0, 0.116, 0.0045, 0.844),
        (1.0, 0.018, 0.0016, 0.425),
        (2.0, 0.0043, 0.0006, 0.202),
        (5.0, 0.0002, 0.0001, 0.043),
    ],
)
def test_a_larger_scale_buys_truth_at_a_fixed_price_by_driving_agents_away(kappa, mean, se, willing) -> None:
    """Published over 400 types: their gains have these standard errors, and the share of the willing is theirs."""
    gain, accepts = gains(kappa, 0.0)
    assert_mean(gain, mean, expected_se=se)
    assert_rate(accepts, willing, expected_se=np.sqrt(willing * (1 - willing) / 400))


@pytest.mark.parametrize(("kappa", "mean", "se"), [(2.0, 0.079, 0.0043), (20.0, 0.232, 0.0155)])
def test_a_subsidy_is_itself_a_rent_worth_lying_for(kappa, mean, se) -> None:
    gain, accepts = gains(kappa, 0.25)
    assert_mean(gain, mean, expected_se=se)
    assert accepts.mean() > 0.84


def test_on_a_deterministic_threshold_no_scale_stops_a_lie() -> None:
    """One rival claims .7; at p = .69 the lie of .71 costs kappa (.02)^2 and wins the whole rent."""
    for kappa in (1.0, 10.0, 100.0):
        rule = FixedPriceBonus(kappa=kappa, m0=0.25)

        def worth(claim: float, rule: FixedPriceBonus = rule) -> float:
            bids: Scene = scene([0.0, 0.0], [claim, 0.7])
            return float(utility(bids.award(rule), 0.69, 0.1)[0])

        assert worth(0.69) == 0.0
        assert worth(0.71) == pytest.approx(0.59 + kappa * (0.25 - 0.69 * 0.31) - kappa * 0.02**2, abs=1e-9)
