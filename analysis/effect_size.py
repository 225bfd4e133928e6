"""How large a difference is beside how much single observations differ, free of units.

    paired    d_z = mean / sd of the differences of clusters (tasks, where these are the clusters). Source: [Cohen1988]
              Interval: T = d_z sqrt(G) is noncentral t with G - 1 degrees of freedom where differences are normal, and
              the noncentralities at which T is its 2.5 and 97.5 % points, over sqrt(G), are the ends. Under LEAST
              clusters there is none: over 20 tasks, of which few move welfare by a dollar, it held .89
    unpaired  g = (1 - 3 / (4 (G1 + G2 - 2) - 1)) x difference of means / pooled sd of clusters. Source: [Hedges1981]

.2, .5 and .8 are often called small, medium and large. Where clusters do not vary both are undefined.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.intervals import CONFIDENCE

LEAST = 40


def paired_d(difference: float, se: float, n_clusters: int) -> float:
    """d_z of a paired difference with this standard error; NaN where that is 0 or unknown.

    >>> round(paired_d(0.1, 0.05, 25), 3)
    0.4
    """
    return difference / (se * math.sqrt(n_clusters)) if se > 0 else float("nan")


def paired_d_interval(d: float, n_clusters: int) -> tuple[float, float]:
    """95 % interval of d_z; NaN where d is, and under LEAST clusters.

    >>> [round(end, 3) for end in paired_d_interval(0.4, 50)]
    [0.11, 0.686]
    """
    from scipy.special import nctdtrinc

    if math.isnan(d) or n_clusters < LEAST:
        return float("nan"), float("nan")
    root, tail = math.sqrt(n_clusters), (1.0 - CONFIDENCE) / 2.0
    ends = [float(nctdtrinc(n_clusters - 1, p, d * root)) / root for p in (1.0 - tail, tail)]
    return ends[0], ends[1]


def hedges_g(difference: float, se: tuple[float, float], n_clusters: tuple[int, int]) -> float:
    """g of two means with these standard errors over so many clusters each; NaN where nothing varies.

    >>> round(hedges_g(1.0, (1 / math.sqrt(10), 1 / math.sqrt(12)), (10, 12)), 4)
    0.962
    """
    degrees = sum(n_clusters) - 2
    spread = sum((count - 1) * count * error**2 for error, count in zip(se, n_clusters, strict=True))
    if degrees < 1 or not spread > 0:
        return float("nan")
    return float((1.0 - 3.0 / (4.0 * degrees - 1.0)) * difference / np.sqrt(spread / degrees))
