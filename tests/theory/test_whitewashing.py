"""What the scenario whitewashing says: which reputation and which bond stop an agent that comes back, and who pays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.bundled import scenarios
from sim.experiment.engine import play
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.market.rules import Rules
from sim.scenario.scenario import load_scenario
from tests.statistics import assert_mean

pytestmark = pytest.mark.slow
BAD, HONEST, SELLER = "gpt-5-mini", "gemini-3-pro", "claude-opus-4.5"
Sums = NDArray[np.float64]


@cache
def sums(arm: str) -> dict[str, Sums]:
    """Dollars a task (R,) of the bad agent under all names, of two others, and of all; names that bid (R,)."""
    scenario = load_scenario(scenarios()["whitewashing"])
    own = next(one for one in scenario.arms if one.name == arm)
    world = arm_world(scenario, own, scenario_origin(scenario))
    tables = play("auto", world, Rules.of(own.mechanism, own.settings.terms, world))
    rows, bids, count = tables["attempts"], tables["bids"], world.n_replications
    body = np.array(world.body)

    def each(of: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> Sums:
        here, there = of(rows["agent"]), of(bids["agent"])
        earned = np.bincount(rows["replication"][here], (rows["payment"] - rows["cost"])[here], count)
        return (earned - np.bincount(bids["replication"][there], bids["fee"][there], count)) / world.n_tasks

    place = world.agents.index
    bid = np.isfinite(bids["ask"]) & (body[bids["agent"]] == place(BAD))
    names = [len(set(bids["agent"][bid & (bids["replication"] == at)].tolist())) for at in range(count)]
    worth = np.bincount(rows["replication"], 2.0 * rows["success"] - rows["cost"], count) / world.n_tasks
    return {
        "bad": each(lambda agent: body[agent] == place(BAD)),
        "honest": each(lambda agent: agent == place(HONEST)),
        "seller": each(lambda agent: agent == place(SELLER)),
        "welfare": worth,
        "names": np.array(names, np.float64),
    }


def less(name: str, arm: str, than: str) -> Sums:
    return np.asarray(sums(arm)[name] - sums(than)[name])


def bounds(x: Sums) -> tuple[float, float]:
    """Four standard errors to either side of the mean."""
    se = float(x.std(ddof=1)) / np.sqrt(len(x))
    return float(x.mean()) - 4 * se, float(x.mean()) + 4 * se


@pytest.mark.parametrize(("arm", "gain"), [("live", 0.0439), ("exponential", 0.1287), ("beta", 0.1016)])
def test_leaving_pays_and_costs_welfare(arm: str, gain: float) -> None:
    found = less("bad", f"{arm}, leaves", arm)
    assert float(found.mean()) == pytest.approx(gain, abs=5e-5)  # as the finding states it
    assert bounds(found)[0] > 0
    assert bounds(less("welfare", f"{arm}, leaves", arm))[1] < 0


@pytest.mark.parametrize("arm", ["exponential", "beta"])
def test_welfare_is_then_that_of_no_reputation(arm: str) -> None:
    assert_mean(less("welfare", f"{arm}, leaves", "none"), 0.0)


@pytest.mark.parametrize("arm", ["none", "live, start .5"])
def test_where_no_name_stands_better_nothing_changes(arm: str) -> None:
    for name in ("bad", "honest", "welfare"):
        assert not less(name, f"{arm}, leaves", arm).any()


def test_the_gain_falls_by_the_fee_at_each_change() -> None:
    """The sign flips at gain / changes, $.80: $2 is beyond it."""
    changes = sums("live, leaves")["names"] - sums("live")["names"]
    gain = 80 * less("bad", "live, leaves", "live")
    np.testing.assert_allclose(80 * less("bad", "live, fee, leaves", "live, fee"), gain - 2.0 * changes, atol=1e-9)
    assert gain.mean() / changes.mean() == pytest.approx(0.803, abs=5e-4)
    assert bounds(less("bad", "live, fee, leaves", "live, fee"))[1] < 0


def test_a_bond_stops_it_only_where_whoever_leaves_loses_it() -> None:
    assert not less("bad", "live, bond back, leaves", "live, leaves").any()
    assert bounds(less("bad", "live, bond lost, leaves", "live, bond lost"))[1] < 0
    assert bounds(less("bad", "live, bond lost below .7, leaves below .9", "live, bond lost below .7"))[0] > 0


def test_who_else_pays() -> None:
    """An honest newcomer: nearly all it earns at the floor, the fee once, and of the bond a part."""
    assert bounds(less("honest", "live, start .5, honest", "live, honest"))[1] < 0
    np.testing.assert_allclose(less("honest", "live, fee", "live"), -2.0 / 80, atol=1e-12)
    lost = less("honest", "live, bond lost", "live")
    assert (lost <= 1e-12).all()
    assert lost.mean() > -1.0 / 80


@pytest.mark.parametrize(("arm", "sign"), [("none", 1), ("beta", 1), ("exponential", -1), ("live", -1)])
def test_a_name_is_worth_selling_where_reputation_forgets_slowly(arm: str, sign: int) -> None:
    """In the direction of the finding; its interval says how sure it is."""
    both = less("bad", f"{arm}, sold", f"{arm}, honest") + less("seller", f"{arm}, sold", f"{arm}, honest")
    assert np.sign(both.mean()) == sign
