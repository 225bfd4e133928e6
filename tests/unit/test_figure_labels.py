"""Labels of figures: no number touches its neighbour, small money is told apart; of many agents both ends are drawn."""

from __future__ import annotations

import re
from hashlib import sha256
from time import process_time

import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.figures import drawables, hired_rate, shown_of, who_knows
from analysis.figures.left_out import left_out, list_left_out
from analysis.figures.save import captioned, overlapping
from analysis.figures.sheets import sheet
from analysis.figures.style import MOST_ROWS
from sim.experiment.stored import Stored
from tests.painted import drawn_into, look_of, painted
from tests.unit.test_analysis_helpers import make_world, posted_alone, sold


def figures_of(price: float) -> dict[str, Figure]:
    """The figures of three arms that hire one agent each, in dollars of this size."""
    stream = np.random.default_rng(5)
    shape = (1, 40, 3)
    costs = price * stream.random((*shape, 1))
    world = make_world(stream.random((*shape, 1)) < 0.6, cost=costs, value=3 * price, belief=stream.random(shape))
    hired = [np.zeros(shape, np.bool_) for _ in range(3)]
    for k, of in enumerate(hired):
        of[..., k] = True
    arms = [
        ArmData.build(f"arm {k}", "x", world, sold(world, of, False, price * (k + 1)), False)
        for k, of in enumerate(hired)
    ]
    made = {}
    for name, one in drawables(shown_of(arms)).items():
        made[name] = painted(one.paint, one.data(), footer="caption")
    return made


@pytest.mark.parametrize("price", [1e-4, 0.2])
def test_no_label_touches_its_neighbour_and_small_money_is_told_apart(price: float) -> None:
    figures = figures_of(price)
    for name, figure in figures.items():
        for axes in figure.axes:
            assert not overlapping(axes.xaxis), name
            assert not overlapping(axes.yaxis), name
    cost = next(axis for axis in figures["arms"].axes if axis.get_xlabel().startswith("cost"))
    labels = [label.get_text() for label in cost.get_xticklabels()]
    assert len(set(labels)) == len(labels) > 1
    assert all(re.fullmatch(r"−?[\d.]+", label) for label in labels)


def test_labels_that_would_touch_are_thinned() -> None:
    figure = Figure(figsize=(1.6, 1.0), layout="constrained")
    axes = figure.subplots()
    axes.set_xlim(0.0, 0.00123456)
    axes.locator_params(axis="x", nbins=12)
    figure.draw_without_rendering()
    assert overlapping(axes.xaxis)
    with sheet().applied():
        captioned(figure, "caption")
    assert not overlapping(axes.xaxis)
    assert len(axes.get_xticks()) > 0


def test_figures_of_many_agents_show_both_ends_and_say_so() -> None:
    stream = np.random.default_rng(7)
    shape = (1, 6, 100)
    world = make_world(
        stream.random((*shape, 1)) < 0.5, belief=stream.uniform(0.1, 1.0, shape), reserve=stream.random(shape[:2])
    )
    arm = posted_alone(world, 1.0)
    found, look = drawables(shown_of([arm])), look_of()
    for name, module in (("who_knows", who_knows), ("hired_rate", hired_rate)):
        data = found[name].data()
        assert painted(found[name].paint, data).get_figheight() < 7.0, name
        assert data["agent"].nunique() == 100 + (name == "who_knows")
        assert "of 100 agents the 6 of the greatest and the 6 of the smallest" in found[name].words(data, look)
        assert f"all of them in {name}.csv" in found[name].words(data, look)
        assert len(module.drawn(data, look)) <= 3 * (MOST_ROWS + 1)
    claims = found["reliability"]
    assert "of 100 agents the 6 of the greatest and the 5 of the smallest ECE" in claims.words(claims.data(), look)


def test_a_figure_that_is_left_out_says_why(tmp_path) -> None:
    path = tmp_path / "figures" / "left_out.csv"
    list_left_out(
        path.parent, {"arms": "there is one arm", "incidence": "there is one arm", "hired_rate": "no auction"}
    )
    written = Stored(tmp_path, {}, {"figures/left_out.csv": sha256(path.read_bytes()).hexdigest()})
    assert left_out(written) == ["figures left out: arms, incidence (there is one arm); hired_rate (no auction)"]
    list_left_out(path.parent, {})
    assert not path.exists()
    assert left_out(Stored(tmp_path, {}, {})) == []


def test_the_permutation_test_needs_no_pairs_and_no_constant_claims() -> None:
    stream = np.random.default_rng(3)
    claim, success = stream.random((9, 5)), stream.random((9, 5)) < 0.5
    success[:, 4] = True
    rank = claim.argsort(axis=0).argsort(axis=0) + 1.0
    hits = success.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (rank.T @ success - hits * (hits + 1) / 2) / (hits * (9 - hits))
    naive = [area[i, i] - np.mean([area[i, j] for j in range(4) if j != i]) for i in range(4)]
    assert who_knows.own_minus_others(claim, success)[:4] == pytest.approx(naive)
    assert np.isnan(who_knows.own_minus_others(claim, success)[4])
    each, pooled = who_knows.permutation_test(np.ones((9, 5)), success, 10**9)
    assert np.isnan([*each, pooled]).all()


@pytest.mark.slow
def test_a_thousand_agents_are_drawn_in_seconds(tmp_path) -> None:
    stream = np.random.default_rng(9)
    shape = (1, 2, 1000)
    world = make_world(stream.random((*shape, 1)) < 0.5, belief=stream.random(shape))
    hired = np.zeros(shape, np.bool_)
    hired[..., 0] = True
    arms = [ArmData.build(name, "x", world, sold(world, hired, False, 0.5), False) for name in ("a", "b")]
    begun = process_time()
    drawn_into(arms, tmp_path)
    assert process_time() - begun < 10.0
