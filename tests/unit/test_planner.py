"""The planner's pilots: a fixed budget, spread over agents and families, drawn apart from everything else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from sim.bundled import profiles
from sim.kit.draws import uniform, words_of, words_range
from sim.population.beliefs import success_at, success_rate
from sim.population.population import draw_population
from sim.population.profile import Profile, read_profile
from sim.standing.pilots import Planner, _spread, pilot_advice
from tests.statistics import assert_mean
from tests.unit.test_pool import arrays, pool_world

PROFILE = read_profile(profiles()["pool"])


def few(size: int, **changes: object) -> Profile:
    agents = dict(list(PROFILE.agents.items())[:size])
    return PROFILE.model_copy(update={"agents": agents, **changes})


def advice(planner: Planner, profile: Profile, replications: int = 2000, pool: int | None = None) -> np.ndarray:
    """Advice on one task of each family, (R, F, n)."""
    n, families = len(profile.agents), profile.families
    words = words_range(replications), words_range(families), words_of(tuple(profile.agents))
    chosen = np.zeros(replications, np.int64)
    return pilot_advice(planner, {0: profile}, chosen, 7, words, np.arange(families), n if pool is None else pool)


@pytest.mark.parametrize("budget", [0, 1, 7, 12, 100])
def test_the_whole_budget_is_spent_in_shares_that_differ_by_one(budget: int) -> None:
    pilots = _spread(budget, uniform(0, "tests/lot", *(words_range(k) for k in (50, 4, 3))))
    assert (pilots.sum(axis=(1, 2)) == budget).all()
    assert np.ptp(pilots, axis=(1, 2)).max() <= 1
    if budget % 12:
        assert len(np.unique(pilots.reshape(50, -1), axis=0)) > 1  # the rest goes by lot, not to the first


def test_estimate_has_the_mean_and_variance_of_its_pilots() -> None:
    """With m pilots at a success rate q: (prior mean + m q) / (prior + m), variance m q (1 - q) / (prior + m)^2."""
    profile = few(2, sigma_f=0.0, families=1)
    found = advice(Planner(budget=40, prior=4.0, mean=0.25), profile, 20_000)[:, 0]
    for place, agent in enumerate(profile.agents.values()):
        q = success_rate(agent.alpha, profile.task_sd)
        mean = (4.0 * 0.25 + 20 * q) / 24.0
        assert_mean(found[:, place], mean)
        assert_mean((found[:, place] - mean) ** 2, 20 * q * (1 - q) / 24.0**2)


def test_pilots_tell_of_the_abilities_the_market_will_see() -> None:
    """A planner with a huge budget knows each agent's mean ability in each family."""
    profile = few(3)
    found = advice(Planner(budget=12 * 10**6, prior=1.0), profile, 50)
    rates = np.array([agent.alpha for agent in profile.agents.values()])
    assert np.corrcoef(found.mean(axis=(0, 1)), success_at(rates, profile.tau))[0, 1] > 0.9
    many = draw_population(profile, 7, 50, 4000).ability
    np.testing.assert_allclose(found.mean(axis=1), many.mean(axis=1), atol=0.05)


def test_without_a_budget_the_planner_knows_its_prior() -> None:
    np.testing.assert_array_equal(advice(Planner(budget=0, prior=2.0, mean=0.3), few(3), 5), 0.3)


def test_the_same_budget_says_less_of_more_agents() -> None:
    profile, budget = few(96), Planner(budget=400, prior=2.0)
    error = []
    for size in (2, 12, 96):
        found = advice(budget, profile, 60, pool=size)[..., :size]
        truth = advice(Planner(budget=4 * size * 10**6, prior=1e-3), profile, 60, pool=size)[..., :size]
        error.append(float(np.sqrt(np.mean((found - truth)[..., :2] ** 2))))
    assert error[0] < error[1] < error[2]


def test_bias_and_noise_are_in_logits() -> None:
    plain = advice(Planner(budget=100, prior=2.0), few(3))
    biased = advice(Planner(budget=100, prior=2.0, bias=0.7), few(3))
    np.testing.assert_allclose(logit(biased) - logit(plain), 0.7, rtol=0, atol=1e-9)
    noise = (logit(advice(Planner(budget=100, prior=2.0, noise=0.5), few(3))) - logit(plain)).ravel()
    assert_mean(noise, 0.0)
    assert_mean(noise**2, 0.25)


@pytest.mark.parametrize(
    "standing", [{"advice": {"planner": {"budget": 50, "prior": 2.0, "noise": 1.0}}}, {"advice": {"thompson": {}}}]
)
def test_advice_that_is_drawn_changes_no_other_draw(standing: dict[str, object]) -> None:
    plain, drawn = pool_world(), pool_world(standing=standing)
    for name, array in arrays(plain).items():
        np.testing.assert_array_equal(arrays(drawn)[name], array, err_msg=name)
    assert set(arrays(drawn)) - set(arrays(plain)) == {"pilot" if "planner" in str(standing) else "exploration"}


def test_exploration_is_no_copy_of_the_lottery() -> None:
    world = pool_world(replications=20, standing={"advice": "thompson"})
    assert world.exploration is not None
    assert world.exploration.shape == world.lottery.shape
    pairs = (world.exploration - 0.5) * (world.lottery - 0.5)
    assert_mean(pairs.ravel(), 0.0)


def test_pilots_of_some_replications_are_those_of_all() -> None:
    planner = Planner(budget=50, prior=2.0, noise=1.0)
    np.testing.assert_array_equal(advice(planner, few(3), 7), advice(planner, few(3), 40)[:7])


def test_what_is_left_of_the_budget_goes_where_the_outcome_does_not_know_of_it() -> None:
    """One attempt for two agents: whoever gets it passes at its own rate; luck in the lot is no luck at the task."""
    profile = few(2, sigma_f=0.0, families=1)
    found = advice(Planner(budget=1, prior=1.0, mean=0.5), profile, 20_000)[:, 0]
    assert ((found == 0.5).sum(axis=1) == 1).all()
    for place, agent in enumerate(profile.agents.values()):
        q = success_rate(agent.alpha, profile.task_sd)
        assert_mean(found[:, place], 0.5 * 0.5 + 0.5 * (0.5 + q) / 2.0)


def test_in_a_world_the_budget_goes_to_the_agents_of_the_pool() -> None:
    world = pool_world(pool_size=2, standing={"advice": {"planner": {"budget": 8000, "prior": 2.0, "mean": 0.25}}})
    assert world.pilot is not None
    assert (world.pilot[..., 2:] == 0.25).all()
    steps = (world.pilot[..., :2] * 1002.0 - 0.5) % 1.0  # 8000 pilots for 2 agents x 4 families, each counted
    np.testing.assert_allclose(np.minimum(steps, 1.0 - steps), 0.0, atol=1e-6)


def test_each_replication_is_tried_out_with_its_own_parameters() -> None:
    """Where parameters are drawn anew for each replication, pilots pass at the rates of that draw."""
    weak = few(3)
    able = {name: agent.model_copy(update={"alpha": agent.alpha + 4.0}) for name, agent in weak.agents.items()}
    strong, planner = weak.model_copy(update={"agents": able}), Planner(budget=240, prior=2.0)
    chosen = np.arange(40) % 2
    words = words_range(40), words_range(weak.families), words_of(tuple(weak.agents))
    mixed = pilot_advice(planner, {0: weak, 1: strong}, chosen, 7, words, np.arange(weak.families), 3)
    for at, profile in enumerate((weak, strong)):
        np.testing.assert_array_equal(mixed[chosen == at], advice(planner, profile, 40)[chosen == at])


def test_shocks_come_after_the_pilots() -> None:
    standing = {"advice": {"planner": {"budget": 500, "prior": 2.0}}}
    calm = pool_world(standing=standing)
    shaken = pool_world(standing=standing, shocks=[{"at": 0.5, "agent": "*", "skill": -3.0}])
    assert (shaken.ability[:, 20:] < calm.ability[:, 20:]).all()
    assert calm.pilot is not None
    np.testing.assert_array_equal(shaken.pilot, calm.pilot)
