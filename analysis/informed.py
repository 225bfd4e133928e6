"""Worlds in which agents know more of themselves: what they believe is replaced, everything else is the same luck.

    kind                belief of the agent becomes
    calibration         its claims recalibrated on other tasks (analysis/recalibrated.py)
    cost calibration    its cost beliefs times mean cost / mean cost belief on other tasks
    discrimination      its true ability at the task: calibrated, and it knows which tasks suit it
    actual costs        what its first try costs
    outcomes            1 where its first try is delivered, else 0

Of claims, each includes the one before it: who knows its abilities is calibrated, and who knows outcomes knows more. So
does `actual costs` include `cost calibration`. Claims and costs cross. These are two chains,

    claims   calibration < discrimination < outcomes         costs   cost calibration < actual costs

and what an agent knows is a place on each. Outcomes and actual costs are foresight and a bound: nobody knows them
beforehand. A recorded table holds one outcome of an agent at a task and so says nothing of its ability there: without a
column of abilities `discrimination` is left out, and the step to `outcomes` holds what it would be worth.

Beliefs are replaced, not bids: agents make of them what their policies do. After failures of its own at a task an agent
that is calibrated updates as before (sim/agents/retry.py), one that knows its ability keeps it, and one that knows
outcomes knows those of its next tries as well, where beliefs move at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.recalibrated import recalibrated, right_on_average
from sim.agents.retry import after_each
from sim.kit.arrays import FloatArray
from sim.world.world import World

CALIBRATION, DISCRIMINATION, OUTCOMES = "calibration", "discrimination", "outcomes"
COST_CALIBRATION, COSTS = "cost calibration", "actual costs"
CLAIMS, OF_COSTS = (CALIBRATION, DISCRIMINATION, OUTCOMES), (COST_CALIBRATION, COSTS)
ORDER = (CALIBRATION, COST_CALIBRATION, DISCRIMINATION, COSTS, OUTCOMES)  # of the steps that are shown
FORESIGHT = (COSTS, OUTCOMES)

Place = tuple[int, ...]  # how far along each chain


def chains(world: World) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds of each chain that this World can say anything of; a chain may be empty."""
    claims = [CALIBRATION, *([DISCRIMINATION] if knows_abilities(world) else []), OUTCOMES]
    costs = OF_COSTS if world.knows("cost") and world.knows("cost_belief") else ()
    return tuple(claims), costs


def knows_abilities(world: World) -> bool:
    """Every ability of those present is known."""
    return not bool((world.present & np.isnan(world.ability)).any())


def informed(world: World, seed: int, known: tuple[str | None, str | None]) -> World:
    """The World in which agents know this kind of their claims and of their costs; None: what they believe stays."""
    of_claims, of_costs = known
    changes: dict[str, Any] = {}
    if of_claims is not None:
        changes |= _with_belief(world, _belief(world, seed, of_claims), of_claims)
    if of_costs is not None:
        changes["cost_belief"] = right_on_average(world, seed) if of_costs == COST_CALIBRATION else world.cost[..., 0]
    if not changes:
        return world
    return world.changed(**changes, by_record=tuple(name for name in world.by_record if name not in changes))


def _belief(world: World, seed: int, kind: str) -> FloatArray:
    if kind == CALIBRATION:
        return recalibrated(world, seed)
    return world.ability if kind == DISCRIMINATION else world.delivered[..., 0].astype(np.float64)


def _with_belief(world: World, belief: FloatArray, kind: str) -> dict[str, Any]:
    later, spread = world.retry_belief, world.spread
    if later is None or spread is None:
        return {"belief": belief}
    most = later.shape[-1]
    if kind == CALIBRATION:
        after = after_each(belief, spread, most)
    elif kind == DISCRIMINATION:
        after = np.broadcast_to(belief[..., None], later.shape)
    else:
        tries = np.minimum(np.arange(1, most + 1), world.n_tries - 1)
        after = world.delivered[..., tries].astype(np.float64)
    return {"belief": belief, "retry_belief": after}
