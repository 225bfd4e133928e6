"""The standard error of ECE against its standard deviation over fresh tables; the pooled null against its mean.

ECE has no interval: it is biased upwards, so what is held here is the size of the error, not coverage.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from analysis import calibration as cal
from analysis.calibration_null import pooled_ece_null
from analysis.ece_error import ece_error
from tests.unit.test_analysis_helpers import table_world

pytestmark = pytest.mark.slow
N_TABLES, N_ERRORS = 4000, 300
SHIFT = {"calibrated": 0.0, "overconfident": -0.45, "underconfident": 0.5}  # probits added to the chance


def table(stream, kind, n_tasks, n_agents):
    """Claims and successes (n_tasks, n_agents); several agents share a factor of correlation .5."""
    claim = np.clip(np.round(stream.beta(4, 2, (n_tasks, n_agents)), 2), 0.01, 0.99)
    share = 0.5 if n_agents > 1 else 0.0
    latent = np.sqrt(share) * stream.normal(size=(n_tasks, 1)) + np.sqrt(1 - share) * stream.normal(size=claim.shape)
    return claim, latent <= ndtri(claim) + SHIFT[kind]


def linearised(claim, y, cluster):
    part = cal.ece_signs(claim, y) * (y - claim)
    total = np.bincount(cluster, part - part.mean()) / len(claim)
    return np.sqrt(len(total) / (len(total) - 1) * (total**2).sum())


@pytest.mark.parametrize("n_agents", [1, 6])
@pytest.mark.parametrize("n_tasks", [20, 93])
@pytest.mark.parametrize("kind", SHIFT)
def test_error_is_the_sd_over_fresh_tables(kind, n_tasks, n_agents):
    stream = np.random.default_rng([n_tasks, n_agents])
    task = np.repeat(np.arange(n_tasks), n_agents)
    flat = [tuple(x.ravel() for x in table(stream, kind, n_tasks, n_agents)) for _ in range(N_TABLES)]
    sd = np.std([cal.ece(*cells) for cells in flat])
    found, folded = (
        np.sqrt(np.mean([error(*cells, task) ** 2 for cells in flat[:N_ERRORS]])) / sd
        for error in (ece_error, linearised)
    )
    print(f"\n{kind}, {n_tasks} tasks, {n_agents} agents: sd {sd:.4f}, ratio {found:.2f}, linearised {folded:.2f}")
    assert 0.75 < found < 1.25
    assert kind != "calibrated" or folded > 1.4


def test_recorded_table_resampled():
    """Tasks of the recorded table drawn anew, outcomes by isotonic rates: sd .026 to .040, errors within a fifth."""
    from scipy.optimize import isotonic_regression

    world, stream = table_world(), np.random.default_rng(5)
    for i in range(6):
        p, y = world.belief[0, :, i], world.success[0, :, i, 0]
        place = np.unique(p, return_inverse=True)[1]
        count = np.bincount(place)
        rate = isotonic_regression(np.bincount(place, y) / count, weights=count).x[place]
        drawn = [(p[t], stream.random(93) < rate[t]) for t in stream.integers(0, 93, (N_TABLES, 93))]
        sd = np.std([cal.ece(*cells) for cells in drawn])
        error = np.sqrt(np.mean([ece_error(*cells, np.arange(93)) ** 2 for cells in drawn[:N_ERRORS]]))
        print(f"\nagent {i}: sd {sd:.4f}, error {error:.4f}, of the table itself {ece_error(p, y, np.arange(93)):.4f}")
        assert 0.8 < error / sd < 1.2


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8])
def test_pooled_null_is_the_mean_of_calibrated_agents(rho):
    """30 tables of 60 tasks and 5 agents: the null from one table's outcomes against the mean ECE of its claims."""
    stream = np.random.default_rng(7)
    gap, independent = [], []
    for _ in range(30):
        claim = np.clip(np.round(stream.beta(4, 2, (60, 5)), 2), 0.01, 0.99)
        factor = stream.normal(size=(1500, 60, 1))
        y = np.sqrt(rho) * factor + np.sqrt(1 - rho) * stream.normal(size=(1500, 60, 5)) <= ndtri(claim)
        mean = np.mean([cal.ece(claim.ravel(), one.ravel()) for one in y])
        gap.append(pooled_ece_null(claim, y[0])[0] - mean)
        independent.append(cal.ece_null(claim) - mean)
    print(f"\nrho {rho}: null - mean {np.mean(gap):+.4f} (sd {np.std(gap):.4f}), exact {np.mean(independent):+.4f}")
    assert abs(np.mean(gap)) < 0.001
    assert rho == 0 or np.mean(independent) < -0.003


def test_pooled_null_of_miscalibrated_agents():
    """Being off by up to a probit is no dependence: at rho = 0 the null is that of independent outcomes."""
    stream = np.random.default_rng(8)
    for _ in range(5):
        claim = np.clip(np.round(stream.beta(4, 2, (200, 5)), 2), 0.01, 0.99)
        y = stream.random(claim.shape) < ndtr(ndtri(claim) + np.linspace(-1, 1, 5))
        assert pooled_ece_null(claim, y)[0] == pytest.approx(cal.ece_null(claim), abs=0.002)
