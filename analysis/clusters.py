"""Clusters of an arm's intervals, of what it claims, and of the difference of two arms (docs/intervals.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.inference import CLUSTERS, REPLAYED, By
from sim.world import World

if TYPE_CHECKING:
    from analysis.arm import ArmData


def joint(arm: ArmData, baseline: ArmData) -> By:
    """Clusters of the difference of two arms of one World: the coarser ones of the two."""
    order: tuple[By, ...] = ("task", "pair", "replication", "none")
    return max(arm.by, baseline.by, key=order.index)


def over(arm: ArmData, baseline: ArmData) -> str:
    """What the clusters of the difference of two arms are, in words."""
    by, known = joint(arm, baseline), arm.replays is not None and baseline.replays is not None
    return REPLAYED if by == "none" and known else CLUSTERS[by]


def clusters_of(world: World, coupled: tuple[str, ...]) -> By:
    """Clusters of a World in which these things couple the tasks of a replication."""
    return "task" if world.from_table else "replication" if coupled else "pair"


def clusters_of_claims(world: World, coupled: tuple[str, ...]) -> By:
    """Clusters of what agents claim and can do, of an arm whose tasks these things couple."""
    told = tuple(name for name in coupled if name in world.shared or name.startswith("bidders.card"))
    return clusters_of(world, told)
