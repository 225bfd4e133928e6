"""The live decomposition: what a second attempt buys, by whom it is made, in runs of 50 tasks.

Published counts are of one run each; ours are of many runs of 50 tasks in the world that fits them (scenario
`two_attempts`: logit ability = -1.09 + d + 2.3 u, u kept over retries). Agents are equally able there, so that no rule
can route, and what remains between rules is who tries again. Index convention: R runs, T tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom, binomtest

from analysis.paper.beside import DIGITS, RUNS, TRIALS, Beside
from analysis.paper.published_numbers import find
from sim.front.results import Results
from sim.kit.arrays import BoolArray, IntArray

SCENARIO = "two_attempts"
_ENDS = (0.025, 0.975)
_RERUNS = ("random_exclude", "random_exclude, rerun")  # the same tasks and agents, outcomes drawn again
_UNLIKE = (
    "the world fits three rates and no pair of rules: in it 10% of the variance of difficulty is common to agents, and "
    "two rules that hire others differ at 20 of 50 tasks, the study's at 8; its agents share more of what makes a task "
    "hard, or its router hired whom the rerun hired"
)
WHY = {"solved by the first alone": _UNLIKE, "solved by the second alone": _UNLIKE}
APART = 6  # passes between the study's market and its rerun


class Rule(NamedTuple):
    """of: as published; arm: of the scenario."""

    of: str
    arm: str


RULES = (
    Rule("solo", "solo"),
    Rule("another agent", "solo_other"),
    Rule("random", "random"),
    Rule("random, others excluded", "random_exclude"),
    Rule("market, nobody excluded", "market"),
    Rule("market, claims updated", "market, updated claims"),
    Rule("market", "market_exclude"),
    Rule("market, rerun", "random_exclude, rerun"),
    Rule("router", "router_exclude"),
    Rule("any of six", "any_of_six"),
)


def solved_in(results: Results) -> dict[str, BoolArray]:
    """Arm -> (R, T): the task was solved."""
    return {arm.name: np.asarray(arm.solved).max(axis=-1) for arm in results.arms()}


def live(results: Results) -> list[Beside]:
    """Everything of the live runs beside the simulated ones."""
    solved = solved_in(results)
    counts = {arm: done.sum(axis=1) for arm, done in solved.items()}
    found = [_attempts(results.table("postings"), *row) for row in _RATES]
    found += [_count(rule.of, counts[rule.arm]) for rule in RULES]
    found.append(Beside("live", "external scaffold", "solved", np.nan, decimals=1))
    for of, first, second in (
        ("market less solo", "market_exclude", "solo"),
        ("router less rerun", "router_exclude", "random_exclude, rerun"),
    ):
        found += _pairs(of, solved[first], solved[second])
    return [*found, *_reruns(*(counts[name] for name in _RERUNS))]


_RATES = (
    ("first attempt", "market_exclude", 0, "any"),
    ("rescue, another agent", "market_exclude", 1, "other"),
    ("rescue, same agent", "solo", 1, "same"),
)


def _attempts(postings: pd.DataFrame, of: str, arm: str, posting: int, who: str) -> Beside:
    """Successes of as many trials as are published, at our rate."""
    chosen = (postings["arm"] == arm) & (postings["posting"] == posting) & (postings["who"] == who)
    rate, stated = float(postings.loc[chosen, "success_rate"].iloc[0]), find("live", of, "solved")
    n = 50 if stated is None else stated.n
    low, high = (float(binom.ppf(end, n, rate)) for end in _ENDS)
    return Beside("live", of, "solved", n * rate, low, high, TRIALS, decimals=1)


def _count(of: str, counts: IntArray, quantity: str = "solved") -> Beside:
    low, high = _range(counts)
    why = WHY.get(quantity, "")
    return Beside("live", of, quantity, float(counts.mean()), low, high, RUNS, why, decimals=1)


def _range(counts: IntArray) -> tuple[float, float]:
    low, high = np.quantile(counts, _ENDS, method="inverted_cdf")
    return float(low), float(high)


def _pairs(of: str, one: BoolArray, other: BoolArray) -> list[Beside]:
    """Tasks that one of two rules solved alone, and the published test of them computed again."""
    first, second = find("live", of, "solved by the first alone"), find("live", of, "solved by the second alone")
    rows = [
        _count(of, (one & ~other).sum(axis=1), "solved by the first alone"),
        _count(of, (other & ~one).sum(axis=1), "solved by the second alone"),
    ]
    if first is not None and second is not None:
        b, c = int(first.value), int(second.value)
        rows.append(Beside("live", of, "McNemar p", float(binomtest(b, b + c).pvalue), rule=DIGITS))
    return rows


def _reruns(one: IntArray, other: IntArray) -> Sequence[Beside]:
    """How far two reruns of one market are apart by chance."""
    apart = one - other
    low, high = _range(apart)
    share = float((abs(apart) >= APART).mean())
    return (
        Beside("live", "two reruns", "difference of solved", float(apart.mean()), low, high, decimals=1),
        Beside("live", "two reruns", f"share {APART} or more apart", share, decimals=3),
        Beside("live", "two reruns", "sd of one, given the tasks", float(apart.std(ddof=1)) / 2**0.5, decimals=2),
    )
