"""Attacks D: does the principal ever pay more than the task is worth?

In any state: every outcome of those hired, whatever was bid, where r <= V and there is no penalty. The principal gets
V where somebody succeeds, pays the successful pay_success and the failed pay_failure, and takes the fees. In turns
nobody tries after a success. Weaker: in expectation at the truth, outcomes independent.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from sim.auditing.attacked import Books, comes
from sim.auditing.deviations import fees
from sim.auditing.found import Found, posting, worst
from sim.kit.arrays import Award, BoolArray, FloatArray
from sim.mechanisms import Mechanism


def pays_too_much(rule: Mechanism, drawn: Books) -> Found:
    """The state with the greatest deficit, bids as drawn or everybody truthful. drawn: reserves within values."""
    found = [_in_any_state(rule, books) for books in (drawn, drawn.honest(rule))]
    return max(found, key=lambda one: one.gap)


def expects_to(rule: Mechanism, drawn: Books) -> Found:
    """The truthful posting with the greatest expected deficit."""
    books = drawn.honest(rule)
    award = books.award(rule)
    left = expected(award, books)
    b = int(left.argmin())
    return worst(float(-left[b]), lambda: f"the principal expects to lose ${-left[b]:.3g}; {posting(books, b)}")


def expected(award: Award, books: Books) -> FloatArray:
    """The principal's expected money (B,), what is believed taken as true."""
    works, p = comes(award, books.belief), books.belief
    pay = (works * (p * award.pay_success + (1.0 - p) * award.pay_failure) - fees(award)).sum(axis=-1)
    solved = works * p
    chance = 1.0 - (1.0 - solved).prod(axis=-1) if award.turn is None else solved.sum(axis=-1)
    return np.asarray(books.tender.value * chance - pay)


def _in_any_state(rule: Mechanism, books: Books) -> Found:
    award, n = books.award(rule), books.belief.shape[1]
    states = list(product((False, True), repeat=n))
    left = np.stack([money(award, np.array(state), books.tender.value) for state in states])
    s, b = np.unravel_index(int(left.argmin()), left.shape)

    def text() -> str:
        who = [i for i in range(n) if award.hired[b, i]]
        does = ", ".join(f"agent {i + 1} {'succeeds' if states[s][i] else 'fails'}" for i in who)
        paid = ", ".join(f"{award.pay_success[b, i]:.6g} / {award.pay_failure[b, i]:.6g}" for i in who)
        lost = f"the principal loses ${-left[s, b]:.3g} where {does} (paid on success / failure: {paid})"
        return f"{lost}; {posting(books, int(b))}"

    return worst(float(-left[s, b]), text)


def money(award: Award, success: BoolArray, value: FloatArray) -> FloatArray:
    """The principal's money (B,) where these agents (n,) would succeed and all others fail."""
    tried = award.hired
    if award.turn is not None:
        before = (award.hired & success)[..., None, :] & (award.turn[..., None, :] < award.turn[..., :, None])
        tried = tried & ~before.any(axis=-1)
    pay = np.where(tried, np.where(success, award.pay_success, award.pay_failure), 0.0) - fees(award)
    return np.asarray(np.where((tried & success).any(axis=-1), value, 0.0) - pay.sum(axis=-1))
