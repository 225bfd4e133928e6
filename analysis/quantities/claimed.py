"""Quantities of claims: whether agents know how often they succeed, and at what.

They are over what every agent would claim at a first posting, whether it bids or not (analysis/observed.py), and are
the same for all arms that share beliefs and policies. In a run they are computed from all claims (analysis/claims.py),
in a sweep from sums:

    success rate, mean claim, Brier score, comparative AUC    ratios, and so the same
    ECE                  gaps of 10 bins; the error of analysis/ece_error.py from groups
    AUC                  successes and failures in narrow bins (analysis/quantities/histogram.py); a jackknife of groups
    parts of Brier       the same bins; no error
    ECE null             of independent outcomes, with the mean claim of every narrow bin. Where replications are
                         copies it is the run's. NaN where cells have several outcomes and replications differ
    calibration curve    success rate and mean claim of each tenth: ratios, in sweeps only
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from analysis import calibration as cal
from analysis import claims
from analysis.calibration import N_BINS, bin_of
from analysis.corp import brier_parts
from analysis.ece_error import error_of_covariance, error_of_gaps
from analysis.inference import Estimate, without_error
from analysis.log_score import log_scores
from analysis.observed import Observed
from analysis.quantities import histogram, logarithmic
from analysis.quantities.declared import Clustered, Context, Groups, Label, Part, Quantity, Ratio, Statistic, Table
from analysis.quantities.grouped import jackknife
from analysis.quantities.means_and_parts import means_and_parts, stated
from analysis.quantities.view import View
from analysis.ranking_interval import auc_interval
from sim.kit.arrays import FloatArray

if TYPE_CHECKING:
    from analysis.arm import ArmData


def _known(view: View, share: Callable[[Observed], FloatArray]) -> Part:
    seen = view.observed
    return view.of_world(share(seen)), view.of_world(seen.known.astype(np.float64))


def _compared(view: View) -> Part:
    seen = view.observed
    claim, success, used, weight = seen.rows
    wins, pairs = cal.comparative_counts(claim, success, used, seen.cell, weight)
    return view.of_world(seen.by_cell(wins)), view.of_world(seen.by_cell(pairs))


def _tenth(view: View, tenth: int, share: Callable[[Observed], FloatArray]) -> Part:
    seen = view.observed
    inside = seen.tenth == tenth
    return view.of_world(np.where(inside, share(seen), 0.0)), view.of_world(inside.astype(np.float64))


# ECE: gaps, squared gaps and weights of claims, N_BINS each.


def gaps(view: View, groups: Label) -> FloatArray:
    """(group, n, 3 N_BINS) sums by bin of the claim: success - claim, its square, and weights."""
    seen = view.observed
    claim, success, used, weight = seen.rows
    size = np.where(used & ~np.isnan(claim), weight, 0.0)
    p, label = np.nan_to_num(claim), groups.of.ravel()[seen.cell]
    sums = np.zeros((groups.n, claim.shape[1], 3, N_BINS))
    for agent in range(claim.shape[1]):
        at = label * N_BINS + bin_of(p[:, agent])
        for place, part in enumerate((size * (success - p), size * (success - p) ** 2, size)):
            sums[:, agent, place] = np.bincount(at, part[:, agent], groups.n * N_BINS).reshape(-1, N_BINS)
    return sums.reshape(groups.n, -1, 3 * N_BINS)


def ece_of(sums: FloatArray) -> FloatArray:
    """ECE of sums (..., 3 N_BINS) as `gaps` has them; NaN without a claim."""
    gap, weight = np.abs(sums[..., :N_BINS]).sum(axis=-1), sums[..., 2 * N_BINS :].sum(axis=-1)
    return np.asarray(np.divide(gap, weight, out=np.full(gap.shape, np.nan), where=weight > 0))


def ece_error(groups: Groups, context: Context) -> float:
    """Standard error of the ECE of groups of clusters (analysis/ece_error.py)."""
    weight, share = groups.total[2 * N_BINS :], groups.lost[:, 2 * N_BINS :].sum(axis=1)
    gap, held, observed = groups.total[:N_BINS] / weight.sum(), weight > 0, share > 0
    influence = (groups.lost[:, :N_BINS] - share[:, None] * gap) / weight.sum()
    return error_of_gaps(gap[held], influence[observed][:, held])


def _ece_of_pairs(sums: FloatArray) -> Clustered:
    gaps, squares, weight = sums.reshape(3, N_BINS)
    held, n = weight > 0, weight.sum()
    gap = gaps[held] / n
    covariance = n / (n - 1.0) * (np.diag(squares[held]) / n**2 - np.outer(gap, gap) / n)
    return Clustered(error_of_covariance(gap, covariance), float("nan"), float("nan"), round(n))


# AUC: narrow bins, or pairs within what a card shifts alike.


def _ranked(seen: Observed, view: View, groups: Label) -> FloatArray:
    within = view.claim_groups
    if within is not None:
        return histogram.within(seen, within, groups)
    return histogram.of_claims(seen, groups)[..., : 2 * histogram.B]


def _before_card(view: View, groups: Label) -> FloatArray:
    before = view.before_card
    if before is None:
        return np.zeros((groups.n, view.world.n_agents, histogram.OF_PAIRS))
    return _ranked(before, view, groups)


def _auc_interval(value: float, error: float, groups: Groups) -> tuple[float, float]:
    hit, miss = histogram.outcomes(groups.lost)
    low, high = auc_interval(value, error, (hit > 0).sum(), (miss > 0).sum(), ((hit > 0) | (miss > 0)).sum())
    return float(low), float(high)


def _others(view: View, groups: Label) -> FloatArray:
    """Claims of an agent against the outcomes of each other one, and a 0, so that both kinds of sums have a length of
    their own."""
    seen, n_agents = view.observed, view.world.n_agents
    found = []
    for agent in range(n_agents):
        claim = np.where(seen.known, seen.claim[..., agent : agent + 1], np.nan)
        sums = np.delete(_ranked(replace(seen, claim=claim), view, groups), agent, axis=1)
        found.append(sums.reshape(groups.n, -1))
    return np.pad(np.stack(found, axis=1), ((0, 0), (0, 0), (0, 0 if view.claim_groups is None else 1)))


def _by_other(sums: FloatArray) -> FloatArray:
    """Sums (..., k) as (..., other agents, k of each)."""
    count = sums.shape[-1]
    each = 2 * histogram.B if count % 2 == 0 else histogram.OF_PAIRS
    return sums[..., : count - count % 2].reshape(*sums.shape[:-1], -1, each)


def _mean_area(sums: FloatArray) -> FloatArray:
    areas = histogram.area(_by_other(sums))
    known = ~np.isnan(areas)
    total, count = np.where(known, areas, 0.0).sum(axis=-1), known.sum(axis=-1)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _others_interval(value: float, error: float, groups: Groups) -> tuple[float, float]:
    hit, miss = (part > 0 for part in histogram.outcomes(_by_other(groups.lost)))
    held = (hit | miss).any(axis=1).sum()
    low, high = auc_interval(value, error, hit.sum(axis=0).mean(), miss.sum(axis=0).mean(), held)
    return float(low), float(high)


# Parts of the Brier score, and the null of ECE: no error.


def parts_of_bins(sums: FloatArray, place: int) -> FloatArray:
    """Part number `place` of the Brier score (CORP) of sums by bin of the claim; NaN without a claim."""
    level, weight, rate = histogram.levels(sums)
    if not len(level):
        return np.asarray(np.nan)
    both = np.tile(level, 2), np.repeat([True, False], len(level)), np.concatenate([weight * rate, weight * (1 - rate)])
    return np.asarray(brier_parts(*both)[place])


def _null_sums(view: View, groups: Label) -> FloatArray:
    """Bins of claims; replications; the null of those that are copies in a job, and how many; cells with several
    outcomes."""
    seen = view.observed
    bins = histogram.of_claims(seen, groups)
    more = np.zeros((*bins.shape[:2], 4))
    rows = np.bincount(groups.of[:, 0], minlength=groups.n) if not groups.by_task else np.ones(groups.n)
    more[..., 0] = rows[:, None]
    if len(seen.claim) == 1:
        null = np.array([seen.only(agent).null() for agent in range(bins.shape[1])])
        more[..., 1], more[..., 2] = rows[:, None] * null, rows[:, None]
    more[..., 3] = float(seen.success.shape[2] > 1)
    return np.concatenate([bins, more], axis=2)


def _null(sums: FloatArray) -> FloatArray:
    replications, null, copies, several = sums[-4:]
    if abs(replications - 1.0) < 1e-9 and abs(copies - 1.0) < 1e-9:  # one, or copies of one, which count once
        return np.asarray(null)
    if several:
        return np.asarray(np.nan)
    level, weight, _ = histogram.levels(sums[:-4])
    return np.asarray(cal.ece_null(np.repeat(level, np.rint(weight).astype(np.int64))))


@lru_cache(maxsize=8)
def _brier_parts(seen: Observed) -> FloatArray:
    """(n, 3) parts of the Brier score of each agent."""
    parts = [claims.brier_parts_of(seen.only(agent)) for agent in range(seen.claim.shape[2])]
    return np.array(parts).reshape(-1, 3)


def _part(place: int) -> Statistic:
    return Statistic(
        lambda arm: without_error(_brier_parts(arm.observed)[:, place]).of_copies(arm.observed.copies),
        lambda view, groups: histogram.of_claims(view.observed, groups),
        partial(parts_of_bins, place=place),
        claims=True,
        never="its error is not known",
    )


def _of_copies(estimate: Callable[[ArmData], Estimate]) -> Callable[[ArmData], Estimate]:
    return lambda arm: estimate(arm).of_copies(arm.observed.copies)


def _null_of_run(arm: ArmData) -> Estimate:
    return without_error(np.array([arm.observed.only(agent).null() for agent in range(len(arm.agents))]))


def _auc_before_of_run(arm: ArmData) -> Estimate:
    before = arm.before_card
    if before is None:
        return without_error(np.full(len(arm.agents), np.nan))
    return claims.own_auc(before, arm.by_claims, arm.claim_groups)


def _of_claims(
    name: str,
    meaning: str,
    how: Ratio | Statistic,
    table: Table | None = "own",
    within: tuple[float, float] = (-np.inf, np.inf),
) -> Quantity:
    return Quantity(name, "agent", "", meaning, how, swept=False, table=table, within=within)


BIASED = "it is biased upwards, by about ece_null where claims are calibrated"
EXPECTED = "it is an expectation"
_AUC_ERROR = jackknife(histogram.area)
_LOG_SCORE = logarithmic.statistic(
    _of_copies(lambda arm: log_scores(arm.observed, arm.by_claims)),
    lambda view, groups: logarithmic.sums(view.observed, groups),
)

CLAIMED = (
    *means_and_parts(_of_claims, _known, _part, _LOG_SCORE),
    _of_claims(
        "ece",
        "expected calibration error in 10 equal bins, over claims; biased upwards, so without an interval",
        Statistic(
            _of_copies(claims.ece_of_agents), gaps, ece_of, ece_error, by_pair=_ece_of_pairs, claims=True, never=BIASED
        ),
    ),
    _of_claims(
        "ece_null",
        "expected ECE of a perfectly calibrated agent with the same claims",
        Statistic(_null_of_run, _null_sums, _null, claims=True, estimated=False, never=EXPECTED),
    ),
    _of_claims(
        "auc",
        "share of pairs of a success and a failure of the agent's own with the higher claim on the success, ties half",
        Statistic(
            _of_copies(lambda arm: claims.own_auc(arm.observed, arm.by_claims, arm.claim_groups)),
            lambda view, groups: _ranked(view.observed, view, groups),
            histogram.area,
            _AUC_ERROR,
            _auc_interval,
            histogram.of_pairs,
            claims=True,
        ),
    ),
    _of_claims(
        "auc_before_card",
        "auc of the claims before the agents read a card, over the same pairs; empty without one",
        Statistic(
            _of_copies(_auc_before_of_run),
            _before_card,
            histogram.area,
            _AUC_ERROR,
            _auc_interval,
            histogram.of_pairs,
            claims=True,
        ),
    ),
    _of_claims(
        "auc_others",
        "AUC of this agent's claims against another agent's successes, mean over the other agents",
        Statistic(
            _of_copies(lambda arm: claims.others_auc(arm.observed, arm.by_claims, arm.claim_groups)),
            _others,
            _mean_area,
            jackknife(_mean_area),
            _others_interval,
            claims=True,
        ),
    ),
    _of_claims(
        "comparative_auc",
        "share of pairs with another agent at one task, one of the two solving it, in which the solver claimed more, "
        "ties half",
        Ratio(_compared, claims=True, of_pairs=True),
    ),
)
CURVE = tuple(
    _of_claims(
        f"{name}_of_tenth_{tenth + 1}",
        f"{what} of claims from {tenth / N_BINS:g} to {(tenth + 1) / N_BINS:g}, mean over these claims",
        Ratio(partial(_tenth, tenth=tenth, share=share), rate=name == "success_rate", claims=True),
        table=None,
        within=(0.0, 1.0),
    )
    for tenth in range(N_BINS)
    for name, what, share in (
        ("mean_claim", "success probability stated, a point of the calibration curve", stated),
        ("success_rate", "true success, a point of the calibration curve", lambda seen: seen.share),
    )
)
