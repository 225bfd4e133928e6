"""Inspection: what is accepted, what it costs whom, when it pays, and who refuses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import load
from sim.compiled.lanes import play_compiled
from sim.kit.arrays import Status
from sim.kit.draws import derived
from sim.kit.errors import MarketError, ScenarioError
from sim.ledger.ledger import KIND
from sim.market.accounts import ALLOCATOR, NATURE
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.specs.settings import Inspection, MarketSpec
from tests.market.compare import as_rows, assert_same_rows, rows
from tests.market.play import Play
from tests.reference_market import naive_market
from tests.sweep.scenes import plan_of, run, write
from tests.tried import tried_on_each
from tests.worlds import accounted, changed, each_example, make_rules, make_world, rules, worlds

PASS, FAIL, INFRA = int(Status.PASS), int(Status.FAIL), int(Status.INFRA)
ACCEPTED, LOOKED_AT = 0.2, 0.5  # lotteries whose draws for inspection lie on either side of one half


def inspected(rate: float, cost: float = 0.25, harm: float = 0.5) -> MarketSpec:
    return MarketSpec(inspection=Inspection(rate=rate, cost=cost, harm=harm))


def test_by_hand() -> None:
    """Of four failures and a success one failure is lost; half the others happen to be looked at."""
    lottery = np.array([[[ACCEPTED]], [[LOOKED_AT]], [[ACCEPTED]], [[LOOKED_AT]], [[ACCEPTED]]])
    assert (derived(lottery, "inspection").ravel() < 0.5).tolist() == [False, True, False, True, False]
    world = make_world(
        5,
        1,
        success=[[False], [False], [True], [True], [False]],
        infra=[[False], [False], [False], [False], [True]],
        lottery=np.repeat(lottery, 4, axis=1),
    )
    play = Play(world, make_rules(market=inspected(0.5), penalty=0.0))
    found = [(row["status"], row["success"], row["inspection"], row["harm"]) for row in play.attempts]
    assert found == [
        ("PASS", False, 0.0, 0.5),  # accepted
        ("FAIL", False, 0.25, 0.0),  # found out
        ("PASS", True, 0.0, 0.0),
        ("PASS", True, 0.25, 0.0),
        ("INFRA", False, 0.0, 0.0),  # claims nothing
    ]
    assert [row["payment"] > 0 for row in play.attempts] == [True, False, True, True, False]
    moved = as_rows(play.tables["accounts"])
    taken = [(row["task"], row["dollars"]) for row in moved if row["from"] == ALLOCATOR]
    assert taken == [(1, 0.25), (3, 0.25)]
    assert {(row["to"], KIND[row["kind"]]) for row in moved if row["from"] == ALLOCATOR} == {(NATURE, "cost")}


@pytest.mark.parametrize("mechanism", each_example())
@tried_on_each(20)
@given(data=st.data())
def test_it_equals_the_naive_market(mechanism: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds())
    rule = data.draw(accounted(data.draw(rules(mechanism)), world))
    asked = inspected(data.draw(st.sampled_from([0.0, 0.3, 1.0])), harm=data.draw(st.sampled_from([0.0, 0.5])))
    if not mechanism.capabilities.takes_menu:
        rule = changed(rule, inspection=asked.inspection, plans=None)
    assert_same_rows(rows(simulate(world, rule)), naive_market(world, rule))


@pytest.mark.parametrize("mechanism", ["second_price", "hire_all"])
def test_to_look_at_everything_for_nothing_is_the_market_without_it(mechanism: str) -> None:
    world = make_world(3, 3, success=[[True, False, True]] * 3, verified=[[True, True, False]] * 3, cost_belief=0.25)
    without, looking = (
        rows(simulate(world, make_rules(mechanism, market=market)))
        for market in (MarketSpec(), inspected(1.0, 0.0, 0.0))
    )
    assert_same_rows(looking, without)


ARMS = """
[[arm]]
name = "accept"
mechanism = "second_price"
market = {inspection = {rate = 0.0, cost = COST, harm = 0.4}}

[[arm]]
name = "inspect"
mechanism = "second_price"
market = {inspection = {rate = 1.0, cost = COST, harm = 0.4}}
"""
WORLD = """
question = "Does inspection pay?"
seed = 3
replications = 20

[world]
profile = "pool"
tasks = 40
pool_size = 6
parameters = "point"
verifier = {false_pass = 0.25, false_fail = 0.0}

[tender]
value = 1.0
reserve = 0.8
penalty = 0.0
"""


def arms(tmp_path: Path, cost: float) -> Any:
    path = tmp_path / f"{cost}.toml"
    path.write_text(WORLD + ARMS.replace("COST", repr(cost)))
    return bl.run(path)


def attempts(run: Any, arm: str) -> Any:
    return run.attempts[run.attempts["arm"] == arm]


@pytest.mark.slow
def test_it_pays_where_its_cost_lies_below_f_s_harm(tmp_path: Path) -> None:
    """Welfare per auction rises by the failures found x harm - the cost of looking, to the last digit."""
    free = arms(tmp_path, 0.0)
    accept, found = (attempts(free, name) for name in ("accept", "inspect"))
    f, caught = (~accept["success"]).mean(), (found["status"] == "FAIL").sum()
    s = caught / (~found["success"]).sum()
    assert 0.1 < f < 0.9
    assert abs(s - 0.75) < 0.1
    flip = float(f * s * 0.4)
    for cost, sign in ((0.95 * flip, 1.0), (1.05 * flip, -1.0)):
        run = arms(tmp_path, cost)
        table = run.summary.set_index("arm")
        gain = table.loc["inspect", "welfare"] - table.loc["accept", "welfare"]
        assert gain == pytest.approx(len(accept) / table.loc["accept", "tasks"] * (flip - cost), abs=1e-12)
        assert np.sign(gain) == sign
        paid = attempts(run, "accept")["payment"].sum() - attempts(run, "inspect")["payment"].sum()
        more = table.loc["inspect", "surplus"] - table.loc["accept", "surplus"] - gain
        assert more == pytest.approx(paid / table.loc["accept", "tasks"], abs=1e-12)


@pytest.mark.slow
def test_a_sweep_of_its_rate_adds_up_the_same(tmp_path: Path) -> None:
    swept = (
        '[sweep]\n"market.inspection" = [{rate = 0.0, cost = 0.1, harm = 0.4}, {rate = 1.0, cost = 0.1, harm = 0.4}]\n'
    )
    arm = '\n[[arm]]\nname = "x"\nmechanism = "second_price"\n'
    folder = run(plan_of(write(tmp_path, WORLD + arm, swept)), tmp_path / "o")
    table = load(folder).set_index(["cell", "metric"])["value"]
    summary = arms(tmp_path, 0.1).summary.set_index("arm")
    for cell, name in enumerate(("accept", "inspect")):
        for metric in ("welfare", "surplus", "inspection", "harm", "payment"):
            assert table.loc[cell, metric] == pytest.approx(summary.loc[name, metric], rel=1e-12), (name, metric)


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match=r"market\.inspection: a status is what the verifier says"):
        play_compiled(make_world(1, 1), make_rules(market=inspected(0.5)))
    planned = WORLD + ARMS.replace("COST", "0.1").replace('"second_price"', '"production_plans"')
    path = tmp_path / "s.toml"
    path.write_text(planned + "\n[bidders]\nplans = {budgets = [0.1, inf], cost_sd = 0.5}\n")
    with pytest.raises(ScenarioError, match=r"market\.inspection: cannot be combined with bidders\.plans"):
        bl.run(path)
