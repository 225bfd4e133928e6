"""One World, many mechanisms: the luck is the same, and the engine's own batches leave no trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim.market.simulate
from sim.experiment.engine import play_alone
from sim.kit.arrays import Status
from sim.market.drawn import drawn_market
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from tests.market.compare import as_rows, assert_same_rows, rows
from tests.tried import tried, tried_on_each
from tests.worlds import each_example, examples, make_rules, rules, worlds

every_mechanism = pytest.mark.parametrize("mechanism", each_example())


@pytest.mark.slow
@tried(25)
@given(data=st.data())
def test_try_has_the_same_outcome_under_every_mechanism_and_it_is_the_worlds(data: st.DataObject) -> None:
    world = data.draw(worlds())
    for mechanism in examples():
        rule = replace(data.draw(rules(mechanism)), deadline=None, plans=None)  # nothing cuts a try short
        for row in as_rows(simulate(world, rule, detail="attempts")["attempts"]):
            at = row["replication"], row["task"], row["agent"], min(row["try"], world.n_tries - 1)
            said = Status.PASS if world.verified[at] else Status.FAIL
            assert row["status"] == (Status.INFRA if world.infra[at] else said)
            assert row["success"] == (world.success[at] and not world.infra[at])
            assert (row["cost"], row["finish"] - row["start"]) == (world.cost[at], world.duration[at])


@every_mechanism
@tried_on_each(12)
@given(data=st.data())
def test_size_of_the_blocks_changes_nothing(mechanism: Mechanism, data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(mechanism))
    expected = rows(simulate(world, rule))
    for size in (1, 2 * world.n_tasks):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sim.market.simulate, "_BLOCK", size)
            assert_same_rows(rows(simulate(world, rule)), expected)


@every_mechanism
@tried_on_each(12)
@given(data=st.data())
def test_opening_batch_equals_asking_for_each_task(mechanism: Mechanism, data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(mechanism))
    allocator, source = drawn_market(world, rule)
    opening = allocator.open(source.first)
    nothing = np.zeros(world.n_agents, np.int64), np.ones(world.n_agents, np.bool_), allocator.initial()
    for at in np.ndindex(world.reserve.shape):
        one = allocator.clear(at, 0, float(world.reserve[at]), *nothing, source.first.row(at))  # type: ignore[arg-type]
        for part in ("bids", "tender", "standing", "award"):
            for name, array in vars(getattr(one, part)).items():
                whole = getattr(getattr(opening, part), name)[at]
                pairs = [(array, whole)] if name != "menu" else [(array.ask, whole.ask), (array.claim, whole.claim)]
                for found, expected in pairs:
                    np.testing.assert_array_equal(found, expected)


@tried(25)
@given(data=st.data())
def test_attempts_alone_are_the_attempts_of_the_whole_ledger(data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(data.draw(st.sampled_from(examples()))))
    few, all_ = simulate(world, rule, detail="attempts"), simulate(world, rule)
    assert list(few) == ["attempts"]
    assert_same_rows({**rows(all_), **rows(few)}, rows(all_))


@tried(25)
@given(data=st.data())
def test_agents_alone_are_markets_of_one_agent_each(data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(make_rules("second_price").mechanism))
    found = rows(play_alone("market", world, lambda _: rule))
    expected: dict[str, list[dict[str, Any]]] = {"attempts": [], "bids": [], "clearings": [], "accounts": []}
    for replication in range(world.n_replications):
        for agent in range(world.n_agents):
            own = rows(simulate(world.only(agent).replication(replication), rule))
            whose = {"attempts": {"agent": agent}, "bids": {"agent": agent}, "clearings": {"alone": agent}}
            whose |= {"accounts": {"alone": agent}}
            for row in own["accounts"]:
                for party in ("from", "to"):  # nature, allocator, escrow, the agent, its principals
                    moved = {3: 3 + agent}.get(row[party], row[party] + world.n_agents - 1)
                    row[party] = row[party] if row[party] < 3 else moved
            for name, table in own.items():
                expected[name] += [row | whose[name] | {"replication": replication} for row in table]
    assert_same_rows(found, expected)
