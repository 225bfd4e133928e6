"""Runs from Python: the numbers of the command, as DataFrames and figures, without a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bidlab as bl
import pandas as pd
import pytest

from sim.kit.errors import RunError, ScenarioError, TableError
from tests.cli.command import bidlab, lay_out
from tests.sweep.scenes import write

KEYS: dict[str, Any] = {
    "question": "Who wins?",
    "seed": 4,
    "replications": 3,
    "world": {"profile": "marketbench", "tasks": 5, "parameters": "point"},
    "tender": {"value": 1.5, "reserve": 0.75, "penalty": 0.0},
}
ARMS = {"second": bl.SecondPrice(), "owing": {"mechanism": "second_price", "tender": {"penalty": 0.25}}}


@pytest.fixture(scope="module")
def run() -> Any:
    """A small synthetic run."""
    return bl.run(bl.Scenario.of("small", **KEYS, arms=ARMS))


@pytest.mark.parametrize("table", ["summary", "agents", "differences"])
def test_tables_are_those_of_the_command(tmp_path: Path, table: str) -> None:
    path = lay_out(tmp_path)
    assert bidlab("run", path, "--out", tmp_path / "out", "--replications", "3").code == 0
    ours = bl.run(path, replications=3)
    assert ours.table(table).to_csv(index=False, lineterminator="\n") == (tmp_path / "out" / f"{table}.csv").read_text()
    opened = bl.load(tmp_path / "out")
    pd.testing.assert_frame_equal(opened.attempts, ours.attempts)
    pd.testing.assert_frame_equal(opened.table(table), ours.table(table))


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_once")
def test_dict_file_and_keywords_are_one_scenario(tmp_path: Path, run: Any) -> None:
    arms = [
        {"name": "second", "mechanism": "second_price"},
        {"name": "owing", "mechanism": "second_price", "tender": {"penalty": 0.25}},
    ]
    by_dict = bl.run({**KEYS, "arm": arms})
    assert by_dict.summary.equals(run.summary)
    folder = bl.run({**KEYS, "arm": arms}, out=tmp_path / "o")
    assert folder.summary.equals(run.summary)
    assert (tmp_path / "o" / "figures" / "arms.pdf").is_file()


def test_changes_reach_what_every_arm_starts_from(run: Any) -> None:
    changed = bl.run(run.run.scenario, seed=5, replications=2, settings={"tender.reserve": 0.5})
    assert (changed.run.scenario.seed, changed.run.scenario.replications) == (5, 2)
    assert set(changed.clearings["reserve"]) == {0.5}
    assert bl.run(run.run.scenario, mechanisms=[bl.FirstPrice()]).summary["arm"].tolist() == ["first_price"]


def test_differences_to_another_baseline(run: Any) -> None:
    there, back = run.differences().set_index("arm"), run.differences(baseline="owing").set_index("arm")
    assert there.loc["owing", "welfare"] == pytest.approx(-back.loc["second", "welfare"], abs=1e-12)
    assert back.loc["second", "welfare_low"] <= back.loc["second", "welfare"] <= back.loc["second", "welfare_high"]
    with pytest.raises(RunError, match="no arm 'third'"):
        run.differences(baseline="third")


@pytest.mark.parametrize(("width", "inches"), [("column", 3.4), ("text", 7.0), (5, 5.0)])
def test_figures_are_as_wide_as_asked_for(run: Any, width: Any, inches: float) -> None:
    assert "arms" in run.figures
    figure = run.figure("arms", width=width)
    assert figure.get_figwidth() == inches
    assert any("seed 4" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize("width", ["wide", True, 0.5, 99])
def test_no_width(run: Any, width: Any) -> None:
    with pytest.raises(RunError, match="width: must be"):
        run.figure("arms", width=width)


def test_what_there_is_not_is_named(run: Any) -> None:
    with pytest.raises(RunError, match=r"figure 'arm': .*did you mean 'arms'"):
        run.figure("arm")
    with pytest.raises(RunError, match=r"table 'sumary': .*did you mean 'summary'"):
        run.table("sumary")


def test_shown_as_a_table(run: Any) -> None:
    assert "second" in repr(run)
    assert "welfare" in repr(run)
    assert "<table" in run._repr_html_()


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("marketbench_head_to_hed", "did you mean 'marketbench_head_to_head'"),
        ({**KEYS, "arm": [{"name": "x", "mechanism": "second_prise"}]}, "did you mean 'second_price'"),
        ({**KEYS, "arm": [], "tendr": {}}, "scenario: tendr: unknown key"),
        (7, "scenario: must be a name, a .toml file, a dict or a Scenario; got 7"),
    ],
)
def test_wrong_scenarios(source: Any, error: str) -> None:
    with pytest.raises(ScenarioError, match=error):
        bl.run(source)


def test_settings_name_their_key(run: Any) -> None:
    with pytest.raises(ScenarioError, match="settings: arm: arms are set in the scenario"):
        bl.run(run.run.scenario, settings={"arm": 1})
    with pytest.raises(ScenarioError, match=r"tender\.penatly: unknown key .did you mean 'penalty'"):
        bl.run(run.run.scenario, settings={"tender.penatly": 1.0})


def test_a_run_read_back_cannot_be_changed(tmp_path: Path, run: Any) -> None:
    opened = bl.load(bl.run(run.run.scenario, out=tmp_path / "o", figures=False).run.folder)
    with pytest.raises(ScenarioError, match="was read back from a run"):
        bl.run(opened.run.scenario, seed=2)


@pytest.mark.slow
def test_sweep_gives_the_table_of_the_command(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert bidlab("sweep", path, "--out", tmp_path / "out", "--jobs", "1").code == 0
    swept = bl.sweep(path)
    pd.testing.assert_frame_equal(swept.table, bl.load(tmp_path / "out").table)
    assert swept.figure(width="column").get_figwidth() == 3.4
    assert "sweep of 4 cell(s)" in repr(swept)
    ours = bl.sweep(path, {"tender.penalty": [0.0, 0.5]}, replications=8)
    assert ours.table["penalty" if "penalty" in ours.table else "tender.penalty"].nunique() == 2


def test_audit_and_fit_are_tables() -> None:
    found = bl.audit(["second_price"], types=8, draws=16, seed=3)
    assert found["rule"].tolist() == ["second_price"]
    assert found.attrs["broken"] == []
    with pytest.raises(RunError, match="audit: types: must be a whole number >= 2; got 1"):
        bl.audit(["second_price"], types=1)
    with pytest.raises(RunError, match="audit: coalitions: must be True or False; got 2"):
        bl.audit(["second_price"], coalitions=2)
    together = bl.audit(["second_price"], types=8, draws=16, seed=3, coalitions=True, ring=3)
    assert together[found.columns].equals(found)
    assert together.loc[0, "names_ex_post_gain"] == 0 < together.loc[0, "ring_gain"]
    assert "rings of 3" in together.attrs["notes"][-1]
    fitted = bl.fit("marketbench", resamples=2)
    assert fitted.estimates["agent"].tolist() == list(fitted.profile.agents)
    assert "simulated" in fitted.moments
    with pytest.raises(TableError, match=r"columns: unknown name 'costs' .did you mean 'cost'"):
        bl.fit("marketbench", {"costs": "cost_usd"})
