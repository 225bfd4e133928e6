"""What one agent gets by its bids, from compiled rules: bit for bit what the rule itself gives, sooner.

The first clearings of every compiled rule are also given to the rule, and must agree. A rule that is not compiled, or
that refuses a posting, is called as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sim.compiled.abreast import EACH, FIELDS, SHARED, SUMS, TRIED, Abreast, Postings, abreast, postings, weighed
from sim.kit.arrays import Bids, FloatArray, IntArray, Standing, Tender
from sim.kit.errors import MarketError
from sim.mechanisms import Mechanism

COMPARED = 256  # clearings of a rule that are also called
WORTH = 1 << 17  # types x draws of an audit from which a rule is compiled for it

__all__ = ["EACH", "FIELDS", "SHARED", "SUMS", "TRIED", "WORTH", "Dealer", "dealer", "table", "weighed"]


def dealer(rule: Mechanism, n_agents: int) -> Dealer | None:
    """Of the rule for so many agents; None where it is to be called as it stands."""
    found = abreast(rule, n_agents, whole=False)
    return None if found is None or "budget" in found.graph.outputs else Dealer(found)


def table(
    bids: Bids | Mapping[str, Any],
    tender: Tender,
    standing: Standing,
    lottery: FloatArray,
    fails: FloatArray,
    me: int | IntArray,
) -> Postings:
    """Postings (R,) before n agents. fails (R, n): chance that an attempt fails; me: the place of the agent that bids,
    one for all or (R,).
    """
    said = bids if isinstance(bids, Mapping) else vars(bids)
    given = {**said, **vars(tender), **vars(standing), "lottery": lottery}
    return postings(given, fails, me) if isinstance(me, int) else postings(given, fails, -1, me)


class Dealer:
    """A compiled rule, compared with the rule for the first COMPARED clearings."""

    def __init__(self, compiled: Abreast) -> None:
        self._compiled, self._left = compiled, COMPARED

    def deals(
        self,
        of: Postings,
        ask: FloatArray,
        claim: FloatArray,
        called: Callable[[slice], FloatArray],
        advice: FloatArray | None = None,
        how: int = FIELDS,
        weights: tuple[FloatArray, FloatArray] | None = None,
    ) -> FloatArray | None:
        """As `Abreast.deals`, weights likewise. called: what the rule itself makes of some rows of the bids.

        Raises MarketError where the two differ. None where the rule refuses a posting.
        """
        made = self._compiled.deals(of, ask, claim, advice, how, *(() if weights is None else (weights,)))
        if made is not None and self._left > 0 and ask.size:
            rows = slice(0, -(-self._left // ask.shape[1]))
            if not np.array_equal(made[:, rows], called(rows), equal_nan=True):
                name = self._compiled.rule.name
                raise MarketError(f"{name}: deals of the compiled rule are not what the rule gives")
            self._left -= ask[rows].size
        return made
