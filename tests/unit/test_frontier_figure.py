"""The figure of a frontier: a name lies on no mark and no line, and is nearest to its own point; others are told."""

from __future__ import annotations

from itertools import pairwise

import bidlab as bl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from analysis.figures.measure import faults

WIDTHS = ["column", "text"]


@pytest.fixture(scope="module")
def crowded() -> pd.DataFrame:
    """Six agents, of which two are alike in all they do."""
    draw = np.random.default_rng(2)
    price = {"ash": 0.34, "birch": 0.22, "cedar": 0.4, "elm": 0.09, "fir": 0.05, "fir again": 0.05}
    rows = []
    for task in range(40):
        level, luck = draw.normal(), dict(zip(price, draw.normal(size=6), strict=True))
        luck["fir again"] = luck["fir"]
        for agent, cost in price.items():
            solved = level + luck[agent] + np.log(cost / 0.1) > 0
            rows.append({"agent": agent, "task": task, "success": int(solved), "cost": cost * (1 + task / 100)})
    return pd.DataFrame(rows)


def footer_of(figure: Figure) -> str:
    return " ".join(figure.texts[-1].get_text().split())


def labels_of(figure: Figure) -> dict[str, Bbox]:
    return {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}


def aside(box: Bbox, points: np.ndarray) -> np.ndarray:
    """From each point to the box."""
    return np.hypot(*np.maximum(np.maximum(box.min - points, points - box.max), 0.0).T)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("which", ["recorded", "crowded"])
def test_names_hide_nothing_and_are_read_at_their_own_point(width: str, which: str, crowded: pd.DataFrame) -> None:
    found = bl.frontier("marketbench" if which == "recorded" else crowded)
    figure, table = found.figure(width), found.table
    assert faults(figure) == []
    axes = figure.axes[0]
    points = axes.transData.transform(table[["cost", "accuracy"]].to_numpy())
    line = next(line for line in axes.lines if line.get_label() == "frontier")
    x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    corners = axes.transData.transform(np.stack([np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]], axis=1))
    radius = max(mark.get_markersize() for mark in axes.lines) * figure.dpi / 144
    labels, policies = labels_of(figure), list(table["policy"])
    assert labels
    for word, box in labels.items():
        names = {word} if word == "cascade, searched" else set(word.split(", "))
        own = [place for place, name in enumerate(policies) if name in names]
        far = aside(box, points)
        assert own, word
        assert far.min() > 0.9 * radius, word
        assert far[own].min() == far.min(), word
        for one, other in pairwise(corners):
            assert not box.overlaps(Bbox([one, other])), word


@pytest.mark.parametrize("width", WIDTHS)
def test_every_point_has_its_name_or_is_told_in_the_footer(width: str, crowded: pd.DataFrame) -> None:
    for table in ("marketbench", crowded):
        found = bl.frontier(table)
        figure = found.figure(width)
        said, footer = ", ".join(labels_of(figure)), footer_of(figure)
        without = footer.partition("points without a name: ")[2].partition("; all of them in frontier.csv")[0]
        unnamed = [name for name in found.table["policy"] if name not in said]
        assert all(f"“{name}”" in without for name in unnamed[:4]), (unnamed, footer)
        assert ("points without a name" in footer) == bool(unnamed)
        assert "fir, fir again" in said or table is not crowded


def test_the_footer_says_what_the_crosses_are(crowded: pd.DataFrame) -> None:
    few = footer_of(bl.frontier(crowded).figure())
    assert few.startswith("crosses: 95% intervals over 40 tasks; no interval for record router")
    assert "crosses: 95% intervals over 93 tasks; 93 tasks, the rule replayed" in footer_of(
        bl.frontier("marketbench").figure()
    )


def test_points_that_cannot_be_drawn_are_told() -> None:
    rows = pd.DataFrame({"agent": ["a", "b"] * 2, "task": ["s", "s", "t", "t"], "success": [0, 1, 1, 0]})
    footer = footer_of(bl.frontier(rows).figure())
    assert "not drawn, since accuracy or cost is not known: “a”, “b”" in footer
    assert "crosses" not in footer
