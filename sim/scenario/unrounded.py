"""What a run says of agents with claims that are no longer rounded to their own grid (see sim/population/knobs.py)."""

from __future__ import annotations

from collections.abc import Iterable

from sim.population.knobs import CALIBRATION, ungridded
from sim.scenario.scenario import Scenario
from sim.world.origin import Origin, ProfileOrigin


def unrounded(played: Iterable[tuple[Scenario, Origin]]) -> str | None:
    """One line that names the agents that lose a grid by a knob, in any arm; None where nobody does."""
    names: dict[str, None] = {}
    for scenario, origin in played:
        for world in (arm.settings.world for arm in scenario.arms):
            if isinstance(origin, ProfileOrigin) and isinstance(world.agents, dict):
                names |= dict.fromkeys(ungridded(origin.profile, world.agents))
    if not names:
        return None
    return (
        f"not rounded to their own grid: claims of {', '.join(names)}, where {', '.join(CALIBRATION[:-1])} or "
        f'{CALIBRATION[-1]} is stated and grid is not; world.agents.NAME.grid = "own" rounds them'
    )
