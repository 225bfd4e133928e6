"""Does a fitted population behave like the table? Moments of the table beside those of tables drawn from the fit.

Simulated tables have the table's tasks, agents, trials and missing cells. Index convention: R tables, T rows, n agents;
a row is a trial of a task, so that every recorded outcome counts once, beside the claim it was recorded with.

    success, mean_claim, brier, auc     per agent (AUC on its own tasks); these were fitted
    mean_cost                           dollars of an attempt; fitted in logarithms
    win_rate                            P(hired) against R ~ U[0, 1] at penalty 2, alone and truthful; not fitted
    brier, ece                          of all claims together
    outcome_phi, claim_correlation      Pearson correlation between two agents, mean over pairs
    none_solve, all_solve               share of rows that no (every) agent there solves

z = (observed - mean simulated) / sd simulated. Parameters are those of the fit, without their own error, so z of a
fitted moment is small by construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from analysis.auction import Offer, closed_forms
from analysis.calibration import N_BINS, bin_of
from sim.kit.arrays import BoolArray, FloatArray
from sim.population.population import draw_population
from sim.population.profile import Profile
from sim.tables.table import Recorded

PENALTY = 2.0
PER_AGENT = ("success", "mean_claim", "brier", "auc", "mean_cost", "win_rate")
FITTED = ("success", "mean_claim", "brier", "auc", "mean_cost")
POOLED = ("brier", "ece", "outcome_phi", "claim_correlation", "none_solve", "all_solve")
EVERYBODY = "all agents"
N_TABLES = 400

Moments = dict[tuple[str, str], FloatArray]


def moments(recorded: Recorded, profile: Profile, *, n_tables: int = N_TABLES, seed: int = 0) -> pd.DataFrame:
    """One row per (agent or EVERYBODY, moment), with columns

    observed; simulated, sd, low, high: mean, standard deviation and 95% range over simulated tables; z: NaN where sd
    is 0; in_sample: the moment was fitted. Agents are the table's, which must be the profile's.
    """
    if tuple(profile.agents) != recorded.agents:
        raise ValueError(f"profile and table must have the same agents; got {[*profile.agents]} and {recorded.agents}")
    n_trials = recorded.success.shape[-1]
    tried = _rows(recorded.present[..., None] & (np.arange(n_trials) < recorded.trials[..., None]))

    def found(claim: FloatArray, cost_belief: FloatArray, success: BoolArray, cost: FloatArray) -> Moments:
        claims, beliefs = (_rows(np.broadcast_to(x[..., None], success.shape)) for x in (claim, cost_belief))
        return table_moments(claims, beliefs, _rows(success), _rows(cost), tried)

    seen = found(recorded.belief[None], recorded.cost_belief[None], recorded.success[None], recorded.cost[None])
    drawn = draw_population(profile, seed, n_tables, len(recorded.tasks), n_trials)
    made = found(drawn.claim, drawn.cost_belief, drawn.success, drawn.cost)
    rows: list[dict[str, str | float | bool]] = []
    for place, agent in enumerate((*recorded.agents, EVERYBODY)):
        pooled = agent == EVERYBODY
        for name in POOLED if pooled else PER_AGENT:
            key, at = (name, "pooled" if pooled else "agent"), 0 if pooled else place
            fit = {"in_sample": not pooled and name in FITTED}
            rows.append({"agent": agent, "moment": name} | _compare(seen[key][0, at], made[key][:, at]) | fit)
    return pd.DataFrame(rows)


def rms_z(table: pd.DataFrame, names: tuple[str, ...] = PER_AGENT) -> float:
    """Root mean square z over the agents' moments of these names."""
    z = table.loc[(table["agent"] != EVERYBODY) & table["moment"].isin(names), "z"]
    return float(np.sqrt((z**2).mean()))


def _compare(observed: float, simulated: FloatArray) -> dict[str, str | float | bool]:
    known = simulated[~np.isnan(simulated)]
    mean, sd = (float(known.mean()), float(known.std(ddof=1))) if known.size > 1 else (np.nan, np.nan)
    low, high = np.quantile(known, [0.025, 0.975]) if known.size else (np.nan, np.nan)
    z = (observed - mean) / sd if sd > 1e-12 else np.nan
    return {"observed": float(observed), "simulated": mean, "sd": sd, "low": float(low), "high": float(high), "z": z}


def table_moments(
    claim: FloatArray, cost_belief: FloatArray, success: BoolArray, cost: FloatArray, present: BoolArray
) -> Moments:
    """(R, n) or (R, 1), by (name, "agent" or "pooled"), of R tables (R, T, n) with these cells present (T, n)."""
    y, n_tasks = success.astype(np.float64), present.sum(axis=0)
    error = np.where(present, (claim - y) ** 2, 0.0)
    offer = Offer(np.zeros(1), claim, cost_belief, y, cost_belief, np.array(PENALTY))
    solved = (success & present).sum(axis=-1)
    anyone = present.any(axis=1)
    return {
        ("success", "agent"): np.where(present, y, 0.0).sum(axis=1) / n_tasks,
        ("mean_claim", "agent"): np.where(present, claim, 0.0).sum(axis=1) / n_tasks,
        ("brier", "agent"): error.sum(axis=1) / n_tasks,
        ("auc", "agent"): _auc(claim, success, present),
        ("mean_cost", "agent"): np.where(present, cost, 0.0).sum(axis=1) / n_tasks,
        ("win_rate", "agent"): np.where(present, _hired(offer), 0.0).sum(axis=1) / n_tasks,
        ("brier", "pooled"): error.sum(axis=(1, 2))[:, None] / present.sum(),
        ("ece", "pooled"): _ece(claim, y, present),
        ("outcome_phi", "pooled"): _pair_correlation(y, present),
        ("claim_correlation", "pooled"): _pair_correlation(claim, present),
        ("none_solve", "pooled"): (solved == 0)[:, anyone].mean(axis=1)[:, None],
        ("all_solve", "pooled"): (solved == present.sum(axis=1))[:, anyone].mean(axis=1)[:, None],
    }


def _rows(x: NDArray[Any]) -> NDArray[Any]:
    """(..., T, n, K) as (..., T K, n): the trials of a task one below the other."""
    return np.moveaxis(x, -1, -2).reshape(*x.shape[:-3], -1, x.shape[-2])


def _hired(offer: Offer) -> FloatArray:
    """P(hired) of a truthful agent alone, reserve U[0, 1]: asks what breaks even, nothing at a claim of 0."""
    p, c, k = offer.belief, offer.cost_belief, offer.penalty
    ask = np.divide(c + k * (1.0 - p), p, out=np.full(p.shape, np.inf), where=p > 0)
    return closed_forms(Offer(ask, p, c, offer.success, offer.cost, k), 0.0, 1.0)["hired"]


def _auc(claim: FloatArray, success: BoolArray, present: BoolArray) -> FloatArray:
    """(R, n) by rank sums, ties half; NaN where an agent solves all or none."""
    area = np.full((len(claim), claim.shape[-1]), np.nan)
    for i in range(claim.shape[-1]):
        p, y = claim[:, present[:, i], i], success[:, present[:, i], i]
        hits, n = y.sum(axis=1), y.shape[1]
        above = (rankdata(p, axis=1) * y).sum(axis=1) - hits * (hits + 1) / 2
        pairs = (hits * (n - hits)).astype(np.float64)
        np.divide(above, pairs, out=area[:, i], where=pairs > 0)
    return area


def _ece(claim: FloatArray, y: FloatArray, present: BoolArray) -> FloatArray:
    """(R, 1) as `analysis.calibration.ece` of all claims of a table."""
    n_tables = len(claim)
    gap = (y - claim)[:, present]
    where = bin_of(claim[:, present]) + N_BINS * np.arange(n_tables)[:, None]
    total = np.bincount(where.ravel(), gap.ravel(), minlength=n_tables * N_BINS).reshape(n_tables, N_BINS)
    return np.asarray(np.abs(total).sum(axis=1, keepdims=True) / present.sum())


def _pair_correlation(x: FloatArray, present: BoolArray) -> FloatArray:
    """(R, 1) mean over pairs of agents of the correlation of x at tasks both are present at; constants left out."""
    found = []
    for i in range(x.shape[-1]):
        for j in range(i):
            both = present[:, i] & present[:, j]
            a, b = (part - part.mean(axis=1, keepdims=True) for part in (x[:, both, i], x[:, both, j]))
            size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
            found.append(np.divide((a * b).sum(axis=1), size, out=np.full(len(x), np.nan), where=size > 1e-12))
    pairs = np.array(found)
    known = ~np.isnan(pairs)
    count = known.sum(axis=0)
    total = np.where(known, pairs, 0.0).sum(axis=0)
    mean: FloatArray = np.divide(total, count, out=np.full(len(x), np.nan), where=count > 0)
    return mean[:, None]
