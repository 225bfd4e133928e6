"""The parts of a market as machine code, and where each finds what it reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.compiled.drawing import Drawing, drawing_of
from sim.compiled.hand import FLOATS, TRUTHS, WHOLE
from sim.compiled.kept import loaded
from sim.compiled.trace.emitted import pointed
from sim.compiled.trace.graph import Kind
from sim.compiled.trace.spots import InHand
from sim.compiled.trace.tracing import trace_part
from sim.compiled.traced_parts import Part, learners_of, parts_of
from sim.kit.arrays import FloatArray
from sim.market.rules import Rules
from sim.world.world import World


@dataclass(frozen=True, eq=False)
class Code:
    """What the loop calls, and what is in hand.

    called: machine code by part; numbers: the parameters that each reads; parts: as they stand; drawing: of
    fields that are yet to be made. rows: kind -> names of
    the rows before those of scratch; scratch: rows after them; width: columns. initial (rows, width): floats before
    anything is known. common: rows of knowledge that are of no family of tasks. gives: what an
    award states; asks: what of the World is read.
    """

    called: Mapping[str, Any]
    numbers: Mapping[str, FloatArray]
    parts: Mapping[str, Part]
    drawing: Drawing
    rows: Mapping[Kind, tuple[str, ...]]
    scratch: Mapping[Kind, int]
    initial: FloatArray
    width: int
    common: int
    gives: frozenset[str]
    asks: frozenset[str]

    @property
    def states(self) -> int:
        """Rows of what learners know."""
        return (len(self.rows["f"]) - len(FLOATS)) // 2

    def hand(self, kind: Kind, dtype: Any) -> Any:
        """An array in hand."""
        return np.zeros((len(self.rows[kind]) + self.scratch[kind], self.width), dtype)


def code_of(rules: Rules, world: World, *, whole: bool = True) -> Code:
    """Trace and compile what these rules have; raises UntraceableError naming the line that cannot be traced.

    whole: all that is before the rule is wanted, not only what it reads.
    """
    n = world.n_agents
    learners, parts = learners_of(rules, n), parts_of(rules, world)
    known = tuple(row for one in learners for row in one.rows)
    rows: dict[Kind, tuple[str, ...]] = {"f": (*FLOATS, *known, *(f"next {row}" for row in known))}
    rows |= {"i": WHOLE, "b": TRUTHS}
    place = {name: (kind, row) for kind, names in rows.items() for row, name in enumerate(names)}
    after: dict[Kind, int] = {kind: len(names) for kind, names in rows.items()}
    numbers: dict[str, FloatArray] = {}
    graphs = {name: trace_part(part.run, part.given, part.made, n) for name, part in parts.items()}
    asks = {node.args[0] for graph in graphs.values() for node in graph.nodes if node.op == "input"}
    asks |= {"lottery", "exploration", "expected_cost", "advice"} if whole else set()
    drawing = drawing_of(world, rules, asks)
    width, scratch, called = max(1, n), dict.fromkeys(rows, 0), {}
    for name, graph in (graphs | drawing.graphs).items():
        width = max([width, *(node.length for node in graph.nodes if node.length is not None)])
        spots = InHand(place, after, drawing.keys)
        text, used = pointed(graph, spots, one=name == "draw_try")
        called[name], numbers[name] = loaded(text).part, np.array([*spots.numbers, 0.0])
        scratch = {kind: max(scratch[kind], used[kind]) for kind in scratch}
    initial = np.full((len(rows["f"]), width), np.nan)
    initial[FLOATS.index("reputation")], initial[FLOATS.index("fee")] = 1.0, 0.0
    for one in learners:
        for row, array in zip(one.rows, one.start, strict=True):
            initial[place[row][1], :n] = array
    common = sum(len(one.rows) for one in learners if one.of != "advice")
    gives = frozenset(graphs["clear"].outputs)
    return Code(called, numbers, parts, drawing, rows, scratch, initial, width, common, gives, frozenset(asks))
