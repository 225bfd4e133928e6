"""Recalibration: the fit against its definition, out of sample, and right where claims already are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from analysis.recalibrated import EDGE, curves, halves, recalibrated, right_on_average
from tests.statistics import assert_mean
from tests.worlds import make_world


def drawn(n_tasks=40, n_agents=3, replications=5, seed=2, **changes):
    stream = np.random.default_rng(seed)
    shape = (n_tasks, n_agents)
    claim = stream.integers(0, 21, shape) / 20
    given = {"belief": claim, "cost_belief": stream.random(shape) * 0.3, "cost": stream.random(shape)}
    given |= {"success": stream.random(shape) < 0.2 + 0.6 * claim}
    return make_world(*shape, replications=replications, **(given | changes))


def curve(claim, success, used=None):
    """Level and slope of one agent."""
    rows = (np.asarray(x)[None] for x in (claim, success, np.ones(len(claim), np.bool_) if used is None else used))
    found = curves(*rows)
    return float(found.level[0]), float(found.slope[0])


@pytest.mark.parametrize("seed", range(4))
def test_the_fit_is_the_likeliest(seed):
    stream = np.random.default_rng(seed)
    claim, used = stream.integers(0, 11, 60) / 10, stream.random(60) < 0.7
    success = np.where(stream.random(60) < 0.3, 0.5, stream.random(60) < 0.4 + 0.4 * claim)
    hits, misses = success[used].sum(), (1 - success)[used].sum()
    target = success * (hits + 1) / (hits + 2) + (1 - success) / (misses + 2)
    x = logit(np.clip(claim, EDGE, 1 - EDGE))

    def loss(at):
        p = expit(at[0] + at[1] * x)
        return -(target * np.log(p) + (1 - target) * np.log(1 - p))[used].sum()

    best = minimize(loss, [0.0, 1.0], method="L-BFGS-B", bounds=((None, None), (0, None)), options={"gtol": 1e-10}).x
    assert curve(claim, success, used) == pytest.approx(tuple(best), abs=1e-4)


def test_rows_are_fitted_one_by_one():
    stream = np.random.default_rng(9)
    claim, success = stream.random((5, 40)), stream.random((5, 40)) < 0.7
    together = curves(claim, success.astype(float), np.ones(claim.shape, np.bool_))
    for row in range(5):
        one = curve(claim[row], success[row].astype(float))
        assert (together.level[row], together.slope[row]) == pytest.approx(one, abs=1e-6)


def test_claims_are_never_turned_round():
    level, slope = curve(np.repeat([0.2, 0.8], 50), np.repeat([1.0, 0.0], 50))
    assert slope == 0.0
    assert expit(level) == pytest.approx(0.5)


def test_successes_alone_do_not_make_certain():
    level, slope = curve(np.full(8, 0.6), np.ones(8))
    assert slope == pytest.approx(1.0, abs=1e-3)
    assert expit(level + slope * logit(0.6)) == pytest.approx(9 / 10, abs=1e-6)


def test_nothing_on_record():
    assert curve([0.3, 0.4], [1.0, 0.0], np.zeros(2, np.bool_)) == (0.0, 1.0)


def test_no_claim_is_moved_by_its_own_half():
    world = drawn()
    half, before = halves(world, 7), recalibrated(world, 7)
    assert set(half.sum(axis=1)) == {20}
    flipped = np.where((half == 1)[..., None, None], ~world.success, world.success)
    after = recalibrated(replace(world, success=flipped), 7)
    np.testing.assert_array_equal(after[half == 1], before[half == 1])
    assert not np.array_equal(after[half == 0], before[half == 0])


def test_one_record_of_all_replications_where_nothing_is_shared():
    together, alone = drawn(), replace(drawn(), shared=("world.parameters",))
    assert (
        len({float(x) for x in recalibrated(together, 7)[..., 0][together.belief[..., 0] == 0.5]}) == 2
    )  # a half each
    assert len({float(x) for x in recalibrated(alone, 7)[..., 0][alone.belief[..., 0] == 0.5]}) == 10


def test_calibrated_claims_stay():
    stream = np.random.default_rng(5)
    claim = stream.integers(1, 20, (4000, 2)) / 20
    world = make_world(4000, 2, belief=claim, success=stream.random((4000, 2)) < claim)
    assert np.abs(recalibrated(world, 0) - claim).max() < 0.03


def test_overconfident_claims_are_put_right():
    world = drawn(n_tasks=3000, replications=1)
    gap = (recalibrated(world, 0) - world.success[..., 0])[0]
    for agent in range(3):
        assert_mean(gap[:, agent], 0.0)


def test_costs_are_right_on_average():
    world = drawn(replications=2)
    half, found = halves(world, 3), right_on_average(world, 3)
    for r, t, i in [(0, 0, 0), (1, 7, 2), (0, 39, 1)]:
        other = half != half[r, t]
        ratio = world.cost[..., i, 0][other].sum() / world.cost_belief[..., i][other].sum()
        assert found[r, t, i] == pytest.approx(world.cost_belief[r, t, i] * ratio)


def test_second_names_believe_what_the_first_does():
    world = drawn(n_agents=4)
    observed = np.broadcast_to((np.arange(4) < 2)[:, None], world.success.shape)
    belief, cost_belief = (x[..., [0, 1, 1, 0]] for x in (world.belief, world.cost_belief))
    named = replace(world, belief=belief, cost_belief=cost_belief, body=(0, 1, 1, 3), observed=observed)
    for of in (recalibrated, right_on_average):
        found, alone = of(named, 7), of(world, 7)
        np.testing.assert_array_equal(found[..., 2], found[..., 1])
        np.testing.assert_array_equal(found[..., :2], alone[..., :2])
    np.testing.assert_array_equal(recalibrated(named, 7)[..., 3], belief[..., 3])  # a shill


def test_costs_of_nothing_stay():
    world = drawn(cost=0.0)
    np.testing.assert_array_equal(right_on_average(world, 3), world.cost_belief)
