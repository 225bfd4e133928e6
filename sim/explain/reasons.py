"""Why a bid won or lost, and where each price came from, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.explain.case import Case, dollars
from sim.explain.no_bid import no_bid
from sim.kit.arrays import FloatArray
from sim.kit.digits import alone
from sim.mechanisms.around import Around


def reason_of(case: Case, agent: int, outcome: str, score: FloatArray) -> str:
    """Why the agent's bid won, lost or did not count. outcome: as the ledger has it; score (n,)."""
    task = case.task
    if outcome == "abstained":
        return no_bid(case, agent)
    if outcome == "excluded":
        return "was hired for this task before"
    if outcome == "exited":
        return "its wealth had run out: it has left the market"
    if outcome == "no bond":
        return "cannot post the bond, or pay the fee, that it would owe: barred from this clearing"
    if outcome == "withdrawn":
        return "the tender was withdrawn: the budget does not cover the reserve"
    if outcome == "bid limit":
        return f"made no bid: it had bid on as many tasks{'' if case.round is None else ' of this round'} as it may"
    if outcome == "malformed":
        return "its answer is no bid: an ask that is not finite, or a claim outside 0 ... 1"
    if outcome == "late" and np.isnan(case.bids.ask[agent]):
        return f"no bid came within {case.window} ticks"
    if outcome == "late":
        return f"bid after {case.world.latency[0, task, agent]} ticks; the window is {case.window}"
    if outcome == "busy":
        return "has no free slot"
    if isinstance(case.rule, Around):
        said = case.rule.said(agent, case.bids, case.tender, case.standing, case.lottery, case.award)
        if said:
            return said
    rivals = case.bids.active & (np.arange(len(score)) != agent)
    if outcome == "won":
        return _won(case, agent, rivals, score)
    return _lost(case, agent, score)


def _won(case: Case, agent: int, rivals: Any, score: FloatArray) -> str:
    if case.award.turn is not None:
        return f"turn {_place(case, agent)} of {case.award.hired.sum()}"
    if case.award.hired.sum() > 1:
        together = f"one of {case.award.hired.sum()} hired together"
        return (
            f"{together}; score {alone(score[agent])}" if np.isfinite(score[agent]) else f"{together}: all who qualify"
        )
    if not rivals.any():
        return "the only bid that counts"
    if bool(case.award.by_tie):
        return f"tied for the best score; lottery {alone(case.lottery[agent])} is the lowest of the tied"
    best = score[rivals].max() if np.isfinite(score[agent]) else np.nan
    if not np.isfinite(best):
        return _lowest(case, agent) if _by_lottery(case, rivals) else _runner_up(case, agent)
    if score[agent] < best:  # only in a round
        return (
            "best for the round as a whole"
            if case.rule.capabilities.couples_tasks
            else "best score of those still free"
        )
    return f"best score, by {alone(score[agent] - best)}"


def _by_lottery(case: Case, rivals: Any) -> bool:
    return any(case.hires(int(rival), lucky=True) for rival in np.flatnonzero(rivals))


def _lowest(case: Case, agent: int) -> str:
    return f"lottery {alone(case.lottery[agent])} is the lowest of those who qualify"


def _runner_up(case: Case, agent: int) -> str:
    second = np.flatnonzero(case.without(agent).hired)
    return f"hired; without its bid {case.world.agents[second[0]] if len(second) else 'nobody'} would be"


def _lost(case: Case, agent: int, score: FloatArray) -> str:
    threshold = float(case.rule.threshold(case.tender))
    if not case.hires(agent, alone=True):
        dear = case.bids.ask[agent] > case.tender.reserve and threshold == -float(case.tender.reserve)
        if np.isfinite(score[agent]) and np.isfinite(threshold) and not dear:
            return (
                f"would not be hired alone: score {alone(score[agent])} against the least accepted {alone(threshold)}"
            )
        if case.bids.ask[agent] > case.tender.reserve:
            return f"asks {alone(case.bids.ask[agent] - case.tender.reserve)} more than the reserve"
        return "would not be hired alone"
    if case.round is not None and (lost := _lost_in_round(case, agent)):
        return lost
    if case.award.turn is not None:
        return "would be tried alone, but those who are tried do better without it"
    if case.rule.capabilities.hires_several:
        return (
            f"score {alone(score[agent])}"
            if np.isfinite(score[agent])
            else "would be hired alone, not beside the others"
        )
    winner = int(np.argmax(case.award.hired))
    if case.hires(agent, lucky=True):
        return (
            f"lottery {alone(case.lottery[agent])} against {alone(case.lottery[winner])} of {case.world.agents[winner]}"
        )
    gap = score[winner] - score[agent]
    by = f", by {alone(gap)}" if np.isfinite(gap) else ""
    return f"beaten by {case.world.agents[winner]}{by}"


def _lost_in_round(case: Case, agent: int) -> str:
    """What only a round can do to a bid that is good enough; empty where it was beaten on its own task."""
    if case.round is None:
        return ""
    other = case.round.elsewhere(agent)
    if other is not None:
        return f"took {case.world.tasks[other]} in this round"
    if case.round.put_off():
        return "the task was put off: as many tasks as may be are being worked on"
    return "" if case.award.hired.any() else "the round gave the task to nobody"


def prices(case: Case) -> list[str]:
    """What each hired agent is promised and where that comes from, a line each."""
    lines = []
    for agent in by_turn(case):
        success, failure = float(case.award.pay_success[agent]), float(case.award.pay_failure[agent])
        who, origin = f"{case.world.agents[agent]}{_when(case, agent)}", _origin(case, agent, success)
        limit = "" if case.award.budget is None else f"; it is stopped at {dollars(float(case.award.budget[agent]))}"
        lines.append(
            f"{who} is promised {dollars(success)} on success ({origin}) and {dollars(failure)} on failure{limit}"
        )
    off = case.round is not None and case.round.put_off()
    lines = lines or ["nobody is hired", *(["the task is put off to the next round"] if off else [])]
    return [*lines, *_fees(case)]


def _fees(case: Case) -> list[str]:
    """What bids owe, a line for each that owes anything."""
    return [
        f"{case.world.agents[agent]} {does} {dollars(float(fee[agent]))}"
        for does, fee in case.owed.items()
        for agent in np.flatnonzero(fee).tolist()
    ]


def _origin(case: Case, winner: int, price: float) -> str:
    if winner in case.rules.staff:
        return "the principal's own hand"
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


def by_turn(case: Case) -> list[int]:
    """Agents hired, in the order of their turns."""
    hired: list[int] = np.flatnonzero(case.award.hired).tolist()
    turn = case.award.turn
    return hired if turn is None else sorted(hired, key=lambda agent: int(turn[agent]))


def _place(case: Case, agent: int) -> int:
    """1 for who tries first, 2 for who tries next, ..."""
    turn = case.award.turn
    return 1 if turn is None else 1 + len(set(turn[case.award.hired & (turn < turn[agent])].tolist()))


def _when(case: Case, agent: int) -> str:
    if case.award.turn is None or case.award.hired.sum() == 1:
        return ""
    place = _place(case, agent)
    return ", the first to try," if place == 1 else f", number {place} to try,"
