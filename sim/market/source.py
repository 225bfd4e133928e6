"""What the market asks about agents: their bids, and how their work turns out.

The market reads no World. It asks a `Source` when a question's moment comes, and joins the answer when it matters:
bids at the clearing, outcomes at the completion. So a market of drawn agents (sim/market/drawn.py), of live ones, and
of answers kept from an earlier run are one market. Index convention: n agents; at = (replication, task).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Notice, Tender
from sim.ledger.ledger import OUTCOME

At = tuple[int, int]
BID = -1  # the reason of a bid that was made
ABSTAINED, MALFORMED, LATE = (OUTCOME.index(word) for word in ("abstained", "malformed", "late"))
_NO_BIDS = [MALFORMED, LATE, *(OUTCOME.index(word) for word in ("out of range", "refused", "cut off"))]
_ANSWERED = np.zeros(len(OUTCOME) + 1, np.bool_)  # by reason; that of BID is the last
_ANSWERED[[BID, *_NO_BIDS]] = True


@dataclass(frozen=True, eq=False)
class Offers:
    """What agents answered to a posting, (..., n).

    ask, claim: dollars and probability, NaN where no bid was made. belief, cost_belief: behind them, NaN where unknown.
    latency: ticks from posting to bid. bid_cost: dollars that answering cost, where one was made.
    reason: BID, or why there is none, as a place in OUTCOME: ABSTAINED; MALFORMED, an answer that is no bid, or in more
    words "out of range", "refused", "cut off"; LATE, none by the clearing. All but ABSTAINED cost what a bid costs.
    advice: what a router says of each agent's chance, NaN where nothing; None: nobody was asked. overhead: dollars that
    asking it cost the allocator.
    """

    ask: FloatArray
    claim: FloatArray
    belief: FloatArray
    cost_belief: FloatArray
    latency: IntArray
    bid_cost: FloatArray
    reason: NDArray[np.int8]
    advice: FloatArray | None = None
    overhead: float = 0.0

    def row(self, at: Any) -> Self:
        """Those of one posting, or of some; nobody was asked for advice."""
        return type(self)(*(getattr(self, field.name)[at] for field in fields(self) if field.default is MISSING))

    @property
    def willing(self) -> BoolArray:
        """(..., n): a bid was made."""
        return np.asarray(self.reason == BID)


def answered(reason: NDArray[np.int8]) -> BoolArray:
    """An answer came, or was waited for in vain: it costs what a bid costs."""
    return np.asarray(_ANSWERED[reason])


def no_bid(word: NDArray[np.int8]) -> BoolArray:
    """What became of a bid, as a place in OUTCOME, says that none was made by an agent who was asked for one."""
    return np.isin(word, [ABSTAINED, *_NO_BIDS])


def checked(offers: Offers) -> Offers:
    """The offers where whatever is no bid, an ask that is not finite or a claim outside [0, 1], is MALFORMED."""
    with np.errstate(invalid="ignore"):
        good = np.isfinite(offers.ask) & (offers.claim >= 0) & (offers.claim <= 1)
    wrong = offers.willing & ~good
    ask, claim = (np.where(wrong, np.nan, array) for array in (offers.ask, offers.claim))
    return replace(offers, ask=ask, claim=claim, reason=np.where(wrong, np.int8(MALFORMED), offers.reason))


class Outcome(NamedTuple):
    """What came of an attempt. status: as the verifier says; success: what truly happened; cost: dollars.

    score: in [0, 1], what the work is worth where outcomes are graded; NaN: 1 of PASS, else 0.
    beside: other dollars, by column of the ledger (BESIDE); what is left out is 0.
    """

    status: int
    success: bool
    cost: float
    score: float = math.nan
    beside: Mapping[str, float] = {}


class Source(Protocol):
    """Answers what the market asks.

    opening: offers (R, T, n) of all first postings, where nothing can change them before their clearing; these are not
    asked for again. None: every posting is asked about.
    """

    @property
    def opening(self) -> Offers | None:
        """As above."""

    def post(self, at: At, posting: int, notice: Notice, asked: BoolArray) -> None:
        """A posting goes out to the agents in `asked` (n,), who may start to answer. The others cannot win it."""

    def offers(self, at: At, posting: int) -> Offers:
        """The answers (n,), joined at the clearing, or earlier where an agent of its own process asks for them."""

    def start(self, at: At, agent: int, nth: int, budget: float | None) -> int:
        """Ticks that the agent's nth try at the task takes; it starts. budget: dollars at which it is stopped."""

    def outcome(self, at: At, agent: int, nth: int) -> Outcome:
        """What came of the try, joined at its completion."""

    def cancel(self, at: At, agent: int, nth: int, elapsed: int) -> Outcome:
        """End the try after these many ticks, before it is complete; status CANCELLED."""

    def cleared(self, at: At, posting: int, tender: Tender, bids: Bids, award: Award) -> None:
        """A posting was cleared: what was before the mechanism and what it answered, (n,)."""

    def heard(self, at: At, agent: int, outcome: Outcome, payment: float) -> None:
        """The agent learns how its attempt ended, by the deadline's status where that ended it, and is paid."""
