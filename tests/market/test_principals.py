"""Several principals: whose task is whose, whose policy binds, and what a budget lets a principal post."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from analysis.arm import ArmData
from analysis.principals_table import COLUMNS, principals, principals_table
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run, arm_world, scenario_origin
from sim.kit.errors import ScenarioError
from sim.market.simulate import simulate
from sim.scenario.scenario import Scenario, load_scenario
from tests.market.play import Play, ledger_of
from tests.statistics import assert_mean
from tests.worlds import make_rules, make_world

TASKS = """
question = "who gets whose money?"
seed = 5
replications = 400
[world]
profile = "marketbench"
tasks = 25
parameters = "point"
sigma_u = 1.0
[tender]
value = 1.0
reserve = "value"
penalty = 0.0
[[tender.principals]]
name = "lab"
share = 1
value = { uniform = [0.5, 1.5] }
[[tender.principals]]
name = "firm"
share = 3
reserve = { share_of_value = 0.5 }
penalty = 0.25
budget = 2.0
[[arm]]
name = "second"
mechanism = "second_price"
"""


def scenario(folder: Path, text: str = TASKS, *overrides: str) -> Scenario:
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path, overrides=overrides)


def test_tasks_are_dealt_in_proportion_and_each_principal_has_its_own_policy(tmp_path: Path) -> None:
    of = scenario(tmp_path)
    world = arm_world(of, of.arms[0], scenario_origin(of))
    assert world.principals == ("lab", "firm")
    firm = world.owner == 1
    assert_mean(firm.mean(axis=1), 0.75)
    assert (world.value[firm] == 1.0).all()
    assert (world.reserve[firm] == 0.5).all()
    np.testing.assert_array_equal(world.reserve[~firm], world.value[~firm])
    assert_mean(world.value[~firm], 1.0)


def test_a_principals_law_changes_its_own_tasks_alone(tmp_path: Path) -> None:
    of = scenario(tmp_path)
    other = scenario(tmp_path, TASKS.replace("uniform = [0.5, 1.5]", "exponential = 2.0"))
    one, two = (arm_world(each, each.arms[0], scenario_origin(each)) for each in (of, other))
    np.testing.assert_array_equal(one.owner, two.owner)
    firm = one.owner == 1
    np.testing.assert_array_equal(one.value[firm], two.value[firm])
    assert (one.value[~firm] != two.value[~firm]).all()
    np.testing.assert_array_equal(one.success, two.success)
    # Without principals the same draws are everybody's.
    everybody = TASKS.replace("value = 1.0", "value = { uniform = [0.5, 1.5] }")
    alone = scenario(tmp_path, everybody[: everybody.index("[[tender")] + everybody[everybody.index("[[arm") :])
    whole = arm_world(alone, alone.arms[0], scenario_origin(alone))
    np.testing.assert_array_equal(whole.value[~firm], one.value[~firm])


def test_ledger_and_tables_of_a_run_name_the_principals(tmp_path: Path) -> None:
    folder = execute(plan(scenario(tmp_path, TASKS, "replications=20")), tmp_path / "run")
    run = Run.open(folder)
    clearings = run.ledger.clearings
    assert list(clearings["principal"].cat.categories) == ["lab", "firm"]
    world = run.world(run.scenario.arms[0])
    at = clearings["replication"].to_numpy(), clearings["task"].cat.codes.to_numpy()
    np.testing.assert_array_equal(clearings["principal"].cat.codes, world.owner[at])
    np.testing.assert_array_equal(clearings["penalty"], np.where(clearings["principal"] == "firm", 0.25, 0.0))
    assert run.scenario.arms[0].settings.tender.principals[1].budget == 2.0  # type: ignore[index]
    spent = run.ledger.attempts.merge(clearings[["replication", "task", "posting", "principal"]])
    by = spent.groupby(["replication", "principal"], observed=True)["payment"].sum()
    assert by.xs("firm", level="principal").max() <= 2.0
    assert (clearings.loc[clearings["closed"] == "no budget", "principal"] == "firm").all()
    assert (clearings["closed"] == "no budget").any()


def test_budget_is_read_at_the_clearing_less_paid_and_less_what_may_yet_be_paid() -> None:
    """Budget 1, reserve .5, one task a tick, attempts of two ticks that are paid .25.

    t0 and t1 may take .25 each, so .5 is left for t2; with t2 running too, .25 is free for t3: withdrawn. t4 clears
    when the three have ended, t0 failed: 1 - .25 - .25 = .5 covers it; t5 finds .25 and is withdrawn.
    """
    world = make_world(
        6, 1, arrival=[0, 0, 1, 1, 3, 4], reserve=0.5, belief=1.0, cost_belief=0.25, duration=2,
        success=[[False], [True], [True], [True], [True], [True]],
    )  # fmt: skip
    played = Play(world, make_rules(budgets=(1.0,), bid_cost=0.125, postings=2, exclude="none", repost_delay=99))
    first = [row["closed"] for row in played.clearings if row["posting"] == 0]
    assert first == ["reposted", "solved", "solved", "no budget", "solved", "no budget"]
    assert played.outcomes(3) == ["withdrawn"]
    assert all(row["bid_cost"] == 0.0 for row in played.bids if row["outcome"] == "withdrawn")
    assert [row["task"] for row in played.clearings if row["posting"] == 1] == [0]


def test_penalties_refill_a_budget() -> None:
    """.5 covers the first task; the agent fails and pays .5, so that 1 is there for the second at a reserve of 1."""
    world = make_world(
        2, 1, arrival=[0, 1], reserve=[0.5, 1.0], belief=1.0, cost_belief=0.25, success=[[False], [True]]
    )
    told = {penalty: Play(world, make_rules(budgets=(0.5,), penalty=penalty)).closed()[1][3] for penalty in (0.0, 0.5)}
    assert told == {0.0: "no budget", 0.5: "solved"}


def test_principals_do_not_share_a_budget() -> None:
    world = make_world(4, 1, arrival=[0, 2, 4, 6], principal=[0, 0, 1, 1], belief=1.0, cost_belief=0.5, reserve=0.5)
    played = Play(world, make_rules(budgets=(0.5, math.inf)))
    assert [row["closed"] for row in played.clearings] == ["solved", "no budget", "solved", "solved"]


def test_rule_that_hires_several_may_spend_beyond_a_budget_and_is_told_so() -> None:
    world = make_world(1, 3, replications=2, reserve=0.5, belief=1.0, cost_belief=0.25)
    rule = make_rules("hire_all", budgets=(0.5,))
    arm = ArmData.build("a", "hire_all", world, ledger_of(world, simulate(world, rule)), False, budgets=rule.budgets)
    (found,) = principals(arm)
    assert (float(found["spent"].value), float(found["over_budget_rate"].value)) == (1.5, 1.0)


def test_principals_table_against_a_loop_over_the_rows() -> None:
    stream = np.random.default_rng(2)
    world = make_world(
        9, 2, arrival=np.arange(9), replications=3, principal=np.arange(9) % 2, belief=1.0, cost_belief=0.25,
        success=stream.random((9, 2)) < 0.5, value=2.0, reserve=0.5,
    )  # fmt: skip
    rule = make_rules("second_price", budgets=(0.5, 0.5), overhead=0.125)
    ledger = ledger_of(world, simulate(world, rule))
    arm = ArmData.build("arm", "second_price", world, ledger, False, budgets=rule.budgets, rules=rule)
    table = principals_table([arm])
    assert list(table.columns) == list(COLUMNS)
    for name, row in table.set_index("principal").iterrows():
        cleared = ledger.clearings[ledger.clearings["principal"] == name]
        mine = ledger.attempts[ledger.attempts["task"].isin(cleared["task"].unique())]
        value = 2.0 * mine[mine["success"]].groupby(["replication", "task"], observed=True).ngroups
        assert row["tasks"] == len(cleared)
        assert row["spent"] == pytest.approx(mine["payment"].sum() / 3)
        assert row["payment"] == pytest.approx(mine["payment"].sum() / len(cleared))
        assert row["solve_rate"] == pytest.approx(value / 2.0 / len(cleared))
        assert row["surplus"] == pytest.approx((value - mine["payment"].sum()) / len(cleared) - 0.125)
        assert row["no_budget_rate"] == pytest.approx((cleared["closed"] == "no budget").mean())
        assert row["no_budget_rate"] > 0
        assert row["over_budget_rate"] == 0
        own = world.success[0, [int(t[1:]) for t in cleared["task"].unique()], :, 0].sum(axis=1)
        assert row["solver_average"] == pytest.approx(own.mean() / 2)
        assert row["useful_rate"] == 0  # of two runs no number is 1 and fewer than half
        assert row["spent_se_mc"] == 0  # three copies of one replication
        assert row["spent_se"] != row["spent_se"]  # a budget couples its tasks: five replications at least


def test_arms_without_budget_and_principals_have_no_such_table() -> None:
    world = make_world(2, 1)
    arm = ArmData.build("a", "x", world, ledger_of(world, simulate(world, make_rules())), False)
    assert principals_table([arm]).empty


RECORDED = """
question = "whose tasks are they?"
seed = 1
[world]
table = "t.csv"
[world.columns]
agent = "agent"
task = "task"
claim = "claim"
success = "success"
cost = "cost"
cost_belief = "cost"
principal = "whose"
[tender]
value = 1.0
reserve = "value"
penalty = 0.0
[[tender.principals]]
name = "firm"
[[tender.principals]]
name = "lab"
[[arm]]
name = "a"
mechanism = "first_price"
"""
ROWS = "agent,task,claim,success,cost,whose\nx,t0,0.5,1,0.1,lab\nx,t1,0.5,1,0.1,firm\nx,t2,0.5,1,0.1,lab\n"


def test_recorded_table_says_whose_its_tasks_are(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(ROWS)
    of = scenario(tmp_path, RECORDED)
    assert arm_world(of, of.arms[0], scenario_origin(of)).owner.tolist() == [[1, 0, 1]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "lab"', 'name = "lap"'), r"no principal 'lab' in tender.principals .*did you mean 'lap'.*firm, lap"),
        (('name = "lab"', 'name = "lab"\nshare = 2.0'), r"share: has no meaning where world.columns.principal"),
        (('[[tender.principals]]\nname = "firm"\n[[tender.principals]]\nname = "lab"\n', ""), r"state \[\[tender"),
    ],
)
def test_table_and_scenario_that_disagree_are_refused(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    (tmp_path / "t.csv").write_text(ROWS)
    of = scenario(tmp_path, RECORDED.replace(*change))
    with pytest.raises(ScenarioError, match=told):
        arm_world(of, of.arms[0], scenario_origin(of))
