"""A graph as the source of a function that makes what it makes of all tasks of a replication at once.

Operations are done in stages, each in loops with tasks innermost, so that the processor takes several tasks at a time:
first the numbers of tasks, then those of agents at tasks. What cannot be done so, the normal quantile and grids of
claims, stands between the stages, each in a loop of its own. Numbers and operations are those of emitted.py.
"""

from __future__ import annotations

from sim.compiled.trace.emitted import Writer, module
from sim.compiled.trace.graph import REDUCTIONS, WHOLE, Kind, Node, UntraceableError
from sim.compiled.trace.spots import InHand
from sim.compiled.trace.tracing import Graph


class _InBulk(InHand):
    def __init__(self, keys: list[tuple[int, str]]) -> None:
        super().__init__({}, {}, keys)

    def uniform(self, seed: int, purpose: str, axes: str) -> str:
        if not set(axes) <= {"t", "f", "i"}:
            raise UntraceableError(f"draws for {purpose!r} that are not by task and agent")
        return super().uniform(seed, purpose, axes).replace("words[0]", "tasks[t]").replace("words[3]", "tasks[T + t]")


def in_bulk(graph: Graph, keys: list[tuple[int, str]]) -> tuple[str, list[float], int]:
    """The module of the function `part(numbers, words, tasks, scratch, out, n, T)`, its numbers and rows of scratch.

    tasks: the words of the T tasks, then those of their families. scratch and out have rows of n T numbers, agent by
    agent; out has one for each output in order.
    """
    writer = _BulkWriter(graph, _InBulk(keys))
    head = [
        "from numba import cfunc, types",
        "",
        "KINDS = types.float64, types.uint64, types.uint64, types.float64, types.float64",
        "ARRAYS = (types.CPointer(one) for one in KINDS)",
        "FORM = types.int64(*ARRAYS, types.int64, types.int64)",
        "",
        "",
        "@cfunc(FORM, nopython=True, error_model='numpy', cache=CACHED)",
        "def part(numbers, words, tasks, scratch, out, n, T):",
        "    S = n * T",
    ]
    return module(graph, [*head, *writer.lines_of_all(), "    return 0", ""]), writer.spots.numbers, len(writer.row)


def _apart(node: Node) -> bool:
    return node.op == "on_grid" or (node.op == "special" and node.args[0] == "ndtri")


class _BulkWriter(Writer):
    spots: _InBulk

    def __init__(self, graph: Graph, spots: _InBulk) -> None:
        self.graph, self.spots, self.one, self.nodes = graph, spots, False, graph.nodes
        self.lines, self.now, self.vectors = [], set(), {}
        self.depth = {}
        for node in self.nodes:
            if node.op in WHOLE or node.op in REDUCTIONS or node.op in ("whole", "running_sum", "is_place", "input"):
                raise UntraceableError(f"{node.op} of several agents, for all tasks at once")
            self.depth[node.number] = max((self.depth[i.number] + _apart(i) for i in node.inputs), default=0)
        self.row = self._rows()

    def _rows(self) -> dict[int, int]:
        """Of each node that is read beside the loop that makes it: its row of scratch."""
        kept = {node.number for node in self.graph.outputs.values()} | {n.number for n in self.nodes if _apart(n)}
        for node in self.nodes:
            for inner in node.inputs:
                later = self.depth[node.number] > self.depth[inner.number] or _apart(node)
                if later or (inner.length is None and node.length is not None):
                    kept.add(inner.number)
        real = [node.number for node in self.nodes if node.number in kept and node.op not in ("constant", "vector")]
        return {number: row for row, number in enumerate(real)}

    def lines_of_all(self) -> list[str]:
        """All lines."""
        for node in self.nodes:
            if node.op == "vector":
                self.vectors[node.number] = self.spots.vector(node)
        for stage in range(max(self.depth.values(), default=0) + 1):
            here = [node for node in self.nodes if self.depth[node.number] == stage]
            plain = [node for node in here if not _apart(node) and node.op not in ("constant", "vector")]
            self._loops([node for node in plain if node.length is None], agents=False)
            self._loops([node for node in plain if node.length is not None], agents=True)
            for node in filter(_apart, here):
                self._alone(node)
        for place, node in enumerate(self.graph.outputs.values()):
            self._add(1, "for a in range(n):")
            self._add(2, "for t in range(T):")
            self._add(3, f"out[{place} * S + a * T + t] = {self._value(node)}")
        return self.lines

    def _loops(self, nodes: list[Node], *, agents: bool) -> None:
        if not nodes:
            return
        if agents:
            self._add(1, "for a in range(n):")
        depth = 1 + agents
        self._add(depth, "for t in range(T):")
        self.now = set()
        for node in nodes:
            self._add(depth + 1, f"x{node.number} = {self._expression(node)}")
            self.now.add(node.number)
            if node.number in self.row:
                self._add(depth + 1, f"{self._kept(node)} = x{node.number}")
        self.now = set()

    def _alone(self, node: Node) -> None:
        """The normal quantile, or the grids of agents, of what is in scratch."""
        (given,) = node.inputs
        if node.op == "special" and given.number in self.row:
            count = "T" if node.length is None else "S"
            self._add(1, f"ndtri_of({self.row[given.number]} * S, {self.row[node.number]} * S, {count}, scratch)")
            return
        self._add(1, "for a in range(n):")
        if node.op == "on_grid" and given.number in self.row:
            claims, to = (f"{self.row[one.number]} * S + a * T" for one in (given, node))
            self._add(2, f"on_grid_of({claims}, {to}, T, scratch, numbers, {self.spots.grid(node.args[1])})")
            return
        self._add(2, "for t in range(T):")
        self._add(3, f"{self._kept(node)} = {self._expression(node)}")

    def _kept(self, node: Node, at: str = "a") -> str:
        where = "t" if node.length is None else "a * T + t"
        return f"scratch[{self.row[node.number]} * S + {where}]"

    def _value(self, node: Node, at: str = "") -> str:
        if node.op == "constant":
            return self.spots.constant(node)
        if node.op == "vector":
            return self.vectors[node.number].format("a")
        if node.number in self.now:
            return f"x{node.number}"
        here = self._kept(node)
        kinds: dict[Kind, str] = {"f": here, "i": f"np.int64({here})", "b": f"({here} != 0.0)"}
        return kinds[node.kind]
