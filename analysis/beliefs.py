"""What agents believed when they bid, from the ledger: the World's beliefs after own failures and cards of the past.

A row of clearings stands for a posting. An attempt is on the card that is read at a posting where it ended at or
before the posting's tick and its own posting went out earlier, by (tick, task, posting): that is the market's order of
moments.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.arrays import FloatArray, IntArray, Status
from sim.card import Attempted, Leaned, PastCard
from sim.plans import Plans
from sim.retry import at_try, posterior
from sim.standing import State
from sim.world import World

Cell = tuple[IntArray, IntArray, IntArray]  # replication, task, agent


class Attempts(NamedTuple):
    """Rows of the attempts table, (A,) each; status as `Status` codes; turn: the agent's tries at the task before."""

    at: Cell
    posting: IntArray
    turn: IntArray
    finish: IntArray
    status: IntArray
    cost: FloatArray
    budget: FloatArray


class Postings(NamedTuple):
    """Rows of the clearings table, (C,) each. market: the agent whose own market it is, 0 where agents share one."""

    replication: IntArray
    task: IntArray
    market: IntArray
    posting: IntArray
    posted: IntArray
    tick: IntArray


class Held(NamedTuple):
    """Belief and cost belief held at the first posting (R, T, n), and at each attempt (A,)."""

    belief: FloatArray
    cost_belief: FloatArray
    at_attempt: FloatArray
    cost_at_attempt: FloatArray


def held(
    world: World,
    attempts: Attempts,
    postings: Postings,
    alone: bool,
    card: PastCard | None = None,
    plans: Plans | None = None,
) -> Held:
    """What was believed. alone: each agent has a market of its own. card: of the past; None where the arm has none.

    plans: where attempts have budgets, beliefs at an attempt are those of the try with its budget.
    """
    believed = _held(world, attempts, postings, alone, card)
    if plans is None:
        return believed
    at_budget = plans.at(believed.cost_at_attempt, believed.at_attempt, attempts.budget)
    return believed._replace(at_attempt=at_budget.claim, cost_at_attempt=at_budget.ask)


def _held(world: World, attempts: Attempts, postings: Postings, alone: bool, card: PastCard | None) -> Held:
    failures = failures_before(attempts)
    later = None if world.retry_belief is None else world.retry_belief[attempts.at]
    believed = at_try(world.belief[attempts.at], later, failures)
    if card is None:
        return Held(world.belief, world.cost_belief, believed, world.cost_belief[attempts.at])
    source = _source(attempts, postings, alone)
    states = _states(card, attempts, postings, source, believed, world)
    belief, cost_belief = world.belief.copy(), world.cost_belief.copy()
    for row in np.flatnonzero(postings.posting == 0).tolist():
        at = postings.replication[row], postings.task[row]
        who = slice(postings.market[row], postings.market[row] + 1) if alone else slice(None)
        opening = card.lean(states[row], world.belief[at], world.cost_belief[at])
        belief[at][who], cost_belief[at][who] = opening.belief[who], opening.cost_belief[who]
    leaned = _at_attempts(card, attempts, states, source, world)
    after = leaned.belief if world.spread is None else posterior(leaned.belief, world.spread[attempts.at], failures)
    return Held(belief, cost_belief, np.where(leaned.moved, after, believed), leaned.cost_belief)


def failures_before(attempts: Attempts) -> IntArray:
    """Verified failures (A,) of the agent at the task before each attempt."""
    order = np.lexsort((attempts.turn, *reversed(attempts.at)))
    cell = np.stack(attempts.at)[:, order]
    failed = (attempts.status[order] == int(Status.FAIL)).astype(np.int64)
    before = np.cumsum(failed) - failed
    starts = np.append(True, (np.diff(cell, axis=1) != 0).any(axis=0))[: len(order)]
    counts = np.empty(len(order), np.int64)
    counts[order] = before - before[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    return counts


def _source(attempts: Attempts, postings: Postings, alone: bool) -> IntArray:
    """Row of the clearings table (A,) that each attempt came from."""
    replication, task, agent = attempts.at
    market = agent if alone else np.zeros_like(agent)
    rows = {key: row for row, key in enumerate(zip(*(axis.tolist() for axis in postings[:4]), strict=True))}
    keys = zip(*(axis.tolist() for axis in (replication, task, market, attempts.posting)), strict=True)
    return np.array([rows[key] for key in keys], np.int64)


def _states(
    card: PastCard, attempts: Attempts, postings: Postings, source: IntArray, believed: FloatArray, world: World
) -> list[State]:
    """State of the card at each posting, in the order of rows."""
    n, empty = world.n_agents, card.init(world.n_agents)
    now: dict[tuple[int, int], State] = {}
    found = [empty] * len(postings.task)
    markets = list(zip(postings.replication.tolist(), postings.market.tolist(), strict=True))
    for completes, row in _moments(attempts, postings, source):
        if not completes:
            found[row] = now.get(markets[row], empty)
            continue
        status = np.full(n, int(Status.NONE))
        status[attempts.at[2][row]] = attempts.status[row]
        cost_belief = world.cost_belief[attempts.at[0][row], attempts.at[1][row]]
        seen = Attempted(status, np.full(n, believed[row]), np.full(n, attempts.cost[row]), cost_belief)
        market = markets[source[row]]
        now[market] = card.step(now.get(market, empty), seen)
    return found


def _moments(attempts: Attempts, postings: Postings, source: IntArray) -> list[tuple[bool, int]]:
    """Completions (True) and postings (False), as rows of their tables, in the order in which they happened."""
    task, posting = attempts.at[1], attempts.posting
    at_once = postings.posted[source] == attempts.finish  # any other completion precedes all postings of its tick
    place = np.where(at_once, task, -1), np.where(at_once, posting, -1)
    short = (postings.tick[source] == attempts.finish).astype(np.int64)  # comes after what its clearing came after
    completions = (attempts.finish, *place, np.ones_like(task), short, task)
    nothing = np.zeros_like(postings.task)
    posts = (postings.posted, postings.task, postings.posting, nothing, nothing, nothing)
    keys = [np.concatenate(pair) for pair in zip(completions, posts, strict=True)]
    count = len(task)
    return [(row < count, row if row < count else row - count) for row in np.lexsort(keys[::-1]).tolist()]


def _at_attempts(card: PastCard, attempts: Attempts, states: list[State], source: IntArray, world: World) -> Leaned:
    """What each agent hired (A,) believed after its card and before its failures at the task."""
    own = [tuple(array[agent] for array in states[row]) for row, agent in zip(source, attempts.at[2], strict=True)]
    state = tuple(np.array(own, np.float64).reshape(-1, len(card.init(1))).T)
    return card.lean(state, world.belief[attempts.at], world.cost_belief[attempts.at])
