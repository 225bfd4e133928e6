"""Example runs that quantities and figures of a user's own are tried on: small, seeded, in memory.

Their sizes differ on every axis: 5 replications, 7 tasks, 6 agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analysis.arm import ArmData
from analysis.built import built_of
from sim.experiment.engine import choose
from sim.experiment.job import Played, play
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.scenario.scenario import Scenario, resolve
from sim.world.world import World

REPLICATIONS = 5
ORDER = (2, 0, 4, 1, 3)  # of replications, another than they were drawn in
_WORLD = {"profile": "marketbench", "tasks": 7, "parameters": "point", "arrivals": {"every": 2}}
_TENDER = {"value": 1.2, "reserve": {"uniform": [0, 1]}, "penalty": 0.1, "postings": 2, "exclude": "failed"}
_RULES: Mapping[str, Sequence[Any]] = {
    "several": ["second_price", "first_price", {"second_score": {"score": "qV-a"}}],
    "alone": [{"posted_price": {}}],
}


@cache
def scenario_of(name: str) -> Scenario:
    """The scenario of an example: "several" arms, or one with every agent "alone"."""
    raw = {
        "question": "Does it work?",
        "seed": 20,
        "replications": REPLICATIONS,
        "world": _WORLD,
        "tender": _TENDER if name == "several" else {**_TENDER, "postings": 1, "penalty": 0.0},
        "market": {"alone": name == "alone"},
        "arm": [{"name": f"arm {place}", "mechanism": rule} for place, rule in enumerate(_RULES[name])],
    }
    return resolve(Path(f"example_{name}"), raw)


@cache
def world_of(name: str) -> World:
    """The World of an example's arms."""
    scenario = scenario_of(name)
    spec = scenario.arms[0].settings.spec
    return draw_world(spec, scenario_origin(scenario), scenario.seed, REPLICATIONS)


@cache
def turned_world() -> World:
    """The World of several arms with its replications in ORDER."""
    world = world_of("several")
    arrays = {name: array for name, array in world.arrays.items() if array.shape[:1] == (REPLICATIONS,)}
    return world.changed(**{name: array[np.array(ORDER)] for name, array in arrays.items()})


@cache
def played(world: World, place: int, *, whole: bool) -> Played:
    """An arm of the example of several, played in this World. whole: with its whole ledger."""
    arm = scenario_of("several").arms[place]
    return play(world, arm, choose("market", arm.settings.terms), 0, whole)


@cache
def arms_of(name: str) -> tuple[ArmData, ...]:
    """All arms of an example."""
    world = world_of(name)
    found = [play(world, arm, "market", 0, whole=True) for arm in scenario_of(name).arms]
    return tuple(map(built_of, found))
