"""A rule as machine code: traced, written as a loop over agents and compiled by numba; equal to the rule, bit for bit.

What is compiled is kept on disk, by the text that was compiled and the versions that compiled it, so that a rule is
compiled once. The first clearings of every compiled rule are also given to the rule itself, and must agree.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from sim.compiled.kept import loaded
from sim.compiled.trace import UntraceableError, trace
from sim.compiled.trace.emitted import arguments, source
from sim.compiled.trace.graph import Kind
from sim.compiled.trace.tracing import NUMBERS, OPTIONAL, OUTPUTS, VECTORS, Graph
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.kit.errors import MarketError
from sim.mechanisms import Mechanism

COMPARED = 256  # clearings of a rule that are also called
_TYPES: dict[Kind, Any] = {"f": np.float64, "i": np.int64, "b": np.bool_}


def compiled(rule: Mechanism, n_agents: int) -> Mechanism | CompiledRule:
    """The rule for n agents as machine code; the rule itself where it cannot be traced, or numba is not installed."""
    if find_spec("numba") is None:
        return rule
    try:
        return CompiledRule(rule, trace(rule, n_agents))
    except UntraceableError:
        return rule


class CompiledRule:
    """Gives the awards of `rule`, faster, for postings with the graph's number of agents and without menus."""

    def __init__(self, rule: Mechanism, graph: Graph) -> None:
        self.rule, self.graph = rule, graph
        self._clear = loaded(source(graph)).clear
        self._left = COMPARED

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        """As the rule itself: arrays (..., n), or (...) of the tender.

        Raises what the rule raises, and MarketError where the two disagree.
        """
        lead, n = bids.ask.shape[:-1], bids.ask.shape[-1]
        if bids.menu is not None or n != self.graph.n_agents:
            return self.rule(bids, tender, standing, lottery)
        given = vars(bids) | vars(tender) | vars(standing) | {"lottery": lottery}
        kinds = VECTORS | NUMBERS
        rows = {name: _rows(given[name], lead, n if name in VECTORS else None, kinds[name]) for name in kinds}
        made = {
            name: np.empty((len(rows["value"]), *(() if node.length is None else (n,))), _TYPES[node.kind])
            for name, node in self.graph.outputs.items()
        }
        names = [name for name in arguments(self.graph) if name in rows or name.removeprefix("o_") in made]
        refused = self._clear(*(rows[name] if name in rows else made[name.removeprefix("o_")] for name in names))
        if refused >= 0 or self._left > 0:
            self._compare(rows, made, refused)
        shaped = {name: array.reshape((*lead, n) if name != "by_tie" else lead) for name, array in made.items()}
        return Award.trusted(**shaped)

    def _compare(self, rows: dict[str, Any], made: dict[str, Any], refused: int) -> None:
        """Give the first clearings, and one that was refused, to the rule itself."""
        count = min(self._left, len(rows["value"]))
        for part in (slice(0, count), slice(max(0, refused), refused + 1)):
            parts = {name: array[part] for name, array in rows.items()}
            bids = Bids.trusted(**{name: parts[name] for name in ("ask", "claim", "active")})
            tender = Tender.trusted(**{name: parts[name] for name in NUMBERS})
            standing = Standing.trusted(**{name: parts[name] for name in ("reputation", "expected_cost", "advice")})
            award = self.rule(bids, tender, standing, parts["lottery"])
            for name in OUTPUTS | OPTIONAL:
                called = getattr(award, name)
                own = made[name][part] if name in made else None
                if (called is None) != (own is None) or not (own is None or _equal(own, called)):
                    raise MarketError(f"{self.rule.name}: {name} of the compiled rule is not what the rule gives")
        self._left -= count


def _equal(own: Any, called: Any) -> bool:
    return bool(np.array_equal(own, np.broadcast_to(called, own.shape), equal_nan=own.dtype.kind == "f"))


def _rows(array: Any, lead: tuple[int, ...], n: int | None, kind: Kind) -> Any:
    """The array in one piece, with one clearing a row. n: of its agents; None: it has none."""
    own = () if n is None else (n,)
    whole = np.broadcast_to(np.asarray(array, _TYPES[kind]), (*lead, *own))
    return np.ascontiguousarray(whole).reshape(-1, *own)
