"""Combinations of settings at random: engines, the naive market, money and the sums of a sweep agree on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from analysis.built import built_of
from analysis.quantities import quantities
from analysis.quantities.auctions import surplus, utility, welfare
from analysis.quantities.declared import Mean
from analysis.sweep_cells import Cells
from sim.agents.bidding_entry import Enters
from sim.agents.everybody import Bidders
from sim.experiment import job
from sim.experiment.engine import refused
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.kit.errors import ScenarioError
from sim.ledger.ledger import KIND
from sim.market.accounts import ALLOCATOR, ESCROW
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.scenario.given import scenario_of
from sim.scenario.scenario import Arm
from sim.world.world import World
from tests.drawn_scenarios import drawn_scenario
from tests.market.compare import assert_same_rows, rows
from tests.reference_market import naive_market

FIRST = 3  # code of the first agent among parties
QUICK, BLOCK = 12, 60


def markets(seed: int) -> tuple[Arm, World, list[tuple[World, Rules]]] | None:
    """The arm, its World, and the markets in it; None where the scenario is refused."""
    try:
        scenario = scenario_of(drawn_scenario(seed))
        arm = scenario.arms[0]
        world = arm_world(scenario, arm, scenario_origin(scenario))
        alone = arm.settings.market.alone
        worlds = [world.only(agent) for agent in range(world.n_agents)] if alone else [world]
        return arm, world, [(one, arm_rules(arm, one)) for one in worlds]
    except ScenarioError:
        return None


def is_naive(rules: Rules) -> bool:
    """The naive market plays it."""
    bidder = rules.bidder
    learns = isinstance(bidder, Bidders) and any(not isinstance(group.policy, Enters) for group in bidder.groups)
    return not learns and rules.market.round is None and not rules.market.first_success_cancels


def assert_money(world: World, rules: Rules, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Accounts add up to what attempts, bids and clearings say, and nobody is asked in autarky."""
    moved, attempts, bids, clearings = (tables[name] for name in ("accounts", "attempts", "bids", "clearings"))
    balance = np.zeros(FIRST + world.n_agents + len(world.principals))
    np.add.at(balance, moved["to"], moved["dollars"])
    np.add.at(balance, moved["from"], -moved["dollars"])
    side = moved["kind"] == KIND.index("side_payment")
    for agent in range(world.n_agents):
        own, bid = attempts["agent"] == agent, bids["agent"] == agent
        expected = attempts["payment"][own].sum() - (0.0 if agent in rules.staff else attempts["cost"][own].sum())
        expected -= bids["bid_cost"][bid].sum() + bids["fee"][bid].sum()
        expected += moved["dollars"][side & (moved["to"] == FIRST + agent)].sum()
        expected -= moved["dollars"][side & (moved["from"] == FIRST + agent)].sum()
        assert balance[FIRST + agent] == pytest.approx(expected, abs=1e-9)
    assert balance[ALLOCATOR] == pytest.approx(-clearings["overhead"].sum() - attempts["inspection"].sum(), abs=1e-9)
    assert balance[ESCROW] == pytest.approx(0.0, abs=1e-9)
    if world.unasked is not None:
        unasked = world.unasked[bids["replication"], bids["task"]] & ~np.isin(bids["agent"], rules.staff)
        assert np.isnan(bids["ask"][unasked]).all()


def assert_sums(world: World, arm: Arm) -> None:
    """Every mean of an arm is the same from the whole ledger and from what a sweep keeps."""
    whole, cells = built_of(job.play(world, arm, "market", whole=True)), Cells(job.play(world, arm, "market"))
    for each in quantities():
        if isinstance(each.how, Mean) and not each.needs:
            found = np.moveaxis(np.asarray(each.how.values(cells), float), 0, -1)
            expected = np.broadcast_to(np.asarray(each.how.values(whole), float), found.shape)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=each.name)
    np.testing.assert_allclose(surplus(whole) + utility(whole), welfare(whole), atol=1e-9)
    np.testing.assert_allclose(utility(whole).sum(axis=2), whole.utilities.sum(axis=2), atol=1e-9)


def assert_agree(seed: int, *, compiled: bool) -> bool:
    """All that plays the scenario of this number agrees; whether it was played."""
    found = markets(seed)
    if found is None:
        return False
    arm, world, each = found
    for market, rules in each:
        tables = simulate(market, rules)
        assert_money(market, rules, tables)
        if compiled and refused(arm.settings.terms) is None:
            from sim.compiled.lanes import play_compiled

            assert_same_rows(rows(play_compiled(market, rules)), rows(tables))
        if is_naive(rules):
            assert_same_rows(rounded(rows(tables)), rounded(naive_market(market, rules)))
    assert_sums(world, arm)
    return True


def rounded(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """To a billionth: naive sums are added in another order."""
    return {
        name: [{key: round(one, 9) if isinstance(one, float) else one for key, one in row.items()} for row in table]
        for name, table in tables.items()
    }


def test_a_few_combinations() -> None:
    assert sum(assert_agree(seed, compiled=False) for seed in range(QUICK)) >= QUICK // 3


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 1000 + 10 * BLOCK, BLOCK))
def test_many_combinations(first: int) -> None:
    pytest.importorskip("numba")
    assert sum(assert_agree(seed, compiled=True) for seed in range(first, first + BLOCK)) >= BLOCK // 3
