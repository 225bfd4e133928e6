"""Closed forms of the price rules: BDM, second price with a reserve, first price in equilibrium, break-even asks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.mechanisms import Mechanism, lookup
from tests.scenes import Scene, chance, random_scene, registered, scene, truthful, utility
from tests.statistics import assert_mean, assert_rate

SIZE = 100_000


def midpoints(upper: float, count: int) -> np.ndarray:
    """Midpoints of `count` equal cells of [0, upper]: exact for integrands linear in each cell."""
    return (np.arange(count) + 0.5) * upper / count


@pytest.mark.parametrize("shade", [0.0, 0.1, -0.1, 0.25])
@pytest.mark.parametrize(("belief", "ask", "upper"), [(0.8, 0.3, 1.0), (0.5, 0.4, 1.0), (0.25, 0.5, 2.0)])
def test_random_reserve_costs_a_shade_of_d_exactly_p_d2_over_2m(belief, ask, upper, shade) -> None:
    """E[u] at b + d against R ~ U[0, M] is p (M - b)^2 / (2M) - p d^2 / (2M)."""
    reserve = midpoints(upper, 1000)
    award = scene(np.full((1000, 1), ask + shade), belief, reserve=reserve).award(lookup("posted_price")())
    mean = utility(award, belief, belief * ask).mean()
    assert mean == pytest.approx(belief * ((upper - ask) ** 2 - shade**2) / (2 * upper), abs=1e-12)


def uniform_costs(n: int, purpose: str) -> np.ndarray:
    """Break-even prices b = c ~ U[0, 1] of agents that never fail."""
    return chance(f"prices/{purpose}", SIZE, n)


def paid(mechanism: str, asks: np.ndarray, reserve: float) -> tuple[np.ndarray, np.ndarray]:
    """Payment and whether somebody is hired, per posting."""
    award = scene(asks, 1.0, reserve=reserve).award(lookup(mechanism)())
    return award.pay_success.sum(axis=-1), award.hired.any(axis=-1)


def mean_paid(n: int, r: float) -> float:
    return 2 / (n + 1) * (1 - (1 - r) ** n * (1 + n * r))


def equilibrium_ask(b: np.ndarray, n: int, r: float) -> np.ndarray:
    """Equilibrium of the first price among n iid U[0, 1] break-even prices, for b < r."""
    return b + ((1 - b) ** n - (1 - r) ** n) / (n * (1 - b) ** (n - 1))


CASES = pytest.mark.parametrize(("n", "r"), [(1, 0.5), (2, 0.6), (2, 1.0), (3, 0.8), (5, 0.3)])


@pytest.mark.parametrize(("n", "r", "stated"), [(2, 0.6, 0.4320), (5, 0.3, 0.1933), (2, 1.0, 2 / 3), (5, 1.0, 1 / 3)])
def test_closed_form_of_the_mean_price(n, r, stated) -> None:
    assert mean_paid(n, r) == pytest.approx(stated, abs=5e-5)


@CASES
def test_second_price_pays_its_closed_form(n, r) -> None:
    money, filled = paid("second_price", uniform_costs(n, "second"), r)
    assert_mean(money, mean_paid(n, r))
    assert_rate(filled, 1 - (1 - r) ** n)


@CASES
def test_first_price_in_equilibrium_pays_the_same(n, r) -> None:
    b = uniform_costs(n, "first")
    with np.errstate(over="ignore"):
        asks = np.where(b < r, equilibrium_ask(np.minimum(b, r), n, r), b) if r < 1 else b + (1 - b) / n
    money, filled = paid("first_price", asks, r)
    assert_mean(money, mean_paid(n, r))
    np.testing.assert_array_equal(filled, (b < r).any(axis=-1))


@pytest.mark.parametrize("b", [0.05, 0.3, 0.55])
@pytest.mark.parametrize("r", [0.6, 0.9])
def test_first_price_equilibrium_is_the_best_reply_on_a_grid(b, r) -> None:
    """One rival, in equilibrium, at 20000 midpoints of its break-even price: payoffs are exact to 1 / 20000."""
    rival = midpoints(1.0, 20_000)
    rival_ask = np.where(rival < r, equilibrium_ask(np.minimum(rival, r), 2, r), 2.0)

    def payoff(ask: float) -> float:
        bids = scene(np.stack([np.full(20_000, ask), rival_ask], axis=-1), 1.0, reserve=r)
        return float(utility(bids.award(lookup("first_price")()), 1.0, b)[:, 0].mean())

    best = max(payoff(ask) for ask in np.linspace(b, r, 61))
    assert best - payoff(float(equilibrium_ask(np.array(b), 2, r))) <= 1e-4


def winners(rule: Mechanism) -> Scene:
    """Lone truthful agents on generous postings, a penalty in half of them."""
    alone = random_scene((500,), 1, "break even")
    t, s = alone.tender, alone.standing
    return alone._replace(
        tender=replace(t, value=np.full(500, 5.0), reserve=np.full(500, 5.0)),
        standing=replace(s, expected_cost=np.zeros((500, 1))),
    )


@pytest.mark.parametrize("rule", registered().values(), ids=registered().keys())
def test_truthful_ask_breaks_even_when_paid_as_asked(rule: Mechanism) -> None:
    """p (a + bonus on success) + (1 - p) pay_failure - c = 0 at the truthful claim, where an ask is a price."""
    p, c = chance("break even/p", 500, 1, low=0.2), chance("break even/c", 500, 1, high=0.5)
    honest = truthful(rule, winners(rule), p, c, np.ones((500, 1), np.bool_))
    if rule.capabilities.asks_for == "cost":
        np.testing.assert_array_equal(honest.bids.ask, c)
        return
    award = honest.award(rule)
    assert award.hired.mean() > 0.5
    bonus = rule.bonus(honest.bids.claim)[0] if hasattr(rule, "bonus") else 0.0
    gain = p * (honest.bids.ask + bonus) + (1 - p) * award.pay_failure - c
    np.testing.assert_allclose(gain[award.hired], 0.0, rtol=0, atol=1e-12)


PRICED = {name: rule for name, rule in registered().items() if rule.capabilities.asks_for == "price"}


@pytest.mark.parametrize("rule", PRICED.values(), ids=PRICED.keys())
def test_agent_without_a_chance_abstains(rule: Mechanism) -> None:
    """Where an ask is a price on success; where it is a cost, the cost is what it asks, with a chance or without."""
    posted = scene([0.0, 0.0], 0.5)
    ask = rule.truthful_ask(np.array([0.0, 0.5]), np.array([0.1, 0.1]), posted.notice(rule))
    assert np.isinf(ask[0])
    assert np.isfinite(ask[1])
