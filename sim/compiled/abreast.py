"""A rule as machine code that clears many postings at once, a block of them side by side; equal to it, bit for bit.

What is compiled is kept on disk, by the text that was compiled and the versions that compiled it, so that a rule is
compiled once, for any parameters and mostly for any number of agents.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from sim.compiled.kept import compiled_once, loaded
from sim.compiled.trace import UntraceableError, trace
from sim.compiled.trace.block_rows import GIVEN, MADE, SINGLE, WIDE, place, rows
from sim.compiled.trace.blocks import in_blocks
from sim.compiled.trace.graph import Kind
from sim.compiled.trace.tracing import NUMBERS, OPTIONAL, OUTPUTS, Graph
from sim.kit.arrays import Award, Bids, FloatArray, IntArray, Standing, Tender
from sim.mechanisms import Mechanism

# Deals; utilities, of a type a bid; those of a type a posting, and who is hired; utilities of a type a bid, and the
# chance that it works; deals added up over even and over odd postings.
FIELDS, SHARED, EACH, TRIED, SUMS = range(5)
_FIELDS = (3, 1, 2, 2, 3)
_TYPES: dict[Kind, Any] = {"f": np.float64, "i": np.int64, "b": np.bool_}
_MADE = {**OUTPUTS, **OPTIONAL}
_LOOKED_AT = ("ask", "claim", "active", "advice", "hired", "pay_success", "pay_failure", "turn", "fee", "value")
_OF_A_DEAL = ("hired", "pay_success", "pay_failure", "turn", "budget", "fee")
_NOTHING = np.zeros(1)


def abreast(rule: Mechanism, n_agents: int, *, whole: bool = True) -> Abreast | None:
    """The rule for so many agents; None where it cannot be traced, or numba is not installed.

    whole: its awards are wanted, not deals alone, which do not say what was decided by ties.
    """
    if find_spec("numba") is None:
        return None
    try:
        graph = trace(rule, n_agents)
        if not whole:
            graph = replace(graph, outputs={name: graph.outputs[name] for name in _OF_A_DEAL if name in graph.outputs})
        return Abreast(rule, graph)
    except UntraceableError:
        return None


@dataclass(frozen=True, eq=False)
class Postings:
    """R postings before n agents, the rivals' bids in them. front (7, n, R), single (4, R): by GIVEN and NUMBERS.

    fails (n, R): chance that an attempt fails and the next one's turn comes. own: place of the agent that bids; -1: it
    is me (R,).
    """

    front: FloatArray
    single: FloatArray
    fails: FloatArray
    own: int
    me: FloatArray


def postings(given: Mapping[str, Any], fails: FloatArray, own: int = -1, me: IntArray | None = None) -> Postings:
    """given: arrays (R, n) or (R,) by name; fails (R, n)."""
    front = np.ascontiguousarray(np.stack([np.asarray(given[name], np.float64).T for name in GIVEN]))
    single = np.stack([np.asarray(given[name], np.float64) for name in NUMBERS])
    places = _NOTHING if me is None else np.append(me, np.zeros(WIDE)).astype(np.float64)
    return Postings(front, single, np.ascontiguousarray(fails.T), own, places)


class Abreast:
    """Clears postings with the graph's number of agents and without menus."""

    def __init__(self, rule: Mechanism, graph: Graph) -> None:
        self.rule, self.graph = rule, graph
        text, numbers, self._room = in_blocks(graph)
        self._part = loaded(text).part
        self._numbers = np.array(numbers)
        self._hand = np.zeros(rows(self._room) * WIDE)
        self._at = np.array([place(name, self._room) for name in _LOOKED_AT]) * WIDE

    def deals(
        self,
        of: Postings,
        ask: FloatArray,
        claim: FloatArray,
        advice: FloatArray | None = None,
        how: int = FIELDS,
        weights: tuple[FloatArray, FloatArray] = (_NOTHING, _NOTHING),
    ) -> FloatArray | None:
        """What one agent gets by bids ask (B, R), claim (B, R) or (B, 1), with advice (B, 1) about it.

        Chance to work, and what is promised for success and failure times that chance, less the fee, (3, B, R), or
        their SUMS (3, B, 2); or utilities by weights p, c, (B,) for SHARED and TRIED, where the chance follows, (R,)
        for EACH, where who is hired follows. None where the rule refuses a posting.
        """
        from sim.compiled.pointer import Pointer

        n, size = of.front.shape[1:]
        made = np.empty((_FIELDS[how], len(ask), 2 if how == SUMS else size))
        ask = ask[:, :1] if ask.strides[1] == 0 else ask
        arrays = [np.ascontiguousarray(array, np.float64) for array in (ask, claim, *weights)]
        known = _NOTHING if advice is None else np.ascontiguousarray(advice, np.float64)
        outputs = self.graph.outputs
        asks, claims, passes, cost = map(Pointer, arrays)
        refused = _loop("deal")(
            self._part, Pointer(self._numbers), Pointer(self._hand), Pointer(self._at), n, size, len(ask),
            self._room, Pointer(of.front), Pointer(of.single), Pointer(of.fails), of.own, Pointer(of.me),
            asks, int(ask.shape[1] > 1), claims, int(claim.shape[1] > 1), Pointer(known), int(advice is not None),
            int("turn" in outputs), int("fee" in outputs), how, passes, cost, Pointer(np.zeros(7 * WIDE)),
            Pointer(made),
        )  # fmt: skip
        return made if refused < 0 else None

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        """As the rule itself: arrays (..., n), or (...) of the tender; raises what the rule raises."""
        lead, n = bids.ask.shape[:-1], bids.ask.shape[-1]
        if bids.menu is not None or n != self.graph.n_agents:
            return self.rule(bids, tender, standing, lottery)
        given = vars(bids) | vars(tender) | vars(standing) | {"lottery": lottery}
        of: dict[str, Any] = {name: np.broadcast_to(given[name], (*lead, n)).reshape(-1, n) for name in GIVEN}
        of |= {name: np.broadcast_to(given[name], lead).reshape(-1) for name in NUMBERS}
        count = len(of["value"])
        shapes: dict[str, Any] = {name: (count, n) if name in MADE else count for name in self.graph.outputs}
        made = {name: np.empty(shape) for name, shape in shapes.items()}
        clear = called(self._part)
        for first in range(0, count, WIDE):
            block = slice(first, min(first + WIDE, count))
            for name, array in of.items():
                self._of(name, n)[..., : block.stop - first] = array[block].T
            if clear(self._numbers, self._hand, n, block.stop - first) >= 0:
                return self.rule(bids, tender, standing, lottery)
            for name, array in made.items():
                array[block] = self._of(name, n)[..., : block.stop - first].T
        kinds = {name: array.astype(_TYPES[_MADE[name]]) for name, array in made.items()}
        return Award.trusted(**{name: array.reshape(*lead, *array.shape[1:]) for name, array in kinds.items()})

    def _of(self, name: str, n: int) -> FloatArray:
        """(n, WIDE), or (WIDE,): what stands in the hand under this name."""
        first = place(name, self._room)
        hand = self._hand.reshape(-1, WIDE)
        return hand[first] if name in SINGLE else hand[first : first + n]


def called(part: Any) -> Callable[[FloatArray, FloatArray, int, int], int]:
    """Compiled code as a function of arrays."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    run = kind(part.address)
    return lambda numbers, hand, n, count: int(run(numbers.ctypes.data, hand.ctypes.data, n, count))


def weighed(deal: Sequence[FloatArray], at: IntArray, passes: FloatArray, cost: FloatArray) -> FloatArray:
    """Utilities (B, R) by weights passes, cost (B,) of what rows at (B,) of a deal's fields (U, R) give."""
    from sim.compiled.pointer import Pointer

    made = np.empty((len(at), deal[0].shape[1]))
    fields = [Pointer(np.ascontiguousarray(field)) for field in deal]
    of = [Pointer(np.ascontiguousarray(array, np.float64)) for array in (at, passes, cost)]
    _loop("weigh")(*fields, *of, *made.shape, Pointer(made))
    return made


@cache
def _loop(name: str) -> Callable[..., int]:
    text = (Path(__file__).parent / "deal_loop.py").read_text(encoding="utf-8")
    module = loaded(f"# {WIDE} {EACH} {SHARED} {SUMS} {TRIED}\n{text}")  # what it imports
    return compiled_once(getattr(module, name), Path(str(module.__file__)))
