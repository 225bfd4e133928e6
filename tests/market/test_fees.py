"""Fees: an entry fee and an all-pay auction, written as a user would, in every engine, account and table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.arm import ArmData
from analysis.quantities import auctions
from sim.compiled.lanes import play_compiled
from sim.experiment.engine import play
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.explain.explain import explain
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.kit.errors import ArrayError, MarketError
from sim.ledger.events import events
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism, Promises, contract, register, select
from sim.mechanisms.registry import unregister
from sim.scenario.scenario import load_scenario
from sim.specs.bidders import Card
from sim.world.card import PastCard
from tests.market.compare import assert_same_rows, rows
from tests.market.play import Play, ledger_of
from tests.market.test_round_scenario import WORLD, lay_out
from tests.reference_market import naive_market
from tests.scenes import award_bytes, random_scene, scene
from tests.tried import tried
from tests.worlds import accounted, make_rules, make_world, rules, worlds

NONE = Promises(ask=False, claim=False, rational=False, efficient=False, no_deficit=False)


@dataclass(frozen=True)
class AllPay(Mechanism):
    """The highest claim wins the reserve on success; every bidder pays its claim's share of the reserve."""

    name: ClassVar[str] = "all_pay"
    summary: ClassVar[str] = "highest claim wins, everybody pays"
    promises: ClassVar[Promises] = NONE

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        reserve = np.asarray(tender.reserve)[..., None]
        chosen = select(bids.claim, bids.active, lottery)
        award = contract(chosen.hired, reserve, np.zeros(1), chosen.by_tie)
        return Award.trusted(**vars(award), fee=np.where(bids.active, bids.claim * reserve / 8, 0.0))


@dataclass(frozen=True)
class EntryFee(Mechanism):
    """First price with a fee for every bid that counts."""

    fee: float = 0.0625

    name: ClassVar[str] = "entry_fee"
    summary: ClassVar[str] = "lowest ask, paid its ask; a fee for bidding"
    promises: ClassVar[Promises] = NONE

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        chosen = select(-bids.ask, bids.active & (bids.ask <= np.asarray(tender.reserve)[..., None]), lottery)
        award = contract(chosen.hired, bids.ask, 0.0 - np.asarray(tender.penalty)[..., None], chosen.by_tie)
        return Award.trusted(**vars(award), fee=np.where(bids.active, self.fee, 0.0))


@dataclass(frozen=True)
class Sometimes(EntryFee):
    """States fees only where somebody bids."""

    name: ClassVar[str] = "sometimes"

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        award = super().__call__(bids, tender, standing, lottery)
        return award if bids.active.any() else Award.trusted(**vars(award) | {"fee": None})


RULES = [AllPay(), EntryFee(), Sometimes()]
every = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@pytest.mark.parametrize(
    "rule", [*(pytest.param(rule, marks=pytest.mark.slow) for rule in RULES[:2]), RULES[2]], ids=lambda rule: rule.name
)
@tried(25)
@given(data=st.data())
def test_engines_and_the_naive_market_give_the_same_ledger(rule: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds())
    played = replace(data.draw(accounted(data.draw(rules(rule)), world)), card=None)
    expected = rows(simulate(world, played))
    assert_same_rows(expected, naive_market(world, played))
    fast = partial(play, "auto")  # what sometimes has fees and sometimes not cannot be traced
    assert_same_rows(rows(fast(world, played)), expected)
    for engine in (simulate, fast):
        counts = engine(world, played, detail="auctions")["auctions"]["fees"]
        told = np.zeros((world.n_replications, world.n_tasks))
        for row in expected["bids"]:
            told[row["replication"], row["task"]] += row["fee"]
        np.testing.assert_allclose(counts.reshape(told.shape), told, rtol=0, atol=1e-12)


def fee_world(**more: Any) -> Any:
    """Two tasks, three agents, value 2, reserve 1.5; a1 abstains (no chance), a2 comes late."""
    stated: dict[str, Any] = {
        "value": 2.0,
        "reserve": 1.5,
        "belief": [[0.5, 0.0, 0.25], [0.75, 0.0, 0.5]],
        "latency": [[0, 0, 9], [0, 0, 0]],
        "cost": 0.25,
        "arrival": [0, 5],
        "success": [[True] * 3, [False] * 3],
    }
    return make_world(2, 3, **stated | more)


@pytest.mark.parametrize(
    "card", [None, PastCard(Card(record="past", weight=0.0, cost_weight=0.0))], ids=["no card", "card"]
)
def test_losers_pay_and_who_made_no_counting_bid_does_not(card: PastCard | None) -> None:
    """A card that moves nobody: bids are asked for one posting at a time."""
    told = Play(fee_world(), make_rules(EntryFee(0.125), penalty=0.25, card=card))
    assert [row["fee"] for row in told.bids] == [0.125, 0.0, 0.0, 0.125, 0.0, 0.125]
    assert [row["outcome"] for row in told.bids] == ["won", "abstained", "late", "won", "abstained", "lost"]
    assert [row["payment"] for row in told.attempts] == [0.5, -0.25]  # (.125 + .25 x .5) / .5, without the fee


@pytest.mark.parametrize("engine", [simulate, play_compiled])
def test_money_is_conserved_and_fees_are_the_principals(engine: Callable[..., Any]) -> None:
    world, rule = fee_world(), make_rules(AllPay(), bid_cost=0.0625, overhead=0.03125)
    arm = ArmData.build("arm", "all_pay", world, ledger_of(world, engine(world, rule)), alone=False)
    fee = np.array([[[0.5 * 1.5 / 8, 0.0, 0.0], [0.75 * 1.5 / 8, 0.0, 0.5 * 1.5 / 8]]])
    np.testing.assert_array_equal(arm.fee, fee)
    np.testing.assert_allclose(
        auctions.surplus(arm)[..., 0], 2.0 * arm.solved[..., 0] - arm.payment.sum(2) + fee.sum(2) - 0.03125
    )
    np.testing.assert_allclose(arm.utilities, arm.payment - fee - arm.cost - arm.bid_cost)
    np.testing.assert_allclose(auctions.surplus(arm) + auctions.utility(arm), auctions.welfare(arm), rtol=0, atol=1e-12)


def test_a_fee_comes_out_of_the_bankroll_and_goes_into_the_budget() -> None:
    """a0 has .3 and pays .25 for the first task, lost to a1; at the second it cannot pay again and is barred."""
    world = make_world(2, 2, value=2.0, reserve=1.5, cost_belief=[[0.25, 0.125]] * 2, cost=0.125, arrival=[0, 3])
    told = Play(world, make_rules(EntryFee(0.25), bankroll=(0.3, 4.0), budgets=(1.5,)))
    assert [row["outcome"] for row in told.bids] == ["lost", "won", "no bond", "won"]
    assert [row["fee"] for row in told.bids] == [0.25, 0.25, 0.0, 0.25]
    # budget 1.5 + .5 fees - .25 paid = 1.75 covers the second reserve; without the fees 1.25 would not.
    assert told.closed() == [(0, 0, 0, "solved"), (1, 0, 3, "solved")]


def test_a_fee_of_a_bid_that_does_not_count_is_refused() -> None:
    class Careless(EntryFee):
        name = "careless"

        def __call__(self, bids: Bids, *front: Any) -> Award:
            award = super().__call__(bids, *front)
            return Award.trusted(**vars(award) | {"fee": np.full(bids.ask.shape, 0.5)})

    for engine in (simulate, play_compiled):
        with pytest.raises(MarketError, match="careless: charges a fee for a bid that does not count"):
            engine(fee_world(), make_rules(Careless()))
    with pytest.raises(ArrayError, match=r"fee must be finite and >= 0; got -0\.5"):
        simulate(fee_world(), make_rules(EntryFee(-0.5)))


@every
def test_contract_of_a_rule_with_fees(rule: Mechanism) -> None:
    """Shapes, a batch equal to its postings, agents permuted."""
    whole = random_scene((7,), 4, "fees")
    batch = whole.award(rule)
    assert batch.fee is not None
    assert batch.fee.shape == (7, 4)
    order = [2, 0, 3, 1]
    for at in range(7):
        parts = {k: v[at] for k, v in vars(batch).items()}
        bids, tender, standing = (type(p).trusted(**{k: v[at] for k, v in vars(p).items()}) for p in whole[:3])
        assert award_bytes(Award.trusted(**parts)) == award_bytes(rule(bids, tender, standing, whole.lottery[at]))
        mixed = Bids(bids.ask[order], bids.claim[order], bids.active[order])
        again = rule(mixed, tender, standing, whole.lottery[at][order])
        assert again.fee is not None
        np.testing.assert_array_equal(again.fee, batch.fee[at][order])


def test_a_scene_of_two_is_charged_by_hand() -> None:
    award = scene([0.25, 0.5], [0.5, 0.75], value=2.0, reserve=1.5).award(AllPay())
    assert award.hired.tolist() == [False, True]
    assert award.fee is not None
    assert award.fee.tolist() == [0.5 * 1.5 / 8, 0.75 * 1.5 / 8]
    assert math.isclose(award.pay_success[1], 1.5)


def test_a_run_tells_and_explains_its_fees(tmp_path: Path) -> None:
    """Reserve .35 admits bob alone at dig and ada alone at fly. All three owe the fee for either bid."""
    arm = '[[arm]]\nname = "x"\nmechanism = { entry_fee = { fee = 0.125 } }\ntender = { reserve = 0.35 }\n'
    register("entry_fee")(EntryFee)
    try:
        run = Run.open(execute(plan(load_scenario(lay_out(tmp_path, WORLD + arm))), tmp_path / "out"))
        decision = explain(run, "dig").postings[0].decision
        told = [event for event in events(run.ledger) if event["event"] == "bid"]
    finally:
        unregister("entry_fee")
    assert [line for line in decision if "fee" in line] == [
        f"{who} owes a fee of $0.1250" for who in ("ada", "bob", "cyd")
    ]
    assert {event["fee"] for event in told} == {0.125}
    assert (run.ledger.bids["fee"] == 0.125).all()
