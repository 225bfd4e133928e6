"""Pools of agents: drawn by name, nested, and masked without touching anybody's luck."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.bundled import profiles
from sim.kit.errors import ScenarioError
from sim.population.pool import PoolSpread, drawn_agents
from sim.population.profile import Profile, read_profile
from sim.specs.settings import Settings
from sim.world.history import with_records
from sim.world.synthetic import synthetic_base
from sim.world.world import World
from tests.statistics import assert_mean

POOL = profiles()["pool"]


def pool_world(
    *, replications: int = 3, seed: int = 5, standing: dict[str, object] | None = None, **world: object
) -> World:
    stated = {"profile": "pool", "tasks": 40, "parameters": "point", "arrivals": {"every": 1}, **world}
    tender = {"value": 1.0, "reserve": 1.0, "penalty": 0.0}
    settings = Settings.model_validate({"world": stated, "tender": tender, "standing": standing or {}})
    return with_records(*synthetic_base(read_profile(POOL), (), settings.spec, seed, replications), settings.spec)


def arrays(world: World) -> dict[str, np.ndarray]:
    return world.arrays


def test_pool_becomes_agents_of_a_profile_like_any_other() -> None:
    profile = read_profile(POOL)
    assert list(profile.agents) == [f"agent {k}" for k in range(1, 97)]
    assert profile.pool is None
    assert len({agent.alpha for agent in profile.agents.values()}) == 96


def test_pools_of_two_sizes_are_nested() -> None:
    whole = read_profile(POOL)
    centre = whole.agents["agent 1"]
    spread = PoolSpread(skill=0.6, overconfidence=0.5, cost=0.5)
    few, many = (drawn_agents(size, 1, centre, spread, whole.tau, whole.reach("agent 1")) for size in (5, 96))
    assert list(few.items()) == list(many.items())[:5]
    other = drawn_agents(5, 2, centre, spread, whole.tau, whole.reach("agent 1"))
    assert other["agent 1"].alpha != few["agent 1"].alpha


@pytest.mark.slow
def test_agents_of_a_pool_differ_as_the_spread_says() -> None:
    whole = read_profile(POOL)
    centre = whole.agents["agent 1"]
    plain = PoolSpread(skill=0.6, cost=0.5)
    agents = drawn_agents(600, 3, centre, plain, whole.tau, whole.reach("agent 1")).values()
    skill = np.array([agent.alpha for agent in agents]) - centre.alpha
    dearer = np.array([agent.cost.mean for agent in agents]) - centre.cost.mean
    for moved, sd in ((skill, 0.6), (dearer, 0.5)):
        assert_mean(moved, 0.0)
        assert_mean(moved**2, sd**2)
    assert_mean(skill * dearer, 0.0)
    ratio = [agent.cost_belief.mean - agent.cost.mean for agent in agents]
    np.testing.assert_allclose(ratio, centre.cost_belief.mean - centre.cost.mean, rtol=0, atol=1e-12)


def test_agents_of_a_pool_without_a_spread_are_the_one_they_are_drawn_around() -> None:
    whole = read_profile(POOL)
    centre = whole.agents["agent 1"]
    for agent in drawn_agents(3, 1, centre, PoolSpread(), whole.tau, whole.reach("agent 1")).values():
        assert agent == centre


def test_profile_holds_agents_or_a_pool_and_not_both(tmp_path: Path) -> None:
    text = POOL.read_text()
    for raw in (text.partition("[pool]")[0], text + "[agents.a]\n" + text.partition("[pool.agent]\n")[2]):
        (tmp_path / "p.toml").write_text(raw)
        with pytest.raises(ScenarioError, match=r"either \[agents.NAME\] for at least one agent, or \[pool\]"):
            read_profile(tmp_path / "p.toml")


def test_pool_size_hides_agents_and_moves_no_draw() -> None:
    whole = pool_world()
    for size in (1, 2, 24, 96):
        some = pool_world(pool_size=size)
        assert some.agents == whole.agents
        assert (some.present == (np.arange(96) < size)).all()
        for name, array in arrays(whole).items():
            if name != "present":
                np.testing.assert_array_equal(arrays(some)[name], array, err_msg=name)


def test_pool_size_beyond_the_agents_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"world.pool_size: must lie in 1 ... 96, the agents; got 97"):
        pool_world(pool_size=97)


def test_families_and_their_spread_can_be_set_in_the_scenario() -> None:
    plain, wide = pool_world(sigma_f=0.0), pool_world(sigma_f=2.0, families=3)
    assert set(plain.family) == {f"family {f}" for f in range(4)}
    assert set(wide.family) == {f"family {f}" for f in range(3)}
    assert set(pool_world(families=1).family) == {""}
    np.testing.assert_array_equal(plain.belief, wide.belief)  # nobody's signal knows its fit to a family
    effect = np.log(wide.ability / (1 - wide.ability)) - np.log(plain.ability / (1 - plain.ability))
    for name in set(wide.family):
        of_family = effect[:, [family == name for family in wide.family]]
        assert np.ptp(of_family, axis=1).max() < 1e-7
    assert effect.std() == pytest.approx(2.0, rel=0.1)


def test_profile_of_a_pool_is_checked_as_any_other() -> None:
    with pytest.raises(ValueError, match="size"):
        Profile.model_validate({"sigma_d": 1.0, "sigma_u": 1.0, "pool": {"size": 0, "seed": 1}})
