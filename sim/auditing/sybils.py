"""Sybils: one agent that bids under m names, all of its type and standing, with lotteries of their own.

Its tries are independent: each name that is hired works, costs c and succeeds with the agent's p. A menu holds the
truth and lies that are the same for every type. One name bids something of the menu (or, with more names, one thing
under the first of them and another under 1 to m - 1 others):

    bids     best of all of these - best of those with one name
    copies   the same of a menu of the truth alone: the truth under some of the names - the truth under one
    always   the truth under all names - the truth under one

The best is chosen for each type before anything else is known (interim) or in each draw (ex post). Under a rule that
hires one agent and pays it what it had to beat, a losing bid of one's own only raises the bar, and the gain is 0. In a
cascade a name is reached when those before it fail, one's own at the agent's belief. Source: [YSM2004].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.auditing.crowd import Gain, Means, Said, awards, chosen, gain, with_names
from sim.auditing.deviations import Desk, fees, turn_comes
from sim.auditing.lies import Lies
from sim.auditing.problem import Problem
from sim.kit.arrays import Award, FloatArray, IntArray

_ABSENT = -1


class Best(NamedTuple):
    """Gains of the best choice, made for each type or in each draw; base: the best under one name, by type."""

    interim: Gain
    ex_post: Gain


class Sybil(NamedTuple):
    """Gains of several names; the base of `always` and `copies` is utility at the truth under one name."""

    always: Gain
    copies: Best
    bids: Best


def sybil(problem: Problem, lottery: FloatArray, menu: Lies) -> Sybil:
    """What m names gain. lottery (R, m - 1): that of the names after the first; menu: lies beside the truth."""
    names, tuples = _Names(problem, lottery), bids_of(len(menu.share) + 1, lottery.shape[1] + 1)
    n_one = int((tuples[:, 1] == _ABSENT).sum())
    truthful = np.flatnonzero(((tuples == 0) | (tuples == _ABSENT)).all(axis=1))
    both = int(np.flatnonzero((tuples == 0).all(axis=1))[0])
    own = (tuples == 0).any(axis=1) | (problem.types.advice is not None)
    shares, claims = (np.concatenate([[np.nan], column]) for column in menu)
    everybody = names.terms(np.zeros(int((~own).sum()), np.int64), tuples[~own], shares, claims)
    n_types, n_draws = len(problem.types), len(problem.draws)
    per_type, per_draw = np.zeros((9, n_types)), np.zeros((9, n_draws))
    for kind in range(n_types):
        u = np.empty((len(tuples), n_draws))
        mine = names.terms(np.full(int(own.sum()), kind), tuples[own], shares, claims)
        u[own], u[~own] = names.weighed(kind, mine), names.weighed(kind, everybody)
        rows = np.stack([u[both] - u[0], *chosen(u[truthful], 1), *chosen(u, n_one)])
        per_type[:, kind] = rows.mean(axis=1)
        per_draw += rows / n_types
    always, *ends = (Means(*pair) for pair in zip(per_type, per_draw, strict=True))
    return Sybil(gain(always, always, ends[3]), _best(*ends[:4]), _best(*ends[4:]))


def _best(low: Means, high: Means, ex_post: Means, base: Means) -> Best:
    return Best(gain(low, high, base), gain(ex_post, ex_post, base))


def bids_of(size: int, m: int) -> IntArray:
    """(P, m): what each name bids, by its place in a menu of this size, 0 the truth; -1: the name makes no bid.

    >>> bids_of(2, 2).tolist()
    [[0, -1], [1, -1], [0, 0], [0, 1], [1, 1]]
    """
    ones = [(x, 0, 0) for x in range(size)]
    same = [(x, y, 1) for x in range(size) for y in range(x, size)]
    many = [(x, y, count) for count in range(2, m) for x in range(size) for y in range(size)]
    rows = [[x] + [y] * count + [_ABSENT] * (m - 1 - count) for x, y, count in [*ones, *same, *many]]
    return np.array(rows, np.int64)


class _Names:
    """The draws of a problem with names added, ready to clear."""

    def __init__(self, problem: Problem, lottery: FloatArray) -> None:
        n = problem.draws.ask.shape[1]
        self._problem, self._desk = problem, Desk(problem, problem.draws)
        self._draws = with_names(problem.draws, problem.agent, lottery)
        self._places = [problem.agent, *range(n, n + lottery.shape[1])]
        self._fails = list(1.0 - np.asarray(problem.verifier.passes(problem.draws.ability)).T)

    def terms(self, which: IntArray, tuples: IntArray, shares: FloatArray, claims: FloatArray) -> FloatArray:
        """(m, 3, B, R): dollars on success, on failure and chance to work, added up over the names that come after 0,
        after 1, ... other names of the agent. which (B,): types; tuples (B, m) of a menu that begins with the truth.
        """
        types, (count, m) = self._problem.types, tuples.shape
        made = np.empty((m, 3, count, len(self._draws)))
        if not count:
            return made
        honest = tuples == 0
        ask = shares[tuples][:, None, :] * self._draws.scale[:, None]
        if honest.any():
            ask = np.where(honest[:, None, :], self._desk.truth(which)[..., None], ask)
        active = np.isfinite(ask) & (tuples != _ABSENT)[:, None, :]
        claim = np.where(honest, types.belief[which, None], claims[tuples])[:, None, :]
        said = Said(ask, claim, active, None if types.advice is None else types.advice[which])
        for part, award in awards(self._problem.rule, self._draws, self._places, said):
            made[:, :, part] = self._terms(award)
        return made

    def _terms(self, award: Award) -> FloatArray:
        made = np.zeros((len(self._places), 3, *award.hired.shape[:2]))
        fee = fees(award)
        for place in self._places:
            before = np.zeros(award.hired.shape[:2], np.int64)
            if award.turn is not None:
                for other in self._places:
                    before += award.hired[..., other] & (award.turn[..., other] < award.turn[..., place])
            chance = self._chance(award, place)
            pay = [chance * award.pay_success[..., place], chance * award.pay_failure[..., place], chance]
            for count in range(len(self._places)):
                made[count] += np.where(before == count, pay, 0.0)
            made[0, :2] -= fee[..., place]
        return made

    def _chance(self, award: Award, place: int) -> FloatArray:
        """Chance (B, R) that the name works, if all other names of the agent that come before it fail."""
        own = set(self._places)
        fails = [np.ones(()) if rival in own else fail for rival, fail in enumerate(self._fails)]
        return turn_comes(award, place, fails)

    def weighed(self, kind: int, terms: FloatArray) -> FloatArray:
        """(B, R): what the type expects of terms (m, 3, B, R)."""
        types = self._problem.types
        v = float(np.asarray(self._problem.verifier.passes(types.belief[kind])))
        total = np.zeros(terms.shape[2:])
        for before, (success, failure, chance) in enumerate(terms):
            if before == 0 or chance.any():
                total += (1.0 - v) ** before * (v * success + (1.0 - v) * failure - types.cost[kind] * chance)
        return total
