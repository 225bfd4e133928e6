"""Scores in [0, 1] of results: marks, points and words that a mapping reads, and the graded World of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.experiment.plan import plan
from sim.experiment.run_folder import Run, arm_world
from sim.front.import_table import import_table
from sim.kit.errors import ScenarioError, TableError
from sim.scenario.scenario import load_scenario
from sim.world.world import World
from tests.cli.command import bidlab
from tests.importing.made_up import LAYOUTS, attempts
from tests.importing.test_docs import PAGE

EXAMS = """\
agent,task,mark,points,most,grade,success
zeta,t2,70,14,20,half,1
zeta,t1,,,20,,0
alpha,t2,12.5,3,4,none,0
alpha,t1,100,20,20,full,1
"""
REST = """
question = "Which?"
seed = 3
replications = 4
[tender]
value = 1.0
reserve = 0.8
penalty = 0.1
[standing]
expected_cost = { fixed = 0.1 }
[[arm]]
name = "alpha"
mechanism = { always = { agent = "alpha", pay = "reserve" } }
"""
BY_FILE = """
[world]
graded = { mark = 0.7 }
table = "table.parquet"
columns = { agent = "agent", task = "task", score = "score" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The exams, and a scenario that imports them in place, as the page has it, and one by the table made of them."""
    (tmp_path / "exams.csv").write_text(EXAMS)
    (found,) = re.findall(r"    \[world\]\n(?:    .*\n)+", PAGE)
    in_place = "\n".join(line.strip() for line in found.splitlines())
    (tmp_path / "in_place.toml").write_text(REST + in_place + "\n")
    (tmp_path / "by_file.toml").write_text(REST + BY_FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def score(folder: Path, how: Any, **mapping: Any) -> list[Any]:
    return list(import_table(folder / "exams.csv", columns={"score": how}, **mapping).columns["score"])


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"field": "mark", "unit": "percent"}, [0.7, None, 0.125, 1.0]),
        ({"field": "mark", "out_of": 200.0}, [0.35, None, 0.0625, 0.5]),
        ({"field": "points", "out_of": "most"}, [0.7, None, 0.75, 1.0]),
        ({"field": "points", "out_of": 20.0, "null": 0.0}, [0.7, 0.0, 0.15, 1.0]),
        ({"field": "grade", "values": {"full": 1.0, "half": 0.5, "none": 0.0}}, [0.5, None, 0.0, 1.0]),
        ({"field": "grade", "values": {"full": 1.0, "half": "INFRA", "none": 0.0}}, [None, None, 0.0, 1.0]),
        ("success", [1.0, 0.0, 0.0, 1.0]),
        (0.25, [0.25] * 4),
    ],
)
def test_what_a_score_may_be_made_of(folder: Path, how: Any, expected: list[Any]) -> None:
    assert score(folder, how) == expected
    assert "success" not in import_table(folder / "exams.csv", columns={"score": how}).columns


def test_lost_attempts_have_no_score(folder: Path) -> None:
    made = import_table(folder / "exams.csv", columns={"score": {"field": "mark", "unit": "percent"}}, lost="success")
    assert made.columns["score"] == [None, None, 0.125, None]
    assert made.report.infra == 3
    (read,) = [one for one in made.report.columns if one.name == "score"]
    assert read.origin == "mark, in percent"


def test_in_place_by_file_and_from_a_frame_are_the_same_graded_world(folder: Path) -> None:
    for name in ("table.parquet", "table.csv"):
        said = bidlab("import", "exams.csv", "--set", 'columns.score={field="mark",unit="percent"}', "--out", name)
        assert said.code == 0, said.err
    worlds = []
    for name in ("in_place", "by_file"):
        scenario = load_scenario(folder / f"{name}.toml")
        worlds.append(arm_world(scenario, scenario.arms[0], plan(scenario).origin))
    settings = {"seed": 3, "replications": 4, "graded": {"mark": 0.7}}
    worlds.append(World.recorded("table.csv", {"score": "score"}, **settings))
    made = import_table("exams.csv", columns={"score": {"field": "mark", "unit": "percent"}})
    worlds.append(World.from_frame(made.frame, {"score": "score"}, **settings))
    for world in worlds:
        assert world.agents == ("zeta", "alpha")
        assert world.score is not None
        assert world.score[0, :, :, 0].tolist() == [[0.7, 0.125], [0.0, 1.0]]
        assert world.success[0, :, :, 0].tolist() == [[True, False], [False, True]]
        assert world.infra[0, :, :, 0].tolist() == [[False, False], [True, False]]


def test_a_run_of_scores_keeps_them(folder: Path) -> None:
    said = bidlab("run", "in_place.toml", "--no-figures", "--out", "run")
    assert said.code == 0, said.err
    played = pd.read_parquet(folder / "run" / "attempts.parquet")
    assert set(played["score"]) == {0.125, 1.0}
    (folder / "exams.csv").unlink()
    run = Run.open(folder / "run")
    world = run.world(run.scenario.arms[0])
    assert world.score is not None
    assert np.unique(world.score).tolist() == [0.0, 0.125, 0.7, 1.0]


def test_a_score_stands_instead_of_what_a_format_fills_in(tmp_path: Path) -> None:
    LAYOUTS["every_eval_ever"](tmp_path)
    made = import_table(str(tmp_path / "**/*.jsonl"), "every_eval_ever", columns={"score": "evaluation.score"})
    assert "success" not in made.columns
    assert sorted(made.columns["score"]) == sorted(float(bool(one.success)) for one in attempts())


def test_a_column_of_scores_is_no_score_until_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("agent,task,success,score\na,t,1,87\n")
    assert list(import_table(tmp_path / "m.csv").columns) == ["agent", "task", "success"]


@pytest.mark.parametrize(
    ("columns", "error", "text"),
    [
        ({"score": "mark", "success": "success"}, ScenarioError, "score stands instead of success and status; state"),
        ({"score": {"field": "mark", "at_least": 0.5}}, ScenarioError, "columns.score.at_least: only success has a"),
        ({"success": {"field": "mark", "out_of": 5.0}}, ScenarioError, "columns.success.out_of: only a score is a sh"),
        ({"score": {"field": "mark", "out_of": 0.0}}, ScenarioError, "columns.score.out_of"),
        ({"score": {"field": "mark", "out_of": "mst"}}, TableError, "no field 'mst' (did you mean 'most'?)"),
        ({"score": {"constant": 0.5, "out_of": 2.0}}, ScenarioError, "out_of has no meaning with constant"),
        (
            {"score": {"field": "points", "out_of": "grade"}},
            TableError,
            "full marks in grade, a number > 0; got 'half'",
        ),
        (
            {"score": {"field": "most", "out_of": "points"}},
            TableError,
            "full marks in points, a number > 0; got nothing",
        ),
        ({"score": "mark"}, TableError, "mark (as score) must be a number in [0, 1]"),
        ({"score": "grade"}, TableError, "grade (as score) must be a number; got 'half'"),
    ],
)
def test_scores_that_cannot_be_read(folder: Path, columns: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        import_table(folder / "exams.csv", columns=columns)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("graded = { mark = 0.7 }\n", "", "world.graded must be stated where columns.score is mapped"),
        ("score = {", "cost = {", "world.graded needs a column of scores: map columns.score"),
        ("mark = 0.7", "mark = 0", "world.graded.mark"),
    ],
)
def test_scores_and_marks_go_together(folder: Path, old: str, new: str, text: str) -> None:
    path = folder / "in_place.toml"
    assert old in path.read_text()
    path.write_text(
        path.read_text().replace(old, new).replace(', unit = "percent"', "" if "cost" in new else ', unit = "percent"')
    )
    (folder / "exams.csv").write_text(EXAMS.replace("t1,,", "t1,1,"))
    said = bidlab("check", "in_place.toml")
    assert said.code == 2
    assert text in said.err
    assert "Traceback" not in said.err


def test_fits_and_frontiers_read_an_imported_score(folder: Path) -> None:
    rows = [
        {"agent": agent, "task": f"t{t}", "mark": (37 * t + 11 * i) % 101}
        for t in range(24)
        for i, agent in enumerate(("zeta", "alpha", "mid"))
    ]
    (folder / "exams.json").write_text(json.dumps(rows))
    how = ("--set", 'columns.score={field="mark",unit="percent"}')
    assert bidlab("import", "exams.json", *how, "--out", "t.csv").code == 0
    for command in (("fit", "--resamples", "2"), ("frontier",)):
        said = bidlab(command[0], "t.csv", *command[1:], "--column", "score=score", "--mark", "0.7")
        assert said.code == 0, said.err
