"""How precise a sweep is by now: the table that decides whether it needs more replications."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.intervals import t_quantile
from analysis.sweep_table import Merged, reshaped

FIRST_LOOK = 20  # replications before a precision is judged


def precision_table(sums: Merged, share: float) -> pd.DataFrame:
    """How precise welfare is in every arm of every whole cell, or the solve rate where no value is stated.

    half_width: of the 95% interval, over replications, at least FIRST_LOOK of them; on a recorded table that is the
    simulation's own noise, since no number of replications makes its tasks more. allowed: `share` of the absolute mean.
    """
    found = reshaped(sums.estimate(), (len(sums.whole), len(sums.arms), len(sums.rows)))
    replications = np.reshape(sums.total["noise_clusters"], found["value"].shape)
    rows = []
    for place, cell in enumerate(sums.whole):
        for arm, about in enumerate(sums.arms):
            at = place, arm, sums.place("welfare")
            metric = "welfare"
            if np.isnan(found["value"][at]):
                at, metric = (place, arm, sums.place("solve_rate")), "solve_rate"
            half, allowed = _half_width(found["se_mc"][at], replications[at]), share * abs(found["value"][at])
            row = {"cell": cell, "arm": about["name"], "metric": metric, "half_width": half, "allowed": allowed}
            rows.append({**row, "reached": bool(half <= allowed)})
    return pd.DataFrame(rows, columns=["cell", "arm", "metric", "half_width", "allowed", "reached"])


def _half_width(se_mc: float, replications: int) -> float:
    """t(R - 1) x se_mc; NaN with fewer than FIRST_LOOK replications, of which the error itself is too uncertain."""
    return float(t_quantile(replications) * se_mc) if replications >= FIRST_LOOK else float("nan")
