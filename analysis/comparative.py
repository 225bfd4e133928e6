"""Comparative AUC: do claims rank agents at one task?

Index convention: claim, success, present are (N, n), tasks by agents; NaN marks a claim that was not made.

    comparative AUC = W / P over pairs of agents at one task of which exactly one solved it
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.pairs import agent_table, both, observation_weight, pair_counts
from sim.kit.arrays import BoolArray, FloatArray


def comparative_auc(claim: ArrayLike, success: ArrayLike, present: ArrayLike | None = None) -> tuple[FloatArray, float]:
    """Over pairs of agents at one task of which exactly one solved it: how often the solver claimed more, ties half.

    (n,) over the pairs each agent is in, and over all pairs; NaN where there is no such pair. Arrays as in
    `auc_others`. It is what claims can do for routing.

    >>> comparative_auc([[0.9, 0.4], [0.5, 0.5]], [[True, False], [False, True]])
    (array([0.75, 0.75]), 0.75)
    """
    wins, pairs = comparative_counts(*agent_table(claim, success, present))
    n_wins, n_pairs = wins.sum(axis=0), pairs.sum(axis=0)
    each = np.divide(n_wins, n_pairs, out=np.full(n_pairs.shape, np.nan), where=n_pairs > 0)
    return each, float(n_wins.sum() / n_pairs.sum()) if n_pairs.any() else np.nan


def comparative_counts(
    claim: FloatArray,
    success: BoolArray,
    present: BoolArray,
    group: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """(N, n) pairs won (ties half) by the solver's claim, and pairs, among the pairs that include agent i.

    group: (N,) rows of one label are one task (its trials): pairs are of two agents, at any of their trials; by
    default each row is a task. weight: (N,) or (N, n).
    """
    n_rows, n_agents = claim.shape
    made = ~np.isnan(claim) & present
    task = np.repeat(np.arange(n_rows) if group is None else np.asarray(group), n_agents)
    flat = np.where(made, claim, 0.0).reshape(-1), success.reshape(-1, 1), made.reshape(-1, 1)
    size = observation_weight(weight, claim.shape).reshape(-1, 1)
    wins, pairs = pair_counts(*flat, task, size)
    if group is not None:
        own = pair_counts(*flat, both(task, np.tile(np.arange(n_agents), n_rows)), size)
        wins, pairs = wins - own[0], pairs - own[1]
    return wins.reshape(claim.shape), pairs.reshape(claim.shape)
