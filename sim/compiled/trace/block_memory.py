"""What a block of postings keeps in memory on the way to its awards: which nodes, and in how many rows."""

from __future__ import annotations

from collections.abc import Iterator

from sim.compiled.trace.block_rows import ROOM, WIDE
from sim.compiled.trace.graph import REDUCTIONS, WHOLE, Node, UntraceableError
from sim.compiled.trace.scratch import scratch_of
from sim.compiled.trace.tracing import Graph

PLAIN = ("input", "constant", "vector")
PAIRED = ("argsort", "scatter", "take", "element_at")
_APART = (*PAIRED, "put", "special", "library")
_BESIDE = ("argsort", "argmin", "argmax", "running_sum")
_MOST = 1 << 19  # numbers that lie on the stack
_LONGEST = 64  # vector over something else than agents that compiles in seconds


class BlockMemory:
    """depth: the stage that makes each node. stands: nodes with memory of their own; changed: puts in place of the
    array that they change. room: rows of a vector over agents.

    Raises UntraceableError where there would be too many numbers.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, self.nodes = graph, graph.nodes
        self.room = -(-graph.n_agents // ROOM) * ROOM
        self.depth: dict[int, int] = {}
        for node in self.nodes:
            if node.op == "whole":
                raise UntraceableError("a number of the whole array is used beside a short cut")
            if (node.length or 0) > max(_LONGEST, graph.n_agents):
                raise UntraceableError(f"arrays of {node.length} numbers, for a block of postings")
            later = node.op in WHOLE or apart(node)
            inner = [self.depth[one.number] + (later or one.op in REDUCTIONS) for one in node.inputs]
            self.depth[node.number] = max(inner, default=0)
        ends = [*graph.outputs.values(), *graph.held]
        self.stands = self._read_elsewhere(ends)
        self.changed = scratch_of(self.nodes, self.depth, ends).in_place
        count = WIDE * sum(self._rows(node) for node in self.nodes if node.number in self.stands - self.changed)
        if count > _MOST:
            raise UntraceableError(f"{count:,} numbers for a block of postings, more than the {_MOST:,} that fit")

    def lines(self) -> Iterator[str]:
        """A name for the memory of each node, r and its number, and for what is counted on the way to it, s."""
        for node in self.nodes:
            if node.number in self.changed:
                yield f"    r{node.number} = r{node.args[0].number}"
            elif node.number in self.stands:
                yield f"    r{node.number} = own({WIDE * self._rows(node)})"
            if node.op in _BESIDE:
                yield f"    s{node.number} = own({WIDE * (self._rows(node) if node.op == 'argsort' else 1)})"

    def _rows(self, node: Node) -> int:
        """As many for all agents as there is room for, so that the text is the same for any number of them."""
        return self.room if node.length == self.graph.n_agents else node.length or 1

    def _read_elsewhere(self, ends: list[Node]) -> set[int]:
        """The number of every node that is read beside the loop that makes it."""
        kept = {node.number for node in ends}
        for node in self.nodes:
            if apart(node) or node.op in REDUCTIONS:
                kept.add(node.number)
            for inner in node.inputs:
                if self._loop_of(node) != self._loop_of(inner) and node.op not in REDUCTIONS:
                    kept.add(inner.number)
        return {node.number for node in self.nodes if node.number in kept and not written_out(node)}

    def _loop_of(self, node: Node) -> tuple[int, int | None, int]:
        return self.depth[node.number], node.length, node.number if apart(node) or node.op in REDUCTIONS else -1


def apart(node: Node) -> bool:
    """It is made in a loop of its own."""
    return node.op in _APART


def written_out(node: Node) -> bool:
    """It is given, or plain numbers say what it is; it is read where it is needed."""
    if node.op in ("spread", "is_place", "cast"):
        return node.inputs[0].op == "constant"
    return node.op in PLAIN
