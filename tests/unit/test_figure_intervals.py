"""Figures draw the intervals of their data: neither symmetric nor of width 0 where they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from scipy.stats import skew

from analysis.arm import ArmData
from analysis.figures import arms, hired_rate, incidence, reliability, who_knows
from analysis.intervals import skewed_t_interval, wilson
from tests.painted import look_of, painted
from tests.unit.test_analysis_helpers import make_world, posted_alone, sold, table_world


def bars(axes: Axes) -> np.ndarray:
    """Ends (start, stop) of every horizontal bar, in the order drawn."""
    parts = [np.array(one.get_segments()) for one in axes.collections if isinstance(one, LineCollection)]
    return np.concatenate([np.zeros((0, 2)), *(part[:, :, 0] for part in parts if len(part))])


def crosses(axes: Axes) -> int:
    """How many marks say that there is no interval."""
    return sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == "X")


def pair(n_replications: int, n_tasks: int = 7, **changes: Any) -> list[ArmData]:
    """Two arms of three agents; the first agent solves one task in seven, the second all but one, worth $3."""
    success = np.zeros((n_replications, n_tasks, 3, 1), np.bool_)
    success[:, 0, 0], success[:, 1:, 1] = True, True
    cost = 0.1 + 0.01 * np.sqrt(np.arange(success.size)).reshape(success.shape)
    world = make_world(success, value=3.0, cost=cost, reserve=2.0, belief=0.75)
    found = []
    for name, agent in (("zero", 0), ("a", 1)):
        hired = np.zeros(success.shape[:3], np.bool_)
        hired[..., agent] = True
        arm = ArmData.build(name, "x", world, sold(world, hired, False, 0.5), False)
        found.append(replace(arm, **changes))
    return found


def test_bars_of_rates_are_those_of_wilson() -> None:
    both = pair(1, coupled=())
    data = arms.table(both, {"zero": "zero", "a": "zero"})
    figure = painted(arms.paint, data)
    rate = next(axes for axes in figure.axes if " ".join(axes.get_xlabel().split()).startswith("solve rate"))
    expected = np.array(wilson(np.array([1 / 7, 6 / 7]), 7)).T
    np.testing.assert_allclose(bars(rate), expected, atol=1e-12)
    np.testing.assert_allclose(data[["solve_rate_low", "solve_rate_high"]].to_numpy(), expected, atol=1e-12)
    assert data["solve_rate_clusters"].tolist() == [7, 7]


def test_bars_of_means_have_the_quantile_of_their_clusters() -> None:
    both = pair(1)
    data = arms.table(both, {"zero": "zero", "a": "zero"})
    figure = painted(arms.paint, data)
    axes = next(axes for axes in figure.axes if axes.get_xlabel().startswith("cost"))
    cost = both[0].per_auction(both[0].cost)[0, :, 0]
    expected = skewed_t_interval(cost.mean(), cost.std(ddof=1) / np.sqrt(7), 7, skew(cost))
    np.testing.assert_allclose(bars(axes)[0], expected, atol=1e-12)
    assert not crosses(axes)
    assert data["welfare_minus_baseline_p"].notna().tolist() == [False, True]


@pytest.mark.parametrize(("n_replications", "known"), [(2, False), (4, False), (5, True)])
def test_few_coupled_replications_have_no_bar(n_replications: int, known: bool) -> None:
    both = pair(n_replications, coupled=("market.capacity",))
    data = arms.table(both, {"zero": "zero", "a": "zero"})
    figure = painted(arms.paint, data)
    cost = next(axes for axes in figure.axes if axes.get_xlabel().startswith("cost"))
    assert (len(bars(cost)), crosses(cost)) == ((2, 0) if known else (0, 2))
    assert data["cost_low"].notna().tolist() == [known] * 2
    rows = incidence.table(both, {"zero": "zero", "a": "zero"})
    of_both = painted(incidence.paint, rows)
    assert (len(bars(of_both.axes[0])), crosses(of_both.axes[0])) == ((1, 0) if known else (0, 1))
    assert rows["welfare_low"].notna().tolist() == [known]


def test_an_arm_that_hires_as_the_baseline_does_is_said_to_be_the_same() -> None:
    first = pair(1)[0]
    twin = replace(first, name="twin")
    data = arms.table([first, twin], {"zero": "zero", "twin": "zero"})
    figure = painted(arms.paint, data)
    gap = next(axes for axes in figure.axes if "minus" in axes.get_xlabel())
    assert [text.get_text() for text in gap.texts] == ["baseline", "same"]
    assert len(bars(gap)) == crosses(gap) == 0
    assert data["changed"].tolist() == [0, 0]
    assert [number.name for number in arms.drawn(data, look_of()) if "minus" in number.name] == []
    rows = incidence.table([first, twin], {"zero": "zero", "twin": "zero"})
    of_both = painted(incidence.paint, rows).axes[0]
    assert "no decision differs" in of_both.get_legend_handles_labels()[1]
    assert len(bars(of_both)) == crosses(of_both) == 0


def test_where_no_decision_differs_no_interval_is_drawn_though_redrawn_tables_have_one() -> None:
    rows = incidence.table(pair(1), {"zero": "zero", "a": "zero"})
    same = rows.assign(changed=0.0, welfare=0.0, welfare_low=-0.2, welfare_high=0.0)
    axes = painted(incidence.paint, same).axes[0]
    assert "no decision differs" in axes.get_legend_handles_labels()[1]
    assert len(bars(axes)) == 0
    assert len(bars(painted(incidence.paint, same.assign(changed=0.5)).axes[0])) == 1


def test_hired_rate_without_intervals() -> None:
    few = replace(posted_alone(table_world(3), 1.0), replayed=True)
    data = hired_rate.table([few])
    figure = painted(hired_rate.paint, data)
    assert data["hired_rate_low"].isna().all()
    assert [crosses(axes) for axes in figure.axes] == [6, 6]
    known = painted(hired_rate.paint, hired_rate.table([posted_alone(table_world(3), 1.0)]))
    assert [crosses(axes) for axes in known.axes] == [0, 0]


def test_bins_of_a_single_task_have_no_interval() -> None:
    arm = posted_alone(table_world(3), 1.0)
    data = reliability.table(arm)
    seen = data[data["claims"] > 0]
    assert seen["success_rate_low"].isna().equals(seen["success_rate_clusters"] < 2)
    own = seen[(seen["agent"] == "gemini-3-pro") & (seen["claims"] == 83)].iloc[0]
    low, high = wilson(own["success_rate"], 83)
    assert (own["success_rate_low"], own["success_rate_high"]) == pytest.approx((float(low), float(high)))


def test_constant_claims_have_no_test_and_are_no_member_of_the_family() -> None:
    stream = np.random.default_rng(5)
    fit = stream.normal(size=(60, 3))
    success = fit + stream.normal(size=fit.shape) > 0
    claim = 1 / (1 + np.exp(-fit))
    claim[:, 1] = 0.7
    each, pooled = who_knows.permutation_test(claim, success, 199)
    assert np.isnan(each).tolist() == [False, True, False]
    assert pooled < 0.05
    nobody, of_nobody = who_knows.permutation_test(np.full_like(claim, 0.7), success, 199)
    assert np.isnan([*nobody, of_nobody]).all()


def test_p_values_stand_raw_and_adjusted_over_the_agents() -> None:
    data = who_knows.table(posted_alone(table_world(1), 1.0)).set_index("agent")
    raw, adjusted = data["p_value"].drop(who_knows.POOLED), data["p_holm"].drop(who_knows.POOLED)
    order = np.sort(raw.to_numpy())
    stepped = np.minimum(np.maximum.accumulate(order * np.arange(6, 0, -1)), 1.0)
    np.testing.assert_allclose(np.sort(adjusted.to_numpy()), stepped)
    assert np.isnan(data.loc[who_knows.POOLED, "p_holm"])
