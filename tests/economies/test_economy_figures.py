"""Every figure of every bundled economy is fit to be read at both widths, and in a talk."""

from __future__ import annotations

from dataclasses import replace

import bidlab as bl
import pytest

from analysis.figures.economy_lines import economy_drawable, economy_figures, look_of_economy
from analysis.figures.look import NARROW, WIDE
from analysis.figures.measure import faults
from analysis.figures.save import finished
from analysis.figures.sheets import sheet
from sim.bundled import markets, scenarios
from sim.front.economy_results import EconomyResults

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


@pytest.mark.slow
@pytest.mark.parametrize("name", ECONOMIES)
def test_every_figure_of_every_bundled_economy(name: str) -> None:
    run = bl.run(name, replications=6)
    assert run.figures
    for style, width in (("paper", WIDE), ("paper", NARROW), ("talk", WIDE)):
        assert {figure: wrong for figure, wrong in found_in(run, style, width).items() if wrong} == {}, (style, width)
