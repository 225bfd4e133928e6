"""A run with bankrolls, principals and a budget, from the file to what `show` prints, with either engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.report import arms_of
from sim.experiment.run_folder import Run
from tests.cli.command import bidlab

SCENARIO = """
question = "who survives?"
seed = 5
replications = 12
[world]
profile = "marketbench"
tasks = 30
parameters = "point"
sigma_u = 1.0
arrivals = { every = 1 }
[tender]
value = 1.0
reserve = "value"
penalty = 0.5
[[tender.principals]]
name = "lab"
[[tender.principals]]
name = "firm"
share = 3
budget = 2.0
[bidders]
bankroll = { "*" = 1.0, "gpt-5-mini" = inf }
[[arm]]
name = "second"
mechanism = "second_price"
[[arm]]
name = "no limits"
mechanism = "second_price"
bidders = { bankroll = inf }
tender = { principals = [ { name = "lab" }, { name = "firm", share = 3 } ] }
"""


@pytest.mark.slow
def test_accounts_from_the_file_to_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    said = {
        engine: bidlab("run", path, "--out", tmp_path / engine, "--engine", engine) for engine in ("market", "compiled")
    }
    shown = said["market"].out
    assert said["market"].code == said["compiled"].code == 0, said
    assert shown.replace("/market", "") == said["compiled"].out.replace("/compiled", "")
    for text in (
        "exit rate",
        "final wealth",
        "negative utility rate",
        "no budget rate",
        "paired differences of welfare",
        "no limit",
    ):
        assert text in shown
    run = Run.open(tmp_path / "market")
    assert run.scenario.arms[0].settings.bidders.bankroll["gpt-5-mini"] == np.inf
    one, two = arms_of(run)
    assert (~np.isnan(one.exit_tick)).any()
    assert np.isnan(two.exit_tick).all()
    for name in ("attempts", "bids", "clearings"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(tmp_path / "market" / f"{name}.parquet"),
            pd.read_parquet(tmp_path / "compiled" / f"{name}.parquet"),
        )
    explained = bidlab("explain", tmp_path / "market", "--task", "task 29")
    assert explained.code == 0, explained
    table = pd.read_csv(tmp_path / "market" / "principals.csv")
    assert table[["arm", "principal"]].to_numpy().tolist() == [
        [arm, who] for arm in ("second", "no limits") for who in ("lab", "firm")
    ]
