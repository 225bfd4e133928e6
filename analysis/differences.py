"""differences.csv: every arm against the baseline arm, paired auction by auction under the same luck.

Two arms face the same tasks, reserves and lotteries, so their difference is far better known than either: compare
arms by this table, never by whether two intervals overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis import metrics
from analysis.arm import ArmData
from analysis.inference import Estimate, paired_difference, without_error
from sim.arrays import FloatArray

QUANTITIES: dict[str, Callable[[ArmData], FloatArray]] = {
    "solve_rate": lambda arm: arm.solved.astype(np.float64),
    "cost": lambda arm: np.asarray(arm.per_auction(arm.cost)),
    "payment": lambda arm: np.asarray(arm.per_auction(arm.payment)),
    "surplus": metrics.surplus,
    "utility": metrics.utility,
    "welfare": metrics.welfare,
}


def differences(arm: ArmData, baseline: ArmData) -> dict[str, Estimate]:
    """Arm minus baseline per auction, by quantity; NaN where the two did not hold the same auctions."""
    found = {}
    for name, quantity in QUANTITIES.items():
        a, b = quantity(arm), quantity(baseline)
        same = a.shape == b.shape
        found[name] = paired_difference(a, b, arm.world.recorded) if same else without_error(np.nan)
    return found


def differences_table(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> pd.DataFrame:
    """One row per arm. baselines: arm's name -> name of the arm it is compared to."""
    named = {arm.name: arm for arm in arms}
    rows = []
    for arm in arms:
        baseline = baselines[arm.name]
        row: dict[str, Any] = {"arm": arm.name, "mechanism": arm.mechanism, "baseline": baseline}
        for name, gap in differences(arm, named[baseline]).items():
            row |= {name: float(gap.value), f"{name}_se": float(gap.se), f"{name}_se_mc": float(gap.se_mc)}
        rows.append(row)
    return pd.DataFrame(rows)
