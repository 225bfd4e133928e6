"""No decision reads a later moment: whatever is still to come is changed, and nothing up to now does.

Advice and costs that a scenario calls an oracle's ("actual", "outcome") are told the future on purpose, so they are
left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.market.rules import Rules
from sim.market.simulate import Tables, simulate
from sim.mechanisms import Mechanism
from sim.standing.sources import ExpectedCost
from sim.world.world import World
from tests.market.compare import Row, assert_same_rows, rows
from tests.tried import tried_on_each
from tests.worlds import each_example, rules, worlds

_AT_THE_END = ("finish", "status", "timed_out", "success", "score", "payment", "cost")


def without_oracles(rule: Rules) -> Rules:
    source = ExpectedCost("fixed", 0.125) if rule.expected_cost.kind == "actual" else rule.expected_cost
    return replace(rule, expected_cost=source, advice="ability" if rule.advice == "outcome" else rule.advice)


def another_future(world: World, past: Tables, now: int, chance: np.random.Generator) -> World:
    """The World with everything changed that happens after tick `now` in the market `past`."""
    arrays: dict[str, Any] = {name: array.copy() for name, array in world.arrays.items()}
    shape = world.cost.shape
    late = world.arrival > now
    for name, high in (("value", 2.0), ("reserve", 2.0)):
        arrays[name] = np.where(late, chance.random(late.shape) * high, arrays[name])
    for name in ("belief", "cost_belief", "ability"):
        arrays[name] = np.where(late[..., None], chance.random(shape[:-1]), arrays[name])
    if world.retry_belief is not None:
        later = world.retry_belief
        arrays["retry_belief"] = np.where(late[..., None, None], chance.random(later.shape), later)
    arrays["latency"] = np.where(late[..., None], chance.integers(0, 4, shape[:-1]), arrays["latency"])
    arrays["arrival"] = np.where(late, now + chance.integers(1, 6, late.shape), arrays["arrival"])

    cleared, attempts = past["clearings"], past["attempts"]
    known_lottery = np.zeros(world.lottery.shape[:3], np.bool_)
    done = cleared["tick"] <= now
    known_lottery[tuple(cleared[key][done] for key in ("replication", "task", "posting"))] = True
    arrays["lottery"] = np.where(known_lottery[..., None], world.lottery, chance.random(world.lottery.shape))

    turn = np.minimum(attempts["try"], world.n_tries - 1)
    at = np.stack([attempts["replication"], attempts["task"], attempts["agent"], turn])
    known, least = np.zeros(shape, np.bool_), np.zeros(shape, np.int64)
    running = (attempts["start"] <= now) & (attempts["finish"] > now)
    least[tuple(at[:, running])] = now + 1 - attempts["start"][running]
    known[tuple(at[:, attempts["finish"] <= now])] = True
    for name in ("success", "verified", "infra"):
        arrays[name] = np.where(known, arrays[name], chance.random(shape) < 0.5)
    limit = np.ones(shape)  # what is running is not stopped before its new end
    limit[tuple(at[:, running])] = np.fmin(attempts["budget"][running], 1.0)
    arrays["cost"] = np.where(known, world.cost, chance.random(shape) * limit)
    arrays["duration"] = np.where(known, world.duration, least + chance.integers(0, 5, shape))
    return replace(world, **arrays)


def until(tables: Tables, now: int) -> dict[str, list[Row]]:
    """What the ledger could say at the end of tick `now`."""
    told = rows(tables)
    cleared = [row for row in told["clearings"] if row["tick"] <= now]
    open_ = {_posting(row) for row in told["attempts"] if row["finish"] > now}
    places = {_posting(row) for row in cleared}
    started = [row for row in told["attempts"] if row["start"] <= now]
    return {
        "clearings": [{**row, "closed": None} if _posting(row) in open_ else row for row in cleared],
        "bids": [row for row in told["bids"] if _posting(row) in places],
        "accounts": [row for row in told["accounts"] if row["tick"] <= now],
        "attempts": [row | dict.fromkeys(_AT_THE_END) if row["finish"] > now else row for row in started],
    }


def _posting(row: Row) -> tuple[int, int, int]:
    return row["replication"], row["task"], row["posting"]


@pytest.mark.parametrize("mechanism", each_example())
@tried_on_each(30)
@given(data=st.data(), now=st.integers(0, 8), luck=st.integers(0, 2**32 - 1))
def test_another_future_leaves_the_past_as_it_was(
    mechanism: Mechanism, data: st.DataObject, now: int, luck: int
) -> None:
    world, rule = data.draw(worlds()), without_oracles(data.draw(rules(mechanism)))
    past = simulate(world, rule)
    changed = another_future(world, past, now, np.random.default_rng(luck))
    assert_same_rows(until(simulate(changed, rule), now), until(past, now))


@pytest.mark.parametrize(
    "mechanism", [one for one in each_example() if not one.values[0].capabilities.announces_reserve]
)
@tried_on_each(15)
@given(data=st.data())
def test_sealed_reserve_reaches_no_ask(mechanism: Mechanism, data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(mechanism))
    rule = replace(rule, public=("value", "penalty"), card=None)  # whom a reserve lets win is on later cards
    dearer = replace(world, reserve=world.reserve + 1.0)
    first, second = simulate(world, rule)["bids"], simulate(dearer, rule)["bids"]
    for name in ("ask", "claim"):
        assert _by_bid(first, name) == _by_bid(second, name)


def _by_bid(bids: dict[str, Any], name: str) -> dict[tuple[int, ...], float]:
    """First postings' bids by (replication, task, agent)."""
    made = (bids["posting"] == 0) & ~np.isnan(bids[name])
    keys = zip(*(bids[key][made].tolist() for key in ("replication", "task", "agent")), strict=True)
    return dict(zip(keys, bids[name][made].tolist(), strict=True))
