"""Attacks E: at the truth, where the reserve equals the value, is there a better allocation of the kind the rule makes?

Expected welfare of an allocation, brute force over all there are:

    one is hired        p V - c, or 0 for nobody
    several at once     V (1 - prod (1 - p)) - sum c, over all sets (of at most `at_most`, where the rule has a limit)
    in turns            sum over places of prod_before (1 - p) x (p V - c), over all sets and orders

Payments are transfers and do not count. What is believed is taken as true.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from sim.auditing.attacked import Books, comes
from sim.auditing.found import Found, posting, worst
from sim.kit.arrays import Award, FloatArray
from sim.mechanisms import Mechanism


def wastes(rule: Mechanism, drawn: Books) -> Found:
    """The posting in which the truth forgoes the greatest expected welfare. drawn: with reserves equal to values."""
    books = drawn.honest(rule)
    award = books.award(rule)
    best = np.zeros(len(books.me))
    chosen: list[tuple[int, ...]] = [()] * len(books.me)
    for order in _allocations(rule, books.belief.shape[1]):
        worth = _of_order(order, books, rule.capabilities.in_turns)
        better = worth > best
        best = np.where(better, worth, best)
        chosen = [order if new else old for new, old in zip(better, chosen, strict=True)]
    lost = best - welfare(award, books)
    b = int(lost.argmax())

    def text() -> str:
        made = (np.flatnonzero(award.hired[b]) + 1).tolist()
        first = [agent + 1 for agent in chosen[b]]
        types = ", ".join(f"({p:.6g}, {c:.6g})" for p, c in zip(books.belief[b], books.cost[b], strict=True))
        does = f"hires {_agents(made)} where {_agents(first)} would be worth ${lost[b]:.3g} more"
        return f"{does}; beliefs and costs {types}; {posting(books, b)}"

    return worst(float(lost[b]), text)


def welfare(award: Award, books: Books) -> FloatArray:
    """Expected welfare (B,) of what was awarded."""
    works, value = comes(award, books.belief), books.tender.value
    spent = (works * books.cost).sum(axis=-1)
    if award.turn is None:
        return np.asarray(value * (1.0 - (1.0 - works * books.belief).prod(axis=-1)) - spent)
    return np.asarray(value * (works * books.belief).sum(axis=-1) - spent)


def _allocations(rule: Mechanism, n: int) -> Iterator[tuple[int, ...]]:
    """Everybody that may be hired, in order."""
    most = min(n, getattr(rule, "at_most", None) or n) if rule.capabilities.hires_several else 1
    ways = permutations if rule.capabilities.in_turns else combinations
    for size in range(1, min(most, n) + 1):
        yield from ways(range(n), size)


def _of_order(order: tuple[int, ...], books: Books, in_turns: bool) -> FloatArray:
    """Expected welfare (B,) of these agents, trying one after the other or all at once."""
    unsolved, worth = np.ones(len(books.me)), np.zeros(len(books.me))
    for agent in order:
        p, c = books.belief[:, agent], books.cost[:, agent]
        worth = worth + unsolved * p * books.tender.value - (unsolved * c if in_turns else c)
        unsolved = unsolved * (1.0 - p)
    return worth


def _agents(numbers: list[int]) -> str:
    return "nobody" if not numbers else f"agent {' and '.join(str(number) for number in numbers)}"
