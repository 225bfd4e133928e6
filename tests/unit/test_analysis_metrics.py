"""Metrics against naive loops over ledger rows, and their identities and edge cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.arm import ArmData
from analysis.benchmark import half_splits
from analysis.quantities import auctions, of_run, regrets
from sim.kit.errors import ArrayError
from sim.ledger.ledger import ATTEMPTS, BIDS, CLEARINGS, Ledger
from tests.unit.test_analysis_helpers import frame, make_world, posted_alone, sold, table_world

R, T, N, K = 3, 5, 4, 2


def messy(alone=False, value=1.5, seed=11):
    """A World with absent agents, and a ledger of two postings each whose rows obey no rule in particular."""
    stream = np.random.default_rng(seed)
    present = stream.random((R, T, N)) < 0.8
    world = make_world(
        stream.random((R, T, N, K)) < 0.6,
        value=value,
        present=present,
        reserve=stream.random((R, T)),
        belief=stream.random((R, T, N)),
        cost_belief=stream.random((R, T, N)),
        ability=stream.random((R, T, N)),
        cost=stream.random((R, T, N, K)),
    )
    r, t, p, i = (axis.ravel() for axis in np.indices((R, T, 2, N)))
    here = present[r, t, i]
    r, t, p, i = r[here], t[here], p[here], i[here]
    at = {"replication": r, "task": t, "posting": p, "agent": i}
    bid_ask = np.where(stream.random(len(r)) < 0.2, np.nan, stream.random(len(r)))
    bid_claim = np.where(np.isnan(bid_ask), np.nan, stream.random(len(r)))
    held = {"belief": world.belief[r, t, i], "cost_belief": world.cost_belief[r, t, i]}
    bids = at | held | {"ask": bid_ask, "claim": bid_claim, "bid_cost": stream.random(len(r))}
    hired = stream.random(len(r)) < 0.4
    n_hired = int(hired.sum())
    draws = {name: stream.random(n_hired) for name in ("ask", "claim", "pay_success", "pay_failure", "payment", "cost")}
    told = {"success": stream.random(n_hired) < 0.5, "status": stream.choice(["FAIL", "PASS", "INFRA"], n_hired)}
    attempts = {name: index[hired] for name, index in (at | held).items()} | draws | told
    m = N if alone else 1
    cells = np.indices((R, T, 2, m)).reshape(4, -1)
    clearings = {
        "replication": cells[0],
        "task": cells[1],
        "posting": cells[2],
        "alone": cells[3] if alone else np.full(cells.shape[1], N),
        "value": np.full(cells.shape[1], value),
        "reserve": world.reserve[cells[0], cells[1]] + cells[2],
        "n_hired": stream.integers(0, 2, cells.shape[1]),
        "by_tie": stream.random(cells.shape[1]) < 0.5,
        "overhead": stream.random(cells.shape[1]),
    }
    tables = [
        frame(*pair) for pair in ((ATTEMPTS, world, attempts), (BIDS, world, bids), (CLEARINGS, world, clearings))
    ]
    ledger = Ledger(*tables)
    return world, ledger, ArmData.build("messy", "none", world, ledger, alone)


def markets(alone):
    return [[i] for i in range(N)] if alone else [list(range(N))]


@pytest.mark.parametrize("alone", [False, True])
def test_summary_against_loops(alone):
    world, ledger, arm = messy(alone)
    rows = ledger.attempts.assign(
        t=ledger.attempts["task"].cat.codes, i=ledger.attempts["agent"].cat.codes, r=ledger.attempts["replication"]
    )
    bids = ledger.bids.assign(t=ledger.bids["task"].cat.codes, i=ledger.bids["agent"].cat.codes)
    found: dict[str, list[float]] = {}
    for r in range(R):
        for t in range(T):
            for m, members in enumerate(markets(alone)):
                a = rows[(rows["r"] == r) & (rows["t"] == t) & rows["i"].isin(members)]
                b = bids[(bids["replication"] == r) & (bids["t"] == t) & bids["i"].isin(members)]
                c = ledger.clearings
                c = c[(c["replication"] == r) & (c["task"] == world.tasks[t])]
                c = c[c["alone"] == world.agents[m]] if alone else c
                here = [i for i in members if world.present[r, t, i]]
                net = [1.5 * world.success[r, t, i, 0] - world.cost[r, t, i, 0] for i in here]
                able = [1.5 * world.ability[r, t, i] - world.cost[r, t, i].mean() for i in here]
                surplus = 1.5 * a["success"].any() - a["payment"].sum() - c["overhead"].sum()
                utility = a["payment"].sum() - a["cost"].sum() - b["bid_cost"].sum()
                row = {
                    "solve_rate": a["success"].any(),
                    "unfilled_rate": len(a) == 0,
                    "cost": a["cost"].sum(),
                    "cost_of_last": last_cost(a),
                    "payment": a["payment"].sum(),
                    "overhead": c["overhead"].sum(),
                    "bid_cost": b["bid_cost"].sum(),
                    "surplus": surplus,
                    "utility": utility,
                    "welfare": surplus + utility,
                    "regret_outcome": max([0.0, *net]) - surplus - utility,
                    "regret_ability": max([0.0, *able]) - surplus - utility,
                    "regret_fixed": fixed(world, t, r, members) - surplus - utility,
                }
                for name, x in row.items():
                    found.setdefault(name, []).append(float(x))
    estimates = of_run.summary(arm)
    for name, values in found.items():
        assert float(estimates[name].value) == pytest.approx(np.mean(values)), name
    hires = ledger.clearings[ledger.clearings["n_hired"] > 0]
    assert float(estimates["tie_rate"].value) == pytest.approx(hires["by_tie"].mean())
    assert float(estimates["share_top"].value) == pytest.approx(rows["i"].value_counts(normalize=True).max())


def last_cost(attempts):
    """Of the last attempt that passed, or of the last one; 0 without one."""
    passed = attempts[attempts["status"] == "PASS"]
    rows = passed if len(passed) else attempts
    return rows["cost"].iloc[-1] if len(rows) else 0.0


def fixed(world, t, r, members):
    """Mean over halvings of V y - c on this task, of the member best on the half it is not in."""

    def gain(r, t, i):
        return (1.5 * world.success[r, t, i, 0] - world.cost[r, t, i, 0]) * world.present[r, t, i]

    if len(members) == 1:  # agents alone: each is the only one there is to choose
        return gain(r, t, members[0])
    earned = []
    for half in half_splits(world.tasks):
        others = [s for s in range(T) if half[s] != half[t]]
        earned.append(gain(r, t, max(members, key=lambda i: sum(gain(q, s, i) for q in range(R) for s in others))))
    return np.mean(earned)


@pytest.mark.parametrize("alone", [False, True])
def test_agents_against_loops(alone):
    world, ledger, arm = messy(alone)
    estimates = of_run.agents(arm)
    for i, agent in enumerate(world.agents):
        a = ledger.attempts[ledger.attempts["agent"] == agent]
        b = ledger.bids[(ledger.bids["agent"] == agent) & (ledger.bids["posting"] == 0)]
        here = world.present[..., i]
        n = int(here.sum())
        r, t = a["replication"].to_numpy(), a["task"].cat.codes.to_numpy()
        y, said = world.success[..., i, 0][here], world.belief[..., i][here]  # stated with or without a bid
        p = world.belief[r, t, i]
        expected = p * a["pay_success"] + (1 - p) * a["pay_failure"] - world.cost_belief[r, t, i]
        gap = np.maximum(0.0, world.reserve - world.cost_belief[..., i]) * world.success[..., i, 0]
        reference = {
            "success_rate": y.mean(),
            "mean_claim": said.mean(),
            "brier": ((said - y) ** 2).mean(),
            "hired_rate": len(set(zip(r, t, strict=True))) / n,
            "share": len(a) / len(ledger.attempts),
            "ask_mean": b["ask"].mean(),
            "claim_minus_success_hired": (a["claim"] - a["success"])[a["status"] != "INFRA"].mean(),
            "expected_profit": expected.sum() / n,
            "published_profit": ((a["status"] == "PASS") * (a["payment"] - a["ask"])).sum() / n,
            "cash_profit": (a["payment"] - a["cost"]).sum() / n,
            "oracle_profit": gap[here].mean(),
        }
        for name, value in reference.items():
            assert estimates[name].value[i] == pytest.approx(value), name


@pytest.mark.parametrize("alone", [False, True])
def test_welfare_is_surplus_plus_utility_whatever_is_paid(alone):
    world, ledger, arm = messy(alone)
    richer = replace(ledger, attempts=ledger.attempts.assign(payment=ledger.attempts["payment"] + 3.0))
    other = ArmData.build("richer", "none", world, richer, alone)
    assert auctions.welfare(arm) == pytest.approx(auctions.surplus(arm) + auctions.utility(arm))
    assert auctions.welfare(other) == pytest.approx(auctions.welfare(arm))


def test_without_a_value_there_is_no_surplus():
    estimates = of_run.summary(messy(value=np.nan)[2])
    names = {name for name, e in estimates.items() if np.isnan(e.value)}
    nothing_of = {"exit_rate", "score"}  # no account is kept and nothing graded, whatever the value
    assert names == {"surplus", "welfare", "regret_fixed", "regret_ability", "regret_outcome"} | nothing_of


def test_unknown_ability_and_a_single_task():
    world = make_world(np.ones((2, 1, 3, 1)))
    arm = ArmData.build("a", "x", world, sold(world, np.ones((2, 1, 3), np.bool_), False, 0.5), False)
    estimates = of_run.summary(arm)
    assert np.isnan(estimates["regret_ability"].value)
    assert np.isnan(estimates["regret_fixed"].value)
    assert estimates["regret_outcome"].value == pytest.approx(0.9 - (1.0 - 0.3))


def test_benchmarks_cannot_sell_what_is_lost_to_the_system():
    infra = np.zeros((1, 2, 3, 1), np.bool_)
    infra[0, 0] = True
    world = make_world(np.ones((1, 2, 3, 1)), infra=infra)
    arm = ArmData.build("idle", "x", world, sold(world, np.zeros((1, 2, 3), np.bool_), False, 0.5), False)
    assert regrets.regret_outcome(arm).ravel() == pytest.approx([0.0, 0.9])
    assert regrets.regret_fixed(arm).ravel() == pytest.approx([-0.1, 0.9])


@pytest.mark.parametrize("alone", [False, True])
def test_nobody_present(alone):
    world = make_world(np.ones((2, 3, 4, 1)), present=False)
    arm = ArmData.build("empty", "x", world, sold(world, np.zeros((2, 3, 4), np.bool_), alone, 0.5), alone)
    agents, total = of_run.agents(arm), of_run.summary(arm)
    assert all(np.isnan(e.value).all() for e in agents.values())
    assert (total["solve_rate"].value, total["unfilled_rate"].value, total["welfare"].value) == (0, 1, 0)
    assert total["regret_outcome"].value == total["regret_fixed"].value == 0
    assert np.isnan([total["share_top"].value, total["tie_rate"].value]).all()


def test_no_attempts():
    world = make_world(np.ones((2, 3, 4, 1)))
    arm = ArmData.build("idle", "x", world, sold(world, np.zeros((2, 3, 4), np.bool_), False, 0.5), False)
    agents = of_run.agents(arm)
    for name in ("hired_rate", "expected_profit", "published_profit", "cash_profit"):
        assert (agents[name].value == 0).all()
    assert np.isnan(agents["claim_minus_success_hired"].value).all()
    assert np.isnan(agents["share"].value).all()
    assert np.isnan(agents["auc"].value).all()


def test_regret_of_a_market_with_one_agent_is_what_it_would_add_where_it_is_not_hired():
    """Hired on the tasks with an even number: regret 0 there, V y - c on the others; whoever is best, it is the one."""
    success = np.array([[1, 1, 0, 0, 1], [1, 0, 0, 1, 1]], np.bool_)[..., None, None]
    cost = np.array([0.25, 0.5, 0.125, 0.75, 0.375])[None, :, None, None] * [[[[1.0]]], [[[2.0]]]]
    world = make_world(success, value=2.5, ability=0.75, cost=cost)
    even = np.broadcast_to(np.arange(5)[None, :, None] % 2 == 0, (2, 5, 1))
    arm = ArmData.build("solo", "x", world, sold(world, even, False, 0.5), False)
    net = 2.5 * success[..., 0, 0] - cost[..., 0, 0]
    idle = ~even[..., 0]
    assert regrets.regret_fixed(arm)[..., 0] == pytest.approx(net * idle)
    assert regrets.regret_ability(arm)[..., 0] == pytest.approx(2.5 * 0.75 - cost[..., 0, 0] - net * ~idle)
    assert regrets.regret_outcome(arm)[..., 0] == pytest.approx(np.maximum(net, 0.0) - net * ~idle)


def test_one_agent_one_replication():
    world = make_world(np.ones((1, 3, 1, 1)))
    arm = ArmData.build("solo", "x", world, sold(world, np.ones((1, 3, 1), np.bool_), False, 0.5), False)
    agents = of_run.agents(arm)
    assert np.isnan([agents["auc_others"].value, agents["comparative_auc"].value]).all()
    rate = agents["success_rate"]
    assert (rate.value, rate.se, rate.high) == (1.0, 0.0, 1.0)
    assert rate.low == pytest.approx(3 / (3 + 1.959964**2))  # Wilson's lower end at 3 of 3
    assert np.isnan(rate.se_mc)


def test_empty_tables():
    world = make_world(np.ones((1, 2, 3, 1)))
    ledger = Ledger(*(frame(columns, world, {}) for columns in (ATTEMPTS, BIDS, CLEARINGS)))
    arm = ArmData.build("none", "x", world, ledger, False)
    assert of_run.summary(arm)["unfilled_rate"].value == 1.0
    assert np.isnan(of_run.agents(arm)["ask_mean"].value).all()
    assert np.isnan(of_run.agents(arm)["mean_claim"].value).all()  # what agents believed is in the rows of bids


def test_copies_are_not_observations():
    one, many = (of_run.agents(posted_alone(table_world(n), 2.0)) for n in (1, 4))
    for name in ("brier", "ece", "ece_null", "auc", "auc_others", "comparative_auc"):
        assert many[name].value == pytest.approx(one[name].value)
        assert many[name].se == pytest.approx(one[name].se, nan_ok=True)
    assert (many["ece"].se_mc == 0).all()
    assert np.isnan(one["ece"].se_mc).all()
    assert (many["hired_rate"].se_mc > 0).all()


def test_names_and_replications_are_checked():
    world, ledger, _ = messy()
    with pytest.raises(ArrayError, match=r"replication must lie in \[0, 2\)"):
        ArmData.build("a", "x", world.replication(0, 2), ledger, False)
    with pytest.raises(ArrayError, match="agent must be one of the World's"):
        ArmData.build("a", "x", world.only(1), ledger, False)


def test_names_in_another_order_are_found():
    world, ledger, arm = messy()
    shuffled = [
        table.assign(task=table["task"].cat.reorder_categories(world.tasks[::-1]))
        for table in (ledger.attempts, ledger.bids, ledger.clearings)
    ]
    other = ArmData.build("messy", "none", world, Ledger(*shuffled), False)
    assert np.array_equal(other.payment, arm.payment)
    assert np.array_equal(other.overhead, arm.overhead)
