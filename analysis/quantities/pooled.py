"""Quantities of the claims of all agents of an arm taken together: the columns of claims.csv.

In a sweep they stand beside those of each agent, with no agent named. Sums are those of the agents added up. The null
of ECE and the correlation of outcomes are found from all claims: in a sweep only where replications are copies of one
another, as on a recorded table without a card that is drawn, and else NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from analysis import calibration as cal
from analysis import claims
from analysis.calibration_null import pooled_ece_null
from analysis.inference import Estimate, without_error
from analysis.log_score import log_scores
from analysis.observed import Observed
from analysis.quantities import histogram, logarithmic
from analysis.quantities.claimed import BIASED, EXPECTED, ece_error, ece_of, gaps, parts_of_bins
from analysis.quantities.declared import Label, Part, Quantity, Ratio, Statistic
from analysis.quantities.means_and_parts import means_and_parts
from analysis.quantities.view import View
from sim.kit.arrays import FloatArray

if TYPE_CHECKING:
    from analysis.arm import ArmData


def _of_cells(view: View, *arrays: FloatArray) -> Part:
    """num and den of arrays (R', T, n), agents added up."""
    num, den = (view.over_markets(view.of_world(array.sum(axis=2)[..., None])) for array in arrays)
    return num, den


def _known(view: View, share: Callable[[Observed], FloatArray]) -> Part:
    seen = view.observed
    return _of_cells(view, share(seen), seen.known.astype(np.float64))


def _compared(view: View) -> Part:
    seen = view.observed
    claim, success, used, weight = seen.rows
    wins, pairs = cal.comparative_counts(claim, success, used, seen.cell, weight)
    return _of_cells(view, seen.by_cell(wins), seen.by_cell(pairs))


def _ece_of_run(arm: ArmData) -> Estimate:
    return claims.ece(arm.observed, arm.by_claims).of_copies(arm.observed.copies)


def _together(sums: FloatArray) -> FloatArray:
    return np.asarray(sums.sum(axis=1, keepdims=True))


@lru_cache(maxsize=8)
def _null(seen: Observed) -> tuple[float, float]:
    claim, success, used, weight = seen.rows
    return pooled_ece_null(claim, success & used, seen.cell, weight)


@lru_cache(maxsize=8)
def _parts(seen: Observed) -> tuple[float, float, float]:
    return claims.brier_parts_of(seen)


def _null_sums(view: View, groups: Label, place: int) -> FloatArray:
    """(G, 1, 3): replications, the number of those that are copies in a job, and those times it."""
    seen, sums = view.observed, np.zeros((groups.n, 1, 3))
    rows = np.ones(groups.n) if groups.by_task else np.bincount(groups.of[:, 0], minlength=groups.n)
    sums[:, 0, 0] = rows
    if len(seen.claim) == 1:
        sums[:, 0, 1], sums[:, 0, 2] = rows, rows * _null(seen)[place]
    return sums


def _null_value(sums: FloatArray) -> FloatArray:
    replications, copies, null = sums
    one = abs(replications - 1.0) < 1e-9 and abs(copies - 1.0) < 1e-9
    return np.asarray(null if one else np.nan)


def _exact(place: int) -> Statistic:
    return Statistic(
        lambda arm: without_error(_null(arm.observed)[place]),
        partial(_null_sums, place=place),
        _null_value,
        claims=True,
        estimated=False,
        never=EXPECTED,
    )


def _part(place: int) -> Statistic:
    return Statistic(
        lambda arm: without_error(_parts(arm.observed)[place]).of_copies(arm.observed.copies),
        lambda view, groups: _together(histogram.of_claims(view.observed, groups)),
        partial(parts_of_bins, place=place),
        claims=True,
        never="its error is not known",
    )


def _of_all(
    name: str, meaning: str, how: Ratio | Statistic, within: tuple[float, float] = (-np.inf, np.inf)
) -> Quantity:
    return Quantity(name, "arm", "", meaning, how, swept=False, table="claims", within=within)


_LOG_SCORE = logarithmic.statistic(
    lambda arm: log_scores(arm.observed, arm.by_claims, pooled=True).of_copies(arm.observed.copies),
    lambda view, groups: _together(logarithmic.sums(view.observed, groups)),
    by_pair=False,
)
POOLED = (
    *means_and_parts(_of_all, _known, _part, _LOG_SCORE),
    _of_all(
        "ece",
        "expected calibration error in 10 equal bins, over claims",
        Statistic(
            _ece_of_run,
            lambda view, groups: _together(gaps(view, groups)),
            ece_of,
            ece_error,
            claims=True,
            never=BIASED,
        ),
    ),
    _of_all(
        "ece_null",
        "expected ECE of calibrated agents with the same claims, the outcomes of a task correlated as here",
        _exact(0),
    ),
    _of_all(
        "residual_correlation",
        "latent correlation of two agents' outcomes at a task, given their claims, in ece_null",
        _exact(1),
    ),
    _of_all(
        "comparative_auc",
        "share of pairs of agents at one task, one of the two solving it, in which the solver would claim more, ties "
        "half",
        Ratio(_compared, claims=True, of_pairs=True),
    ),
)
