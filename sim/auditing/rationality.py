"""Attacks IR: does a truthful agent among truthful rivals expect to lose?

Interim: an agent knows its type and the notice. Its utility is the mean over draws of everything else, rivals' types,
standing, lottery and a sealed reserve, and over its own outcome. A type refutes the promise where it loses in some
draws and gains in none, or where its mean lies below 0 by a one-sided t test at .001 over all types (Bonferroni).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import stdtr

from sim.auditing.attacked import Books, books
from sim.auditing.found import FALSIFIED, Found, posting, terms, worst
from sim.kit.arrays import FloatArray, Tender
from sim.mechanisms import Mechanism

LEVEL = 0.001
_TYPES = 48
_DRAWS = 128


def loses(rule: Mechanism, n: int, seed: int, penalised: bool) -> Found:
    """The type that expects to lose most."""
    drawn = _cells(n, seed, penalised, rule.capabilities.announces_reserve).honest(rule)
    award = drawn.award(rule)
    u = drawn.utility(award).reshape(_TYPES, _DRAWS)
    mean = np.where(refutes(u), u.mean(axis=1), 0.0)
    kind = int(mean.argmin())
    draw = kind * _DRAWS + int(u[kind].argmin())

    def text() -> str:
        me = int(drawn.me[draw])
        lost = f"loses ${-mean[kind]:.3g} in expectation by the truth, in one draw ${-u[kind].min():.3g}"
        return f"{lost} ({terms(award, draw, me)}); {posting(drawn, draw)}"

    return worst(float(-mean[kind]), text)


def refutes(u: FloatArray) -> Any:
    """Which types (T,) refute; u (T, draws)."""
    never = (u.max(axis=1) <= FALSIFIED) & (u.min(axis=1) < -FALSIFIED)
    mean, spread = u.mean(axis=1), u.std(axis=1, ddof=1) / np.sqrt(u.shape[1])
    ratio = np.divide(mean, spread, out=np.zeros(len(u)), where=spread > 0)
    return never | (stdtr(u.shape[1] - 1, ratio) < LEVEL / len(u))


@lru_cache(maxsize=16)
def _cells(n: int, seed: int, penalised: bool, announced: bool) -> Books:
    """_DRAWS postings for each of _TYPES types: the agent's place and type and the notice stay the same."""
    drawn = books(n, _TYPES * _DRAWS, seed, "any", penalised)
    one = np.arange(0, _TYPES * _DRAWS, _DRAWS).repeat(_DRAWS)  # the posting that each takes after
    me = drawn.me[one]
    mine = np.arange(n) == me[:, None]
    share = drawn.tender.reserve / drawn.tender.value
    kept = {name: array[one] for name, array in vars(drawn.tender).items()}
    if not announced:
        kept["reserve"] = share * kept["value"]
    # Rivals' costs are drawn in proportion to their own posting's value, so they are scaled to this one's.
    cost = drawn.cost * (kept["value"] / drawn.tender.value)[:, None]
    return replace(
        drawn,
        me=me,
        belief=np.where(mine, drawn.belief[one], drawn.belief),
        cost=np.where(mine, drawn.cost[one], cost),
        tender=Tender.trusted(**kept),
    )
