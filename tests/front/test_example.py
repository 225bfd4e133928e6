"""The ten lines that open the documentation, as they stand there, at the numbers of the command."""

from __future__ import annotations

from typing import Any

import bidlab as bl
import numpy as np
import pytest
from matplotlib.figure import Figure

import sim.experiment.run_folder
from sim.experiment.plan import plan


class Patient(bl.Agent):
    """Waits three ticks, which here is past the clearing."""

    def bid(self, notice: Any) -> Any:
        yield self.wait(3)
        return self.honest()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(first, count) of the replications of every World that is drawn from a scenario."""
    found: list[tuple[int, int]] = []
    draw = sim.experiment.run_folder.draw_base

    def counted(spec: Any, origin: Any, seed: int, count: int, first: int = 0) -> Any:
        found.append((first, count))
        return draw(spec, origin, seed, count, first)

    monkeypatch.setattr(sim.experiment.run_folder, "draw_base", counted)
    return found


@pytest.mark.slow
def test_the_ten_lines(drawn: list[tuple[int, int]]) -> None:
    """marketbench_head_to_head has two Worlds; each is drawn once, and once of one replication to be checked."""
    run = bl.run("marketbench_head_to_head", replications=20)
    assert run.summary.set_index("arm").loc["second price", "welfare"] == pytest.approx(0.691, abs=5e-4)
    gaps = run.differences(baseline="always gpt-5-mini").set_index("arm")
    assert np.round(
        gaps.loc["second price", ["welfare", "welfare_low", "welfare_high"]].to_numpy(float), 3
    ).tolist() == [
        -0.03,
        -0.069,
        0.01,
    ]
    assert isinstance(run.figure("arms", width="column"), Figure)
    assert drawn == [(0, 1)] * 2 + [(0, 20)] * 2

    world = bl.World.recorded("marketbench", seed=1)
    bids = bl.Market(world, bl.SecondPrice(), agents={"gpt-5-mini": Patient()}).run().bids
    assert len(bids) == 93 * 6
    late = bids.loc[bids["agent"] == "gpt-5-mini", "outcome"]
    assert (late == "late").all()


def test_plan_draws_one_replication_of_each_world_and_no_more(drawn: list[tuple[int, int]]) -> None:
    scenario = bl.Scenario.load("marketbench_head_to_head")
    assert len(scenario.arms) == 25
    plan(scenario)
    assert drawn == [(0, 1)] * 2
