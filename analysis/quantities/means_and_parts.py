"""The quantities of claims that stand for each agent, and for all claims together alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from analysis import claims
from analysis.observed import Observed
from analysis.quantities.declared import Part, Quantity, Ratio, Statistic
from sim.kit.arrays import FloatArray


def stated(seen: Observed) -> FloatArray:
    """Claims (N, n), 0 where no outcome is known."""
    return np.where(seen.known, seen.claim, 0.0)


def means_and_parts(
    declare: Callable[..., Quantity],
    known: Callable[..., Part],
    part: Callable[[int], Statistic],
    log_score: Statistic,
) -> tuple[Quantity, ...]:
    """Success rate, mean claim, the Brier score with its parts, and the log score.

    declare: makes one of its name, meaning, how it sums, and what it is within. known: a sum over claims with a known
    outcome. part: of the Brier score, by number.
    """
    return (
        declare(
            "success_rate",
            "true success, mean over claims; several known outcomes of a claim count equally",
            Ratio(partial(known, share=lambda seen: seen.share), rate=True, claims=True),
        ),
        declare(
            "mean_claim",
            "success probability that the agent would state at the first posting, mean over claims",
            Ratio(partial(known, share=stated), claims=True),
            within=(0.0, 1.0),
        ),
        declare(
            "brier",
            "(claim - success)^2, mean over claims",
            Ratio(partial(known, share=claims.squared_error), claims=True),
            within=(0.0, 1.0),
        ),
        declare(
            "brier_reliability",
            "part of brier due to miscalibration (CORP); brier = reliability - resolution + uncertainty",
            part(0),
        ),
        declare("brier_resolution", "the part of brier gained by claims that distinguish tasks (CORP)", part(1)),
        declare("brier_uncertainty", "brier of the success rate itself", part(2)),
        declare(
            "log_score",
            "-ln of the probability claimed for what happened, nats, mean over claims; infinite where a claim of 0 or "
            "1 was wrong",
            log_score,
            within=(0.0, np.inf),
        ),
    )
