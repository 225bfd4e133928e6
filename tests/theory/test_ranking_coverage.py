"""Coverage of the intervals of AUC, comparative AUC, AUC on others' tasks and their differences.

Binormal claims: a success claims d more than a failure, AUC = Phi(d / sqrt 2); cues and outcomes of one cluster share
a factor. `grid` rounds the claims to tenths, so that many tie. Tables without 3 of either outcome, or with AUC 0 or 1,
have no interval and are not counted.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from analysis.comparative import comparative_counts
from analysis.inference import linearised, ratio
from analysis.ranking import auc_components, auc_jackknife, others_components, own_components
from analysis.ranking_interval import auc_interval, difference_interval, mean_of_others, share_interval

pytestmark = pytest.mark.slow
N_TABLES = 1000
SLACK = 3 * np.sqrt(0.95 * 0.05 / N_TABLES)  # three standard errors of a simulated coverage of 95%
CELLS = list(product([0.5, 0.65, 0.8], [0.5, 0.7, 0.85], [False, True]))  # success rate, AUC, grid


def draw(stream, n_clusters, n_rows, rate, area, grid):
    """Claims and successes (n_clusters, n_rows)."""
    within = 0.0 if n_rows == 1 else 0.35
    shape, share = (n_clusters, n_rows), np.sqrt([within, 1 - within])
    noise = [share[0] * stream.normal(size=(n_clusters, 1)) + share[1] * stream.normal(size=shape) for _ in range(2)]
    y = noise[0] < ndtri(rate)
    x = np.sqrt(2) * ndtri(area) * y + noise[1]
    return np.round(ndtr(x / 1.2), 1) if grid else x, y


def true_area(area, grid):
    """AUC of the claims on the grid: P(above) + P(equal) / 2 of their two distributions."""
    if not grid:
        return area
    edges = 1.2 * ndtri((np.arange(10) + 0.5) / 10)
    chance = [np.diff(ndtr(edges - d), prepend=0.0, append=1.0) for d in (np.sqrt(2) * ndtri(area), 0.0)]
    return float(chance[0] @ (np.cumsum(chance[1]) - chance[1] / 2))


def coverage(n_clusters, n_rows, jackknife=False):
    """(cells,) share of the intervals that hold the true AUC, and share of tables without one."""
    stream = np.random.default_rng(1000 * n_clusters + n_rows)
    cluster, used = np.repeat(np.arange(n_clusters), n_rows), np.ones((n_clusters * n_rows, 1), np.bool_)
    held, without = [], []
    for rate, area, grid in CELLS:
        found = np.empty((N_TABLES, 2))
        for k in range(N_TABLES):
            x, y = draw(stream, n_clusters, n_rows, rate, area, grid)
            cells = x.ravel(), y.reshape(-1, 1), used
            if jackknife:
                value, se = (v[0] for v in auc_jackknife(*cells, cluster))
            else:
                value, influence = auc_components(*cells, cluster=cluster)
                shape = (1, n_clusters, n_rows)
                summed = influence.reshape(shape).sum(axis=2)
                estimate = linearised(value[0], summed, np.ones(summed.shape, np.bool_), by="task")
                value, se = estimate.value, estimate.se
            found[k] = auc_interval(value, se, y.any(axis=1).sum(), (~y).any(axis=1).sum(), n_clusters)
        known = ~np.isnan(found[:, 0])
        truth = true_area(area, grid)
        held.append(((found[:, 0] <= truth) & (truth <= found[:, 1]))[known].mean())
        without.append(1 - known.mean())
    return np.array(held), np.array(without)


def assert_covers(held, highest=0.97):
    """95 +- 2% in each cell but for the noise of the simulation, and on average."""
    assert np.min(held) > 0.93 - SLACK
    assert np.max(held) < highest + SLACK
    assert 0.93 < np.mean(held) < highest


@pytest.mark.parametrize("n_tasks", [20, 40, 93])
def test_auc_one_observation_a_task(n_tasks):
    """At 20 tasks with few failures an AUC takes few values, and 95% covers up to 99%."""
    held, without = coverage(n_tasks, 1)
    print(f"\n{n_tasks} tasks:", held.round(3), "no interval:", without.round(2))
    assert_covers(held, 0.99 if n_tasks == 20 else 0.97)


@pytest.mark.parametrize(("n_clusters", "n_rows"), [(10, 6), (10, 30), (30, 4)])
def test_auc_several_observations_a_cluster(n_clusters, n_rows):
    linear, jackknife = coverage(n_clusters, n_rows)[0], coverage(n_clusters, n_rows, jackknife=True)[0]
    print(f"\n{n_clusters} x {n_rows}: linearised", linear.round(3), "jackknife", jackknife.round(3))
    assert_covers(jackknife)
    assert (linear <= jackknife).all()


N_AGENTS = 5


def agents(stream, n_tasks):
    """Claims and successes (n_tasks, N_AGENTS): cues of the task and of oneself, agents of unlike skill."""
    hard, own = stream.normal(size=(n_tasks, 1)), stream.normal(size=(n_tasks, N_AGENTS))
    skill = np.linspace(0.1, 1.1, N_AGENTS)
    y = skill + 0.8 * hard + 0.6 * own + 0.5 * stream.normal(size=own.shape) > 0
    claim = ndtr(skill[::-1] + 0.6 * hard + 0.5 * own + stream.normal(size=own.shape))
    return np.round(claim, 2), y


def quantities(claim, y):
    """(value, influence (N, n), counts) of own AUC, others' AUC and their difference."""
    here = np.ones(y.shape, np.bool_)
    own, others = own_components(claim, y, here), others_components(claim, y, here)
    return {"own": own, "others": others, "difference": (own[0] - others[0], own[1] - others[1])}


def intervals(claim, y):
    """Low and high ends by name, (2, n) each."""
    used, hits = np.ones((1, *y.shape), np.bool_), y.sum(axis=0)
    own = hits, len(y) - hits
    others = [mean_of_others(count) for count in own]
    counts = {"own": own, "others": others, "difference": np.minimum(own, others)}
    found = {}
    for name, (value, influence) in quantities(claim, y).items():
        estimate = linearised(value, influence[None], used, by="task")
        make = difference_interval if name == "difference" else auc_interval
        found[name] = np.array(make(value, estimate.se, *counts[name], len(y)))
    wins, pairs = comparative_counts(claim, y, used[0])
    for name, (num, den) in {"comparative": (wins, pairs), "pooled": (wins.sum(axis=1), pairs.sum(axis=1))}.items():
        estimate = ratio(num[None], den[None], by="task")
        found[name] = np.array(share_interval(estimate.value, estimate.se, (den > 0).sum(axis=0)))
    return found


@pytest.mark.parametrize("n_tasks", [20, 40, 93])
def test_agents_that_share_tasks(n_tasks):
    claim, y = agents(np.random.default_rng(0), 200_000)
    truth = {name: value for name, (value, _) in quantities(claim, y).items()}
    wins, pairs = comparative_counts(claim, y, np.ones(y.shape, np.bool_))
    truth |= {"comparative": wins.sum(axis=0) / pairs.sum(axis=0), "pooled": wins.sum() / pairs.sum()}
    stream = np.random.default_rng(n_tasks)
    tables = [intervals(*agents(stream, n_tasks)) for _ in range(N_TABLES)]
    for name, right in truth.items():
        low, high = np.array([table[name] for table in tables]).swapaxes(0, 1)
        known = ~np.isnan(low)
        held = (((low <= right) & (right <= high)) & known).sum(axis=0) / known.sum(axis=0)
        print(f"\n{n_tasks} tasks, {name}:", np.round(held, 3), "no interval:", np.round(1 - known.mean(axis=0), 2))
        assert_covers(held, 0.99 if n_tasks == 20 else 0.97)
