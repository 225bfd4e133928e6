"""A knob that turns an agent's grid off says so: `check` and `run`, of a scenario and of a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import bidlab

WORLD = """
question = "Who is loud?"
seed = 3
replications = 2
[world]
profile = "marketbench"
parameters = "point"
tasks = 3
[tender]
value = 8.0
reserve = 7.0
penalty = 0.5
[[arm]]
name = "x"
mechanism = "second_price"
"""
LINE = (
    "not rounded to their own grid: claims of gpt-5.2, where overconfidence, overprecision or miscalibration is stated"
)


def scenario(folder: Path, rest: str) -> Path:
    path = folder / "loud.toml"
    path.write_text(WORLD + rest)
    return path


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('[world.agents."gpt-5.2"]\noverconfidence = 0.0\n', True),
        ('[world.agents."gpt-5.2"]\noverconfidence = 0.0\ngrid = "none"\n', False),
        ('[world.agents."gpt-5.2"]\ncost_ratio = 1.0\n', False),
        ("[sweep]\n\"world.agents.'gpt-5.2'.overconfidence\" = [0.0, 2.0]\n", True),
        ("", False),
    ],
)
def test_check(tmp_path: Path, rest: str, said: bool) -> None:
    found = bidlab("check", scenario(tmp_path, rest))
    assert found.code == 0, found.err
    assert (found.out.count(LINE), LINE in found.out) == (int(said), said)


def test_run(tmp_path: Path) -> None:
    path = scenario(tmp_path, '[world.agents."gpt-5.2"]\noverconfidence = 0.0\n')
    found = bidlab("run", path, "--out", tmp_path / "o")
    assert found.code == 0, found.err
    assert found.out.startswith(LINE)


def test_grid_that_cannot_be_calibrated_is_one_line(tmp_path: Path) -> None:
    path = scenario(tmp_path, '[world.agents."gpt-5.2"]\noverconfidence = 1.0\ngrid = "own"\n')
    found = bidlab("check", path)
    assert found.code == 2
    assert len(found.err.splitlines()) == 1
    assert "world.agents.gpt-5.2.grid" in found.err


def test_settings_say_that_the_knob_turns_the_grid_off() -> None:
    found = bidlab("list", "settings")
    assert " ".join(found.out.split()).count("turns") >= 3
