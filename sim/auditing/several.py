"""Attacks rules with tables as bids: one entry for each of several tasks, or for each budget of a menu.

Index convention: m tasks or budgets, n agents. Clearing gives hired, pay_success, pay_failure (m, n):

    tasks     `assign` clears m tasks together; an agent does at most one of them
    budgets   one agent is hired, with one of its m plans

An agent's type is a table too, p and c for each entry; u = sum over what it is hired for of p S + (1 - p) F - c. The
letters mean what they mean for one task. Lies replace some entries of the truth, or all, by anything. Efficient: the
greatest sum of p V - c over all matchings, or over all plans. No deficit: summed over the tasks, in any state.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np

from sim.auditing.attacked import Books, ReserveLaw, books
from sim.auditing.found import NOTHING, Found, first, worst
from sim.auditing.rationality import refutes
from sim.kit import draws
from sim.kit.arrays import Bids, BoolArray, FloatArray, Menu, Notice, Standing, Tender
from sim.mechanisms import Mechanism

_SIZES = ((2, 3), (3, 2), (2, 2), (1, 3))  # (m, n)
_CASES = 24
_LIES = 12
_TYPES, _DRAWS = 12, 24


class Table(NamedTuple):
    """What everybody says, (m, n) each."""

    ask: FloatArray
    claim: FloatArray
    active: BoolArray


class Cleared(NamedTuple):
    """Who is hired for what, and what it is paid, (m, n) each; payments 0 where not hired."""

    hired: BoolArray
    success: FloatArray
    failure: FloatArray


class Case:
    """One clearing of m tasks, or of one task with m budgets: postings [first, first + m) of the books."""

    def __init__(self, rule: Mechanism, drawn: Books, first: int, m: int, me: int) -> None:
        at, menu = slice(first, first + m), rule.capabilities.takes_menu
        self.rule, self.me, self.m = rule, me, m
        self.belief, self.cost, self.lottery = (a[at] for a in (drawn.belief, drawn.cost, drawn.lottery))
        same = np.full(m, first) if menu else np.arange(first, first + m)  # a menu is for one task
        self.tender = Tender.trusted(**{name: array[same] for name, array in vars(drawn.tender).items()})
        self.standing = {name: array[same] for name, array in vars(drawn.standing).items()}
        self.drawn = Table(np.nan_to_num(drawn.bids.ask[at]), drawn.bids.claim[at], drawn.bids.active[same])

    def of_type(self, other: Case) -> Case:
        """This case with the tender and the attacked agent's type of another."""
        mine = np.arange(self.belief.shape[1]) == self.me
        self.tender = other.tender
        self.belief, self.cost = (
            np.where(mine, a, b) for a, b in ((other.belief, self.belief), (other.cost, self.cost))
        )
        return self

    def truth(self, who: BoolArray | bool = True) -> Table:
        """Agents in `who` (n,) tell the truth; an entry with an infinite ask does not count."""
        t = self.tender
        reserve = t.reserve if self.rule.capabilities.announces_reserve else np.full(self.m, np.nan)
        notice = Notice.trusted(value=t.value, reserve=reserve, penalty=t.penalty, posting=t.posting)
        ask = np.asarray(self.rule.truthful_ask(self.belief, self.cost, notice))
        able = np.isfinite(ask) if not self.rule.capabilities.takes_menu else np.ones(ask.shape, np.bool_)
        ask = np.where(np.isfinite(ask), ask, 1e6)
        honest = Table(ask, self.belief, able)
        return Table(*(np.where(who, mine, other) for mine, other in zip(honest, self.drawn, strict=True)))

    def clear(self, said: Table) -> Cleared:
        """What the rule makes of it."""
        if self.rule.capabilities.takes_menu:
            return self._clear_menus(said)
        bids = Bids.trusted(ask=np.where(said.active, said.ask, np.nan), claim=said.claim, active=said.active)
        award = self.rule.assign(bids, self.tender, Standing.trusted(**self.standing), self.lottery)
        return Cleared(award.hired, award.pay_success, award.pay_failure)

    def _clear_menus(self, said: Table) -> Cleared:
        budgets, active = np.append(np.arange(1.0, self.m), np.inf), said.active[0]
        menu = Menu.trusted(budgets=budgets, claim=said.claim.T, ask=said.ask.T)
        bids = Bids.trusted(ask=np.where(active, said.ask[-1], np.nan), claim=said.claim[-1], active=active, menu=menu)
        tender = Tender.trusted(**{name: array[0] for name, array in vars(self.tender).items()})
        standing = Standing.trusted(**{name: array[0] for name, array in self.standing.items()})
        award = self.rule(bids, tender, standing, self.lottery[0])
        plan = award.hired & (budgets[:, None] == (np.inf if award.budget is None else award.budget))
        return Cleared(plan, np.where(plan, award.pay_success, 0.0), np.where(plan, award.pay_failure, 0.0))

    def utility(self, said: Table) -> float:
        """What the attacked agent expects."""
        done, p, c = self.clear(said), self.belief[:, self.me], self.cost[:, self.me]
        hired, success, failure = (column[:, self.me] for column in done)
        return float(np.where(hired, p * success + (1.0 - p) * failure - c, 0.0).sum())

    def surplus(self) -> FloatArray:
        """p V - c, (m, n)."""
        return np.asarray(self.belief * self.tender.value[:, None] - self.cost)

    def best(self) -> float:
        """The greatest sum of surplus over all matchings, or over all plans."""
        worth, (m, n) = self.surplus(), self.belief.shape
        if self.rule.capabilities.takes_menu:
            return max(0.0, float(worth.max()))
        nobody = [-1] * m
        ways = set(permutations([*range(n), *nobody], m))
        return max(float(sum(worth[t, i] for t, i in enumerate(way) if i >= 0)) for way in ways)

    def __str__(self) -> str:
        types = "; ".join(
            ", ".join(f"({p:.4g}, {c:.4g})" for p, c in zip(*row, strict=True))
            for row in zip(self.belief, self.cost, strict=True)
        )
        t, what = self.tender, "budget" if self.rule.capabilities.takes_menu else "task"
        tender = ", ".join(f"{name} {np.round(getattr(t, name), 4).tolist()}" for name in ("value", "reserve"))
        return f"agent {self.me + 1} of {self.belief.shape[1]}; (belief, cost) by {what}: {types}; {tender}"


def attack_tables(rule: Mechanism, seed: int) -> dict[str, Found]:
    """What was found, by what was attacked: ask, any_ask, claim, both, IR, E, D and expected."""
    lies = [_lied(case, seed) for case in _cases(rule, seed, "any")]
    found = {kind: first([lie[kind] for lie in lies]) for kind in ("ask", "any_ask", "claim", "both")}
    within = list(_cases(rule, seed, "within"))
    return {
        **found,
        "IR": first([_loses(rule, seed, m, n) for m, n in _SIZES]),
        "E": first([_wastes(case) for case in _cases(rule, seed, "value")]),
        "D": first([_deficit(case, said) for case in within for said in (case.drawn, case.truth())]),
        "expected": first([_expected(case) for case in within]),
    }


def _cases(rule: Mechanism, seed: int, law: ReserveLaw) -> Iterator[Case]:
    for m, n in _SIZES:
        drawn = books(n, m * _CASES, seed, law)
        for place in range(_CASES):
            yield Case(rule, drawn, place * m, m, int(drawn.me[place * m]))


def _lied(case: Case, seed: int) -> dict[str, Found]:
    mine = np.arange(case.belief.shape[1]) == case.me
    truth = case.truth(mine)
    u = case.utility(truth)
    made: dict[str, list[Found]] = {"ask": [NOTHING], "any_ask": [NOTHING], "claim": [NOTHING], "both": [NOTHING]}
    for ask, claim in _lies(case, truth, seed):
        for kind, lie, base in (
            ("ask", truth._replace(ask=ask), u),
            ("claim", truth._replace(claim=claim), u),
            ("both", truth._replace(ask=ask, claim=claim), u),
            ("any_ask", truth._replace(ask=ask, claim=claim), case.utility(truth._replace(claim=claim))),
        ):
            made[kind].append(_gain(case, lie, base))
    return {kind: max(found, key=lambda one: one.gap) for kind, found in made.items()}


def _gain(case: Case, lie: Table, base: float) -> Found:
    gained = case.utility(lie) - base
    said = [(round(float(a), 4), round(float(q), 4)) for a, q in zip(*(x[:, case.me] for x in lie[:2]), strict=True)]
    return worst(gained, lambda: f"gains ${gained:.3g} by (ask, claim) {said} in place of the truth; {case}")


def _lies(case: Case, truth: Table, seed: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Tables (m, n) in which the attacked agent's entries are replaced, half of them or all; extremes come first."""
    shape = draws.words_range(_LIES), draws.words_range(case.m)
    share, claims, kept = (draws.uniform(seed, f"table lies {name}", *shape) for name in ("ask", "claim", "kept"))
    share[:4], claims[:4], kept[:6] = np.array([[0.0], [1.0], [0.5], [0.0]]), np.array([[1.0], [0], [1], [0]]), 1.0
    most = np.maximum(case.tender.value, case.tender.reserve)
    for place in range(_LIES):
        ask, claim = truth.ask.copy(), truth.claim.copy()
        lied = kept[place] >= 0.5
        ask[lied, case.me] = (1.25 * share[place] * most)[lied]
        claim[lied, case.me] = claims[place][lied]
        yield ask, claim


def _loses(rule: Mechanism, seed: int, m: int, n: int) -> Found:
    """The type that expects to lose most by the truth, over draws of its rivals, who are truthful."""
    drawn = books(n, m * _TYPES * _DRAWS, seed, "any")
    u, cases = np.empty((_TYPES, _DRAWS)), {}
    for kind, draw in np.ndindex(u.shape):
        start = kind * _DRAWS * m
        one = Case(rule, drawn, start, m, int(drawn.me[start]))
        case = cases[kind, draw] = Case(rule, drawn, start + draw * m, m, one.me).of_type(one)
        u[kind, draw] = case.utility(case.truth())
    mean = np.where(refutes(u), u.mean(axis=1), 0.0)
    kind = int(mean.argmin())
    example = cases[kind, int(u[kind].argmin())]
    return worst(float(-mean[kind]), lambda: f"loses ${-mean[kind]:.3g} in expectation by the truth; {example}")


def _wastes(case: Case) -> Found:
    done = case.clear(case.truth())
    lost = case.best() - float(np.where(done.hired, case.surplus(), 0.0).sum())
    return worst(lost, lambda: f"another allocation would be worth ${lost:.3g} more; {case}")


def _deficit(case: Case, said: Table) -> Found:
    """The worst state has the worse of success and failure for each that is hired."""
    done, value = case.clear(said), case.tender.value[:, None]
    left = float(np.where(done.hired, np.minimum(value - done.success, -done.failure), 0.0).sum())
    return worst(-left, lambda: f"the principal loses ${-left:.3g} in one state; {case}")


def _expected(case: Case) -> Found:
    done, value, p = case.clear(case.truth()), case.tender.value[:, None], case.belief
    left = float(np.where(done.hired, p * (value - done.success) - (1.0 - p) * done.failure, 0.0).sum())
    return worst(-left, lambda: f"the principal expects to lose ${-left:.3g}; {case}")


def sizes() -> tuple[int, ...]:
    """Numbers of agents in the clearings under attack."""
    return tuple(sorted({n for _, n in _SIZES}))
