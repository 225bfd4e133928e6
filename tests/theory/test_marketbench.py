"""The MarketBench auction, one agent against R ~ U[0, M], M = 1, k = 2: closed forms against quadrature over R."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kit.arrays import Status, settle
from sim.mechanisms import lookup
from tests.scenes import Scene, scene, truthful

CELLS = 1000
RESERVE = (np.arange(CELLS) + 0.5) / CELLS
PENALTY = 2.0
# Break-even asks on cell boundaries, where the midpoint rule is exact: b = (c + k (1 - p)) / p.
CASES = pytest.mark.parametrize(
    ("belief", "ask"), [(1.0, 0.0), (1.0, 0.25), (0.95, 0.2), (0.9, 0.5), (0.8, 0.75), (0.75, 0.999), (0.5, 2.5)]
)


def bids(belief: float, ask: float) -> tuple[Scene, float]:
    """The truthful agent against every reserve, agents on the batch axis, and its cost belief."""
    cost = belief * ask - PENALTY * (1.0 - belief)
    posted = scene(np.zeros((CELLS, 1)), 0.5, reserve=RESERVE, penalty=PENALTY)
    honest = truthful(
        lookup("posted_price")(), posted, belief, abs(cost) if cost > -1e-12 else cost, np.full((CELLS, 1), True)
    )
    np.testing.assert_allclose(honest.bids.ask, ask, rtol=0, atol=1e-12)
    return honest, cost


@CASES
def test_share_hired(belief, ask) -> None:
    honest, _ = bids(belief, ask)
    hired = honest.award(lookup("posted_price")()).hired
    assert hired.mean() == pytest.approx(max(0.0, 1.0 - ask), abs=1e-12)


@CASES
def test_expected_profit(belief, ask) -> None:
    """p max(0, M - b)^2 / (2M): what the agent expects, its cost and the penalty counted."""
    honest, cost = bids(belief, ask)
    award = honest.award(lookup("posted_price")())
    expected = belief * award.pay_success + (1 - belief) * award.pay_failure - np.where(award.hired, cost, 0.0)
    assert expected.mean() == pytest.approx(belief * max(0.0, 1.0 - ask) ** 2 / 2, abs=1e-12)


@CASES
@pytest.mark.parametrize("success", [0, 1])
def test_published_profit(belief, ask, success) -> None:
    """1[hired] y (R - b): nothing is charged on failure."""
    honest, _ = bids(belief, ask)
    award = honest.award(lookup("posted_price")())
    published = np.where(award.hired, success * (award.pay_success - honest.bids.ask), 0.0)
    assert published.mean() == pytest.approx(success * max(0.0, 1.0 - ask) ** 2 / 2, abs=1e-12)


@CASES
@pytest.mark.parametrize("success", [0, 1])
@pytest.mark.parametrize("actual_cost", [0.05, 0.6])
def test_cash_profit(belief, ask, success, actual_cost) -> None:
    """[y (M^2 - b^2) / 2 - (cost + k (1 - y)) (M - b)] / M where b < M."""
    honest, _ = bids(belief, ask)
    award = honest.award(lookup("posted_price")())
    status = np.where(award.hired, Status.PASS if success else Status.FAIL, Status.NONE)
    cash = settle(award, status) - np.where(award.hired, actual_cost, 0.0)
    b = min(ask, 1.0)
    expected = success * (1.0 - b**2) / 2 - (actual_cost + PENALTY * (1 - success)) * (1.0 - b)
    assert cash.mean() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("cost", [0.0, 0.1, 0.4, 0.999, 1.5])
@pytest.mark.parametrize("success", [0, 1])
def test_oracle_knows_the_outcome(cost, success) -> None:
    """Knowing y, it asks its cost belief for a success and abstains from a failure: y max(0, M - c)^2 / (2M)."""
    rule = lookup("posted_price")()
    posted = scene(np.zeros((CELLS, 1)), 0.5, reserve=RESERVE, penalty=PENALTY)
    award = truthful(rule, posted, float(success), cost, np.full((CELLS, 1), True)).award(rule)
    profit = np.where(award.hired, award.pay_success - cost, 0.0).mean()
    assert profit == pytest.approx(success * max(0.0, 1.0 - cost) ** 2 / 2, abs=1e-12)


@pytest.mark.parametrize("cost", [0.0, 0.1, 0.5])
def test_nobody_below_the_break_even_belief_is_ever_hired(cost) -> None:
    """p < (k + c) / (k + M) means b > M."""
    rule, limit = lookup("posted_price")(), (PENALTY + cost) / (PENALTY + 1.0)
    for belief, ever in ((limit - 1e-9, False), (limit + 2e-3, True)):
        posted = scene(np.zeros((CELLS, 1)), 0.5, reserve=RESERVE, penalty=PENALTY)
        award = truthful(rule, posted, belief, cost, np.full((CELLS, 1), True)).award(rule)
        assert bool(award.hired.any()) is ever
