"""Bidders: how an agent turns what it believes into a bid.

A bidder is `(belief, cost_belief, notice, state) -> ask, claim` over arrays whose last axis is agents; an infinite
ask abstains. It sees the notice, never the tender, so a sealed reserve cannot reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sim.arrays import FloatArray, IntArray, Notice
from sim.mechanisms import Mechanism


@dataclass(frozen=True, eq=False)
class BidderState:
    """What a bidder knows beyond the notice. tries (..., n): its own earlier attempts at this task."""

    tries: IntArray


class Bidder(Protocol):
    """A bidding policy."""

    def __call__(
        self, belief: FloatArray, cost_belief: FloatArray, notice: Notice, state: BidderState
    ) -> tuple[FloatArray, FloatArray]:
        """Ask (..., n) in dollars, infinite to abstain, and claim (..., n)."""


@dataclass(frozen=True)
class Truthful:
    """Asks what the rule's own `truthful_ask` says and claims its belief, whatever happened before."""

    mechanism: Mechanism

    def __call__(
        self, belief: FloatArray, cost_belief: FloatArray, notice: Notice, state: BidderState
    ) -> tuple[FloatArray, FloatArray]:
        """The truthful bid."""
        return self.mechanism.truthful_ask(belief, cost_belief, notice), belief


def see(
    public: Sequence[str], value: FloatArray, reserve: FloatArray, penalty: FloatArray, posting: IntArray
) -> Notice:
    """The notice of a tender: what is not in `public` is NaN."""
    shown = {"value": value, "reserve": reserve, "penalty": penalty}
    sealed = {name: array if name in public else np.full(np.shape(array), np.nan) for name, array in shown.items()}
    return Notice.trusted(**sealed, posting=posting)
