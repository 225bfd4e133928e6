"""Cells made from the parts that a swept key changes are those that reading each cell's file anew gives."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from sim.bundled import find_scenario, markets
from sim.experiment.cell import Cells, cell_raw
from sim.kit.errors import ScenarioError
from sim.scenario.axes import levels
from sim.scenario.given import scenario_of
from sim.scenario.scenario import Scenario, resolve
from sim.scenario.varied import Varied

SWEPT = [name for name in markets() if "[sweep]" in find_scenario(name).read_text()]
TWO = {
    "question": "Which?",
    "seed": 1,
    "replications": 20,
    "world": {"profile": "marketbench", "parameters": "point", "tasks": 3, "agents": {"*": {"cost_ratio": 1.0}}},
    "tender": {"value": 1.0, "reserve": 1.0, "penalty": 0.0},
    "bidders": {"policy": "truthful"},
    "arm": [
        {"name": "one", "mechanism": "first_price"},
        {"name": "same", "mechanism": "second_price"},
        {"name": "own penalty", "mechanism": "second_price", "tender": {"penalty": 2.0}},
        {"name": "own agents", "mechanism": "second_price", "world": {"agents": {"*": {"cost_ratio": 2.0}}}},
        {"name": "two", "mechanism": {"second_score": {"score": ["qV-a", "q(V-a)"]}}, "market": {"window": 1}},
    ],
}
SWEEPS: list[dict[str, Any]] = [
    {"tender.penalty": [0, 1.0, 2.0]},
    {'world.agents."*".cost_ratio': [0.5, 1.0], "tender.reserve": [0.5, {"uniform": [0, 1]}]},
    {"world.agents.gemini-3-pro.overconfidence": [0.0, 1.0], "standing.expected_cost": ["actual", {"fixed": 0.5}]},
    {"tender.value": [1.0, 2.0], "tender.penalty": [0.0, 1.0], "zip": [["tender.value", "tender.penalty"]]},
    {"bidders.policy": ["truthful", {"mark_up": {"rate": 0.1}}], "market.capacity": [1, 2]},
    {"world.sigma_u": [0.0, 1.0]},
]


def swept(sweep: dict[str, Any], **more: Any) -> Scenario:
    return scenario_of({**TWO, **more, "sweep": sweep})


def alike(scenario: Scenario, most: int = 12) -> None:
    assert scenario.path is not None
    maker = Cells(scenario)
    for number, parameters in itertools.islice(enumerate(levels(scenario.factors)), most):
        cell = maker.cell(number, parameters)
        anew = resolve(scenario.path, cell_raw(scenario.written, parameters))
        made = cell.scenario
        assert cell.arms == made.arms == anew.arms
        assert [arm.settings.spec.key for arm in cell.arms] == [arm.settings.spec.key for arm in anew.arms]
        assert made.resolved == anew.resolved
        assert made.written == anew.written
        assert made.digest() == anew.digest()


LARGEST = "payment_rules"


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n == LARGEST else []) for n in SWEPT])
def test_cells_of_bundled_scenarios(name: str) -> None:
    alike(Scenario.load(find_scenario(name)))


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: " x ".join(sweep))
def test_cells_of_any_key(sweep: dict[str, Any]) -> None:
    scenario = swept(sweep)
    alike(scenario)
    keys = [key for factor in scenario.factors for key in factor.keys]
    assert Varied(scenario, keys).at(levels(scenario.factors)[-1]) is not None


def test_cells_in_panels() -> None:
    alike(swept({"tender.penalty": [0.0, 1.0]}, world={**TWO["world"], "sigma_u": [0.0, 1.0]}))  # type: ignore[dict-item]


def test_arms_that_differ_in_their_rule_alone_share_their_settings() -> None:
    scenario = swept({"tender.penalty": [0.0, 1.0]})
    cell = Cells(scenario).cell(1, levels(scenario.factors)[1])
    one, same, own_penalty, own_agents, two, third = (arm.settings for arm in cell.arms)
    assert one is same
    assert two is third
    assert own_penalty is scenario.arms[2].settings
    assert one.world is two.world
    assert own_agents.tender.penalty == 1.0


@pytest.mark.parametrize(
    ("key", "values", "fault"),
    [
        ("tender.penalty", [0.0, -1.0], "cell 1 (tender.penalty = -1.0): tender.penalty: must be >= 0"),
        ("tender.postings", [1, 2], "cell 1 (tender.postings = 2): "),  # exclude must be stated
        ("standing.reputation", ["none", "agent_economy"], "world.arrivals must be stated where standing is learned"),
        ("tender.reserve.uniform", [[0, 1]], "holds 1.0, no table"),
    ],
)
def test_what_is_not_valid_is_said_as_ever(key: str, values: list[Any], fault: str) -> None:
    scenario = swept({key: values})
    parameters = levels(scenario.factors)[-1]
    assert Varied(scenario, [key]).at(parameters) is None
    with pytest.raises(ScenarioError) as error:
        Cells(scenario).cell(len(values) - 1, parameters)
    assert fault in str(error.value)


def test_what_arms_override_decides_the_hash_of_a_sweep() -> None:
    from sim.experiment.plan import plan_sweep

    sweep = {"tender.penalty": [0.0, 1.0]}
    own = [{**arm, "tender": {"penalty": 0.0}} if arm["name"] == "one" else arm for arm in TWO["arm"]]  # type: ignore[attr-defined, index]
    one, other = plan_sweep(swept(sweep)), plan_sweep(swept(sweep, arm=own))
    assert one.scenario.digest() == other.scenario.digest()
    assert one.digest != other.digest
