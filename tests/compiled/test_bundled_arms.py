"""Every arm of every bundled scenario is compiled, but for markets that only processes play."""

from __future__ import annotations

import pytest

from sim.bundled import markets
from sim.compiled.refusal import refusal
from sim.compiled.trace import UntraceableError
from sim.compiled.trace.tracing import trace_part
from sim.compiled.traced_parts import parts_of
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.market.rules import Rules
from sim.scenario.scenario import load_scenario
from tests.bundled_kinds import SIMULATED


@pytest.mark.slow
@pytest.mark.parametrize("name", SIMULATED)
def test_parts_of_all_arms_are_traced(name: str) -> None:
    scenario = load_scenario(markets()[name], replications=20)
    origin, untraced = scenario_origin(scenario), []
    for arm in scenario.arms:
        world = arm_world(scenario, arm, origin)
        rules = Rules.of(arm.mechanism, arm.settings.terms, world)
        if refusal(rules) is not None:
            continue
        for part, one in parts_of(rules, world).items():
            try:
                trace_part(one.run, one.given, one.made, world.n_agents)
            except UntraceableError as error:
                untraced.append(f"{arm.name}, {part}: {error}")
    assert untraced == []
