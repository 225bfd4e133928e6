"""Pairs, areas and influence values against loops over pairs; the jackknife against leaving out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparative import comparative_counts
from analysis.inference import linearised
from analysis.pairs import pair_counts
from analysis.ranking import (
    auc,
    auc_components,
    auc_jackknife,
    leave_out_error,
    others_components,
    own_components,
    own_jackknife,
)

N_ROWS, N_OUTCOMES, N_GROUPS, N_CLUSTERS = 23, 3, 4, 5


def data(seed, n=N_ROWS, j=N_OUTCOMES):
    """Claims with ties, outcomes, what is used, groups and clusters that cross, weights that differ by cell."""
    stream = np.random.default_rng(seed)
    return {
        "claim": stream.integers(0, 7, n) / 7,
        "success": stream.random((n, j)) < 0.6,
        "used": stream.random((n, j)) < 0.8,
        "group": stream.integers(0, N_GROUPS, n) * 10 - 3,
        "cluster": stream.integers(0, N_CLUSTERS, n),
        "weight": 1.0 / stream.integers(1, 5, (n, j)),
    }


def loops(claim, success, used, group, weight, keep=lambda i, k: True):
    """(wins, pairs) of each outcome over pairs (i, k) of a success and a failure that `keep` admits."""
    total = np.zeros((2, success.shape[1]))
    for i, k, j in product(range(len(claim)), range(len(claim)), range(success.shape[1])):
        if success[i, j] and not success[k, j] and used[i, j] and used[k, j] and group[i] == group[k] and keep(i, k):
            size = weight[i, j] * weight[k, j]
            total[:, j] += size * ((claim[i] > claim[k]) + (claim[i] == claim[k]) / 2), size
    return total


@pytest.mark.parametrize("seed", range(5))
def test_pairs_of_an_observation_are_those_it_is_in(seed):
    d = data(seed)
    of_all = {k: v for k, v in d.items() if k != "cluster"}
    found = np.array(pair_counts(**of_all))
    for i in range(N_ROWS):
        expected = loops(**of_all, keep=lambda a, b, i=i: i in (a, b))
        assert found[:, i] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_influence_of_a_cluster_counts_a_pair_once(seed):
    d = data(seed)
    of_all = {k: v for k, v in d.items() if k != "cluster"}
    area, influence = auc_components(**d)
    wins, pairs = loops(**of_all)
    assert area == pytest.approx(wins / pairs)
    for c in range(N_CLUSTERS):
        touched = loops(**of_all, keep=lambda a, b, c=c: c in (d["cluster"][a], d["cluster"][b]))
        expected = (touched[0] - area * touched[1]) / pairs
        assert influence[d["cluster"] == c].sum(axis=0) == pytest.approx(expected)
    assert (influence[~d["used"]] == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_jackknife_leaves_out_one_cluster_at_a_time(seed):
    d = data(seed)
    value, se = auc_jackknife(**d)
    left = []
    for c in range(N_CLUSTERS):
        rest = d["cluster"] != c
        left.append(auc_components(**{k: v[rest] for k, v in d.items()})[0])
    assert value == pytest.approx(auc_components(**d)[0])
    assert se == pytest.approx(np.std(left, axis=0) * np.sqrt(N_CLUSTERS - 1))


def test_jackknife_without_clusters_to_compare():
    one = np.ones((4, 1), np.bool_)
    y = np.array([[True], [False], [True], [False]])
    assert np.isnan(auc_jackknife(np.arange(4.0), y, one, np.zeros(4))[1]).all()
    assert np.isnan(auc_jackknife(np.arange(4.0), one, one, np.arange(4))[1]).all()


def test_an_area_within_replications_is_a_ratio_of_their_sums():
    """Groups = clusters: the error is that of sum wins / sum pairs, half of what pairs counted at both ends give."""
    stream = np.random.default_rng(6)
    n_replications, n_tasks = 9, 14
    claim = stream.random((n_replications, n_tasks)) + stream.normal(size=(n_replications, 1))
    y = stream.random((n_replications, n_tasks)) < 0.7
    label = np.repeat(np.arange(n_replications), n_tasks)
    cells = claim.ravel(), y.reshape(-1, 1), np.ones((claim.size, 1), np.bool_)
    area, influence = auc_components(*cells, group=label, cluster=label)
    wins = np.array([auc(c, s) * s.sum() * (~s).sum() for c, s in zip(claim, y, strict=True)])
    pairs = y.sum(axis=1) * (~y).sum(axis=1)
    ratio = wins.sum() / pairs.sum()
    expected = np.sqrt(n_replications / (n_replications - 1) * (((wins - ratio * pairs) / pairs.sum()) ** 2).sum())
    estimate = linearised(area[0], influence.reshape(claim.shape), np.ones(claim.shape, np.bool_), "replication")
    assert area[0] == pytest.approx(ratio)
    assert estimate.se == pytest.approx(expected)


def test_a_shift_of_a_group_changes_nothing_within_groups():
    d = data(11)
    moved = d | {"claim": d["claim"] + 100.0 * d["group"]}
    assert auc_components(**moved)[0] == pytest.approx(auc_components(**d)[0], abs=1e-12)
    assert auc_components(**(moved | {"group": None}))[0] != pytest.approx(auc_components(**d)[0])


def test_trials_that_weigh_alike_are_one_observation():
    """A cell written k times with weight 1 / k is the cell itself, in area and in the influence of its cluster."""
    d = data(12)
    row = np.arange(N_ROWS)
    copies = 1 + row % 3
    again = {k: np.repeat(v, copies, axis=0) for k, v in d.items()}
    again["weight"] = again["weight"] / np.repeat(copies, copies)[:, None]
    area, influence = auc_components(**d)
    area_again, influence_again = auc_components(**again)
    assert area_again == pytest.approx(area)
    for c in range(N_CLUSTERS):
        at, at_again = d["cluster"] == c, again["cluster"] == c
        assert influence_again[at_again].sum(axis=0) == pytest.approx(influence[at].sum(axis=0))


def test_components_of_agents_hand_on_groups_clusters_and_weights():
    stream = np.random.default_rng(13)
    n, agents = 31, 4
    claim, y = stream.integers(0, 6, (n, agents)) / 6, stream.random((n, agents)) < 0.5
    present = stream.random((n, agents)) < 0.9
    claim[~present] = np.nan
    group, cluster, weight = stream.integers(0, 2, n), np.arange(n) // 3, stream.random((n, agents)) + 0.5
    own, of_own = own_components(claim, y, present, group, cluster, weight)
    others, of_others = others_components(claim, y, present, group, cluster, weight)
    for i in range(agents):
        at = present[:, i]
        rows = claim[at, i], y[at], present[at], group[at], cluster[at], weight[at]
        area, influence = auc_components(*rows)
        rest = np.arange(agents) != i
        assert (own[i], others[i]) == pytest.approx((area[i], area[rest].mean()))
        assert of_own[at, i] == pytest.approx(influence[:, i])
        assert of_others[at, i] == pytest.approx(influence[:, rest].mean(axis=1))
        assert (of_own[~at, i] == 0).all()
        alone = auc_jackknife(rows[0], rows[1], rows[2], rows[4], rows[3], rows[5])
        value, se = own_jackknife(claim, y, present, cluster, group, weight)
        assert (value[i], se[i]) == pytest.approx((alone[0][i], alone[1][i]))


def test_jackknife_of_a_comparative_auc():
    """Clusters of tasks: leaving out the cluster's counts is leaving out its rows."""
    stream = np.random.default_rng(14)
    claim, y, cluster = stream.random((21, 3)), stream.random((21, 3)) < 0.5, np.repeat(np.arange(7), 3)
    wins, pairs = comparative_counts(claim, y, np.ones(y.shape, np.bool_))
    by_cluster = [x.reshape(7, 3, 3).sum(axis=1) for x in (wins, pairs)]
    left = [wins[cluster != c].sum(axis=0) / pairs[cluster != c].sum(axis=0) for c in range(7)]
    se = leave_out_error(wins.sum(axis=0), pairs.sum(axis=0), *by_cluster)
    assert se == pytest.approx(np.std(left, axis=0) * np.sqrt(6))


def comparative_loops(claim, y, present, task, weight):
    """Over all rows of one task and all pairs of different agents."""
    n, agents = claim.shape
    total = np.zeros((2, n, agents))
    for (s, i), (t, j) in product(product(range(n), range(agents)), repeat=2):
        made = present[s, i] and present[t, j] and not np.isnan(claim[s, i] + claim[t, j])
        if made and task[s] == task[t] and i != j and y[s, i] and not y[t, j]:
            size = weight[s, i] * weight[t, j]
            won = size * ((claim[s, i] > claim[t, j]) + (claim[s, i] == claim[t, j]) / 2)
            for cell in ((s, i), (t, j)):
                total[:, cell[0], cell[1]] += won, size
    return total


@pytest.mark.parametrize("seed", range(3))
def test_comparative_counts_against_loops(seed):
    stream = np.random.default_rng(seed)
    n, agents = 11, 5
    claim, y = stream.integers(0, 5, (n, agents)) / 5, stream.random((n, agents)) < 0.6
    present, weight = stream.random((n, agents)) < 0.8, stream.random((n, agents))
    claim[stream.random((n, agents)) < 0.2] = np.nan
    row, task = np.arange(n), np.arange(n) // 3
    one = np.ones((n, agents))
    assert np.array(comparative_counts(claim, y, present)) == pytest.approx(
        comparative_loops(claim, y, present, row, one)
    )
    assert np.array(comparative_counts(claim, y, present, weight=weight)) == pytest.approx(
        comparative_loops(claim, y, present, row, weight)
    )
    assert np.array(comparative_counts(claim, y, present, task, weight)) == pytest.approx(
        comparative_loops(claim, y, present, task, weight), abs=1e-12
    )


def test_comparative_counts_of_a_thousand_agents():
    stream = np.random.default_rng(5)
    claim, y = stream.integers(0, 50, (2, 1000)) / 50, stream.random((2, 1000)) < 0.3
    wins, pairs = comparative_counts(claim, y, np.ones(y.shape, np.bool_))
    for t in range(2):
        lead = np.sign(claim[t][:, None] - claim[t]) * np.where(y[t][:, None], 1, -1)
        pair = y[t][:, None] != y[t]
        assert (wins[t] == np.where(pair, (lead + 1) / 2, 0.0).sum(axis=1)).all()
        assert (pairs[t] == pair.sum(axis=1)).all()


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 2)), min_size=1, max_size=12))
def test_groups_add_up(sample):
    claim, y, group = (np.array(x) for x in zip(*sample, strict=True))
    used = np.ones((len(y), 1), np.bool_)
    whole = np.array(pair_counts(claim / 4, y[:, None], used, group))
    for g in np.unique(group):
        at = group == g
        alone = np.array(pair_counts(claim[at] / 4, y[at][:, None], used[at]))
        assert (whole[:, at] == alone).all()


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0, -0.5], r"weight must be finite and >= 0; got -0.5 at \(1,\)"),
        ([1.0, np.nan], "weight must be finite and >= 0; got nan"),
        ([1.0], r"weight must have shape \(2,\) or \(2, 1\); got \(1,\)"),
    ],
)
def test_weights_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        pair_counts(np.array([0.1, 0.2]), np.ones((2, 1), np.bool_), np.ones((2, 1), np.bool_), weight=weight)
