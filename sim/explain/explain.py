"""Explains one task of a run: every bid, why it won or lost, the price and where it came from, what happened.

The replication is played again, which gives every clearing exactly as the mechanism saw it. A mechanism is a pure
function, so reasons are found by asking it again with one thing changed: the bid alone, the lottery in its favour, a
rival away. That holds for any rule, a user's own included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.experiment.run_folder import Run, arm_rules
from sim.explain.case import Case, dollars
from sim.explain.reasons import by_turn, prices, reason_of
from sim.kit.arrays import BoolArray
from sim.kit.digits import alone
from sim.kit.errors import RunError, closest
from sim.ledger.ledger import OUTCOME, REASON, STATUS
from sim.live_market.held import Held
from sim.live_market.transcripts import Transcript, advice_of, transcripts
from sim.market.allocator import Allocator
from sim.market.drawn import drawn_market
from sim.market.processes import Market
from sim.market.rows import Cleared, Columns
from sim.market.source import Source
from sim.market.tape import Tape, unroll, whole_tables
from sim.market.tasks import Known, Tasks
from sim.scenario.scenario import Arm
from sim.world.origin import LiveOrigin
from sim.world.world import World


@dataclass(frozen=True)
class ExplainedBid:
    """One bid. terms: the score as a sum of named parts; reason: why it won, lost or did not count.

    binds: it won, under a bond that is less than the rule would take on failure without a limit.
    """

    agent: str
    claim: float
    ask: float
    terms: dict[str, float]
    score: float
    lottery: float
    outcome: str
    reason: str
    binds: bool


@dataclass(frozen=True)
class ExplainedPosting:
    """One posting of the task. market: the agent that is alone in this market, "" where agents share one.

    threshold: the least score that is hired, NaN where the rule ranks nobody. by_tie: the lottery decided between equal
    scores. promised: what each of those hired is promised and where that comes from; happened: what became of it.
    """

    market: str
    posting: int
    posted: int
    tick: int
    value: float
    reserve: float
    penalty: float
    threshold: float
    by_tie: bool
    closed: str
    bids: list[ExplainedBid]
    promised: list[str]
    happened: list[str]

    @property
    def decision(self) -> list[str]:
        """What was promised and what happened."""
        return [*self.promised, *self.happened]


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
    return Replay(run, arm, replication).explain(tasks.index(task))


class Replay:
    """One replication of an arm, played again once, of which any task can be explained."""

    def __init__(self, run: Run, arm: Arm, replication: int) -> None:
        self._run, self._arm, self._replication = run, arm, replication
        self._whole = run.world(arm)
        self._world = self._whole.replication(replication)
        alone, agents = arm.settings.market.alone, range(self._world.n_agents)
        worlds = [self._world.only(agent) for agent in agents] if alone else [self._world]
        self._markets = [self._played(world, world.agents[0] if alone else "") for world in worlds]

    def explain(self, task: int) -> Explained:
        """The task at this place of the World."""
        postings = [posting for market in self._markets for posting in market.postings(task)]
        name = self._world.tasks[task]
        oracle, said = _oracle(self._world, task), self._said.get(name, [])
        return Explained(self._arm.name, self._arm.label, name, self._replication, postings, oracle, said)

    @cached_property
    def bound(self) -> list[int]:
        """Places of the tasks at which somebody won under a bond that binds."""
        return sorted({int(task) for market in self._markets for task in market.cleared.task[market.binds.any(axis=1)]})

    def _played(self, world: World, name: str) -> _Played:
        held = _held(self._run, self._arm, self._whole, world, self._replication) if world.live else None
        return _Played.of(self._arm, world, held, name)

    @cached_property
    def _said(self) -> dict[str, list[Transcript]]:
        """Of a live run, what was asked and answered about each task."""
        run = self._run
        if run.folder is None or not isinstance(run.origin, LiveOrigin):
            return {}
        blank, rules = run.unfilled(self._arm), arm_rules(self._arm, self._whole)
        return transcripts(run.folder, run.origin, run.scenario.seed, blank, rules)


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


@dataclass(frozen=True, eq=False)
class _Played:
    """One market of a replication, with all that its mechanism saw. name: the agent that is alone in it, else ""."""

    name: str
    allocator: Allocator
    world: World
    cleared: Cleared
    tables: dict[str, Columns]
    closed: list[int]

    @classmethod
    def of(cls, arm: Arm, world: World, held: Held | None, name: str) -> _Played:
        rules, tape = arm_rules(arm, world), Tape()
        source: Source
        if held is None:
            allocator, source = drawn_market(world, rules)
        else:
            allocator, source = Allocator(Tasks.of(world, rules), Known.of(world, rules), rules), held
        Market(allocator, source, 0, tape, rules.processes).run()
        return cls(name, allocator, world, unroll(tape, allocator), whole_tables(tape, allocator), tape.closed)

    @cached_property
    def binds(self) -> BoolArray:
        """(C, n) who won under a bond that binds."""
        seen = self.cleared
        return self.allocator.rules.mechanism.binding(seen.bids, seen.tender, seen.standing, seen.award)

    def postings(self, task: int) -> list[ExplainedPosting]:
        return [self._posting(at) for at in np.flatnonzero(self.cleared.task == task).tolist()]

    def _posting(self, at: int) -> ExplainedPosting:
        case = Case.of(self.allocator, self.world, self.cleared, at)
        return ExplainedPosting(
            market=self.name,
            posting=case.posting,
            posted=case.posted,
            tick=case.tick,
            value=float(case.tender.value),
            reserve=float(case.tender.reserve),
            penalty=float(case.tender.penalty),
            threshold=float(case.rule.threshold(case.tender)),
            by_tie=bool(case.award.by_tie),
            closed=REASON[self.closed[at]],
            bids=self._bids(case),
            promised=prices(case),
            happened=_happened(case, self.tables["attempts"]),
        )

    def _bids(self, case: Case) -> list[ExplainedBid]:
        n, bids = case.world.n_agents, self.tables["bids"]
        terms = case.rule.terms(case.bids, case.tender, case.standing)
        scores = bids["score"][case.at * n : case.at * n + n]
        found = []
        for agent in range(n):
            row = case.at * n + agent
            outcome = OUTCOME[bids["outcome"][row]]
            found.append(
                ExplainedBid(
                    agent=case.world.agents[agent],
                    claim=float(bids["claim"][row]),
                    ask=float(bids["ask"][row]),
                    terms={name: float(values[agent]) for name, values in terms.items()},
                    score=float(bids["score"][row]),
                    lottery=float(case.lottery[agent]),
                    outcome=outcome,
                    reason=reason_of(case, agent, outcome, scores),
                    binds=bool(self.binds[case.at, agent]),
                )
            )
        return found


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
        agent = int(attempts["agent"][row])
        money = f"paid {dollars(payment)}, spent {dollars(cost)}, made {dollars(payment - cost)}"
        if agent in case.rules.staff:
            money = f"the principal spent {dollars(cost)}"
        lines.append(
            f"{case.world.agents[agent]} worked from tick {attempts['start'][row]} to "
            f"{attempts['finish'][row]}{ended}: {status} ({truth}); {money}"
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
