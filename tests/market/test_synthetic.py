"""Synthetic worlds through scenarios: common luck, shocks, bootstrap, sigma_u, oracles, signals, bad input."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from analysis.arm import ArmData
from analysis.inference import Estimate, paired_difference
from analysis.quantities.auctions import welfare
from analysis.quantities.regrets import regret_ability
from sim.bundled import profiles
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.market.simulate import simulate
from sim.population.beliefs import calibrated, success_rate
from sim.population.profile import Profile, read_profile
from sim.population.profile_draws import draws_beside, write_draws
from sim.scenario.scenario import Scenario, load_scenario
from sim.world.world import World
from tests.cli.command import HEADER, ROWS, bidlab, files
from tests.market.play import Play, ledger_of
from tests.statistics import assert_mean, assert_rate

PROFILE = """\
sigma_d = 1.5
sigma_u = 1.0

[agents.a]
alpha = 0.5
m = 0.4
slope = 0.6
rho = 0.5
gamma = 0.3
cost_belief = { mean = -2.0, sd = 0.5, correlation = -0.5 }
cost = { mean = -2.0, sd = 0.5 }

[agents.b]
alpha = 0.2
m = 0.1
slope = 0.9
signal = { difficulty = 0.3, fit = 0.4 }
cost_belief = { mean = -2.0, sd = 0.5 }
cost = { mean = -1.5, sd = 0.5 }

[agents.c]
alpha = 1.0
m = 1.0
slope = 0.5
rho = 0.2
grid = [0.2, 0.6, 0.9]
cost_belief = { mean = -1.0, sd = 0.5 }
cost = { mean = -1.0, sd = 0.5 }
"""
TOP = 'question = "Which?"\nseed = 1\nreplications = 5\n'
WORLD = 'profile = "p.toml"\ntasks = 40\nparameters = "point"\narrivals = { every = 1 }\n'
TENDER = '[tender]\nvalue = 1.0\nreserve = "value"\npenalty = 0.0\n'
ARM = '[[arm]]\nname = "x"\nmechanism = "second_price"\n'


def scenario_text(world: str, tender: str = TENDER, arms: str = ARM) -> str:
    return f"{TOP}[world]\n{world}{tender}{arms}"


def scenario(folder: Path, world: str = WORLD, tender: str = TENDER, arms: str = ARM, **options: Any) -> Scenario:
    """The scenario of PROFILE, or of the profile already at p.toml."""
    profile = folder / "p.toml"
    if not profile.exists():
        profile.write_text(PROFILE)
    path = folder / "s.toml"
    path.write_text(scenario_text(world, tender, arms))
    return load_scenario(path, **options)


def worlds(of: Scenario) -> dict[str, World]:
    """Each arm's World."""
    origin = scenario_origin(of)
    return {arm.name: arm_world(of, arm, origin) for arm in of.arms}


def world(folder: Path, keys: str = WORLD, **options: Any) -> World:
    return worlds(scenario(folder, keys, **options))["x"]


def play(of: Scenario, name: str = "x") -> Play:
    arm = next(arm for arm in of.arms if arm.name == name)
    drawn = arm_world(of, arm, scenario_origin(of))
    return Play(drawn, arm_rules(arm, drawn))


def data(of: Scenario) -> dict[str, ArmData]:
    """Every arm, played and put into arrays."""
    origin, played = scenario_origin(of), {}
    for arm in of.arms:
        drawn = arm_world(of, arm, origin)
        ledger = ledger_of(drawn, simulate(drawn, arm_rules(arm, drawn)))
        played[arm.name] = ArmData.build(arm.name, arm.label, drawn, ledger, alone=False)
    return played


def arrays(of: World) -> dict[str, Any]:
    return of.arrays


def changed(one: World, other: World) -> set[str]:
    """Names of the arrays that differ."""
    there = arrays(other)
    return {name for name, array in arrays(one).items() if not np.array_equal(array, there[name], equal_nan=True)}


def test_world_of_a_profile(tmp_path: Path) -> None:
    drawn = world(tmp_path)
    assert (drawn.agents, drawn.tasks[:2], drawn.from_table) == (("a", "b", "c"), ("task 0", "task 1"), False)
    assert drawn.success.shape == (5, 40, 3, 1)
    assert ((drawn.ability > 0) & (drawn.ability < 1)).all()


def test_tries_are_as_many_as_an_agent_can_be_hired(tmp_path: Path) -> None:
    again = 'postings = 3\nexclude = "none"\n[bidders]\non_retry = "same"\n'
    for keys, tries in ((again, 3), ('postings = 3\nexclude = "failed"\n', 1)):
        assert worlds(scenario(tmp_path, tender=TENDER + keys))["x"].n_tries == tries


def test_arms_face_the_same_luck(tmp_path: Path) -> None:
    """Whatever the rule, the penalty or the knobs of another agent."""
    arms = ARM + (
        '[[arm]]\nname = "rule"\nmechanism = "first_score"\n'
        '[[arm]]\nname = "penalty"\nmechanism = "second_price"\ntender = { penalty = 2.0 }\n'
        '[[arm]]\nname = "loud"\nmechanism = "second_price"\nworld = { agents = { a = { overconfidence = 2.0 } } }\n'
        '[[arm]]\nname = "able"\nmechanism = "second_price"\n'
        'world = { agents = { a = { skill = 2.0, hold = "calibration", cost_ratio = 3.0 } } }\n'
    )
    base, *others = worlds(scenario(tmp_path, arms=arms)).values()
    moves: list[set[str]] = [set(), set(), {"belief"}, {"belief", "cost_belief", "ability", "success", "verified"}]
    assert [changed(base, other) for other in others] == moves
    for other in others:
        for name in ("belief", "cost_belief", "ability", "success", "verified"):
            np.testing.assert_array_equal(getattr(base, name)[:, :, 1:], getattr(other, name)[:, :, 1:])


@pytest.mark.parametrize(
    "knobs",
    [
        "signal = { difficulty = 0.1, fit = 0.8 }\nhold = 'calibration'",
        "cue = 0.7",
        "grid = [0.5]",
        "overprecision = 3.0",
    ],
)
def test_knob_of_one_agent_leaves_the_others(tmp_path: Path, knobs: str) -> None:
    before, after = world(tmp_path), world(tmp_path, WORLD + f"[world.agents.b]\n{knobs}\n")
    found = changed(before, after)
    assert "belief" in found
    assert found <= {"belief", "cost_belief"}
    for name in found:
        one, other = getattr(before, name), getattr(after, name)
        np.testing.assert_array_equal(one[:, :, [0, 2]], other[:, :, [0, 2]], err_msg=name)


def test_fewer_agents_tasks_and_replications_leave_every_draw(tmp_path: Path) -> None:
    keys = WORLD + "nonresponse = 0.2\ninfra = 0.1\n"
    many = arrays(world(tmp_path, keys))
    few = arrays(world(tmp_path, keys.replace("40", "9") + 'agents = ["c", "a"]\n', replications=2))
    for name, array in few.items():
        cut = many[name][:2, :9]
        if name == "lottery":
            cut = cut[..., [2, 0]]
        elif cut.ndim > 2:
            cut = cut[:, :, [2, 0]]
        np.testing.assert_array_equal(array, cut, err_msg=name)


def test_nonresponse(tmp_path: Path) -> None:
    keys = WORLD.replace("40", "1000")
    all_, some = world(tmp_path, keys), world(tmp_path, keys + "nonresponse = 0.3\n")
    assert changed(all_, some) == set()
    assert all_.silent is None
    assert some.silent is not None
    assert_rate(some.silent.ravel(), 0.3)


def shocked(folder: Path, shock: str, at: float = 0.25, until: float = 0.75) -> tuple[World, World, np.ndarray]:
    """The Worlds without and with the shock, and the mask (T,) of its tasks."""
    keys = WORLD + f"shocks = [{{ at = {at}, until = {until}, {shock} }}]\n"
    hit = np.zeros(40, np.bool_)
    hit[10:30] = True
    return world(folder), world(folder, keys), hit


def test_shock_of_skill_changes_the_ability_that_the_claims_do_not_know(tmp_path: Path) -> None:
    before, after, hit = shocked(tmp_path, 'agent = "b", skill = -3.0')
    assert changed(before, after) == {"ability", "success", "verified"}
    moved = np.log(after.ability / (1 - after.ability)) - np.log(before.ability / (1 - before.ability))
    np.testing.assert_allclose(moved[:, hit, 1], -3.0, atol=1e-9)
    for name in ("ability", "success"):
        one, other = getattr(before, name), getattr(after, name)
        np.testing.assert_array_equal(one[:, ~hit], other[:, ~hit])
        np.testing.assert_array_equal(one[:, :, [0, 2]], other[:, :, [0, 2]])
    assert (after.success <= before.success).all()


def test_shock_of_overconfidence_changes_claims_alone(tmp_path: Path) -> None:
    before, after, hit = shocked(tmp_path, 'agent = "a", overconfidence = 1.5')
    assert changed(before, after) == {"belief"}
    moved = np.log(after.belief / (1 - after.belief)) - np.log(before.belief / (1 - before.belief))
    np.testing.assert_allclose(moved[:, hit, 0], 1.5, atol=1e-9)
    assert (moved[:, ~hit] == 0).all()
    assert (moved[:, :, 1:] == 0).all()


def test_shocked_claims_are_on_the_grid(tmp_path: Path) -> None:
    _, after, _ = shocked(tmp_path, 'agent = "c", overconfidence = -1.0')
    assert set(np.unique(after.belief[:, :, 2])) <= {0.2, 0.6, 0.9}


def test_outage_loses_every_attempt_of_its_tasks(tmp_path: Path) -> None:
    before, after, hit = shocked(tmp_path, 'agent = "*", outage = true')
    assert changed(before, after) == {"infra"}
    np.testing.assert_array_equal(after.infra, np.broadcast_to(hit[:, None, None], after.infra.shape))


def test_outage_is_in_the_ledger_and_nothing_before_it_changes(tmp_path: Path) -> None:
    """Reputation is learned, so what follows an outage may differ; what is before it may not."""
    arms = '[standing]\nreputation = "agent_economy"\nexpected_cost = { fixed = 0.1 }\n'
    arms += '[[arm]]\nname = "x"\nmechanism = { agent_economy = { rounded = false } }\n'
    lost = WORLD + 'shocks = [{ at = 0.25, until = 0.75, agent = "a", outage = true }]\n'
    calm, out = (play(scenario(tmp_path, keys, arms=arms)) for keys in (WORLD, lost))
    status = {(row["agent"], 10 <= row["task"] < 30): set() for row in out.attempts}
    for row in out.attempts:
        status[row["agent"], 10 <= row["task"] < 30].add(row["status"])
    assert status[0, True] == {"INFRA"}
    assert all("INFRA" not in said for who, said in status.items() if who != (0, True))
    for table in ("attempts", "bids", "clearings"):
        before = [[row for row in getattr(told, table) if row["task"] < 10] for told in (calm, out)]
        assert before[0]
        assert repr(before[0]) == repr(before[1])


def test_shocks_add_up(tmp_path: Path) -> None:
    one = '{ at = 0.0, agent = "*", overconfidence = 0.5 }'
    both = f'shocks = [{one}, {{ at = 0.5, agent = "a", overconfidence = 0.25 }}]\n'
    before, after = world(tmp_path), world(tmp_path, WORLD + both)
    moved = (np.log(after.belief / (1 - after.belief)) - np.log(before.belief / (1 - before.belief)))[..., 0]
    np.testing.assert_allclose(moved[:, :20], 0.5, atol=1e-9)
    np.testing.assert_allclose(moved[:, 20:], 0.75, atol=1e-9)


@pytest.mark.parametrize(("at", "tasks", "first"), [(0.5, 5, 3), (0.1, 10, 1), (0.07, 100, 7), (0.14, 50, 7)])
def test_shock_begins_at_its_share_of_the_tasks(tmp_path: Path, at: float, tasks: int, first: int) -> None:
    """.07 x 100 is 7.000000000000001 in floats, but seven tasks are before it all the same."""
    keys = WORLD.replace("40", str(tasks)) + f'shocks = [{{ at = {at}, agent = "a", outage = true }}]\n'
    assert int(np.argmax(world(tmp_path, keys).infra[0, :, 0, 0])) == first


LEVELS = (-3.0, -1.0, 1.0, 3.0)  # skills of four parameter draws in a world without difficulty or fit


def bootstrap_world(folder: Path, replications: int, seed: int = 1) -> np.ndarray:
    """Which parameter draw each replication has, (R,): told by the ability, the same for every task."""
    path = folder / "p.toml"
    path.write_text(PROFILE.replace("sigma_d = 1.5", "sigma_d = 0.0").replace("sigma_u = 1.0", "sigma_u = 0.0"))
    base = read_profile(path)
    levelled = []
    for level in LEVELS:
        agents = {n: a.model_copy(update={"alpha": level, "rho": 0.1, "signal": None}) for n, a in base.agents.items()}
        levelled.append(base.model_copy(update={"agents": agents}))
    write_draws(draws_beside(path), levelled)
    keys = WORLD.replace("point", "bootstrap").replace("40", "2")
    ability = world(folder, keys, replications=replications, seed=seed).ability
    assert (ability == ability[:, :1, :1]).all()
    return np.abs(ability[:, 0, 0, None] - expit(np.array(LEVELS))).argmin(axis=1)


def test_bootstrap_gives_each_replication_a_draw_of_the_parameters(tmp_path: Path) -> None:
    chosen = bootstrap_world(tmp_path, 2000)
    for place in range(len(LEVELS)):
        assert_rate(chosen == place, 1.0 / len(LEVELS))


def test_bootstrap_is_the_same_again_and_with_more_replications(tmp_path: Path) -> None:
    chosen = bootstrap_world(tmp_path, 30)
    np.testing.assert_array_equal(bootstrap_world(tmp_path, 30), chosen)
    np.testing.assert_array_equal(bootstrap_world(tmp_path, 90)[:30], chosen)
    assert not np.array_equal(bootstrap_world(tmp_path, 30, seed=2), chosen)


def test_bootstrap_draws_each_replication_as_it_would_alone(tmp_path: Path) -> None:
    """Replications that share a parameter draw are drawn together, and are bit for bit what they are one by one."""
    keys = 'profile = "marketbench"\ntasks = 7\nparameters = "bootstrap"\nsigma_u = 2.3\n'
    told = scenario(tmp_path, keys, replications=150)
    arm, origin = told.arms[0], scenario_origin(told)
    together = arrays(arm_world(told, arm, origin))
    alone = [arrays(arm_world(told, arm, origin, 1, r)) for r in range(150)]
    for name, array in together.items():
        np.testing.assert_array_equal(array, np.concatenate([one[name] for one in alone]), err_msg=name)


def test_bootstrap_of_the_bundled_profile_moves_the_rate_between_replications(tmp_path: Path) -> None:
    """Replications differ by their parameters too, so success rates spread more than at the point."""
    keys = 'profile = "marketbench"\ntasks = 200\nparameters = "{}"\n'
    point, drawn = (
        world(tmp_path, keys.format(how), replications=400).ability.mean(axis=(1, 2)) for how in ("point", "bootstrap")
    )
    assert drawn.var() > 1.5 * point.var()


def test_sigma_u_panel_keeps_success_rates_claims_and_luck(tmp_path: Path) -> None:
    """At each sigma_u the agents are told as a table would fit them: what one outcome a cell shows stays."""
    fitted = read_profile(profiles()["marketbench"])
    keys = 'profile = "marketbench"\ntasks = 100\nparameters = "point"\nsigma_u = [0.0, 1.0, 2.3]\n'
    panel = worlds(scenario(tmp_path, keys, replications=100))
    assert list(panel) == ["x [sigma_u 0.0]", "x [sigma_u 1.0]", "x [sigma_u 2.3]"]
    for sigma_u, drawn in zip((0.0, 1.0, 2.3), panel.values(), strict=True):
        told = fitted.with_sigma_u(sigma_u)
        for place, (name, agent) in enumerate(fitted.agents.items()):
            rate = success_rate(agent.alpha, fitted.tau)
            assert success_rate(told.agents[name].alpha, told.tau) == pytest.approx(rate, abs=1e-9)
            assert_mean(drawn.ability[:, :, place].mean(axis=1), rate)
        assert changed(panel["x [sigma_u 1.0]"], drawn) <= {"belief", "cost_belief", "ability", "success", "verified"}


def test_stated_sigmas_stand_instead_of_the_profiles(tmp_path: Path) -> None:
    """Without private fit two agents differ by their skills alone, whatever the task; without difficulty tasks differ
    to each agent on its own."""
    common = logit(world(tmp_path, WORLD + "sigma_d = 2.0\nsigma_u = 0.0\n").ability)
    np.testing.assert_allclose(common[..., 0] - common[..., 1], 0.3, rtol=0, atol=1e-9)
    private = logit(world(tmp_path, WORLD + "sigma_d = 0.0\nsigma_u = 2.0\n", replications=200).ability)
    for place, skill in enumerate((0.5, 0.2, 1.0)):
        spread = private[..., place] - skill
        assert_mean(spread.ravel(), 0.0)
        assert_mean(spread.ravel() ** 2, 4.0)
    product = (private[..., 0] - 0.5) * (private[..., 1] - 0.2)
    assert_mean(product.ravel(), 0.0)


def test_private_share_splits_the_variance_and_leaves_its_sum(tmp_path: Path) -> None:
    """Shares .36 and 1 of 1.5^2 + 1^2 or of stated sigmas, as if both sigmas had been stated."""
    for stated, total in (("", math.hypot(1.5, 1.0)), ("sigma_d = 3.0\nsigma_u = 4.0\n", 5.0)):
        for share in (0.36, 1.0):
            split = world(tmp_path, f"{WORLD}{stated}private_share = {share}\n")
            sigma_d, sigma_u = total * math.sqrt(1.0 - share), total * math.sqrt(share)
            other = world(tmp_path, f"{WORLD}sigma_d = {sigma_d!r}\nsigma_u = {sigma_u!r}\n")
            np.testing.assert_allclose(logit(split.ability), logit(other.ability), rtol=0, atol=1e-6)
            np.testing.assert_allclose(split.belief, other.belief, rtol=0, atol=1e-9)


def test_more_private_fit_leaves_more_to_gain_by_routing(tmp_path: Path) -> None:
    """Best ability minus the best single agent's, of the published .003, .034, .074 at 0, 1, 2.3."""
    keys = 'profile = "marketbench"\ntasks = 100\nparameters = "point"\nsigma_u = [0.0, 1.0, 2.3]\n'
    gains = []
    for drawn in worlds(scenario(tmp_path, keys, replications=100)).values():
        dollars = drawn.ability - drawn.cost.mean(axis=(0, 1, 3))
        best = int(np.argmax(dollars.mean(axis=(0, 1))))
        gains.append(np.maximum(dollars.max(axis=2), 0.0) - dollars[:, :, best])
    for less, more in pairwise(gains):
        gap = (more - less).mean(axis=1)
        assert gap.mean() > 4.0 * gap.std() / math.sqrt(gap.size)


RIVALS = {
    "second price": '"second_price"',
    "first price": '"first_price"',
    "qV-a": '{ second_score = { score = "qV-a" } }',
    "q(V-a)": '{ second_score = { score = "q(V-a)" } }',
    "posted price": '"posted_price"',
    "phase 2": '"agent_economy_phase2"',
    "always": '{ always = { agent = "a" } }',
    "router": '"route_by_advice"\nstanding = { advice = { record = "redrawn", tasks = 70 } }',
}


@pytest.mark.slow
def test_oracles_bound_every_rule_that_hires_one(tmp_path: Path) -> None:
    """Costs known. Given the abilities the ability oracle expects the most on every task; outcomes decide more."""
    arms = '[standing]\nexpected_cost = "actual"\nadvice = "ability"\n'
    arms += '[[arm]]\nname = "ability oracle"\nmechanism = "route_by_advice"\n'
    arms += '[[arm]]\nname = "outcome oracle"\nmechanism = "route_by_advice"\nstanding = { advice = "outcome" }\n'
    arms += "".join(f'[[arm]]\nname = "{name}"\nmechanism = {rule}\n' for name, rule in RIVALS.items())
    played = data(scenario(tmp_path, WORLD.replace("40", "100"), arms=arms, replications=60))
    oracle, outcome = played.pop("ability oracle"), played.pop("outcome oracle")
    assert (regret_ability(oracle) == regret_ability(oracle)).all()

    def expected(arm: ArmData) -> np.ndarray:
        return (arm.attempts * (arm.world.ability - arm.world.cost[..., 0])).sum(axis=2)

    assert_mean((welfare(oracle)[..., 0] - expected(oracle)).mean(axis=1), 0.0)
    assert (welfare(outcome) >= welfare(oracle) - 1e-12).all()
    for name, arm in played.items():
        assert (arm.attempts.sum(axis=2) <= 1).all(), name
        assert (expected(oracle) >= expected(arm) - 1e-12).all(), name
        gap = paired_difference(welfare(oracle), welfare(arm), "replication")
        assert float(gap.value) > -4.0 * float(gap.se), name
        assert not np.isnan(regret_ability(arm)).any(), name


def test_ability_oracle_has_no_regret_in_expectation(tmp_path: Path) -> None:
    arms = '[standing]\nexpected_cost = "actual"\nadvice = "ability"\n'
    arms += '[[arm]]\nname = "x"\nmechanism = "route_by_advice"\n'
    oracle = data(scenario(tmp_path, WORLD.replace("40", "100"), arms=arms, replications=100))["x"]
    assert_mean(regret_ability(oracle).mean(axis=(1, 2)), 0.0)


def costs_right(profile: Profile, path: Path) -> None:
    """Write the profile with every attempt at its agent's mean cost, which the agent knows; no grids."""
    lines = [f"sigma_d = {profile.sigma_d}", f"sigma_u = {profile.sigma_u}"]
    for name, agent in profile.agents.items():
        law = f"{{ mean = {agent.cost.mean + agent.cost.sd**2 / 2.0}, sd = 0.0 }}"
        lines += [f'[agents."{name}"]', f"cost = {law}", f"cost_belief = {law}"]
        lines += [f"{key} = {getattr(agent, key)}" for key in ("alpha", "rho", "gamma")]
        # Calibrated to begin with, so that `hold` alone keeps it so.
        m, slope = calibrated(agent.alpha, profile.tau, profile.reach(name))
        lines += [f"m = {m!r}", f"slope = {slope!r}"]
    path.write_text("\n".join(lines) + "\n")


def by_signal(folder: Path, signals: dict[str, tuple[float, float]], sigma_u: float) -> dict[str, Estimate]:
    """Welfare of each arm less that of the first, paired over 200 replications of 93 tasks."""
    costs_right(read_profile(profiles()["marketbench"]).with_sigma_u(sigma_u), folder / "p.toml")
    arms = ""
    for name, (difficulty, fit) in signals.items():
        signal = f"{{ difficulty = {difficulty}, fit = {fit} }}"
        arms += f'[[arm]]\nname = "{name}"\nmechanism = {{ second_score = {{ score = "q(V-a)" }} }}\n'
        arms += f'world = {{ agents = {{ "*" = {{ signal = {signal}, hold = "calibration" }} }} }}\n'
    keys = 'profile = "p.toml"\ntasks = 93\nparameters = "point"\n'
    made = {name: welfare(arm) for name, arm in data(scenario(folder, keys, arms=arms, replications=200)).items()}
    first = made.pop(next(iter(signals)))
    return {name: paired_difference(array, first, "replication") for name, array in made.items()}


def interval(gap: Estimate) -> tuple[float, float]:
    """Four standard errors to either side."""
    return float(gap.value) - 4.0 * float(gap.se), float(gap.value) + 4.0 * float(gap.se)


@pytest.mark.slow
def test_raising_the_difficulty_signal_does_not_raise_welfare_raising_the_fit_signal_does(tmp_path: Path) -> None:
    """Calibrated agents of the fitted population at sigma_u = 2.3, costs right, second score of q(V-a)."""
    gaps = by_signal(tmp_path, {"base": (0.3, 0.0), "difficulty": (0.6, 0.0), "fit": (0.3, 0.6)}, sigma_u=2.3)
    assert interval(gaps["difficulty"])[1] < 0.0
    assert interval(gaps["fit"])[0] > 0.0


@pytest.mark.slow
def test_fitted_population_does_best_not_knowing_how_hard_a_task_is(tmp_path: Path) -> None:
    """At sigma_u = 1, where almost all is common: everybody's knowing what all others know too costs welfare."""
    gaps = by_signal(tmp_path, {"nothing": (0.0, 0.0), "difficulty": (0.6, 0.0)}, sigma_u=1.0)
    assert interval(gaps["difficulty"])[1] < 0.0


TABLE_KEYS = (
    'table = "t.csv"\n'
    'columns = {agent = "agent", task = "task", claim = "claim", success = "success", cost = "cost", '
    'cost_belief = "belief"}\n'
)
KNOB = WORLD + "[world.agents.a]\n"


def shock(text: str) -> str:
    return WORLD + f"shocks = [{{ {text} }}]\n"


@pytest.mark.parametrize(
    ("keys", "fragments"),
    [
        (WORLD + 'table = "t.csv"\n', ("s.toml", "world", "either table", "or profile")),
        ('tasks = 3\nparameters = "point"\n', ("s.toml", "world", "either table", "or profile")),
        (WORLD.replace("40", "0"), ("s.toml", "world.tasks", ">= 1", "got 0")),
        (WORLD.replace("40", "1.5"), ("s.toml", "world.tasks", "whole number", "1.5")),
        (WORLD.replace("tasks = 40\n", ""), ("s.toml", "world.tasks", "missing", "profile")),
        (WORLD.replace('parameters = "point"\n', ""), ("s.toml", "world.parameters", "missing", "profile")),
        (WORLD.replace('"point"', '"both"'), ("s.toml", "world.parameters", '"point" or "bootstrap"', '"both"')),
        (WORLD.replace('"point"', '"bootstrap"'), ("p.draws.csv", "cannot be read", "bidlab fit")),
        (WORLD.replace("p.toml", "q.toml"), ("q.toml", "cannot be read")),
        (WORLD.replace("p.toml", "marketbensh"), ("world.profile", "did you mean 'marketbench'")),
        (WORLD + "sigma_u = -1.0\n", ("s.toml", "world.sigma_u", ">= 0", "-1.0")),
        (WORLD + "sigma_d = 1.0\n", ("s.toml", "world.sigma_d", "with world.sigma_u")),
        (WORLD + "sigma_u = 1.0\nprivate_share = 0.5\n", ("s.toml", "world.private_share", "needs world.sigma_d")),
        (WORLD + "private_share = 1.5\n", ("s.toml", "world.private_share", "<= 1", "1.5")),
        (
            KNOB + "cost_ratio = 1.0\nmean_cost_ratio = 1.0\n",
            ("world.agents.a", "one of cost_ratio and mean_cost_ratio"),
        ),
        (TABLE_KEYS + "sigma_d = 1.0\n", ("s.toml", "world.sigma_d", "no meaning with a table")),
        (WORLD + 'beyond_tries = "repeat"\n', ("s.toml", "world.beyond_tries", "no meaning with a profile")),
        (WORLD + 'trials = "in_order"\n', ("s.toml", "world.trials", "no meaning with a profile")),
        (TABLE_KEYS + "tasks = 3\n", ("s.toml", "world.tasks", "no meaning with a table")),
        (TABLE_KEYS + "sigma_u = 1.0\n", ("s.toml", "world.sigma_u", "no meaning with a table")),
        (TABLE_KEYS + 'shocks = [{ at = 0.5, agent = "a" }]\n', ("s.toml", "world.shocks", "no meaning with a table")),
        (TABLE_KEYS + "[world.agents.a]\noverconfidence = 1.0\n", ("s.toml", "world.agents", "knobs", "profile")),
        (WORLD + 'agents = ["d"]\n', ("world.agents", "no agent 'd'", "a, b, c")),
        (WORLD + 'agents = ["a", "a"]\n', ("world.agents", "'a' twice")),
        (WORLD + "agents = []\n", ("s.toml", "world.agents", "empty")),
        (WORLD + "[world.agents.d]\noverconfidence = 1.0\n", ("world.agents", "no agent 'd'", "a, b, c")),
        (shock('at = 0.5, agent = "d", outage = true'), ("world.shocks", "no agent 'd'")),
        (shock('at = 1.0, agent = "a", outage = true'), ("s.toml", "world.shocks.at", "< 1", "1.0")),
        (shock('at = 0.5, until = 0.5, agent = "a", outage = true'), ("s.toml", "world.shocks", "until")),
        (shock('at = 0.5, until = 0.2, agent = "a", outage = true'), ("s.toml", "world.shocks", "until")),
        (shock('at = 0.5, until = 1.2, agent = "a", outage = true'), ("s.toml", "world.shocks.until", "<= 1", "1.2")),
        (shock("at = 0.5, outage = true"), ("s.toml", "world.shocks.agent", "missing")),
        (shock('at = 0.5, agent = "a", outtage = true'), ("s.toml", "world.shocks.outtage", "did you mean 'outage'")),
        (KNOB + "skill = 1.0\n", ("s.toml", "world.agents.a", "hold must be stated")),
        (KNOB + "signal = { difficulty = 0.5, fit = 0.5 }\n", ("s.toml", "world.agents.a", "hold must be stated")),
        (KNOB + "overconfidance = 1.0\n", ("s.toml", "world.agents.a.overconfidance", "did you mean 'overconfidence'")),
        (KNOB + 'hold = "clams"\n', ("s.toml", "world.agents.a.hold", "calibration", "clams")),
        (KNOB + "cost_ratio = 0.0\n", ("s.toml", "world.agents.a.cost_ratio", "> 0")),
        (KNOB + "overprecision = -2.0\n", ("s.toml", "world.agents.a.overprecision", ">= -1", "-2.0")),
        (KNOB + "grid = []\n", ("s.toml", "world.agents.a", "grid")),
        (KNOB + "grid = [0.9, 0.1]\n", ("s.toml", "world.agents.a", "grid", "ascending")),
        (KNOB + 'signal = { difficulty = 0.9, fit = 0.9 }\nhold = "claims"\n', ("'a'", "must not exceed 1")),
        (KNOB + 'signal = { difficulty = 1.0, fit = 1.0 }\nhold = "calibration"\n', ("'a'", "must not exceed 1")),
    ],
)
def test_wrong_world_is_refused_in_one_line(tmp_path: Path, keys: str, fragments: tuple[str, ...]) -> None:
    (tmp_path / "p.toml").write_text(PROFILE)
    (tmp_path / "t.csv").write_text(HEADER + ROWS)
    (tmp_path / "s.toml").write_text(scenario_text(keys))
    before = files(tmp_path)
    said = bidlab("run", tmp_path / "s.toml", "--out", tmp_path / "out")
    assert (said.code, len(said.err.splitlines()), said.out) == (2, 1, ""), said
    assert [fragment for fragment in fragments if fragment not in said.err] == [], said.err
    assert files(tmp_path) == before


def test_wrong_profile_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PROFILE.replace("gamma = 0.3", "gamma = 3"))
    (tmp_path / "s.toml").write_text(scenario_text(WORLD))
    said = bidlab("check", tmp_path / "s.toml")
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "p.toml: agents.a.gamma: must be <= 1; got 3" in said.err
