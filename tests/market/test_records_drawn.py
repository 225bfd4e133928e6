"""Records of a drawn world: fresh tasks of the same agents, which nobody plays; and who shares what."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from sim.experiment.run_folder import draw_world
from sim.kit import draws
from sim.kit.errors import ScenarioError
from sim.population.agent_profile import LogNormal
from sim.population.population import draw_named
from sim.population.profile import Profile
from sim.population.profile_draws import draws_beside, write_draws
from sim.scenario.scenario import Scenario
from sim.specs.settings import Settings
from sim.world.fresh import fresh_sums
from sim.world.history import OF_CARD, OF_COST, OF_RATE
from sim.world.origin import load_origin
from sim.world.synthetic import turned_profile
from sim.world.world import World
from tests.market.test_synthetic import PROFILE, scenario

FRESH = 1 << 40


def drawn(folder: Path, count: int = 5, first: int = 0, *, world: str = "", seed: int = 7, **sections: Any) -> World:
    """The World of tests/market/test_synthetic.py's profile under these settings."""
    of = settings(folder, world, **sections)
    return draw_world(of.spec, load_origin(of.world, folder), seed, count, first)


def settings(folder: Path, world: str = "", **sections: Any) -> Settings:
    (folder / "p.toml").write_text(PROFILE)
    parameters = "" if "parameters" in world else 'parameters = "point"\n'
    text = f'[world]\nprofile = "p.toml"\ntasks = 6\n{parameters}{world}'
    tender = {"value": 1.0, "reserve": "value", "penalty": 0.0}
    return Settings.model_validate({**tomllib.loads(text), "tender": tender, **sections})


def redrawn(tasks: int) -> dict[str, Any]:
    return {"record": "redrawn", "tasks": tasks}


def profile(folder: Path, world: str = "") -> Profile:
    of = settings(folder, world)
    origin: Any = load_origin(of.world, folder)
    return turned_profile(origin.profile, of.world, origin.agents)


def test_redrawn_records_are_means_over_fresh_tasks(tmp_path: Path) -> None:
    h = 9
    both = {"advice": redrawn(h), "expected_cost": redrawn(h)}
    world = drawn(tmp_path, standing=both)
    agents = profile(tmp_path)
    tasks = draw_named(agents, 7, draws.words_range(5), draws.words_range(h, FRESH), draws.words_range(1))
    passed, cost = tasks.success[..., 0].sum(axis=1), tasks.cost[..., 0].mean(axis=1)
    np.testing.assert_array_equal(world.record_advice, np.repeat((passed[:, None] + 0.5) / (h + 1), 6, axis=1))
    np.testing.assert_allclose(world.record_cost, np.repeat(cost[:, None], 6, axis=1), rtol=1e-12)  # type: ignore[arg-type]


def test_card_of_fresh_tasks(tmp_path: Path) -> None:
    h, plain = 9, drawn(tmp_path)
    world = drawn(tmp_path, bidders={"card": {**redrawn(h), "weight": 0.7, "cost_weight": 0.3}})
    tasks = draw_named(profile(tmp_path), 7, *map(draws.words_range, (5, h, 1), (0, FRESH, 0)))
    rate = (tasks.success[..., 0].sum(axis=1) + 0.5) / (h + 1)
    shift = 0.7 * (logit(rate) - logit(tasks.claim.mean(axis=1)))
    scale = (tasks.cost[..., 0].mean(axis=1) / tasks.cost_belief.mean(axis=1)) ** 0.3
    np.testing.assert_array_equal(world.uncarded, plain.belief)
    np.testing.assert_allclose(world.belief, expit(logit(plain.belief) + shift[:, None]), rtol=1e-12)
    np.testing.assert_allclose(world.cost_belief, plain.cost_belief * scale[:, None], rtol=1e-12)


def with_correlation(agents: Profile, correlation: float) -> Profile:
    """The profile in which the costs of b, the second agent, follow its signal; the others' do not."""
    b = agents.agents["b"].model_copy(update={"cost": LogNormal(mean=-1.0, sd=0.5, correlation=correlation)})
    return agents.model_copy(update={"agents": {**agents.agents, "b": b}})


@pytest.mark.parametrize("names", [OF_RATE, OF_COST, OF_CARD, ("cost_belief",), ("claim", "trials")])
@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_sums_do_not_depend_on_what_else_is_drawn(tmp_path: Path, names: tuple[str, ...], correlation: float) -> None:
    agents = with_correlation(profile(tmp_path), correlation)
    every = fresh_sums(agents, 3, draws.words_range(4), 11, OF_CARD)
    some = fresh_sums(agents, 3, draws.words_range(4), 11, names)
    assert set(some) == set(names)
    for name in names:
        np.testing.assert_array_equal(some[name], every[name])


def test_costs_that_follow_the_signal_do_so_on_record(tmp_path: Path) -> None:
    agents = with_correlation(profile(tmp_path), 0.6)
    words = draws.words_range(4), draws.words_range(11, FRESH), draws.words_range(1)
    own = draws.normal(3, "cost", *words[:2], draws.words_of(["b"]), words[2])[..., 0]
    signal = draw_named(agents, 3, *words).signal[..., 1:2]
    cost = np.exp(-1.0 + 0.5 * (0.6 * signal + 0.8 * own)).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fresh_sums(agents, 3, words[0], 11, OF_COST)["cost"][..., 1:2], cost, rtol=1e-12)


def test_sums_do_not_depend_on_the_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agents = profile(tmp_path)
    whole = fresh_sums(agents, 3, draws.words_range(4), 11, OF_CARD)
    monkeypatch.setattr("sim.world.fresh._PIECE", 25)
    for name, values in fresh_sums(agents, 3, draws.words_range(4), 11, OF_CARD).items():
        np.testing.assert_array_equal(values, whole[name])


CARD = {"record": "redrawn", "tasks": 4, "weight": 0.7, "cost_weight": 0.3}
EVERY = {"standing": {"advice": redrawn(5), "expected_cost": {"record": "split"}}, "bidders": {"card": CARD}}


def test_records_of_some_replications_are_those_of_all(tmp_path: Path) -> None:
    whole, part = drawn(tmp_path, 6, **EVERY), drawn(tmp_path, 2, 3, **EVERY)
    for name, array in vars(part).items():
        if isinstance(array, np.ndarray):
            np.testing.assert_array_equal(array, getattr(whole.replication(3, 2), name), err_msg=name)


def test_shocks_and_reruns_leave_the_past_as_it_was(tmp_path: Path) -> None:
    """Not so a record of the tasks played, which a shock changes."""
    plain = drawn(tmp_path, **EVERY)
    shock = 'shocks = [{ agent = "a", at = 0.0, until = 1.0, skill = -3.0 }]\n'
    for world in (shock, "rerun = 1\n"):
        other = drawn(tmp_path, world=world, **EVERY)
        np.testing.assert_array_equal(plain.record_advice, other.record_advice)  # type: ignore[arg-type]
        np.testing.assert_array_equal(plain.belief, other.belief)
        assert (plain.success != other.success).any()
    split = {"standing": {"advice": {"record": "split"}}}
    advice = [drawn(tmp_path, world=world, **split).record_advice for world in ("", shock)]
    assert (advice[0] > advice[1])[..., 0].any()  # type: ignore[operator]
    assert (advice[0] == advice[1])[..., 1:].all()  # type: ignore[union-attr]


def test_the_first_try_is_on_record_however_many_may_follow(tmp_path: Path) -> None:
    often = {"value": 1.0, "reserve": "value", "penalty": 0.0, "postings": 3, "exclude": "none"}
    sections = {"standing": {"advice": {"record": "split"}, "expected_cost": {"record": "split"}}}
    one, three = (
        drawn(tmp_path, **sections),
        drawn(tmp_path, tender=often, **sections | {"bidders": {"on_retry": "same"}}),
    )
    assert three.n_tries == 3
    for name in ("record_advice", "record_cost"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))


def test_attempts_lost_to_the_system_are_on_no_record(tmp_path: Path) -> None:
    world = drawn(tmp_path, world="infra = 0.3\n", standing={"advice": {"record": "split"}})
    known = ~world.infra[..., 0]
    for r, t, i in np.ndindex(*known.shape):
        rest = known[r, :, i] & (world.half[r] != world.half[r, t])  # type: ignore[index]
        passed = world.success[r, rest, i, 0].sum()
        assert world.record_advice[r, t, i] == (passed + 0.5) / (rest.sum() + 1)  # type: ignore[index]


def test_arms_of_other_records_have_the_same_luck_and_the_same_history(tmp_path: Path) -> None:
    """Advice, cost and card of the same h read one history; so do those of halves."""
    sections: list[dict[str, Any]] = [
        {},
        {"standing": {"advice": redrawn(5)}},
        {"standing": {"advice": redrawn(6)}},
        {"standing": {"advice": {"record": "split"}}},
        {"standing": {"expected_cost": redrawn(5)}},
        {"bidders": {"card": {**CARD, "tasks": 5}}},
        {"bidders": {"card": {**CARD, "record": "split", "tasks": None}}},
        {"bidders": {"card": {**CARD, "record": "published", "tasks": None}}},
    ]
    assert len({settings(tmp_path, **each).spec for each in sections}) == len(sections)
    worlds = [drawn(tmp_path, **each) for each in sections]
    for world in worlds[1:]:
        for name in ("success", "cost", "lottery", "reserve", "ability"):
            np.testing.assert_array_equal(getattr(world, name), getattr(worlds[0], name))
    np.testing.assert_array_equal(worlds[3].half, worlds[6].half)  # type: ignore[arg-type]
    assert [world.half is None for world in worlds] == [True, True, True, False, True, True, False, True]
    assert [world.uncarded is None for world in worlds] == [True] * 5 + [False] * 3


def test_each_replication_reads_the_past_of_its_own_parameters(tmp_path: Path) -> None:
    base = profile(tmp_path)
    weak = {name: agent.model_copy(update={"alpha": -9.0}) for name, agent in base.agents.items()}
    given = [
        profile.model_copy(
            update={"agents": {n: a.model_copy(update={"signal": None, "rho": 0.2}) for n, a in profile.agents.items()}}
        )
        for profile in (base, base.model_copy(update={"agents": weak}))
    ]
    write_draws(draws_beside(tmp_path / "p.toml"), given)
    sections = {"standing": {"advice": redrawn(40)}}
    world = 'parameters = "bootstrap"\n'
    whole, part = (drawn(tmp_path, *span, world=world, **sections) for span in ((12, 0), (4, 5)))
    able = whole.ability.mean(axis=(1, 2)) > 0.1
    assert 0 < able.sum() < 12
    assert ((whole.record_advice > 0.1).all(axis=(1, 2)) == able).all()  # type: ignore[operator]
    np.testing.assert_array_equal(part.record_advice, whole.replication(5, 4).record_advice)  # type: ignore[arg-type]


def test_fresh_tasks_keep_the_fit_to_families(tmp_path: Path) -> None:
    """At a spread of 9 logits within one family a record of 40 tasks tells who fits it, task after task."""
    world = drawn(tmp_path, 30, world="sigma_f = 9.0\nfamilies = 1\n", standing={"advice": redrawn(40)})
    gap = world.record_advice - world.ability.mean(axis=1, keepdims=True)  # type: ignore[operator]
    assert np.abs(gap).mean() < 0.1


def test_agents_beyond_the_pool_change_nothing(tmp_path: Path) -> None:
    one, two = (drawn(tmp_path, world=f"pool_size = {size}\n", **EVERY) for size in (2, 3))
    for name in ("record_advice", "record_cost", "belief"):
        np.testing.assert_array_equal(getattr(one, name)[..., :2], getattr(two, name)[..., :2])


def test_split_needs_twenty_replications_in_all(tmp_path: Path) -> None:
    """The scenario's, not those of a job of a sweep."""
    arm = '[[arm]]\nname = "x"\nmechanism = "route_by_advice"\nstanding = { advice = { record = "split" } }\n'
    costs = "[standing]\nexpected_cost = { fixed = 0.1 }\n"

    def of(replications: int) -> Scenario:
        return scenario(tmp_path, arms=costs + arm, replications=replications)

    assert of(20).replications == 20
    with pytest.raises(ScenarioError, match=r"arm 'x': standing\.advice: .* at least 20 replications.*got rep.* = 19"):
        of(19)
