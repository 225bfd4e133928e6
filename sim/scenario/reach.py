"""Which arms a key reaches: what a section says of it changes no arm that states the key itself.

Of an economy likewise: its arms state keys in a table of its name, or vary them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.kit.errors import ScenarioError, several


def states(entry: Mapping[str, Any], path: Sequence[str], economy: object = None) -> bool:
    """The arm, as written, states the key at `path` itself, so that it does not read what its section says.

    >>> states({"name": "a", "tender": {"penalty": 0.5}}, ["tender", "penalty"])
    True
    """
    own = entry.get(path[0])
    if isinstance(own, Mapping) and path[1:2] and path[1] in own:
        return True
    varied = entry.get("vary") if path[0] == economy else None
    inner = ".".join(path[1:])
    return isinstance(varied, Mapping) and any(f"{inner}.".startswith(f"{key}.") for key in varied)


def check_reach(raw: Mapping[str, Any], keys: Mapping[str, Sequence[str]]) -> None:
    """Raise ScenarioError, a line each, with the keys that reach no arm of the scenario as written.

    keys: what a line begins with -> path of the key.
    """
    entries = raw.get("arm")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return  # what is wrong with the arms is said where they are checked
    names = several(repr(str(entry.get("name", ""))) for entry in entries)
    own = "states {} itself" if len(entries) == 1 else "state {} themselves"
    faults = [
        f"{said}: reaches no arm: {names} {own.format('.'.join(path))}"
        for said, path in keys.items()
        if all(states(entry, path, raw.get("economy")) for entry in entries)
    ]
    if faults:
        raise ScenarioError(*faults)
