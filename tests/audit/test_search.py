"""The search against every lie tried on every draw, one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from sim.auditing.audit import KINDS, audit
from sim.auditing.deviations import Desk
from sim.auditing.lies import Grid, Lies
from sim.auditing.search import critical, screen_own, screen_shared
from sim.kit.arrays import FloatArray
from sim.mechanisms import Mechanism
from sim.mechanisms.live import AgentEconomyPhase2
from sim.mechanisms.price import FirstPrice, SecondPrice
from sim.mechanisms.score import FirstScore, SecondScore
from tests.audit.cases import ByAdvice, Cascade, small

GRID = Grid(9, 8)
rules = pytest.mark.parametrize(
    "rule",
    [FirstPrice(), FirstScore(), SecondScore(score="q(V-a)"), AgentEconomyPhase2(), Cascade()],
    ids=lambda rule: rule.name,
)


def every_gain(desk: Desk, menu: Lies) -> FloatArray:
    """D (N, L, R) of every lie of the menu, one lie at a time."""
    kinds = np.arange(len(desk.types))
    truth = np.full(len(kinds), np.nan)
    base = desk.utility(kinds, truth, truth)
    lies = zip(menu.share, menu.claim, strict=True)
    return np.stack([desk.utility(kinds, np.full(len(kinds), s), np.full(len(kinds), q)) - base for s, q in lies], 1)


@pytest.mark.parametrize(
    "rule",
    [FirstPrice(), FirstScore(), SecondScore(score="q(V-a)"), AgentEconomyPhase2(), Cascade(), ByAdvice()],
    ids=lambda rule: rule.name,
)
def test_no_lie_of_the_grid_gains_more_than_the_one_found(rule: Mechanism) -> None:
    """Joint lies: the whole grid on all draws. The others are picked on few draws, so they may gain less, never more
    than refining allows.
    """
    problem = small(rule, draws=30)
    found, desk = audit(problem, GRID), Desk(problem, problem.draws)
    if problem.types.advice is None:
        joint = np.maximum(0.0, every_gain(desk, GRID.joint()).mean(axis=2).max(axis=1))
        assert (found.kinds["joint"].choice.per_type >= joint - 1e-12).all()
    for kind in KINDS:
        lies = found.kinds[kind].choice.lies
        kinds, truth = np.arange(len(problem.types)), np.full(len(problem.types), np.nan)
        gain = (desk.utility(kinds, *lies) - desk.utility(kinds, truth, truth)).mean(axis=1)
        np.testing.assert_allclose(gain, found.kinds[kind].choice.per_type, atol=1e-12)
    asks, claims = found.kinds["ask"].choice.lies, found.kinds["claim"].choice.lies
    assert (found.ignores, len(found.kinds)) == ("claims" if rule.promises.claim_ignored else "", 3)
    assert np.isnan(asks.claim).all()
    assert np.isnan(claims.share).all()
    assert (found.kinds["joint"].choice.per_type >= found.kinds["ask"].choice.per_type - 1e-12).all()
    assert (found.kinds["joint"].choice.per_type >= found.kinds["claim"].choice.per_type - 1e-12).all()


@rules
def test_ex_post_gain_is_the_best_of_each_draw(rule: Mechanism) -> None:
    problem = small(rule)
    desk = Desk(problem, problem.screening)
    joint, ask = screen_shared(desk, GRID.joint(), GRID), screen_own(desk, GRID.ask_only(), GRID)
    for screened, menu in ((joint, GRID.joint()), (ask, GRID.ask_only())):
        expected = np.maximum(0.0, every_gain(desk, menu).max(axis=1))
        np.testing.assert_allclose(screened.on_grid, expected, atol=1e-12)
        assert (screened.ex_post >= screened.on_grid - 1e-12).all()


def test_critical_asks_of_first_price_are_the_rivals_best() -> None:
    """Ex post, the best lie of a first-price auction asks just less than the best rival, or the reserve."""
    problem = small(FirstPrice(), types=6)
    desk = Desk(problem, problem.screening)
    rivals = np.minimum(1.0, desk.draws.ask[:, 1:].min(axis=1))
    p, c = problem.types.belief[:, None], problem.types.cost[:, None]
    expected = np.maximum(0.0, p * rivals - c)
    np.testing.assert_allclose(screen_own(desk, GRID.ask_only(), GRID).ex_post, expected, atol=2e-9)
    won = desk.deal(desk.shared(GRID.asks, np.ones(9))).chance[None] > 0
    low, high = critical(lambda s: desk.deal(desk.shared(s, np.ones(1))).chance > 0, won, GRID.asks)
    assert (low <= rivals).all()
    assert (high >= rivals).all()
    assert (high - low).max() < 1e-8


def test_rules_that_ignore_claims_are_seen_to() -> None:
    found = audit(small(SecondPrice()), GRID)
    assert found.ignores == "claims"
    assert all(found.kinds[kind].choice.interval == (0.0, 0.0) and found.kinds[kind].most == 0.0 for kind in KINDS)


def test_a_rule_that_says_it_ignores_claims_and_does_not_is_found_out() -> None:
    class Liar(SecondScore):
        name = "liar"
        promises = SecondPrice.promises  # type: ignore[assignment]

    found = audit(small(Liar(), types=20, draws=60), GRID)
    assert found.ignores == ""
    assert found.kinds["claim"].most > 0.05
    assert found.kinds["joint"].choice.low.mean > 0.02
