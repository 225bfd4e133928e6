"""What a quantity must do, tried on an example run: runs and sweeps give the same numbers, replication by replication.

A number of each auction, or a numerator and a denominator of each (replication, task), for every agent where it is of
agents; finite where there is something to divide by; 0 where there is not; the same again for the same again; with
replications in another order the same in that order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.arm import ArmData
from analysis.built import built_of
from analysis.example_run import ORDER, played, turned_world, world_of
from analysis.quantities.declared import Mean, Quantity, Ratio, Statistic
from analysis.quantities.of_run import estimate
from analysis.quantities.swept import part_of
from analysis.sweep_cells import Cells
from sim.contracts.trial import trying
from sim.kit.arrays import FloatArray


def quantity_faults(of: Quantity) -> Iterator[str]:
    """All that is wrong with a quantity."""
    for place in (0, 2):
        with trying("an example run"):
            arm = built_of(played(world_of("several"), place, whole=True))
            faults = list(_of_run(of, arm, place))
        yield from faults
        if faults or of.needs or not isinstance(of.how, Mean | Ratio):
            continue  # where it needs the whole ledger sweeps play it, as runs do
        with trying("the example as a sweep counts it, where there is less to read: analysis/quantities/view.py"):
            swept = part_of(of, Cells(played(world_of("several"), place, whole=False)))
            if not all(map(_equal, swept, part_of(of, arm))):
                yield (
                    "a sweep counts something else than a run: broadcast over axes, and turn what is the World's by "
                    "of_world (analysis/quantities/view.py)"
                )


def _of_run(of: Quantity, arm: ArmData, place: int) -> Iterator[str]:
    """What is wrong with it as a run counts it."""
    turned = built_of(played(turned_world(), place, whole=True))
    found, again, other = (estimate(of, each) for each in (arm, arm, turned))
    shape = () if of.level == "arm" else (arm.world.n_agents,)
    if np.shape(found.value) != shape:
        yield f"must have {'one number' if not shape else 'a number of each agent'}; got {np.shape(found.value)}"
        return
    if not np.array_equal(found.value, again.value, equal_nan=True):
        yield "gives another number when it is asked again"
    simulated = isinstance(of.how, Statistic) and not of.how.estimated
    if not simulated and not np.allclose(found.value, other.value, equal_nan=True, rtol=1e-9):
        yield "depends on the order of replications"
    if isinstance(of.how, Mean | Ratio):
        yield from _of_parts(of, arm, turned)


def _of_parts(of: Quantity, arm: ArmData, turned: ArmData) -> Iterator[str]:
    num, den = part_of(of, arm)
    if np.isnan(den).any() or (den < 0).any():
        yield "its denominator must be a number >= 0"
        return
    if not np.isfinite(num[den > 0]).all():
        yield "must be finite wherever there is something to divide by"
    if (num[den == 0] != 0).any():
        yield "its numerator must be 0 where its denominator is"
    if not all(map(_equal, part_of(of, turned), (num[:, list(ORDER)], den[:, list(ORDER)]))):
        yield "with replications in another order it is not the same in that order"


def _equal(one: FloatArray, other: FloatArray) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, equal_nan=True))
