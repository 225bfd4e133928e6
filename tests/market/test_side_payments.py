"""What members of a ring pay each other, against the difference of two markets: with the ring, and without it."""

from __future__ import annotations

from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from sim.compiled.lanes import play_compiled
from sim.kit.errors import ScenarioError
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.cascade import Cascade
from sim.mechanisms.price import FirstPrice, SecondPrice
from sim.mechanisms.redundant import KRedundant
from sim.scenario.given import scenario_of
from sim.world.world import World
from tests.market.compare import assert_same_rows, rows

MEMBERS = ["gpt-5-mini", "gemini-3-pro", "gpt-5.2"]
RING = {"ring": {"members": MEMBERS, "share": "equal"}}


def world(**more: Any) -> World:
    return bl.World.drawn("marketbench", 40, seed=5, replications=2, value=2.0, sigma_u=1.0, **more)


def expected(attempts: pd.DataFrame) -> dict[tuple[int, str], float]:
    """What the members expect of their contracts, task by task."""
    found: dict[tuple[int, str], float] = {}
    for row in attempts.itertuples():
        if row.agent in MEMBERS:
            mean = row.belief * row.pay_success + (1 - row.belief) * row.pay_failure - row.cost_belief
            at = row.replication, row.task
            found[at] = found.get(at, 0.0) + mean
    return found


@pytest.mark.parametrize("rule", [SecondPrice(), FirstPrice(), KRedundant()], ids=lambda rule: rule.name)
def test_whoever_is_hired_pays_the_others_equal_shares_of_the_gain(rule: Mechanism) -> None:
    held = world()
    ring = bl.Market(held, rule, policy=RING, engine="market", penalty=0.0).run()
    honest = expected(bl.Market(held, rule, engine="market", penalty=0.0).run().attempts)
    colluded = expected(ring.attempts)
    paid = ring.ledger.accounts[ring.ledger.accounts["kind"] == "side_payment"]
    hired = {(row.replication, row.task): row.agent for row in ring.attempts.itertuples() if row.agent in MEMBERS}
    want = []
    for at, agent in hired.items():
        gain = colluded[at] - honest.get(at, 0.0)
        if gain > 1e-9:
            want += [(*at, f"agent {agent}", f"agent {name}", gain / 3) for name in MEMBERS if name != agent]
    got = list(zip(paid["replication"], paid["task"], paid["from"], paid["to"], paid["dollars"], strict=True))
    assert sorted(row[:4] for row in got) == sorted(row[:4] for row in want)
    assert sorted(row[4] for row in got) == pytest.approx(sorted(row[4] for row in want), abs=1e-12)
    assert bool(got) == (rule.name != "first_price")


def test_whoever_would_not_have_answered_has_no_share() -> None:
    """Nobody hears of the silent in either market, so they are no loss to the ring and have no part of its gain."""
    held = world(nonresponse=0.3)
    honest = expected(bl.Market(held, SecondPrice(), engine="market", penalty=0.0).run().attempts)
    ring = bl.Market(held, SecondPrice(), policy=RING, engine="market", penalty=0.0).run()
    colluded, moved = expected(ring.attempts), ring.ledger.accounts
    paid = moved[moved["kind"] == "side_payment"].groupby(["replication", "task", "to"], observed=True)["dollars"].sum()
    want = {}
    for row in ring.attempts[ring.attempts["agent"].isin(MEMBERS)].itertuples():
        at, silent = (row.replication, row.task), held.silent[row.replication, held.tasks.index(row.task)]
        heard = [name for name in MEMBERS if not silent[held.agents.index(name)]]
        gain = colluded[at] - honest.get(at, 0.0)
        want |= {(*at, f"agent {name}"): gain / len(heard) for name in heard if name != row.agent and gain > 1e-9}
    assert len(want) > 0
    assert paid.to_dict() == pytest.approx(want, abs=1e-12)


def test_side_payments_stand_at_the_clearing_after_all_else() -> None:
    played = bl.Market(world(), SecondPrice(), policy=RING, engine="market", overhead=0.25, bid_cost=0.125).run()
    moved = played.ledger.accounts
    for _, moment in moved.groupby(["replication", "tick", "moment"]):
        kinds = moment["kind"].tolist()
        if "side_payment" in kinds:
            assert kinds[kinds.index("side_payment") :] == ["side_payment"] * kinds.count("side_payment")
            assert kinds[0] == "cost"
    assert (moved["dollars"] > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("rule", [SecondPrice(), KRedundant()], ids=lambda rule: rule.name)
def test_both_engines_write_the_same_side_payments(rule: Mechanism) -> None:
    pytest.importorskip("numba")
    stated = {"postings": 3, "exclude": "failed"}
    held = world(agents=[*MEMBERS, "gpt-5.2-pro"], nonresponse=0.2, latency={"uniform": [0, 2]}, **stated)
    rules = bl.Market(held, rule, policy=RING, window=1, **stated).rules(held)
    found = rows(play_compiled(held, rules))
    assert_same_rows(found, rows(simulate(held, rules)))
    assert any(row["kind"] == 6 for row in found["accounts"])


def test_a_ring_that_shares_nothing_writes_nothing() -> None:
    silent = {"ring": {"members": MEMBERS}}
    played = bl.Market(world(), SecondPrice(), policy=silent, engine="market").run()
    assert "side_payment" not in set(played.ledger.accounts["kind"])


@pytest.mark.parametrize(
    ("rule", "stated", "told"),
    [
        (Cascade(), {}, "cascade, which hires in turns"),
        (SecondPrice(), {"capacity": 2}, r"market\.capacity"),
        (SecondPrice(), {"bankroll": 5.0}, r"bidders\.bankroll"),
        (SecondPrice(), {"round": 3}, r"market\.round"),
    ],
)
def test_where_a_gain_has_no_meaning_sharing_is_refused(rule: Mechanism, stated: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError, match=rf'ring\.share = "equal" cannot be combined with {told}'):
        bl.Market(world(), rule, policy=RING, **stated).run()


def test_expected_gains_are_those_of_beliefs() -> None:
    """Two of two under second price: whoever stays is paid the reserve; else the lower ask had been paid the other."""
    held = bl.World.drawn("marketbench", 30, seed=5, agents=MEMBERS[:2], reserve=0.75)
    ring = {"ring": {"members": MEMBERS[:2], "share": "equal"}}
    played = bl.Market(held, SecondPrice(), policy=ring, engine="market", penalty=0.0).run()
    paid = played.ledger.accounts.query("kind == 'side_payment'").set_index("task")["dollars"]
    belief, cost = held.belief[0], held.cost_belief[0]
    ask = cost / belief
    assert len(paid) > 10
    for row in played.attempts.itertuples():
        task = held.tasks.index(row.task)
        low = int(ask[task].argmin())
        honest = belief[task, low] * min(0.75, ask[task, 1 - low]) - cost[task, low]
        gain = row.belief * 0.75 - row.cost_belief - honest
        assert np.isclose(paid.get(row.task, 0.0), gain / 2, atol=1e-12)


def test_bundled_rings_are_compared_with_the_same_agents_without_a_ring() -> None:
    scenario = scenario_of("collusion")
    arms = {arm.name: arm for arm in scenario.arms}
    rings = [name for name in arms if ", ring" in name]
    assert len(rings) == 10
    for name in rings:
        ring, without = arms[name], arms[scenario.baseline_of(arms[name])]
        assert without.name == name.replace(", ring", "")
        assert (ring.mechanism, ring.settings.spec) == (without.mechanism, without.settings.spec)
        assert ring.settings.bidders != without.settings.bidders
