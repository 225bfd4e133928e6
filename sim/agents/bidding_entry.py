"""Entry: an agent bids only where the gain that it expects covers what a bid costs it.

    gain = chance x (p w - (1 - p) k - c)        bids the truth where gain >= bid_cost

p its belief, c its cost belief, k the penalty of the notice; w the payment on success that it counts on, `prize` times
the reserve, or the value where the reserve is sealed; chance: its own estimate of being hired, the same for every task.
A notice without either says nothing of a gain: it then bids on nothing. Source: [McAfeeMcMillan1987], of entry at a
cost before bidding; the estimate of winning is stated here, not an equilibrium.

Index convention: the last axis is agents (n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from sim.agents.learning import Feedback, Offer, Seen, State
from sim.kit.arrays import FloatArray


def expected_gain(
    belief: FloatArray, cost_belief: FloatArray, prize: FloatArray, penalty: FloatArray, chance: float
) -> FloatArray:
    """Dollars (..., n) that a bid brings in expectation; prize, penalty (..., 1).

    >>> expected_gain(np.array([0.5]), np.array([0.1]), np.array([1.0]), np.array([0.2]), 0.5).round(6).tolist()
    [0.15]
    """
    return chance * (belief * prize - (1.0 - belief) * penalty - cost_belief)


@dataclass(frozen=True)
class Enters:
    """Bids the truth where its expected gain is at least `bid_cost` dollars, and not at all elsewhere."""

    draws: ClassVar[bool] = False

    bid_cost: Annotated[float, Ge(0), Le(1e9)]
    chance: Annotated[float, Gt(0), Le(1)] = 1.0
    prize: Annotated[float, Gt(0), Le(1)] = 1.0

    @classmethod
    def examples(cls) -> tuple[Enters, ...]:
        """Of a bid that is free, and of one that costs."""
        return cls(0.0), cls(0.05, 0.25, 0.5)

    def init(self, n_agents: int) -> State:
        """Nothing is remembered."""
        return ()

    def bid(self, state: State, seen: Seen) -> Offer:
        """The truthful bid, or none."""
        value, reserve, penalty = (
            np.asarray(array)[..., None] for array in (seen.notice.value, seen.notice.reserve, seen.notice.penalty)
        )
        prize = self.prize * np.where(np.isnan(reserve), value, reserve)
        gain = expected_gain(seen.belief, seen.cost_belief, prize, penalty, self.chance)
        return Offer(np.where(gain >= self.bid_cost, seen.ask, np.inf), seen.belief)

    def learn(self, state: State, feedback: Feedback) -> State:
        """Nothing."""
        return ()
