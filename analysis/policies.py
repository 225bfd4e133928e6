"""What becomes of every task under policies that need no record: one agent, one at random, oracles, auctions.

An outcome of a policy is what its tasks are worth and cost, (K, T) each, and which tasks it is of. V is what a success
is worth; nobody works where nothing is expected to be gained.

    always           one agent does all the tasks at which it is known
    random           one of the agents known at the task, all equally likely: the mean over them
    ability oracle   argmax p V - c, p the agent's ability at the task where the table has it; else its success rate at
                     the task's other trials, so that no outcome is chosen by itself
    outcome oracle   argmax y V - c, y the outcome itself: a bound
    auctions         every agent asks its truthful ask by its claim and cost belief; reserve = V, no penalty

Index convention as in analysis/panel.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from analysis.panel import Panel
from sim.kit import draws
from sim.kit.arrays import Bids, BoolArray, FloatArray, Notice, Standing, Tender
from sim.mechanisms import Mechanism
from sim.mechanisms.price import SecondPrice
from sim.mechanisms.score import SecondScore


class Reckoned(NamedTuple):
    """What a policy does. worth, cost (K, T), 0 outside `of` (T,), the tasks it is of."""

    worth: FloatArray
    cost: FloatArray
    of: BoolArray


def shared(panel: Panel, weight: FloatArray) -> Reckoned:
    """Every task is given to agents with these weights, (T, n) or (K, T, n)."""
    return Reckoned((panel.worth * weight).sum(axis=-1), (panel.cost * weight).sum(axis=-1), panel.able)


def always(panel: Panel, agent: int) -> Reckoned:
    """One agent."""
    return Reckoned(panel.worth[..., agent], panel.cost[..., agent], panel.known[:, agent])


def at_random(panel: Panel) -> Reckoned:
    """Any agent that is known at the task."""
    return shared(panel, panel.known / np.maximum(panel.known.sum(axis=1, keepdims=True), 1))


def best(gain: FloatArray, known: BoolArray) -> FloatArray:
    """Weights (..., n) on those of the greatest gain (..., n), in equal parts; none where it is not above 0."""
    able = known & (gain > 0)
    top = np.where(able, gain, -np.inf)
    chosen = able & (top == top.max(axis=-1, keepdims=True, initial=-np.inf))
    return np.asarray(chosen / np.maximum(chosen.sum(axis=-1, keepdims=True), 1))


def outcome_oracle(panel: Panel, value: float) -> Reckoned:
    """Whoever does best, as it turns out."""
    return shared(panel, best(value * panel.passed - panel.cost, panel.known))


def ability_oracle(panel: Panel, value: float) -> Reckoned | None:
    """Whoever is able; None where the table tells neither abilities nor more than one trial of every cell."""
    ability, known = panel.recorded.ability, panel.known
    if not np.isnan(ability[known]).any():
        return shared(panel, best(value * ability - panel.mean_cost, known))
    if known.any() and panel.trials[known].min() < 2:
        return None
    place = np.arange(panel.n_trials)[:, None, None] % np.maximum(panel.trials, 1)
    found = []
    for own in place:
        other = place != own  # a trial that stands several times is left out as a whole
        count = np.maximum(other.sum(axis=0), 1)
        rate, cost = ((array * other).sum(axis=0) / count for array in (panel.passed, panel.cost))
        found.append(best(value * rate - cost, known))
    return shared(panel, np.array(found))


def auctions(panel: Panel, value: float, seed: int) -> Iterator[tuple[str, Reckoned]]:
    """Rules by name; none where the table has no claims or no cost beliefs."""
    recorded = panel.recorded
    if recorded.lacks("belief") or recorded.lacks("cost_belief"):
        return
    names = draws.words_range(1), draws.words_of(recorded.tasks), draws.words_of(recorded.agents)
    lottery = draws.uniform(seed, "lottery", *names)[0]
    for name, rule in (("second price", SecondPrice()), ("second score q(V-a)", SecondScore(score="q(V-a)"))):
        yield name, shared(panel, _hired(panel, rule, value, lottery).astype(np.float64))


def _hired(panel: Panel, rule: Mechanism, value: float, lottery: FloatArray) -> BoolArray:
    """(T, n) whom the rule hires for each task."""
    terms = {"value": value, "reserve": value, "penalty": 0.0, "posting": 0}
    tasks = {name: np.full(panel.n_tasks, number) for name, number in terms.items()}
    claim = np.where(panel.known, panel.recorded.belief, 0.5)
    cost = np.where(panel.known, panel.recorded.cost_belief, 0.0)
    ask = rule.truthful_ask(claim, cost, Notice.trusted(**tasks))
    nothing = np.full(claim.shape, np.nan)
    standing = Standing.trusted(reputation=np.ones(claim.shape), expected_cost=nothing, advice=nothing)
    active = panel.known & np.isfinite(ask)
    bids = Bids.trusted(ask=np.where(active, ask, np.nan), claim=np.where(active, claim, np.nan), active=active)
    return rule(bids, Tender.trusted(**tasks), standing, lottery).hired
