"""A scripted source: bids and outcomes handed in one by one, some late, some malformed, as a live market's would be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, Notice, Status, Tender
from sim.ledger.ledger import OUTCOME, STATUS
from sim.market.allocator import Allocator
from sim.market.processes import Market
from sim.market.rules import Rules
from sim.market.source import BID, LATE, At, Offers, Outcome, checked
from sim.market.tape import Tape, whole_tables
from sim.market.tasks import Known, Tasks
from tests.market.compare import Row, as_rows
from tests.worlds import CANCELS, make_rules, make_world

Answer = tuple[float, float, int]  # ask, claim, latency


@dataclass
class Scripted:
    """Answers by (task, posting, agent), None for one that never came; outcomes by (task, agent, try)."""

    n_agents: int
    answers: dict[tuple[int, int, int], Answer | None]
    outcomes: dict[tuple[int, int, int], tuple[int, Outcome]]
    opening: Offers | None = None
    log: list[tuple[Any, ...]] = field(default_factory=list)

    def post(self, at: At, posting: int, notice: Notice, asked: BoolArray) -> None:
        self.log.append(("post", at[1], posting, asked.tolist()))

    def offers(self, at: At, posting: int) -> Offers:
        self.log.append(("offers", at[1], posting))
        found = [self.answers.get((at[1], posting, agent)) for agent in range(self.n_agents)]
        ask, claim, latency = zip(*[(math.nan, math.nan, 0) if one is None else one for one in found], strict=True)
        nothing = np.full(self.n_agents, np.nan)
        return checked(
            Offers(
                ask=np.array(ask),
                claim=np.array(claim),
                belief=nothing,
                cost_belief=nothing,
                latency=np.array(latency),
                bid_cost=np.arange(1, self.n_agents + 1) / 64,
                reason=np.array([LATE if one is None else BID for one in found], np.int8),
            )
        )

    def start(self, at: At, agent: int, nth: int, budget: float | None) -> int:
        self.log.append(("start", at[1], agent, nth))
        return self.outcomes[at[1], agent, nth][0]

    def outcome(self, at: At, agent: int, nth: int) -> Outcome:
        self.log.append(("outcome", at[1], agent, nth))
        return self.outcomes[at[1], agent, nth][1]

    def cancel(self, at: At, agent: int, nth: int, elapsed: int) -> Outcome:
        self.log.append(("cancel", at[1], agent, nth, elapsed))
        return Outcome(int(Status.CANCELLED), False, elapsed / 8)

    def cleared(self, at: At, posting: int, tender: Tender, bids: Bids, award: Award) -> None:
        self.log.append(("cleared", at[1], posting, np.flatnonzero(award.hired).tolist()))

    def heard(self, at: At, agent: int, outcome: Outcome, payment: float) -> None:
        self.log.append(("heard", at[1], agent, outcome.status))


def played(source: Scripted, n_tasks: int, rule: Rules, **terms: Any) -> dict[str, list[Row]]:
    """The ledger of a market whose tasks are these and whose agents the source answers for."""
    world = make_world(n_tasks, source.n_agents, **terms)
    allocator, tape = Allocator(Tasks.of(world, rule), Known.of(world, rule), rule), Tape()
    Market(allocator, source, 0, tape).run()
    return {name: as_rows(columns) for name, columns in whole_tables(tape, allocator).items()}


PASS, FAIL = Outcome(int(Status.PASS), True, 0.5), Outcome(int(Status.FAIL), False, 0.25)


def test_answers_that_come_late_malformed_or_never_are_told_apart_and_cost_what_they_cost() -> None:
    answers: dict[tuple[int, int, int], Answer | None] = {
        (0, 0, 0): (0.5, 0.75, 1),
        (0, 0, 1): (0.25, 0.75, 4),  # the window is 2
        (0, 0, 2): (0.25, 1.5, 0),
        (0, 0, 3): None,
    }
    source = Scripted(4, answers, {(0, 0, 0): (3, PASS)})
    tables = played(source, 1, make_rules(window=2))
    bids = tables["bids"]
    assert [OUTCOME[row["outcome"]] for row in bids] == ["won", "late", "malformed", "late"]
    assert [row["bid_cost"] for row in bids] == [1 / 64, 2 / 64, 3 / 64, 4 / 64]
    assert [math.isnan(row["ask"]) for row in bids] == [False, False, True, True]
    (attempt,) = tables["attempts"]
    assert (attempt["start"], attempt["finish"], attempt["cost"], attempt["payment"]) == (2, 5, 0.5, 0.5)
    assert source.log == [
        ("post", 0, 0, [True] * 4),
        ("offers", 0, 0),
        ("cleared", 0, 0, [0]),
        ("start", 0, 0, 0),
        ("outcome", 0, 0, 0),
        ("heard", 0, 0, 1),
    ]


def test_who_cannot_win_is_not_asked() -> None:
    """Agent 0 works from tick 1 to 5: not asked at tick 2, whose window ends at 3, but at 4, whose ends at 5."""
    answers: dict[tuple[int, int, int], Answer | None] = {
        (task, posting, agent): (0.25 * (1 + agent), 0.5, 0)
        for task in range(3)
        for posting in (0, 1)
        for agent in (0, 1)
    }
    outcomes = {(task, agent, 0): (4, FAIL if task == 0 else PASS) for task in range(3) for agent in (0, 1)}
    source = Scripted(2, answers, outcomes)
    rule = make_rules(window=1, capacity=1, postings=2, exclude="failed")
    tables = played(source, 3, rule, arrival=[0, 2, 4])
    asked = {call[1:3]: call[3] for call in source.log if call[0] == "post"}
    assert asked[0, 0] == [True, True]
    assert asked[1, 0] == [False, True]
    assert asked[2, 0] == [True, False]  # agent 1 works on the second task until 7
    assert asked[0, 1] == [False, False]  # agent 0 failed at the task; agent 1 works until 7
    worked = [(row["task"], row["agent"], row["start"], STATUS[row["status"]]) for row in tables["attempts"]]
    assert worked[:3] == [(0, 0, 1, "FAIL"), (1, 1, 3, "PASS"), (2, 0, 5, "PASS")]


def test_the_first_success_cancels_the_rest_through_the_source() -> None:
    answers: dict[tuple[int, int, int], Answer | None] = {(0, 0, agent): (0.25, 0.5, 0) for agent in range(3)}
    outcomes = {(0, 0, 0): (2, FAIL), (0, 1, 0): (5, PASS), (0, 2, 0): (9, PASS)}
    source = Scripted(3, answers, outcomes)
    tables = played(source, 1, make_rules("hire_all", market=CANCELS))
    found = [(row["finish"], STATUS[row["status"]], row["cost"], row["success"]) for row in tables["attempts"]]
    assert found == [(2, "FAIL", 0.25, False), (5, "PASS", 0.5, True), (5, "CANCELLED", 0.625, False)]
    assert ("cancel", 0, 2, 0, 5) in source.log
    assert ("heard", 0, 2, int(Status.CANCELLED)) not in source.log
