"""A rule called once with symbols: its graph, or the line that cannot be traced."""

from __future__ import annotations

import inspect
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.compiled.hand import PER_CLEARING
from sim.compiled.trace.functions import OURS
from sim.compiled.trace.graph import COUNTER, Kind, Node, UntraceableError, merged, ordered
from sim.compiled.trace.stand_in import numpy_in_symbols
from sim.compiled.trace.traced import FUNCTIONS, HELD, Traced, as_kind, lifted, spread
from sim.kit.arrays import Bids, Standing, Tender
from sim.mechanisms import Mechanism

VECTORS: dict[str, Kind] = {
    "ask": "f",
    "claim": "f",
    "active": "b",
    "reputation": "f",
    "expected_cost": "f",
    "advice": "f",
    "lottery": "f",
}
NUMBERS: dict[str, Kind] = {"value": "f", "reserve": "f", "penalty": "f", "posting": "i"}
OUTPUTS: dict[str, Kind] = {"hired": "b", "pay_success": "f", "pay_failure": "f", "by_tie": "b"}
OPTIONAL: dict[str, Kind] = {"turn": "i", "budget": "f", "fee": "f"}
MOST_NODES = 2_000
_HERE = Path(__file__).parent
FUNCTIONS |= OURS
_LOCK = threading.Lock()  # NumPy's functions are replaced while a rule is traced


@dataclass(frozen=True, eq=False)
class Graph:
    """What a rule does for n agents. outputs: name of an array of the award -> its node. held: what must be true.

    A clearing at which one of `held` is not true is one that the rule refuses with an error.
    """

    n_agents: int
    outputs: Mapping[str, Node]
    held: tuple[Node, ...]

    @property
    def nodes(self) -> list[Node]:
        """All nodes, each after what it hangs on."""
        return ordered([*self.outputs.values(), *self.held])


def trace(rule: Mechanism, n_agents: int) -> Graph:
    """The graph of a rule for so many agents; raises UntraceableError with the file and line that stopped it."""
    return _graph(lambda held: _traced(rule, n_agents, held), n_agents)


def _graph(make: Callable[[list[Node]], Graph], n_agents: int) -> Graph:
    try:
        with _LOCK:
            COUNTER.begin()
            graph = _merged(make([]))
    except UntraceableError as error:
        raise UntraceableError(f"{_line(error)}: {error}") from None
    except Exception as error:  # of any kind: what a rule makes of symbols need not be what it makes of numbers
        raise UntraceableError(f"{_line(error)}: {type(error).__name__}: {error}") from None
    if len(graph.nodes) > MOST_NODES:
        count = f"{len(graph.nodes):,} operations for {n_agents} agents, more than the {MOST_NODES:,}"
        raise UntraceableError(f"the rule: {count} that compile in seconds")
    return graph


def _merged(graph: Graph) -> Graph:
    nodes = merged([*graph.outputs.values(), *graph.held])
    count = len(graph.outputs)
    return Graph(graph.n_agents, dict(zip(graph.outputs, nodes[:count], strict=True)), tuple(nodes[count:]))


def trace_part(
    run: Callable[[Any], Any],
    given: Mapping[str, Kind],
    made: Mapping[str, Kind],
    n_agents: int,
    own: str = "sim",
) -> Graph:
    """The graph of any function from arrays by name to arrays by name; raises UntraceableError as `trace`.

    given, made: kind of each array by name; those of PER_CLEARING are numbers of the clearing, the others are (n,).
    own: module of the function's code, where it may be an installed one.
    """
    return _graph(lambda held: _part(run, given, made, n_agents, held, own), n_agents)


def _part(
    run: Callable[[Any], Any],
    given: Mapping[str, Kind],
    made: Mapping[str, Kind],
    n_agents: int,
    held: list[Node],
    own: str,
) -> Graph:
    of = {
        name: Traced(Node("input", (name,), kind, None if name in PER_CLEARING else n_agents))
        for name, kind in given.items()
    }
    with _in_symbols(held, own):
        found = run(of)
    return Graph(n_agents, _nodes(found, made, n_agents), tuple(held))


def _traced(rule: Mechanism, n_agents: int, held: list[Node]) -> Graph:
    of = {name: Traced(Node("input", (name,), kind, n_agents)) for name, kind in VECTORS.items()}
    of |= {name: Traced(Node("input", (name,), kind)) for name, kind in NUMBERS.items()}
    bids = Bids.trusted(**{name: of[name] for name in ("ask", "claim", "active")}, menu=None)
    tender = Tender.trusted(**{name: of[name] for name in NUMBERS})
    standing = Standing.trusted(**{name: of[name] for name in ("reputation", "expected_cost", "advice")})
    with _in_symbols(held, type(rule).__module__):
        clear = inspect.unwrap(type(rule).__call__)  # what is around a plugin's rule looks at numbers
        award = clear(rule, bids, tender, standing, of["lottery"])
    made = {name: getattr(award, name) for name in OUTPUTS | OPTIONAL}
    return Graph(n_agents, _nodes(made, OUTPUTS | OPTIONAL, n_agents), tuple(held))


def _nodes(made: Mapping[str, Any], kinds: Mapping[str, Kind], n_agents: int) -> dict[str, Node]:
    found = {}
    for name, kind in kinds.items():
        if made.get(name) is None:
            continue
        node = lifted(made[name]).node
        length = None if name in PER_CLEARING else n_agents
        if node.length not in (None, length):
            raise UntraceableError(f"{name} of {node.length} agents, not {n_agents}")
        node = as_kind(node, kind)
        found[name] = node if length is None else spread(node, length)
    return found


@contextmanager
def _in_symbols(held: list[Node], own: str = "sim") -> Iterator[None]:
    """Have what makes arrays make arrays of symbols, and what refuses clearings be noted in `held`."""
    HELD.clear()
    with numpy_in_symbols(own):
        yield
    held += HELD


def _line(error: BaseException) -> str:
    """The innermost line that is the rule's: neither of the tracer nor of a library's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _of_rule(frame.filename)]
    if not frames:
        return "the rule"
    last = frames[-1]
    return f"{last.filename}:{last.lineno}: {(last.line or '').strip()}"


def _of_rule(file: str) -> bool:
    library = Path(inspect.getfile(np)).parent
    path = Path(file)
    return not (path.is_relative_to(_HERE) or path.is_relative_to(library))
