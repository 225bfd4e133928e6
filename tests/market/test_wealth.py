"""Limited wealth, worked by hand: who leaves and when, which bonds can be posted, what a bid costs, and where money is.

Asks of first_price with certain success are costs of attempts: an agent that believes in 1 asks its cost belief.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.arm import ArmData
from analysis.final_wealth import exit_ticks, final_wealth
from analysis.ledger_rows import Rows
from sim.agents.production import Plans
from sim.compiled.lanes import play_compiled
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Status, Tender
from sim.kit.errors import MarketError
from sim.ledger.ledger import KIND
from sim.market.accounts import ESCROW
from sim.market.drawn import drawn_market
from sim.market.processes import Market
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.market.tape import Tape
from sim.mechanisms import Mechanism
from sim.mechanisms.base import Promises, select
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.live import AgentEconomyPhase2
from sim.world.world import World
from tests.market.compare import Row, as_rows, assert_same_rows, rows
from tests.market.play import Play, ledger_of
from tests.tried import tried, tried_on_each
from tests.worlds import accounted, each_example, examples, make_rules, make_world, rules, worlds


@dataclass(frozen=True)
class Bonded(Mechanism):
    """Hires the lowest ask, pays it on success, and takes on failure three times what the next rival asks."""

    name: ClassVar[str] = "bonded"
    summary: ClassVar[str] = "lowest ask under a bond set by the runner-up"
    promises: ClassVar[Promises] = Promises(ask=False, claim=False, rational=False, efficient=False, no_deficit=False)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        chosen = select(-bids.ask, bids.active & (bids.ask <= np.asarray(tender.reserve)[..., None]), lottery)
        others = np.where(bids.active & ~chosen.hired, bids.ask, np.inf)
        runner_up = np.minimum.reduce(others, axis=-1, keepdims=True, initial=np.inf)
        taken = np.where(np.isfinite(runner_up), 3.0 * runner_up, 0.0)
        return Award.trusted(
            hired=chosen.hired,
            pay_success=np.where(chosen.hired, bids.ask, 0.0),
            pay_failure=np.where(chosen.hired, -taken, 0.0),
            by_tie=chosen.by_tie,
        )


def certain(n_tasks: int, n_agents: int, **more: Any) -> World:
    """Agents sure of success, one task a tick."""
    stated: dict[str, Any] = {"arrival": np.arange(n_tasks), "belief": 1.0, "duration": 0, "repeats": True}
    return make_world(n_tasks, n_agents, **(stated | more))


def test_agent_whose_wealth_runs_out_leaves_for_good() -> None:
    """a0 asks .125 for what costs .25, and fails: 0.5 - .25 - .25 = 0 after two tasks, and a1 works from then on."""
    world = certain(4, 2, cost_belief=[[0.125, 0.5]], cost=[[0.25, 0.5]], success=[[False, True]])
    played = Play(world, make_rules(bankroll=(0.5, 1.0)))
    assert [agent for _, agent, *_ in played.worked()] == [0, 0, 1, 1]
    assert [played.outcomes(t) for t in range(4)] == [["won", "lost"]] * 2 + [["exited", "won"]] * 2
    ledger = ledger_of(world, played.tables)
    np.testing.assert_array_equal(exit_ticks(Rows.of(ledger, world), world), [[2.0, np.nan]])
    gone = [row for row in played.bids if row["outcome"] == "exited"]
    assert all(math.isnan(row["ask"]) and math.isnan(row["score"]) and row["bid_cost"] == 0 for row in gone)


def test_wealth_is_read_at_the_clearing_and_what_was_earned_by_then_counts() -> None:
    """a0 stands at -.25 from tick 2 and is paid 1 at tick 3: whether it is out depends on a clearing in between."""
    late = {"cost_belief": 1.0, "cost": [[0.0], [1.25]], "duration": [[3], [2]], "success": [[True], [False]]}
    between = certain(
        3, 1, arrival=[0, 0, 2], reserve=2.0, **{k: [*v, [0]] if k != "cost_belief" else v for k, v in late.items()}
    )  # type: ignore[misc]
    assert Play(between, make_rules(bankroll=(1.0,))).outcomes(2) == ["exited"]
    after = replace(between, arrival=np.array([[0, 0, 3]]))
    assert Play(after, make_rules(bankroll=(1.0,))).outcomes(2) == ["won"]


def test_running_attempt_of_an_agent_that_left_still_pays_it() -> None:
    world = certain(
        3, 1, arrival=[0, 0, 2], reserve=2.0, cost_belief=1.0, cost=[[0.0], [1.25], [0.0]], duration=[[3], [2], [0]],
        success=[[True], [False], [True]],
    )  # fmt: skip
    played = Play(world, make_rules(bankroll=(1.0,)))
    assert [(row["task"], row["payment"]) for row in played.attempts] == [(0, 1.0), (1, 0.0)]
    wealth = 1.0 + sum(row["payment"] - row["cost"] for row in played.attempts)
    assert wealth == 0.75  # and it stays away all the same


def test_costs_are_spent_even_beyond_what_is_held() -> None:
    world = certain(1, 1, cost_belief=0.5, cost=2.0, success=False)
    played = Play(world, make_rules(bankroll=(0.5,)))
    assert played.worked() == [(0, 0, 0, 0, "FAIL")]
    arm = _arm(world, make_rules(bankroll=(0.5,)))
    assert final_wealth((0.5,), arm.utilities).tolist() == [[-1.5]]


def test_bid_costs_are_charged_at_the_clearing_before_bonds_are_asked_for() -> None:
    """.5 covers the bond of .5, but not after a bid that costs .0625; three bids leave .3125, so nobody exits."""
    world = certain(3, 1, cost_belief=0.25)
    exact = Play(world, make_rules(bankroll=(0.5,), penalty=0.5))
    assert [exact.outcomes(t)[0] for t in range(3)] == ["won"] * 3
    dear = Play(world, make_rules(bankroll=(0.5,), penalty=0.5, bid_cost=0.0625))
    assert [dear.outcomes(t)[0] for t in range(3)] == ["no bond"] * 3
    assert [row["bid_cost"] for row in dear.bids] == [0.0625] * 3
    spent = Play(world, make_rules(bankroll=(0.0625,), penalty=0.5, bid_cost=0.0625))
    assert [spent.outcomes(t)[0] for t in range(3)] == ["no bond", "exited", "exited"]


def test_bonds_of_running_attempts_are_not_there_for_new_ones() -> None:
    """Bonds of .5 each; 1.0 holds two at a time, and the third waits until tick 2, when the first two have ended."""
    world = certain(4, 1, arrival=[0, 0, 1, 2], cost_belief=0.25, duration=2)
    played = Play(world, make_rules(bankroll=(1.0,), penalty=0.5))
    assert [played.outcomes(t)[0] for t in range(4)] == ["won", "won", "no bond", "won"]
    assert [row["closed"] for row in played.clearings] == ["solved", "solved", "unfilled", "solved"]


def test_clearing_is_asked_again_until_nobody_hired_lacks_the_bond() -> None:
    """Asks .1 < .2 < .4 < .8: bonds .6, 1.2, 2.4 in turn, and none for the last, who has no rival left."""
    asks = [[0.125, 0.25, 0.5, 1.0]]
    world = certain(1, 4, cost_belief=asks, reserve=2.0)
    told = {
        (0.5, 0.5, 1.0, 0.25): ["no bond", "no bond", "no bond", "won"],
        (0.5, 1.5, 9.0, 9.0): ["no bond", "won", "lost", "lost"],
        (0.75, 9.0, 9.0, 9.0): ["won", "lost", "lost", "lost"],
        (0.5, 1.0, 3.0, 0.0): ["no bond", "no bond", "won", "exited"],
    }
    for bankroll, outcomes in told.items():
        rule = make_rules(Bonded(), bankroll=bankroll)
        played = Play(world, rule)
        assert played.outcomes(0) == outcomes
        assert_same_rows(rows(play_compiled(world, rule)), rows(simulate(world, rule)))
    (won,) = Play(world, make_rules(Bonded(), bankroll=(0.5, 1.5, 9.0, 9.0))).attempts
    assert (won["agent"], won["pay_success"], won["pay_failure"]) == (1, 0.25, -1.5)


def test_contingent_contract_is_not_given_to_whom_it_could_ruin() -> None:
    """Surpluses .75, .5, .25 of V = 1: the best forfeits .5 on failure, the second .25 once the best is away."""
    world = certain(1, 3, value=1.0, cost_belief=[[0.25, 0.5, 0.75]])
    told = {(0.5, 9.0, 9.0): (0, -0.5), (0.25, 0.25, 9.0): (1, -0.25), (0.25, 0.125, 0.25): (2, 0.0)}
    for bankroll, contract in told.items():
        (won,) = Play(world, make_rules(Contingent(bond=math.inf), bankroll=bankroll)).attempts
        assert (won["agent"], won["pay_failure"]) == contract


def test_live_rule_hires_the_next_best_where_the_best_cannot_pay_its_fine() -> None:
    """[P2] fines .1 B (.5 + q): .15 at a claim of 1, .1 at .5; the modest agent can post its own."""
    world = certain(1, 2, belief=[[1.0, 0.5]], cost_belief=0.125)
    rule = make_rules(AgentEconomyPhase2())
    assert Play(world, replace(rule, bankroll=(0.25, 0.25))).outcomes(0) == ["won", "lost"]
    poor = Play(world, replace(rule, bankroll=(0.125, 0.125)))
    assert poor.outcomes(0) == ["no bond", "won"]
    assert poor.attempts[0]["pay_failure"] == pytest.approx(-0.1)


def test_contract_that_takes_nothing_needs_no_bond() -> None:
    """A bond of .5 is held and .25 is left when t2 clears: -.25 free, and yet hired, since p1 fines nobody."""
    world = certain(
        4, 1, principal=[0, 1, 1, 0], cost=[[0.0], [0.75], [0.0], [0.0]], duration=[[5], [0], [0], [0]],
        success=[[True], [False], [False], [True]], cost_belief=0.125,
    )  # fmt: skip
    rule = make_rules(bankroll=(1.0,), penalties=(0.5, 0.0))
    assert [Play(world, rule).outcomes(t)[0] for t in range(4)] == ["won", "won", "won", "no bond"]


def test_attempt_stopped_at_its_budget_costs_that_budget() -> None:
    """Tries cost 1, but are stopped at .25: .5 lasts for two of them."""
    world = certain(3, 1, belief=0.5, cost_belief=0.125, cost=1.0, value=1.0, reserve=1.0)
    rule = make_rules("production_plans", plans=Plans((0.25,), 0.0), bankroll=(0.5,))
    assert [Play(world, rule).outcomes(t)[0] for t in range(3)] == ["won", "won", "exited"]
    assert_same_rows(rows(play_compiled(world, rule)), rows(simulate(world, rule)))


@pytest.mark.parametrize("limit", [{"bankroll": (1.0,)}, {"budgets": (1.0,)}])
def test_rounds_have_no_place_for_accounts(limit: dict[str, Any]) -> None:
    with pytest.raises(MarketError, match="read posting by posting, but a round clears all that are open at once"):
        simulate(certain(1, 1), make_rules(round=2, **limit))


@pytest.mark.parametrize("mechanism", each_example())
@tried_on_each(10)
@given(data=st.data())
def test_bankroll_without_limit_changes_nothing(mechanism: Mechanism, data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(mechanism))
    rich = replace(rule, bankroll=(math.inf,) * world.n_agents, budgets=(math.inf,) * len(world.principals))
    found, expected = rows(simulate(world, rich)), rows(simulate(world, rule))
    for tables in (found, expected):  # holds are what an account adds
        moved = [row for row in tables["accounts"] if KIND[row["kind"]] not in ("hold", "release")]
        tables["accounts"] = [{**row, "moment": 0, "sequence": 0} for row in moved]
    assert_same_rows(found, expected)


def _arm(world: World, rule: Rules) -> ArmData:
    ledger = ledger_of(world, simulate(world, rule))
    return ArmData.build("arm", "rule", world, ledger, alone=False, bankroll=rule.bankroll, budgets=rule.budgets)


FIRST = ESCROW + 1  # code of the first agent


def replayed(moved: list[Row], start: tuple[float, ...], budgets: tuple[float, ...]) -> list[float]:
    """Balance of every party at the end; a hold of an agent never exceeds what it has free."""
    balance = [0.0] * FIRST + [*start, *budgets]
    assert [key(row) for row in moved] == sorted(key(row) for row in moved)
    for row in moved:
        if KIND[row["kind"]] == "hold" and row["from"] < FIRST + len(start):
            assert row["dollars"] <= balance[row["from"]] + 1e-9
        balance[row["from"]] -= row["dollars"]
        balance[row["to"]] += row["dollars"]
    return balance


def key(row: Row) -> tuple[int, ...]:
    return row["replication"], row["tick"], row["moment"], row["sequence"]


@tried(100)
@given(data=st.data(), mechanism=st.sampled_from([*examples(), Bonded()]))
def test_money_is_conserved_and_every_account_follows_from_the_rows(data: st.DataObject, mechanism: Mechanism) -> None:
    """What agents gained is what principals spent, less what attempts and bids cost; the market's accounts agree."""
    world = data.draw(worlds())
    rule = replace(data.draw(accounted(data.draw(rules(mechanism)), world)), card=None)
    start = tuple(data.draw(st.sampled_from([0.25, 1.0, 3.0])) for _ in world.agents)
    budgets = tuple(data.draw(st.sampled_from([1.0, 8.0])) for _ in world.principals)
    rule = replace(rule, bankroll=start, budgets=budgets)
    arm = _arm(world, rule)
    tables = simulate(world, rule)
    ledger, moved = ledger_of(world, tables), as_rows(tables["accounts"])
    wealth, exits = final_wealth(start, arm.utilities), exit_ticks(Rows.of(ledger, world), world)
    for r in range(world.n_replications):
        market = Market(*drawn_market(world.replication(r), rule), 0, Tape())
        market.run()
        books = market.books
        assert books is not None
        assert books.agents is not None
        assert books.principals is not None
        np.testing.assert_allclose(books.agents.balance, wealth[r], rtol=0, atol=1e-9)
        told = [row for row in moved if row["replication"] == r]
        balance = replayed(told, start, budgets)
        np.testing.assert_allclose(balance[3:], [*books.agents.balance, *books.principals.balance], rtol=0, atol=1e-9)
        assert abs(balance[ESCROW]) < 1e-9
        np.testing.assert_array_equal(books.agents.exited, ~np.isnan(exits[r]))
        assert (books.agents.held == 0).all()
        assert (books.principals.held == 0).all()
        costs = (arm.cost + arm.bid_cost)[r].sum()
        gained = (books.agents.balance - np.array(start)).sum()
        spent = (np.array(budgets) - books.principals.balance).sum()
        assert abs(gained - spent + costs) < 1e-9


@tried(60)
@given(data=st.data(), mechanism=st.sampled_from([*examples(), Bonded()]))
def test_no_fine_ever_exceeds_what_its_agent_had_left(data: st.DataObject, mechanism: Mechanism) -> None:
    """Bonds are posted: where attempts and bids cost nothing, nobody ends below 0, under whatever rule."""
    world = data.draw(worlds())
    world = replace(world, cost=np.zeros_like(world.cost))
    rule = replace(data.draw(rules(mechanism)), card=None, bid_cost=0.0)
    start = tuple(data.draw(st.sampled_from([0.125, 0.5, 2.0])) for _ in world.agents)
    arm = _arm(world, replace(rule, bankroll=start))
    assert final_wealth(start, arm.utilities).min() >= -1e-12
    assert (ledger_of(world, simulate(world, rule)).attempts["status"] != int(Status.NONE)).all()
