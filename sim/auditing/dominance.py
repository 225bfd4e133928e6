"""Attacks A, Q and N: lies of one agent about its ask, its claim or both, posting by posting.

    ask        at the true claim                        A+ falls where one gains
    any_ask    at any claim, against the true ask       A falls
    claim      at the true ask                          Q falls
    both       in ask and claim, against the truth      A and Q fall together, where neither does alone; or N

Rivals bid anything, or the truth where the truth is only promised to be a best reply to itself (N). Utility is in
expectation over the agent's own outcome, so that one posting with a gain refutes. Asks are shares of the greater of
value and reserve, the rivals' asks and the truth with a little more and less, and both sides of the ask at which the
agent starts to lose; claims are 0, 1, some between, the rivals' and the truth with a little more and less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.auditing.attacked import Books
from sim.auditing.compiled_deals import EACH, Dealer, table
from sim.auditing.found import Found, posting, terms, worst
from sim.auditing.search import critical
from sim.kit.arrays import BoolArray, FloatArray
from sim.mechanisms import Mechanism

_SHARES = np.linspace(-0.25, 1.25, 19)  # of the greater of value and reserve
_CLAIMS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
_NEAR = (-0.2, -0.05, -1e-3, 1e-3, 0.05, 0.2)  # of the same, about the truth; and of 1, about the true claim
_BESIDE = 1e-7
_ROWS = 40  # bids that are cleared at a time where the rule is called


class Lied(NamedTuple):
    """The best lie of each kind over all postings."""

    ask: Found
    any_ask: Found
    claim: Found
    both: Found


def lied(rule: Mechanism, drawn: Books, dealer: Dealer | None = None, *, truthful_rivals: bool = False) -> Lied:
    """Attack the rule, which may be compiled, with every agent's rivals as drawn, or truthful."""
    books = drawn.honest(rule, True if truthful_rivals else drawn.mine)
    desk = _Desk(rule, books, dealer)
    truth, p = _true_ask(rule, books), books.own(books.belief)
    claims = np.stack([p, *_claims(books, p)])
    asks = np.stack([truth, *_asks(books, truth)])
    every = np.broadcast_to(asks, (len(claims), *asks.shape))  # (claims, asks, B), the truth first on both axes
    gain, hired = desk.tried(every, claims)
    edge = np.stack(_edges(desk, claims, hired[:, 1 : 1 + len(_SHARES)]), axis=1)
    beside, _ = desk.tried(edge, claims)
    gain, asks = np.concatenate([gain, beside], axis=1), np.concatenate([every, edge], axis=1)
    attack = _Attack(rule, books, asks, claims)
    return Lied(
        ask=attack.best(gain - gain[:1, :1], claims=slice(1)),
        any_ask=attack.best(gain - gain[:, :1], at_claim=True),
        claim=attack.best(gain - gain[:1, :1], asks=slice(1)),
        both=attack.best(gain - gain[:1, :1]),
    )


def _true_ask(rule: Mechanism, books: Books) -> FloatArray:
    """(B,), infinite where the agent would rather abstain."""
    return np.asarray(books.own(rule.truthful_ask(books.belief, books.cost, books.notice(rule))))


def _scale(books: Books) -> FloatArray:
    return np.maximum(books.tender.value, books.tender.reserve)


def _claims(books: Books, p: FloatArray) -> list[FloatArray]:
    fixed = [np.full(len(p), claim) for claim in _CLAIMS]
    near = [np.where((p + step >= 0.01) & (p + step <= 1.0), p + step, p) for step in _NEAR]
    rivals = [books.bids.claim[:, agent] for agent in range(books.belief.shape[1])]
    return [*fixed, *near, *rivals]


def _asks(books: Books, truth: FloatArray) -> list[FloatArray]:
    scale, n = _scale(books), books.belief.shape[1]
    known = np.where(np.isfinite(truth), truth, scale)
    rivals = [np.where(books.bids.active[:, i], books.bids.ask[:, i], known) for i in range(n)]
    near = [ask + side * scale for ask in rivals for side in (-_BESIDE, 0.0, _BESIDE)]
    stated = [books.tender.value, books.tender.reserve]
    return [*(share * scale for share in _SHARES), *(known + step * scale for step in _NEAR), *stated, *near]


class _Desk:
    """The postings, ready to clear. dealer: the compiled rule, where there is one."""

    def __init__(self, rule: Mechanism, books: Books, dealer: Dealer | None) -> None:
        self.books, self._rule, self._dealer = books, rule, dealer
        if dealer is not None:
            fails = 1.0 - books.belief
            self._table = table(vars(books.bids), books.tender, books.standing, books.lottery, fails, books.me)

    def tried(self, asks: FloatArray, claims: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Utility and whether hired (claims, asks, B), of asks (claims, asks, B) at claims (claims, B)."""
        each = np.broadcast_to(claims[:, None], asks.shape)
        made, hired = self._cleared(*(array.reshape(-1, asks.shape[-1]) for array in (asks, each)))
        return made.reshape(asks.shape), hired.reshape(asks.shape)

    def hires(self, asks: FloatArray, claims: FloatArray) -> BoolArray:
        """Whether the agent is hired, (claims, B), by an ask at each claim."""
        return self._cleared(asks, claims)[1]

    def _cleared(self, ask: FloatArray, claim: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Utility and whether hired by bids (L, B)."""
        books = self.books
        if self._dealer is not None:

            def called(rows: slice) -> FloatArray:
                return np.stack(self._called(ask[rows], claim[rows]))

            types = books.own(books.belief), books.own(books.cost)
            made = self._dealer.deals(self._table, ask, claim, called, how=EACH, weights=types)
            if made is not None:
                return made[0], made[1] > 0
        made, hired = np.empty(ask.shape), np.empty(ask.shape, np.bool_)
        for start in range(0, len(ask), _ROWS):
            part = slice(start, start + _ROWS)
            made[part], hired[part] = self._called(ask[part], claim[part])
        return made, hired

    def _called(self, ask: FloatArray, claim: FloatArray) -> tuple[FloatArray, BoolArray]:
        """The same from the rule itself."""
        award = self.books.award(self._rule, self.books.with_own_bid(ask, claim))
        return self.books.utility(award), self.books.own(award.hired)


def _edges(desk: _Desk, claims: FloatArray, won: BoolArray) -> tuple[FloatArray, FloatArray]:
    """(claims, B): asks just within and just beyond the highest that wins at each claim. won: whether shares do."""
    scale = _scale(desk.books)
    sides = critical(lambda shares: desk.hires(shares * scale, claims), won, _SHARES)
    low, high = (np.where(np.isnan(side), 1.0, side) * scale for side in sides)
    return low, high


class _Attack(NamedTuple):
    """What was tried: asks (claims, asks, B), claims (claims, B)."""

    rule: Mechanism
    books: Books
    asks: FloatArray
    claims: FloatArray

    def best(
        self, gain: FloatArray, claims: slice = slice(None), asks: slice = slice(None), at_claim: bool = False
    ) -> Found:
        """The lie of these claims and asks that gains most. at_claim: against the true ask at the same claim."""
        tried = gain[claims, asks]
        q, a, b = np.unravel_index(int(np.argmax(tried)), tried.shape)
        gained = float(tried[q, a, b])
        return worst(gained, lambda: self._text(int(q), int(a), int(b), gained, at_claim))

    def _text(self, q: int, a: int, b: int, gained: float, at_claim: bool) -> str:
        books = self.books
        at = q if at_claim else 0
        lie, truth = (self._said(*place, b) for place in ((q, a), (at, 0)))
        return f"gains ${gained:.3g} by {lie} in place of {truth}; {posting(books, b)}"

    def _said(self, q: int, a: int, b: int) -> str:
        ask, claim = self.asks[q, a], self.claims[q]
        award = self.books.award(self.rule, self.books.with_own_bid(ask, claim))
        said = f"ask {ask[b]:.6g}, claim {claim[b]:.6g}" if np.isfinite(ask[b]) else "abstaining"
        return f"{said} ({terms(award, b, int(self.books.me[b]))})"
