"""Policies that learn: a bid from what an agent has learned so far, and what it learns from feedback.

A learning policy is three functions over arrays with agents as last axis, as a reputation is (sim/standing):

    init(n)              what agents know before the market opens, a tuple of (n,) arrays of floats
    bid(state, seen)     ask and claim, and a memo that comes back with what becomes of this bid
    learn(state, feedback)  what they know then

Feedback on a bid that counted (in time, with a free slot, kept out by nothing) comes twice at most: at the clearing,
hired or not, and, where it was hired, as its attempt ends. An attempt that was cancelled, or never had its turn,
teaches nothing. Only what the market shows an agent is in `Feedback`. Bids are made as the window closes, from all that
is known by then; those of agents that do not learn are made as the posting goes out, which is the same bid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import BoolArray, FloatArray, IntArray, Notice, Status

State = tuple[FloatArray, ...]
_NONE = int(Status.NONE)


class Seen(NamedTuple):
    """What an agent bids from, (..., n).

    ask: the rule's truthful ask at `belief` and `cost_belief`; truthful(belief, cost_belief): that of other beliefs.
    tries, failures: its own at the task. able: it is there, answers, and is not kept out by exclude; where not, no bid
    of its counts. luck: a uniform draw in (0, 1) of this posting and agent, 0.5 where the policy says that it draws
    nothing.
    """

    ask: FloatArray
    belief: FloatArray
    cost_belief: FloatArray
    notice: Notice
    tries: IntArray
    failures: IntArray
    able: BoolArray
    luck: FloatArray
    truthful: Callable[[FloatArray, FloatArray], FloatArray]


class Offer(NamedTuple):
    """A bid: ask in dollars, infinite to abstain, and claim; memo: arrays (..., n) of floats, as many every time."""

    ask: FloatArray
    claim: FloatArray
    memo: tuple[FloatArray, ...] = ()


class Feedback(NamedTuple):
    """What agents learn from, (..., n); informed: they get feedback now; where not, the other arrays mean nothing.

    status: NONE at the clearing, else how the attempt ended. hired: at the clearing, whether it was. payment: dollars;
    at the clearing less than 0, the fee of its bid. cost: dollars of the attempt. rival: at the clearing, the least
    ask of another bid that counted, at most the reserve where that is public; NaN where the notice does not make asks
    public. memo: of the bid.
    """

    informed: BoolArray
    status: NDArray[Any]
    hired: BoolArray
    payment: FloatArray
    cost: FloatArray
    rival: FloatArray
    memo: tuple[FloatArray, ...]

    @property
    def lost(self) -> BoolArray:
        """Told that a bid was not hired."""
        return self.cleared & ~self.hired

    @property
    def ended(self) -> BoolArray:
        """Told how an attempt ended."""
        return np.asarray(self.informed & (self.status != _NONE))

    @property
    def cleared(self) -> BoolArray:
        """Told of a clearing."""
        return np.asarray(self.informed & (self.status == _NONE))


@runtime_checkable
class LearningPolicy(Protocol):
    """A policy that learns. draws: whether `bid` reads a uniform draw. All three are pure.

    One that learns from the rivals' asks has the class attribute `reads_asks = True`: the notice must make them public.

    One that names agents defines `for_agents(names)`, which gives the policy with their places.
    """

    draws: ClassVar[bool]

    def init(self, n_agents: int) -> State:
        """What agents know at the start, (n_agents,) each."""

    def bid(self, state: State, seen: Seen) -> Offer:
        """The bids."""

    def learn(self, state: State, feedback: Feedback) -> State:
        """What they know then. The market keeps the state of agents that are not informed."""


def rivals(ask: FloatArray, counts: BoolArray, notice: Notice) -> FloatArray:
    """The least ask of another bid that counts, at most the reserve where that is public, (..., n) dollars.

    Infinite where there is neither. In a price auction that hires one it is the ask below which an agent wins.

    >>> notice = Notice.trusted(value=np.nan, reserve=np.float64(0.4), penalty=0.0, posting=0)
    >>> rivals(np.array([0.3, 0.2, 0.1]), np.array([True, True, False]), notice).tolist()
    [0.2, 0.3, 0.2]
    """
    counted = np.where(counts, ask, np.inf)
    least = np.minimum.reduce(counted, axis=-1, keepdims=True)
    first = counts & (counted == least)
    second = np.minimum.reduce(np.where(first, np.inf, counted), axis=-1, keepdims=True)
    alone = np.add.reduce(first, axis=-1, keepdims=True, dtype=np.int64) < 2
    other = np.where(first & alone, second, least)
    reserve = np.asarray(notice.reserve)[..., None]
    return np.where(reserve < other, reserve, other)
