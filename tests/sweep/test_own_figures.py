"""A plugin's figure as [[figure]] of a sweep: drawn, with its data and caption; what is wrong in it is told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.cli.command import bidlab
from tests.sweep.scenes import SWEEP, write

KEY = "world.agents.gemini-3-pro.overconfidence"

DOTS = """
from analysis.figures.look import fold
from analysis.figures.style import tone
from bidlab import register_figure


@register_figure("dots", sweep=True)
def dots(rows, chart, look):
    "A dot for each arm and level."
    figure = look.figure(2.0)
    axes = figure.subplots()
    axes.plot(rows[chart.x], rows["drawn"], "o", color=tone(0))
    axes.set(xlabel=fold(chart.x, 2.5), ylabel=rows["y"].iloc[0])
    return figure, rows[["arm", chart.x, "drawn"]]
"""
FIGURE = f"""
[[figure]]
kind = "dots"
x = "{KEY}"
y = "welfare"
where = {{ "tender.penalty" = 0.0 }}
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    (tmp_path / "dots.py").write_text(DOTS)
    return tmp_path / "dots.py"


def test_a_sweep_draws_a_plugins_figure(tmp_path: Path, plugin: Path) -> None:
    path = write(tmp_path, sweep=SWEEP + FIGURE)
    said = bidlab("sweep", path, "--plugin", plugin, "--out", tmp_path / "o", "--jobs", "1", figures=True)
    assert said.code == 0, said.err
    figures = tmp_path / "o" / "figures"
    assert {one.name for one in figures.iterdir()} >= {"dots.pdf", "dots.png", "dots.csv"}
    drawn, table = pd.read_csv(figures / "dots.csv"), pd.read_csv(tmp_path / "o" / "sweep.csv")
    of = table[(table["metric"] == "welfare") & (table["tender.penalty"] == 0.0)]
    assert sorted(drawn["drawn"]) == pytest.approx(sorted(of["value"]))


def test_without_its_plugin_the_kind_is_unknown(tmp_path: Path) -> None:
    said = bidlab("sweep", write(tmp_path, sweep=SWEEP + FIGURE), "--out", tmp_path / "o", "--jobs", "1")
    assert said.code == 2
    assert "figure number 1: kind: unknown 'dots'" in said.err
    assert "allowed: lines, map, calibration" in said.err


def test_the_contract_examines_it(tmp_path: Path, plugin: Path) -> None:
    assert bidlab("check", "--plugin", plugin).code == 0
    wrong = plugin.read_text().replace('return figure, rows[["arm", chart.x, "drawn"]]', "return figure")
    plugin.write_text(wrong)
    said = bidlab("check", "--plugin", plugin)
    assert said.code == 2
    assert "must return (figure, data)" in said.err
