"""What a bidding policy must do: `bid(ask, belief, notice) -> ask, claim`, over arrays with agents as last axis.

Asks are floats or infinite (no bid), claims lie in [0, 1] where there is a bid; each agent's bid follows from its own
ask and belief alone, so that a batch gives what its rows give and an agent what it gets alone; the same again for the
same again; nothing that is given is changed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from sim.agents.learning import LearningPolicy
from sim.contracts.learning_contract import learning_faults, offer_fault
from sim.contracts.trial import LEADING, SIZES, case_of, first, floats_of, grid, outside, same, shares, trying
from sim.kit.arrays import FloatArray, Notice


def bid_fault(given: tuple[Any, ...], made: Any) -> str:
    """What is wrong with a bid, or nothing. given: what `bid` was called with."""
    if len(given) == 2:  # state and what is seen
        return offer_fault(np.shape(given[1].belief), made)
    if not isinstance(made, tuple) or len(made) != 2:
        return f"must return ask, claim; got {type(made).__name__}"
    ask, claim = made
    shape = np.shape(given[1])
    if wrong := first(floats_of("ask", ask, shape), floats_of("claim", claim, shape)):
        return wrong
    number = outside("ask", ask, ~np.isnan(ask) & (ask != -np.inf), "be a number, or inf where there is no bid")
    return number or shares("claim", np.where(np.isinf(ask), 0.0, claim))


def policy_faults(policy: Any) -> Iterator[str]:
    """All that is wrong with a policy; one that learns has a contract of its own."""
    if isinstance(policy, LearningPolicy):
        yield from learning_faults(policy)
        return
    for leading in LEADING:
        for n in SIZES:
            with trying(case_of(leading, n)):
                shaped = yield from _of_bids(policy, leading, n)
            if not shaped:
                return


def _of_bids(policy: Any, leading: tuple[int, ...], n: int) -> Generator[str, None, bool]:
    """What is wrong in one case; returns whether the arrays have the shapes they must have."""
    given = _given(leading, n)
    made = policy.bid(*given)
    if wrong := bid_fault(given, made):
        yield f"bid: {wrong}"
        return False
    if not same(made, policy.bid(*given)):
        yield "bid: gives another bid when it is asked again; a policy has no memory and no draws of its own"
    for at in np.ndindex(*leading):
        ask, belief, notice = given
        alone = policy.bid(ask[at], belief[at], _row(notice, at))
        if not same(tuple(part[at] for part in made), alone):
            yield "bid: gives a batch other bids than its rows one by one; agents are the last axis"
    for i in range(n):
        ask, belief, notice = (given[0][..., i : i + 1], given[1][..., i : i + 1], given[2])
        if not same(tuple(part[..., i : i + 1] for part in made), policy.bid(ask, belief, notice)):
            yield "bid: an agent's bid depends on other agents' beliefs, which it cannot know"
    return True


def _given(leading: tuple[int, ...], n: int) -> tuple[FloatArray, FloatArray, Notice]:
    dollars = 0.5 + grid(leading, 5) / 2
    notice = Notice(value=2 * dollars, reserve=dollars, penalty=dollars / 4, posting=np.zeros(leading, np.int64))
    belief = grid((*leading, n), 11).copy()
    belief[..., 0] = np.where(belief[..., 0] > 0.5, 1.0, 0.0)
    belief.flags.writeable = False
    return grid((*leading, n)), belief, notice


def _row(notice: Notice, at: tuple[int, ...]) -> Notice:
    return Notice(**{name: array[at] for name, array in vars(notice).items()})
