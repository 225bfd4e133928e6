"""Explains one task of a run: every bid, why it won or lost, the price and where it came from, what happened.

The replication is played again, which gives every clearing exactly as the mechanism saw it. A mechanism is a pure
function, so reasons are found by asking it again with one thing changed: the bid alone, the lottery in its favour, a
rival away. That holds for any rule, a user's own included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.experiment.run_folder import Run, arm_rules
from sim.explain.case import Case, dollars
from sim.explain.reasons import by_turn, prices, reason_of
from sim.kit.digits import alone
from sim.kit.errors import RunError, closest
from sim.ledger.ledger import OUTCOME, REASON, STATUS
from sim.live_market.held import Held
from sim.live_market.transcripts import Transcript, advice_of, transcripts
from sim.market.allocator import Allocator
from sim.market.drawn import drawn_market
from sim.market.processes import Market
from sim.market.rows import Columns
from sim.market.source import Source
from sim.market.tape import Tape, unroll, whole_tables
from sim.market.tasks import Known, Tasks
from sim.scenario.scenario import Arm
from sim.world.origin import LiveOrigin
from sim.world.world import World


@dataclass(frozen=True)
class ExplainedBid:
    """One bid. terms: the score as a sum of named parts; reason: why it won, lost or did not count."""

    agent: str
    claim: float
    ask: float
    terms: dict[str, float]
    score: float
    lottery: float
    outcome: str
    reason: str


@dataclass(frozen=True)
class ExplainedPosting:
    """One posting of the task. market: the agent that is alone in this market, "" where agents share one."""

    market: str
    posting: int
    posted: int
    tick: int
    value: float
    reserve: float
    penalty: float
    closed: str
    bids: list[ExplainedBid]
    decision: list[str]


@dataclass(frozen=True)
class Explained:
    """One task in one replication of one arm. oracle: what the outcome oracle would have done.

    said: of a live run, what was asked and answered about the task.
    """

    arm: str
    rule: str
    task: str
    replication: int
    postings: list[ExplainedPosting]
    oracle: str
    said: list[Transcript] = field(default_factory=list)


def explain(run: Run, task: str, replication: int = 0, arm_name: str | None = None) -> Explained:
    """Explain `task` in `replication` of an arm (the first unless named).

    Raises RunError where the run has no such task, replication or arm.
    """
    arm = run.scenario.arms[0] if arm_name is None else run.arm(arm_name)
    tasks: list[str] = run.info["tasks"]
    if task not in tasks:
        raise RunError(f"--task {task}: no such task{closest(task, tasks)}; the first are {', '.join(tasks[:3])}")
    if not 0 <= replication < run.scenario.replications:
        raise RunError(f"--replication {replication}: must lie in 0 ... {run.scenario.replications - 1}")
    whole = run.world(arm)
    world = whole.replication(replication)
    alone = arm.settings.market.alone
    markets = [world.only(agent) for agent in range(world.n_agents)] if alone else [world]
    postings = []
    for market in markets:
        held = _held(run, arm, whole, market, replication) if market.live else None
        postings += _market(arm, market, held, tasks.index(task), market.agents[0] if alone else "")
    said = _said(run, arm, whole, task) if whole.live else []
    return Explained(arm.name, arm.label, task, replication, postings, _oracle(world, tasks.index(task)), said)


def _held(run: Run, arm: Arm, whole: World, world: World, replication: int) -> Held:
    """The bids and outcomes of one replication of a live arm."""
    rows = run.rows(arm, whole)
    tables = {name: _of_replication(columns, replication) for name, columns in rows.items()}
    held = Held.of(world, tables["bids"], tables["attempts"])
    if run.folder is not None and isinstance(run.origin, LiveOrigin):
        said = advice_of(run.folder, run.origin, run.scenario.seed, run.unfilled(arm), arm_rules(arm, whole))
        held.advice = {((0, task), posting): own for ((r, task), posting), own in said.items() if r == replication}
    return held


def _of_replication(columns: Mapping[str, NDArray[Any]], replication: int) -> dict[str, NDArray[Any]]:
    """Rows of one replication, which is then the first."""
    mine = columns["replication"] == replication
    kept = {name: values[mine] for name, values in columns.items()}
    return kept | {"replication": np.zeros(int(mine.sum()), np.int64)}


def _said(run: Run, arm: Arm, world: World, task: str) -> list[Transcript]:
    if run.folder is None or not isinstance(run.origin, LiveOrigin):
        return []
    blank = run.unfilled(arm)
    return transcripts(run.folder, run.origin, run.scenario.seed, blank, arm_rules(arm, world), task)


def _market(arm: Arm, world: World, held: Held | None, task: int, name: str) -> list[ExplainedPosting]:
    rules, tape = arm_rules(arm, world), Tape()
    source: Source
    if held is None:
        allocator, source = drawn_market(world, rules)
    else:
        allocator, source = Allocator(Tasks.of(world, rules), Known.of(world, rules), rules), held
    Market(allocator, source, 0, tape, rules.processes).run()
    cleared, tables = unroll(tape, allocator), whole_tables(tape, allocator)
    return [
        _posting(Case.of(allocator, world, cleared, at), tables["bids"], tables["attempts"], tape.closed[at], name)
        for at in np.flatnonzero(cleared.task == task).tolist()
    ]


def _posting(case: Case, bids: Columns, attempts: Columns, closed: int, market: str) -> ExplainedPosting:
    n = case.world.n_agents
    terms = case.rule.terms(case.bids, case.tender, case.standing)
    explained = []
    for agent in range(n):
        row = case.at * n + agent
        outcome = OUTCOME[bids["outcome"][row]]
        explained.append(
            ExplainedBid(
                agent=case.world.agents[agent],
                claim=float(bids["claim"][row]),
                ask=float(bids["ask"][row]),
                terms={name: float(values[agent]) for name, values in terms.items()},
                score=float(bids["score"][row]),
                lottery=float(case.lottery[agent]),
                outcome=outcome,
                reason=reason_of(case, agent, outcome, bids["score"][case.at * n : case.at * n + n]),
            )
        )
    return ExplainedPosting(
        market=market,
        posting=case.posting,
        posted=case.posted,
        tick=case.tick,
        value=float(case.tender.value),
        reserve=float(case.tender.reserve),
        penalty=float(case.tender.penalty),
        closed=REASON[closed],
        bids=explained,
        decision=[*prices(case), *_happened(case, attempts)],
    )


def _happened(case: Case, attempts: Columns) -> list[str]:
    mine = (attempts["task"] == case.task) & (attempts["posting"] == case.posting)
    lines = []
    tried = attempts["agent"][mine].tolist()
    rows = np.flatnonzero(mine)
    for row in rows[np.argsort(attempts["turn"][rows], kind="stable")].tolist():
        status = STATUS[int(attempts["status"][row])]
        truth = "a true success" if attempts["success"][row] else "no success"
        ended = ", ended by the deadline" if attempts["timed_out"][row] else ""
        payment, cost = float(attempts["payment"][row]), float(attempts["cost"][row])
        lines.append(
            f"{case.world.agents[int(attempts['agent'][row])]} worked from tick {attempts['start'][row]} to "
            f"{attempts['finish'][row]}{ended}: {status} ({truth}); paid {dollars(payment)}, spent {dollars(cost)}, "
            f"made {dollars(payment - cost)}"
        )
    waited = [case.world.agents[agent] for agent in by_turn(case) if agent not in tried]
    return [*lines, f"never asked to try: {', '.join(waited)}"] if waited else lines


def _oracle(world: World, task: int) -> str:
    """What the outcome oracle would have done on the first try."""
    if world.live:
        return "what those who were not hired would have done, nobody knows"
    can = world.present[0, task] & world.delivered[0, task, :, 0]
    cost = np.where(can, world.cost[0, task, :, 0], np.inf)
    if not can.any():
        return "nobody would have succeeded: the outcome oracle hires nobody"
    best = int(np.argmin(cost))
    who, value = world.agents[best], float(world.value[0, task])
    if np.isnan(value):
        return f"{who} would have succeeded at the least cost, ${alone(cost[best])}"
    if value <= cost[best]:
        return (
            f"the cheapest success, {who} at ${alone(cost[best])}, costs more than the value: the oracle hires nobody"
        )
    return f"the outcome oracle hires {who}: succeeds at ${alone(cost[best])}, welfare ${alone(value - cost[best])}"
