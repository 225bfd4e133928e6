"""Where the text of a graph reads and writes: the arrays in hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.compiled.hand import FIRST_AGENT, FIRST_KEY, MOST_KEYS
from sim.compiled.trace.graph import Kind, Node, UntraceableError, literal

Grids = Sequence[Sequence[float] | None]

_WORDS = {"t": "words[0]", "p": "words[1]", "k": "words[2]", "f": "words[3]", "i": f"words[{FIRST_AGENT} + a]"}
SCRATCH: dict[Kind, str] = {"f": "floats", "i": "whole", "b": "truths"}
_NONE: dict[str, tuple[int, str, str]] = {}
_PLAIN = (0.0, 1.0)  # stand in the text


class InHand:
    """Three arrays of a row for each name and a column for each agent. row: kind and name -> its row.

    after: rows before those of scratch, by kind. numbers: what a rule has for parameters, which it reads from an array
    of their own, so that it is compiled once for all values of them. keys: seeds and purposes of draws, to which those
    of the graph are added. drawn: seed, purpose and axes of what is given as draws, which are made where they are read.
    """

    def __init__(
        self,
        row: Mapping[str, tuple[Kind, int]],
        after: Mapping[Kind, int],
        keys: list[tuple[int, str]],
        drawn: Mapping[str, tuple[int, str, str]] = _NONE,
    ) -> None:
        self._row, self._after, self.drawn = row, after, drawn
        self.numbers: list[float] = []
        self.keys = keys

    def constant(self, node: Node) -> str:
        """A plain number."""
        value = node.args[0]
        if node.kind != "f" or value in _PLAIN or not math.isfinite(value):
            return literal(value)
        if value not in self.numbers:
            self.numbers.append(value)
        return f"numbers[{self.numbers.index(value)}]"

    def uniform(self, seed: int, purpose: str, axes: str) -> str:
        """A draw: the replication's key for the purpose, then a word for each other axis."""
        if (seed, purpose) not in self.keys:
            self.keys.append((seed, purpose))
        if len(self.keys) > MOST_KEYS:
            raise UntraceableError(f"more than {MOST_KEYS} purposes of draws")
        text = f"words[{FIRST_KEY + self.keys.index((seed, purpose))}]"
        for axis in axes:
            text = f"mix({text} + {_WORDS[axis]})"
        return f"uniform({text})"

    def grid(self, grids: Grids) -> str:
        """Where an agent's grid of claims begins and how long it is, two numbers."""
        first = len(self.numbers)
        at = first + 2 * len(grids)
        tables: list[float] = []
        for grid in grids:
            values = np.array(grid or (), np.float64)
            self.numbers += [float(at + len(tables)), float(len(values))]
            tables += [*values.tolist(), *((values[1:] + values[:-1]) / 2.0).tolist()]
        self.numbers += tables
        place = f"numbers[{first} + 2 * a]", f"numbers[{first} + 2 * a + 1]"
        return f"np.int64({place[0]}), np.int64({place[1]})"

    def vector(self, node: Node) -> str:
        """Where plain numbers, one for each agent, are read, {} for the agent."""
        first = len(self.numbers)
        self.numbers += [float(value) for value in node.args]
        here = f"numbers[{first} + {{}}]"
        return {"f": here, "i": f"np.int64({here})", "b": f"({here} != 0.0)"}[node.kind]

    def given(self, name: str, at: str | None) -> str:
        """What is given. at: of which agent; None: a number of the clearing."""
        if name in self.drawn:
            return self.uniform(*self.drawn[name])
        kind, row = self._row[name]
        here = f"{SCRATCH[kind]}[{row} * w + {at or 0}]"
        return f"({here} != 0)" if kind == "b" else here

    def made(self, name: str, at: str | None) -> str:
        """What is made."""
        kind, row = self._row[name]
        return f"{SCRATCH[kind]}[{row} * w + {at or 0}]"

    def scratch(self, kind: Kind, row: int, at: str) -> str:
        """What is put down on the way."""
        return f"{SCRATCH[kind]}[{self._after[kind] + row} * w + {at}]"
