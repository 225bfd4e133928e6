"""Figures at the width of one column: panels below one another, nothing cut or on top of something else."""

from __future__ import annotations

from itertools import combinations

import bidlab as bl
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox


@pytest.fixture(scope="module")
def results() -> object:
    return bl.run("marketbench_replay", replications=2)


def texts(figure: Figure) -> list[tuple[str, Bbox]]:
    """Everything that is read, with its place in inches, as it is when saved at print resolution."""
    figure.set_dpi(300)
    figure.draw_without_rendering()
    found = [text for axes in figure.axes for text in (axes.xaxis.label, *axes.texts)]
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        found += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    found += [text for legend in figure.legends for text in legend.get_texts()] + figure.texts
    shown = [text for text in found if text.get_text() and text.get_visible()]
    return [(t.get_text(), t.get_window_extent().transformed(figure.dpi_scale_trans.inverted())) for t in shown]


@pytest.mark.parametrize("name", ["arms", "who_knows"])
@pytest.mark.parametrize("width", ["column", "text"])
def test_nothing_is_cut_or_on_top_of_something_else(results: bl.Results, name: str, width: str) -> None:
    figure = results.figure(name, width=width)
    wide, high = figure.get_size_inches()
    assert wide == {"column": 3.4, "text": 7.0}[width]
    found = texts(figure)
    for text, box in found:
        assert box.x0 >= -0.01, text
        assert box.x1 <= wide + 0.01, text
        assert -0.01 <= box.y0 < box.y1 <= high + 0.01, text
    for (one, first), (other, second) in combinations(found, 2):
        shared = Bbox.intersection(first, second)
        assert shared is None or min(shared.width, shared.height) < 0.01, (one, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["arms", "incidence"])
def test_nor_where_there_are_many_arms(name: str) -> None:
    run = bl.run("marketbench_head_to_head", replications=20)
    test_nothing_is_cut_or_on_top_of_something_else(run, name, "column")
