"""differences.csv: every arm against the baseline arm, paired auction by auction under the same luck.

Two arms face the same tasks, reserves and lotteries, so their difference is far better known than either: compare
arms by this table, never by whether two intervals overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.arm import ArmData
from analysis.cells import cells
from analysis.clusters import over
from analysis.inference import Estimate
from analysis.intervals import holm
from analysis.quantities import paired_of_arms
from analysis.quantities.of_run import difference


def differences(arm: ArmData, baseline: ArmData) -> dict[str, Estimate]:
    """`tested` in each paired quantity."""
    return {each.name: tested(arm, baseline, each.name) for each in paired_of_arms()}


def tested(arm: ArmData, baseline: ArmData, name: str) -> Estimate:
    """`difference`; p is NaN where the two hire alike and do not differ: a fact, and no member of Holm's family."""
    found = difference(arm, baseline, name)
    return replace(found, p=np.full_like(found.p, np.nan)) if unchanged(changed(arm, baseline), found.value) else found


def unchanged(share: float, gap: ArrayLike) -> bool:
    """No decision differs, `changed` being 0, and so nothing does."""
    return bool(share == 0 and np.all(np.asarray(gap) == 0))


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
    for name in (each.name for each in paired_of_arms()):
        table[f"{name}_p_holm"] = holm(table[f"{name}_p"])
    return table


def changed(arm: ArmData, baseline: ArmData) -> float:
    """Share of auctions in which the two did not hire the same agents as often; NaN where they held others."""
    if arm.value.shape != baseline.value.shape:
        return float("nan")
    other = arm.per_auction(arm.attempts != baseline.attempts) > 0
    return float(other.mean())
