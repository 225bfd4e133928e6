"""What overconfidence 0 means: E[success - claim] = 0 for each agent of the recorded population, rounded or not."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import rankdata

from sim.kit.arrays import FloatArray
from sim.kit.errors import ScenarioError
from sim.population.beliefs import calibrated, right_on_average, success_given_signal, success_rate, to_grid
from sim.population.knobs import Knobs, turn
from sim.population.population import Population, draw_population
from sim.population.profile import Profile, read_profile
from tests.statistics import assert_mean
from tests.unit.test_beliefs import normal_grid

BUNDLED = read_profile(Path(__file__).parents[2] / "scenarios" / "profiles" / "marketbench.toml")
NAMES = tuple(BUNDLED.agents)
SIZE = (300, 110)  # replications and tasks: a gap of .01 between claims and successes shows


@cache
def _played(turned: tuple[tuple[str, Any], ...]) -> tuple[Profile, Population]:
    after = turn(BUNDLED, {"*": Knobs(**dict(turned))})
    return after, draw_population(after, 1, *SIZE)


def played(**turned: Any) -> tuple[Profile, Population]:
    return _played(tuple(turned.items()))


def mean_claims(**turned: Any) -> FloatArray:
    return np.asarray(played(**turned)[1].claim.mean(axis=(0, 1)))


def area(drawn: Population, at: int) -> float:
    """AUC of one agent's claims over all replications, by rank sums."""
    claim, success = drawn.claim[..., at].ravel(), drawn.success[..., at, 0].ravel()
    hits = int(success.sum())
    above = rankdata(claim)[success].sum() - hits * (hits + 1) / 2
    return float(above / (hits * (len(claim) - hits)))


@pytest.mark.parametrize("others", [{}, {"overprecision": 0.0}, {"overprecision": 2.0}])
@pytest.mark.parametrize("at", range(6), ids=NAMES)
def test_claims_average_to_the_successes(others: dict[str, float], at: int) -> None:
    """Claims are weighed against the ability, which has the same mean as the successes and less noise."""
    drawn = played(overconfidence=0.0, **others)[1]
    assert_mean((drawn.ability - drawn.claim)[..., at].mean(axis=1), 0.0)
    assert_mean((drawn.success[..., 0] - drawn.claim)[..., at].mean(axis=1), 0.0)


@pytest.mark.parametrize("at", range(6), ids=NAMES)
def test_no_miscalibration_is_calibrated(at: int) -> None:
    drawn = played(miscalibration=0.0)[1]
    gap = (drawn.ability - drawn.claim)[..., at]
    assert_mean(gap.mean(axis=1), 0.0)
    assert_mean((gap * drawn.signal[..., at]).mean(axis=1), 0.0)


def test_logits_above_raise_every_claim_and_keep_the_order() -> None:
    drawn = [played(overconfidence=x)[1] for x in (0.0, 1.0, 2.0)]
    for louder, x in ((drawn[1], 1.0), (drawn[2], 2.0)):
        np.testing.assert_allclose(logit(louder.claim) - logit(drawn[0].claim), x, rtol=0, atol=1e-9)
    for at in range(6):
        assert area(drawn[2], at) == pytest.approx(area(drawn[0], at), abs=1e-12)
    means = np.array([mean_claims(overconfidence=x) for x in (-1.0, 0.0, 1.0, 2.0)])
    assert (np.diff(means, axis=0) > 0.02).all()
    assert (means[2:] > [success_rate(BUNDLED.agents[name].alpha, BUNDLED.tau) for name in NAMES]).all()


def rounded(name: str, grid: Any, **turned: float) -> tuple[Profile, FloatArray, FloatArray]:
    """The turned profile, and claims and chances of success of one agent over the quantiles of its signal."""
    after = turn(BUNDLED, {name: Knobs(grid=grid, **turned)})
    own, (s, w) = after.agents[name], normal_grid(40_001)
    claim = to_grid(expit(own.m + own.slope * s), np.array(own.grid))
    return after, claim, w


ON_ITS_GRID = [name for name, agent in BUNDLED.agents.items() if max(agent.grid or []) > 0.81]


@pytest.mark.parametrize("name", ON_ITS_GRID)
@pytest.mark.parametrize("turned", [{"overconfidence": 0.0}, {"overconfidence": 0.0, "overprecision": 0.0}])
def test_a_stated_grid_is_calibrated_after_rounding(name: str, turned: dict[str, float]) -> None:
    after, claim, w = rounded(name, "own", **turned)
    assert set(claim) <= set(BUNDLED.agents[name].grid or [])
    assert float(w @ claim) == pytest.approx(success_rate(after.agents[name].alpha, after.tau), abs=2e-4)


@pytest.mark.parametrize("name", ON_ITS_GRID)
def test_on_a_grid_too_the_mean_claim_rises_with_overconfidence(name: str) -> None:
    means = []
    for x in (-1.0, 0.0, 0.5, 1.0):
        _, claim, w = rounded(name, "own", overconfidence=x)
        means.append(float(w @ claim))
    assert (np.diff(means) > 0).all()


def test_a_grid_that_ends_below_the_success_rate_is_refused_by_name() -> None:
    for turned in ({"overconfidence": 0.0}, {"overconfidence": 2.0}, {"miscalibration": 0.5}):
        with pytest.raises(ScenarioError) as error:
            turn(BUNDLED, {"gpt-5.2": Knobs(grid="own", **turned)})  # type: ignore[arg-type]
        line = str(error.value)
        assert "\n" not in line
        for words in ("world.agents.gpt-5.2.grid", "0.32 to 0.78", "0.802", 'allowed: "none"'):
            assert words in line


def test_claims_that_are_all_one_cannot_be_rounded_to_the_rate() -> None:
    with pytest.raises(ScenarioError, match=r"world.agents.gemini-3-pro.grid: .*all one \(slope 0\)"):
        turn(BUNDLED, {"gemini-3-pro": Knobs(grid=[0.5, 0.9], overconfidence=0.0, overprecision=-1.0)})


@pytest.mark.parametrize("name", ["claude-opus-4.5", "gpt-5-mini"])
def test_share_of_ones_own_distance_on_ones_own_grid(name: str) -> None:
    """All of it is the agent as it is; none of it averages to the success rate."""
    as_it_is = turn(BUNDLED, {name: Knobs(grid="own", miscalibration=1.0)}).agents[name]
    own = BUNDLED.agents[name]
    assert (as_it_is.m, as_it_is.slope) == pytest.approx((own.m, own.slope), abs=1e-9)
    after, claim, w = rounded(name, "own", miscalibration=0.0)
    assert float(w @ claim) == pytest.approx(success_rate(after.agents[name].alpha, after.tau), abs=2e-4)


@pytest.mark.parametrize("slope", [0.0, 0.4, -0.4, 3.0])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_right_on_average_against_the_sum(rate: float, slope: float) -> None:
    s, w = normal_grid()
    assert float(w @ expit(right_on_average(rate, slope) + slope * s)) == pytest.approx(rate, abs=1e-6)
    grid = (0.05, 0.3, 0.7, 0.72, 0.95)
    m = right_on_average(rate, slope, grid)
    if slope == 0.0:
        assert np.isnan(m)
        return
    s, w = normal_grid(400_001)
    assert float(w @ to_grid(expit(m + slope * s), np.array(grid))) == pytest.approx(rate, abs=2e-5)


def test_at_the_calibrated_slope_right_on_average_is_calibrated() -> None:
    for alpha, tau, reach in ((4.0, 4.3, 1.0), (-1.0, 2.5, 2.0), (0.3, 1.0, -0.5)):
        m, slope = calibrated(alpha, tau, reach)
        assert right_on_average(success_rate(alpha, tau), slope) == pytest.approx(m, abs=1e-7)


def test_held_calibration_keeps_an_agent_right_on_average() -> None:
    """Overconfidence 0 at its own slope, then .8 logits of skill: claims follow, and still average to the successes."""
    name = "gemini-3-pro"
    calm = turn(BUNDLED, {name: Knobs(overconfidence=0.0)})
    after = turn(calm, {name: Knobs(skill=0.8, hold="calibration")})
    own, (s, w) = after.agents[name], normal_grid()
    success = success_given_signal(own.alpha, after.tau, after.reach(name), s)
    assert float(w @ (success - expit(own.m + own.slope * s))) == pytest.approx(0.0, abs=1e-6)
    assert own.m > calm.agents[name].m
