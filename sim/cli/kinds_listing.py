"""Tables of the parts of a kind: what `bidlab list KIND` prints. Builds, never prints."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sim.cli import listing
from sim.kit.kinds import KINDS, Registry
from sim.kit.terminal import of_rows

_SPECIAL: dict[str, Callable[[], list[Any]]] = {
    "mechanisms": listing.mechanisms,
    "reputations": listing.reputations,
    "advisors": listing.advisors,
}
_OTHERS: dict[str, Callable[[], list[Any]]] = {"scenarios": listing.scenarios, "settings": listing.settings}
_NAMED = {  # kind -> where a scenario names it
    "policy": "bidders.policy",
    "agent": "bidders.process",
    "belief_model": "world.beliefs",
    "reserve_policy": "tender.reserve or tender.escalation.policy",
    "importer": "world.table.format",
    "verifier": "verify of a file of tasks",
    "economy": "economy, at the top of a scenario",
    "cost_learner": "standing.expected_cost",
    "quantity": "quantities of [sweep], or y of a [[figure]]",
}


def tables() -> dict[str, Callable[[], list[Any]]]:
    """What can be listed, by name: every kind in the plural, and what else there is."""
    import sim.economies.economy
    import sim.live.verifiers
    import sim.world.importers  # noqa: F401 -- each adds a kind, and so do those below
    from analysis import figures, quantities  # noqa: F401

    found = dict(_SPECIAL)
    for kind, registry in KINDS.items():
        found.setdefault(plural(kind), partial(parts, kind, registry))
    return found | _OTHERS


def named(word: str, among: dict[str, Callable[[], list[Any]]]) -> str:
    """The name in the plural of what is asked for in either number, with - or _; as it is where there is none."""
    plain = word.replace("-", "_")
    return next((name for name in among if name in (plain, plural(plain))), word)


def plural(kind: str) -> str:
    """More than one of a kind.

    >>> plural("policy"), plural("agent")
    ('policies', 'agents')
    """
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def parts(kind: str, registry: Registry[Any, Any]) -> list[Any]:
    """Every part of a kind: name, one line, parameters, source; and how to add one."""
    rows = [(_name(name), *registry.described(name)) for name in registry]
    heads = [kind.replace("_", " "), "what it is", "parameters", "source"]
    kept = [place for place in range(len(heads)) if place == 0 or any(row[place] for row in rows)]
    sheet = of_rows(
        None,
        [heads[place] for place in kept],
        [[row[place] for place in kept] for row in rows],
        n_left=len(kept),
        prose=[heads[place] for place in kept[1:]],
    )
    where = f"it is named in {_NAMED[kind]}; " if kind in _NAMED else ""
    return [sheet, "", f"{where}to add one, {registry.how} (docs/extending.md)"]


def _name(name: Any) -> str:
    """As it is registered; of a quantity its name and level."""
    return name if isinstance(name, str) else f"{name[1]} ({name[0]})"
