"""A principal's own agents in a World, once all agents are there: further names, organisations, a shill.

They make no bid that could come late or not at all, and where the principal asks for none (tender.autarky) nobody else
makes one, whoever stands as which agent. What is drawn, and by what it is named (besides the seed): autarky
(replication, task). Index convention: R replications, T tasks, n agents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sim.kit.arrays import FloatArray
from sim.specs.tender import TenderSpec
from sim.world.world import World


def with_staff(world: World, tender: TenderSpec, chance: Callable[[str], FloatArray]) -> World:
    """The World in which staff always answer, at once, and others only where they are asked.

    chance: uniform draws (R, T) of a purpose, one for each task.
    """
    if not tender.staff:
        return world
    unasked = chance("autarky") < tender.autarky if tender.autarky > 0 else None
    late = _late(world, tender.staff)
    if world.silent is None and unasked is None and not late:
        return world
    staff = np.array([name in tender.staff for name in world.agents])
    silent = np.broadcast_to(np.False_, world.present.shape) if world.silent is None else world.silent
    changes: dict[str, Any] = {"silent": (silent | (False if unasked is None else unasked[..., None])) & ~staff}
    if late:
        changes["latency"] = np.where(staff, 0, world.latency)
    return world.changed(unasked=unasked, **changes)


def _late(world: World, staff: Sequence[str]) -> bool:
    """Some answer takes time; a name that is no agent's is refused elsewhere."""
    return any(bool(world.latency[:, :, world.agents.index(one)].any()) for one in staff if one in world.agents)
