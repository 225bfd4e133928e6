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
from analysis.arm import ArmData, joint, over
from analysis.cells import cells
from analysis.inference import Estimate, paired_difference, without_error
from analysis.intervals import holm
from analysis.resampled import with_error_of_difference
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
        found[name] = without_error(np.nan)
        if same:
            rate = name in metrics.RATES
            itself = arm.name == baseline.name
            found[name] = paired_difference(a, b, joint(arm, baseline), rate=rate, exact=itself)
            if (
                joint(arm, baseline) == "none"
                and not itself
                and arm.replays is not None
                and baseline.replays is not None
            ):
                shares = (float((a > b).mean()), float((a < b).mean())) if rate else None
                pair = arm.replays[name], baseline.replays[name]
                found[name] = with_error_of_difference(found[name], *pair, arm.world.n_tasks, shares)
    return found


def differences_table(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> pd.DataFrame:
    """One row per arm. baselines: arm's name -> name of the arm it is compared to."""
    named = {arm.name: arm for arm in arms}
    rows = []
    for arm in arms:
        baseline = baselines[arm.name]
        row: dict[str, Any] = {"arm": arm.name, "mechanism": arm.mechanism, "baseline": baseline}
        row |= {"changed": changed(arm, named[baseline]), "clusters": over(arm, named[baseline])}
        for name, gap in differences(arm, named[baseline]).items():
            row |= cells(name, gap) | {f"{name}_p": float(gap.p)}
        rows.append(row)
    table = pd.DataFrame(rows)
    for name in QUANTITIES:
        table[f"{name}_p_holm"] = holm(table[f"{name}_p"])
    return table


def changed(arm: ArmData, baseline: ArmData) -> float:
    """Share of auctions in which the two did not hire the same agents as often; NaN where they held others."""
    if arm.value.shape != baseline.value.shape:
        return float("nan")
    other = arm.per_auction(arm.attempts != baseline.attempts) > 0
    return float(other.mean())
