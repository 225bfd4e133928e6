"""Worlds with records for tests: from a World of a test's own, or of a table written for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.kit import draws
from sim.scenario.scenario import Scenario, load_scenario
from sim.specs.settings import Settings
from sim.world.history import Histories, with_records
from sim.world.world import World

SEED = 11
COLUMNS = 'columns = { agent = "agent", task = "task", trial = "trial", claim = "claim", success = "success", '
COLUMNS += 'cost = "cost", cost_belief = "cost_belief" }\n'


def settings(card: dict[str, Any] | None = None, **standing: Any) -> Settings:
    sections: dict[str, Any] = {
        "world": {"profile": "p.toml", "tasks": 2, "parameters": "point"},
        "tender": {"reserve": 1.0, "penalty": 0.0},
        "standing": standing,
        "bidders": {} if card is None else {"card": card},
    }
    return Settings.model_validate(sections)


def histories(world: World, observed: ArrayLike = True, seed: int = SEED) -> Histories:
    """Of a World that is all there is to know; task names name the draws, as in a table."""
    words = draws.words_range(world.n_replications), draws.words_of(world.tasks)
    return Histories(world, seed, words, np.broadcast_to(observed, world.success.shape))


def recorded(world: World, of: Settings, observed: ArrayLike = True, seed: int = SEED) -> World:
    return with_records(world, histories(world, observed, seed), of.spec)


def table_scenario(
    folder: Path, success: ArrayLike, arms: dict[str, str], *, replications: int, cost: float = 0.1, world: str = ""
) -> Scenario:
    """Agents a0, a1, ... and tasks t0, t1, ... that cost `cost`. arms: name -> settings.

    success (T, n) or (T, n, K), -1: there is no such trial. Value 1, expected cost fixed at `cost`, the agent that is
    routed to paid its cost.
    """
    outcomes = np.asarray(success, int)
    outcomes = outcomes[..., None] if outcomes.ndim == 2 else outcomes
    lines = ["agent,task,trial,claim,success,cost,cost_belief"]
    for (t, i, k), passed in np.ndenumerate(outcomes):
        if passed >= 0:
            lines.append(f"a{i},t{t},{k},0.5,{passed},{cost},{cost}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    head = f'question = "?"\nseed = 3\nreplications = {replications}\n[world]\ntable = "t.csv"\n{COLUMNS}{world}'
    head += (
        f'[tender]\nvalue = 1.0\nreserve = "value"\npenalty = 0.0\n[standing]\nexpected_cost = {{ fixed = {cost} }}\n'
    )
    rule = 'mechanism = "route_by_advice"'
    text = head + "".join(f'[[arm]]\nname = "{name}"\n{rule}\n{given}\n' for name, given in arms.items())
    path = folder / "s.toml"
    path.write_text(text)
    return load_scenario(path)
