"""Second score where the score is not a surplus: the price is the critical ask, found by formula or by bisection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from sim.kit.arrays import FloatArray, Standing, Tender
from sim.mechanisms import CriticalScoreRule, Mechanism, lookup
from sim.mechanisms.critical import bisect
from tests.scenes import Scene, award_bytes, chance, random_scene, scene, truthful, utility

SIZE, N = 400, 4


@dataclass(frozen=True)
class Curved(CriticalScoreRule):
    """q V^2 - a^2 for asks that are not negative: steeper the more is asked; no closed form is told."""

    summary = "nonlinear in the ask"

    def score(self, ask: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        value, dear = tender.value[..., None], np.maximum(0.0, ask)
        return claim * value * value - dear * dear


@dataclass(frozen=True)
class PerDollar(CriticalScoreRule):
    """q V / (1 + a / V): convex in the ask, and at or above half the claim's worth only."""

    summary = "value per dollar, smoothed"

    def score(self, ask: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        value = tender.value[..., None]
        return claim * value / (1.0 + np.maximum(0.0, ask) / value)

    def threshold(self, tender: Tender) -> FloatArray:
        return 0.25 * tender.value


@dataclass(frozen=True)
class Steps(CriticalScoreRule):
    """Falls in steps of an eighth of the value: flat between them, and ties are common."""

    summary = "piecewise constant in the ask"

    def score(self, ask: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        value = tender.value[..., None]
        return np.ceil(8.0 * claim) - np.floor(8.0 * ask / value)


RULES: dict[str, Mechanism] = {
    "curved": Curved(),
    "per dollar": PerDollar(),
    "steps": Steps(),
    "qV/(a+ec)": lookup("second_score")(score="qV/(a+ec)"),
    "hybrid": lookup("hybrid")(),
    "agent_economy": lookup("agent_economy_second_score")(),
    "phase2": lookup("agent_economy_phase2_second_score")(),
}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())


def shown(whole: Scene, rule: Mechanism, ask: FloatArray) -> FloatArray:
    """Who of the original winners is hired at these asks, (SIZE, N)."""
    return whole.with_bids(ask=ask).award(rule).hired


def brute_force(whole: Scene, rule: Mechanism) -> FloatArray:
    """Largest ask at which each winner is still hired, by asking the whole rule: winners (SIZE, N), 0 elsewhere."""
    won = whole.award(rule).hired
    low, high = np.where(won, whole.bids.ask, 0.0), np.full(won.shape, 1e6)
    assert not (shown(whole, rule, np.where(won, high, whole.bids.ask)) & won).any()
    for _ in range(120):
        middle = 0.5 * (low + high)
        still = shown(whole, rule, np.where(won, middle, whole.bids.ask)) & won
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return np.where(won, low, 0.0)


@every_rule
def test_pay_is_the_largest_ask_that_still_wins(rule: Mechanism) -> None:
    whole = random_scene((SIZE,), N, "critical ask")
    award = whole.award(rule)
    assert award.hired.any(axis=-1).mean() > 0.2
    np.testing.assert_allclose(award.pay_success, brute_force(whole, rule), rtol=1e-9, atol=1e-9)


@every_rule
def test_pay_does_not_depend_on_the_ask_while_hired(rule: Mechanism) -> None:
    whole = random_scene((SIZE,), N, "critical ask")
    award = whole.award(rule)
    lower = whole.with_bids(ask=np.where(award.hired, whole.bids.ask - 0.3, whole.bids.ask)).award(rule)
    np.testing.assert_array_equal(lower.hired, award.hired)
    np.testing.assert_allclose(lower.pay_success, award.pay_success, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", [Curved(), PerDollar(), Steps()], ids=["curved", "per dollar", "steps"])
def test_truthful_ask_is_dominant_under_a_score_of_ones_own(rule: CriticalScoreRule) -> None:
    """Lying rivals; every lie on a grid and the critical ask, a hair to either side."""
    rivals = random_scene((3000,), N, "own score")
    first = np.broadcast_to(np.arange(N) == 0, (3000, N))
    p, c = chance("own score/p", 3000, 1, low=0.05), chance("own score/c", 3000, 1)
    honest = truthful(rule, rivals, p, c, first).with_bids(claim=rivals.bids.claim)
    truth = utility(honest.award(rule), p, c)[:, 0]
    for ask in np.linspace(-0.5, 2.0, 26):
        lie = honest.with_bids(ask=np.where(first, ask, honest.bids.ask))
        assert (utility(lie.award(rule), p, c)[:, 0] - truth).max() <= 1e-9


@every_rule
@pytest.mark.parametrize("factor", [2.0**-9, 2.0**5])
def test_another_unit_of_money_rescales_the_price_exactly(rule: Mechanism, factor: float) -> None:
    whole = random_scene((SIZE,), N, "critical ask")
    t, s = whole.tender, whole.standing
    scaled = whole.with_bids(ask=whole.bids.ask * factor)._replace(
        tender=Tender(t.value * factor, t.reserve * factor, t.penalty * factor, t.posting),
        standing=Standing(s.reputation, s.expected_cost * factor, s.advice),
    )
    np.testing.assert_array_equal(scaled.award(rule).pay_success, whole.award(rule).pay_success * factor)


@every_rule
def test_batch_gives_bit_for_bit_what_its_postings_give(rule: Mechanism) -> None:
    whole = random_scene((40,), N, "critical ask").played(rule)
    batch = whole.award(rule)
    for row in range(40):
        parts = [type(part).trusted(**{k: v[row] for k, v in vars(part).items()}) for part in whole[:3]]
        alone = rule(*parts, whole.lottery[row])
        assert award_bytes(alone) == award_bytes(
            type(batch).trusted(**{k: v[row] for k, v in vars(batch).items() if v is not None})
        )


def test_pay_by_bisection_is_within_one_bit_of_the_formula() -> None:
    """q V^2 - a^2 = bar at a = sqrt(q V^2 - bar); V = 1, a rival at (0, .25), so that a = sqrt(q - .25)."""
    q = chance("formula/q", SIZE, low=0.3)
    bids = scene(np.zeros((SIZE, 2)), np.stack([q, np.full(SIZE, 0.25)], axis=-1), reserve=2.0)
    paid = bids.award(Curved()).pay_success[:, 0]
    assert (q - paid * paid >= 0.25).all()
    above = np.nextafter(paid, 9.0)
    assert (q - above * above < 0.25).all()


@pytest.mark.parametrize("limit", [0.1, 1 / 3, 1e-12, 1e-300, 0.999999])
def test_bisection_finds_the_last_number_that_wins(limit: float) -> None:
    found = bisect(lambda x: np.asarray(x <= limit), np.zeros(2), np.array([1.0, 4.0]))
    assert found.tolist() == [limit, limit]


def test_a_winner_that_would_win_at_any_ask_is_paid_the_reserve() -> None:
    assert scene([0.1], 0.9, reserve=0.7).award(Curved()).pay_success.tolist() == [0.7]
    assert scene([0.7], 0.9, reserve=0.7).award(Curved()).pay_success.tolist() == [0.7]


def test_an_ask_above_the_reserve_does_not_count() -> None:
    bids = scene([0.8, 0.5], [1.0, 0.1], reserve=0.7)
    assert bids.award(Curved()).hired.tolist() == [False, True]
    assert np.isneginf(Curved().scores(*bids[:3])[0])


def test_the_linear_shortcut_would_pay_a_liar_without_bound() -> None:
    """a + (S(a, q) - bar) rises without end as an ask under value per dollar falls to -ec; the critical ask stays."""
    rule = lookup("second_score")(score="qV/(a+ec)")
    asks = 10.0 ** -np.arange(1.0, 8.0)
    bids = scene(np.stack([asks, np.full(7, 0.3)], axis=-1), 0.9)
    shortcut = asks + rule.scores(*bids[:3])[:, 0] - 3.0
    assert shortcut[-1] > 1e6
    np.testing.assert_allclose(bids.award(rule).pay_success[:, 0], 0.3, rtol=0, atol=1e-12)


PAID: list[tuple[str, Callable[[float], Scene]]] = [
    ("free agent", lambda ec: scene([0.0, 0.3], 0.9, expected_cost=ec)),
    ("two free agents", lambda ec: scene([0.0, 0.0], 0.9, expected_cost=ec)),
]


@pytest.mark.parametrize(("who", "posting"), PAID, ids=[who for who, _ in PAID])
def test_value_per_dollar_of_what_is_free_is_infinite(who: str, posting: Callable[[float], Scene]) -> None:
    rule = lookup("second_score")(score="qV/(a+ec)")
    award = posting(0.0).award(rule)
    assert award.hired.tolist() == [True, False]
    assert award.pay_success[0] == pytest.approx(0.3 if who == "free agent" else 0.0)
    assert bool(award.by_tie) == (who == "two free agents")


@pytest.mark.parametrize("name", ["first_score", "second_score"])
def test_value_per_dollar_hires_nobody_for_a_task_worth_nothing(name: str) -> None:
    rule = lookup(name)(score="qV/(a+ec)")
    assert not scene([0.1, 0.0], 0.9, value=0.0, reserve=0.0).award(rule).hired.any()
    assert not scene([0.1, 0.0], 0.0).award(rule).hired.any()


def test_value_per_dollar_asks_no_more_per_dollar_than_a_sure_success_at_the_reserve() -> None:
    """Hired alone iff a + ec <= q r, and paid q r - ec."""
    whole = random_scene((2000,), 1, "per dollar")
    award = whole.award(lookup("second_score")(score="qV/(a+ec)"))
    cap = whole.bids.claim * whole.tender.reserve[:, None] - whole.standing.expected_cost
    np.testing.assert_array_equal(award.hired, whole.bids.active & (whole.bids.ask <= cap))
    np.testing.assert_allclose(award.pay_success, np.where(award.hired, cap, 0.0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["agent_economy", "agent_economy_phase2"])
def test_live_second_score_hires_as_the_live_rule_and_pays_no_less(name: str) -> None:
    """Within the bounty, at one reputation; a live score is compared after rounding, which no draw here comes near."""
    whole = random_scene((2000,), N, "live second")
    t, s = whole.tender, whole.standing
    whole = whole._replace(
        tender=replace(t, reserve=t.value), standing=replace(s, reputation=np.ones(s.reputation.shape))
    )
    live, second = (whole.award(lookup(rule)()) for rule in (name, f"{name}_second_score"))
    np.testing.assert_array_equal(second.hired, live.hired)
    assert (second.pay_success - live.pay_success).min() >= -1e-12
    if name == "agent_economy_phase2":
        np.testing.assert_allclose(second.pay_failure, live.pay_failure, rtol=0, atol=1e-15)
