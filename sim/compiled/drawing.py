"""What of a World is drawn as the market goes: formulas that nobody has to have made before.

A field whose formula cannot be traced is made by NumPy, like every other.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.compiled.trace.bulk import in_bulk
from sim.compiled.trace.graph import Kind, UntraceableError
from sim.compiled.trace.tracing import Graph, trace_part
from sim.compiled.trace.words import SymbolicWords
from sim.kit import draws
from sim.kit.remembered import Remembered
from sim.market.rules import Rules
from sim.world.formula import Formula
from sim.world.world import World

OF_POSTING: dict[str, tuple[str, Kind]] = {  # field -> row in hand, kind
    "belief": ("belief", "f"),
    "cost_belief": ("cost_belief", "f"),
    "ability": ("advice", "f"),
    "silent": ("silent", "b"),
    "lottery": ("lottery", "f"),
    "exploration": ("exploration", "f"),
    "choice": ("choice", "f"),
}
OF_TRY: dict[str, tuple[str, Kind]] = {
    "verified": ("try_verified", "b"),
    "success": ("try_success", "b"),
    "infra": ("try_infra", "b"),
    "duration": ("try_ticks", "i"),
    "cost": ("try_cost", "f"),
}


@dataclass(frozen=True, eq=False)
class Drawing:
    """What of a World is drawn as the market goes.

    graphs: "draw", "draw_lane", "draw_try" -> their graph. fields: names of what they draw. of: what these graphs
    follow from; drawings of equal `of` have the same. in_bulk: likewise, of "draw_lane" alone. words: by axis.
    """

    graphs: Mapping[str, Graph]
    fields: frozenset[str]
    of: Hashable
    in_bulk: Hashable
    words: Mapping[str, draws.Words]

    def lane_keys(self, keys: Sequence[tuple[int, str]], replications: int) -> draws.Words:
        """(R, J) keys of each replication for each seed and purpose."""
        return draws.lane_keys(keys, self.words.get("r", draws.words_range(replications)))

    def steps(self, axis: str, count: int = 1) -> Any:
        """What the words of an axis add to a key; of so many where it has none."""
        return draws.steps(self.words.get(axis, np.zeros(count, np.uint64)))


_DRAWN = {"draw": OF_POSTING, "draw_lane": OF_POSTING, "draw_try": OF_TRY}
_PARTS, _GRAPHS = Remembered(512), Remembered(512)


def drawing_of(world: World, rules: Rules, asks: Collection[str]) -> Drawing:
    """The fields that this market can draw itself. asks: rows in hand that anything reads."""
    words: dict[str, draws.Words] = {}
    drawn: dict[str, dict[str, Formula]] = {part: {} for part in _DRAWN}
    for name, formula in _formulas(world):
        if not _wanted(name, rules, world, asks):
            continue
        own: dict[str, draws.Words] = dict(formula.words.items())
        if formula.families is not None:
            own["f"] = formula.families
        if any(axis in words and not np.array_equal(words[axis], these) for axis, these in own.items()):
            continue
        part = _part_of(name, formula, world.n_agents)
        if part is not None:
            words.update(own)
            drawn[part][name] = formula
    n = world.n_agents
    known = {part: tuple((name, _known(one)) for name, one in some.items()) for part, some in drawn.items()}
    of = n, *known.items()

    def graphs() -> dict[str, Graph]:
        return {part: _graph(some, _DRAWN[part], n) for part, some in drawn.items() if some}

    return Drawing(_GRAPHS.of(None, of, graphs), frozenset().union(*drawn.values()), of, (n, known["draw_lane"]), words)


def _known(formula: Formula) -> Hashable:
    return formula if formula.of is None else (formula.of, *formula.words)


def _part_of(name: str, formula: Formula, n: int) -> str | None:
    """The part that draws this field; None where it cannot be traced."""

    def find() -> str | None:
        of = OF_POSTING if name in OF_POSTING else OF_TRY
        try:
            graph = _graph({name: formula}, of, n)
        except UntraceableError:
            return None
        return "draw_try" if of is OF_TRY else "draw_lane" if _goes_in_bulk(graph) else "draw"

    found: str | None = _PARTS.of(None, (name, _known(formula), n), find)
    return found


def _goes_in_bulk(graph: Graph) -> bool:
    try:
        in_bulk(graph, [])
    except UntraceableError:
        return False
    return True


def reads(rules: Rules, asks: Collection[str]) -> tuple[bool, ...]:
    """What of the rules decides which fields are drawn."""
    shown = [name in asks for name in ("lottery", "exploration", "choice", "advice", "expected_cost")]
    return (*shown, rules.advice == "ability", rules.advice == "outcome", rules.expected_cost.kind == "actual")


def _formulas(world: World) -> list[tuple[str, Formula]]:
    return [(name, field) for name, field in world.formulas.items() if isinstance(field, Formula)]


def _wanted(name: str, rules: Rules, world: World, asks: Collection[str]) -> bool:
    """Whether a market under these rules reads the field element by element, where it is needed."""
    match name:
        case "lottery" | "exploration" | "choice":
            return name in asks
        case "ability":
            return rules.advice == "ability" and "advice" in asks
        case "cost":
            return rules.expected_cost.kind != "actual" or "expected_cost" not in asks
        case "success" | "infra" if rules.advice == "outcome" and "advice" in asks:
            return False
        case "success":
            return own_success(world)
    return name in OF_POSTING or name in OF_TRY


def own_success(world: World) -> bool:
    """Whether what truly happens is another array than what the verifier says."""
    made = vars(world)
    one, other = (made.get(name, world.formulas.get(name)) for name in ("success", "verified"))
    return one is not other


def _graph(formulas: Mapping[str, Formula], rows: Mapping[str, tuple[str, Kind]], n: int) -> Graph:
    def run(of: Any) -> dict[str, Any]:
        found = {}
        for name, formula in formulas.items():
            symbols = (SymbolicWords(axis, n) for axis in formula.words)
            found[rows[name][0]] = formula.make(*symbols)
        return found

    made = {rows[name][0]: rows[name][1] for name in formulas}
    return trace_part(run, {}, made, n)
