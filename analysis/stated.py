"""Claims beside their outcomes, whatever they come from: an arm of a run, or a recorded table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from analysis.inference import By
from analysis.observed import Observed
from sim.kit.arrays import IntArray
from sim.tables.table import Recorded


class Claims(Protocol):
    """observed: claims and outcomes of these agents. by_claims: the clusters of their intervals. claim_groups: (N,)
    within what claims compare; None: everywhere. coupled: what couples the tasks of a replication. An `ArmData` is one.
    """

    @property
    def agents(self) -> tuple[str, ...]: ...
    @property
    def observed(self) -> Observed: ...
    @property
    def by_claims(self) -> By: ...
    @property
    def claim_groups(self) -> IntArray | None: ...
    @property
    def coupled(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, eq=False)
class Stated:
    """Claims without a market; fields as in `Claims`."""

    agents: tuple[str, ...]
    observed: Observed
    by_claims: By = "task"
    claim_groups: IntArray | None = None
    coupled: tuple[str, ...] = ()

    @classmethod
    def of_table(cls, recorded: Recorded) -> Self:
        """The claims of a table of known outcomes, clustered by tasks.

        Where the trials of a cell have claims of their own each counts with its outcome, beside the other agents'
        trial in the same place; else a cell counts once.
        """
        counted = np.arange(recorded.success.shape[-1]) < recorded.trials[..., None]
        if recorded.trial_belief is None:
            claim = np.where(counted.any(axis=2), recorded.belief, np.nan)[None]
            success, known = (np.moveaxis(array, 2, 1)[None] for array in (recorded.success, counted))
            return cls(recorded.agents, Observed(claim, success, known, 1))
        success, known = (np.moveaxis(array, 2, 0) for array in (recorded.success, counted))
        claim = np.where(known, np.moveaxis(recorded.trial_belief, 2, 0), np.nan)
        return cls(recorded.agents, Observed(claim, success[:, :, None], known[:, :, None], 1))


def only(of: Claims, agent: int) -> Stated:
    """The claims of one agent."""
    return Stated((of.agents[agent],), of.observed.only(agent), of.by_claims, of.claim_groups, of.coupled)
