"""The claims of a recorded table beside its outcomes, as the table that `show` prints of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def claims_of(table: pd.DataFrame) -> list[Any]:
    """Claims, success rates, calibration and discrimination of each agent, with intervals over tasks."""
    from analysis.agents_view import claims_view
    from analysis.claims_table import claims_table
    from analysis.tables import agents_table
    from sim.front.market import Market
    from sim.front.worlds import World
    from sim.mechanisms.planner import Always

    columns = {name: name for name in table.columns if name not in ("answer", "verifier_score")}
    world = World.from_frame(table, columns)
    arm = Market(world, Always(agent=0, pay="reserve"), expected_cost={"fixed": 0.0}).run().arm
    own, pooled = (frame.assign(arm="panel") for frame in (agents_table([arm]), claims_table([arm])))
    return claims_view(own, pooled, "panel")
