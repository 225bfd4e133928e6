"""Do claims know something of the agent itself, or only of the task?

Left: AUC of each agent's claims against its own successes and against the other agents' (mean). Claims that only know
that a task is hard score the same on both. Right: comparative AUC, over pairs of agents of which one solved the task:
what claims can do for routing. Intervals are 95% for another draw of tasks; a cross has none.

The p value of own - others is by permutation: if claims say nothing of the agent itself, then at each task the
outcomes may be dealt to the agents in any order. It stands raw and adjusted by Holm's method over the agents of the
figure; all agents together are a test of its own. An agent with constant claims has no test: they can say
nothing. Tasks at which some agent is absent, or no outcome of its is known, are left out. Several outcomes of an agent
at a task count as the share that succeeded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis import calibration as cal
from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.cells import all_cells
from analysis.claims import cluster_of, of_pairs, outcomes
from analysis.few_agents import both_ends
from analysis.figures.look import Look, fold
from analysis.figures.style import MOST_ROWS, ground, ink, muted, reference, rows, small, tone, whisker
from analysis.inference import CLUSTERS, By, Estimate, linearised
from analysis.intervals import holm
from analysis.observed import Observed
from analysis.ranking_interval import auc_interval, difference_interval, mean_of_others
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.digits import p_value

POOLED = "all agents"
_MOST_CELLS = 2e7  # permutations x tasks


def own_minus_others(claim: FloatArray, success: BoolArray | FloatArray) -> FloatArray:
    """(n,) AUC of agent i's claims on its own successes less the mean on the others'; claim, success (N, n), complete.

    success: true or false, or the share of several outcomes at a task, of which any two make a pair.
    NaN where an agent has successes only, or failures only.
    """
    from scipy.stats import rankdata

    return _differences(rankdata(claim, axis=0), success)


def permutation_test(
    claim: FloatArray, success: BoolArray | FloatArray, n_permutations: int = 999, seed: int = 0
) -> tuple[FloatArray, float]:
    """Two-sided p values of own - others, (n,) per agent and of its mean, outcomes dealt anew within each task.

    claim, success: (N, n), complete. NaN where the difference is, and where an agent's claims are all the same.
    """
    from scipy.stats import rankdata

    rank, stream = rankdata(claim, axis=0), np.random.default_rng(seed)
    observed = _differences(rank, success)
    if bool((claim == claim[:1]).all()):  # claims that say nothing are not tested
        return np.full(len(observed), np.nan), np.nan
    defined = ~np.isnan(observed) & np.asarray((claim != claim[:1]).any(axis=0))
    at_least, pooled_at_least = np.ones(len(observed)), 1.0
    for _ in range(n_permutations if defined.any() else 0):
        dealt = _differences(rank, stream.permuted(success, axis=1))
        at_least += ~(np.abs(dealt) < np.abs(observed) - 1e-12)
        pooled_at_least += not abs(np.mean(dealt[defined])) < abs(np.mean(observed[defined])) - 1e-12
    each = np.where(defined, at_least / (n_permutations + 1), np.nan)
    return each, pooled_at_least / (n_permutations + 1) if defined.any() else np.nan


def _differences(rank: FloatArray, success: BoolArray | FloatArray) -> FloatArray:
    """Own area less the mean of the others; the areas are linear in the successes, so their sum needs no pairs."""
    hits, n = success.sum(axis=0), len(rank)
    both = (hits > 0) & (hits < n)
    scale = np.divide(1.0, hits * (n - hits), out=np.zeros(len(hits)), where=both)
    least = hits * (hits + 1) / 2
    own = np.where(both, (np.einsum("ti,ti->i", rank, success.astype(np.float64)) - least) * scale, np.nan)
    whole = rank.T @ (success @ scale) - least @ scale
    n_others = both.sum() - 1.0
    return np.asarray(own - (whole - own) / n_others if n_others > 0 else np.full(len(own), np.nan))


def complete(arm: ArmData) -> BoolArray:
    """(R', T): the tasks of the distinct replications at which an outcome of every agent is known."""
    return np.asarray(arm.observed.known.all(axis=2))


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table; in one column the panels stand below one another."""
    shown = _shown(data, look)
    names = [look.name(str(name)) for name in shown["agent"]]
    panels = 2 if look.narrow else 1
    figure = look.figure((1.75 * look.line * len(names) + 0.75) * panels + 0.1)
    if look.narrow:
        own, right = figure.subplots(2, 1)
    else:
        own, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.7, 1.0])
    _own_and_others(own, shown, look)
    row = np.arange(len(names))
    whisker(right, shown, "comparative_auc", row, color=ink())
    words = look.words("comparative_auc", "comparative AUC", "share of pairs of agents, one solved")
    right.set_xlabel(fold(words, 1.8))
    for axes in (own, right):
        reference(axes, x=0.5)
        rows(axes, names)
    right.tick_params(labelleft=look.narrow)
    return figure


def _shown(data: pd.DataFrame, look: Look) -> pd.DataFrame:
    """The rows drawn: of many agents those at both ends of own - others, and the last, of all of them."""
    kept = both_ends(data["difference"].iloc[:-1], MOST_ROWS)
    listed = data["agent"].iloc[kept]
    return data.loc[[*look.ordered_by(list(listed.index), listed), data.index[-1]]].reset_index(drop=True)


def _own_and_others(axes: Axes, data: pd.DataFrame, look: Look) -> None:
    row = np.arange(len(data))
    own = ("auc", -0.16, tone(0), tone(0), "o", "own successes")
    others = ("auc_others", 0.16, tone(5), ground(), "s", "others' successes")
    for name, shift, shade, face, marker, label in (own, others):
        whisker(axes, data, name, row + shift, marker, color=shade, mfc=face, label=label)
    axes.legend(
        loc="lower right" if look.narrow else "lower left",  # long names leave the axis little room
        bbox_to_anchor=(1.0 if look.narrow else 0.0, 1.0),
        ncols=1 if look.narrow else 2,
        columnspacing=1.2,
        handletextpad=0.3,
        borderpad=0,
    )
    how: dict[str, Any] = {"fontsize": small(), "va": "center_baseline"}
    axes.text(
        1.02,
        -0.75,
        "own − others (p; Holm)" if not look.narrow else "own − others\n(p; Holm)",
        transform=axes.get_yaxis_transform(),
        color=muted(),
        fontsize=small(),
    )
    columns = (data[name] for name in ("difference", "p_value", "p_holm"))
    for k, (difference, *p) in enumerate(zip(*columns, strict=True)):
        if not np.isnan(difference):
            stated = "; ".join(p_value(each) for each in p if not np.isnan(each)) or "constant"
            text = f"{difference:+.3f} ({stated})".replace("-", "−")
            axes.text(1.02, k, text, transform=axes.get_yaxis_transform(), **how)
    words = look.words("auc", "AUC of claims", "share of pairs of tasks, one solved")
    axes.set_xlabel(fold(words, 1.5 if look.narrow else 2.4))


def table(arm: ArmData) -> pd.DataFrame:
    """One row per agent and one for POOLED."""
    whole, seen = complete(arm), arm.observed
    p, y = seen.claim[whole], seen.share[whole]
    each, pooled = permutation_test(p, y, int(np.clip(_MOST_CELLS // max(1, len(p)), 199, 999)))
    kept = replace(
        seen, claim=np.where(whole[..., None], seen.claim, np.nan), counted=seen.counted & whole[..., None, None]
    )
    found = _estimates(kept, arm.by_claims, arm.claim_groups)
    head = {"tasks": len(p), "clusters": CLUSTERS[arm.by_claims], "coupled": "; ".join(arm.coupled)}
    frame = pd.DataFrame([{"agent": name} | head | all_cells(found, i) for i, name in enumerate([*arm.agents, POOLED])])
    return frame.assign(p_value=[*each, pooled], p_holm=[*holm(each), np.nan])


def drawn(data: pd.DataFrame, look: Look) -> list[Number]:
    """The estimates that the figure draws, as far as their intervals go."""
    return numbers(_shown(data, look), "agent", ["auc", "auc_others", "comparative_auc"])


def _estimates(seen: Observed, by: By, group: IntArray | None) -> dict[str, Estimate]:
    """(n + 1,) each: per agent, then the mean over agents, or all pairs for the comparative AUC."""
    claim, success, used, weight = seen.rows
    rows = claim, success, used, group, cluster_of(seen, by), weight
    own, other = cal.own_components(*rows), cal.others_components(*rows)
    counts = outcomes(seen, by)
    means = [mean_of_others(count) for count in counts]
    fewer = [np.minimum(count, mean) for count, mean in zip(counts, means, strict=True)]
    wins, pairs = (seen.by_cell(each) for each in cal.comparative_counts(claim, success, used, seen.cell, weight))
    return {
        "auc": _with_mean(seen, by, own, counts, auc_interval),
        "auc_others": _with_mean(seen, by, other, means, auc_interval),
        "difference": _with_mean(seen, by, (own[0] - other[0], own[1] - other[1]), fewer, difference_interval),
        "comparative_auc": of_pairs(_and_all(wins), _and_all(pairs), by),
    }


def _and_all(counts: FloatArray) -> FloatArray:
    """Counts (R', T, n) with those of all agents together behind them."""
    return np.concatenate([counts, counts.sum(axis=2, keepdims=True)], axis=2)


def _with_mean(
    seen: Observed,
    by: By,
    components: tuple[FloatArray, FloatArray],
    counts: Sequence[NDArray[Any]],
    interval: Callable[..., tuple[FloatArray, FloatArray]],
) -> Estimate:
    """Of each agent and of the mean over agents, from values (n,) and the rows' influence (N, n); counts (n,) each."""
    value, influence = components
    defined = ~np.isnan(value)
    mean = value[defined].mean() if defined.any() else np.nan
    of_mean = influence[:, defined].sum(axis=1, keepdims=True) / max(1, defined.sum())
    cells = seen.by_cell(np.hstack([influence, of_mean]))
    whole = np.broadcast_to(seen.known.all(axis=2, keepdims=True), cells.shape)
    found = linearised(np.append(value, mean), cells, whole, by)
    held = [np.append(count, count[defined].mean() if defined.any() else np.nan) for count in counts]
    return found.between(*interval(found.value, found.se, *held, found.clusters))
