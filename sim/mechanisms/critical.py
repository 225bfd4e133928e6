"""Second score for any score S(a, q) that never rises with the ask: the best score wins, paid its critical ask.

    hired          max S among those with a <= r and S >= threshold
    pay_success    a* = the largest a <= r that still wins: S(a, q) >= bar = max(threshold, best rival score), where it
                   equals the best rival's only if the lottery favours the winner
    pay_failure    -k

The critical ask does not depend on the ask, so the truthful ask is dominant. The shortcut a + (S(a, q) - bar) equals a*
only where S falls by a dollar for each dollar asked; elsewhere it pays a liar without bound.

The reserve caps the ask, as under a price rule, so that it means the same in whatever unit S is; there is no least
score unless `threshold` gives one. Scores are -inf where the ask is above the reserve; infinite ones rank by claim x
value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.mechanisms.base import (
    Capabilities,
    Mechanism,
    Promises,
    Selection,
    Terms,
    best_rival,
    contract,
    lowest_lottery,
    rank_of_infinite,
    select,
)


@dataclass(frozen=True)
class CriticalScoreRule(Mechanism):
    """Base of a second-score rule; a subclass defines `score`, and `critical_ask` where it has a closed form.

    Sources: [Che1993], [AskerCantillon2008].

    >>> from dataclasses import dataclass
    >>> from sim.mechanisms import CriticalScoreRule
    >>> @dataclass(frozen=True)
    ... class SquareAsk(CriticalScoreRule):
    ...     summary = "dear asks weigh more than in proportion"
    ...     def score(self, ask, claim, tender, standing):
    ...         return claim - (np.maximum(ask, 0.0) / tender.value[..., None]) ** 2
    >>> bids = Bids(ask=[0.1, 0.3], claim=[0.9, 0.5], active=[True, True])
    >>> tender = Tender(np.float64(1), np.float64(1), np.float64(0), np.int64(0))
    >>> award = SquareAsk()(bids, tender, Standing(*np.ones((3, 2))), np.array([0.2, 0.1]))
    >>> award.pay_success.round(6).tolist()  # .9 - a^2 = .5 - .3^2
    [0.7, 0.0]
    """

    capabilities: ClassVar[Capabilities] = Capabilities(needs=frozenset({"value"}))
    promises: ClassVar[Promises] = Promises(ask=True, claim=False, rational=True, efficient=False, no_deficit=True)
    source: ClassVar[str] = "Che1993, AskerCantillon2008"

    def score(self, ask: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray:
        """S(a, q), (..., n), which must not rise with the ask; a tender's fields are (...): add [..., None]."""
        raise TypeError(f"{type(self).__name__} defines no score(ask, claim, tender, standing)")

    def critical_ask(self, bar: FloatArray, claim: FloatArray, tender: Tender, standing: Standing) -> FloatArray | None:
        """The ask with S(a, q) = bar, (..., n), in closed form; None: it is found by bisection. bar (..., 1).

        Only where S falls strictly: on a flat stretch the largest ask that wins hangs on the lottery.
        """
        return None

    def failure_pay(self, claim: FloatArray, tender: Tender) -> FloatArray:
        """What failure pays, (..., n) or (..., 1): minus the penalty."""
        return 0.0 - np.asarray(tender.penalty)[..., None]

    def threshold(self, tender: Tender) -> FloatArray:
        return np.full(np.shape(tender.reserve), -np.inf)

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        return {"score": self._capped(bids, tender, standing)}

    def precedence(self, bids: Bids, tender: Tender, standing: Standing) -> tuple[FloatArray, ...]:
        scores = self.scores(bids, tender, standing)
        return scores, rank_of_infinite(scores, bids, tender)

    def _capped(self, bids: Bids, tender: Tender, standing: Standing) -> FloatArray:
        """The score, -inf where the ask exceeds the reserve, NaN where the bid does not count."""
        ask = np.where(bids.active, bids.ask, np.nan)  # an abstaining agent's ask is infinite
        return np.where(ask > _reserve(tender), -np.inf, self.score(ask, bids.claim, tender, standing))

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        """Select by score, then pay the winner its critical ask."""
        scores, least = self._capped(bids, tender, standing), self.threshold(tender)[..., None]
        eligible = bids.active & (scores >= least) & (bids.ask <= _reserve(tender))
        chosen = select(scores, eligible, lottery, bids.claim)
        price = self._price(chosen, bids, tender, standing, lottery)
        return contract(chosen.hired, price, self.failure_pay(bids.claim, tender), chosen.by_tie)

    def _price(
        self, chosen: Selection, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray
    ) -> FloatArray:
        """The largest ask within the reserve that keeps the winner hired, (..., n); 0 where not hired."""
        hired, rival, least = chosen.hired, best_rival(chosen), self.threshold(tender)[..., None]
        reserve = np.where(hired, _reserve(tender), 0.0)
        exact = self.critical_ask(np.maximum(least, rival), bids.claim, tender, standing)
        if exact is not None:
            return np.minimum(reserve, np.where(hired, exact, 0.0))
        low = np.where(hired, bids.ask, 0.0)
        # Where a score is flat, what a winner may ask depends on whether it would win a tie with its best rival.
        equal = (chosen.masked == rival) & (rival > -np.inf)
        equal = equal & ((rival < np.inf) | (bids.claim == _claim_of(hired, bids)))
        luckier = hired & lowest_lottery(hired | equal, lottery)

        def wins(ask: FloatArray) -> BoolArray:
            score = self.score(ask, bids.claim, tender, standing)
            return np.asarray((score >= least) & ((score > rival) | (luckier & (score == rival))))

        return np.where(wins(reserve), reserve, bisect(wins, low, np.where(hired, reserve, low)))


def bisect(wins: Callable[[FloatArray], BoolArray], low: FloatArray, high: FloatArray) -> FloatArray:
    """The largest number in [low, high) that wins, to the last bit, where every smaller one does and `high` does not.

    Element by element, so that a batch gives what its rows give; halving is exact in any power-of-two unit of money.

    >>> bisect(lambda x: x <= 0.3, np.zeros(1), np.ones(1)).tolist()
    [0.3]
    """
    while True:
        middle = low + 0.5 * (high - low)
        open_ = (middle > low) & (middle < high)
        if not open_.any():
            return low
        won = wins(middle)
        low, high = np.where(open_ & won, middle, low), np.where(open_ & ~won, middle, high)


def _claim_of(hired: BoolArray, bids: Bids) -> FloatArray:
    """The claim of the agent hired, (..., 1); 0 where nobody is."""
    return np.maximum.reduce(np.where(hired, bids.claim, 0.0), axis=-1, keepdims=True, initial=0.0)


def _reserve(tender: Tender) -> FloatArray:
    return np.asarray(tender.reserve)[..., None]
