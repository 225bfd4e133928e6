"""Clusters of an arm's intervals, of what it claims, and of the difference of two arms (docs/intervals.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from analysis.inference import CLUSTERS, REPLAYED, By
from sim.kit.arrays import FloatArray
from sim.world.world import World

_FROM_FINE: tuple[By, ...] = ("task", "pair", "replication", "none")


class Clustering(Protocol):
    """What of an arm decides its clusters. replays: as `analysis.arm.ArmData` has them."""

    @property
    def by(self) -> By: ...
    @property
    def replays(self) -> Mapping[str, FloatArray] | None: ...


class Coupled(Protocol):
    """What of an arm says what couples its tasks."""

    @property
    def coupled(self) -> tuple[str, ...]: ...


Arm = TypeVar("Arm", bound=Clustering)


def coarsest(arms: Iterable[Arm]) -> Arm:
    """The arm, of one World, with the coarsest clusters; the first of several."""
    return max(arms, key=lambda arm: _FROM_FINE.index(arm.by))


def joint(arm: Clustering, baseline: Clustering) -> By:
    """Clusters of the difference of two arms of one World: the coarser ones of the two."""
    return coarsest([arm, baseline]).by


def over(arm: Clustering, baseline: Clustering) -> str:
    """What the clusters of the difference of two arms are, in words."""
    by, known = joint(arm, baseline), arm.replays is not None and baseline.replays is not None
    return REPLAYED if by == "none" and known else CLUSTERS[by]


def coupling_of(arm: Coupled, baseline: Coupled) -> list[str]:
    """What couples the tasks of either arm, in one order whichever arm names it first."""
    return sorted({*arm.coupled, *baseline.coupled})


def clusters_of(world: World, coupled: tuple[str, ...]) -> By:
    """Clusters of a World in which these things couple the tasks of a replication."""
    return "task" if world.from_table else "replication" if coupled else "pair"


def clusters_of_claims(world: World, coupled: tuple[str, ...]) -> By:
    """Clusters of what agents claim and can do, of an arm with tasks that these things couple."""
    read = tuple(name for name in coupled if name in world.shared or name.startswith("bidders.card"))
    return clusters_of(world, read)
