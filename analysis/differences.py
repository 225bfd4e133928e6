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


def difference(arm: ArmData, baseline: ArmData, name: str) -> Estimate:
    """Arm minus baseline per auction in one of QUANTITIES; NaN where the two did not hold the same auctions.

    Its error is that of redrawn tables where either arm was replayed on them.
    """
    a, b = (QUANTITIES[name](each) for each in (arm, baseline))
    if a.shape != b.shape:
        return without_error(np.nan)
    rate, itself = name in metrics.RATES, arm.name == baseline.name
    found = paired_difference(a, b, joint(arm, baseline), rate=rate, exact=itself)
    if itself or joint(arm, baseline) != "none" or arm.replays is None or baseline.replays is None:
        return found
    shares = (float((a > b).mean()), float((a < b).mean())) if rate else None
    replays, by_record = (arm.replays[name], baseline.replays[name]), arm.by_record or baseline.by_record
    return with_error_of_difference(found, *replays, arm.world.n_tasks, shares, by_record=by_record)


def differences(arm: ArmData, baseline: ArmData) -> dict[str, Estimate]:
    """`difference` in each quantity."""
    return {name: difference(arm, baseline, name) for name in QUANTITIES}


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
