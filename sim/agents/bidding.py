"""Bidders: how an agent turns what it believes into a bid.

A bidder is `(belief, cost_belief, notice, state) -> ask, claim` over arrays with agents as last axis; an infinite
ask abstains. It sees the notice, never the tender, so a sealed reserve cannot reach it.

    truthful        the rule's own truthful ask, the belief as claim
    mark_up         the truthful ask x (1 + rate), the belief as claim
    shaded          the first-price equilibrium bid of n iid U[0, 1] break-even prices under the notice's reserve
    overclaim       claims `logits` more than it believes; asks what it would at its belief
    fixed_claim     claims the same on every task; asks what it would at its belief
    clipped_claim   claims its belief moved into [low, high]; asks what it would at its belief
    silent          makes no bid
    enters          the truthful bid, where what it may gain covers what a bid costs (sim/agents/bidding_entry.py)

Policies that learn as the market goes (sim/agents/learners.py) are named in the same way. A liar's ask is the truthful
ask at its belief, so that a policy changes one thing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import numpy as np
from annotated_types import Ge, Le

from sim.agents.bidding_entry import Enters
from sim.agents.bidding_names import Shill, Sybil
from sim.agents.bidding_ring import Ring
from sim.agents.bidding_under_names import HandOver, Whitewash
from sim.agents.learners import Exp3, Hedge, Imitate, Recalibrate
from sim.agents.learning import LearningPolicy
from sim.kit.arrays import BoolArray, FloatArray, IntArray, Notice
from sim.kit.errors import ScenarioError, closest
from sim.kit.kinds import Registry
from sim.kit.parameters import choose
from sim.kit.portable import expit, logit, power
from sim.kit.shortcut import unless

Bid = tuple[FloatArray, FloatArray]
Probability = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, eq=False)
class BidderState:
    """What a bidder knows beyond the notice.

    tries (..., n): its own earlier attempts at this task; failures (..., n): those of them that verified FAIL. The
    belief it is handed is the one these failures leave it. silent (..., n): no bid comes from it; None: all bid.
    excluded (..., n): kept out by what happened at the task; None: nobody.
    """

    tries: IntArray
    failures: IntArray
    silent: BoolArray | None = None
    excluded: BoolArray | None = None


class Bidder(Protocol):
    """Turns beliefs into bids."""

    def __call__(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice, state: BidderState) -> Bid:
        """Ask (..., n) in dollars, infinite to abstain, and claim (..., n)."""


@dataclass(frozen=True)
class Fallback:
    """The bid put in where none comes: what the live fork does with a worker that fails to bid [P2]."""

    ask: float
    claim: float


class Policy(Protocol):
    """Changes a truthful bid into the policy's own."""

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """Ask and claim (..., n), from the truthful ask and the belief (..., n)."""


@dataclass(frozen=True)
class Truthful:
    """The truthful ask, the belief as claim."""

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """As they are."""
        return ask, belief


@dataclass(frozen=True)
class MarkUp:
    """Asks `rate` more than the truth: .1 is a tenth more."""

    rate: Annotated[float, Ge(-1), Le(1e6)]

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """Ask x (1 + rate)."""
        return ask * (1.0 + self.rate), belief


@dataclass(frozen=True)
class Shaded:
    """The equilibrium of a first-price auction among `n_bidders` iid U[0, 1] break-even prices b under reserve r <= 1.

    bid(b) = b + [(1 - b)^n - (1 - r)^n] / (n (1 - b)^(n - 1)); above the reserve it abstains. Source: [Vickrey1961].
    The reserve must be public.
    """

    n_bidders: Annotated[int, Ge(1), Le(10_000)]

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """The equilibrium bid at a break-even price of `ask`."""
        reserve = np.asarray(notice.reserve)[..., None]
        message = "bidders.policy: shaded needs a reserve that is public and at most 1"
        unless(reserve <= 1.0, lambda: ScenarioError(message))
        n = self.n_bidders
        low = np.minimum(ask, reserve)
        room = np.maximum(1.0 - low, np.finfo(float).tiny)
        shade = (
            room * (1.0 - power((1.0 - reserve) / room, n)) / n
        )  # so written, no power of a small room is divided by
        return np.where(ask <= reserve, low + shade, np.inf), belief


@dataclass(frozen=True)
class Overclaim:
    """Claims `logits` more than it believes; beliefs of 0 and 1 stay."""

    logits: Annotated[float, Ge(-50), Le(50)]

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """The truthful ask with a louder claim."""
        return ask, np.asarray(expit(logit(belief) + self.logits))


@dataclass(frozen=True)
class FixedClaim:
    """Claims the same on every task."""

    claim: Probability

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """The truthful ask with a constant claim."""
        return ask, np.full(np.shape(belief), self.claim)


@dataclass(frozen=True)
class ClippedClaim:
    """Claims its belief, but never below `low` or above `high`."""

    low: Probability = 0.0
    high: Probability = 1.0

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """The truthful ask with the claim moved into [low, high]."""
        return ask, np.minimum(np.maximum(belief, self.low), self.high)


@dataclass(frozen=True)
class Silent:
    """Makes no bid."""

    def bid(self, ask: FloatArray, belief: FloatArray, notice: Notice) -> Bid:
        """None."""
        return np.full(np.shape(ask), np.inf), belief


POLICIES: Registry[str, type[Any]] = Registry(
    "policy",
    "decorate a frozen dataclass with @register_policy('name')",
    methods={"bid": "ask, belief, notice"},
    own={
        "truthful": Truthful,
        "mark_up": MarkUp,
        "shaded": Shaded,
        "overclaim": Overclaim,
        "fixed_claim": FixedClaim,
        "clipped_claim": ClippedClaim,
        "exp3": Exp3,
        "hedge": Hedge,
        "recalibrate": Recalibrate,
        "imitate": Imitate,
        "ring": Ring,
        "sybil": Sybil,
        "shill": Shill,
        "whitewash": Whitewash,
        "hand_over": HandOver,
        "silent": Silent,
        "enters": Enters,
    },
)


def parse_policy(raw: Any) -> Policy | LearningPolicy:
    """The policy `raw` names; raises ValueError saying what is allowed."""
    found: Policy | LearningPolicy = choose(raw, POLICIES)
    if isinstance(found, ClippedClaim) and found.low > found.high:
        raise ValueError(f"low must not exceed high; got {found.low} and {found.high}")
    return found


def check_named(own: Iterable[str], agents: Sequence[str]) -> None:
    """Raise ScenarioError where a policy is for an agent that is not there."""
    for name in own:
        if name not in agents:
            allowed = ", ".join(agents)
            raise ScenarioError(f"bidders.agents: no agent {name!r}{closest(name, agents)}; allowed: {allowed}")


def see(
    public: Sequence[str], value: FloatArray, reserve: FloatArray, penalty: FloatArray, posting: IntArray
) -> Notice:
    """The notice of a tender: what is not in `public` is NaN."""
    shown = {"value": value, "reserve": reserve, "penalty": penalty}
    sealed = {name: array if name in public else np.full(np.shape(array), math.nan) for name, array in shown.items()}
    return Notice.trusted(**sealed, posting=posting)
