"""What advisors promise: closed forms, invariances and known regrets."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import rankdata

from sim.compiled.lanes import play_compiled
from sim.kit.arrays import Status
from sim.kit.draws import normal, uniform, words_range
from sim.mechanisms.planner import RouteByAdvice
from sim.mechanisms.price import SecondPrice
from sim.standing.advisors import UCB1, Beta, Lesson, PlattBatch, PlattOnline, Posted, Thompson
from sim.standing.advisors.platt import fitted_shift
from sim.world.world import World
from tests.statistics import assert_mean, assert_rate
from tests.worlds import make_rules, make_world

EPS = 1e-6


def rows(purpose: str, size: int, count: int, shift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Claims with calibrated logits N(0, 1) plus `shift`, (size, count); successes; the calibrated logits."""
    words = words_range(size), words_range(count)
    latent = normal(0, f"tests/{purpose} belief", *words)
    success = uniform(0, f"tests/{purpose} outcome", *words) < expit(latent)
    return expit(latent + shift), success, latent


def lesson(success: np.ndarray, claim: np.ndarray) -> Lesson:
    return Lesson(np.where(success, Status.PASS, Status.FAIL).astype(np.int8), claim)


def auc(score: np.ndarray, success: np.ndarray) -> float:
    rank, positive = rankdata(score), int(success.sum())
    above = rank[success].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (len(success) - positive)))


# Beta: the level is corrected, discrimination is lost.


@pytest.mark.parametrize("count", [0, 100, 1000])
def test_beta_advice_shrinks_the_spread_of_claims_by_prior_over_attempts(count: int) -> None:
    """sd .157 -> .014 -> .0016 at N = 0, 100, 1000 with m = 10."""
    rule, claim = Beta(prior=10.0), 0.55 + 0.157 * normal(0, "tests/beta claims", words_range(5000)).clip(-2.8, 2.8)
    claim = claim * (0.157 / claim.std())
    state = rule.init(len(claim))
    for step in range(count):
        state = rule.step(state, lesson(np.full(len(claim), step % 5 < 3), claim))
    advice = rule.read(state, Posted(claim))
    assert advice.std() == pytest.approx(0.157 * 10.0 / (10.0 + count), rel=1e-9)
    assert advice.std() == pytest.approx({0: 0.157, 100: 0.014, 1000: 0.0016}[count], rel=0.035)
    if count:
        assert abs(advice.mean() - 0.6) <= 10.0 / (10.0 + count)


def test_beta_advice_is_the_posterior_mean_and_tends_to_the_base_rate() -> None:
    claim, success, _ = rows("beta", 4000, 200, 1.5)
    rule = Beta(prior=10.0)
    state = rule.init(4000)
    for step in range(200):
        state = rule.step(state, lesson(success[:, step], claim[:, step]))
    advice = rule.read(state, Posted(np.full(4000, 0.9)))
    assert_mean(advice, (10.0 * 0.9 + 200 * 0.5) / 210.0)  # the rate of sigma(N(0, 1)) is one half


# Platt: order is kept, a constant exaggeration is undone.


def batch_advice(logits: np.ndarray, success: np.ndarray) -> np.ndarray:
    """The batch advice on the rows it was fitted to, (size, count)."""
    theta = fitted_shift(logits, success.astype(float), np.ones(logits.shape, np.bool_), EPS)
    return expit(logits + theta[:, None])


@pytest.mark.parametrize("shift", [-3.0, 0.965, 2.0])
def test_batch_platt_undoes_any_shift_of_logit_claims_and_keeps_their_order(shift: float) -> None:
    _, success, latent = rows("platt", 20, 300, 0.0)
    honest, shifted = batch_advice(latent, success), batch_advice(latent + shift, success)
    np.testing.assert_allclose(shifted, honest, rtol=0, atol=2e-13)
    for row in range(20):
        assert auc(shifted[row], success[row]) == auc(latent[row], success[row])


def test_batch_platt_makes_the_mean_advice_the_success_rate() -> None:
    claim, success, latent = rows("platt", 50, 300, 1.0)
    np.testing.assert_allclose(batch_advice(latent + 1.0, success).mean(axis=1), success.mean(axis=1), rtol=1e-12)
    rule = PlattBatch(eps=EPS, memory=300)
    state = rule.init(50)
    for step in range(300):
        state = rule.step(state, lesson(success[:, step], claim[:, step]))
    advice = np.stack([rule.read(state, Posted(claim[:, step])) for step in range(300)])
    np.testing.assert_allclose(advice.mean(axis=0), success.mean(axis=1), rtol=1e-10)


def test_batch_platt_is_fitted_to_what_has_been_seen_of_its_memory() -> None:
    """The mean of the advice on the first 1, 2, ... 12 attempts is their rate of success."""
    _, success, latent = rows("platt", 12, 12, 0.0)
    theta = fitted_shift(latent, success.astype(float), np.tri(12, dtype=bool), EPS)
    for row in range(12):
        seen = slice(row + 1)
        rate = np.clip(success[row, seen].mean(), EPS, 1.0 - EPS)
        assert expit(latent[row, seen] + theta[row]).mean() == pytest.approx(rate, abs=1e-12)


def test_batch_platt_forgets_what_is_older_than_its_memory() -> None:
    claim, success, _ = rows("platt", 5, 80, 1.0)
    long, short = PlattBatch(eps=EPS, memory=30), PlattBatch(eps=EPS, memory=30)
    whole, recent = long.init(5), short.init(5)
    for step in range(80):
        whole = long.step(whole, lesson(success[:, step], claim[:, step]))
        if step >= 50:
            recent = short.step(recent, lesson(success[:, step], claim[:, step]))
    np.testing.assert_allclose(whole[0], recent[0], rtol=0, atol=1e-12)


def test_online_platt_is_where_the_batch_is_after_many_rows() -> None:
    """Claims a logit too loud: both shifts centre on -1; the online one keeps a noise of about sqrt(eta / 2)."""
    size, count, eta = 300, 5000, 0.05
    claim, success, latent = rows("platt online", size, count, 1.0)
    rule = PlattOnline(eta=eta, eps=EPS)
    state = rule.init(size)
    for step in range(count):
        state = rule.step(state, lesson(success[:, step], claim[:, step]))
    batch = fitted_shift(latent + 1.0, success.astype(float), np.ones(latent.shape, np.bool_), EPS)
    assert_mean(batch, -1.0)
    assert_mean(state[0] - batch, 0.0)
    assert state[0].std() == pytest.approx(math.sqrt(eta / 2.0), rel=0.2)


# Bandits.


def test_thompson_draws_rank_as_the_posteriors_do() -> None:
    """P(Beta(5, 4) > Beta(3, 2)) = 14/33 = .4242: four passes and three failures against two and one."""
    size, rule = 200_000, Thompson()
    state = np.array([4.0, 2.0]), np.array([7.0, 3.0])  # passes, verified outcomes
    luck = uniform(0, "tests/thompson", words_range(size), words_range(2))
    advice = rule.read(state, Posted(np.full((size, 2), 0.5), luck))
    assert_rate(advice[:, 0] > advice[:, 1], 14.0 / 33.0)
    for agent, (a, b) in enumerate([(5, 4), (3, 2)]):
        assert_mean(advice[:, agent], a / (a + b))
        assert_mean((advice[:, agent] - a / (a + b)) ** 2, a * b / ((a + b) ** 2 * (a + b + 1)))


def bandit_world(replications: int, n_tasks: int) -> World:
    """Abilities .8 and .6, one task a tick, outcomes known before the next task."""
    words = words_range(replications), words_range(n_tasks), words_range(2)
    world = make_world(n_tasks, 2, replications=replications, arrival=np.arange(n_tasks), duration=0)
    success = (uniform(0, "tests/bandit", *words) < np.array([0.8, 0.6]))[..., None]
    drawn = uniform(0, "tests/bandit exploration", words[0], words[1], words_range(1), words[2])
    return dataclasses.replace(
        world, success=success, verified=success, lottery=world.lottery[:, :, :1], exploration=drawn
    )


@pytest.mark.slow
@pytest.mark.parametrize("advisor", [UCB1(), Thompson()], ids=["ucb1", "thompson"])
def test_regret_of_a_router_that_explores(advisor: UCB1 | Thompson) -> None:
    """p = (.8, .6), T = 2000. UCB1: about 35.8, below the bound 8 ln T / gap + (1 + pi^2 / 3) gap = 304.9."""
    horizon, replications, gap = 2000, 200, 0.2
    tables = play_compiled(
        bandit_world(replications, horizon), make_rules(RouteByAdvice(), advisor=advisor), detail="attempts"
    )
    attempts = tables["attempts"]
    assert len(attempts["agent"]) == horizon * replications
    regret = gap * np.bincount(attempts["replication"], attempts["agent"] == 1, replications)
    bound = 8.0 * math.log(horizon) / gap + (1.0 + math.pi**2 / 3.0) * gap
    assert bound == pytest.approx(304.9, abs=0.1)
    assert regret.max() < bound
    if isinstance(advisor, UCB1):
        assert_mean(regret, 35.8, expected_se=0.5)
    else:
        assert regret.mean() < 10.0


# In a market.


def test_claims_move_a_router_with_a_claiming_advisor_and_no_other() -> None:
    """A standing lie is undone by the batch shift; at the first task nothing is known and claims are believed."""
    success = [[True, True]] * 40
    honest = make_world(40, 2, belief=[[0.5, 0.6]] * 40, success=success, arrival=np.arange(40), duration=0)
    loud = make_world(40, 2, belief=[[0.9, 0.6]] * 40, success=success, arrival=np.arange(40), duration=0)
    for advisor, moved in ((Beta(prior=1.0, mean=0.5), False), (UCB1(), False), (Beta(prior=1.0), True)):
        rule = make_rules(RouteByAdvice(), advisor=advisor)
        winners = [play_compiled(world, rule)["attempts"]["agent"][0] for world in (honest, loud)]
        assert (winners[0] != winners[1]) == moved


def test_what_an_advisor_learns_changes_nothing_under_a_rule_that_asks_for_no_advice() -> None:
    world = bandit_world(3, 20)
    plain = play_compiled(world, make_rules(SecondPrice()))["attempts"]
    advised = play_compiled(world, make_rules(SecondPrice(), advisor=Thompson()))["attempts"]
    for name, column in plain.items():
        np.testing.assert_array_equal(column, advised[name])
