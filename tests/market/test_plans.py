"""Production plans in a market: what a budget does to an attempt, and scenarios that state them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from analysis.report import arms_of
from sim.agents.production import Plans
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.explain.explain import explain
from sim.kit.errors import ScenarioError
from sim.mechanisms.plans import ProductionPlans
from sim.scenario.scenario import load_scenario
from tests.market.play import Play
from tests.worlds import make_rules, make_world

SCENARIO = """
question = "Is a menu worth more than one claim?"
source = "a test"
seed = 1
replications = 2

[world]
table = "table.csv"
columns = {agent = "agent", task = "task", claim = "claim", cost_belief = "cost_belief", cost = "cost", success = "y"}

[tender]
value = 1.0
reserve = 1.0
penalty = 0.0

[[arm]]
name = "one bid"
mechanism = "production_plans"

[[arm]]
name = "menu"
mechanism = "production_plans"
bidders = { plans = { budgets = [0.1, 0.5, inf], cost_sd = 2.0 } }
"""
TABLE = "agent,task,claim,cost_belief,cost,y\na,t0,0.5,0.4,0.6,1\nb,t0,0.45,0.4,0.05,1\n"


def played(budgets: tuple[float, ...], **world: Any) -> dict[str, Any]:
    """The one attempt of a market in which a try takes 8 ticks and costs .4; the agent expects that, surely."""
    told = Play(
        make_world(1, 1, **({"belief": 0.75, "cost_belief": 0.25, "cost": 0.4, "duration": 8} | world)),
        make_rules(ProductionPlans(), plans=Plans(budgets, 0.0)),
    )
    (row,) = told.attempts
    return row


def test_an_attempt_that_would_cost_more_is_stopped_and_fails() -> None:
    row = played((0.25,))
    keys = ("status", "success", "cost", "budget", "finish", "payment")
    assert [row[key] for key in keys] == ["FAIL", False, 0.25, 0.25, 5, row["pay_failure"]]


def test_an_attempt_within_its_budget_goes_as_it_would_have_gone() -> None:
    row = played((0.5,))
    assert [row[key] for key in ("status", "success", "cost", "budget", "finish")] == ["PASS", True, 0.4, 0.5, 8]


def test_no_limit_leaves_no_budget_in_the_ledger() -> None:
    row = played((math.inf,))
    assert [row[key] for key in ("status", "cost", "finish")] == ["PASS", 0.4, 8]
    assert math.isnan(row["budget"])


def test_an_attempt_lost_to_the_system_stays_lost() -> None:
    row = played((0.25,), infra=True)
    assert [row[key] for key in ("status", "success", "cost", "payment")] == ["INFRA", False, 0.25, 0.0]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "menus.toml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    return Run.open(execute(plan(load_scenario(tmp_path / "menus.toml")), tmp_path / "run"))


def test_one_world_with_and_without_menus(run: Run) -> None:
    """Without a menu a is tried to the end; with one, a wins on the plan with the most q(b) V - a(b)."""
    attempts = run.ledger.attempts
    one, menu = (
        attempts[(attempts["arm"] == arm) & (attempts["replication"] == 0)].iloc[0] for arm in ("one bid", "menu")
    )
    assert (one["agent"], one["claim"], one["ask"], one["cost"]) == ("a", 0.5, 0.4, 0.6)
    assert math.isnan(one["budget"])
    assert (menu["agent"], menu["budget"]) == ("a", 0.5)
    assert (menu["status"], menu["cost"]) == ("FAIL", 0.5)
    expected = Plans((0.5,), 2.0).menu(*(run.ledger.bids[["ask", "claim"]].to_numpy()[:1].T))
    assert (menu["claim"], menu["ask"]) == (expected.claim[0, 0], expected.ask[0, 0])


def test_expected_profit_is_that_of_the_plan(run: Run) -> None:
    """At the truth: q(b) V - a(b) - bar, on the contingent contract."""
    arm = arms_of(run)[1]
    rows = run.ledger.arm("menu").attempts
    q, cost = rows["claim"].iloc[0], rows["ask"].iloc[0]
    bar = -rows["pay_failure"].iloc[0]
    assert arm.expected[0, 0, 0] == pytest.approx(q - cost - bar)


def test_explain_tells_the_budget(run: Run) -> None:
    (posting,) = explain(run, "t0", arm_name="menu").postings
    assert posting.decision[0].endswith("on failure; it is stopped at $0.5000")
    assert posting.bids[0].score == pytest.approx(sum(posting.bids[0].terms.values()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[0.1, 0.5, inf]", "[0.5, 0.1]"), r"plans\.budgets"),
        (("[0.1, 0.5, inf]", "[]"), r"plans\.budgets"),
        (("[0.1, 0.5, inf]", "[0.0, 0.1]"), r"plans\.budgets"),
        (("[0.1, 0.5, inf]", '["a"]'), r"plans\.budgets"),
        (("cost_sd = 2.0", "cost_sd = -1.0"), r"plans\.cost_sd"),
        (("} }", "}, on_retry = { update = { spread = 1.0 } } }"), r"no evidence"),
    ],
)
def test_bad_plans_are_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    (tmp_path / "menus.toml").write_text(SCENARIO.replace(*change), encoding="utf-8")
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        load_scenario(tmp_path / "menus.toml")


def test_a_rule_that_takes_no_menu_refuses_plans(tmp_path: Path) -> None:
    text = SCENARIO.replace('"menu"\nmechanism = "production_plans"', '"menu"\nmechanism = "second_price"')
    (tmp_path / "menus.toml").write_text(text, encoding="utf-8")
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"bidders\.plans: second_price takes no menu"):
        execute(plan(load_scenario(tmp_path / "menus.toml")), tmp_path / "run")
