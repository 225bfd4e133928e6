"""Standard errors of a fit: a bootstrap over tasks, every step anew on tasks drawn with replacement.

A resample without an estimate, for want of variety, is left out, counted, and another is drawn. Draws: "fit bootstrap",
(resample, place).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.kit import draws
from sim.kit.arrays import FloatArray
from sim.kit.errors import TableError

_MOST_LEFT_OUT = 9  # resamples without an estimate, to each one with

Values = dict[str, FloatArray]


def resampled(
    n_tasks: int,
    n_bootstrap: int,
    seed: int,
    estimate: Callable[[FloatArray], Values],
    progress: Callable[[int], None] | None,
) -> tuple[list[Values], int]:
    """Estimates of n_bootstrap resamples of the tasks, and how many more had none.

    estimate: of tasks with these weights (T,), raises TableError where there is none. progress: called with 1 after
    each resample. Raises TableError where too many have none.
    """
    found: list[Values] = []
    place = draws.words_range(n_tasks)
    for number in range((1 + _MOST_LEFT_OUT) * n_bootstrap):
        if len(found) == n_bootstrap:
            break
        uniform = draws.uniform(seed, "fit bootstrap", np.array([number], np.uint64), place)[0]
        weight = np.bincount((uniform * n_tasks).astype(np.int64), minlength=n_tasks).astype(np.float64)
        try:
            found.append(estimate(weight))
        except TableError:
            continue
        if progress is not None:
            progress(1)
    if len(found) < n_bootstrap:
        raise TableError(
            f"the table is too small for standard errors: {number + 1 - len(found)} of {number + 1} resamples of its "
            "tasks had no estimate; fit without a bootstrap"
        )
    return found, number - n_bootstrap if found else 0


def spread_of(drawn: list[Values], name: str) -> FloatArray:
    """Standard deviation over the resamples."""
    draw = np.array([one[name] for one in drawn])
    return np.asarray(np.std(draw, axis=0, ddof=1))
