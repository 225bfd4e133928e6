"""The figure of lines: what it draws, what it holds, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis import load
from analysis.figures import lines
from analysis.figures.chart import chart_of
from analysis.figures.charted import shown
from analysis.sweep_table import factors_of, sweep_info
from sim.scenario.figure_spec import FigureFile
from tests.cli.command import bidlab
from tests.painted import painted
from tests.sweep.scenes import SWEEP, plan_of, run, write

KINDS = ("pdf", "png", "csv", "column.pdf", "column.png")
KEY = "world.agents.gemini-3-pro.overconfidence"
FIGURES = f"""
[[figure]]
kind = "lines"
x = "{KEY}"
y = ["welfare", "difference:welfare", "share:gemini-3-pro"]

[[figure]]
kind = "lines"
name = "by_penalty"
x = "{KEY}"
y = "solve_rate"
lines = "tender.penalty"
panel = ["arm", "panel"]
arms = ["always", "second price"]
"""


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The figures of a finished sweep."""
    folder = tmp_path_factory.mktemp("figures")
    return run(plan_of(write(folder, sweep=SWEEP + FIGURES)), folder / "o", figures=True) / "figures"


@pytest.mark.slow
def test_every_figure_ships_its_data(figures: Path) -> None:
    names = {"lines", "by_penalty"}
    assert {path.name for path in figures.iterdir()} == {f"{n}.{kind}" for n in names for kind in KINDS}
    lines = pd.read_csv(figures / "lines.csv")
    assert set(lines["metric"]) == {"welfare", "share"}
    assert len(lines) == 3 * 4 * 6
    few = pd.read_csv(figures / "by_penalty.csv")
    assert set(few["arm"]) == {"always", "second price"}
    assert len(few) == 2 * 2 * 4


@pytest.mark.slow
def test_default_figure_holds_the_other_factors(tmp_path: Path) -> None:
    path = write(tmp_path, sweep='[sweep]\n"tender.penalty" = [0.0, 1.0, 2.0]\n')
    folder = run(plan_of(path), tmp_path / "o", figures=True)
    data = pd.read_csv(folder / "figures" / "lines.csv")
    assert set(data["tender.penalty"]) == {0.0, 1.0, 2.0}
    path = write(tmp_path, sweep='[sweep]\n"tender.reserve" = ["value"]\n')
    plain = run(plan_of(path, replications=1), tmp_path / "p", figures=True)
    assert [path.name for path in (plain / "figures").iterdir()] == ["left_out.csv"]


def test_equal_factors_lie_equally_far_apart_on_a_log_scale(tmp_path: Path) -> None:
    sweep = '[sweep]\n"tender.penalty" = [0.5, 1.0, 2.0]\n'
    folder = run(plan_of(write(tmp_path, sweep=sweep)), tmp_path / "o")
    info = sweep_info(folder)
    factors = factors_of(info)
    asked = FigureFile(kind="lines", x="tender.penalty", scale="log")
    chart = chart_of(asked, info, factors, 0)
    figure = painted(lambda rows, look: lines.paint(rows, chart, factors, look), shown(load(folder), chart))
    for axes in figure.axes:
        low, middle, high = (axes.transData.transform((x, 0.0))[0] for x in (0.5, 1.0, 2.0))
        assert middle - low == pytest.approx(high - middle)
    assert [label.get_text() for label in figure.axes[-1].get_xticklabels()] == ["0.5", "1", "2"]


def test_panels_that_share_an_axis_hold_all_of_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a bar stands beside them, too."""
    monkeypatch.setattr(lines, "MOST_BANDS", 0)
    folder = run(plan_of(write(tmp_path, sweep='[sweep]\n"tender.penalty" = [0.5, 1.0]\n')), tmp_path / "o")
    info = sweep_info(folder)
    factors = factors_of(info)
    chart = chart_of(FigureFile(kind="lines", x="tender.penalty", lines="panel", panel="arm"), info, factors, 0)
    rows = shown(load(folder), chart)
    figure = painted(lambda rows, look: lines.paint(rows, chart, factors, look), rows)
    assert "bar beside a panel" in lines.about(rows, chart)
    for axes in figure.axes:
        low, high = axes.get_ylim()
        drawn = [y for line in axes.lines for y in line.get_ydata()]
        assert low <= min(drawn) <= max(drawn) <= high


BAD = {
    'kind = "line"': ("figure number 1: kind: unknown 'line'", "did you mean 'lines'", "calibration, reliability"),
    f'kind = "line"\nx = "{KEY}"': ("figure number 1: kind", "did you mean 'lines'"),
    'kind = "lines"': ("figure number 1: x: is missing",),
    f'kind = "lines"\nx = "{KEY}"\ncolour = "red"': ("colour", "unknown key", "allowed: kind, x, scale, y"),
    f'kind = "lines"\nx = "{KEY}"\npanels = "world"': ("figure number 1: panels: belongs to figures of a run",),
    f'kind = "arms"\nx = "{KEY}"': ("figure number 1: kind: unknown 'arms'", "lines, map, calibration"),
    'kind = "arms"\ny = "welfare"': ("figure number 1: y: belongs to kinds lines, map, calibration; not to arms",),
    'kind = "arms"\narms = ["alwys"]': ("figure number 1: arms: unknown 'alwys'", "did you mean 'always'"),
    'kind = "arms"\norder = ["alwys"]': ("figure number 1: order: unknown 'alwys'", "did you mean 'always'"),
    'kind = "arms"\npanels = { x = ["alwys"] }': ("figure number 1: panels: unknown 'alwys'", "mean 'always'"),
    'kind = "arms"\nlabel = { welfar = "w" }': ("number 1: label: unknown 'welfar'", "did you mean 'welfare'"),
    'kind = "reliability"\npanels = "rule"': ("panels: belongs to arms, incidence, rescue; reliability has no rows",),
    'kind = "arms"\nwidth = 0.5': ("figure number 1: width: must be inches from 2.5 to 20; got 0.5",),
    'kind = "arms"\nwidth = "wide"': ("figure number 1: width", '"both", "text" or "column"'),
    'kind = "arms"\nfooter = "no"': ("figure number 1: footer", "true or false"),
    f'kind = "lines"\nx = "{KEY}"\nlabel = {{ welfar = "w" }}': ("label: unknown 'welfar'", "did you mean 'welfare'"),
    f'kind = "lines"\nx = "{KEY}"\nunit = {{ "lead:cost" = "$" }}': ("unit: unknown 'lead:cost'",),
    f'kind = "lines"\nx = "{KEY}"\norder = ["alwys"]': ("order: unknown 'alwys'", "did you mean 'always'"),
    'kind = "lines"\nx = "tender.penlty"': ("figure number 1: x", "did you mean 'tender.penalty'"),
    f'kind = "lines"\nx = "{KEY}"\ny = "welfar"': ("y", "did you mean 'welfare'"),
    f'kind = "lines"\nx = "{KEY}"\ny = "share"': ("y", 'write "share:NAME"'),
    f'kind = "lines"\nx = "{KEY}"\ny = "share:gemini"': ("y", "unknown 'gemini'", "allowed: "),
    f'kind = "lines"\nx = "{KEY}"\ny = "cost:gpt-5.2"': ("y", "is of all agents"),
    f'kind = "lines"\nx = "{KEY}"\ny = "difference:share"': ("y", "unknown 'share'"),
    f'kind = "lines"\nx = "{KEY}"\nwhere = {{ "tender.penalty" = 0.5 }}': ("no level 0.5", "it has 0.0, 1.0"),
    f'kind = "lines"\nx = "{KEY}"\npanel = "arms"': ("panel", "did you mean 'arm'"),
    f'kind = "lines"\nx = "{KEY}"\npanel = "panel"': ("panel", "tender.penalty varies too"),
    f'kind = "lines"\nx = "{KEY}"\nlines = "tender.penalty"\npanel = "panel"': ("arm varies too",),
    f'kind = "lines"\nx = "{KEY}"\narms = ["alwys"]': ("arms", "did you mean 'always'"),
    f'kind = "lines"\nx = "{KEY}"\nname = "a/b"': ("name",),
    f'kind = "lines"\nx = "{KEY}"\nvertical = "tender.penalty"': ("vertical", 'belongs to kind = "map"'),
    f'kind = "lines"\nx = "{KEY}"\nscale = "log"': ("scale", '"log" needs an x > 0; ' + KEY + " has the level "),
    f'kind = "map"\nx = "{KEY}"\nvertical = "tender.penalty"\nscale = "log"': ("scale", 'belongs to kind = "lines"'),
    f'kind = "map"\nx = "{KEY}"': ("vertical", "must be stated"),
    f'kind = "map"\nx = "{KEY}"\nvertical = "tender.penlty"': ("vertical", "did you mean 'tender.penalty'"),
    f'kind = "map"\nx = "{KEY}"\nvertical = "{KEY}"': ("vertical", "advances together with x"),
    f'kind = "lines"\nx = "{KEY}"\n[[figure]]\nkind = "lines"\nx = "{KEY}"\nname = "lines"': ("two figures", "'lines'"),
}


@pytest.mark.parametrize("figure", list(BAD))
def test_figures_that_cannot_be_drawn_are_refused_before_anything_runs(tmp_path: Path, figure: str) -> None:
    path = write(tmp_path, sweep=f"{SWEEP}\n[[figure]]\n{figure}\n")
    for command in (("sweep", path, "--out", tmp_path / "o", "--jobs", "1"), ("check", path)):
        said = bidlab(*command)
        assert said.code == 2, said.err
        assert all("s.toml: figure" in line for line in said.err.splitlines()), said.err
        for fragment in BAD[figure]:
            assert fragment in said.err
    assert not (tmp_path / "o").exists()
