"""The fit of a table: the recorded one against published figures, missing cells, what cannot be fitted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.fitting.ability import AbilityFit
from sim.fitting.cases import cases_of
from sim.fitting.fit import PARAMETERS, Fitted, estimate, fit, log_likelihoods
from sim.fitting.write import profile_text, write_fitted
from sim.kit.errors import RunError, ScenarioError, TableError
from sim.population.profile import read_profile
from sim.population.profile_draws import draws_beside, read_draws
from sim.tables.table import Recorded, read_table

SCENARIOS = Path(__file__).parents[2] / "scenarios"
COLUMNS = {
    "agent": "agent",
    "task": "task",
    "block": "block",
    "claim": "claim",
    "success": "success",
    "cost": "cost_usd",
    "tokens": "tokens_forecast",
    "usd_per_token": "usd_per_token",
}
# The study's own fit at sigma_u = 1, two decimals, agents in the table's order.
PUBLISHED = {
    "alpha": (4.01, 3.47, 3.99, 3.99, 3.82, 3.14),
    "m": (1.33, 1.26, 3.00, 0.57, 0.70, 0.55),
    "slope": (0.87, 0.66, 1.17, 0.29, 0.42, 1.07),
    "rho": (0.43, 0.45, 0.24, -0.15, 0.08, 0.26),
    "gamma": (0.84, 0.89, 0.77, 0.97, 0.86, 0.66),
    "m_calibrated": (1.57, 1.36, 1.45, 1.42, 1.34, 1.13),
    "slope_calibrated": (0.77, 0.80, 0.40, -0.24, 0.13, 0.42),
    "bias": (-0.24, -0.11, 1.55, -0.85, -0.65, -0.58),
    "cost_belief_mean": (-1.67, -2.09, -4.76, -3.82, -1.44, -5.96),
    "cost_belief_sd": (0.59, 0.67, 0.76, 0.30, 0.34, 0.50),
    "cost_belief_correlation": (-0.91, -0.72, -0.70, -0.73, -0.62, -0.50),
    "cost_mean": (-0.79, -0.83, -1.08, -1.83, -1.31, -3.69),
    "cost_sd": (0.57, 0.43, 0.52, 0.61, 0.81, 0.69),
}
ROUNDED = 0.0056  # half a unit of the second decimal, and the last digit of both


def marketbench() -> Recorded:
    return read_table(SCENARIOS / "data" / "marketbench_forecasts.csv", COLUMNS)


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return marketbench()


@pytest.fixture(scope="module")
def fitted(recorded: Recorded) -> Fitted:
    return fit(recorded, source="MB")


def pick(recorded: Recorded, task: object, agent: object = slice(None)) -> Recorded:
    """The table of these tasks (a mask or places) and agents (a slice)."""
    arrays = {}
    for name in ("present", "belief", "cost_belief", "ability", "success", "cost", "trials"):
        arrays[name] = getattr(recorded, name)[task][:, agent]
    names = {"agents": recorded.agents[agent], "block": tuple(np.array(recorded.block)[task])}
    places = np.arange(len(recorded.tasks))[task]
    return replace(recorded, tasks=tuple(f"task {k}" for k in range(len(places))), **names, **arrays)


def point(recorded: Recorded) -> dict[str, np.ndarray]:
    return fit(recorded, n_bootstrap=0).value


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_the_published_ones(fitted, name):
    np.testing.assert_allclose(fitted.value[name], PUBLISHED[name], rtol=0, atol=ROUNDED)


def test_difficulty_and_likelihood_are_the_published_ones(recorded, fitted):
    assert float(fitted.value["sigma_d"]) == pytest.approx(4.22, abs=ROUNDED)
    loss = [-x for x in log_likelihoods(recorded, [0.0, 1.0, 2.3, 3.0])]
    assert loss == pytest.approx([192.52, 192.61, 192.73, 192.76], abs=ROUNDED)
    assert fitted.log_likelihood == pytest.approx(-loss[1], abs=1e-9)
    assert [len(grid) for grid in cases_of(recorded).grid] == [11, 9, 7, 6, 21, 18]


@pytest.mark.parametrize(("name", "error"), [("sigma_d", 0.98), ("alpha", 0.8), ("rho", 0.155), ("bias", 0.3)])
def test_standard_errors_are_the_published_ones(fitted, name, error):
    """Both from 120 resamples: each is known to 1 / sqrt(240), their ratio to 9%; four times that."""
    assert float(fitted.se[name].mean()) == pytest.approx(error, rel=4 * 0.09)


def test_the_bundled_profile_is_this_fit(fitted):
    path = SCENARIOS / "profiles" / "marketbench.toml"
    bundled = read_profile(path)
    for name in ("alpha", "m", "slope", "rho", "gamma"):
        own = [getattr(agent, name) for agent in bundled.agents.values()]
        np.testing.assert_allclose(own, fitted.value[name], rtol=0, atol=1e-4)
    drawn = read_draws(draws_beside(path), bundled)
    assert [one.sigma_d for one in drawn] == pytest.approx(fitted.draw["sigma_d"].tolist(), abs=1e-4)


def test_a_profile_is_read_as_it_was_written(fitted, tmp_path):
    path = tmp_path / "sub" / "six.toml"
    assert write_fitted(fitted, path, table="t.csv", command="bidlab fit t.csv") == [path, draws_beside(path)]
    text = path.read_text()
    assert text.startswith("# Fitted to t.csv (93 tasks, 6 agents, 558 outcomes) by\n#     bidlab fit t.csv\n")
    again = read_profile(path)
    assert again.source == "MB"
    assert tuple(again.agents) == fitted.agents
    for name, agent in fitted.profile.agents.items():
        other = again.agents[name].model_dump(exclude={"grid", "cost", "cost_belief"})
        assert other == pytest.approx(agent.model_dump(exclude={"grid", "cost", "cost_belief"}), abs=5.1e-5)
        assert again.agents[name].cost_belief.model_dump() == pytest.approx(agent.cost_belief.model_dump(), abs=5.1e-5)
        assert again.agents[name].cost.model_dump() == pytest.approx(agent.cost.model_dump(), abs=5.1e-5)
        assert again.agents[name].grid == agent.grid
    drawn = read_draws(draws_beside(path), again)
    assert len(drawn) == 120
    assert drawn[7].agents["gpt-5.2"].rho == pytest.approx(fitted.draw["rho"][7, 3], abs=1e-6)
    assert profile_text(replace(fitted, profile=again), table="t.csv", command="bidlab fit t.csv") == text


def test_names_that_need_quotes_are_written_so(recorded, tmp_path):
    odd = fit(replace(recorded, agents=('a "b"', "c.d", "e\\f", "ü", "#", "=")), n_bootstrap=0)
    path = tmp_path / "odd.toml"
    assert write_fitted(odd, path, table="a\nb", command="x") == [path]
    assert tuple(read_profile(path).agents) == odd.agents


def test_a_file_that_cannot_be_written(fitted, tmp_path):
    with pytest.raises(RunError, match="cannot be written"):
        write_fitted(fitted, tmp_path, table="", command="")


def test_the_same_seed_gives_the_same_draws(recorded):
    first, again, other = (fit(recorded, n_bootstrap=3, seed=seed).draw["rho"] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    longer = fit(recorded, n_bootstrap=4, seed=5).draw["rho"]
    np.testing.assert_array_equal(first, longer[:3])


def test_progress_counts_resamples(recorded):
    seen: list[int] = []
    done = fit(recorded, n_bootstrap=4, progress=seen.append)
    assert seen == [1] * 4
    assert (done.n_bootstrap, done.left_out) == (4, 0)


def test_without_a_bootstrap_there_are_no_errors(recorded):
    plain = fit(recorded, n_bootstrap=0)
    assert all(np.isnan(error).all() for error in plain.se.values())
    assert plain.profiles == ()
    assert np.isnan(plain.at_boundary()).all()
    assert "+-" not in profile_text(plain, table="", command="").split("sigma_d =")[1]


def test_a_weight_is_a_repetition(recorded):
    """A resample by weights gives what the fit of a table with those rows gives."""
    places = np.random.default_rng(4).integers(0, 93, 93)
    cases = cases_of(recorded)
    weight = np.bincount(places, minlength=93).astype(np.float64)
    by_weight = estimate(cases, AbilityFit(cases, 1.0), weight)[1]
    copied = cases_of(pick(recorded, places))
    kept = replace(copied, grid=cases.grid, border=cases.border, cell=cases.cell[places])
    by_row = estimate(kept, AbilityFit(kept, 1.0), np.ones(93))[1]
    for name, value in by_weight.items():
        np.testing.assert_allclose(by_row[name], value, rtol=0, atol=1e-5, err_msg=name)


def test_order_of_agents_and_tasks_does_not_matter(recorded):
    value, turned = point(recorded), point(pick(recorded, slice(None, None, -1), slice(None, None, -1)))
    for name in PARAMETERS:
        np.testing.assert_allclose(turned[name][::-1], value[name], rtol=0, atol=1e-5, err_msg=name)


def test_missing_cells_are_not_read(recorded):
    stream = np.random.default_rng(8)
    here = stream.random(recorded.present.shape) < 0.8
    trials = np.where(here, recorded.trials, 0)
    sparse = replace(recorded, present=here, trials=trials)
    junk = replace(
        sparse,
        belief=np.where(here, recorded.belief, 0.123),
        cost_belief=np.where(here, recorded.cost_belief, 0.0),
        success=recorded.success ^ ~here[..., None],
        cost=np.where(here[..., None], recorded.cost, -1.0),
    )
    value, other = point(sparse), point(junk)
    for name in value:
        np.testing.assert_array_equal(value[name], other[name], err_msg=name)


def test_missing_cells_cost_precision_only(recorded, fitted):
    here = np.random.default_rng(9).random(recorded.present.shape) < 0.8
    value = point(replace(recorded, present=here, trials=np.where(here, recorded.trials, 0)))
    for name in PARAMETERS:
        # Dropping a fifth at random moves an estimate by sqrt(1 / .8 - 1) = half a standard error; four times that.
        assert (np.abs(value[name] - fitted.value[name]) < 2.0 * fitted.se[name]).all(), name


def test_agents_that_share_no_task(recorded):
    here = recorded.present.copy()
    here[:46, 5], here[46:, 4] = False, False
    value = point(replace(recorded, present=here, trials=np.where(here, recorded.trials, 0)))
    assert all(np.isfinite(x).all() for x in value.values())


def all_success(table: Recorded) -> Recorded:
    success = table.success.copy()
    success[:, 2] = True
    return replace(table, success=success)


def few_claims(table: Recorded, n: int) -> Recorded:
    belief = table.belief.copy()
    belief[:, 1] = 0.5 + 0.1 * (np.arange(len(belief)) % n)
    return replace(table, belief=belief)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (all_success, "agent 'gemini-3-pro' solves all of its 93 tasks"),
        (lambda t: replace(t, success=~all_success(t).success), "agent 'gemini-3-pro' solves none of its 93 tasks"),
        (lambda t: few_claims(t, 1), "agent 'claude-sonnet-4.5' makes 1 distinct claim; m and slope need 3"),
        (lambda t: few_claims(t, 2), "makes 2 distinct claims"),
        (lambda t: pick(t, slice(None), slice(1)), "two agents at least"),
        (lambda t: replace(t, success=np.repeat(t.success[:, :1], 6, axis=1)), "solve nearly the same tasks"),
    ],
)
def test_what_cannot_be_fitted(recorded, change, message):
    with pytest.raises(TableError, match=message):
        fit(change(recorded), n_bootstrap=0)


def test_opposite_agents_without_private_fit(recorded):
    pair = pick(recorded, slice(None), slice(2))
    pair = replace(pair, success=np.concatenate([pair.success[:, :1], ~pair.success[:, :1]], axis=1))
    with pytest.raises(TableError, match="unrelated"):
        fit(pair, n_bootstrap=0, sigma_u=0.0)
    assert float(point(pair)["sigma_d"]) < 0.01


def test_two_agents_get_the_same_gamma(recorded):
    value = point(pick(recorded, slice(None), slice(2)))
    assert value["gamma"][0] == pytest.approx(value["gamma"][1])


@pytest.mark.parametrize(
    ("key", "wrong"), [("sigma_u", -1.0), ("sigma_u", np.nan), ("sigma_u", 20.5), ("n_bootstrap", 1)]
)
def test_wrong_arguments(recorded, key, wrong):
    with pytest.raises(ScenarioError, match=key):
        fit(recorded, **{key: wrong})


def test_a_small_table_leaves_resamples_out(recorded):
    small = pick(recorded, slice(10, 30))
    done = fit(small, n_bootstrap=20)
    assert done.n_bootstrap == 20
    assert done.left_out > 0


def test_a_table_too_small_for_a_bootstrap(recorded):
    places = [0, 1, 2, 3, 40]
    tiny = pick(recorded, places)
    success = np.zeros((5, 6, 1), np.bool_)
    success[np.arange(5), np.arange(5)] = success[4, 5] = True
    belief = np.broadcast_to([[0.2], [0.4], [0.6], [0.6], [0.6]], (5, 6))
    with pytest.raises(TableError, match="too small for standard errors"):
        fit(replace(tiny, success=success, belief=belief), n_bootstrap=50)
