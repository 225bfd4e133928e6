"""Standard errors of the parts of a Brier score, for another draw of clusters.

The parts (analysis/corp.py) follow from a regression, so they have no influence values; clusters are left out instead,
one after the other, or in at most MOST groups of them:

    se^2 = (G - 1) / G sum over groups (part without g - their mean)^2

Reliability and resolution are biased upwards in a finite sample, like ECE, so that no interval is made from these
errors; uncertainty is not, and has Student's t. Root mean square of the errors over the standard deviation of the parts
over fresh tables of 40 and 93 tasks (tests/theory/test_corp_error.py): resolution .98 to 1.11; reliability .99 to 1.14,
and 1.3 to 1.5 where claims are calibrated, since reliability folds at 0; uncertainty .95 to 1.08, and up to 1.5 where
the success rate is near a half, at which it has no slope.
"""

from __future__ import annotations

import numpy as np

from analysis.corp import brier_parts
from sim.kit.arrays import BoolArray, FloatArray, IntArray

MOST = 100


def parts_error(claim: FloatArray, success: BoolArray, cluster: IntArray, weight: FloatArray) -> FloatArray:
    """(3,) standard errors of reliability, resolution and uncertainty; NaN with fewer than two clusters.

    claim, success, cluster, weight: (N,) of the claims that were made.
    """
    label = np.unique(cluster, return_inverse=True)[1]
    n_groups = min(int(label.max(initial=-1)) + 1, MOST)
    if n_groups < 2:
        return np.full(3, np.nan)
    group = label % n_groups
    left = np.array([brier_parts(claim[at], success[at], weight[at]) for at in (group != g for g in range(n_groups))])
    return np.asarray(np.sqrt((n_groups - 1) / n_groups * ((left - left.mean(axis=0)) ** 2).sum(axis=0)))
