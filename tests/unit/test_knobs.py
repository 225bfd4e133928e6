"""Knobs: distances from an agent's own calibrated claim, and what stays when its skill or signal change."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.optimize import brentq
from scipy.special import expit

from analysis.calibration import auc_components
from sim.kit.errors import ScenarioError
from sim.population.agent_profile import AgentProfile, LogNormal, SignalSettings
from sim.population.beliefs import Calibrated, auc, calibrated, success_rate
from sim.population.knobs import Knobs, turn, ungridded
from sim.population.population import draw_population
from sim.population.profile import Profile
from tests.statistics import assert_mean, assert_rate

CLOSE = {"rel": 1e-9, "abs": 1e-9}


def agent(**changes: Any) -> AgentProfile:
    """An overconfident agent that knows a little of both."""
    settings: dict[str, Any] = {
        "alpha": 1.0,
        "m": 1.5,
        "slope": 0.4,
        "signal": SignalSettings(difficulty=0.3, fit=0.2),
        "gamma": 0.5,
        "cost_belief": LogNormal(mean=-2.0, sd=0.5, correlation=-0.4),
        "cost": LogNormal(mean=-1.0, sd=0.8),
    }
    return AgentProfile(**(settings | changes))


def profile(**agents: AgentProfile) -> Profile:
    return Profile(sigma_d=1.5, sigma_u=1.0, agents=agents or {"a": agent(), "b": agent(alpha=-0.5, m=0.3)})


def know(difficulty: float, fit: float) -> SignalSettings:
    return SignalSettings(difficulty=difficulty, fit=fit)


def target(of: Profile, name: str = "a") -> Calibrated:
    """The agent's calibrated claim."""
    return calibrated(of.agents[name].alpha, of.tau, of.reach(name))


def level(of: Profile, name: str = "a") -> float:
    """m at which claims of the agent's slope average to its success rate, by a sum over 4,001 signals."""
    s = np.linspace(-8.0, 8.0, 4001)
    w = np.exp(-s * s / 2.0)
    own = of.agents[name]

    def gap(m: float) -> float:
        return float(w @ expit(m + own.slope * s)) / w.sum() - success_rate(own.alpha, of.tau)

    return float(brentq(gap, -30.0, 30.0, xtol=1e-12))


def distance(of: Profile, name: str = "a") -> tuple[float, float]:
    """Overconfidence, and slope less the calibrated one."""
    return of.agents[name].m - level(of, name), of.agents[name].slope - target(of, name).slope


MOVES = [
    {"skill": 1.5},
    {"skill": -2.0},
    {"signal": know(0.7, 0.2)},
    {"signal": know(0.3, 0.8)},
    {"signal": know(-0.3, 0.0)},
    {"skill": 1.0, "signal": know(0.1, 0.6)},
    {"rho": 0.9},
]


def test_nothing_turned_changes_nothing() -> None:
    for knobs in ({}, {"a": Knobs()}, {"*": Knobs(), "b": Knobs(hold="calibration")}, {"*": Knobs(hold="claims")}):
        assert turn(profile(), knobs) == profile()


@pytest.mark.parametrize("move", [{}, *MOVES])
@pytest.mark.parametrize("hold", ["calibration", "claims"])
def test_no_overconfidence_and_no_overprecision_is_calibrated(move: dict[str, Any], hold: Any) -> None:
    after = turn(profile(), {"a": Knobs(overconfidence=0.0, overprecision=0.0, hold=hold, **move)})
    assert (after.agents["a"].m, after.agents["a"].slope) == target(after)


@pytest.mark.parametrize("move", [{}, *MOVES])
def test_overconfidence_is_from_claims_right_on_average_and_overprecision_from_the_calibrated_slope(
    move: dict[str, Any],
) -> None:
    after = turn(profile(), {"a": Knobs(overconfidence=1.25, overprecision=-0.5, hold="claims", **move)})
    assert after.agents["a"].slope == pytest.approx(target(after).slope * 0.5, **CLOSE)
    assert after.agents["a"].m == pytest.approx(level(after) + 1.25, **CLOSE)


@pytest.mark.parametrize(("turned", "stays"), [("overconfidence", "slope"), ("overprecision", "m")])
def test_knob_that_is_not_turned_leaves_the_profiles_own(turned: str, stays: str) -> None:
    after = turn(profile(), {"a": Knobs(**{turned: 0.3})})
    assert getattr(after.agents["a"], stays) == getattr(profile().agents["a"], stays)
    assert after.agents["b"] == profile().agents["b"]


@pytest.mark.parametrize("move", MOVES)
def test_held_calibration_keeps_the_distance_from_it(move: dict[str, Any]) -> None:
    after = turn(profile(), {"a": Knobs(hold="calibration", **move)})
    assert distance(after) == pytest.approx(distance(profile()), **CLOSE)
    assert target(after) != target(profile())


@pytest.mark.parametrize("move", MOVES)
def test_calibrated_agent_stays_calibrated(move: dict[str, Any]) -> None:
    calm = turn(profile(), {"a": Knobs(overconfidence=0.0, overprecision=0.0)})
    after = turn(calm, {"a": Knobs(hold="calibration", **move)})
    assert distance(after) == pytest.approx((0.0, 0.0), abs=1e-9)


@pytest.mark.parametrize("move", MOVES)
def test_held_claims_stay(move: dict[str, Any]) -> None:
    after = turn(profile(), {"a": Knobs(hold="claims", **move)}).agents["a"]
    assert (after.m, after.slope) == (profile().agents["a"].m, profile().agents["a"].slope)


@pytest.mark.parametrize("move", MOVES)
def test_calibrated_agents_claims_come_true(move: dict[str, Any]) -> None:
    """Over 40,000 tasks claims average to the successes, also weighted by the signal; one of .02 off would show."""
    turned = Knobs(overconfidence=0.0, overprecision=0.0, hold="calibration", **move)
    drawn = draw_population(turn(profile(), {"a": turned}), 1, 400, 100)
    gap = (drawn.success[..., 0] - drawn.claim)[..., 0].ravel()
    assert_mean(gap, 0.0)
    assert_mean(gap * drawn.signal[..., 0].ravel(), 0.0)


def test_changed_signal_at_held_claims_miscalibrates() -> None:
    """An agent that now knows nothing, but claims as before, claims too much where its signal is high."""
    calm = turn(profile(), {"a": Knobs(overconfidence=0.0, overprecision=0.0)})
    drawn = draw_population(turn(calm, {"a": Knobs(signal=know(0.0, 0.0), hold="claims")}), 1, 400, 100)
    product = ((drawn.success[..., 0] - drawn.claim) * drawn.signal)[..., 0].ravel()
    assert product.mean() < -4.0 * product.std() / math.sqrt(product.size)


def test_rho_knows_of_difficulty_and_fit_as_they_make_up_ability() -> None:
    after = turn(profile(), {"a": Knobs(rho=0.8, hold="claims")})
    told = math.hypot(after.sigma_d, after.sigma_u)
    assert after.rhos("a") == pytest.approx((0.8 * after.sigma_d / told, 0.8 * after.sigma_u / told), **CLOSE)
    assert after.reach("a") == pytest.approx(0.8 * told, **CLOSE)
    with pytest.raises(ValueError, match="one of signal and rho"):
        Knobs(rho=0.8, signal=know(0.1, 0.1), hold="claims")


def test_skill_is_added_to_ability() -> None:
    before, after = (
        draw_population(turn(profile(), {"a": Knobs(skill=x, hold="claims")}), 1, 2, 50) for x in (0.0, 0.7)
    )
    logit = [np.log(p.ability / (1.0 - p.ability)) for p in (before, after)]
    np.testing.assert_allclose((logit[1] - logit[0])[..., 0], 0.7, atol=1e-9)
    np.testing.assert_array_equal(before.claim, after.claim)


@pytest.mark.parametrize("sd", [0.0, 0.8, 2.0])
def test_another_spread_of_costs_keeps_their_mean_and_right_forecasts_are_the_mean(sd: float) -> None:
    """mean_cost_ratio is of means after both spreads: beliefs .5 apart and costs sd apart, in logs."""
    before = profile().agents["a"]
    after = turn(profile(), {"a": Knobs(actual_cost_sd=sd)}).agents["a"]
    assert (after.cost.sd, after.cost_belief) == (sd, before.cost_belief)
    assert after.cost.mean + sd**2 / 2 == pytest.approx(before.cost.mean + before.cost.sd**2 / 2)
    for knobs, spread in (({}, 0.5), ({"cost_sd": 0.0}, 0.0)):
        law = turn(profile(), {"a": Knobs(actual_cost_sd=sd, mean_cost_ratio=0.25, **knobs)}).agents["a"].cost_belief
        assert law.sd == spread
        assert law.mean + spread**2 / 2 == pytest.approx(-1.0 + 0.32 + math.log(0.25))


@pytest.mark.parametrize("ratio", [0.05, 1.0, 3.0])
def test_cost_ratio_is_the_ratio_of_the_medians(ratio: float) -> None:
    after = turn(profile(), {"a": Knobs(cost_ratio=ratio)})
    own = after.agents["a"]
    assert math.exp(own.cost_belief.mean - own.cost.mean) == pytest.approx(ratio, rel=1e-12)
    assert (own.cost, own.cost_belief.sd, own.cost_belief.correlation) == (agent().cost, 0.5, -0.4)
    drawn = draw_population(after, 1, 200, 100)
    for dollars, median in ((drawn.cost_belief, ratio * math.exp(-1.0)), (drawn.cost[..., 0], math.exp(-1.0))):
        assert_rate(dollars[..., 0].ravel() < median, 0.5)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 2.0])
def test_share_of_ones_own_errors_is_kept(share: float) -> None:
    before = profile()
    after = turn(before, {"*": Knobs(miscalibration=share, cost_misforecast=share)})
    for name in "ab":
        assert distance(after, name) == pytest.approx([share * part for part in distance(before, name)], **CLOSE)
        agent_before, agent_after = before.agents[name], after.agents[name]
        ratio = agent_before.cost_belief.mean - agent_before.cost.mean
        assert agent_after.cost_belief.mean - agent_after.cost.mean == pytest.approx(share * ratio, **CLOSE)


def test_no_miscalibration_after_a_move_that_holds_claims_is_calibrated() -> None:
    after = turn(profile(), {"a": Knobs(miscalibration=0.0, hold="claims", skill=1.5)})
    assert distance(after) == pytest.approx((0.0, 0.0), abs=1e-9)


@pytest.mark.parametrize(
    ("share", "other"),
    [("miscalibration", "overconfidence"), ("miscalibration", "overprecision"), ("cost_misforecast", "cost_ratio")],
)
def test_share_and_distance_of_the_same_error_are_refused(share: str, other: str) -> None:
    with pytest.raises(ValidationError, match=f"must hold one of {share} and {other}, not both"):
        Knobs(**{share: 1.0, other: 1.0})


def test_pace_is_taken_over_and_changes_nothing_else() -> None:
    pace = {"duration": {"exponential": 4.0}, "latency": 2, "nonresponse": 0.1}
    after = turn(profile(a=agent(duration=9, nonresponse=0.5)), {"a": Knobs(**pace)}).agents["a"]
    assert after == agent(**pace)
    assert turn(profile(a=after), {"a": Knobs(nonresponse=0.0)}).agents["a"] == agent(**pace | {"nonresponse": 0.0})


def test_everybodys_knobs_are_turned_first() -> None:
    both = turn(profile(), {"a": Knobs(overconfidence=-1.0), "*": Knobs(overconfidence=2.0, cost_ratio=1.0)})
    assert [distance(both, name)[0] for name in "ab"] == pytest.approx([-1.0, 2.0], **CLOSE)
    assert [both.agents[name].cost_belief.mean for name in "ab"] == [-1.0, -1.0]


def test_skills_of_everybody_and_of_one_add_up() -> None:
    both = turn(profile(), {"*": Knobs(skill=1.0, hold="claims"), "a": Knobs(skill=0.5, hold="claims")})
    assert [both.agents[name].alpha for name in "ab"] == [2.5, 0.5]


def test_one_agents_knobs_leave_the_others() -> None:
    knobs = Knobs(skill=1.0, signal=know(0.1, 0.6), hold="calibration", grid=[0.1, 0.9], cost_ratio=2.0, cue=0.3)
    before = profile()
    assert turn(before, {"b": knobs}).agents["a"] == before.agents["a"]
    assert before == profile()


def test_unknown_agent_is_refused_with_the_closest_name() -> None:
    with pytest.raises(
        ScenarioError, match=r"^world.agents: no agent 'gemni' \(did you mean 'gemini'\?\); allowed: gemini$"
    ):
        turn(profile(gemini=agent()), {"gemni": Knobs()})


@pytest.mark.parametrize("signal", [know(0.7, 0.2), know(0.0, 0.0), know(0.3, 0.9)])
def test_signal_takes_its_share_from_cue_and_noise_alike(signal: SignalSettings) -> None:
    before, after = profile(), turn(profile(), {"a": Knobs(signal=signal, hold="calibration")})
    _, _, cue, noise = before.signal_weights("a")
    *known, other_cue, other_noise = after.signal_weights("a")
    assert known == [signal.difficulty, signal.fit]
    assert other_cue / other_noise == pytest.approx(cue / noise, rel=1e-9)


def test_cue_is_set_as_stated() -> None:
    after = turn(profile(), {"a": Knobs(cue=0.1), "b": Knobs(cue=0.2, signal=know(0.5, 0.5), hold="claims")})
    assert [after.agents[name].gamma for name in "ab"] == [0.1, 0.2]
    assert (after.agents["a"].m, after.agents["a"].slope) == (agent().m, agent().slope)


def test_grids() -> None:
    gridded = profile(a=agent(grid=[0.2, 0.8]))
    for grid, expected in ((None, [0.2, 0.8]), ("own", [0.2, 0.8]), ("none", None), ([0.1, 0.5], [0.1, 0.5])):
        assert turn(gridded, {"a": Knobs(grid=grid)}).agents["a"].grid == expected  # type: ignore[arg-type]


LOUD = {"overconfidence": 1.0}


@pytest.mark.parametrize(
    ("everybody", "own", "expected"),
    [
        (None, LOUD, None),
        (LOUD, None, None),
        (None, {"overprecision": 0.0}, None),
        ({"miscalibration": 1.0}, {"skill": 0.5, "hold": "claims"}, None),
        (None, {"skill": 1.0, "hold": "calibration"}, [0.2, 0.5, 0.9]),
        (None, {"cost_ratio": 1.0, "nonresponse": 0.1}, [0.2, 0.5, 0.9]),
        (LOUD, {"grid": "own"}, [0.2, 0.5, 0.9]),
        ({"grid": "own"}, LOUD, [0.2, 0.5, 0.9]),
        ({"grid": "none"}, {"grid": "own"}, [0.2, 0.5, 0.9]),
        ({**LOUD, "grid": "none"}, {"grid": [0.1, 0.95]}, [0.1, 0.95]),
    ],
)
def test_knob_of_calibration_turns_an_unstated_grid_off(everybody: Any, own: Any, expected: Any) -> None:
    gridded = profile(a=agent(grid=[0.2, 0.5, 0.9]), b=agent())
    knobs = {name: Knobs(**turned) for name, turned in (("*", everybody), ("a", own)) if turned is not None}
    after = turn(gridded, knobs)
    assert after.agents["a"].grid == expected
    assert ungridded(gridded, knobs) == (["a"] if expected is None else [])


def test_more_of_either_signal_ranks_the_own_tasks_better() -> None:
    """The simulated AUC is the one in theory; .3 more of a signal raises it by .05 or more, 10 standard errors."""
    areas = []
    for signal in (know(0.3, 0.2), know(0.6, 0.2), know(0.3, 0.5)):
        after = turn(profile(), {"a": Knobs(signal=signal, hold="calibration")})
        drawn = draw_population(after, 1, 200, 100)
        claim, success = drawn.claim[..., 0].ravel(), drawn.success[..., 0, :].reshape(-1, 1)
        area, parts = auc_components(claim, success, np.ones(success.shape, np.bool_))
        expected = auc(after.agents["a"].alpha, after.tau, after.reach("a"))
        assert abs(area[0] - expected) < 4.0 * np.sqrt((parts**2).sum())
        areas.append(expected)
    assert areas[1] > areas[0] + 0.05
    assert areas[2] > areas[0] + 0.05


@pytest.mark.parametrize("signal", [know(0.8, 0.8), know(1.0, 1.0), know(-1.0, 0.5)])
def test_signal_that_knows_too_much_is_refused_in_one_line(signal: SignalSettings) -> None:
    with pytest.raises(ScenarioError) as error:
        draw_population(turn(profile(), {"a": Knobs(signal=signal, hold="calibration")}), 1, 1, 2)
    line = str(error.value)
    assert "\n" not in line
    assert "'a'" in line
    assert "must not exceed 1" in line


def test_cue_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"'a'.*cue \(0\.990\)"):
        draw_population(turn(profile(), {"a": Knobs(cue=0.99)}), 1, 1, 2)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"skill": 1.0}, "hold must be stated"),
        ({"signal": know(0.1, 0.1)}, "hold must be stated"),
        ({"hold": "clams"}, "calibration"),
        ({"overprecision": -1.5}, "greater than or equal to -1"),
        ({"cost_ratio": 0.0}, "greater than 0"),
        ({"cue": 1.5}, "less than or equal to 1"),
        ({"overconfidance": 1.0}, "overconfidance"),
        ({"grid": [0.5, 1.5]}, "less than or equal to 1"),
        ({"grid": [0.9, 0.1]}, "ascending"),
        ({"grid": [0.5, 0.5]}, "ascending"),
        ({"grid": []}, "grid"),
        ({"duration": 0.5}, "whole number of ticks"),
        ({"latency": {"exponential": -1.0}}, "exponential"),
        ({"nonresponse": 1.5}, "less than or equal to 1"),
    ],
)
def test_wrong_knobs_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Knobs(**wrong)
