"""Principals that make tasks: how many useful ones, as an integral of Binomials, and how that goes with their ease.

At a task of difficulty d (a normal draw) agent i passes a run with p_i(u) = expit(alpha_i + sigma_d d + sigma_u u - x):
x is the difficulty that its principal chose, u the agent's own fit. Its passes of 5 runs are Binomial(5, p_i(u)), the
agents are independent given d, and so the passes of all 30 runs are the convolution of six mixtures.
"""

from __future__ import annotations

import math
from itertools import permutations
from types import SimpleNamespace
from typing import Any, cast

import bidlab as bl
import numpy as np
import pytest
from scipy import stats

from analysis.arm import ArmData
from analysis.quantities import quantity
from analysis.quantities.of_run import estimate
from analysis.quantities.separating import passes_and_runs, separating, useful
from analysis.quantities.view import View
from sim.bundled import profiles
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.kit.arrays import FloatArray
from sim.kit.errors import ScenarioError
from sim.market.simulate import simulate
from sim.population.population import draw_population
from sim.population.profile import Profile, read_profile
from sim.world.world import World
from tests.market.play import ledger_of
from tests.statistics import assert_mean, assert_rate
from tests.worlds import make_rules, make_world

RUNS, TRIES = 30, 5
PUBLISHED = -27 / 35  # the rank correlation of six that is -.77
_CHOOSE = [math.comb(TRIES, x) for x in range(TRIES + 1)]


def profile() -> Profile:
    return read_profile(profiles()["marketbench"])


def normal(steps: int) -> tuple[FloatArray, FloatArray]:
    """Points and weights of a standard normal; equal steps, which converge geometrically."""
    points = np.linspace(-7.0, 7.0, steps)
    weights = np.exp(-(points**2) / 2.0)
    return points, weights / weights.sum()


def integral(difficulty: float, steps: int = 81) -> tuple[float, float]:
    """Share of useful tasks, and of runs that pass."""
    of, (d, weight), (u, fits) = profile(), normal(steps), normal(41)
    passes = np.ones((steps, 1))
    for agent in of.agents.values():
        chance = 1.0 / (1.0 + np.exp(difficulty - agent.alpha - of.sigma_d * d[:, None] - of.sigma_u * u))
        law = [c * (chance**x * (1.0 - chance) ** (TRIES - x)) @ fits for x, c in enumerate(_CHOOSE)]
        joined = np.zeros((steps, passes.shape[1] + TRIES))
        for x, share in enumerate(law):
            joined[:, x : x + passes.shape[1]] += share[:, None] * passes
        passes = joined
    whole = weight @ passes
    return float(whole[1 : RUNS // 2].sum()), float(whole @ np.arange(RUNS + 1) / RUNS)


def test_the_integral_has_converged() -> None:
    for difficulty in (-4.0, 6.0, 6.5):
        assert integral(difficulty) == pytest.approx(integral(difficulty, 321), abs=1e-6)


def test_the_payoff_is_greatest_inside() -> None:
    """It rises up to the best difficulty and falls from there on; ease falls throughout."""
    grid = np.arange(-4.0, 17.0)
    share, average = np.array([integral(x) for x in grid]).T
    best = int(share.argmax())
    assert grid[best] == 6.0
    assert (np.diff(share[: best + 1]) > 0).all()
    assert (np.diff(share[best:]) < 0).all()
    assert (np.diff(average) < 0).all()
    assert share[best] == pytest.approx(0.3774, abs=5e-5)


def test_fewer_than_half_and_at_least_one() -> None:
    for runs in (1, 2, 6, 29, 30):
        naive = [1 <= passes < runs / 2 for passes in range(runs + 1)]
        assert useful(np.arange(runs + 1), runs).tolist() == naive
    assert [int(n) for n in np.flatnonzero(useful(np.arange(31), 30))] == list(range(1, 15))


def test_runs_are_those_of_agents_that_are_there_and_pass_where_the_verifier_says_so() -> None:
    """Agent 1 is absent from task 1; one run is lost, and one is passed by mistake."""
    verified = [[[True, False], [False, False]], [[True, True], [True, True]], [[False, False], [True, False]]]
    infra = [[[False, False]] * 2, [[False, True], [False, False]], [[False, False]] * 2]
    world = make_world(3, 2, tries=2, success=False, verified=verified, infra=infra, present=[[1, 1], [1, 0], [1, 1]])
    rule = make_rules(postings=2, exclude="none")
    arm = ArmData.build("arm", "rule", world, ledger_of(world, simulate(world, rule)), alone=False)
    passes, runs = passes_and_runs(arm)
    assert (passes[0, :, 0].tolist(), runs[0, :, 0].tolist()) == ([1, 1, 1], [4, 2, 4])
    assert estimate(quantity("useful_rate", "arm"), arm).value == pytest.approx(2 / 3)
    assert estimate(quantity("solver_average", "arm"), arm).value == pytest.approx((1 / 4 + 1 / 2 + 1 / 4) / 3)


def world_of(place: int, replications: int = 1, **settings: Any) -> World:
    """That of an arm of the bundled scenario: principal, easy end, hard end, six creators."""
    scenario = bl.Scenario.load("benchbench", settings=settings)
    return draw_world(scenario.arms[place].settings.spec, scenario_origin(scenario), 3, replications)


def by_task(world: World) -> dict[str, FloatArray]:
    """(R, T) usefulness and ease."""
    return {name: one[..., 0] for name, one in separating(cast("View", SimpleNamespace(world=world))).items()}


def logits(world: World) -> FloatArray:
    return np.log(world.ability / (1.0 - world.ability))


def test_the_simulation_meets_the_integral() -> None:
    for place, difficulty in enumerate((6.0, -4.0, 16.0)):
        world = world_of(place, 4, **{"world.tasks": 250})
        assert world.verified.shape == (4, 250, 6, TRIES)
        found, (share, average) = by_task(world), integral(difficulty)
        assert_rate(found["useful_rate"].ravel() == 1.0, share)
        assert_mean(found["solver_average"].ravel(), average)


def test_difficulty_is_a_shift_of_ability_of_which_claims_know_nothing() -> None:
    easy, hard = (world_of(0, **{"world.difficulty": x, "world.tasks": 20}) for x in (0.0, 2.0))
    np.testing.assert_array_equal(hard.belief, easy.belief)
    np.testing.assert_array_equal(hard.cost, easy.cost)
    np.testing.assert_allclose(logits(easy) - logits(hard), 2.0, atol=1e-6)
    assert not (hard.success & ~easy.success).any()


@pytest.mark.parametrize("parameters", ["point", "bootstrap"])
def test_each_principal_shifts_its_own_tasks_alone(parameters: str) -> None:
    drawn = {"world.tasks": 40, "world.parameters": parameters}
    world, plain = world_of(3, 3, **drawn), world_of(0, 3, **drawn, **{"world.difficulty": 0.0})
    shift = logits(plain) - logits(world)
    np.testing.assert_allclose(shift, np.broadcast_to(world.owner[..., None], shift.shape), atol=1e-5)
    np.testing.assert_array_equal(world.belief, plain.belief)
    np.testing.assert_array_equal(world.success[world.owner == 0], plain.success[world.owner == 0])
    assert world.principals == ("first", "second", "third", "fourth", "fifth", "sixth")


def test_a_principal_that_is_not_there_has_no_difficulty() -> None:
    with pytest.raises(ScenarioError, match=r"world\.difficulty: no principal 'firts'"):
        world_of(0, **{"world.difficulty": {"firts": 1.0}})


@pytest.mark.slow
def test_six_creators_as_published() -> None:
    """Over all tasks ease and useful tasks go exactly against each other; the note's -.85 is by replication."""
    arm = bl.run("benchbench").arms()[3]
    found, owner = by_task(arm.world), arm.world.owner

    def rho(at: Any) -> float:
        own = [owner[at] == place for place in range(6)]
        ease, tells = ([found[name][at][mine].mean() for mine in own] for name in ("solver_average", "useful_rate"))
        return float(stats.spearmanr(ease, tells).statistic)

    each = np.array([rho(replication) for replication in range(10)])
    assert rho(slice(None)) == pytest.approx(-1.0)
    assert_mean(each, -0.85)
    assert each.min() < PUBLISHED < each.max()


def rank_correlations() -> np.ndarray:  # type: ignore[type-arg]
    """Of all 720 orders of six."""
    squares = [sum((place - rank) ** 2 for place, rank in enumerate(order)) for order in permutations(range(6))]
    return 1.0 - 6.0 * np.array(squares) / (6 * 35)


def test_the_exact_p_of_the_published_rank_correlation() -> None:
    """74 of 720 orders are at least as far from 0: .103."""
    rho = rank_correlations()
    extreme = np.abs(rho) >= abs(PUBLISHED) - 1e-12
    assert (len(rho), int(extreme.sum())) == (720, 74)
    assert round(extreme.mean(), 3) == 0.103
    assert round(PUBLISHED, 2) == -0.77
    assert sorted({round(x, 2) for x in rho if abs(x - PUBLISHED) < 0.06}) == [-0.83, -0.77, -0.71]


def of_creators(difficulties: list[float], tasks: int, samples: int, seed: int = 5) -> np.ndarray:  # type: ignore[type-arg]
    """(samples,) rank correlation of ease and useful tasks over principals with so many tasks of their own each."""
    found = []
    for place, difficulty in enumerate(difficulties):
        of = profile()
        harder = {name: one.model_copy(update={"alpha": one.alpha - difficulty}) for name, one in of.agents.items()}
        drawn = draw_population(of.model_copy(update={"agents": harder}), seed + place, samples, tasks, TRIES)
        passes = drawn.success.sum(axis=(2, 3))
        found.append((passes.mean(axis=1), useful(passes, RUNS).sum(axis=1)))
    ease, cells = (np.array(one).T for one in zip(*found, strict=True))
    return np.array([stats.spearmanr(*pair).statistic for pair in zip(ease, cells, strict=True)])


@pytest.mark.slow
def test_ease_and_useful_tasks_go_against_each_other_on_the_easy_side_alone() -> None:
    """Six principals with 40 tasks each: -1 and +1 in expectation, less in samples of that size."""
    for difficulties, expected in (
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], -0.82),
        ([7.0, 8.0, 9.0, 10.0, 11.0, 12.0], 0.69),
        ([1.0, 3.0, 5.0, 7.0, 9.0, 11.0], -0.06),
    ):
        share, average = np.array([integral(x) for x in difficulties]).T
        if abs(expected) > 0.5:
            assert stats.spearmanr(average, share).statistic == pytest.approx(np.sign(expected))
        assert_mean(of_creators(difficulties, 40, 400), expected)
