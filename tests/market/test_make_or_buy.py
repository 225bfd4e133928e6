"""A principal with hands of its own: its decision by a scalar loop, engines, accounts, autarky, refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import bidlab as bl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.arm import ArmData
from analysis.quantities import quantity
from analysis.quantities.auctions import surplus, utility, welfare
from analysis.quantities.made_or_bought import offered
from analysis.sweep_cells import Cells
from sim.agents.bidding import Truthful
from sim.agents.everybody import Bidders
from sim.auditing.attacked import books
from sim.auditing.audit_plan import plan_scenario
from sim.auditing.audits import Sizes
from sim.auditing.dominance import lied
from sim.auditing.problem import EXACT
from sim.auditing.row import promised_of
from sim.experiment.job import play
from sim.kit.arrays import Award, FloatArray
from sim.kit.errors import ScenarioError
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.make_or_buy import MakeOrBuy
from sim.mechanisms.price import HireAll, SecondPrice
from sim.mechanisms.redundant import KRedundant
from sim.scenario.given import scenario_of
from sim.scenario.scenario import label_of
from tests.market.compare import assert_same_markets, assert_same_rows, rows
from tests.market.play import Play
from tests.reference_market import naive_market
from tests.scenes import chance, scene
from tests.tried import tried
from tests.worlds import examples, make_rules, make_world, worlds
from tests.worlds import rules as any_rules

BUYS = [
    rule
    for rule in examples()
    if rule.capabilities.solicits_bids and not (rule.capabilities.in_turns or rule.capabilities.takes_menu)
]
OWN = 1


def with_hand(rule: Mechanism, own: int = OWN, posting_cost: float = 0.0, **changes: Any) -> Rules:
    """A market in which the agent at this place is the principal's own."""
    around = MakeOrBuy(rule, own, posting_cost)
    return make_rules(around, bidder=Bidders(around, Truthful(), {}), **changes)


def naive_award(rule: Mechanism, place: int, bids: Any, tender: Any, standing: Any, lottery: Any) -> Award:
    """One posting by a scalar loop over agents, (n,)."""
    active = np.array([bool(bids.active[i]) and i != place for i in range(len(bids.ask))])
    award = rule(replace(bids, active=active), tender, standing, lottery)
    value, nobody, paid = float(tender.value), 1.0, 0.0
    for i in range(len(bids.ask)):
        if award.hired[i]:
            q = float(bids.claim[i])
            nobody *= 1.0 - q
            paid += q * float(award.pay_success[i]) + (1.0 - q) * float(award.pay_failure[i])
    buy = value * (1.0 - nobody) - paid
    make = float(bids.claim[place]) * value - float(bids.ask[place])
    if bids.active[place] and make > buy and make > 0:
        none = np.zeros(len(bids.ask))
        return Award(np.arange(len(none)) == place, none, none, np.False_, fee=award.fee)
    return award


@pytest.mark.parametrize("rule", BUYS, ids=label_of)
def test_it_makes_what_a_scalar_loop_makes(rule: Mechanism) -> None:
    shape, name = (40, 4), label_of(rule)
    posted = scene(
        chance(f"{name}/ask", *shape, high=0.6).round(2),
        chance(f"{name}/claim", *shape).round(2),
        value=1.25,
        reserve=1.0,
        advice=chance(f"{name}/advice", *shape),
        expected_cost=0.1,
        lottery=chance(f"{name}/lottery", *shape),
    )
    active = chance(f"{name}/active", *shape) < 0.8
    bids = replace(posted.bids, active=active)
    given_to = posted.tender, posted.standing
    found = MakeOrBuy(rule, OWN)(bids, *given_to, posted.lottery)
    made = 0
    for row in range(shape[0]):
        one = [type(part)(**{name: array[row] for name, array in vars(part).items()}) for part in (bids, *given_to)]
        expected = naive_award(rule, OWN, *one, posted.lottery[row])
        for column in ("hired", "pay_success", "pay_failure"):
            np.testing.assert_allclose(getattr(found, column)[row], getattr(expected, column), err_msg=column)
        made += bool(expected.hired[OWN])
    assert 0 < made < shape[0]


def test_where_several_are_hired_a_higher_ask_may_have_the_award_taken_up() -> None:
    """Agent 1, of cost .049, gains .2236 by asking .20 at its true claim: at .049 the principal makes the task."""
    belief, cost = [0.745, 0.729, 0.885, 0.626], [0.282, 0.049, 0.349, 0.021]
    around = MakeOrBuy(KRedundant(), 0)

    def earned(ask: float) -> float:
        asks = [cost[0], ask, *cost[2:]]
        award = around(*scene(asks, belief, value=1.0, lottery=[0.0, 0.25, 0.5, 0.75]))
        pay = belief[1] * award.pay_success[1] + (1.0 - belief[1]) * award.pay_failure[1]
        return float(pay - cost[1]) if award.hired[1] else 0.0

    assert earned(0.049) == 0.0
    assert earned(0.20) == pytest.approx(0.2236, abs=5e-5)
    assert not around.promises.ask
    assert not around.promises.ask_at_true_claim


SEVERAL = {"assignment_vcg", "budget_feasible", "hire_all", "k_redundant"}  # agents of a posting, or tasks at once


@pytest.mark.parametrize("rule", BUYS, ids=label_of)
def test_the_truthful_ask_stays_dominant_where_one_is_hired(rule: Mechanism) -> None:
    around = MakeOrBuy(rule, 0)
    kept = around.promises
    assert (kept.ask, kept.ask_at_true_claim) == (
        (False, False) if rule.name in SEVERAL else (rule.promises.ask, rule.promises.ask_at_true_claim)
    )
    assert (kept.claim, kept.claim_ignored, kept.efficient, kept.equilibrium) == (False,) * 4
    if not kept.ask:
        return
    for n, penalised in ((2, False), (3, rule.capabilities.takes_penalty), (5, False)):
        drawn = books(n, 256, 5, "any", penalised)
        found = lied(around, replace(drawn, me=1 + drawn.me % (n - 1)))  # sellers alone
        assert not found.ask.fails
        assert kept.ask_at_true_claim or not found.any_ask.fails


@pytest.mark.parametrize("rule", [SecondPrice(), HireAll(), Contingent(bond=np.inf)], ids=label_of)
@tried(24)
@given(data=st.data())
def test_its_market_is_the_naive_one(rule: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds((2, 4, 4)))
    own = data.draw(st.integers(0, world.n_agents - 1), label="own")
    plain, around = data.draw(any_rules(rule)), MakeOrBuy(rule, own, 0.125)
    stated: dict[str, Any] = {"mechanism": around, "bidder": Bidders(around, Truthful(), {})}
    changed = replace(plain, **stated, bid_cost=0.0)
    assert_same_rows(rows(simulate(world, changed)), naive_market(world, changed))


@pytest.mark.slow
@pytest.mark.parametrize("rule", [SecondPrice(), HireAll(), Contingent(bond=np.inf)], ids=label_of)
@pytest.mark.parametrize("seed", range(4))
def test_both_engines_agree(rule: Mechanism, seed: int) -> None:
    pytest.importorskip("numba")
    from sim.compiled.lanes import play_compiled

    size = (2, 30, 4)
    belief, cost = (chance(f"hand {seed}/{name}", *size[1:]).round(1) for name in ("belief", "cost"))
    world = make_world(size[1], size[2], replications=size[0], belief=belief, cost_belief=cost, cost=cost, value=1.25)
    world = replace(world, success=chance(f"hand {seed}/success", *size, 1) < 0.5, repeats=True)
    unasked = chance(f"hand {seed}/autarky", *size[:2]) < 0.4
    silent = unasked[..., None] & (np.arange(size[2]) != OWN)
    changed = with_hand(rule, posting_cost=0.125, postings=3, exclude=("failed", "hired")[seed % 2], capacity=1 + seed)
    for one in (world, replace(world, unasked=unasked, silent=silent)):
        assert_same_markets(play_compiled, one, changed)


def test_its_accounts_sum_to_zero_and_the_principal_bears_the_cost() -> None:
    world = make_world(3, 3, belief=[[0.9, 0.8, 0.5]], cost=0.25, cost_belief=[[0.5, 0.125, 0.5]], value=1.0)
    play = Play(world, with_hand(SecondPrice(), posting_cost=0.0625))
    assert [row["agent"] for row in play.attempts] == [OWN] * 3
    assert [row["payment"] for row in play.attempts] == [0.0] * 3
    moved = play.ledger.accounts
    costs = moved[moved["kind"] == "cost"].groupby("from", observed=True)["dollars"].sum()
    assert costs[costs > 0].to_dict() == {"allocator": 3 * 0.0625, "principal": 0.75}
    balance = (
        moved.groupby("to", observed=True)["dollars"].sum().sum()
        - moved.groupby("from", observed=True)["dollars"].sum().sum()
    )
    assert balance == 0.0


def test_the_principal_bears_what_every_hand_of_its_own_costs() -> None:
    world = make_world(3, 4, belief=[[0.5, 0.75, 0.25, 0.5]], cost=0.25, cost_belief=0.125, reserve=0.0, value=1.0)
    belief = np.where(np.arange(4) == [[0], [1], [3]], 0.875, world.belief)  # one makes, the other makes, nobody does
    world, two = replace(world, belief=belief), MakeOrBuy(MakeOrBuy(SecondPrice(), 3), 0)
    rules = make_rules(two, bidder=Bidders(two, Truthful(), {}), most_bids=1)
    assert rules.staff == (3, 0)
    play = Play(world, rules)
    assert {row["agent"] for row in play.attempts} == {0, 3}
    moved = play.ledger.accounts
    assert moved[moved["kind"] == "cost"]["from"].astype(str).unique().tolist() == ["principal"]
    assert_same_rows(rows(simulate(world, rules)), naive_market(world, rules))


def test_it_buys_where_that_is_worth_more_and_where_it_is_worth_the_same() -> None:
    cheaper = make_world(1, 2, belief=[[0.75, 0.5]], cost_belief=[[0.0625, 0.25]], reserve=0.125, value=1.0)
    assert Play(cheaper, with_hand(SecondPrice())).outcomes(0) == ["won", "lost"]
    equal = make_world(1, 2, belief=[[0.5, 0.5]], cost_belief=[[0.25, 0.25]], reserve=0.5, value=1.0)
    assert Play(equal, with_hand(SecondPrice())).outcomes(0) == ["won", "lost"]
    nobody = make_world(1, 2, belief=[[0.5, 0.25]], cost_belief=[[0.75, 0.5]], reserve=1.0, value=1.0)
    assert Play(nobody, with_hand(SecondPrice())).outcomes(0) == ["lost", "lost"]


SCENARIO: dict[str, Any] = {
    "question": "?",
    "source": "MB",
    "seed": 3,
    "replications": 3,
    "world": {
        "profile": "alike",
        "parameters": "point",
        "sigma_d": 2.0,
        "sigma_u": 1.0,
        "tasks": 200,
        "beliefs": "ability",
        "agents": {"*": {"mean_cost_ratio": 1.0}},
    },
    "tender": {"value": 1.0, "reserve": "value", "penalty": 0.0, "own": "own"},
    "arm": [{"name": "second price", "mechanism": "second_price"}],
}


def played(**settings: Any) -> ArmData:
    (arm,) = bl.run(SCENARIO, settings={key.replace("__", "."): value for key, value in settings.items()}).arms()
    return arm


def expected_welfare(arm: ArmData) -> FloatArray:
    """(R, T) by abilities and costs, in which there is no luck of outcomes; costs of the world here are the same."""
    return np.asarray((arm.attempts * (arm.value * arm.world.ability - arm.world.cost[..., 0])).sum(axis=2))


@cache
def at(autarky: float, sigma_u: float) -> ArmData:
    return played(tender__autarky=autarky, world__sigma_u=sigma_u)


def test_asking_is_worth_nothing_among_equals() -> None:
    asked, alone = (expected_welfare(at(autarky, 0.0)) for autarky in (0.0, 1.0))
    np.testing.assert_allclose(asked, alone, atol=1e-12)


def test_with_right_beliefs_no_task_is_worse_for_asking_and_more_so_the_more_agents_differ() -> None:
    gains = []
    for sigma_u in (1.0, 2.0):
        gain = expected_welfare(at(0.0, sigma_u)) - expected_welfare(at(1.0, sigma_u))
        assert gain.min() >= -1e-12
        gains.append(gain.mean())
    assert 0.05 < gains[0] < gains[1]


def test_autarky_keeps_all_others_out_and_its_tasks_are_those_of_a_higher_one() -> None:
    half, most = at(0.5, 1.0), at(0.75, 1.0)
    assert not (half.world.unasked & ~most.world.unasked).any()
    assert half.world.unasked.mean() == pytest.approx(0.5, abs=0.06)
    others = ~np.isin(np.arange(6), half.rules.staff)
    assert np.isnan(half.ask[half.world.unasked][:, others]).all()
    assert np.isfinite(half.ask[~half.world.unasked][:, others]).mean() > 0.9
    for name in ("belief", "success", "cost", "lottery"):
        np.testing.assert_array_equal(getattr(half.world, name), getattr(most.world, name))


def test_asking_costs_where_it_is_asked() -> None:
    arm = played(tender__autarky=0.5, tender__posting_cost=0.0625)
    np.testing.assert_array_equal(arm.overhead[..., 0], np.where(arm.world.unasked, 0.0, 0.0625))
    stated = {**SCENARIO, "tender": {**SCENARIO["tender"], "autarky": 0.5, "posting_cost": 0.0625}}
    swept = Cells(play(arm.world, scenario_of(stated).arms[0], "market"))
    np.testing.assert_array_equal(swept.overhead[0], arm.overhead[..., 0])
    for name, of in (("surplus", surplus), ("utility", utility), ("welfare", welfare)):
        np.testing.assert_allclose(of(swept)[0], of(arm)[..., 0], err_msg=name, atol=1e-12)
    np.testing.assert_allclose(surplus(arm) + utility(arm), welfare(arm), atol=1e-12)


def test_what_its_hand_costs_is_no_loss_of_an_agent() -> None:
    """In runs and sweeps: the profits of agents and their utility are of those that sell."""
    arm = at(0.5, 1.0)
    stated = {**SCENARIO, "tender": {**SCENARIO["tender"], "autarky": 0.5}}
    swept = Cells(play(arm.world, scenario_of(stated).arms[0], "market"))
    (own,), auctions = arm.rules.staff, arm.world.reserve.size
    assert arm.attempts[..., own].sum() > 0
    for view in (arm, swept):
        profit = view.to_world(quantity("cash_profit", "agent").how.part(view)[0])
        rivals = view.to_world(quantity("rivals_profit", "agent").how.part(view)[0])
        assert profit[..., own].sum() == 0.0
        assert rivals[..., own].sum() / auctions == pytest.approx(utility(arm).mean())
        assert profit.sum() / auctions == pytest.approx(utility(arm).mean())
    for name in ("expected_profit", "published_profit"):
        assert quantity(name, "agent").how.part(arm)[0][..., own].sum() == 0.0


def test_the_loss_is_to_the_better_of_the_two_by_a_scalar_loop() -> None:
    arm = at(0.5, 1.0)
    award, (own,), expected = offered(arm.world, arm.rules), arm.rules.staff, []
    for r, t in np.ndindex(*arm.world.reserve.shape):
        gains = [float(arm.world.ability[r, t, i] - arm.world.cost[r, t, i].mean()) for i in range(6)]
        asks = {i: arm.world.cost_belief[r, t, i] / arm.world.belief[r, t, i] for i in range(6) if i != own}
        cheapest = min(asks, key=asks.__getitem__)
        hired = np.flatnonzero(award.hired[r, t])
        assert hired.tolist() == ([cheapest] if asks[cheapest] <= 1.0 else [])
        expected.append(max(0.0, gains[own], gains[cheapest] if len(hired) else 0.0))
    loss = quantity("make_or_buy_loss", "arm").how.values(arm)
    np.testing.assert_allclose(loss.ravel(), np.array(expected) - welfare(arm).ravel(), atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"tender.own": "nobody"}, "no agent 'nobody'"),
        ({"tender.own": "own", "market.round": 1}, "cannot be combined with market.round"),
        ({"tender.own": "own", "bidders.bankroll": 5.0}, "cannot be combined with bidders.bankroll"),
        ({"tender.own": "own", "world.bid_cost": 0.1}, "state tender.posting_cost"),
        ({"tender.own": "own", "tender.budget": 5.0}, "own: cannot be combined with budget"),
        ({"tender.own": "own", "bidders.agents": {"own": "silent"}}, "it bids for nobody"),
    ],
    ids=str,
)
def test_what_it_cannot_be_combined_with_is_named(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(says)):
        bl.run(SCENARIO, settings={"world.arrivals": {"every": 1}, **settings})


def test_an_audit_leaves_its_hand_out() -> None:
    for settings, expected in (({}, [1, 2, 3, 4, 5]), ({"tender.own": "two"}, [0, 1, 3, 4, 5])):
        planned = plan_scenario(scenario_of(SCENARIO, settings=settings), Sizes(8, 32, 8), 1e-3, EXACT, {})
        assert [job.agent for job in planned.jobs] == expected


@pytest.mark.parametrize(("mechanism", "declared"), [("second_price", "A IR D"), ("k_redundant", "IR")])
def test_an_audit_judges_what_the_two_together_promise(mechanism: str, declared: str) -> None:
    stated = {**SCENARIO, "replications": 20, "arm": [{"name": "x", "mechanism": mechanism}]}
    planned = plan_scenario(scenario_of(stated), Sizes(8, 32, 8), 1e-3, EXACT, {})
    assert promised_of(planned.jobs[0].problem(EXACT).rule) == declared


def test_autarky_without_hands_has_no_meaning() -> None:
    bare = {**SCENARIO, "tender": {"value": 1.0, "reserve": "value", "penalty": 0.0, "autarky": 0.5}}
    with pytest.raises(ScenarioError, match=r"autarky: has no meaning without tender\.own"):
        bl.run(bare)


@pytest.mark.parametrize("mechanism", ["cascade", {"always": {"agent": "one"}}, {"production_plans": {}}], ids=str)
def test_rules_that_do_not_ask_for_one_bid_are_refused(mechanism: Any) -> None:
    arm = {"name": "x", "mechanism": mechanism, "standing": {"expected_cost": "actual"}}
    with pytest.raises(ScenarioError, match=r"tender\.own: cannot be combined with"):
        bl.run({**SCENARIO, "arm": [arm]})
