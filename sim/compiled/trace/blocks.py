"""A graph as the source of a function that clears a block of postings at once.

Everything stands in one array, the hand: a row for each number of a clearing, with the WIDE clearings of the block side
by side, and as many rows for each vector, agent by agent. Operations are done in stages as in emitted.py, each in loops
with clearings innermost and without branches, so that the processor takes several at a time. What takes any element of
a vector (an order, a place) compares all pairs of agents. Truth values are 0 and 1, whole numbers below 2^53.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.compiled.trace.block_memory import PAIRED, BlockMemory, apart, written_out
from sim.compiled.trace.block_rows import MADE, WIDE, place
from sim.compiled.trace.emitted import BEGIN, CASTS, Writer, module
from sim.compiled.trace.graph import REDUCTIONS, Kind, Node
from sim.compiled.trace.spots import InHand
from sim.compiled.trace.tracing import Graph

_WHOLE_NUMBERS = {"largest": "-(2.0**53)", "smallest": "2.0**53"}
_COUNTED = {"count": "0.0", "any": "0.0", "every": "1.0", "argmin": "0.0", "argmax": "0.0"}


def in_blocks(graph: Graph) -> tuple[str, list[float], int]:
    """The module of the function `part(numbers, hand, n, count)`, its numbers, and a vector's rows.

    count: clearings that are looked at. The function returns the place of the first of them that is refused, or -1.
    """
    writer = _BlockWriter(graph)
    head = [
        "from numba import cfunc, types",
        "",
        "from sim.compiled.choose import choose",
        "from sim.compiled.stack import own",
        "",
        "ARRAY = types.CPointer(types.float64)",
        "",
        "",
        "@cfunc(types.int64(ARRAY, ARRAY, types.int64, types.int64), nopython=True, error_model='numpy', cache=CACHED)",
        "def part(numbers, hand, n, count):",
    ]
    text = module(graph, [*head, *writer.body(), "    return -1", ""])
    return text, [*writer.spots.numbers, 0.0], writer.room


class _BlockWriter(Writer):
    spots: InHand

    def __init__(self, graph: Graph) -> None:
        self.graph, self.spots, self.one, self.nodes = graph, InHand({}, {}, []), False, graph.nodes
        self.lines, self.now, self.vectors = [], set(), {}
        self.memory = BlockMemory(graph)
        self.depth, self.room = self.memory.depth, self.memory.room

    def body(self) -> list[str]:
        """The lines that clear a block."""
        for node in self.nodes:
            if node.op == "constant":
                self.spots.constant(node)
        singles = len(self.spots.numbers)
        for node in self.nodes:
            if node.op == "vector":
                self.vectors[node.number] = self.spots.vector(node)
                self.spots.numbers += [0.0] * (self.room - len(node.args))
        for stage in range(max(self.depth.values(), default=0) + 1):
            self._stage([node for node in self.nodes if self.depth[node.number] == stage])
        for name, node in self.graph.outputs.items():
            self._hand_over(name, node)
        for node in self.graph.held:
            self._add(1, "for j in range(count):")
            self._add(2, f"if not {self._value(node)}:")
            self._add(3, "return j")
        numbers = [f"    c{place} = numbers[{place}]" for place in range(singles)]
        return [*self.memory.lines(), *numbers, *self.lines]

    def _stage(self, nodes: list[Node]) -> None:
        alike: dict[Any, list[Node]] = {}
        for node in filter(apart, nodes):
            places = node.inputs[1] if node.op in PAIRED[1:] else node
            alike.setdefault((node.op, places.number, node.length, node.inputs[0].length), []).append(node)
        for group in alike.values():
            self._alone(group)
        plain = [n for n in nodes if not apart(n) and n.op not in REDUCTIONS and not written_out(n)]
        reductions = [node for node in nodes if node.op in REDUCTIONS]
        self._side_by_side([node for node in plain if node.length is None])
        lengths = [node.length for node in plain] + [node.inputs[0].length for node in reductions]
        for length in dict.fromkeys(lengths):
            if length is not None:
                here = [node for node in reductions if node.inputs[0].length == length]
                self._by_agents(length, [node for node in plain if node.length == length], here)

    def _side_by_side(self, nodes: list[Node]) -> None:
        """Numbers of the clearing."""
        if nodes:
            self._add(1, f"for j in range({WIDE}):")
            self._write(2, nodes)
            self.now = set()

    def _write(self, indent: int, nodes: list[Node]) -> None:
        for node in nodes:
            before = f"{self._beside(node)} = " if node.op == "running_sum" else ""
            self._add(indent, f"x{node.number} = {self._expression(node)}")
            self.now.add(node.number)
            if before:
                self._add(indent, f"{before}{_float(node.kind, f'x{node.number}')}")
            if node.number in self.memory.stands:
                self._add(indent, f"{self._at(node)} = {_float(node.kind, f'x{node.number}')}")

    def _by_agents(self, length: int, vectors: list[Node], reductions: list[Node]) -> None:
        sums = [node for node in vectors if node.op == "running_sum"]
        if reductions or sums:
            self._add(1, f"for j in range({WIDE}):")
        for node in reductions:
            self._add(2, f"{self._at(node)} = {_begin(node)}")
            if node.op in ("argmin", "argmax"):
                self._add(2, f"{self._beside(node)} = 0.0")
        for node in sums:
            self._add(2, f"{self._beside(node)} = 0.0")
        self._add(1, f"for a in {self._agents(length)}:")
        for line in self._plain_numbers([*vectors, *reductions]):
            self._add(2, line)
        self._add(2, f"for j in range({WIDE}):")
        self._write(3, vectors)
        for node in reductions:
            self._gather(node)
        self.now = set()

    def _plain_numbers(self, nodes: list[Node]) -> list[str]:
        """Lines that take up the plain numbers of the agent whose turn it is."""
        numbers = sorted({one.number for node in nodes for one in node.inputs if one.op == "vector"})
        return [f"v{number} = {self.vectors[number].format('a')}" for number in numbers]

    def _gather(self, node: Node) -> None:
        own, given = self._at(node), self._value(node.inputs[0])
        value = _float(node.inputs[0].kind, given)
        match node.op:
            case "largest":
                self._add(3, f"{own} = larger({own}, {value})")
            case "smallest":
                self._add(3, f"{own} = smaller({own}, {value})")
            case "count":
                self._add(3, f"{own} = {own} + {value}")
            case "any":
                self._add(3, f"{own} = 1.0 if {value} != 0.0 else {own}")
            case "every":
                self._add(3, f"{own} = {own} if {value} != 0.0 else 0.0")
            case _:
                best, sign = self._beside(node), "<" if node.op == "argmin" else ">"
                self._add(3, f"y, best = {value}, {best}")
                self._add(3, f"better = (a == 0) | (y {sign} best) | ((y != y) & (best == best))")
                self._add(3, f"{own} = np.float64(a) if better else {own}")
                self._add(3, f"{best} = y if better else best")

    def _alone(self, nodes: list[Node]) -> None:
        """One node, or several that put elements to the same places or take them from there."""
        first, *_ = nodes
        match first.op:
            case "argsort":
                self._order(first)
            case "scatter":
                self._over_agents([(node, self._raw(node.inputs[0])) for node in nodes], first.length)
                self._over_pairs(nodes, self._raw(first.inputs[1], "b"), "a", [node.inputs[2] for node in nodes])
            case "put":
                self._put(first)
            case "take" | "element_at":
                self._over_agents([(node, "0.0") for node in nodes], first.length)
                self._over_pairs(nodes, self._raw(first.inputs[1]), "b", [node.inputs[0] for node in nodes])
            case _:
                value = _float(first.kind, self._expression(first))
                self._over_agents([(first, value)], first.length, self._plain_numbers([first]))

    def _put(self, node: Node) -> None:
        """Some elements in place of those of an array, or of a copy of it where that is read later."""
        array, values, first, count = node.args
        if node.number not in self.memory.changed:
            self._over_agents([(node, self._raw(array))], node.length)
        self._add(1, f"for a in {self._agents(count)}:")
        self._add(2, f"for j in range({WIDE}):")
        self._add(3, f"{self._at(node, f'{first} + a')} = {self._raw(values)}")

    def _over_agents(self, made: Sequence[tuple[Node, str]], length: int | None, before: Sequence[str] = ()) -> None:
        """Nodes and their values, agent by agent."""
        depth = 1
        if length is not None:
            self._add(1, f"for a in {self._agents(length)}:")
            depth = 2
        for line in before:
            self._add(depth, line)
        self._add(depth, f"for j in range({WIDE}):")
        for node, value in made:
            self._add(depth + 1, f"{self._at(node)} = {value}")

    def _over_pairs(self, nodes: list[Node], place: str, of: str, values: list[Node]) -> None:
        """For every agent, or every clearing, the value of that b at whom `place` is `of`."""
        depth, length = 1, nodes[0].length
        if length is not None:
            self._add(1, f"for a in {self._agents(length)}:")
            depth = 2
        self._add(depth, f"for b in {self._agents(values[0].length)}:")
        self._add(depth + 1, f"for j in range({WIDE}):")
        self._add(depth + 2, f"here = {place} == np.float64({of})")
        for node, value in zip(nodes, values, strict=True):
            self._add(depth + 2, f"{self._at(node)} = choose(here, {self._raw(value, 'b')}, {self._at(node)})")

    def _order(self, node: Node) -> None:
        """How many agents stand before each, then who stands at each place; equal ones in the order of agents."""
        everybody = self._agents(node.length)
        rank, other, sooner = self._beside(node), self._beside(node, "b"), "True"
        for key in reversed(node.inputs):
            new, old = self._raw(key, "b"), self._raw(key, "a")
            same = f"(({new} == {old}) | (({new} != {new}) & ({old} != {old})))"
            sooner = f"(({new} < {old}) | (({old} != {old}) & ({new} == {new})) | ({same} & {sooner}))"
        self._add(1, f"for a in {everybody}:")
        self._add(2, f"for j in range({WIDE}):")
        self._add(3, f"{rank} = 0.0")
        self._add(2, "for b in range(a):")
        self._add(3, f"for j in range({WIDE}):")
        self._add(4, f"sooner = {sooner}")
        self._add(4, f"{rank} = {rank} + (1.0 if sooner else 0.0)")
        self._add(4, f"{other} = {other} + (0.0 if sooner else 1.0)")
        self._add(1, f"for a in {everybody}:")
        self._add(2, f"for b in {everybody}:")
        self._add(3, f"for j in range({WIDE}):")
        self._add(4, f"{self._at(node)} = np.float64(b) if {other} == np.float64(a) else {self._at(node)}")

    def _hand_over(self, name: str, node: Node) -> None:
        """What is made, where the caller looks for it."""
        depth = 1
        if name in MADE:
            self._add(1, f"for a in {self._agents(self.graph.n_agents)}:")
            if node.op == "vector":
                self._add(2, f"v{node.number} = {self.vectors[node.number].format('a')}")
            depth = 2
        length = self.graph.n_agents if name in MADE else None
        to = f"hand[{place(name, self.room) * WIDE}{_along(length, 'a')}]"
        self._add(depth, f"for j in range({WIDE}):")
        self._add(depth + 1, f"{to} = {self._raw(node)}")

    def _at(self, node: Node, at: str = "a") -> str:
        """Where the node stands."""
        if node.op == "input":
            return f"hand[{place(node.args[0], self.room) * WIDE}{_along(node.length, at)}]"
        return f"r{node.number}[{_along(node.length, at)[3:]}]"

    def _beside(self, node: Node, at: str = "a") -> str:
        """Where stands what is counted on the way to it."""
        return f"s{node.number}[{_along(node.length if node.op == 'argsort' else None, at)[3:]}]"

    def _raw(self, node: Node, at: str = "a") -> str:
        """The node as the float that stands in the hand. at: of which agent."""
        if node.op == "constant":
            return _float(node.kind, self._value(node))
        if node.op == "vector":
            return _float(node.kind, self.vectors[node.number].format(at))
        if node.op != "input" and written_out(node):
            return _float(node.kind, self._value(node, at))
        return self._at(node, at)

    def _value(self, node: Node, at: str = "") -> str:
        if node.op == "constant":
            text = self.spots.constant(node)
            return f"c{text[8:-1]}" if text.startswith("numbers[") else text
        if node.op == "vector":
            return self.vectors[node.number].format(at) if at else f"v{node.number}"
        if node.op != "input" and written_out(node):
            return self._expression(node) if node.op != "is_place" or not at else f"({at} == {node.args[0].args[0]})"
        if node.number in self.now and not at:
            return f"x{node.number}"
        return {"f": "{}", "i": "np.int64({})", "b": "({} != 0.0)"}[node.kind].format(self._at(node, at or "a"))

    def _expression(self, node: Node) -> str:
        if node.op == "running_sum":
            so_far = self._beside(node)
            return f"{CASTS[node.kind].format(so_far)} + {self._value(node.inputs[0])}"
        if node.op == "where":
            condition, yes, no = map(self._value, node.inputs)
            return f"choose({condition}, {yes}, {no})"
        if node.op == "spread":
            return self._value(node.inputs[0])
        if node.op == "is_place":
            return f"(a == {self._value(node.inputs[0])})"
        return super()._expression(node)


def _along(length: int | None, at: str) -> str:
    return " + j" if length is None else f" + ({at}) * {WIDE} + j"


def _begin(node: Node) -> str:
    """Before any agent."""
    if node.op in _COUNTED:
        return _COUNTED[node.op]
    if node.kind == "i":
        return _WHOLE_NUMBERS[node.op]
    return f"np.float64({BEGIN[node.op][node.kind]})"


def _float(kind: Kind, value: str) -> str:
    """A value as it is put down."""
    return {"f": value, "i": f"np.float64({value})", "b": f"(1.0 if {value} else 0.0)"}[kind]
