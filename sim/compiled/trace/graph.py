"""The graph that a rule leaves behind: one node for each operation on its data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["f", "i", "b"]  # float, whole number, truth value
REDUCTIONS = frozenset({"largest", "smallest", "count", "any", "every", "argmin", "argmax"})
ALONE = frozenset({"argsort", "scatter", "put"})  # have loops of their own
WHOLE = ALONE | {"element", "element_at", "slice", "take"}  # need all of a vector before any of it


class _Counter:
    """Numbers of nodes; a graph's begin at 0, so that the same rule gives the same source."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._next = itertools.count()

    def __call__(self) -> int:
        return next(self._next)


COUNTER = _Counter()


class UntraceableError(Exception):
    """What a rule does to its data has no counterpart in a loop over agents; the rule is called instead.

    part: of the market (sim/compiled/traced_parts.py) that does it, "" where that is not known.
    """

    part = ""


@dataclass(frozen=True, eq=False)
class Node:
    """One operation. args: nodes and plain numbers.

    length: of a vector over agents, or over another last axis of known length; None: one number a clearing.
    """

    op: str
    args: tuple[Any, ...]
    kind: Kind
    length: int | None = None
    number: int = field(default_factory=COUNTER)

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes among its arguments."""
        return tuple(arg for arg in self.args if isinstance(arg, Node))


def constant(value: float | bool | int) -> Node:
    """A plain number."""
    kind: Kind = "b" if isinstance(value, bool) else "i" if isinstance(value, int) else "f"
    return Node("constant", (value,), kind)


def literal(value: Any) -> str:
    """A plain number as source.

    >>> literal(True), literal(0.1), literal(float("-inf"))
    ('True', '0.1', '-np.inf')
    """
    if isinstance(value, float) and math.isnan(value):
        return "np.nan"
    if isinstance(value, float) and math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return repr(value)


def ordered(outputs: list[Node]) -> list[Node]:
    """All nodes that the outputs hang on, each after what it hangs on."""
    found: dict[int, Node] = {}
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(outputs)]
    while stack:
        node, visited = stack.pop()
        if node.number in found:
            continue
        if visited:
            found[node.number] = node
        else:
            stack.append((node, True))
            stack += [(inner, False) for inner in reversed(node.inputs)]
    return list(found.values())


def merged(outputs: Sequence[Node]) -> list[Node]:
    """The same outputs, with equal operations on equal nodes done once.

    Nothing else is changed: what is done is what was written, in its order.
    """
    kept: dict[Any, Node] = {}
    instead: dict[int, Node] = {}
    for node in ordered(list(outputs)):
        args = tuple(instead[arg.number] if isinstance(arg, Node) else arg for arg in node.args)
        key = (
            node.op,
            tuple(arg.number if isinstance(arg, Node) else repr(arg) for arg in args),
            node.kind,
            node.length,
        )
        if key not in kept:
            kept[key] = Node(node.op, args, node.kind, node.length)
        instead[node.number] = kept[key]
    return [instead[node.number] for node in outputs]
