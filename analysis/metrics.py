"""What an arm did, per auction and per agent, each number with its two standard errors.

Index convention: as in `arm.py`. Per-auction numbers are means over R T m auctions; per-agent numbers are means over
the agent's n opportunities, unless their definition in `tables.COLUMNS` names another denominator.

    surplus = V solved - payment - overhead       the principal's
    utility = payment - cost - bid_cost           the agents'
    welfare = surplus + utility
    regret  = benchmark - welfare, in each auction

Benchmarks use the first try: always the agent who is best on the other tasks; the best ability V a - c, or nobody; the
best outcome V y - c, or nobody. In outcomes y is what was delivered: a success lost to the system is worth nothing. A
fixed agent who is absent from a task does nothing there.
"""

from __future__ import annotations

import numpy as np

from analysis import calibration as cal
from analysis import wealth
from analysis.arm import ArmData
from analysis.inference import Estimate, linearised, mean, ratio, without_error
from sim.arrays import BoolArray, FloatArray


def surplus(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: value once per solved auction, less payments and overhead; NaN where no value is stated."""
    return np.asarray(arm.value * arm.solved - arm.per_auction(arm.payment) - arm.overhead)


def utilities(arm: ArmData) -> FloatArray:
    """(R, T, n) dollars: each agent's payments less its costs of attempts and bids."""
    return np.asarray(arm.payment - arm.cost - arm.bid_cost)


def utility(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: the utilities of all agents of a market."""
    return np.asarray(arm.per_auction(utilities(arm)))


def welfare(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: surplus + utility, without the payments, which cancel."""
    costs = np.asarray(arm.per_auction(arm.cost + arm.bid_cost))
    return np.asarray(arm.value * arm.solved - costs - arm.overhead)


def regret_fixed(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: best fixed agent minus welfare.

    The agent is chosen for each task index by its mean V y - c over the other task indices, all replications pooled,
    and paid its V y - c on this one. NaN with a single task.
    """
    gain = np.where(arm.present, _gain(arm, arm.world.delivered[..., 0], arm.world.cost[..., 0]), 0.0)
    if arm.alone:
        return gain - welfare(arm)
    if arm.world.n_tasks < 2 or gain.shape[2] == 0:
        return np.full(arm.value.shape, np.nan)
    per_task = gain.sum(axis=0)
    best = np.argmax(per_task.sum(axis=0) - per_task, axis=1)
    return np.take_along_axis(gain, best[None, :, None], axis=2) - welfare(arm)


def regret_ability(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: max(0, max over present agents of V ability - mean cost over tries) minus welfare."""
    return _best(arm, _gain(arm, arm.world.ability, arm.world.cost.mean(axis=3))) - welfare(arm)


def regret_outcome(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: max(0, max over present agents of V y - c at the first try) minus welfare."""
    return _best(arm, _gain(arm, arm.world.delivered[..., 0], arm.world.cost[..., 0])) - welfare(arm)


def _gain(arm: ArmData, chance: BoolArray | FloatArray, cost: FloatArray) -> FloatArray:
    return np.asarray(arm.per_agent(arm.value) * chance - cost)


def _best(arm: ArmData, gain: FloatArray) -> FloatArray:
    """(R, T, m): the best gain among the present agents of each market, or 0; NaN where one of them is unknown."""
    here = np.where(arm.present, gain, 0.0)
    return np.maximum(here, 0.0) if arm.alone else here.max(axis=2, keepdims=True, initial=0.0)


def summary(arm: ArmData) -> dict[str, Estimate]:
    """Scalar estimates of one arm, by column name of summary.csv."""
    recorded = arm.world.recorded
    per_auction: dict[str, FloatArray] = {
        "solve_rate": arm.solved.astype(np.float64),
        "unfilled_rate": (~arm.filled).astype(np.float64),
        "cost": arm.per_auction(arm.cost),
        "payment": arm.per_auction(arm.payment),
        "overhead": arm.overhead,
        "bid_cost": arm.per_auction(arm.bid_cost),
        "surplus": surplus(arm),
        "utility": utility(arm),
        "welfare": welfare(arm),
        "regret_fixed": regret_fixed(arm),
        "regret_ability": regret_ability(arm),
        "regret_outcome": regret_outcome(arm),
    }
    estimates = {name: mean(values, recorded) for name, values in per_auction.items()}
    attempts = arm.attempts.sum(axis=(0, 1))
    top = arm.attempts[..., int(np.argmax(attempts))] if attempts.size else np.zeros(arm.present.shape[:2])
    estimates["share_top"] = ratio(top, arm.attempts.sum(axis=2), recorded)
    estimates["tie_rate"] = ratio(arm.n_ties.sum(axis=2), arm.n_awards.sum(axis=2), recorded)
    estimates["exit_rate"] = wealth.exit_rate(arm.bankroll, exited(arm), recorded)
    return estimates


def exited(arm: ArmData) -> BoolArray:
    """(R, n): the agent's wealth was found to have run out."""
    return np.asarray(~np.isnan(arm.exit_tick))


def agents(arm: ArmData) -> dict[str, Estimate]:
    """Estimates (n,) of one arm's agents, by column name of agents.csv."""
    recorded, chances = arm.world.recorded, arm.present
    total = np.broadcast_to(arm.attempts.sum(axis=2, keepdims=True), chances.shape)
    asked = np.isfinite(arm.ask)
    oracle = np.where(
        chances & arm.world.delivered[..., 0], np.maximum(0.0, arm.per_agent(arm.reserve) - arm.world.cost_belief), 0.0
    )
    return claims(arm) | {
        "hired_rate": ratio(arm.hired & chances, chances, recorded),
        "share": ratio(arm.attempts, total, recorded),
        "ask_mean": ratio(np.where(asked, arm.ask, 0.0), asked, recorded),
        "claim_minus_success_hired": ratio(arm.claim_gap, arm.judged, recorded),
        "negative_utility_rate": ratio(arm.losses, arm.attempts, recorded),
        **wealth.estimates(arm.bankroll, exited(arm), utilities(arm), recorded),
        "expected_profit": ratio(arm.expected, chances, recorded),
        "published_profit": ratio(arm.published, chances, recorded),
        "cash_profit": ratio(arm.payment - arm.cost, chances, recorded),
        "oracle_profit": ratio(oracle, chances, recorded),
    }


def claims(arm: ArmData) -> dict[str, Estimate]:
    """Estimates (n,) of the claims of the first posting against the first try, over distinct replications."""
    part, recorded = arm.distinct, arm.world.recorded
    present, success, claim = arm.present[part], arm.success[part], arm.claim[part]
    made = ~np.isnan(claim)
    error = np.where(made, claim - success, 0.0)
    estimates = {
        "success_rate": ratio(success & present, present, recorded),
        "mean_claim": ratio(np.where(made, claim, 0.0), made, recorded),
        "brier": ratio(error**2, made, recorded),
        "ece": ratio(-error * _signs(claim, success, made), made, recorded),
        "ece_null": without_error([cal.ece_null(claim[..., i]) for i in range(claim.shape[2])]),
        **_ranking(claim, success, present, recorded),
    }
    copies = arm.world.n_replications if part == slice(0, 1) else 1
    return {name: e if name == "ece_null" else e.of_copies(copies) for name, e in estimates.items()}


def _signs(claim: FloatArray, success: BoolArray, made: BoolArray) -> FloatArray:
    signs = np.zeros(claim.shape)
    for i in range(claim.shape[2]):
        at = made[..., i]
        signs[..., i][at] = cal.ece_signs(claim[..., i][at], success[..., i][at])
    return signs


def _ranking(claim: FloatArray, success: BoolArray, present: BoolArray, recorded: bool) -> dict[str, Estimate]:
    """AUC, AUC of others and comparative AUC, each (n,)."""
    shape, n_agents = claim.shape, claim.shape[2]
    p, y, here = claim.reshape(-1, n_agents), success.reshape(-1, n_agents), present.reshape(-1, n_agents)
    made = ~np.isnan(claim)
    own, influence = cal.own_components(p, y, here)
    other, influence_other = cal.others_components(p, y, here)
    wins, pairs = cal.comparative_counts(p, y, here)
    return {
        "auc": linearised(own, influence.reshape(shape), made, recorded),
        "auc_others": linearised(other, influence_other.reshape(shape), made, recorded),
        "comparative_auc": ratio(wins.reshape(shape), pairs.reshape(shape), recorded),
    }
