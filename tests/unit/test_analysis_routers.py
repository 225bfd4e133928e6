"""Beside a router by record: the agent that is best with hindsight, and one at random."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.arm import ArmData
from analysis.routers import COLUMNS, routers_table
from tests.unit.test_analysis_helpers import make_world, sold

SUCCESS = np.array([[[1, 0, 1], [0, 0, 1], [1, 1, 0], [1, 1, 0]], [[1, 0, 0], [0, 1, 1], [1, 0, 0], [1, 1, 0]]])


def arm_of(value: float) -> ArmData:
    """Two replications of four tasks; agent 1 is absent from task 2 and never hired."""
    present = np.ones((2, 4, 3), np.bool_)
    present[:, 2, 1] = False
    cost = np.broadcast_to(np.array([0.5, 0.125, 0.25])[None, None, :, None], (2, 4, 3, 1))
    world = make_world(SUCCESS[..., None].astype(bool), value=value, present=present, cost=cost)
    hired = np.zeros((2, 4, 3), np.bool_)
    hired[..., 2] = True
    return ArmData.build("router", "route_by_advice", world, sold(world, hired, False, 0.5), False)


def test_the_best_agent_and_a_random_one() -> None:
    row = routers_table([(arm_of(2.0), "split")]).iloc[0]
    here = np.array([[1, 1, 1], [1, 1, 1], [1, 0, 1], [1, 1, 1]])[None]
    gain = (2.0 * SUCCESS - np.array([0.5, 0.125, 0.25])) * here
    assert row["record"] == "split"
    assert row["best_fixed"] == "agent 0"
    assert row["best_fixed_solve_rate"] == pytest.approx(SUCCESS[..., 0].mean())
    assert row["best_fixed_welfare"] == pytest.approx(gain[..., 0].mean())
    assert row["random_welfare"] == pytest.approx((gain.sum(axis=2) / here.sum(axis=2)).mean())
    assert row["random_solve_rate"] == pytest.approx(((SUCCESS * here).sum(axis=2) / here.sum(axis=2)).mean())
    assert row["solve_rate"] == pytest.approx(SUCCESS[..., 2].mean())


def test_without_a_value_the_best_is_who_solves_most() -> None:
    row = routers_table([(arm_of(np.nan), "redrawn")]).iloc[0]
    assert row["best_fixed"] == "agent 0"
    assert np.isnan([row["best_fixed_welfare"], row["random_welfare"]]).all()
    assert list(routers_table([]).columns) == list(COLUMNS)
