"""A finished live run in a folder, of agents of a profile that answer in the place of live ones."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import bidlab
from tests.live_market.live_scenes import written

AGENTS = ("gpt-5.2", "gemini-3-pro", "claude-opus-4.5")
SCENARIO = """
question = "Who is hired?"
seed = 3
replications = 1
[world]
live = "respondents.toml"
arrivals = { every = 1 }
duration = { uniform = [1, 5] }
[tender]
value = 1.0
reserve = 1.0
penalty = 0.0
postings = 2
exclude = "hired"
[[arm]]
name = "second"
mechanism = "second_price"
[[arm]]
name = "all"
mechanism = "hire_all"
tender = { postings = 1, exclude = "none" }
[[arm]]
name = "hurried"
mechanism = "second_price"
tender = { deadline = 3, timeout = "FAIL" }
"""


def live_run(folder: Path, n_tasks: int = 30, scenario: str = SCENARIO) -> Path:
    """The folder of the run."""
    written(folder, AGENTS, n_tasks)
    (folder / "s.toml").write_text(scenario)
    said = bidlab("live", folder / "s.toml", "--out", folder / "run", "--budget-usd", "1000")
    assert said.code == 0, said.err
    return folder / "run"
