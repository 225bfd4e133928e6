"""Costs of 0: free agents, shares of zeros, and what of them a simulated table repeats."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from analysis.fit_moments import moments
from analysis.fit_report import report
from sim.fitting.cases import cases_of, check
from sim.fitting.fit import fit
from sim.fitting.write import write_fitted
from sim.kit.errors import ScenarioError, TableError
from sim.population.agent_profile import LogNormal
from sim.population.knobs import Knobs, turn
from sim.population.population import draw_population
from sim.population.profile import Profile, read_profile
from sim.tables.table import Recorded
from tests.statistics import assert_mean, assert_rate
from tests.theory.test_fit_recovery import TRUTH, table
from tests.unit.test_fit import marketbench

FREE, SOME = 3, 1  # an agent that costs nothing; one that sometimes does


def with_zeros() -> Recorded:
    """The recorded table; FREE costs and expects nothing, SOME costs nothing at 30 tasks and expects so at 20."""
    recorded = marketbench()
    cost, belief = recorded.cost.copy(), recorded.cost_belief.copy()
    cost[:, FREE], belief[:, FREE] = 0.0, 0.0
    cost[:30, SOME], belief[40:60, SOME] = 0.0, 0.0
    return replace(recorded, cost=cost, cost_belief=belief)


def profile(**laws: LogNormal) -> Profile:
    """One agent of the recorded table, with these costs."""
    name = "gpt-5-mini"
    agent = TRUTH.agents[name].model_copy(update=laws)
    return TRUTH.model_copy(update={"agents": {name: agent, "other": TRUTH.agents["gpt-5.2"]}})


def test_zeros_are_a_share_and_the_rest_is_log_normal():
    recorded = with_zeros()
    value = fit(recorded, n_bootstrap=0).value
    assert value["cost_zero"] == pytest.approx([0, 30 / 93, 0, 1, 0, 0])
    assert value["cost_belief_zero"] == pytest.approx([0, 20 / 93, 0, 1, 0, 0])
    paid, believed = (
        np.log(recorded.cost[30:, SOME, 0]),
        np.log(np.delete(recorded.cost_belief[:, SOME], range(40, 60))),
    )
    assert value["cost_mean"][SOME] == pytest.approx(paid.mean())
    assert value["cost_sd"][SOME] == pytest.approx(paid.std())
    assert value["cost_belief_mean"][SOME] == pytest.approx(believed.mean())
    for name in ("cost_mean", "cost_sd", "cost_belief_mean", "cost_belief_sd", "cost_belief_correlation"):
        assert np.isnan(value[name]).tolist() == [agent == FREE for agent in range(6)]


def test_the_rest_of_the_fit_does_not_see_costs():
    plain, zeros = (fit(one, n_bootstrap=0).value for one in (marketbench(), with_zeros()))
    for name in ("alpha", "m", "slope", "rho", "gamma", "sigma_d"):
        np.testing.assert_array_equal(plain[name], zeros[name])


def test_profile_is_written_and_read_with_its_zeros(tmp_path: Path):
    fitted = fit(with_zeros(), n_bootstrap=2)
    path = write_fitted(fitted, tmp_path / "free.toml", table="t.csv", command="x")[0]
    again = [*read_profile(path).agents.values()]
    assert again[FREE].cost == LogNormal(mean=0.0, sd=0.0, zero=1.0)
    assert again[SOME].cost.zero == pytest.approx(30 / 93, abs=1e-4)
    assert again[SOME].cost_belief.zero == pytest.approx(20 / 93, abs=1e-4)
    assert "zero" not in path.read_text().split("[agents")[1]


def test_report_shows_mean_costs_and_zeros():
    recorded = with_zeros()
    fitted = fit(recorded, n_bootstrap=2)
    found = moments(recorded, fitted.profile, n_tables=60)
    costs = found[found["moment"] == "mean_cost"].set_index("agent")
    assert costs["observed"].tolist() == pytest.approx(recorded.cost[..., 0].mean(axis=0).tolist())
    assert costs["simulated"].iloc[FREE] == 0.0
    assert abs(float(costs["z"].iloc[SOME])) < 2.0
    page = io.StringIO()
    for part in report(recorded, fitted, found):
        Console(width=300, file=page).print(part)
    assert "cost: share" in page.getvalue()
    assert "nan" not in page.getvalue()
    assert "mean cost" in page.getvalue()


def test_zeros_are_recovered_from_a_drawn_table():
    """A third of costs and a quarter of cost beliefs 0: shares, means and the correlation with the signal."""
    truth = profile(
        cost=LogNormal(mean=-1.0, sd=0.6, zero=1 / 3),
        cost_belief=LogNormal(mean=-2.0, sd=0.5, correlation=-0.6, zero=0.25),
    )
    value = fit(table(truth, 3, 4000), n_bootstrap=0).value
    assert value["cost_zero"][0] == pytest.approx(1 / 3, abs=4 * (2 / 9 / 4000) ** 0.5)
    assert value["cost_belief_zero"][0] == pytest.approx(0.25, abs=4 * (3 / 16 / 4000) ** 0.5)
    assert value["cost_mean"][0] == pytest.approx(-1.0, abs=4 * 0.6 / 2667**0.5)
    assert value["cost_belief_sd"][0] == pytest.approx(0.5, abs=4 * 0.5 / 6000**0.5)
    assert value["cost_belief_correlation"][0] == pytest.approx(-0.6, abs=0.06)


def test_drawn_zeros_are_independent_of_the_signal_and_move_no_other_draw():
    laws = {"cost": LogNormal(mean=-1.0, sd=0.6), "cost_belief": LogNormal(mean=-2.0, sd=0.5, correlation=-0.6)}
    zeros = {name: law.model_copy(update={"zero": 0.4}) for name, law in laws.items()}
    before, after = (draw_population(profile(**some), 5, 200, 50, 3) for some in (laws, zeros))
    for name in ("claim", "success", "signal"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    for name in ("cost", "cost_belief"):
        was, now = getattr(before, name), getattr(after, name)
        free = now[:, :, 0] == 0.0
        assert_rate(free.ravel(), 0.4)
        np.testing.assert_array_equal(now[:, :, 0][~free], was[:, :, 0][~free])
        np.testing.assert_array_equal(now[:, :, 1], was[:, :, 1])
    assert_mean(before.signal[..., 0][after.cost_belief[..., 0] == 0.0], 0.0)


def test_resample_without_any_of_the_costs_above_zero_has_no_estimate():
    recorded = with_zeros()
    cost = recorded.cost.copy()
    cost[1:, SOME] = 0.0
    cost[0, SOME] = 0.3
    cases = cases_of(replace(recorded, cost=cost))
    with pytest.raises(TableError, match=r"agent 'claude-sonnet-4\.5': every cost is 0 in these tasks"):
        check(cases, (np.arange(93) > 0).astype(np.float64))


@pytest.mark.parametrize("knob", [{"cost_ratio": 2.0}, {"cost_misforecast": 0.0}, {"mean_cost_ratio": 0.5}])
def test_ratio_of_costs_that_are_zero(knob: dict[str, float]):
    """Nothing times a ratio is nothing; a ratio to or from nothing is none."""
    free, paid = LogNormal(mean=0.0, sd=0.0, zero=1.0), LogNormal(mean=-1.0, sd=0.5)
    both = profile(cost=free, cost_belief=free)
    assert turn(both, {"gpt-5-mini": Knobs(**knob)}) == both
    for one in (profile(cost=free, cost_belief=paid), profile(cost=paid, cost_belief=free)):
        with pytest.raises(ScenarioError, match=rf"agent 'gpt-5-mini': {next(iter(knob))} has no meaning"):
            turn(one, {"gpt-5-mini": Knobs(**knob)})


def test_ratio_of_mean_costs_counts_the_zeros():
    cost, belief = LogNormal(mean=-1.0, sd=0.8, zero=0.5), LogNormal(mean=-2.0, sd=0.4, zero=0.2)
    law = turn(profile(cost=cost, cost_belief=belief), {"*": Knobs(mean_cost_ratio=0.7)}).agents["gpt-5-mini"]
    mean = [(1 - x.zero) * np.exp(x.mean + x.sd**2 / 2) for x in (law.cost_belief, law.cost)]
    assert mean[0] / mean[1] == pytest.approx(0.7)
    assert law.cost_belief.zero == 0.2
