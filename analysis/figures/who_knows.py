"""Do claims know something of the agent itself, or only of the task?

Left: AUC of each agent's claims against its own successes and against the other agents' (mean). Claims that only know
that a task is hard score the same on both. Right: comparative AUC, over pairs of agents of which one solved the task:
what claims can do for routing. Intervals are 95% for another draw of tasks.

The p value of own - others is by permutation: if claims say nothing of the agent itself, then at each task the
outcomes may be dealt to the agents in any order. Tasks at which some agent made no claim are left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import calibration as cal
from analysis.arm import ArmData
from analysis.figures.style import BLUE, GREY, ORANGE, WIDE, new_figure, rows, styled, whisker
from analysis.inference import Estimate, linearised, ratio
from sim.arrays import BoolArray, FloatArray

POOLED = "all agents"
_MOST_CELLS = 2e7  # permutations x tasks


def own_minus_others(claim: FloatArray, success: BoolArray) -> FloatArray:
    """(n,) AUC of agent i's claims on its own successes less the mean on the others'; claim, success (N, n), complete.

    NaN where an agent has successes only, or failures only.
    """
    from scipy.stats import rankdata

    return _differences(rankdata(claim, axis=0), success)


def permutation_test(
    claim: FloatArray, success: BoolArray, n_permutations: int = 999, seed: int = 0
) -> tuple[FloatArray, float]:
    """Two-sided p values of own - others, (n,) per agent and of its mean, outcomes dealt anew within each task.

    claim, success: (N, n), complete. NaN where the difference is.
    """
    from scipy.stats import rankdata

    rank, stream = rankdata(claim, axis=0), np.random.default_rng(seed)
    observed = _differences(rank, success)
    defined = ~np.isnan(observed)
    at_least, pooled_at_least = np.ones(len(observed)), 1.0
    for _ in range(n_permutations if defined.any() else 0):
        dealt = _differences(rank, stream.permuted(success, axis=1))
        at_least += ~(np.abs(dealt) < np.abs(observed) - 1e-12)
        pooled_at_least += not abs(np.mean(dealt[defined])) < abs(np.mean(observed[defined])) - 1e-12
    each = np.where(defined, at_least / (n_permutations + 1), np.nan)
    return each, pooled_at_least / (n_permutations + 1) if defined.any() else np.nan


def _differences(rank: FloatArray, success: BoolArray) -> FloatArray:
    hits = success.sum(axis=0)
    both = (hits > 0) & (hits < len(rank))
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (rank.T @ success - hits * (hits + 1) / 2) / (hits * (len(rank) - hits))
        own = np.diagonal(area)
        return np.asarray(own - (np.where(both, area, 0.0).sum(axis=1) - own) / (both.sum() - 1.0))


def complete(arm: ArmData) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Claims, successes (R', T, n) of the distinct replications, and where every agent made a claim (R', T)."""
    claim, success = arm.claim[arm.distinct], arm.success[arm.distinct]
    return claim, success, np.asarray(~np.isnan(claim).any(axis=2))


@styled
def draw(arm: ArmData) -> tuple[Figure, pd.DataFrame]:
    """The figure, and one row per agent and one for POOLED."""
    data = _rows(arm)
    names = list(data["agent"])
    figure = new_figure(WIDE, 0.27 * len(names) + 1.0)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.6, 1.0])
    _own_and_others(left, data)
    row = np.arange(len(names))
    whisker(right, data, "comparative_auc", row, color=BLUE)
    right.set_xlabel("comparative AUC\n(pairs of agents, one solved)")
    for axes in (left, right):
        axes.axvline(0.5, color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=0)
        rows(axes, names)
    right.tick_params(labelleft=False)
    return figure, data


def _own_and_others(axes: Axes, data: pd.DataFrame) -> None:
    row = np.arange(len(data))
    kinds = (("auc", -0.13, BLUE, "own successes"), ("auc_others", 0.13, ORANGE, "other agents' successes"))
    for name, shift, shade, label in kinds:
        face = shade if name == "auc" else "white"
        whisker(axes, data, name, row + shift, color=shade, mfc=face, label=label)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, columnspacing=1.2, handletextpad=0.3)
    axes.text(1.02, 1.02, "own − others (p, unadjusted)", transform=axes.transAxes, fontsize=7, va="bottom")
    for k, difference, p in zip(range(len(row)), data["difference"], data["p_value"], strict=True):
        if not np.isnan(difference):
            text = f"{difference:+.3f} ({p:.3f})".replace("-", "−")
            axes.text(1.02, k, text, transform=axes.get_yaxis_transform(), fontsize=7, va="center")
    axes.set_xlabel("AUC of claims\n(pairs of tasks, one solved)")


def _rows(arm: ArmData) -> pd.DataFrame:
    claim, success, whole = complete(arm)
    p, y = claim[whole], success[whole]
    each, pooled = permutation_test(p, y, int(np.clip(_MOST_CELLS // max(1, len(p)), 199, 999)))
    frame = {"agent": [*arm.agents, POOLED], "tasks": len(p)}
    for name, estimate in _estimates(p, y, whole, arm.world.recorded).items():
        frame |= {name: estimate.value, f"{name}_se": estimate.se}
    return pd.DataFrame(frame | {"p_value": [*each, pooled]})


def _estimates(claim: FloatArray, success: BoolArray, whole: BoolArray, recorded: bool) -> dict[str, Estimate]:
    """(n + 1,) each: per agent, then the mean over agents, or all pairs for the comparative AUC."""
    here = np.ones(claim.shape, np.bool_)
    own, other = cal.own_components(claim, success, here), cal.others_components(claim, success, here)
    parts = {"auc": own, "auc_others": other, "difference": (own[0] - other[0], own[1] - other[1])}
    table = {}
    for name, (value, influence) in parts.items():
        defined = ~np.isnan(value)
        mean = value[defined].mean() if defined.any() else np.nan
        of_mean = influence[:, defined].sum(axis=1, keepdims=True) / max(1, defined.sum())
        cells = np.zeros((*whole.shape, len(value) + 1))
        cells[whole] = np.hstack([influence, of_mean])
        used = np.broadcast_to(whole[..., None], cells.shape)
        table[name] = linearised(np.append(value, mean), cells, used, recorded)
    counts = np.zeros((2, *whole.shape, claim.shape[1] + 1))
    for k, count in enumerate(cal.comparative_counts(claim, success, here)):
        counts[k][whole] = np.hstack([count, count.sum(axis=1, keepdims=True)])
    return table | {"comparative_auc": ratio(counts[0], counts[1], recorded)}
