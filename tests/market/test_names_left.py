"""Names that are left, handed over and owed for: against a naive scalar loop, in both engines, and on the accounts."""

from __future__ import annotations

from functools import cache
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from sim.compiled.lanes import play_compiled
from sim.kit.errors import ScenarioError
from sim.mechanisms.live import AgentEconomy
from sim.standing.reputation import Outcome
from sim.world.world import World
from tests.market.compare import assert_same_markets

BAD, GOOD, NAMES, COST = "gpt-5-mini", "gpt-5.2", 4, 0.1
CALIBRATED = {"overconfidence": 0.0, "overprecision": 0.0, "cost_ratio": 1.0, "grid": "none"}
BOUNTY = AgentEconomy(pay="bounty")
LEAVES = {"whitewash": {"agent": BAD, "below": 0.7}}
STAYS = {"whitewash": {"agent": BAD, "below": 0.0}}
SOLD = {"hand_over": {"agent": GOOD, "to": BAD, "attempts": 2}}
NEW = {"agent_economy": {"start": {BAD: 0.9, "*": 1.0}}}


@cache
def world(tasks: int = 30, replications: int = 3, **more: Any) -> World:
    """All claim as if they were good; the bad one is not, and costs little."""
    given: dict[str, Any] = {
        "agents": {"*": CALIBRATED, BAD: {"skill": -8.0, "hold": "claims"}},
        "sigma_u": 1.0,
        "names": {BAD: NAMES},
        "verifier": {"false_pass": 0.3},
        "arrivals": {"every": 1},
    }
    given |= {"replications": replications, "value": 2.0, "reserve": 1.0}
    return bl.World.drawn("marketbench", tasks, seed=3, **given, **more)


def market(held: World, policy: Any, reputation: Any = "agent_economy", **more: Any) -> bl.Market:
    return bl.Market(held, BOUNTY, policy=policy, reputation=reputation, expected_cost={"fixed": COST}, **more)


def naive(held: World, below: float) -> list[tuple[int, int, str, bool, float]]:
    """Replication, task, agent, pass and payment of every attempt, one number after the other."""
    names = [name for name in held.agents if name.startswith(BAD)]
    found = []
    for replication in range(held.n_replications):
        standing, current = dict.fromkeys(held.agents, 1.0), 0
        for task in range(held.n_tasks):
            best, winner, owed = 0.0, "", 0.0
            for place, name in enumerate(held.agents):
                if name in names and name != names[current]:
                    continue
                p, c = float(held.belief[replication, task, place]), float(held.cost_belief[replication, task, place])
                fine = (9.0 + round(9.0 * max(0.0, (p - 0.5) / 0.5))) / 90.0
                ask = (c + (1.0 - p) * fine) / p
                trust = min(1.0, max(0.0, (standing[name] - 0.5) / 0.75))
                score = standing[name] * p - ask - COST - (1.0 - p) * 0.5 * trust
                if score > best:
                    best, winner, owed = score, name, fine
            if not winner:
                continue
            passed = bool(held.verified[replication, task, held.agents.index(winner), 0])
            found.append((replication, task, winner, passed, 1.0 if passed else -owed))
            moved = standing[winner] + (0.06 if passed else -0.2)
            standing[winner] = min(1.25, max(0.5, moved))
            if winner == names[current] and current + 1 < len(names):
                bad = standing[winner] < below and standing[winner] < standing[names[current + 1]]
                current += bad
    return found


@pytest.mark.parametrize("below", [0.0, 0.7, 5.0])
def test_a_loop_over_numbers_leaves_names_as_the_market_does(below: float) -> None:
    held = world()
    policy = {"whitewash": {"agent": BAD, "below": below}}
    rows = market(held, policy, engine="market").run().attempts
    tasks = [held.tasks.index(name) for name in rows["task"]]
    passed = rows["status"] == "PASS"
    got = sorted(zip(rows["replication"], tasks, rows["agent"].astype(str), passed, rows["payment"], strict=True))
    want = naive(held, below)
    assert [one[:4] for one in got] == [one[:4] for one in want]
    assert [one[4] for one in got] == pytest.approx([one[4] for one in want], abs=1e-12)
    used = {one[2] for one in want if one[2].startswith(BAD)}
    assert len(used) == (1 if below == 0.0 else NAMES)


REPUTATIONS: dict[str, Any] = {
    "none": "none",
    "live": "agent_economy",
    "own": NEW,
    "exponential": {"exponential": {"weight": 0.2}},
    "beta": {"beta": {"a": 8.0, "b": 2.0}},
}
ENTRY = {"fee": 0.25, "bond": 0.5, "least": 0.75}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reputation", "policy"),
    [
        pytest.param(rule, policy, id=f"{name}-{does}")
        for name, rule in REPUTATIONS.items()
        for does, policy in (("leaves", LEAVES), ("sold", SOLD))
    ],
)
def test_both_engines_play_names_alike(reputation: Any, policy: Any) -> None:
    pytest.importorskip("numba")
    again = {"postings": 2, "exclude": "failed"}
    held = world(20, duration=2, **again)
    entry = ENTRY | ({"least": 0.0} if reputation == "none" else {})
    rules = market(held, policy, reputation, capacity=1, market={"entry": entry}, **again).rules(held)
    assert_same_markets(play_compiled, held, rules)


def test_new_names_start_as_their_agent_does_unless_they_have_a_start_of_their_own() -> None:
    starts = {BAD: 0.75, f"{BAD} (3)": 0.5, "*": 1.0}
    held = world(1)
    rule = market(held, STAYS, {"agent_economy": {"start": starts}}).rules(held).reputation
    assert rule is not None
    got = dict(zip(held.agents, rule.read(rule.init(held.n_agents)).tolist(), strict=True))
    names = {BAD: 0.75, f"{BAD} (2)": 0.75, f"{BAD} (3)": 0.5, f"{BAD} (4)": 0.75}
    assert got == dict.fromkeys(held.agents, 1.0) | names


def test_nobody_leaves_for_a_name_that_stands_no_better() -> None:
    """At the floor a newcomer stands as badly as can be: Friedman and Resnick's dues are all that it has to lose."""
    held, floor = world(), {"agent_economy": {"start": {BAD: 0.5, "*": 1.0}}}
    played = [market(held, policy, floor, engine="market").run().attempts for policy in (STAYS, LEAVES)]
    pd.testing.assert_frame_equal(*played)


def test_a_name_that_is_sold_keeps_its_standing() -> None:
    """The buyer, who never bid before, is judged by what the seller did, and what it does counts for the same name."""
    held = world(60)
    played = market(held, SOLD, engine="market").run()
    rows = played.attempts
    seller, buyer = (rows[rows["agent"] == name] for name in (GOOD, BAD))
    assert not rows["agent"].astype(str).str.contains(r"\(").any()
    for replication in range(3):
        first, then = (one[one["replication"] == replication] for one in (seller, buyer))
        assert len(first) == 2
        assert len(then) > 0
        assert first["finish"].max() <= then["start"].min()
    rules = market(held, SOLD).rules(held)
    assert rules.reputation is not None
    state, status = rules.reputation.init(held.n_agents), np.full(held.n_agents, -1, np.int8)
    status[held.agents.index(BAD)] = 0
    after = rules.reputation.read(rules.reputation.step(state, Outcome(status, np.zeros(held.n_agents))))
    assert {held.agents[place] for place in np.flatnonzero(after != 1.0)} == {GOOD, BAD}


def test_every_dollar_of_a_name_stands_in_the_accounts() -> None:
    """One fee a name that bids, one bond a name that stands badly at the end; balances replay from the accounts."""
    held = world()
    plain = market(held, LEAVES, engine="market").run()
    owing = market(held, LEAVES, engine="market", market={"entry": ENTRY}).run()
    bids = owing.bids
    pd.testing.assert_frame_equal(plain.attempts, owing.attempts)
    entered = bids[bids["outcome"].isin(["won", "lost"])].groupby(["replication", "agent"], observed=True).size()
    fees = owing.ledger.accounts[owing.ledger.accounts["kind"] == "fee"]
    assert (fees["dollars"] == ENTRY["fee"]).sum() == len(entered)
    lost = fees[fees["dollars"] == ENTRY["bond"]]
    assert len(lost) + len(entered) == len(fees)
    final = _final(held, plain.attempts)
    bad = {(at, name) for at, name in entered.index if final[at][name] < ENTRY["least"]}
    assert len(bad) > 3
    assert set(zip(lost["replication"], lost["from"], strict=True)) == {(at, f"agent {name}") for at, name in bad}
    for party in fees["from"].unique():
        own = owing.ledger.accounts
        balance = own.loc[own["to"] == party, "dollars"].sum() - own.loc[own["from"] == party, "dollars"].sum()
        name = str(party).removeprefix("agent ")
        tried, made = owing.attempts[owing.attempts["agent"] == name], bids[bids["agent"] == name]
        assert balance == pytest.approx((tried["payment"] - tried["cost"]).sum() - made["fee"].sum(), abs=1e-9)


def _final(held: World, attempts: pd.DataFrame) -> list[dict[str, float]]:
    """Reputations at the last clearing of each replication, when what was started there has not ended yet."""
    found = []
    for replication in range(held.n_replications):
        standing = dict.fromkeys(held.agents, 1.0)
        own = attempts[attempts["replication"] == replication].sort_values("start")
        for row in own.itertuples():
            if row.task != held.tasks[-1]:
                moved = standing[str(row.agent)] + (0.06 if row.status == "PASS" else -0.2)
                standing[str(row.agent)] = min(1.25, max(0.5, moved))
        found.append(standing)
    return found


def test_a_bond_that_everybody_has_back_moves_nothing() -> None:
    held = world()
    plain, bonded = (market(held, LEAVES, engine="market", market=own).run() for own in ({}, {"entry": {"bond": 5.0}}))
    pd.testing.assert_frame_equal(plain.ledger.accounts, bonded.ledger.accounts)


def utility(held: World, policy: Any, fee: float) -> tuple[float, int]:
    """Dollars of the bad agent under all its names, and how many it bid under."""
    played = market(held, policy, engine="market", market={"entry": {"fee": fee}}).run()
    rows, bids = (one[one["agent"].astype(str).str.startswith(BAD)] for one in (played.attempts, played.bids))
    entered = bids[bids["outcome"].isin(["won", "lost"])].groupby(["replication", "agent"], observed=True).size()
    return float((rows["payment"] - rows["cost"]).sum() - bids["fee"].sum()), len(entered)


def test_leaving_pays_until_a_name_costs_what_a_change_of_name_gains() -> None:
    """Gain at fee f = gain at 0 - f x changes of name, as nobody bids otherwise: the sign flips at their ratio."""
    held = world()
    (stays, one), (leaves, names) = utility(held, STAYS, 0.0), utility(held, LEAVES, 0.0)
    changes, gain = names - one, leaves - stays
    assert gain > 0
    for fee in (0.999 * gain / changes, 1.001 * gain / changes):
        now = utility(held, LEAVES, fee)[0] - utility(held, STAYS, fee)[0]
        assert now == pytest.approx(gain - fee * changes, abs=1e-9)
        assert (now > 0) == (fee < gain / changes)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (
            {"whitewash": {"agent": "gpt-5.2", "below": 0.7}},
            r"whitewash\.agent: 'gpt-5\.2' has one name; state world\.n",
        ),
        ({"whitewash": {"agent": "gpt-5", "below": 0.7}}, r"whitewash\.agent: no agent 'gpt-5'"),
        ({"hand_over": {"agent": GOOD, "to": "nobody"}}, r"hand_over\.to: no agent 'nobody'"),
        ({"hand_over": {"agent": GOOD, "to": GOOD}}, r"hand_over\.to: must be another agent than 'gpt-5\.2'"),
    ],
)
def test_bad_names(policy: Any, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        market(world(2), policy).run()


def test_what_a_name_owes_needs_a_reputation_and_no_bankroll() -> None:
    with pytest.raises(ScenarioError, match=r"market\.entry: least has no meaning where no reputation is kept"):
        market(world(2), STAYS, "none", market={"entry": {"least": 0.5}})
    with pytest.raises(ScenarioError, match=r"market\.entry: cannot be combined with bidders\.bankroll"):
        market(world(2), STAYS, market={"entry": {"fee": 0.5}}, bankroll=5.0)
    with pytest.raises(ScenarioError, match=r"market\.entry: cannot be combined with tender\.budget"):
        market(world(2), STAYS, market={"entry": {"fee": 0.5}}, budget=5.0)


def test_a_name_that_is_barred_owes_nothing_until_its_bid_counts() -> None:
    """Its names start below the least, and so never get in; the others owe once each."""
    low = {"agent_economy": {"start": {BAD: 0.5, "*": 1.0}}}
    given = {"market": {"entry": {"fee": 0.25, "bond": 0.5, "least": 0.75}}, "engine": "market"}
    played = market(world(10), LEAVES, low, least_reputation=0.6, **given).run()
    owed = played.bids.groupby(["replication", "agent"], observed=True)["fee"].sum().unstack()
    of_bad = [name for name in owed if name.startswith(BAD)]
    assert (owed[of_bad] == 0.0).all(axis=None)
    assert (owed.drop(columns=of_bad) >= 0.25).all(axis=None)
