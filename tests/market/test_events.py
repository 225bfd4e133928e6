"""events.jsonl tells the ledger in the order in which it happened."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sim.experiment.engine import play_alone
from sim.ledger.events import events, write_events
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms.price import FirstPrice, SecondPrice
from sim.world.world import World
from tests.market.play import Play, ledger_of
from tests.reference_market import CLEARING, COMPLETION, POSTING, NaiveMarket
from tests.tried import tried
from tests.worlds import changed, examples, make_rules, make_world, rules, worlds


def told(world: World, rule: Rules) -> list[dict[str, Any]]:
    return list(events(ledger_of(world, simulate(world, rule))))


@st.composite
def markets(draw: st.DrawFn) -> tuple[World, Rules]:
    return draw(worlds()), draw(rules(draw(st.sampled_from(examples()))))


@st.composite
def rounds(draw: st.DrawFn) -> tuple[World, Rules]:
    rule = draw(rules(draw(st.sampled_from([FirstPrice(), SecondPrice()]))))
    return draw(worlds()), changed(rule, round=draw(st.integers(1, 3)))


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


@tried(60)
@given(market=rounds())
def test_events_of_rounds_are_in_the_order_of_execution(market: tuple[World, Rules]) -> None:
    """At a tick: what earlier rounds started ends, postings, the round, what it started ends, what it posts again."""
    world, rule = market
    play = Play(world, rule)
    held = {(row["replication"], row["task"], row["posting"]): row["tick"] for row in play.clearings}
    expected = []
    for row in play.clearings:
        at = row["replication"], row["task"], row["posting"]
        again = held.get((*at[:2], row["posting"] - 1)) == row["posted"]
        expected += [(at[0], row["posted"], 4 if again else 1, *at[1:], -1), (at[0], row["tick"], 2, *at[1:], -1)]
    for row in play.attempts:
        at = row["replication"], row["task"], row["posting"]
        expected.append((at[0], row["finish"], 3 if row["finish"] == held[at] else 0, *at[1:], row["agent"]))
    found = [
        (e["replication"], e["tick"], e["event"], e["task"], e["posting"], e.get("agent"))
        for e in events(play.ledger, rounds=True)
        if e["event"] in ("posted", "cleared", "completed")
    ]
    words = ["completed", "posted", "cleared", "completed", "posted"]
    assert found == [
        (at, tick, words[part], world.tasks[task], posting, world.agents[agent] if agent >= 0 else None)
        for at, tick, part, task, posting, agent in sorted(expected)
    ]


def test_arms_in_rounds_are_written_in_their_order(tmp_path: Path) -> None:
    """Task 1 is posted at the tick of the round that clears task 0."""
    ledger = Play(make_world(2, 2, arrival=[1, 4]), make_rules(round=4)).ledger
    write_events(ledger, ["arm"], tmp_path / "e.jsonl", rounds=["arm"])
    told = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert [(e["event"], e["task"]) for e in told if e["event"] in ("posted", "cleared")] == [
        ("posted", "t0"),
        ("posted", "t1"),
        ("cleared", "t0"),
        ("cleared", "t1"),
    ]


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
