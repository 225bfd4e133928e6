"""events.jsonl tells the ledger in the order in which it happened."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sim.experiment.engine import play_alone
from sim.ledger.events import events
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.world.world import World
from tests.market.play import ledger_of
from tests.reference_market import CLEARING, COMPLETION, POSTING, NaiveMarket
from tests.tried import tried
from tests.worlds import examples, make_rules, make_world, rules, worlds


def told(world: World, rule: Rules) -> list[dict[str, Any]]:
    return list(events(ledger_of(world, simulate(world, rule))))


@st.composite
def markets(draw: st.DrawFn) -> tuple[World, Rules]:
    return draw(worlds()), draw(rules(draw(st.sampled_from(examples()))))


@tried(60)
@given(market=markets())
def test_events_are_in_the_order_in_which_the_market_executed_them(market: tuple[World, Rules]) -> None:
    world, rule = market
    kinds = {"posted": POSTING, "cleared": CLEARING, "completed": COMPLETION}
    found = [
        (e["replication"], e["tick"], kinds[e["event"]], e["task"], e["posting"], e.get("agent", ""))
        for e in told(world, rule)
        if e["event"] in kinds
    ]
    expected = []
    for replication in range(world.n_replications):
        market_ = NaiveMarket(world, rule, replication)
        market_.run()
        for tick, kind, task, posting, agent in market_.moments:
            who = world.agents[agent] if kind == COMPLETION else ""
            expected.append((replication, tick, kind, world.tasks[task], posting, who))
    assert found == expected


@tried(60)
@given(market=markets())
def test_every_posting_is_posted_cleared_and_closed_once_in_that_order(market: tuple[World, Rules]) -> None:
    world, rule = market
    stream = told(world, rule)
    place = {}
    for at, event in enumerate(stream):
        key = event["replication"], event["task"], event["posting"], event["event"], event.get("agent")
        assert key not in place
        place[key] = at
    for *posting, kind, agent in place:
        posted, cleared, closed = (place[*posting, step, None] for step in ("posted", "cleared", "closed"))
        assert posted < cleared < closed
        if kind == "hired":
            assert cleared < place[*posting, "hired", agent] < place[*posting, "completed", agent] < closed
        if kind == "bid":
            assert posted < place[*posting, "bid", agent] < closed
    ticks = [(event["replication"], event["tick"]) for event in stream]
    assert ticks == sorted(ticks)


@tried(40)
@given(market=markets())
def test_events_count_what_the_ledger_counts(market: tuple[World, Rules]) -> None:
    world, rule = market
    tables = simulate(world, rule)
    found = Counter(event["event"] for event in told(world, rule))
    sizes = {name: len(columns["task"]) for name, columns in tables.items()}
    assert [found[step] for step in ("posted", "cleared", "closed")] == [sizes["clearings"]] * 3
    assert [found[step] for step in ("hired", "completed")] == [sizes["attempts"]] * 2
    assert found["bid"] == sizes["bids"]


def test_bid_that_was_never_made_is_told_as_null() -> None:
    (bid,) = [e for e in told(make_world(present=False), make_rules()) if e["event"] == "bid"]
    assert (bid["ask"], bid["claim"], bid["score"], bid["outcome"]) == (None, None, None, "abstained")


def test_agents_alone_are_told_as_markets_of_their_own() -> None:
    world = make_world(1, 2)
    ledger = ledger_of(world, play_alone("market", world, lambda _: make_rules()))
    stream = list(events(ledger))
    assert Counter((e["event"], e["market"]) for e in stream) == Counter(
        (step, market)
        for market in world.agents
        for step in ("posted", "bid", "cleared", "hired", "completed", "closed")
    )
    assert all(e.get("agent", e["market"]) == e["market"] for e in stream)


def test_completions_of_one_tick_are_told_by_task_and_not_by_award() -> None:
    """Task 1 is awarded at 0 and task 0 at 1; both complete at 5, and the market executes task 0 first."""
    world = make_world(2, 1, arrival=[1, 0], duration=[4, 5])
    completed = [e["task"] for e in told(world, make_rules()) if e["event"] in ("completed", "closed")]
    assert completed == ["t0", "t0", "t1", "t1"]


def test_clearing_is_told_before_a_posting_of_the_same_tick() -> None:
    stream = told(make_world(2, 1, arrival=[2, 0], duration=5), make_rules(window=2))
    moments = [(e["tick"], e["event"], e["task"]) for e in stream if e["event"] in ("posted", "cleared")]
    assert moments == [(0, "posted", "t1"), (2, "cleared", "t1"), (2, "posted", "t0"), (4, "cleared", "t0")]
