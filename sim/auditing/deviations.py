"""Clears many postings in which the audited agent bids one thing after another against the same draws.

A row is a bid of the audited agent, a column a draw. What it is promised does not depend on its type (but through the
advice about it), so one clearing serves every type: a type only weighs the two payments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.auditing.compiled_deals import FIELDS, SHARED, SUMS, TRIED, Dealer, table, weighed
from sim.auditing.problem import Draws, Problem
from sim.compiled.abreast import Postings
from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray, Standing, Tender
from sim.kit.errors import RunError

_CELLS = 1 << 15  # (row, draw, agent) cleared at a time, to stay in the processor's cache


class Deal(NamedTuple):
    """What a bid gets the audited agent, (B, R) each. chance: that it works: hired and, in a cascade, its turn comes.

    success, failure: dollars promised for either, times that chance, less the fee.
    """

    chance: FloatArray
    success: FloatArray
    failure: FloatArray

    def utility(self, passes: FloatArray, cost: FloatArray) -> FloatArray:
        """chance x (v pay_success + (1 - v) pay_failure - c) - fee; passes v, cost c broadcast to (B, R)."""
        return passes * self.success + (1.0 - passes) * self.failure - cost * self.chance


class Tried(NamedTuple):
    """Bids of the audited agent. ask (B, R), claim (B, 1), active (B, R); advice (B, 1) or None."""

    ask: FloatArray
    claim: FloatArray
    active: BoolArray
    advice: FloatArray | None

    def rows(self, part: slice) -> Tried:
        """Some of the bids."""
        return Tried(*(None if field is None else field[part] for field in self))  # type: ignore[arg-type]


class Desk:
    """The draws of a problem, ready to clear. dealer: the compiled rule, where there is one."""

    def __init__(self, problem: Problem, draws: Draws, dealer: Dealer | None = None) -> None:
        self.problem, self.draws, self.types, self.dealer = problem, draws, problem.types, dealer
        self._ask, self._claim, self._active = (_across(a) for a in (draws.ask, draws.claim, draws.active))
        self._lottery = _across(draws.lottery)
        self._standing = {name: _across(array) for name, array in vars(draws.standing).items()}

    def __len__(self) -> int:
        return len(self.draws)

    def truth(self, which: IntArray) -> FloatArray:
        """Truthful ask (B, R) of the types numbered `which` (B,); infinite where the type would rather abstain."""
        return self._over_draws(self._truth(which))

    def _truth(self, which: IntArray) -> FloatArray:
        """The same; (B, 1) where all draws have one notice."""
        notice = {name: _one_for_all(array) for name, array in vars(self.draws.notice).items()}
        shape = len(which), max(map(len, notice.values()))
        seen = type(self.draws.notice).trusted(**{name: np.broadcast_to(a, shape) for name, a in notice.items()})
        belief, cost = (
            np.broadcast_to(array[which, None, None], (*shape, 1)) for array in (self.types.belief, self.types.cost)
        )
        return np.asarray(self.problem.rule.truthful_ask(belief, cost, seen))[..., 0]

    def tried(self, which: IntArray, share: FloatArray, claim: FloatArray) -> Tried:
        """Bids of types `which` (B,): share (B,) or (B, R) of the scale as ask, claim (B,); NaN: the truth."""
        ask = self._asked(share)
        honest = np.isnan(ask)
        if honest.any():
            ask = np.where(honest, self._truth(which), ask)
        stated = np.where(np.isnan(claim), self.types.belief[which], claim)[:, None]
        advice = None if self.types.advice is None else self.types.advice[which, None]
        return self._bids(ask, stated, advice)

    def shared(self, share: FloatArray, claim: FloatArray) -> Tried:
        """Bids that are the same for every type: share (B,) or (B, R), claim (B,)."""
        return self._bids(self._asked(share), claim[:, None])

    def _asked(self, share: FloatArray) -> FloatArray:
        """Asks (B, R) by shares (B,) or (B, R); (B, 1) where they are the same in all draws."""
        return np.asarray((share[:, None] if share.ndim == 1 else share) * self._scale)

    def _bids(self, ask: FloatArray, claim: FloatArray, advice: FloatArray | None = None) -> Tried:
        return Tried(self._over_draws(ask), claim, self._over_draws(np.isfinite(ask)), advice)

    def _over_draws(self, column: NDArray[Any]) -> NDArray[Any]:
        """(B, R) or (B, 1) as (B, R), without a copy."""
        return np.broadcast_to(column, (len(column), len(self)))

    @cached_property
    def _scale(self) -> FloatArray:
        """(R,), or (1,) where it is the same in all draws."""
        return _one_for_all(self.draws.scale)

    def utility(self, which: IntArray, share: FloatArray, claim: FloatArray) -> FloatArray:
        """u (B, R) of types `which` (B,) at the bids of `tried`; equal bids of several types are cleared once."""
        if share.ndim > 1 or self.types.advice is not None or np.isnan(share + claim).any():
            return self._utility(self.tried(which, share, claim), *self.weights(which))
        bids, at = np.unique(np.stack([share, claim]), axis=1, return_inverse=True)
        deal, (passes, cost) = self.deal(self.shared(*bids)), self.weights(which)
        if self.dealer is not None:
            return weighed(deal, at, passes[:, 0], cost[:, 0])
        return Deal(*(field[at] for field in deal)).utility(passes, cost)

    def tested(self, which: IntArray, share: FloatArray, claim: FloatArray) -> tuple[FloatArray, BoolArray]:
        """u and whether the agent may have to work, (B, R) each, at the bids of `tried`."""
        tried, (passes, cost) = self.tried(which, share, claim), self.weights(which)

        def called(rows: slice) -> FloatArray:
            deal = self._called(tried.rows(rows))
            return np.stack([deal.utility(passes[rows], cost[rows]), deal.chance])

        made = self._dealt(tried, called, TRIED, (passes[:, 0], cost[:, 0]))
        u, chance = called(slice(None)) if made is None else made
        return u, chance > 0

    def weights(self, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """v and c (B, 1) of these types, by their own beliefs."""
        return np.asarray(self.problem.verifier.passes(self.types.belief[which]))[:, None], self.types.cost[which, None]

    def deal(self, tried: Tried) -> Deal:
        """What these bids get the audited agent."""
        made = self._dealt(tried, lambda rows: np.stack(self._called(tried.rows(rows))))
        return self._called(tried) if made is None else Deal(*made)

    def sums(self, tried: Tried) -> FloatArray:
        """What these bids get the audited agent over all even draws, and over all odd ones, (3, B, 2)."""

        def called(rows: slice) -> FloatArray:
            return _added_up(self._called(tried.rows(rows)))

        # NumPy adds up what is one row in another order.
        made = self._dealt(tried, called, SUMS) if len(tried.ask) > 1 else None
        return called(slice(None)) if made is None else made

    def _utility(self, tried: Tried, passes: FloatArray, cost: FloatArray) -> FloatArray:
        """u (B, R) by these bids, of types with these weights (B, 1)."""

        def called(rows: slice) -> FloatArray:
            return self._called(tried.rows(rows)).utility(passes[rows], cost[rows])[None]

        made = self._dealt(tried, called, SHARED, (passes[:, 0], cost[:, 0]))
        return np.asarray((called(slice(None)) if made is None else made)[0])

    def _dealt(
        self,
        tried: Tried,
        called: Callable[[slice], FloatArray],
        how: int = FIELDS,
        weights: tuple[FloatArray, FloatArray] | None = None,
    ) -> FloatArray | None:
        """As `Dealer.deals`; None where there is no dealer too."""
        if self.dealer is None:
            return None
        return self.dealer.deals(self._table, tried.ask, tried.claim, called, tried.advice, how, weights)

    @cached_property
    def _table(self) -> Postings:
        draws = self.draws
        bids = {"ask": draws.ask, "claim": draws.claim, "active": draws.active}
        fails = 1.0 - np.asarray(self.problem.verifier.passes(draws.ability))
        return table(bids, draws.tender, draws.standing, draws.lottery, fails, self.problem.agent)

    def _called(self, tried: Tried) -> Deal:
        """The same from the rule itself."""
        made = Deal(*(np.empty(tried.ask.shape) for _ in Deal._fields))
        for part, award, _ in self.awards(tried):
            chance = self.chance(award)
            made.chance[part] = chance
            fee = 0.0 if award.fee is None else award.fee[..., self.problem.agent]  # owed in either state
            made.success[part] = award.pay_success[..., self.problem.agent] * chance - fee
            made.failure[part] = award.pay_failure[..., self.problem.agent] * chance - fee
        return made

    def awards(self, tried: Tried) -> Iterator[tuple[slice, Award, tuple[Bids, Tender, Standing]]]:
        """The rule's answers, some rows at a time, and what was in front of it; arrays (rows, R, n)."""
        rows = max(1, _CELLS // max(1, self._ask.size))
        for start in range(0, len(tried.ask), rows):
            part = slice(start, min(start + rows, len(tried.ask)))
            front = self._front(tried.rows(part))
            award = self.problem.rule(*front, self._spread(self._lottery, part.stop - start))
            if award.budget is not None:
                raise RunError(f"{self.problem.rule.name}: stops attempts at a budget, which an audit cannot price")
            yield part, award, front

    def honest(self) -> tuple[Award, tuple[Bids, Tender, Standing]]:
        """The award of every draw when nobody lies, (1, R, n)."""
        me = self.problem.agent
        own = Tried(self._ask[me][None], self._claim[me][None], self._active[me][None], None)
        _, award, front = next(self.awards(own))
        return award, front

    def chance(self, award: Award) -> FloatArray:
        """Chance (B, R) that the audited agent works, by its rivals' true abilities."""
        fails = 1.0 - np.asarray(self.problem.verifier.passes(self.draws.ability))
        return turn_comes(award, self.problem.agent, list(fails.T))

    def _front(self, tried: Tried) -> tuple[Bids, Tender, Standing]:
        rows, me = len(tried.ask), self.problem.agent
        bids = {
            name: _with(whole, me, own, rows)
            for name, whole, own in (
                ("ask", self._ask, np.where(tried.active, tried.ask, np.nan)),
                ("claim", self._claim, tried.claim),
                ("active", self._active, tried.active),
            )
        }
        standing = {name: self._spread(array, rows) for name, array in self._standing.items()}
        if tried.advice is not None:
            standing["advice"] = _with(self._standing["advice"], me, tried.advice, rows)
        shape = rows, len(self)
        tender = {name: np.broadcast_to(array, shape) for name, array in vars(self.draws.tender).items()}
        return Bids.trusted(**bids), Tender.trusted(**tender), Standing.trusted(**standing)

    @staticmethod
    def _spread(whole: NDArray[Any], rows: int) -> NDArray[Any]:
        """(n, R) as (rows, R, n), without a copy."""
        n, size = whole.shape
        return np.moveaxis(np.broadcast_to(whole[:, None], (n, rows, size)), 0, -1)


def _added_up(deal: Deal) -> FloatArray:
    """Its fields over even and over odd draws, (3, B, 2)."""
    odd = np.arange(deal.chance.shape[1]) % 2 == 1
    return np.stack([[field[:, half].sum(axis=1) for half in (~odd, odd)] for field in deal]).swapaxes(1, 2)


def _one_for_all(array: FloatArray) -> FloatArray:
    """(R,), or (1,) where all elements are the same."""
    same = (array == array[:1]) | (np.isnan(array) & np.isnan(array[:1]))
    return array[:1] if same.all() else array


def fees(award: Award) -> FloatArray:
    """What each agent pays whether or not it is hired, (..., n) dollars."""
    return np.zeros(award.hired.shape) if award.fee is None else np.asarray(award.fee)


def turn_comes(award: Award, agent: int, fails: Sequence[FloatArray]) -> FloatArray:
    """Chance (B, R) that the agent works: 1 where hired at once, in a cascade that everybody before it fails.

    fails: for each agent, the chance that its attempt fails and the next one's turn comes, broadcast to (B, R).
    """
    chance = award.hired[..., agent].astype(np.float64)
    if award.turn is None:
        return chance
    for rival, fail in enumerate(fails):
        before = award.hired[..., rival] & (award.turn[..., rival] < award.turn[..., agent])
        chance = chance * np.where(before, fail, 1.0)
    return chance


def _across(whole: NDArray[Any]) -> NDArray[Any]:
    """(R, n) as (n, R), draws closest in memory."""
    return np.ascontiguousarray(whole.T)


def _with(whole: NDArray[Any], me: int, own: NDArray[Any], rows: int) -> NDArray[Any]:
    """(n, R) as (rows, R, n) with the audited agent's own values (rows, R) put in."""
    made = np.empty((len(whole), rows, whole.shape[1]), whole.dtype)
    made[:] = whole[:, None]
    made[me] = own
    return np.moveaxis(made, 0, -1)
