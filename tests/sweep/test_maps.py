"""The map of two swept keys: which maps there are, and the data beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import load
from analysis.figures.chart import chart_of
from analysis.figures.charted import shown
from analysis.figures.maps import paint
from analysis.sweep_table import factors_of
from sim.experiment.stored import run_info
from sim.scenario.figure_spec import FigureFile
from tests.painted import painted
from tests.sweep.scenes import SWEEP, plan_of, run, write
from tests.sweep.test_lines import KEY

MAP = f"""
[[figure]]
kind = "map"
x = "{KEY}"
vertical = "tender.penalty"
y = ["difference:welfare", "solve_rate"]
"""


@pytest.mark.slow
def test_lead_is_the_difference_the_other_way_round(tmp_path: Path) -> None:
    folder = run(plan_of(write(tmp_path, sweep=SWEEP + MAP)), tmp_path / "o")
    table, info = load(folder), run_info(folder) or {}
    factors, drawn = factors_of(info), {}
    for y in ("difference:welfare", "lead:welfare"):
        figure = FigureFile.model_validate({"kind": "map", "x": KEY, "vertical": "tender.penalty", "y": y})
        chart = chart_of(figure, info, factors, 0)
        drawn[y] = shown(table, chart)
        picture = painted(lambda rows, look, of=chart: paint(rows, of, factors, look), drawn[y])
        labels = [" ".join(axes.get_ylabel().split()) for axes in picture.subfigs[0].axes]
        words = {
            "difference:welfare": "welfare minus “second price”",
            "lead:welfare": "welfare, “second price” minus arm",
        }
        assert f"{words[y]}, $ per auction" in labels
    one, other = drawn.values()
    np.testing.assert_array_equal(other["drawn"], -one["drawn"])
    np.testing.assert_array_equal(other["drawn_se"], one["drawn_se"])


@pytest.mark.slow
def test_map_for_each_arm_but_the_baseline(tmp_path: Path) -> None:
    folder = run(plan_of(write(tmp_path, sweep=SWEEP + MAP)), tmp_path / "o", figures=True)
    table, info = load(folder), run_info(folder) or {}
    data = pd.read_csv(folder / "figures" / "map.csv")
    assert {path.name for path in (folder / "figures").iterdir()} == {
        f"map.{kind}" for kind in ("pdf", "png", "csv", "column.pdf", "column.png")
    }
    arms = list(dict.fromkeys(table["arm"]))
    assert len(data) == 2 * 4 * len(arms)
    figure = FigureFile.model_validate(
        {"kind": "map", "x": KEY, "vertical": "tender.penalty", "y": ["difference:welfare", "solve_rate"]}
    )
    chart = chart_of(figure, info, factors_of(info), 0)
    drawn = painted(lambda rows, look: paint(rows, chart, factors_of(info), look), shown(table, chart))
    titles = [axes.get_title() for part in drawn.subfigs for axes in part.axes if axes.get_visible()]
    baselines = {arm for arm, base in zip(table["arm"], table["baseline"], strict=True) if arm == base}
    assert len([title for title in titles if title]) == 2 * len(arms) - len(baselines)
    rates = next(axes for axes in drawn.subfigs[1].axes if "always" in axes.get_title())
    expected = table[
        (table["metric"] == "solve_rate") & (table["arm"] == next(arm for arm in arms if arm.startswith("always")))
    ]
    expected = expected.pivot(index="tender.penalty", columns=KEY, values="value")
    np.testing.assert_array_equal(np.asarray(rates.collections[0].get_array()).reshape(2, 2), expected.to_numpy())
