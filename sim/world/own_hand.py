"""The principal's own hand in a World (tender.own), once all agents are there: further names, organisations, a shill.

It makes no bid that could come late or not at all, and where the principal asks for none (tender.autarky) nobody else
makes one, whoever stands as which agent. Index convention: R replications, T tasks, n agents.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.specs.tender import TenderSpec
from sim.world.world import World


def with_own_hand(world: World, tender: TenderSpec) -> World:
    """The World in which the principal's own hand always answers, at once, and others only where they are asked."""
    if tender.own is None or (world.silent is None and world.autarkic is None and not _late(world, tender.own)):
        return world
    hand = np.array([name == tender.own for name in world.agents])
    silent = np.broadcast_to(np.False_, world.present.shape) if world.silent is None else world.silent
    unasked = False if world.autarkic is None else world.autarkic[..., None]
    changes: dict[str, Any] = {"silent": (silent | unasked) & ~hand}
    if _late(world, tender.own):
        changes["latency"] = np.where(hand, 0, world.latency)
    return world.changed(**changes)


def _late(world: World, own: str) -> bool:
    """Its answer takes time; a name that is no agent's is refused elsewhere."""
    return own in world.agents and bool(world.latency[:, :, world.agents.index(own)].any())
