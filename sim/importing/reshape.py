"""Wide to long: a row with columns for each agent becomes a row for each agent."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from sim.importing.cell_text import is_empty
from sim.importing.mapping import WideSpec
from sim.importing.source_row import SourceRow
from sim.importing.used_fields import keys_of
from sim.kit.errors import TableError, capped, closest, several


def long_rows(rows: Sequence[SourceRow], wide: WideSpec, nulls: Collection[str]) -> tuple[list[SourceRow], int]:
    """The rows of each agent, and how many pairs had nothing in any field and so give none.

    Raises TableError where an agent has no heading, or the pattern of agents finds none.
    """
    headings = keys_of(rows)
    agents = _agents(wide, headings)
    named = {agent: {name: form.replace("{agent}", agent) for name, form in wide.fields.items()} for agent in agents}
    _check(named, headings)
    found, empty = [], 0
    for row in rows:
        for agent, fields in named.items():
            cells = {name: row.values.get(heading) for name, heading in fields.items()}
            if all(is_empty(value, nulls) for value in cells.values()):
                empty += 1
                continue
            special = {**row.special, "agent": agent, **cells}
            found.append(SourceRow(row.file, row.number, row.line, row.values, special))
    return found, empty


def _agents(wide: WideSpec, headings: Sequence[str]) -> list[str]:
    if not isinstance(wide.agents, str):
        return wide.agents
    matches = (re.fullmatch(wide.agents, heading) for heading in headings)
    agents = list(dict.fromkeys(match["agent"] for match in matches if match is not None))
    if not agents:
        raise TableError(f"wide.agents: {wide.agents!r} matches none of the headings {several(headings)}")
    return agents


def _check(named: dict[str, dict[str, str]], headings: Sequence[str]) -> None:
    there = set(headings)
    faults = [
        f"wide.fields.{name}: no heading {heading!r} of agent {agent!r}{closest(heading, headings)}"
        for agent, fields in named.items()
        for name, heading in fields.items()
        if heading not in there
    ]
    if faults:
        raise TableError(*capped(faults))
