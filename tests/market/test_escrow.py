"""Escrow: payments are set aside at the award, deposits add up at every event, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bidlab as bl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.errors import ScenarioError
from sim.ledger.ledger import KIND
from sim.market.accounts import ESCROW
from sim.market.escrow import divided
from sim.market.escrow import fees as charged
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.price import HireAll, SecondPrice
from sim.specs.settings import Escrow
from tests.market.compare import Row, as_rows, assert_same_markets, assert_same_rows, rows
from tests.market.play import Play
from tests.reference_market import naive_market
from tests.tried import tried
from tests.worlds import accounted, changed, examples, make_rules, make_world, rules, worlds

escrows = st.builds(Escrow, fee=st.sampled_from([0.0, 0.0625]), holdback=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


def with_escrow(rule: Rules, escrow: Escrow) -> Rules:
    return changed(rule, escrow=escrow)


def told(moved: list[Row]) -> list[tuple[int, int, int, str, float]]:
    return [(row["tick"], row["from"], row["to"], KIND[row["kind"]], row["dollars"]) for row in moved]


def test_by_hand() -> None:
    """Agent 0 passes task 0 and fails task 1; a quarter of what it earned waits until the second task has closed."""
    world = make_world(2, 1, success=[[True], [False]], cost=0.0, cost_belief=0.5, duration=[[1], [3]])
    play = Play(world, with_escrow(make_rules(), Escrow(fee=0.125, holdback=0.25)))
    nature, allocator, escrow, agent, principal = range(5)
    assert told(as_rows(play.tables["accounts"])) == [
        (0, principal, escrow, "hold", 1.0),
        (0, allocator, nature, "cost", 0.125),
        (0, principal, escrow, "hold", 1.0),
        (0, allocator, nature, "cost", 0.125),
        (1, escrow, agent, "pay", 0.75),
        (3, escrow, principal, "release", 1.0),
        (3, escrow, agent, "pay", 0.25),
    ]
    assert [row["overhead"] for row in play.clearings] == [0.125, 0.125]


def test_each_principal_has_tasks_of_its_own_to_wait_for_and_nobody_hired_costs_no_fee() -> None:
    """The first principal's second task is never filled, at tick 5; the other's only one ends at tick 1."""
    world = make_world(3, 1, cost=0.0, cost_belief=[0.5, 0.5, 5.0], arrival=[0, 0, 5], principal=[0, 1, 0])
    play = Play(world, with_escrow(make_rules(), Escrow(fee=0.125, holdback=0.5)))
    paid = [(tick, dollars) for tick, _, _, kind, dollars in told(as_rows(play.tables["accounts"])) if kind == "pay"]
    assert paid == [(1, 0.5), (1, 0.5), (1, 0.5), (5, 0.5)]
    assert [row["overhead"] for row in play.clearings] == [0.125, 0.125, 0.0]


def test_a_fine_comes_from_the_agent_and_the_deposit_goes_back() -> None:
    world = make_world(1, 1, success=False, cost=0.0, cost_belief=0.125)
    play = Play(world, with_escrow(make_rules(penalty=0.25), Escrow(holdback=0.25)))
    *_, (_, _, to, kind, returned), (_, source, _, fine, dollars) = told(as_rows(play.tables["accounts"]))
    assert (to, kind, source, fine, dollars) == (4, "release", 3, "fine", 0.25)
    assert returned == play.attempts[0]["pay_success"]


def test_who_waits_for_its_turn_in_vain_is_paid_nothing() -> None:
    """The first of a cascade passes; the deposit of the second goes back as the posting ends."""
    world = make_world(1, 2, cost=0.0, cost_belief=[[0.125, 0.25]])
    play = Play(world, with_escrow(make_rules("cascade"), Escrow(holdback=0.5)))
    assert [row["n_hired"] for row in play.clearings] == [2]
    assert [row["agent"] for row in play.attempts] == [0]
    (_, _, _, _, first), (_, _, _, _, second), *later = told(as_rows(play.tables["accounts"]))
    assert first == play.attempts[0]["payment"]
    principal, agent = 5, 3
    assert later == [
        (1, ESCROW, agent, "pay", 0.5 * first),
        (1, ESCROW, principal, "release", second),
        (1, ESCROW, agent, "pay", 0.5 * first),
    ]


def test_divided_adds_up() -> None:
    chance = np.random.default_rng(1)
    payment = chance.normal(size=50)
    deposit = np.maximum(0.0, payment) + chance.random(50)
    for holdback in (0.0, 0.25, 1.0):
        shares = divided(deposit, payment, holdback)
        np.testing.assert_allclose(sum(shares), deposit, rtol=1e-15)
        assert min(share.min() for share in shares) >= 0.0
        np.testing.assert_allclose(shares.held_back * (1.0 - holdback), shares.released * holdback, atol=1e-15)


@tried(48)
@given(data=st.data(), mechanism=st.sampled_from(examples()))
def test_it_equals_the_naive_market(data: st.DataObject, mechanism: Mechanism) -> None:
    world = data.draw(worlds())
    rule = with_escrow(data.draw(accounted(data.draw(rules(mechanism)), world)), data.draw(escrows))
    assert_same_rows(rows(simulate(world, rule)), naive_market(world, rule))


@pytest.mark.slow
@tried(20)
@given(data=st.data(), mechanism=st.sampled_from([SecondPrice(), HireAll()]))
def test_both_engines_keep_the_same_escrow(data: st.DataObject, mechanism: Mechanism) -> None:
    pytest.importorskip("numba")
    from sim.compiled.lanes import play_compiled

    world = data.draw(worlds())
    rule = with_escrow(data.draw(accounted(data.draw(rules(mechanism)), world)), data.draw(escrows))
    assert_same_markets(play_compiled, world, replace(rule, advisor=None))


@tried(60)
@given(data=st.data(), mechanism=st.sampled_from(examples()))
def test_deposits_are_released_returned_or_open_at_every_event(data: st.DataObject, mechanism: Mechanism) -> None:
    """And bids and attempts are those of the market without an escrow; so is what everybody has in the end."""
    world = data.draw(worlds())
    rule = replace(data.draw(accounted(data.draw(rules(mechanism)), world)), bankroll=None)
    escrow = data.draw(escrows)
    without, within = simulate(world, rule), simulate(world, with_escrow(rule, escrow))
    for table in ("attempts", "bids"):
        assert as_rows(without[table]).__repr__() == as_rows(within[table]).__repr__()
    hires = without["clearings"]["n_hired"] > 0
    fees = within["clearings"]["overhead"] - without["clearings"]["overhead"]
    np.testing.assert_allclose(fees, escrow.fee * hires, atol=1e-12)
    counts = simulate(world, with_escrow(rule, escrow), detail="auctions")["auctions"]
    counted = (rule.overhead * counts["n_clearings"] + charged(escrow, counts["n_awards"])).sum()
    assert counted == pytest.approx(within["clearings"]["overhead"].sum(), abs=1e-9)  # as a sweep counts it
    ends = [_balances(as_rows(tables["accounts"]), world.n_replications) for tables in (without, within)]
    ends[0][:, :2] = ends[1][:, :2] = 0.0  # nature and allocator: the fees
    np.testing.assert_allclose(ends[1], ends[0], atol=1e-9)
    for replication in range(world.n_replications):
        deposits = released = returned = open_balance = 0.0
        for row in as_rows(within["accounts"]):
            if row["replication"] != replication:
                continue
            kind, into, out = KIND[row["kind"]], row["to"] == ESCROW, row["from"] == ESCROW
            deposits += row["dollars"] * into
            released += row["dollars"] * (out and kind == "pay")
            returned += row["dollars"] * (out and kind == "release")
            open_balance += row["dollars"] * (int(into) - int(out))
            assert kind == "hold" if into else kind in ("pay", "release") if out else kind != "pay"
            assert open_balance >= -1e-9
            assert deposits == pytest.approx(released + returned + open_balance, abs=1e-9)
        assert abs(open_balance) < 1e-9
        paid = without["attempts"]["payment"][without["attempts"]["replication"] == replication]
        assert released == pytest.approx(np.maximum(0.0, paid).sum(), abs=1e-9)


def _balances(moved: list[Row], replications: int) -> np.ndarray:  # type: ignore[type-arg]
    """(R, parties) what each has in the end, less what it began with."""
    found = np.zeros((replications, 40))
    for row in moved:
        found[row["replication"], row["from"]] -= row["dollars"]
        found[row["replication"], row["to"]] += row["dollars"]
    return found


SCENARIO = """
question = "Who holds the money?"
seed = 1
tender = {reserve = 0.8, penalty = 0.0}
market = {escrow = {holdback = 0.25}}
arm = [{name = "x", mechanism = "second_price"}]
[world]
profile = "pool"
tasks = 3
parameters = "point"
arrivals = {every = 1}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[world]", "bidders = {bankroll = 1.0}\n[world]", "holdback: cannot be combined with bidders.bankroll"),
        ("{holdback = 0.25}", '"all"', "market.escrow"),
        ("0.25", "1.25", r"market\.escrow\.holdback"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO.replace(old, new))
    with pytest.raises(ScenarioError, match=said):
        bl.Scenario.load(path)


def test_none_is_no_escrow(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO.replace("{holdback = 0.25}", '"none"'))
    assert bl.Scenario.load(path).arms[0].settings.market.escrow is None
