"""Numbers along the axes of figures: none touches its neighbour, and small money is told apart."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.figures import drawables
from analysis.figures.save import captioned, overlapping
from tests.scenes import sold
from tests.worlds import make_world


def figures_of(price: float) -> dict[str, Figure]:
    """The figures of three arms that hire one agent each, in dollars of this size."""
    stream = np.random.default_rng(5)
    shape = (1, 40, 3)
    world = make_world(stream.random((*shape, 1)) < 0.6, cost=price * stream.random((*shape, 1)), value=3 * price)
    hired = [np.zeros(shape, np.bool_) for _ in range(3)]
    for k, of in enumerate(hired):
        of[..., k] = True
    arms = [
        ArmData.build(f"arm {k}", "x", world, sold(world, of, False, price * (k + 1)), False)
        for k, of in enumerate(hired)
    ]
    made = {}
    for name, one in drawables(arms, "").items():
        made[name] = one.draw()[0]
        captioned(made[name], "caption")
    return made


@pytest.mark.parametrize("price", [1e-4, 0.2])
def test_no_label_touches_its_neighbour(price: float) -> None:
    for name, figure in figures_of(price).items():
        for axes in figure.axes:
            assert not overlapping(axes.xaxis), name
            assert not overlapping(axes.yaxis), name


def test_numbers_along_an_axis_of_small_money_differ() -> None:
    axes = figures_of(1e-4)["arms"].axes
    cost = next(axis for axis in axes if axis.get_xlabel().startswith("cost"))
    labels = [label.get_text() for label in cost.get_xticklabels()]
    assert len(set(labels)) == len(labels) > 1
    assert all(re.fullmatch(r"−?[\d.]+", label) for label in labels)
