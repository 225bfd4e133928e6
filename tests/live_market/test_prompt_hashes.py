"""run.json of a live run names the templates of its prompts by their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sim.experiment.plan import plan
from sim.live.prompts import template
from sim.scenario.scenario import load_scenario
from tests.live_market.live_scenes import written

SCENARIO = """question = "?"
seed = 1
replications = 1
[world]
live = "respondents.toml"
[tender]
value = 1.0
reserve = "value"
penalty = 0.0
[[arm]]
name = "a"
mechanism = "second_price"
"""


def test_hashes_are_those_of_the_files(tmp_path: Path) -> None:
    written(tmp_path, ("gpt-5.2", "gpt-5-mini"), 2)
    (tmp_path / "s.toml").write_text(SCENARIO)
    info = plan(load_scenario(tmp_path / "s.toml")).info
    assert info["prompts"]["bid"] == template("bid").sha256
    own = tmp_path / "bid.txt"
    own.write_text("$task\n$answer_form\n")
    file = tmp_path / "respondents.toml"
    file.write_text(file.read_text() + '[prompts]\nbid = "bid.txt"\n')
    other = plan(load_scenario(tmp_path / "s.toml")).info
    assert other["prompts"]["bid"] == hashlib.sha256(own.read_bytes()).hexdigest()
    assert other["prompts"]["work"] == info["prompts"]["work"]
    assert other["hash"] != info["hash"]
