"""A graph as the source of a function that clears one posting: the rule's operations, in the order of its own code.

The nodes are done in stages. In a stage everything over agents is done in one loop; what needs all of a vector before
any of it (a maximum, an order, an element) is what the next stage begins with. Numbers of the clearing are local
variables, vectors that a later stage needs are kept in rows of scratch arrays, one for each kind. The least of some
agents' draws is searched after the loop that says who they are, where they are several (few_drawn.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.compiled.trace.few_drawn import few_drawn
from sim.compiled.trace.graph import ALONE, REDUCTIONS, WHOLE, Kind, Node, UntraceableError
from sim.compiled.trace.helpers import HELPERS
from sim.compiled.trace.scratch import GIVEN, INLINE, scratch_of
from sim.compiled.trace.spots import InHand
from sim.compiled.trace.tracing import Graph

_BINARY = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "remainder": "%",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "bitwise_xor": "^",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}
_CALLED = ("isnan", "isfinite", "isinf", "sqrt", "rint", "floor", "ceil", "trunc")
CASTS: dict[Kind, str] = {"f": "np.float64({})", "i": "np.int64({})", "b": "({} != 0)"}
BEGIN = {  # before any agent, by kind
    "largest": {"f": "-np.inf", "i": "-(2**63)", "b": "False"},
    "smallest": {"f": "np.inf", "i": "2**63 - 1", "b": "True"},
}
_COUNTED = {"count": "0", "any": "False", "every": "True", "argmin": "0", "argmax": "0"}


def pointed(graph: Graph, spots: InHand, *, one: bool = False) -> tuple[str, dict[Kind, int]]:
    """The module of the function `part(numbers, words, floats, whole, truths, n, w)`, and its rows of scratch.

    The function is called by its address and returns 1 where what is in hand is refused, else 0. one: it is done for
    agent n alone, which no operation that takes several agents together allows.
    """
    writer = Writer(graph, spots, one=one)
    head = [
        "from numba import cfunc, types",
        "",
        "KINDS = types.float64, types.uint64, types.float64, types.int64, types.int8",
        "ARRAYS = (types.CPointer(one) for one in KINDS)",
        "FORM = types.int64(*ARRAYS, types.int64, types.int64)",
        "",
        "",
        "@cfunc(FORM, nopython=True, error_model='numpy', cache=CACHED)",
        "def part(numbers, words, floats, whole, truths, n, w):",
    ]
    return module(graph, [*head, *writer.body(), "    return 0", ""]), writer.kept.count


def module(graph: Graph, lines: Sequence[str]) -> str:
    """The functions that a graph calls, then its own."""
    called = sorted({node.args[0] for node in graph.nodes if node.op == "library"})
    imports = [f"from sim.compiled.library import {name} as library_{name}" for name in called]
    return "\n".join([*imports, HELPERS, "", *lines])


class Writer:
    """Writes the lines of a graph, which read and write where `spots` says."""

    def __init__(self, graph: Graph, spots: InHand, *, one: bool = False) -> None:
        self.graph, self.spots, self.one = graph, spots, one
        self.nodes = graph.nodes
        self.lines: list[str] = []
        self.now: set[int] = set()  # vectors that the loop being written has in hand
        self.vectors: dict[int, str] = {}
        self.depth: dict[int, int] = {}
        for node in self.nodes:
            if one and (node.op in WHOLE or node.op in REDUCTIONS or node.op == "running_sum"):
                raise UntraceableError(f"{node.op} of several agents where one is drawn")
            if node.op == "whole":
                raise UntraceableError("a number of the whole array is used beside a short cut")
            inner = [self.depth[one.number] + (node.op in WHOLE or one.op in REDUCTIONS) for one in node.inputs]
            self.depth[node.number] = max(inner, default=0)
        at_end = [node for node in graph.outputs.values() if node.op in ALONE]
        self.few = few_drawn(self.nodes, [*graph.outputs.values(), *graph.held], spots.drawn)
        searched = [who for who, _ in self.few.values()]
        self.kept = scratch_of(self.nodes, self.depth, [*graph.held, *at_end, *searched])

    def body(self) -> list[str]:
        """The lines that clear row k."""
        for node in self.nodes:
            if node.op == "vector":
                self.vectors[node.number] = self.spots.vector(node)
        for stage in range(max(self.depth.values(), default=0) + 1):
            self._stage([node for node in self.nodes if self.depth[node.number] == stage])
        self._write_what_is_no_loops()
        for node in self.graph.held:
            self._add(1, f"if not {self._value(node)}:")
            self._add(2, "return 1")
        return self.lines

    def _agents(self, length: int | None) -> str:
        """So many agents; where it is all of them the text is the same for any number."""
        if self.one:
            return "range(n, n + 1)"
        return "range(n)" if length == self.graph.n_agents else f"range({length})"

    def _add(self, indent: int, line: str) -> None:
        self.lines.append("    " * indent + line)

    def _stage(self, nodes: list[Node]) -> None:
        for node in nodes:
            if node.op == "argsort":
                self._sort(node)
            elif node.op == "scatter":
                self._scatter(node)
            elif node.op == "put":
                self._put(node)
            elif node.length is None and node.op not in (*REDUCTIONS, *GIVEN, "constant"):
                self._add(1, f"x{node.number} = {self._expression(node)}")
        reductions = [node for node in nodes if node.op in REDUCTIONS]
        searched = [node.inputs[0] for node in nodes if node.number in self.few]
        vectors = [node for node in nodes if self._in_loop(node) and node not in searched]
        for length in dict.fromkeys([n.length for n in vectors] + [n.inputs[0].length for n in reductions]):
            if length is not None:
                here = [node for node in reductions if node.inputs[0].length == length]
                self._loop(length, [node for node in vectors if node.length == length], here)

    @staticmethod
    def _in_loop(node: Node) -> bool:
        return node.length is not None and node.op not in (*GIVEN, *INLINE, *ALONE)

    def _loop(self, length: int, vectors: list[Node], reductions: list[Node]) -> None:
        for node in reductions:
            begin = _COUNTED[node.op] if node.op in _COUNTED else BEGIN[node.op][node.kind]
            self._add(1, f"x{node.number} = {begin}")
            if node.number in self.few:
                self._add(1, f"n{node.number} = 0")
            elif node.op in ("argmin", "argmax"):
                self._add(1, f"b{node.number} = {CASTS[node.inputs[0].kind].format(0)}")
        for node in vectors:
            if node.op == "running_sum":
                self._add(1, f"x{node.number} = {'0.0' if node.kind == 'f' else '0'}")
        self._add(1, f"for a in {self._agents(length)}:")
        self.now = set()
        for node in vectors:
            self._add(2, f"x{node.number} = {self._expression(node)}")
            self.now.add(node.number)
            if node.number in self.kept.row:
                self._add(2, f"{self._kept(node)} = x{node.number}")
            for name, output in self.graph.outputs.items():
                if output is node:
                    self._add(2, f"{self.spots.made(name, 'a')} = x{node.number}")
        for node in reductions:
            if node.number in self.few:
                self._count(node)
            else:
                self._reduce(node)
        self.now = set()
        for node in reductions:
            if node.number in self.few:
                self._search(node)

    def _count(self, node: Node) -> None:
        """Who is searched: how many, and one of them."""
        own, who = f"x{node.number}", self._value(self.few[node.number][0])
        self._add(2, f"{own} = a if {who} else {own}")
        self._add(2, f"n{node.number} += {who}")

    def _search(self, node: Node) -> None:
        who, draw = self.few[node.number]
        own, least = f"x{node.number}", f"b{node.number}"
        self._add(1, f"if n{node.number} > 1:")
        self._add(2, f"{least} = np.inf")
        self._add(2, f"for a in {self._agents(node.inputs[0].length)}:")
        self._add(3, f"if {self._value(who, 'a')}:")
        self._add(4, f"drawn = {self.spots.given(draw, 'a')}")
        self._add(4, f"if drawn < {least}:")
        self._add(5, f"{own}, {least} = a, drawn")

    def _reduce(self, node: Node) -> None:
        own, value = f"x{node.number}", self._value(node.inputs[0])
        match node.op:
            case "largest":
                self._add(2, f"{own} = larger({own}, {value})")
            case "smallest":
                self._add(2, f"{own} = smaller({own}, {value})")
            case "count":
                self._add(2, f"{own} += {value}")
            case "any":
                self._add(2, f"{own} = {own} or {CASTS['b'].format(value) if node.inputs[0].kind != 'b' else value}")
            case "every":
                self._add(2, f"{own} = {own} and {CASTS['b'].format(value) if node.inputs[0].kind != 'b' else value}")
            case _:
                best, sign = f"b{node.number}", "<" if node.op == "argmin" else ">"
                self._add(2, f"if a == 0 or {value} {sign} {best} or ({value} != {value} and {best} == {best}):")
                self._add(3, f"{own}, {best} = a, {value}")

    def _sort(self, node: Node) -> None:
        """By insertion: it keeps the order of equal ones, and agents are few."""
        before, here, sooner = self._kept(node, "b - 1"), self._kept(node, "b"), "False"
        for key in reversed(node.inputs):
            new, old = self._value(key, "a"), self._value(key, before)
            same = f"({new} == {old} or ({new} != {new} and {old} != {old}))"
            sooner = f"(before({new}, {old}) or ({same} and {sooner}))"
        self._add(1, f"for a in {self._agents(node.length)}:")
        self._add(2, "b = a")
        self._add(2, f"while b > 0 and {sooner}:")
        self._add(3, f"{here} = {before}")
        self._add(3, "b -= 1")
        self._add(2, f"{here} = a")

    def _scatter(self, node: Node) -> None:
        array, places, values = node.inputs
        self._add(1, f"for a in {self._agents(node.length)}:")
        self._add(2, f"{self._kept(node)} = {self._value(array)}")
        self._add(1, f"for a in {self._agents(node.length)}:")
        self._add(2, f"{self._kept(node, self._value(places))} = {self._value(values)}")

    def _put(self, node: Node) -> None:
        array, values, first, count = node.args
        if node.number in self.kept.written:
            return
        if node.number not in self.kept.in_place:
            self._add(1, f"for a in {self._agents(node.length)}:")
            self._add(2, f"{self._kept(node)} = {self._value(array)}")
        self._add(1, f"for a in {self._agents(count)}:")
        self._add(2, f"{self._kept(node, f'{first} + a')} = {self._value(values)}")

    def _write_what_is_no_loops(self) -> None:
        """The award's arrays that no loop wrote: numbers of the clearing, and vectors that are given or were sorted."""
        for name, node in self.graph.outputs.items():
            if node.length is None:
                self._add(1, f"{self.spots.made(name, None)} = {self._value(node)}")
            elif not self._in_loop(node):
                self._add(1, f"for a in {self._agents(node.length)}:")
                self._add(2, f"{self.spots.made(name, 'a')} = {self._value(node)}")

    def _kept(self, node: Node, at: str = "a") -> str:
        shift = self.kept.shift.get(node.number, 0)
        return self.spots.scratch(node.kind, self.kept.row[node.number], f"{shift} + {at}" if shift else at)

    def _put_down(self, node: Node, at: str) -> str:
        """What is read of scratch."""
        here = self._kept(node, at)
        return f"({here} != 0)" if node.kind == "b" else here

    def _value(self, node: Node, at: str = "") -> str:
        """The node where it is read. at: of which agent; "": of the loop's, or the number of the clearing."""
        if node.op == "constant":
            return self.spots.constant(node)
        if node.op == "input":
            return self.spots.given(node.args[0], None if node.length is None else at or "a")
        if node.length is None:
            return f"x{node.number}"
        if node.op == "vector":
            return self.vectors[node.number].format(at or "a")
        if node.op == "spread":
            return self._value(node.inputs[0])
        if node.op == "is_place":
            return f"({at or 'a'} == {self._value(node.inputs[0])})"
        if at or node.op in ALONE:
            return self._put_down(node, at or "a")
        return self._again(node)

    def _again(self, node: Node) -> str:
        return f"x{node.number}" if node.number in self.now else self._put_down(node, "a")

    def _expression(self, node: Node) -> str:
        match node.op:
            case "element_at":
                return self._value(node.inputs[0], self._value(node.inputs[1]))
            case "element":
                return self._value(node.inputs[0], str(node.args[1]))
            case "slice":
                _, first, step = node.args
                along = "a" if step == 1 else f"{step} * a"
                return self._value(node.inputs[0], f"{first} + {along}" if first else along)
            case "take":
                return self._value(node.inputs[0], self._value(node.inputs[1]))
            case "uniform":
                return self.spots.uniform(*node.args)
            case "on_grid":
                return f"on_grid({self._value(node.inputs[0])}, numbers, {self.spots.grid(node.args[1])})"
        values = [self._value(one) for one in node.inputs]
        if node.op == "library":
            return f"library_{node.args[0]}({', '.join(values)}, 0)"
        if node.op == "special":
            return f"special_{node.args[0]}({values[0]})"
        match node.op:
            case "cast":
                return CASTS[node.kind].format(values[0])
            case "spread" | "positive":
                return values[0]
            case "where":
                return f"({values[1]} if {values[0]} else {values[2]})"
            case "running_sum":
                return f"x{node.number} + {values[0]}"
            case "maximum":
                return f"larger({values[0]}, {values[1]})"
            case "minimum":
                return f"smaller({values[0]}, {values[1]})"
            case "negative":
                return f"(-{values[0]})"
            case "absolute":
                return f"abs({values[0]})"
            case "invert":
                return f"(not {values[0]})"
        if node.op in _BINARY:
            return f"({values[0]} {_BINARY[node.op]} {values[1]})"
        if node.op in _CALLED:
            return f"np.{node.op}({values[0]})"
        raise UntraceableError(f"np.{node.op}")
