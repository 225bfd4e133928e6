"""A traced rule as the market's loop runs it, a clearing after the other, by Python or as machine code."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from sim.compiled.hand import FLOATS, PER_CLEARING, TRUTHS, WHOLE
from sim.compiled.kept import loaded
from sim.compiled.trace import trace
from sim.compiled.trace.emitted import pointed
from sim.compiled.trace.graph import Kind
from sim.compiled.trace.spots import InHand
from sim.kit.arrays import Award
from sim.mechanisms import Mechanism

ROWS: dict[Kind, tuple[str, ...]] = {"f": FLOATS, "i": WHOLE, "b": TRUTHS}
KINDS: dict[Kind, Any] = {"f": np.float64, "i": np.int64, "b": np.int8}


def one_by_one(rule: Mechanism, front: Any, run_of: Callable[[str], Callable[..., int]]) -> Award:
    """The awards of clearings (M, n), each by the text of the traced rule. run_of: the function of that text."""
    bids, tender, standing, lottery = front
    count, n = bids.ask.shape
    graph = trace(rule, n)
    place = {name: (kind, row) for kind, names in ROWS.items() for row, name in enumerate(names)}
    spots = InHand(place, {kind: len(names) for kind, names in ROWS.items()}, [])
    text, scratch = pointed(graph, spots)
    run, width = run_of(text), max([n, *(node.length or 0 for node in graph.nodes)])
    hand = {kind: np.zeros((len(names) + scratch[kind], width), KINDS[kind]) for kind, names in ROWS.items()}
    numbers, words = np.array([*spots.numbers, 0.0]), np.zeros(1, np.uint64)
    given = {**vars(bids), **vars(tender), **vars(standing), "lottery": lottery}
    made: dict[str, list[Any]] = {name: [] for name in graph.outputs}
    for k in range(count):
        for name, array in given.items():
            if name in place:
                kind, row = place[name]
                hand[kind][row, : 1 if name in PER_CLEARING else n] = array[k]
        assert run(numbers, words, *(array.reshape(-1) for array in hand.values()), n, width) == 0
        for name, values in made.items():
            kind, row = place[name]
            values.append(hand[kind][row, 0] if name in PER_CLEARING else hand[kind][row, :n].copy())
    arrays = {name: np.array(values) for name, values in made.items()}
    return Award.trusted(**{name: array != 0 if array.dtype == np.int8 else array for name, array in arrays.items()})


def as_machine_code(text: str) -> Callable[..., int]:
    """The compiled function of a text, called with arrays."""
    called = loaded(text).part.ctypes

    def run(*given: Any) -> int:
        pointers = (array.ctypes.data_as(kind) for array, kind in zip(given[:5], called.argtypes[:5], strict=True))
        return int(called(*pointers, *map(ctypes.c_int64, given[5:])))

    return run
