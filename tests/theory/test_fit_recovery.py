"""Tables drawn from known parameters are fitted back: bias and coverage. Parameters are those of the recorded table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim.fitting.fit import Fitted, fit
from sim.population.beliefs import calibrated
from sim.population.population import draw_population
from sim.population.profile import Profile
from sim.tables.table import Recorded
from tests.statistics import assert_mean
from tests.unit.test_fit import PUBLISHED, marketbench

MOST_BIAS = {"rho": 0.03, "m": 0.02, "slope": 0.02}
COVERED = ("alpha", "m", "slope", "rho", "bias")


def _truth() -> Profile:
    recorded, agents = marketbench(), {}
    for i, name in enumerate(recorded.agents):
        own = {key: values[i] for key, values in PUBLISHED.items()}
        agents[name] = {
            **{key: own[key] for key in ("alpha", "m", "slope", "rho", "gamma")},
            "grid": sorted(set(recorded.belief[:, i].tolist())),
            "cost_belief": {k: own[f"cost_belief_{k}"] for k in ("mean", "sd", "correlation")},
            "cost": {k: own[f"cost_{k}"] for k in ("mean", "sd")},
        }
    return Profile.model_validate({"sigma_d": 4.22, "sigma_u": 1.0, "agents": agents})


TRUTH = _truth()


def tables(profile: Profile, seed: int, n_tables: int, n_tasks: int, n_trials: int = 1) -> Iterator[Recorded]:
    """Tables of agents that are this profile's, every cell present."""
    drawn, shape = draw_population(profile, seed, n_tables, n_tasks, n_trials), (n_tasks, len(profile.agents))
    for r in range(n_tables):
        yield Recorded(
            agents=tuple(profile.agents),
            tasks=tuple(f"task {t}" for t in range(n_tasks)),
            family=("",) * n_tasks,
            block=("",) * n_tasks,
            present=np.ones(shape, np.bool_),
            belief=drawn.claim[r],
            cost_belief=drawn.cost_belief[r],
            ability=drawn.ability[r],
            success=drawn.success[r],
            cost=drawn.cost[r],
            duration=None,
            trials=np.full(shape, n_trials),
        )


def table(profile: Profile, seed: int, n_tasks: int, n_trials: int = 1) -> Recorded:
    """One such table."""
    return next(tables(profile, seed, 1, n_tasks, n_trials))


def known(name: str) -> np.ndarray:
    """(n,) the parameter that the tables were drawn with."""
    agents = TRUTH.agents.items()
    if name == "bias":
        return np.array([own.m - calibrated(own.alpha, TRUTH.tau, TRUTH.reach(key)).m for key, own in agents])
    return np.array([getattr(own, name) for _, own in agents])


def errors(fits: list[Fitted], name: str) -> np.ndarray:
    """(tables, n) estimate minus truth."""
    return np.array([one.value[name] for one in fits]) - known(name)


@pytest.mark.slow
@pytest.mark.parametrize(("n_tasks", "n_tables"), [(93, 300), (2000, 60)])
def test_bias(n_tasks, n_tables):
    """Mean errors, known to .01 (rho, 93 tasks) and better, stay below what is promised."""
    fits = [fit(one, n_bootstrap=0) for one in tables(TRUTH, 7, n_tables, n_tasks)]
    for name, most in MOST_BIAS.items():
        assert np.abs(errors(fits, name).mean(axis=0)).max() <= most, name


@pytest.mark.slow
def test_error_falls_with_the_root_of_tasks():
    few, many = (
        [fit(one, n_bootstrap=0) for one in tables(TRUTH, 17, n_tables, n)] for n, n_tables in ((250, 80), (1000, 80))
    )
    for name in ("m", "slope", "rho"):
        ratio = errors(few, name).std(axis=0).mean() / errors(many, name).std(axis=0).mean()
        assert ratio == pytest.approx(2.0, rel=0.2), name


@pytest.mark.slow
def test_coverage():
    """value +- 1.96 se holds the truth in 95% of tables, within what 40 tables can tell."""
    fits = [fit(one, n_bootstrap=60) for one in tables(TRUTH, 8, 40, 93)]
    for name in COVERED:
        half = 1.96 * np.array([one.se[name] for one in fits])
        assert_mean((np.abs(errors(fits, name)) <= half).mean(axis=1), 0.95)
