"""Explains one task of a run: every bid, why it won or lost, the price and where it came from, what happened.

The replication is played again, which gives every clearing exactly as the mechanism saw it. A mechanism is a pure
function, so reasons are found by asking it again with one thing changed: the bid alone, the lottery in its favour, a
rival away. That holds for any rule, a user's own included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.allocator import Allocator
from sim.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.errors import RunError, closest
from sim.explain_round import ExplainedRound
from sim.ledger import OUTCOME, REASON, STATUS
from sim.market import Market
from sim.mechanisms import Mechanism
from sim.run import Run, arm_rules
from sim.scenario import Arm
from sim.tape import Block, Columns, Tape, attempt_columns, bid_columns, unroll
from sim.world import World


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
    """One posting of the task. market: the agent whose own market this is, "" where agents share one."""

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
    """One task in one replication of one arm. oracle: what the outcome oracle would have done."""

    arm: str
    rule: str
    task: str
    replication: int
    postings: list[ExplainedPosting]
    oracle: str


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
    world = run.world(arm).replication(replication)
    alone = arm.settings.market.alone
    markets = [world.only(agent) for agent in range(world.n_agents)] if alone else [world]
    postings = []
    for market in markets:
        postings += _market(arm, market, tasks.index(task), market.agents[0] if alone else "")
    return Explained(arm.name, arm.label, task, replication, postings, _oracle(world, tasks.index(task)))


def _market(arm: Arm, world: World, task: int, name: str) -> list[ExplainedPosting]:
    allocator = Allocator(world, arm_rules(arm, world))
    tape = Tape()
    Market(allocator, 0, tape).run()
    block = unroll(tape, allocator)
    bids, attempts = bid_columns(block, allocator), attempt_columns(tape, block, allocator)
    return [
        _posting(_Case.of(allocator, block, at), bids, attempts, tape.closed[at], name)
        for at in np.flatnonzero(block.note[:, 1] == task).tolist()
    ]


@dataclass(frozen=True, eq=False)
class _Case:
    """One clearing as the mechanism saw it, (n,), and its place on the tape."""

    at: int
    note: list[int]
    rule: Mechanism
    world: World
    window: int
    bids: Bids
    tender: Tender
    standing: Standing
    award: Award
    lottery: FloatArray
    round: ExplainedRound | None

    @classmethod
    def of(cls, allocator: Allocator, block: Block, at: int) -> _Case:
        whole, note = block.clearing, block.note[at].tolist()

        def row(kind: Any, batch: Any) -> Any:
            return kind.trusted(**{name: array[at] for name, array in vars(batch).items() if array is not None})

        return cls(
            at=at,
            note=note,
            rule=allocator.rules.mechanism,
            world=allocator.world,
            window=allocator.rules.window,
            bids=row(Bids, whole.bids),
            tender=row(Tender, whole.tender),
            standing=row(Standing, whole.standing),
            award=row(Award, whole.award),
            lottery=allocator.world.lottery[note[0], note[1], note[2]],
            round=None if allocator.rules.round is None else ExplainedRound.of(allocator, block, at),
        )

    def hires(self, agent: int, *, alone: bool = False, lucky: bool = False) -> bool:
        """Would the agent be hired if nobody else bid, or if the lottery favoured it?"""
        active = self.bids.active & (np.arange(len(self.lottery)) == agent) if alone else self.bids.active
        lottery = self.lottery.copy()
        if lucky:
            lottery[agent] = -1.0
        bids = Bids.trusted(**vars(self.bids) | {"active": active})
        if self.round is not None and not alone:
            return bool(self.round.asked(active, lottery).hired[agent])
        return bool(self.rule(bids, self.tender, self.standing, lottery).hired[agent])

    def without(self, agent: int) -> Award:
        """The award had the agent not bid, in a round on no task of it."""
        active = self.bids.active & (np.arange(len(self.lottery)) != agent)
        if self.round is not None:
            return self.round.asked(active, self.lottery, absent=agent)
        bids = Bids.trusted(**vars(self.bids) | {"active": active})
        return self.rule(bids, self.tender, self.standing, self.lottery)


def dollars(amount: float) -> str:
    """Money to a hundredth of a cent.

    >>> dollars(-2.0)
    '-$2.0000'
    """
    return f"{'-' if amount < 0 else ''}${abs(amount):.4f}"


def _posting(case: _Case, bids: Columns, attempts: Columns, closed: int, market: str) -> ExplainedPosting:
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
                reason=_reason(case, agent, outcome, bids["score"][case.at * n : case.at * n + n]),
            )
        )
    return ExplainedPosting(
        market=market,
        posting=case.note[2],
        posted=case.note[3],
        tick=case.note[4],
        value=float(case.tender.value),
        reserve=float(case.tender.reserve),
        penalty=float(case.tender.penalty),
        closed=REASON[closed],
        bids=explained,
        decision=[*_prices(case), *_happened(case, attempts)],
    )


def _reason(case: _Case, agent: int, outcome: str, score: FloatArray) -> str:
    task = case.note[1]
    if outcome == "abstained":
        absent = not case.world.present[0, task, agent]
        return "cannot bid on this task" if absent else "no ask would let it break even"
    if outcome == "excluded":
        return "was hired for this task before"
    if outcome == "exited":
        return "its wealth had run out: it has left the market"
    if outcome == "no bond":
        return "would be hired, but cannot post the bond: barred from this clearing"
    if outcome == "withdrawn":
        return "the tender was withdrawn: the budget does not cover the reserve"
    if outcome == "late":
        return f"bid after {case.world.latency[0, task, agent]} ticks; the window is {case.window}"
    if outcome == "busy":
        return "has no free slot"
    rivals = case.bids.active & (np.arange(len(score)) != agent)
    if outcome == "won":
        return _won(case, agent, rivals, score)
    return _lost(case, agent, score)


def _won(case: _Case, agent: int, rivals: Any, score: FloatArray) -> str:
    if case.award.turn is not None:
        return f"turn {_place(case, agent)} of {case.award.hired.sum()}"
    if case.award.hired.sum() > 1:
        together = f"one of {case.award.hired.sum()} hired together"
        return f"{together}; score {score[agent]:.4f}" if np.isfinite(score[agent]) else f"{together}: all who qualify"
    if not rivals.any():
        return "the only bid that counts"
    if bool(case.award.by_tie):
        return f"tied for the best score; lottery {case.lottery[agent]:.4f} is the lowest of the tied"
    best = score[rivals].max() if np.isfinite(score[agent]) else np.nan
    if not np.isfinite(best):
        return _lowest(case, agent) if _by_lottery(case, rivals) else _runner_up(case, agent)
    if score[agent] < best:  # only in a round
        return "best for the round as a whole" if case.rule.couples_tasks else "best score of those still free"
    return f"best score, by {score[agent] - best:.4f}"


def _by_lottery(case: _Case, rivals: Any) -> bool:
    return any(case.hires(int(rival), lucky=True) for rival in np.flatnonzero(rivals))


def _lowest(case: _Case, agent: int) -> str:
    return f"lottery {case.lottery[agent]:.4f} is the lowest of those who qualify"


def _runner_up(case: _Case, agent: int) -> str:
    second = np.flatnonzero(case.without(agent).hired)
    return f"hired; without its bid {case.world.agents[second[0]] if len(second) else 'nobody'} would be"


def _lost(case: _Case, agent: int, score: FloatArray) -> str:
    threshold = float(case.rule.threshold(case.tender))
    if not case.hires(agent, alone=True):
        dear = case.bids.ask[agent] > case.tender.reserve and threshold == -float(case.tender.reserve)
        if np.isfinite(score[agent]) and np.isfinite(threshold) and not dear:
            return f"would not be hired alone: score {score[agent]:.4f} against the least accepted {threshold:.4f}"
        if case.bids.ask[agent] > case.tender.reserve:
            return f"asks {case.bids.ask[agent] - case.tender.reserve:.4f} more than the reserve"
        return "would not be hired alone"
    if case.round is not None and (lost := _lost_in_round(case, agent)):
        return lost
    if case.award.turn is not None:
        return "would be tried alone, but those who are tried do better without it"
    if case.rule.hires_several:
        return (
            f"score {score[agent]:.4f}" if np.isfinite(score[agent]) else "would be hired alone, not beside the others"
        )
    winner = int(np.argmax(case.award.hired))
    if case.hires(agent, lucky=True):
        return f"lottery {case.lottery[agent]:.4f} against {case.lottery[winner]:.4f} of {case.world.agents[winner]}"
    gap = score[winner] - score[agent]
    by = f", by {gap:.4f}" if np.isfinite(gap) else ""
    return f"beaten by {case.world.agents[winner]}{by}"


def _lost_in_round(case: _Case, agent: int) -> str:
    """What only a round can do to a bid that is good enough; empty where it was beaten on its own task."""
    if case.round is None:
        return ""
    other = case.round.elsewhere(agent)
    if other is not None:
        return f"took {case.world.tasks[other]} in this round"
    if case.round.put_off():
        return "the task was put off: as many tasks as may be are being worked on"
    return "" if case.award.hired.any() else "the round gave the task to nobody"


def _prices(case: _Case) -> list[str]:
    lines = []
    for agent in _by_turn(case):
        success, failure = float(case.award.pay_success[agent]), float(case.award.pay_failure[agent])
        who, origin = f"{case.world.agents[agent]}{_when(case, agent)}", _origin(case, agent, success)
        limit = "" if case.award.budget is None else f"; it is stopped at {dollars(float(case.award.budget[agent]))}"
        lines.append(
            f"{who} is promised {dollars(success)} on success ({origin}) and {dollars(failure)} on failure{limit}"
        )
    off = case.round is not None and case.round.put_off()
    return lines or ["nobody is hired", *(["the task is put off to the next round"] if off else [])]


def _origin(case: _Case, winner: int, price: float) -> str:
    rivals = [agent for agent in np.flatnonzero(case.bids.active).tolist() if agent != winner]
    setters = [case.world.agents[rival] for rival in rivals if case.without(rival).pay_success[winner] != price]
    if setters and len(setters) < 3:
        return f"set by the bid of {' and '.join(setters)}"
    if price == case.bids.ask[winner]:
        return "its own ask"
    if price == case.tender.reserve:
        return "the reserve"
    if price == case.standing.expected_cost[winner]:
        return "its expected cost"
    return "the highest ask the rule accepts"


def _happened(case: _Case, attempts: Columns) -> list[str]:
    mine = (attempts["task"] == case.note[1]) & (attempts["posting"] == case.note[2])
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
    waited = [case.world.agents[agent] for agent in _by_turn(case) if agent not in tried]
    return [*lines, f"never asked to try: {', '.join(waited)}"] if waited else lines


def _by_turn(case: _Case) -> list[int]:
    """Agents hired, in the order of their turns."""
    hired: list[int] = np.flatnonzero(case.award.hired).tolist()
    turn = case.award.turn
    return hired if turn is None else sorted(hired, key=lambda agent: int(turn[agent]))


def _place(case: _Case, agent: int) -> int:
    """1 for who tries first, 2 for who tries next, ..."""
    turn = case.award.turn
    return 1 if turn is None else 1 + len(set(turn[case.award.hired & (turn < turn[agent])].tolist()))


def _when(case: _Case, agent: int) -> str:
    if case.award.turn is None or case.award.hired.sum() == 1:
        return ""
    place = _place(case, agent)
    return ", the first to try," if place == 1 else f", number {place} to try,"


def _oracle(world: World, task: int) -> str:
    """What the outcome oracle would have done on the first try."""
    can = world.present[0, task] & world.delivered[0, task, :, 0]
    cost = np.where(can, world.cost[0, task, :, 0], np.inf)
    if not can.any():
        return "nobody would have succeeded: the outcome oracle hires nobody"
    best = int(np.argmin(cost))
    who, value = world.agents[best], float(world.value[0, task])
    if np.isnan(value):
        return f"{who} would have succeeded at the least cost, ${cost[best]:.4f}"
    if value <= cost[best]:
        return f"the cheapest success, {who} at ${cost[best]:.4f}, costs more than the value: the oracle hires nobody"
    return f"the outcome oracle hires {who}: succeeds at ${cost[best]:.4f}, welfare ${value - cost[best]:.4f}"
