"""Legends and footers of figures explain what is drawn, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.basis import Number
from analysis.figures import Drawable, drawables, incidence, reliability, rescue, shown_of, timeline
from analysis.figures.look import NARROW, WIDE
from analysis.figures.methods import method
from tests.painted import look_of, painted
from tests.unit.test_analysis_helpers import make_world, posted_alone, sold, table_world


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def arms_of(value: float = 3.0) -> list[ArmData]:
    """Two arms that hire the first and the second of three agents; the third never works. value: NaN states none."""
    success = np.zeros((1, 9, 3, 1), np.bool_)
    success[:, :3, 0], success[:, 2:, 1] = True, True
    cost = 0.1 + 0.01 * np.sqrt(np.arange(success.size)).reshape(success.shape)
    world = make_world(success, value=value, cost=cost, reserve=2.0, belief=0.75)
    found = []
    for name, agent in (("zero", 0), ("a", 1)):
        hired = np.zeros(success.shape[:3], np.bool_)
        hired[..., agent] = True
        found.append(ArmData.build(name, "x", world, sold(world, hired, False, 0.5), False))
    return found


def figure_of(name: str, value: float = 3.0) -> Drawable:
    return drawables(shown_of(arms_of(value)))[name]


@pytest.mark.parametrize("name", ["arms", "incidence"])
def test_agents_without_a_bar_are_not_in_the_legend(name: str) -> None:
    one = figure_of(name)
    said = legend_of(painted(one.paint, one.data()))
    assert {"agent 0", "agent 1"} <= set(said)
    assert "agent 2" not in said


def test_a_bar_that_is_no_pixel_is_not_in_the_legend() -> None:
    data = incidence.table(arms_of(), {"zero": "zero", "a": "zero"})
    seen = painted(incidence.paint, data.assign(**{"utility agent 2": 0.01}))
    none = painted(incidence.paint, data.assign(**{"utility agent 2": 1e-6}))
    assert ["agent 2" in legend_of(figure) for figure in (seen, none)] == [True, False]


@pytest.mark.parametrize(("width", "rates"), [(WIDE, True), (NARROW, False)])
def test_the_footer_of_arms_names_rates_where_it_draws_some(width: float, rates: bool) -> None:
    one = figure_of("arms")
    said = one.words(one.data(), look_of(width))
    assert ("rates: Wilson" in said) == rates
    assert "Student t, of levels corrected for skewness" in said


def test_a_difference_of_arms_is_called_as_its_metric_is() -> None:
    one = figure_of("arms")
    look = look_of(label={"welfare": "what it is worth"}, unit={"welfare": "$ a task"})
    said = [" ".join(axes.get_xlabel().split()) for axes in painted(one.paint, one.data(), look).axes]
    assert said[:2] == ["what it is worth, $ a task", "what it is worth minus zero, $ a task"]


def test_methods_are_those_of_what_is_drawn() -> None:
    def numbers(*names: str, known: bool = True) -> list[Number]:
        return [Number("a", name, "tasks", 9, 0.1, known) for name in names]

    assert method(numbers("welfare_minus_baseline")) == "Student t"
    assert method(numbers("welfare", "lead:welfare", "share:x")) == (
        "Student t, of levels corrected for skewness; rates: Wilson"
    )
    assert method(numbers("solve_rate", "difference:solve_rate")) == "rates: Wilson; their differences: Tango"
    assert method(numbers("solve_rate_minus_baseline")) == "differences of rates: Tango"
    assert method(numbers("welfare", known=False)) == ""


def rescued(**changes: Any) -> pd.DataFrame:
    rows = {"arm": ["x", "y"], "base": ["x", "y"], "world": "", "rule": "", "baseline": "x", "clusters": "tasks"}
    found = pd.DataFrame(rows | {"coupled": ""})
    for name in ("first_rate", "same_rate", "other_rate", "solve_rate"):
        found[name] = 0.5
        found = found.assign(**{f"{name}_low": 0.4, f"{name}_high": 0.6, f"{name}_se": 0.1, f"{name}_clusters": 20})
    return found.assign(**changes)


def test_kinds_of_second_attempts_that_nobody_makes_are_not_in_the_legend() -> None:
    assert legend_of(painted(rescue.paint, rescued())) == [
        "first attempt",
        "second, by who failed",
        "second, by another agent",
    ]
    assert legend_of(painted(rescue.paint, rescued(other_rate=np.nan))) == ["first attempt", "second, by who failed"]


def events(*statuses: str, hired: int = 1) -> pd.DataFrame:
    """An arm in which one agent tries as often, one attempt after the other."""
    head = {"arm": "x", "window": 9, "attempts": len(statuses)}
    rows: list[dict[str, Any]] = [
        {"event": "attempt", "agent": "a", "start": k, "finish": k + 1, "status": status, "hired": 0}
        for k, status in enumerate(statuses)
    ]
    for event, many in (("posted", 0), ("cleared", hired)):
        rows.append({"event": event, "agent": "", "start": 0, "finish": 0, "status": "", "hired": many})
    return pd.DataFrame(rows).assign(task="t", **head)


def test_a_timeline_explains_the_ends_that_it_shows() -> None:
    assert legend_of(painted(timeline.paint, events("PASS", "FAIL"))) == ["passed", "failed"]
    assert legend_of(painted(timeline.paint, events("CANCELLED", "PASS"))) == ["passed", "lost or cancelled"]
    said = [timeline.about(events("PASS", hired=hired), look_of()) for hired in (0, 1)]
    assert ["full triangle" in one for one in said] == [False, True]


def test_reliability_explains_crosses_where_there_are_some() -> None:
    data = reliability.table(posted_alone(table_world(1), 1.0))
    bare = data.assign(success_rate_low=np.nan, success_rate_high=np.nan)
    known = data.assign(success_rate_low=0.1, success_rate_high=0.9)
    said = [
        " ".join(text.get_text() for axes in painted(reliability.paint, one).axes for text in axes.texts)
        for one in (bare, known)
    ]
    assert ["×" in one for one in said] == [True, False]
    assert all("Wilson" in one for one in said)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_panels_of_reliability_are_named_over_themselves_and_labelled(width: float) -> None:
    data = reliability.table(posted_alone(table_world(1), 1.0))
    figure = painted(reliability.paint, data, look_of(width), footer="seed 1")
    figure.draw_without_rendering()
    diagrams = [axes for axes in figure.axes if axes.get_title(loc="left")]
    boxes = [axes.get_window_extent() for axes in diagrams]
    for place, axes in enumerate(diagrams):
        name = axes._left_title.get_window_extent()
        others = [box for k, box in enumerate(boxes) if k != place and abs(box.y0 - boxes[place].y0) < 1.0]
        assert all(name.x1 < box.x0 or name.x0 > box.x1 for box in others if box.x0 < boxes[place].x0)
    below = [axes for axes in figure.axes if axes.axison and not axes.get_title(loc="left")]
    assert all(axes.get_xlabel() for axes in below)


@pytest.mark.parametrize(("first", "second"), [(0.001, 9.0), (9.0, 0.001)])
def test_a_word_at_0_stays_within_its_axis_and_no_grid_line_beside_the_reference(first: float, second: float) -> None:
    one = figure_of("arms")
    data = one.data().assign(changed=[0.0, 1.0])
    gap = "welfare_minus_baseline"
    data[gap] = [0.0, second - first]
    data[f"{gap}_low"], data[f"{gap}_high"] = data[gap] - 0.1, data[gap] + 0.1
    figure = painted(one.paint, data, look_of(NARROW), footer="seed 1")
    axes = figure.axes[1]
    assert [text.get_text() for text in axes.texts] == ["baseline"]
    box, whole = axes.texts[0].get_window_extent(), axes.get_window_extent()
    assert whole.x0 - 1 <= box.x0 < box.x1 <= whole.x1 + 1
    at_0 = [line for line in axes.lines if list(line.get_xdata()) == [0.0, 0.0]]
    grid = axes.xaxis.get_gridlines()[0]
    assert [line.get_color() for line in at_0] == ["#ffffff", at_0[1].get_color()]
    assert at_0[0].get_linewidth() > grid.get_linewidth()
    assert 0.5 < at_0[0].get_zorder() < at_0[1].get_zorder() < 1.0


def test_numbers_of_one_figure_are_written_alike() -> None:
    one = figure_of("arms")
    for width, half in ((WIDE, "0.5"), (NARROW, ".5")):
        axes = painted(one.paint, one.data(), look_of(width)).axes[-1]
        assert [label.get_text() for label in axes.get_xticklabels()] == ["0", half, "1"]


def test_arms_without_a_value_have_rates_and_their_differences() -> None:
    one = figure_of("arms", np.nan)
    assert "rates: Wilson; their differences: Tango" in one.words(one.data(), look_of(NARROW))


def test_a_crowd_of_which_few_work_is_named_as_far_as_it_works() -> None:
    first = arms_of()[0]
    twin = replace(first, name="twin")
    one = drawables(shown_of([first, twin]))["arms"]
    assert legend_of(painted(one.paint, one.data())) == ["agent 0"]
