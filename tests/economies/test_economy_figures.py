"""Every figure of every bundled economy is fit to be read at both widths, and in a talk."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import bidlab as bl
import pytest

from analysis.economy_tables import summary_table
from analysis.figures.economy_lines import economy_drawable, economy_figures, look_of_economy
from analysis.figures.look import NARROW, WIDE
from analysis.figures.measure import faults
from analysis.figures.save import finished
from analysis.figures.sheets import sheet
from sim.bundled import markets, scenarios
from sim.economies.economy_file import resolve_economy
from sim.economies.economy_run import EconomyPlan, in_memory_economy
from sim.front.economy_results import EconomyResults
from sim.scenario.figure_spec import FigureFile

TINY: dict[str, Any] = {
    "rule": "posted_price", "generations": 1, "tasks": 2, "price": 1.0, "ticket": 0.1, "start": 1.0, "threshold": 2.0,
    "endowment": 1.0,
}  # fmt: skip
ECONOMIES = [name for name in scenarios() if name not in markets()]


def found_in(run: EconomyResults, style: str, width: float) -> dict[str, list[str]]:
    """Figure -> what is wrong with it at that width."""
    tables, found = {"summary": run.summary, "steps": run.steps}, {}
    for name, figure in economy_figures(run.run).items():
        one = economy_drawable(run.run, tables, figure)
        drawn = finished(one.data(), one.paint, one.words, replace(look_of_economy(figure, sheet(style)), width=width))
        high = drawn.get_figheight()
        found[name] = [*faults(drawn), *([f"{high:.1f} inches high"] if high > 9.5 else [])]
    return found


@pytest.mark.parametrize(
    ("vary", "levels"),
    [
        ({"kinds": [[{}], [{}, {"upkeep": 2.0}]]}, ["[{}]", "[{}, {upkeep = 2.0}]"]),
        ({"grace": [1, math.inf]}, ["1", "inf"]),
        ({"merging": ["none", "any"]}, ["none", "any"]),
        ({"cost": [0, 0.5]}, [0, 0.5]),
    ],
)
def test_levels_that_are_no_numbers_stand_side_by_side(vary: dict[str, list[Any]], levels: list[Any]) -> None:
    raw = {"economy": "ecology", "question": "?", "seed": 1, "arm": [{"name": "a", "vary": vary}], "ecology": TINY}
    made = in_memory_economy(EconomyPlan(resolve_economy(Path("a.toml"), raw)))
    figure = FigureFile(kind="lines", x=next(iter(vary)), y="solved")
    one = economy_drawable(made, {"summary": summary_table(made)}, figure)
    assert one.data()["x"].tolist() == levels
    assert one.paint(one.data(), look_of_economy(figure, sheet("paper"))).axes


def test_a_measure_without_a_unit_has_its_name_up_the_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    arm = [{"name": "a", "vary": {"cost": [0, 0.5]}}]
    raw = {"economy": "ecology", "question": "?", "seed": 1, "arm": arm, "ecology": TINY}
    made = in_memory_economy(EconomyPlan(resolve_economy(Path("a.toml"), raw)))
    figure = FigureFile(kind="lines", x="cost", y="solved")
    for unit in ("tasks", ""):
        monkeypatch.setattr(type(made), "measures", tuple(replace(one, unit=unit) for one in made.measures))
        one = economy_drawable(made, {"summary": summary_table(made)}, figure)
        drawn = one.paint(one.data(), look_of_economy(figure, sheet("paper")))
        assert drawn.axes[0].get_ylabel() == (unit or "solved")


def test_what_is_published_of_a_level_line_has_its_ring() -> None:
    level = {"name": "level", "published": {"solved": 0.5}}
    varied = {"name": "varied", "vary": {"cost": [0, 0.5]}, "published": {"solved": [0.25, math.nan]}}
    raw = {"economy": "ecology", "question": "?", "seed": 1, "arm": [level, varied], "ecology": TINY}
    made = in_memory_economy(EconomyPlan(resolve_economy(Path("a.toml"), raw)))
    figure = FigureFile(kind="lines", x="cost", y="solved")
    one = economy_drawable(made, {"summary": summary_table(made)}, figure)
    axes = one.paint(one.data(), look_of_economy(figure, sheet("paper"))).axes[0]
    rings = [line for line in axes.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "none"]
    assert sorted(y for line in rings for y in line.get_ydata() if not math.isnan(y)) == [0.25, 0.5]
    low, high = axes.get_ylim()
    assert low < 0.25 < 0.5 < high


@pytest.mark.slow
@pytest.mark.parametrize("name", ECONOMIES)
def test_every_figure_of_every_bundled_economy(name: str) -> None:
    run = bl.run(name, replications=6)
    assert run.figures
    for style, width in (("paper", WIDE), ("paper", NARROW), ("talk", WIDE)):
        assert {figure: wrong for figure, wrong in found_in(run, style, width).items() if wrong} == {}, (style, width)
