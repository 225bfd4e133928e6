"""The parts of a market as machine code, and where each finds what it reads and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from sim.agents.everybody import Bidders
from sim.compiled.drawing import Drawing, drawing_of, reads
from sim.compiled.hand import FLOATS, TRUTHS, WHOLE
from sim.compiled.kept import loaded
from sim.compiled.trace.bulk import in_bulk
from sim.compiled.trace.emitted import pointed
from sim.compiled.trace.graph import Kind, UntraceableError
from sim.compiled.trace.spots import InHand
from sim.compiled.trace.tracing import Graph, trace_part
from sim.compiled.traced_parts import Part, learners_of, memo_rows, parts_of
from sim.kit.arrays import FloatArray
from sim.kit.remembered import Remembered
from sim.market.rules import Rules
from sim.world.world import World


@dataclass(frozen=True, eq=False)
class _Compiled:
    """A part as machine code, the parameters it reads, and its rows of scratch in hand.

    made, rows: what is made of all tasks at once, and its rows of scratch for that.
    """

    called: Any
    numbers: FloatArray
    scratch: Mapping[Kind, int]
    made: tuple[str, ...] = ()
    rows: int = 0


COMPARED = 256  # clearings of a rule and size that are also given to the rules as they stand


@dataclass(eq=False)
class Checked:
    """How many clearings are yet to be compared."""

    left: int = COMPARED


@dataclass(frozen=True, eq=False)
class _Ruled:
    """What follows from an arm's rules alone; fields as in `Code`. after: rows of each kind before those of scratch.

    clear: the rule's graph; the others are in `compiled`. drawn: `Code` by drawing. cleared: the
    rule's machine code, and the keys of draws, by those of what else is drawn.
    """

    parts: Mapping[str, Part]
    clear: Graph
    rows: Mapping[Kind, tuple[str, ...]]
    states: int
    adapted: int
    memos: int
    after: tuple[int, ...]
    compiled: Mapping[str, _Compiled]
    initial: FloatArray
    common: int
    gives: frozenset[str]
    asks: frozenset[str]
    checked: Checked = field(default_factory=Checked)
    drawn: Remembered = field(default_factory=lambda: Remembered(64))
    cleared: Remembered = field(default_factory=lambda: Remembered(64))


@dataclass(frozen=True, eq=False)
class Code:
    """What the loop calls, and what is in hand.

    called: machine code by part; numbers: the parameters that each reads; parts: as they stand. drawn: fields that are
    drawn as the market goes; keys: seeds and purposes of draws. rows: kind -> names of the rows before those of
    scratch; scratch: rows after them; width: columns. initial (rows, width): floats before anything is known. common:
    rows of knowledge that are of no family of tasks. gives: what an award states; asks: what of the World is read.
    bulk: what is drawn of all tasks of a replication at once, bulk_rows: its rows of scratch. checked: shared by all
    that has these rules and this size.
    """

    called: Mapping[str, Any]
    numbers: Mapping[str, FloatArray]
    parts: Mapping[str, Part]
    drawn: frozenset[str]
    keys: Sequence[tuple[int, str]]
    rows: Mapping[Kind, tuple[str, ...]]
    scratch: Mapping[Kind, int]
    states: int
    adapted: int
    memos: int
    bulk: tuple[str, ...]
    bulk_rows: int
    initial: FloatArray
    width: int
    common: int
    gives: frozenset[str]
    asks: frozenset[str]
    checked: Checked

    def hand(self, kind: Kind, dtype: Any) -> Any:
        """An array in hand."""
        return np.zeros((len(self.rows[kind]) + self.scratch[kind], self.width), dtype)


def code_of(rules: Rules, world: World, *, whole: bool = True) -> tuple[Code, Drawing]:
    """Trace and compile what these rules have, and find what of this World they draw.

    whole: all that is before the rule is wanted, not only what it reads. What equal rules, or this World, were compiled
    to before is not compiled again. Raises UntraceableError naming the line that cannot be traced.
    """
    ruled = _ruled(rules, world)
    asks = ruled.asks | _SHOWN if whole else ruled.asks
    known = _DRAWINGS.setdefault(world, {})
    key = whole, ruled.asks, *reads(rules, asks)
    if key not in known:
        known[key] = drawing_of(world, rules, asks)
    drawing: Drawing = known[key]
    code: Code = ruled.drawn.of(None, (whole, drawing.of), lambda: _code(ruled, drawing, asks))
    return code, drawing


def _code(ruled: _Ruled, drawing: Drawing, asks: frozenset[str]) -> Code:
    drawn, keys = _drawn(ruled, drawing)
    parts = [ruled.compiled, drawn]
    return Code(
        called={name: one.called for part in parts for name, one in part.items()},
        numbers={name: one.numbers for part in parts for name, one in part.items()},
        parts=ruled.parts,
        drawn=drawing.fields,
        keys=keys,
        rows=ruled.rows,
        states=ruled.states,
        adapted=ruled.adapted,
        memos=ruled.memos,
        scratch={
            kind: max((one.scratch[kind] for part in parts for one in part.values()), default=0) for kind in ruled.rows
        },
        bulk=drawn["draw_lane"].made if "draw_lane" in drawn else (),
        bulk_rows=drawn["draw_lane"].rows if "draw_lane" in drawn else 0,
        initial=ruled.initial,
        width=ruled.initial.shape[1],
        common=ruled.common,
        gives=ruled.gives,
        asks=asks,
        checked=ruled.checked,
    )


_SHOWN = frozenset({"lottery", "exploration", "expected_cost", "advice"})  # what a ledger tells of a clearing
_RULED, _DRAWS = Remembered(256), Remembered(256)
_DRAWINGS: WeakKeyDictionary[World, dict[Any, Drawing]] = WeakKeyDictionary()


class _Same:
    """A thing that has no hash, itself as a key."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.thing is self.thing


def _hashed(thing: Any) -> Any:
    try:
        hash(thing)
    except TypeError:
        return _Same(thing)
    return thing


def _ruled(rules: Rules, world: World) -> _Ruled:
    bidder = rules.bidder
    bids: tuple[Any, ...] = (bidder,)
    if isinstance(bidder, Bidders):
        bids = (
            bidder.mechanism,
            bidder.everybody,
            *sorted(bidder.own.items(), key=lambda own: own[0]),
            bidder.fallback,
        )
    others = (
        rules.mechanism,
        rules.plans,
        rules.reputation,
        rules.expected_cost.learner,
        rules.advisor,
        rules.escalation,
    )
    silent = world.has("silent")
    things = (*bids, *others, rules.public, rules.postings > 1, world.n_agents, silent)
    key = tuple((type(thing), _hashed(thing)) for thing in things)

    def make() -> _Ruled | UntraceableError:
        try:
            return _compiled_rules(rules, world)
        except UntraceableError as error:
            return error

    found: _Ruled | UntraceableError = _RULED.of(None, key, make)
    if isinstance(found, UntraceableError):
        again = UntraceableError(*found.args)
        again.part = found.part
        raise again
    return found


def _compiled_rules(rules: Rules, world: World) -> _Ruled:
    n = world.n_agents
    learners, parts = learners_of(rules, n), parts_of(rules, world)
    known = tuple(row for one in learners for row in one.rows)
    memos = memo_rows(rules)
    rows: dict[Kind, tuple[str, ...]] = {"f": (*FLOATS, *known, *(f"next {row}" for row in known), *memos)}
    rows |= {"i": WHOLE, "b": TRUTHS}
    own = type(rules.mechanism).__module__
    graphs = {name: _traced(name, part, n, own) for name, part in parts.items()}
    nodes = [node for graph in graphs.values() for node in graph.nodes]
    width = max([1, n, *(node.length for node in nodes if node.length is not None)])
    initial = np.full((len(rows["f"]), width), np.nan)
    initial[FLOATS.index("reputation")], initial[FLOATS.index("fee")] = 1.0, 0.0
    for one in learners:
        for row, array in zip(one.rows, one.start, strict=True):
            initial[rows["f"].index(row), :n] = array
    after = tuple(map(len, rows.values()))
    return _Ruled(
        parts=parts,
        clear=graphs["clear"],
        rows=rows,
        states=len(known),
        adapted=sum(len(one.rows) for one in learners if one.of == "bid"),
        memos=len(memos),
        after=after,
        compiled={name: _compiled(graph, rows, []) for name, graph in graphs.items() if name != "clear"},
        initial=initial,
        common=sum(len(one.rows) for one in learners if one.of != "advice"),
        gives=frozenset(graphs["clear"].outputs),
        asks=frozenset(node.args[0] for node in nodes if node.op == "input"),
    )


def _traced(name: str, part: Part, n_agents: int, own: str) -> Graph:
    try:
        return trace_part(part.run, part.given, part.made, n_agents, own)
    except UntraceableError as error:
        error.part = name
        raise


def _drawn(ruled: _Ruled, drawing: Drawing) -> tuple[dict[str, _Compiled], list[tuple[int, str]]]:
    """The rule's own code and that of what is drawn, which hang on each other, and the keys of draws."""
    rows, lottery = tuple(ruled.rows.items()), _lottery(ruled, drawing)
    found, before = _DRAWS.of(None, (drawing.of, rows, bool(lottery)), lambda: _draws(ruled, drawing, bool(lottery)))

    def clear() -> tuple[_Compiled, list[tuple[int, str]]]:
        keys = list(before)
        return _compiled(ruled.clear, ruled.rows, keys, drawn=lottery), keys

    cleared, keys = ruled.cleared.of(None, (*before, *lottery.items()), clear)
    return {**found, "clear": cleared}, keys


def _draws(ruled: _Ruled, drawing: Drawing, shown: bool) -> tuple[dict[str, _Compiled], list[tuple[int, str]]]:
    """The code and keys of draws. shown: the rule draws the lottery, and here it is drawn where it is shown."""
    keys: list[tuple[int, str]] = []
    found: dict[str, _Compiled] = {}
    graphs = dict(drawing.graphs)
    if shown:
        outputs = dict(graphs.pop("draw").outputs)
        graphs["draw_shown"] = Graph(ruled.clear.n_agents, {"lottery": outputs.pop("lottery")}, ())
        if outputs:
            graphs["draw"] = Graph(ruled.clear.n_agents, outputs, ())
    for name, graph in graphs.items():
        if name != "draw_lane":
            found[name] = _compiled(graph, ruled.rows, keys, one=name == "draw_try")
            continue
        text, numbers, rows = in_bulk(graph, keys)
        none = dict.fromkeys(ruled.rows, 0)
        found[name] = _Compiled(loaded(text).part, np.array([*numbers, 0.0]), none, tuple(graph.outputs), rows)
    return found, keys


def _lottery(ruled: _Ruled, drawing: Drawing) -> dict[str, tuple[int, str, str]]:
    """The lottery as draws that the rule makes itself, where it reads few of them: those of agents that tie."""
    node = drawing.graphs["draw"].outputs.get("lottery") if "draw" in drawing.graphs else None
    if node is None or node.op != "uniform":
        return {}
    uses = [
        (one, arg) for one in ruled.clear.nodes for arg in one.inputs if arg.op == "input" and arg.args[0] == "lottery"
    ]
    return {"lottery": node.args} if all(one.op == "where" and arg is not one.args[0] for one, arg in uses) else {}


def _compiled(
    graph: Graph,
    rows: Mapping[Kind, tuple[str, ...]],
    keys: list[tuple[int, str]],
    *,
    one: bool = False,
    drawn: Mapping[str, tuple[int, str, str]] | None = None,
) -> _Compiled:
    place = {name: (kind, row) for kind, names in rows.items() for row, name in enumerate(names)}
    spots = InHand(place, {kind: len(names) for kind, names in rows.items()}, keys, drawn or {})
    text, scratch = pointed(graph, spots, one=one)
    return _Compiled(loaded(text).part, np.array([*spots.numbers, 0.0]), scratch)
