"""What a run says of agents with claims that are no longer rounded to their own grid (see sim/population/knobs.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.population.knobs import CALIBRATION, ungridded
from sim.scenario.scenario import Arm
from sim.world.origin import Origin, ProfileOrigin


def unrounded(played: Iterable[tuple[Sequence[Arm], Origin]]) -> str | None:
    """One line that names the agents that lose a grid by a knob, in any arm; None where nobody does."""
    names: dict[str, None] = {}
    worlds = {id(arm.settings.world): (arm.settings.world, origin) for arms, origin in played for arm in arms}
    for world, origin in worlds.values():
        if isinstance(origin, ProfileOrigin) and isinstance(world.agents, dict):
            names |= dict.fromkeys(ungridded(origin.profile, world.agents))
    if not names:
        return None
    return (
        f"not rounded to their own grid: claims of {', '.join(names)}, where {', '.join(CALIBRATION[:-1])} or "
        f'{CALIBRATION[-1]} is stated and grid is not; world.agents.NAME.grid = "own" rounds them'
    )
