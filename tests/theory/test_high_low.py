"""Two agents, one able and dear, one cheap and less able: what hiring them is worth, in closed form and in a market.

[MB] says of such a market that, where agents know their own ability, it is at least as good as always hiring either
one, or both in parallel. That holds task by task where an ability is 0 or 1. Between them both at once adds
(1 - p_H) p_L V - c_L to hiring H alone, which may be positive.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit

from sim.bundled import profiles
from sim.kit.arrays import FloatArray
from sim.mechanisms.cascade import Cascade
from sim.mechanisms.redundant import KRedundant
from sim.mechanisms.score import SecondScore
from sim.population.knobs import Knobs, turn
from sim.population.population import Population, draw_population
from sim.population.profile import Profile, read_profile
from tests.scenes import scene
from tests.statistics import assert_mean

HIGH, LOW = 0, 1
COST = np.exp([-1.204, -2.303])
SHARES = [0.0, 0.4, 1.0]


def population(share: float) -> tuple[Profile, Population]:
    """100 tasks of 100 replications in which agents know their ability and `share` of its variance is private."""
    profile = read_profile(profiles()["high_low"])
    sigmas = {"sigma_d": profile.task_sd * math.sqrt(1.0 - share), "sigma_u": profile.task_sd * math.sqrt(share)}
    knows = Knobs(rho=1.0, hold="calibration", overconfidence=0.0, overprecision=0.0)
    profile = turn(profile.model_copy(update=sigmas), {"*": knows})
    return profile, draw_population(profile, 11, 100, 100)


def alone(p: FloatArray) -> FloatArray:
    """Best of hiring one agent and nobody, V = 1."""
    return np.maximum(0.0, (p - COST).max(axis=-1))


def both(p: FloatArray) -> FloatArray:
    return 1.0 - (1.0 - p[..., HIGH]) * (1.0 - p[..., LOW]) - COST.sum()


def in_turns(p: FloatArray) -> FloatArray:
    """Best of trying nobody, one, or both in either order."""
    gain = p - COST
    longer = [gain[..., i] + (1.0 - p[..., i]) * gain[..., 1 - i] for i in (HIGH, LOW)]
    return np.maximum(alone(p), np.maximum(*longer))


def integrated(profile: Profile, worth: object) -> float:
    """E[worth(p)] over difficulty and both fits, by the trapezium rule."""
    x = np.linspace(-7.0, 7.0, 141)
    w = np.exp(-x * x / 2.0)
    w /= w.sum()
    d, u, v = np.meshgrid(x, x, x, indexing="ij")
    alpha = [agent.alpha for agent in profile.agents.values()]
    level = [a + profile.sigma_d * d + profile.sigma_u * fit for a, fit in zip(alpha, (u, v), strict=True)]
    p = expit(np.stack(level, axis=-1))
    return float(np.einsum("i,j,k,ijk->", w, w, w, worth(p)))  # type: ignore[operator]


@pytest.mark.parametrize("share", SHARES)
def test_agents_that_know_their_ability_make_the_best_single_hire(share: float) -> None:
    profile, drawn = population(share)
    np.testing.assert_allclose(drawn.claim, drawn.ability, rtol=0, atol=1e-6)
    p = drawn.ability
    award = scene(COST / p, p).award(SecondScore(score="q(V-a)"))
    welfare = np.where(award.hired, p - COST, 0.0).sum(axis=-1)
    np.testing.assert_allclose(welfare, alone(p), rtol=0, atol=1e-12)
    assert_mean(welfare.mean(axis=1), integrated(profile, alone))
    for hire in (p[..., HIGH] - COST[HIGH], p[..., LOW] - COST[LOW]):
        assert (welfare >= hire - 1e-12).all()
    assert welfare.mean() > both(p).mean() + 0.1


@pytest.mark.parametrize("share", SHARES)
def test_agents_that_know_their_ability_make_the_best_cascade(share: float) -> None:
    profile, drawn = population(share)
    p = drawn.ability
    award = scene(np.broadcast_to(COST, p.shape), p).award(Cascade())
    assert award.turn is not None
    first = award.hired & (award.turn == 0)
    reach = np.where(first, 1.0, 1.0 - np.where(first, p, 0.0).sum(axis=-1, keepdims=True))
    welfare = np.where(award.hired, reach * (p - COST), 0.0).sum(axis=-1)
    np.testing.assert_allclose(welfare, in_turns(p), rtol=0, atol=1e-12)
    assert_mean(welfare.mean(axis=1), integrated(profile, in_turns))


def test_both_at_once_may_beat_the_best_single_hire_where_abilities_are_no_certainties() -> None:
    """Abilities .7 and .5: one is worth .40, both .85 - .40 = .45. At 0 and 1 both never are."""
    p = np.array([0.7, 0.5])
    assert (float(alone(p)), float(both(p))) == pytest.approx((0.4, 0.45), abs=1e-4)
    assert scene(COST, p).award(KRedundant()).hired.all()
    for certain in ([0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]):
        assert both(np.array(certain)) < alone(np.array(certain))
        assert scene(COST, certain).award(KRedundant()).hired.sum() <= 1
