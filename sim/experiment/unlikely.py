"""What is no error and may be one: dollars in another unit, results that are not in a table, keys without an effect."""

from __future__ import annotations

import numpy as np

from sim.experiment.absent_agents import absent_agents
from sim.experiment.idle_keys import idle_keys
from sim.experiment.plan import Plan
from sim.world.origin import TableOrigin

_UNITS = ((100.0, "cents: divide by 100"), (1e6, "millionths of a dollar: divide by 1e6"))


def unlikely(plan: Plan) -> list[str]:
    """A line for each thing that a scenario states and that is likely a mistake."""
    return [*_of_table(plan), *idle_keys(plan), *absent_agents(plan)]


def _of_table(plan: Plan) -> list[str]:
    """A line for each column of dollars whose median is above the value of every task, with the likely unit.

    Nothing pays then for the median attempt. Only values that are the same for all tasks are looked at. Before them
    stands a line for each thing that imported results hold and the table does not.
    """
    origin = plan.origin
    if not isinstance(origin, TableOrigin):
        return []
    lines = [f"{plan.scenario.name}: world.table: {line}" for line in origin.left_out]
    values = [arm.settings.tender.value for arm in plan.scenario.arms]
    stated = [value.a for value in values if value is not None and value.kind == "constant"]
    if not stated or len(stated) < len(values):
        return lines
    value, table = max(stated), origin.recorded
    for name, dollars in (("cost", table.cost), ("cost_belief", table.cost_belief)):
        median = float(np.median(dollars[table.present]))
        if median > value:
            unit = next((unit for factor, unit in _UNITS if median / factor <= value), "another unit")
            lines.append(
                f"{plan.scenario.name}: warning: the median {name} of the table, {median:g}, is above tender.value, "
                f"{value:g}; costs are in dollars: these may be {unit}"
            )
    return lines
