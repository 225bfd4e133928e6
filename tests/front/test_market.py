"""Worlds and markets without a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from sim.bundled import find_table
from sim.kit.errors import ScenarioError, TableError
from tests.cli.command import HEADER, ROWS


def test_market_plays_as_the_scenario_does() -> None:
    stated = {
        "standing": {"expected_cost": {"record": "redrawn", "tasks": 92}},
        "tender": {"value": 1.0, "reserve": "value"},
    }
    arms = {"x": {"mechanism": bl.SecondPrice(), "tender": {"penalty": 0.5}}}
    scenario = bl.Scenario.load("marketbench_head_to_head")
    world = {key: value for key, value in scenario.written["world"].items() if key in ("columns", "arrivals", "order")}
    tender = stated["tender"] | {"penalty": 0.0}
    run = bl.run(
        bl.Scenario.of(
            question="Same?",
            seed=3,
            world={**world, "table": str(find_table("marketbench").resolve())},
            tender=tender,
            arms=arms,
        )
    )
    held = bl.World.recorded("marketbench", seed=3, arrivals={"every": 1}, order="shuffled")
    played = bl.Market(held, bl.SecondPrice(), penalty=0.5).run()
    for table in ("attempts", "bids", "clearings"):
        ours, theirs = (getattr(one, table).drop(columns="arm") for one in (played, run))
        pd.testing.assert_frame_equal(ours, theirs)
    names = ["solve_rate", "welfare", "surplus", "payment"]
    assert played.summary[names].equals(run.summary[names])
    assert "second_price" in repr(played)


def test_a_frame_is_the_table_it_was_read_from(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(HEADER + ROWS)
    columns = {"cost_belief": "belief"}
    one = bl.World.recorded(tmp_path / "t.csv", columns, seed=2, replications=3)
    two = bl.World.from_frame(pd.read_csv(tmp_path / "t.csv"), columns, seed=2, replications=3)
    assert (one.agents, one.tasks) == (two.agents, two.tasks)
    assert all(
        np.array_equal(getattr(one, name), getattr(two, name)) for name in ("belief", "cost", "success", "lottery")
    )
    with pytest.raises(TableError, match="frame: no column for success"):
        bl.World.from_frame(pd.DataFrame({"agent": ["a"], "task": ["t"], "claim": [0.5], "cost": [1.0]}))
    with pytest.raises(TableError, match="frame: row 1: claim must be a number in"):
        bl.World.from_frame(
            pd.DataFrame(
                {"agent": ["a"], "task": ["t"], "claim": [1.5], "success": [1], "cost": [0.1], "cost_belief": [0.1]}
            )
        )


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"penatly": 1.0}, "penatly: cannot be given here .did you mean 'penalty'"),
        ({"reserve": 0.5}, "reserve: cannot be given here"),
        ({"postings": 3, "exclude": "failed"}, "postings = 3: the World was drawn without it"),
        ({"advice": {"record": "split"}}, "advice: the World was drawn without it"),
        ({"capacity": 0.5}, "market.capacity: must be a whole number"),
        ({"market": 3}, "market: must be a dict of its keys; got 3"),
    ],
)
def test_what_a_market_cannot_be_given(settings: dict[str, Any], error: str) -> None:
    world = bl.World.drawn("marketbench", tasks=3, seed=1)
    with pytest.raises(ScenarioError, match=error):
        bl.Market(world, bl.SecondPrice(), **settings)


def test_what_is_drawn_with_the_world_can_be_used() -> None:
    world = bl.World.drawn(tasks=6, seed=1, replications=2, postings=3, exclude="failed", value=2.0, reserve=1.0)
    played = bl.Market(world, bl.SecondPrice(), postings=3, exclude="failed").run()
    assert set(played.clearings["reserve"]) == {1.0}
    assert played.clearings["posting"].max() > 0


def test_beliefs_follow_failures_where_the_world_was_drawn_so() -> None:
    stated = {"postings": 3, "exclude": "none", "on_retry": "update"}
    world = bl.World.drawn(tasks=6, seed=1, value=2.0, reserve=1.0, **stated)
    again = bl.Market(world, bl.SecondPrice(), **stated).run().bids.query("posting > 0")
    assert len(again)
    with pytest.raises(ScenarioError, match="on_retry: the World was drawn without it"):
        bl.Market(
            bl.World.drawn(tasks=6, seed=1, postings=3, exclude="none", on_retry="same"), bl.SecondPrice(), **stated
        )


def test_a_policy_of_ones_own() -> None:
    from dataclasses import dataclass

    from sim.agents.bidding import POLICIES

    @bl.register_policy("half")
    @dataclass(frozen=True)
    class Half:
        def bid(self, ask: Any, belief: Any, notice: Any) -> Any:
            return ask * 0.5, belief

    try:
        world = bl.World.drawn(tasks=4, seed=1)
        honest, half = (
            bl.Market(world, bl.FirstPrice(), policy=policy).run().bids["ask"] for policy in ("truthful", "half")
        )
        assert np.allclose(half, honest * 0.5, equal_nan=True)
        with pytest.raises(ValueError, match="registered already"):
            bl.register_policy("half")(Half)
    finally:
        POLICIES.unregister("half")


class Late(bl.Agent):
    """Waits longer than the window."""

    def bid(self, notice: Any) -> Any:
        yield self.wait(2)
        return self.honest()


class Proud(bl.Agent):
    """Asks for a cent more at every posting it hears of."""

    def __init__(self, ask: float) -> None:
        self.ask = ask

    def bid(self, notice: Any) -> Any:
        self.ask += 0.01
        return bl.Bid(self.ask, 1.0)


def test_agents_with_processes_of_their_own() -> None:
    """A class, a factory and an instance; an instance is copied, so that replications start alike."""
    world = bl.World.recorded("marketbench", seed=1, replications=2)
    first, second, third = world.agents[:3]
    agents = {first: Late, second: lambda: Proud(0.2), third: Proud(0.3)}
    market = bl.Market(world, bl.SecondPrice(), agents=agents)
    bids = market.run().bids
    assert market.engine == "market"
    assert (bids.loc[bids["agent"] == first, "outcome"] == "late").all()
    for name, start in ((second, 0.2), (third, 0.3)):
        asks = bids[bids["agent"] == name].groupby("replication")["ask"].apply(lambda asks: sorted(asks))
        assert [each[0] for each in asks] == pytest.approx([start + 0.01] * 2)
        assert [each[-1] for each in asks] == pytest.approx([start + 0.93] * 2)
    everybody = bl.Market(world, bl.SecondPrice(), agents={"*": bl.Agent}).run()
    plain = bl.Market(world, bl.SecondPrice()).run()
    pd.testing.assert_frame_equal(everybody.bids, plain.bids)
    pd.testing.assert_frame_equal(everybody.attempts, plain.attempts)


def test_agents_that_cannot_be_played() -> None:
    world = bl.World.recorded("marketbench", seed=1)
    with pytest.raises(ScenarioError, match=r"agents: no agent 'gpt-5-mimi' \(did you mean"):
        bl.Market(world, bl.SecondPrice(), agents={"gpt-5-mimi": Late})
    with pytest.raises(ScenarioError, match="must be an Agent, a class of agents"):
        bl.Market(world, bl.SecondPrice(), agents={"gpt-5-mini": 3})
    with pytest.raises(bl.SimError, match="engine = compiled"):
        bl.Market(world, bl.SecondPrice(), agents={"gpt-5-mini": Late}, engine="compiled")
