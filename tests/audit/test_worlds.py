"""The problems of a scenario: whose types, whose draws, against what the market itself does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.auditing.audit import audit
from sim.auditing.deviations import Desk
from sim.auditing.lies import Grid
from sim.auditing.money import truth
from sim.auditing.problem import Problem
from sim.auditing.scenario_problems import scenario_problem
from sim.experiment.execute import execute
from sim.experiment.plan import plan as plan_of
from sim.kit.errors import RunError
from sim.ledger.ledger import Ledger
from sim.scenario.scenario import Scenario, load_scenario
from tests.cli.command import SCENARIO, lay_out

RESERVE = SCENARIO.replace("reserve = 0.8", "reserve = { uniform = [0.2, 1.0] }").replace("value = 1.0", "value = 2.0")
ALONE = RESERVE.replace("[[arm]]", "[market]\nalone = true\n[[arm]]")
SYNTHETIC = """
question = "Which?"
seed = 3
replications = 30
[world]
profile = "marketbench"
parameters = "point"
tasks = 7
[tender]
value = 1.0
reserve = "value"
penalty = 0.0
[[arm]]
name = "x"
mechanism = "second_score"
"""


def loaded(folder: Path, text: str, *overrides: str) -> Scenario:
    return load_scenario(lay_out(folder, text), overrides=list(overrides))


def problems(scenario: Scenario, *sizes: int) -> list[Problem]:
    origin = plan_of(scenario).origin
    return [scenario_problem(scenario, scenario.arms[0], origin, i, sizes) for i in range(len(origin.agents))]


@pytest.mark.parametrize("text", [RESERVE, ALONE, SYNTHETIC], ids=["table", "alone", "profile"])
def test_truth_is_what_the_market_gives(tmp_path: Path, text: str) -> None:
    """Utility at the belief, over screening and other draws, is the mean expected profit in the market's own ledger."""
    scenario = loaded(tmp_path, text, "replications=30")
    plan = plan_of(scenario)
    folder = execute(plan, tmp_path / "o")
    hired, n_tasks = Ledger.read(folder).arm("x").attempts, len(plan.origin.tasks)
    cell = hired["replication"] * n_tasks + hired["task"].cat.codes
    types = 2 * n_tasks if "profile" in text else 0  # cells that a profile keeps for the types
    sizes = max(2, types), 30 * n_tasks - types - n_tasks, n_tasks
    for agent, problem in enumerate(problems(scenario, *sizes)):
        expected = 0.0
        for at in np.flatnonzero((hired["agent"].cat.codes == agent) & (cell >= types)):
            row, place = hired.iloc[at], int(cell.iloc[at]) - types
            draws, place = (problem.screening, place) if place < n_tasks else (problem.draws, place - n_tasks)
            p, c = draws.belief[place, problem.agent], draws.cost[place, problem.agent]
            expected += p * row["pay_success"] + (1 - p) * row["pay_failure"] - c
        few, many = (truth(Desk(problem, draws)) for draws in (problem.screening, problem.draws))
        total = few.belief * len(problem.screening) + many.belief * len(problem.draws)
        assert total == pytest.approx(expected, abs=1e-9)


def test_types_of_a_table_are_its_tasks(tmp_path: Path) -> None:
    first, second = problems(loaded(tmp_path, RESERVE), 400, 40, 10)
    assert (first.who, first.types.belief.tolist(), first.types.cost.tolist()) == ("a", [0.9, 0.8], [0.3, 0.3])
    assert first.types.ability.tolist() == [1.0, 0.0]  # recorded successes
    assert second.types.belief.tolist() == [0.6, 0.7]
    assert len(first.draws) == 40
    assert (first.draws.scale == 2.0).all()
    assert np.isnan(first.draws.notice.reserve).all()
    assert len(np.unique(first.draws.tender.reserve)) == 40


def test_types_and_draws_of_a_profile_are_different_cells(tmp_path: Path) -> None:
    problem = problems(loaded(tmp_path, SYNTHETIC), 10, 40, 6)[0]
    assert (len(problem.types), len(problem.draws), len(problem.screening)) == (10, 40, 6)
    ability = [problem.types.ability, *(d.ability[:, 0] for d in (problem.screening, problem.draws))]
    assert len(np.unique(np.concatenate(ability))) == 56


def test_rivals_are_truthful_whatever_their_policy(tmp_path: Path) -> None:
    plain, loud = (
        problems(loaded(tmp_path, text), 10, 20, 5)[0]
        for text in (SYNTHETIC, SYNTHETIC.replace("[[arm]]", "[bidders]\npolicy = {mark_up = {rate = 0.5}}\n[[arm]]"))
    )
    np.testing.assert_array_equal(plain.draws.ask, loud.draws.ask)
    np.testing.assert_array_equal(plain.draws.claim, plain.draws.belief)


def test_scale_without_a_public_value(tmp_path: Path) -> None:
    sealed = loaded(tmp_path, RESERVE.replace("penalty = 0.0", 'penalty = 0.0\npublic = ["penalty"]'))
    assert (problems(sealed, 10, 20, 5)[0].draws.scale == 2.0).all()
    none = problems(loaded(tmp_path, RESERVE.replace("value = 2.0\n", "")), 10, 20, 5)[0]
    assert 0.2 < none.draws.scale[0] <= 1.0
    found = audit(none, Grid(5, 4))
    assert np.isnan([found.effect.principal, found.effect.welfare]).all() or found.effect.share == 0


def test_agents_that_hardly_bid_are_refused(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, SYNTHETIC, "world.nonresponse=1.0")
    with pytest.raises(RunError, match=r"agent '.*' bids at 0 of the cells drawn"):
        problems(scenario, 10, 20, 5)


def test_two_draws_are_the_fewest(tmp_path: Path) -> None:
    """Seven cells: two types, and four screening draws leave one; three leave two."""
    scenario = loaded(tmp_path, SYNTHETIC)
    with pytest.raises(RunError, match=r"bids at 7 of the cells drawn, too few for 4 screening draws"):
        problems(scenario, 2, 1, 4)
    problem = problems(scenario, 2, 2, 3)[0]
    assert (len(problem.types), len(problem.draws), len(problem.screening)) == (2, 2, 3)


def test_agents_with_processes_of_their_own_are_refused(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, SYNTHETIC, 'bidders.process="honest"')
    with pytest.raises(RunError, match=r"arm '.*': bidders\.process: agents with processes are not audited"):
        problems(scenario, 10, 20, 5)
