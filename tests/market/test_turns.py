"""Awards that name turns: who starts when, who is never asked, who holds a slot, and both engines alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.compiled.lanes import play_compiled
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.explain.explain import explain
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Status, Tender
from sim.kit.errors import ScenarioError
from sim.ledger.events import events
from sim.market.simulate import simulate
from sim.mechanisms.base import Capabilities, Mechanism, Promises
from sim.mechanisms.cascade import Cascade
from sim.scenario.scenario import load_scenario
from tests.market.compare import assert_same_rows, rows
from tests.market.play import Play
from tests.reference_market import naive_market
from tests.tried import tried
from tests.worlds import accounted, make_rules, make_world, rules, worlds

# By ask / claim, agents go in the order a0, a1, a2.
THREE: dict[str, Any] = {"belief": [[0.5] * 3], "cost_belief": [[0.1, 0.2, 0.3]], "cost": [[0.1, 0.2, 0.3]]}


@dataclass(frozen=True)
class Crowd(Mechanism):
    """Everybody, in turns that the lottery draws from 0, 3, 6 and 9, so that some are shared and some skipped."""

    summary = "everybody, in turns drawn by lottery"
    promises = Promises(ask=False, claim=False, rational=False, efficient=False, no_deficit=False)
    capabilities = Capabilities(in_turns=True)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        hired = np.array(bids.active)
        pay = np.where(hired, np.asarray(tender.reserve)[..., None], 0.0)
        tie = np.zeros(hired.shape[:-1], np.bool_)
        turn = (lottery * 4).astype(np.int64) * 3
        return Award.trusted(hired=hired, pay_success=pay, pay_failure=-pay / 2, by_tie=tie, turn=turn)


def play(success: list[bool], **changes: Any) -> Play:
    """One task, agents in the order a0, a1, a2; each works two ticks."""
    world = make_world(1, 3, **(THREE | {"duration": 2, "success": [success]} | changes.pop("world", {})))
    return Play(world, make_rules(Cascade(), **changes))


def test_each_starts_when_the_one_before_has_failed_and_nobody_after_a_pass() -> None:
    told = play([False, True, True])
    assert told.worked() == [(0, 0, 0, 2, "FAIL"), (0, 1, 2, 4, "PASS")]
    assert told.closed() == [(0, 0, 0, "solved")]
    assert told.outcomes(0) == ["won", "won", "won"]
    assert [row["n_hired"] for row in told.clearings] == [3]


def test_all_may_fail() -> None:
    told = play([False, False, False], deadline=100)
    assert told.worked() == [(0, i, 2 * i, 2 * i + 2, "FAIL") for i in range(3)]
    assert told.closed() == [(0, 0, 0, "failed")]


def test_an_attempt_lost_to_the_system_passes_the_turn_on() -> None:
    told = play([True, True, True], world={"infra": [[True, False, False]]})
    assert told.worked() == [(0, 0, 0, 2, "INFRA"), (0, 1, 2, 4, "PASS")]


def test_the_contract_is_paid_to_those_who_tried() -> None:
    told = play([False, True, True])
    first, second = told.attempts
    assert (first["payment"], first["cost"], first["try"]) == (0.0, 0.1, 0)
    # Once a1 is tried, a2 is worth .5 - .3 = .2 to whoever comes before it.
    assert second["payment"] == pytest.approx(0.8)
    assert first["pay_success"] == pytest.approx(1.0 - (0.3 + 0.5 * 0.2))


@pytest.mark.parametrize(
    ("deadline", "worked", "reason"),
    [
        (5, [(0, 0, 0, 2, "FAIL"), (0, 1, 2, 4, "FAIL"), (0, 2, 4, 5, "FAIL")], "deadline"),
        (4, [(0, 0, 0, 2, "FAIL"), (0, 1, 2, 4, "FAIL")], "failed"),
        (3, [(0, 0, 0, 2, "FAIL"), (0, 1, 2, 3, "FAIL")], "deadline"),
    ],
)
def test_no_turn_starts_at_or_after_the_deadline(deadline: int, worked: list[Any], reason: str) -> None:
    told = play([False, False, False], deadline=deadline, timeout=Status.FAIL)
    assert told.worked() == worked
    assert told.closed() == [(0, 0, 0, reason)]


def test_a_reposting_starts_a_new_cascade() -> None:
    told = play([False, False, False], world={"tries": 2}, postings=2, exclude="none", repost_delay=1)
    assert told.closed() == [(0, 0, 0, "reposted"), (0, 1, 7, "failed")]
    assert [row["start"] for row in told.attempts] == [0, 2, 4, 7, 9, 11]
    assert [row["try"] for row in told.attempts] == [0, 0, 0, 1, 1, 1]


def test_who_waits_holds_its_slot_until_the_cascade_ends() -> None:
    """t0 passes at tick 2 with a0; until then a1 and a2 wait, so t1 at tick 1 finds nobody and t2 at tick 2 all."""
    world = make_world(3, 3, arrival=[0, 1, 2], **(THREE | {"duration": 2}))
    told = Play(world, make_rules(Cascade(), capacity=1))
    assert told.outcomes(1) == ["busy"] * 3
    assert told.outcomes(2) == ["won"] * 3


def test_who_has_tried_is_free_while_the_others_wait() -> None:
    """a0 fails t0 at tick 2 and is the only one free for t1 at tick 3."""
    world = make_world(2, 3, arrival=[0, 3], success=[[False, False, False], [True] * 3], **(THREE | {"duration": 2}))
    told = Play(world, make_rules(Cascade(), capacity=1))
    assert told.outcomes(1) == ["won", "busy", "busy"]


def test_who_waits_has_posted_its_bond_and_has_it_back_unspent_when_the_cascade_ends() -> None:
    """a0 tries t0 and passes at tick 2; a1, next, holds .5 of its .75 until then: too little for t1, enough for t2."""
    world = make_world(3, 2, arrival=[0, 1, 2], duration=2, cost=0.25, lottery=[[[0.1, 0.3]]])
    rule = make_rules(Crowd(), bankroll=(9.0, 0.75))
    told = Play(world, rule)
    assert [told.outcomes(t) for t in range(3)] == [["won", "won"], ["won", "no bond"], ["won", "won"]]
    assert {row["agent"] for row in told.attempts} == {0}
    assert_same_rows(rows(play_compiled(world, rule)), rows(simulate(world, rule)))


@pytest.mark.slow
@tried(150)
@given(data=st.data())
def test_shared_and_skipped_turns_are_alike_in_all_engines(data: st.DataObject) -> None:
    world = data.draw(worlds((3, 5, 6)))
    rule = data.draw(accounted(data.draw(rules(Crowd())), world))
    market = rows(simulate(world, rule))
    assert_same_rows(market, naive_market(world, rule))
    without = replace(rule, card=None)
    assert_same_rows(rows(play_compiled(world, without)), rows(simulate(world, without)))


def test_events_tell_who_is_hired_when_its_turn_comes() -> None:
    told = play([False, True, True])
    stream = [(e["event"], e["tick"], e["agent"], e.get("turn")) for e in events(told.ledger) if e["event"] == "hired"]
    assert stream == [("hired", 0, "a0", None), ("hired", 2, "a1", 1)]


TURNS = """
question = "Who tries next?"
source = "a test"
seed = 1
replications = 1

[world]
table = "table.csv"
beyond_tries = "repeat"
columns = {agent = "agent", task = "task", claim = "claim", cost_belief = "cost_belief", cost = "cost", success = "success"}

[tender]
value = 1.0
reserve = 1.0
penalty = 0.0

[[arm]]
name = "cascade"
mechanism = "cascade"

[[arm]]
name = "in order"
mechanism = { cascade = { order = "c > a", at_most = 2 } }
"""  # noqa: E501
TABLE = """agent,task,claim,cost_belief,cost,success
a,t0,0.5,0.1,0.1,0
b,t0,0.5,0.2,0.2,1
c,t0,0.5,0.3,0.3,1
"""


def test_explain_tells_the_turns(tmp_path: Path) -> None:
    (tmp_path / "turns.toml").write_text(TURNS, encoding="utf-8")
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    run = Run.open(execute(plan(load_scenario(tmp_path / "turns.toml")), tmp_path / "run"))
    (posting,) = explain(run, "t0").postings
    assert [bid.reason for bid in posting.bids] == ["turn 1 of 3", "turn 2 of 3", "turn 3 of 3"]
    assert posting.decision[0].startswith("a, the first to try, is promised $0.6000 on success")
    assert posting.decision[3].startswith("a worked from tick 0 to 1: FAIL")
    assert posting.decision[4].startswith("b worked from tick 1 to 2: PASS")
    assert posting.decision[5] == "never asked to try: c"
    (other,) = explain(run, "t0", arm_name="in order").postings
    assert other.decision[0].startswith("c, the first to try,")
    assert other.bids[1].reason == "would not be hired alone"


@pytest.mark.parametrize(
    ("order", "message"),
    [("a > bb", "cascade.order: no agent 'bb'"), ("a > b > a", "cascade.order: 'a' comes twice")],
)
def test_a_bad_order_is_refused(order: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        Cascade(order=order).for_agents(["a", "b", "c"])
