"""Arms that send one task to one agent share what came of it, which is paid for once."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from sim.bundled import find_scenario
from sim.experiment.engine import play
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.live.respondents import read_respondents
from sim.live.task_file import read_tasks
from sim.live_market.session import LiveOptions, Session
from sim.market.rules import Rules
from sim.scenario.scenario import load_scenario

ARMS = 16  # those of the scenario that hire one agent by bids or by a record: all but always, hire all and the oracle


@pytest.mark.slow
def test_sixteen_auctions_of_the_recorded_table_share_their_attempts(tmp_path: Path) -> None:
    scenario = load_scenario(find_scenario("marketbench_head_to_head"))
    origin = scenario_origin(scenario)
    prompts = [{"id": name, "prompt": name} for name in origin.tasks]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in prompts))
    lines = "".join(f'[agents."{name}"]\ntable = "marketbench"\n' for name in origin.agents)
    (tmp_path / "respondents.toml").write_text(f'tasks = "tasks.jsonl"\n{lines}')
    who = read_respondents(tmp_path / "respondents.toml")
    tasks = read_tasks(tmp_path / "tasks.jsonl", verified=False)
    others = ("always", "hire all", "outcome oracle")
    arms = [arm for arm in scenario.arms if not arm.name.startswith(others)]
    assert len(arms) == ARMS
    pairs: dict[tuple[int, int], float] = {}  # (task, agent) that some arm hires, and what its attempt costs
    attempts, ledgers = 0, {}
    with Session(who, who.names, tasks, 1, LiveOptions(tmp_path / "a.jsonl", 1000.0)) as asked:
        for arm in arms:
            drawn = arm_world(scenario, arm, origin, 1)
            world = drawn.changed(
                live=True, success=np.zeros_like(drawn.success), cost=np.full(drawn.cost.shape, np.nan)
            )
            ledgers[arm.name] = world, Rules.of(arm.mechanism, arm.settings.terms, world)
            tables = asked.play(*ledgers[arm.name])["attempts"]
            expected = play("market", drawn, Rules.of(arm.mechanism, arm.settings.terms, drawn))["attempts"]
            for name in ("task", "agent", "status", "cost"):
                np.testing.assert_array_equal(tables[name], expected[name])
            at = zip(expected["task"].tolist(), expected["agent"].tolist(), strict=True)
            pairs |= dict(zip(at, expected["cost"].tolist(), strict=True))
            attempts += len(expected["task"])
        bought = [question for question, _ in asked.answers if question.purpose == "work"]
        assert len(bought) == len(pairs) < attempts / 5
        assert asked.answers.spent == pytest.approx(math.fsum(pairs.values()), abs=1e-9)
    with Session(who, who.names, tasks, 1, LiveOptions(tmp_path / "a.jsonl", 0.0, 16, True)) as offline:
        for one in ledgers.values():
            offline.play(*one)
        assert all(offline.calls.meter.of(name).sends == 0 for name in who.names)
