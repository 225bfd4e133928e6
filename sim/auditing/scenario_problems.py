"""The problems of a scenario: each agent in its own place, under the rule and the settings of an arm.

The cells (replication, task) of the arm's World at which the agent bids are its types and its draws: a type is what it
believes at some cell, a draw is everything else at another, so the two are independent even where tasks are hard for
all agents alike. Synthetic: the first cells are types, later ones draws. Recorded: every task of the table is a type
(evenly spaced ones where there are more than asked for), every cell a draw. Rivals bid truthfully whatever policy the
scenario gives them; standing, value, reserve, penalty and lottery are those of first postings. Nobody lacks the means:
bankrolls and budgets are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sim.agents.bidding import Fallback, Truthful, see
from sim.agents.everybody import Bidders
from sim.auditing.problem import EXACT, Draws, Problem, Types, Verifier
from sim.experiment.run_folder import arm_rules, arm_world
from sim.kit.arrays import FloatArray, IntArray, Notice, Standing, Tender
from sim.kit.errors import RunError
from sim.market.allocator import Clearing
from sim.market.drawn import drawn_market
from sim.market.rules import Rules
from sim.scenario.scenario import Arm, Scenario
from sim.world.origin import Origin
from sim.world.world import World


def scenario_problem(
    scenario: Scenario, arm: Arm, origin: Origin, agent: int, sizes: Sequence[int], verifier: Verifier = EXACT
) -> Problem:
    """The problem of agent number `agent` in this arm. sizes: types, draws, screening draws.

    Raises RunError where the agent bids at too few tasks, or agents have processes of their own.
    """
    if arm.settings.bidders.process:
        raise RunError(f"{scenario.name}: arm {arm.name!r}: bidders.process: agents with processes are not audited")
    first = arm_world(scenario, arm, origin, replications=1)
    share = float(first.present[..., agent].mean())
    who = first.agents[agent]
    if share == 0:
        raise RunError(f"{scenario.name}: arm {arm.name!r}: agent {who!r} is present at no task")
    count = int(np.ceil(sum(sizes) / (share * first.n_tasks)))
    world = arm_world(scenario, arm, origin, replications=count)
    place = agent
    if arm.settings.market.alone:
        world, place = world.only(agent), 0
    rules = truthful_rules(arm, world)
    cells = _cells(world, rules, place)
    n_types, n_draws, n_screening = sizes
    if world.from_table:
        own = cells[cells < world.n_tasks]
        at = np.unique(np.linspace(0, len(own) - 1, min(n_types, len(own))).astype(np.int64))
        kinds, rest = own[at], cells
    else:
        kinds, rest = cells[:n_types], cells[n_types:]
    if len(kinds) < 2 or len(rest) < n_screening + 2:
        raise RunError(
            f"{scenario.name}: arm {arm.name!r}: agent {who!r} bids at {len(cells)} of the cells drawn, too few for "
            f"{n_screening} screening draws and the audit; lower --types and --draws"
        )
    allocator, source = drawn_market(world, rules)
    opening = allocator.open(source.first)
    return Problem(
        rule=rules.mechanism,
        agent=place,
        who=who,
        types=_types(world, kinds, place),
        draws=_draws(world, rules, opening, rest[n_screening : n_screening + n_draws]),
        screening=_draws(world, rules, opening, rest[:n_screening]),
        verifier=verifier,
    )


def truthful_rules(arm: Arm, world: World) -> Rules:
    """The arm's rules with truthful bidders; the bid put in for the silent stays."""
    rules, forced = arm_rules(arm, world), arm.settings.bidders.fallback
    fallback = None if forced is None else Fallback(forced.ask, forced.claim)
    return replace(rules, bidder=Bidders(rules.mechanism, Truthful(), {}, fallback))


def _cells(world: World, rules: Rules, agent: int) -> IntArray:
    """Numbers replication x n_tasks + task of the cells at which the agent bids in time."""
    bids = world.present[..., agent] & (world.latency[..., agent] <= rules.window)
    if world.silent is not None:
        bids = bids & ~world.silent[..., agent]
    return np.flatnonzero(bids.ravel())


def _at(array: Any, cells: IntArray, n_tasks: int) -> Any:
    """The cells of an array (R, T, ...)."""
    return np.asarray(array[cells // n_tasks, cells % n_tasks])


def _ability(world: World, cells: IntArray) -> FloatArray:
    """(cells, n): ability, or where it is unknown the share of successes among the outcomes known."""
    known, came = (_at(array, cells, world.n_tasks) for array in (world.ability, world.success))
    seen = np.zeros(came.shape, np.bool_)
    seen[..., 0] = True
    if world.observed is not None:
        seen = _at(world.observed, cells, world.n_tasks)
    count = seen.sum(axis=-1)
    share = np.divide((came & seen).sum(axis=-1), count, out=np.zeros(count.shape), where=count > 0)
    return np.asarray(np.where(np.isnan(known), share, known))


def _types(world: World, cells: IntArray, agent: int) -> Types:
    belief, cost = (_at(array, cells, world.n_tasks)[:, agent] for array in (world.belief, world.cost_belief))
    return Types(belief, cost, _ability(world, cells)[:, agent])


def _draws(world: World, rules: Rules, opening: Clearing, cells: IntArray) -> Draws:
    def cut(array: Any) -> Any:
        return _at(array, cells, world.n_tasks)

    bids = {name: cut(array) for name, array in vars(opening.bids).items()}
    tender = Tender.trusted(**{name: cut(array) for name, array in vars(opening.tender).items()})
    notice: Notice = see(rules.public, tender.value, tender.reserve, tender.penalty, tender.posting)
    return Draws(
        **bids,
        belief=cut(world.belief),
        cost=cut(world.cost_belief),
        ability=_ability(world, cells),
        tender=tender,
        notice=notice,
        standing=Standing.trusted(**{name: cut(array) for name, array in vars(opening.standing).items()}),
        lottery=cut(world.lottery[:, :, 0]),
        scale=_scale(world, notice),
    )


def _scale(world: World, notice: Notice) -> FloatArray:
    """(cells,) dollars: the value where it is public, else its mean, else the highest reserve."""
    if np.isfinite(notice.value).all():
        return np.asarray(notice.value)
    stated = bool(np.isfinite(world.value).all())
    return np.full(notice.value.shape, float(world.value.mean() if stated else world.reserve.max()))
