"""What an arm did, per auction and per agent, each number with its two standard errors.

Index convention: as in `arm.py`. Per-auction numbers are means over R T m auctions; per-agent numbers are means over
the agent's n opportunities, unless their definition in `tables.COLUMNS` names another denominator.

    surplus = V solved - payment + fee - overhead       the principal's
    utility = payment - fee - cost - bid_cost           the agents'
    welfare = surplus + utility
    regret  = benchmark - welfare, in each auction

Benchmarks use the first try: always the agent who is best on the other tasks; the best ability V a - c, or nobody; the
best outcome V y - c, or nobody. In outcomes y is what was delivered: a success lost to the system is worth nothing. A
fixed agent who is absent from a task does nothing there.
"""

from __future__ import annotations

import numpy as np

from analysis import claims, wealth
from analysis.arm import ArmData
from analysis.benchmark import best_fixed, regret_spread, with_spread
from analysis.inference import Estimate, mean, ratio
from analysis.resampled import with_errors
from sim.arrays import BoolArray, FloatArray

RATES = frozenset({"solve_rate", "unfilled_rate"})  # of auctions: 0 or 1 in each
SET = frozenset({"overhead", "bid_cost"})  # known to be 0 where a scenario states none


def surplus(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: value once per solved auction, less payments net of fees and overhead; NaN without a value."""
    return np.asarray(arm.value * arm.solved - arm.per_auction(arm.payment - arm.fee) - arm.overhead)


def utilities(arm: ArmData) -> FloatArray:
    """(R, T, n) dollars: each agent's payments net of fees, less its costs of attempts and bids."""
    return np.asarray(arm.payment - arm.fee - arm.cost - arm.bid_cost)


def utility(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: the utilities of all agents of a market."""
    return np.asarray(arm.per_auction(utilities(arm)))


def welfare(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: surplus + utility, without payments and fees, which cancel."""
    costs = np.asarray(arm.per_auction(arm.cost + arm.bid_cost))
    return np.asarray(arm.value * arm.solved - costs - arm.overhead)


def regret_fixed(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars: best fixed agent minus welfare.

    The agent is chosen by its mean V y - c on a random half of the other tasks (analysis/benchmark.py). NaN with a
    single task.
    """
    return _fixed(arm) - welfare(arm)


def _fixed(arm: ArmData) -> FloatArray:
    """(R, T, m) dollars of the best fixed agent; where agents are alone, of each itself."""
    gain = _fixed_gain(arm)
    return gain if arm.alone else best_fixed(gain, arm.world.tasks)[..., None]


def _fixed_gain(arm: ArmData) -> FloatArray:
    """(R, T, n) dollars V y - c at the first try, 0 where the agent is absent."""
    return np.where(arm.present, _gain(arm, arm.world.delivered[..., 0], arm.world.cost[..., 0]), 0.0)


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
    by = arm.by
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
    estimates = {
        name: mean(values, by, rate=name in RATES, exact=name in SET and not values.any())
        for name, values in per_auction.items()
    }
    attempts = arm.attempts.sum(axis=(0, 1))
    top = arm.attempts[..., int(np.argmax(attempts))] if attempts.size else np.zeros(arm.present.shape[:2])
    estimates["share_top"] = ratio(top, arm.attempts.sum(axis=2), by, rate=True)
    estimates["tie_rate"] = ratio(arm.n_ties.sum(axis=2), arm.n_awards.sum(axis=2), by, rate=True)
    estimates["exit_rate"] = wealth.exit_rate(arm.bankroll, exited(arm), by)
    estimates = _replayed(arm, estimates)
    if arm.world.from_table and not arm.alone:
        estimates["regret_fixed"] = _with_error_of_choice(arm, estimates["regret_fixed"])
    return estimates


def _with_error_of_choice(arm: ArmData, found: Estimate) -> Estimate:
    """The regret to the best fixed agent with the error that its choice from one table has."""
    tasks = arm.world.n_tasks
    if np.isnan(found.value):
        return found
    own = welfare(arm)[..., 0].mean(axis=0)
    if arm.by == "none":
        if arm.replays is None:
            return found
        own = arm.replays["welfare"]
    spread = regret_spread(_fixed_gain(arm).mean(axis=0), own, arm.world.tasks, arm.seed)
    return with_spread(found, spread, tasks)


def _replayed(arm: ArmData, estimates: dict[str, Estimate]) -> dict[str, Estimate]:
    """The estimates with the errors that redrawn tables give them, where the arm was replayed on any."""
    if arm.by != "none" or arm.replays is None:
        return estimates
    return with_errors(estimates, arm.replays, arm.world.n_tasks, by_record=arm.by_record)


def exited(arm: ArmData) -> BoolArray:
    """(R, n): the agent's wealth was found to have run out."""
    return np.asarray(~np.isnan(arm.exit_tick))


def agents(arm: ArmData) -> dict[str, Estimate]:
    """Estimates (n,) of one arm's agents, by column name of agents.csv."""
    by, chances = arm.by, arm.present
    total = np.broadcast_to(arm.attempts.sum(axis=2, keepdims=True), chances.shape)
    asked = np.isfinite(arm.ask)
    oracle = np.where(
        chances & arm.world.delivered[..., 0], np.maximum(0.0, arm.per_agent(arm.reserve) - arm.world.cost_belief), 0.0
    )
    return claims.of_agents(arm) | _replayed(
        arm,
        {
            "hired_rate": ratio(arm.hired & chances, chances, by, rate=True),
            "share": ratio(arm.attempts, total, by, rate=True),
            "ask_mean": ratio(np.where(asked, arm.ask, 0.0), asked, by),
            "claim_minus_success_hired": ratio(arm.claim_gap, arm.judged, by),
            "negative_utility_rate": ratio(arm.losses, arm.attempts, by, rate=True),
            **wealth.estimates(arm.bankroll, exited(arm), utilities(arm), by),
            "expected_profit": ratio(arm.expected, chances, by),
            "published_profit": ratio(arm.published, chances, by),
            "cash_profit": ratio(arm.payment - arm.cost, chances, by),
            "oracle_profit": ratio(oracle, chances, by),
        },
    )
