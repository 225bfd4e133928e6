"""Figures: which apply, that they are the same bytes twice, and what their data say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.arm import ArmData
from analysis.figures import arms, hired_rate, reliability, style, who_knows
from analysis.figures.sheets import sheet
from tests.painted import drawn_into, look_of, painted
from tests.unit.test_analysis_helpers import break_even, make_world, posted_alone, sold, table_world

WORLD = table_world(3)
POSTED = [posted_alone(WORLD, k, f"k = {k:g}") for k in (2.0, 0.0)]


@pytest.fixture(autouse=True)
def _coarse(monkeypatch):
    monkeypatch.setitem(sheet("paper").settings, "savefig.dpi", 60)


def stems(paths):
    return {path.name.partition(".")[0] for path in paths}


@pytest.mark.slow
def test_all_figures_twice_are_the_same_bytes(tmp_path):
    first = drawn_into(POSTED, tmp_path / "a")
    again = drawn_into(POSTED[:1], tmp_path / "b")
    assert stems(first) == {"reliability", "who_knows", "hired_rate", "arms"}
    assert sorted(path.suffix for path in first) == [".csv"] * 4 + [".pdf"] * 8 + [".png"] * 8
    assert stems(again) == {"reliability", "who_knows", "hired_rate"}
    for path in again:
        same = path.read_bytes() == (tmp_path / "a" / path.name).read_bytes()
        assert same == (not path.name.startswith("hired_rate")), path.name
        assert b"CreationDate" not in path.read_bytes()


@pytest.mark.usefixtures("drawn_once")
def test_figures_that_do_not_apply_are_left_out(tmp_path):
    world = make_world(np.ones((2, 3, 1, 1)))
    solo = ArmData.build("solo", "x", world, sold(world, np.ones((2, 3, 1), np.bool_), False, 0.5), False)
    assert stems(drawn_into([solo], tmp_path)) == {"reliability"}
    other = make_world(np.ones((2, 3, 1, 1)), belief=0.7)
    bolder = ArmData.build("bolder", "x", other, sold(other, np.ones((2, 3, 1), np.bool_), False, 0.5), False)
    assert stems(drawn_into([solo, bolder], tmp_path)) == {"arms", "incidence"}
    assert drawn_into([], tmp_path) == []


@pytest.fixture(scope="module")
def many_agents():
    """A synthetic world of 14, and who is hired there."""
    stream = np.random.default_rng(14)
    shape = (4, 6, 14)
    world = make_world(
        stream.random((*shape, 1)) < 0.6,
        belief=stream.uniform(0.1, 1.0, shape),
        present=stream.random(shape) < 0.97,
        reserve=stream.random(shape[:2]),
    )
    return world, stream.random(shape) < 0.3


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_once")
def test_figures_of_many_agents(many_agents, tmp_path):
    world, hired = many_agents
    pair = [
        ArmData.build(f"a rather long name of an arm {k}", "x", world, sold(world, hired, False, 0.5), False)
        for k in range(2)
    ]
    assert stems(drawn_into(pair, tmp_path)) == {"reliability", "who_knows", "arms", "incidence", "allocation"}


def test_hired_rates_of_many_agents(many_agents):
    many = [posted_alone(many_agents[0], k / 2, f"k = {k / 2:g}") for k in range(5)]
    data = hired_rate.table(many)
    for width, most in ((7.0, 4), (3.4, 2)):
        assert len(painted(hired_rate.paint, data, look_of(width)).axes) == 2 * most
    assert len(data) == 5 * 14


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_once")
def test_agents_who_are_absent_or_never_bid(tmp_path):
    present = np.ones((2, 4, 3), np.bool_)
    present[..., 0] = False
    belief = np.full((2, 4, 3), 0.9)
    belief[..., 1] = 0.3
    world = make_world(np.ones((2, 4, 3, 1)), present=present, belief=belief, reserve=0.5)
    arm = posted_alone(world, 1.0)
    assert stems(drawn_into([arm, arm], tmp_path)) == {"reliability", "hired_rate", "arms"}


def test_reliability_data():
    data = reliability.table(POSTED[0])
    assert data.groupby("agent")["claims"].sum().to_dict() == dict.fromkeys(WORLD.agents, 93) | {"all agents": 558}
    pooled = data[data["agent"] == reliability.POOLED]
    assert pooled["ece"].iloc[0] == pytest.approx(0.1065, abs=5e-5)
    seen = pooled[pooled["claims"] > 0]
    known = seen[seen["success_rate_low"].notna()]
    assert list(known["claims"]) == [2, 14, 11, 24, 22, 130, 151, 86, 117]
    assert known["success_rate"].between(known["success_rate_low"], known["success_rate_high"] + 1e-12).all()


def test_hired_rate_bars_add_up():
    data = hired_rate.table(POSTED)
    assert list(data["penalty"]) == [2.0] * 6 + [0.0] * 6
    total = data["published"] + data["wrong_probability"] + data["wrong_cost"]
    assert total.to_numpy() == pytest.approx(data["cash"].to_numpy())


def test_arms_data_are_paired():
    hired = np.zeros(WORLD.present.shape, np.bool_)
    first, second = hired.copy(), hired.copy()
    first[..., 0], second[..., 5] = True, True
    ask = break_even(WORLD, 0.0)
    pair = [
        ArmData.build(n, "always", WORLD, sold(WORLD, h, False, ask), False) for n, h in (("a", first), ("b", second))
    ]
    data = arms.table(pair, {arm.name: pair[0].name for arm in pair})
    assert data["cost_minus_baseline"].to_numpy() == pytest.approx((data["cost"] - data["cost"].iloc[0]).to_numpy())
    assert data["solve_rate_minus_baseline_se"].iloc[0] == 0
    assert data["solve_rate_minus_baseline_se"].iloc[1] < data["solve_rate_se"].iloc[1]
    assert data["share gpt-5-mini"].tolist() == [0, 1]
    assert data["welfare"].isna().all()


def test_own_minus_others_against_the_definition():
    from analysis import calibration as cal

    p, y = WORLD.belief[0], WORLD.success[0, ..., 0]
    own = np.array([cal.auc(p[:, i], y[:, i]) for i in range(6)])
    assert who_knows.own_minus_others(p, y) == pytest.approx(own - cal.auc_others(p, y))
    y = y.copy()
    y[:, 2] = True
    difference = who_knows.own_minus_others(p, y)
    assert np.isnan(difference[2])
    assert difference[0] == pytest.approx(cal.auc(p[:, 0], y[:, 0]) - cal.auc_others(p, y)[0])


def test_who_knows_data():
    data = who_knows.table(POSTED[0]).set_index("agent")
    assert data.loc["all agents", "difference"] == pytest.approx(-0.002, abs=5e-4)
    assert data.loc["all agents", "difference_se"] == pytest.approx(0.013, abs=2e-3)
    assert data.loc["all agents", "comparative_auc"] == pytest.approx(0.515, abs=5e-4)
    assert data.loc["all agents", "p_value"] > 0.5
    assert data["p_value"].between(0, 1).all()


def test_knowing_oneself_is_found():
    stream = np.random.default_rng(2)
    fit = stream.normal(size=(120, 4))
    y = fit + stream.normal(size=fit.shape) > 0
    each, pooled = who_knows.permutation_test(fit + stream.normal(size=fit.shape), y, 199)
    assert pooled == each.min() == 1 / 200


def test_spread_keeps_order_and_distance():
    y = np.array([0.2, 0.21, 0.9, 0.22, 0.99])
    placed = style.spread(y, 0.1, 0.0, 1.0)
    assert (np.argsort(placed) == np.argsort(y)).all()
    assert np.diff(np.sort(placed)).min() > 0.1 - 1e-12
    assert placed.max() <= 1.0
    assert isinstance(hired_rate.table(POSTED), pd.DataFrame)
