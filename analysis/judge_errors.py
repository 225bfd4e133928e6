"""How often a judge is wrong, from work that people have labelled: what `world.verifier` of a scenario takes.

    false_pass    share of labelled failures that the judge passes
    false_fail    share of labelled successes that the judge fails

Intervals are Wilson's; [Wilson1927]. Verdicts INFRA say nothing of the work; they are counted and in neither share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from analysis.intervals import wilson


class ErrorRate(NamedTuple):
    """rate = wrong / n, NaN where n is 0; low, high: its 95 % interval."""

    rate: float
    low: float
    high: float
    wrong: int
    n: int


class JudgeErrors(NamedTuple):
    """false_pass, false_fail: as above. n_infra: labelled work without a verdict."""

    false_pass: ErrorRate
    false_fail: ErrorRate
    n_infra: int


def judge_error_rates(labelled: Iterable[tuple[bool, str]]) -> JudgeErrors:
    """Error rates of a judge. labelled: of each piece of work, whether it truly succeeds, and the judge's status.

    Raises ValueError for a status that is not PASS, FAIL or INFRA.

    >>> made = judge_error_rates([(True, "PASS"), (True, "FAIL"), (False, "FAIL"), (False, "FAIL"), (True, "INFRA")])
    >>> made.false_fail.rate, made.false_pass.rate, made.n_infra
    (0.5, 0.0, 1)
    """
    counts = {(truth, status): 0 for truth in (True, False) for status in ("PASS", "FAIL", "INFRA")}
    for truth, status in labelled:
        if (bool(truth), status) not in counts:
            raise ValueError(f"status must be PASS, FAIL or INFRA; got {status!r}")
        counts[bool(truth), status] += 1
    return JudgeErrors(
        _rate(counts[False, "PASS"], counts[False, "FAIL"]),
        _rate(counts[True, "FAIL"], counts[True, "PASS"]),
        counts[True, "INFRA"] + counts[False, "INFRA"],
    )


def _rate(wrong: int, right: int) -> ErrorRate:
    n = wrong + right
    rate = wrong / n if n else math.nan
    low, high = wilson(rate, n)
    return ErrorRate(rate, float(low), float(high), wrong, n)
