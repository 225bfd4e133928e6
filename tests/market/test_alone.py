"""Agents alone: each faces every task in a market of its own, under the policy and the account that name it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.kit.errors import ScenarioError
from sim.ledger.ledger import read_frame
from sim.scenario.scenario import load_scenario

AGENTS = ("zoe", "abe", "kim")
SCENARIO = """\
question = "What does each agent earn alone?"
seed = 4
replications = 2
[world]
table = "table.csv"
columns = { agent = "agent", task = "task", claim = "claim", success = "success", cost = "cost", cost_belief = "cost" }
arrivals = { every = 2 }
[tender]
value = 2.0
reserve = 1.5
penalty = 0.25
[market]
alone = true
[[arm]]
name = "first price"
mechanism = "first_price"
"""
COST, CLAIM = (0.125, 0.25, 0.5), (0.5, 0.75, 0.625)


def scenario(folder: Path, extra: str = "") -> Path:
    """Three agents on four tasks; the second task is nobody's success."""
    lines = [
        f"{agent},t{task},{CLAIM[i]},{int(task != 1)},{COST[i]}" for i, agent in enumerate(AGENTS) for task in range(4)
    ]
    (folder / "table.csv").write_text("\n".join(["agent,task,claim,success,cost", *lines]) + "\n")
    path = folder / "scenario.toml"
    path.write_text(SCENARIO.replace("[[arm]]", f"{extra}\n[[arm]]"))
    return path


def table(folder: Path, extra: str, engine: str, name: str) -> pd.DataFrame:
    """One table of the run's ledger."""
    out = execute(plan(load_scenario(scenario(folder, extra)), engine=engine), folder / "out")
    return read_frame(out / f"{name}.parquet").astype({"agent": str})


def break_even(place: int) -> float:
    """(c + k (1 - p)) / p at the penalty of .25."""
    return (COST[place] + 0.25 * (1 - CLAIM[place])) / CLAIM[place]


@pytest.mark.parametrize("engine", ["market", "compiled"])
def test_each_market_has_the_policies_of_its_own_agent(tmp_path: Path, engine: str) -> None:
    """abe asks double, kim claims 1; zoe is everybody."""
    own = "[bidders.agents]\nabe = { mark_up = { rate = 1.0 } }\nkim = { fixed_claim = { claim = 1.0 } }"
    bids = table(tmp_path, own, engine, "bids")
    found = {agent: (rows["ask"].unique(), rows["claim"].unique()) for agent, rows in bids.groupby("agent")}
    assert {agent: len(rows) for agent, rows in bids.groupby("agent")} == dict.fromkeys(AGENTS, 8)
    for place, (factor, claim) in enumerate([(1.0, 0.5), (2.0, 0.75), (1.0, 1.0)]):
        asks, claims = found[AGENTS[place]]
        assert asks.tolist() == [pytest.approx(factor * break_even(place), abs=1e-12)]
        assert claims.tolist() == [claim]


@pytest.mark.parametrize("engine", ["market", "compiled"])
def test_each_market_has_the_account_of_its_own_agent(tmp_path: Path, engine: str) -> None:
    """abe cannot pay for an attempt; the others can."""
    kept = table(tmp_path, "[bidders.bankroll]\nabe = 0.0\nzoe = 9.0\nkim = 9.0", engine, "attempts")
    assert set(kept["agent"]) == {"zoe", "kim"}


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("[bidders.agents]\nabel = 'truthful'", r"bidders.agents: no agent 'abel' \(did you mean 'abe'\?\)"),
        ("[bidders.bankroll]\n'*' = 1.0\nkin = 2.0", r"bidders.bankroll: no agent 'kin' \(did you mean 'kim'\?\)"),
    ],
)
def test_name_that_is_in_no_market_is_refused(tmp_path: Path, extra: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        plan(load_scenario(scenario(tmp_path, extra)))
