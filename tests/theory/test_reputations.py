"""Where reputations settle at a constant success rate: exact chain, closed forms, and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kit.arrays import Status
from sim.kit.draws import uniform, words_range
from sim.standing.reputation import BetaReputation, ExponentialReputation, Learner, LiveReputation, Outcome
from tests.statistics import assert_mean

# Success rate -> stationary mean of the live reputation (facts of the live engine, three decimals).
SETTLED = {0.36: 0.535, 0.5: 0.569, 0.7: 0.741, 0.77: 0.900, 0.8: 0.978, 0.9: 1.175}
N_AGENTS = 4000


def live_chain(rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Reputations .50, .51, ..., 1.25 and their stationary probabilities: every step is a whole number of cents."""
    cents = np.arange(50, 126)
    move = np.zeros((len(cents), len(cents)))
    for at, cent in enumerate(cents):
        move[at, min(125, cent + 6) - 50] += rate
        move[at, max(50, cent - 20) - 50] += 1.0 - rate
    balance = np.vstack([move.T - np.eye(len(cents)), np.ones(len(cents))])
    share, *_ = np.linalg.lstsq(balance, np.append(np.zeros(len(cents)), 1.0), rcond=None)
    return cents / 100.0, share


def after(rule: Learner, rate: float, steps: int) -> np.ndarray:
    """Reputation of many agents after so many verified outcomes at this rate."""
    state = rule.init(N_AGENTS)
    drawn = uniform(0, f"tests/reputation {rate}", words_range(N_AGENTS), words_range(steps))
    for step in range(steps):
        status = np.where(drawn[:, step] < rate, Status.PASS, Status.FAIL).astype(np.int8)
        state = rule.step(state, Outcome(status, np.zeros(N_AGENTS)))
    return rule.read(state)


@pytest.mark.parametrize(("rate", "expected"), SETTLED.items())
def test_live_reputation_settles_where_its_chain_does(rate: float, expected: float) -> None:
    value, share = live_chain(rate)
    mean = float(value @ share)
    assert mean == pytest.approx(expected, abs=0.002)
    assert_mean(after(LiveReputation(), rate, 400), mean)


def test_live_reputation_has_no_drift_at_its_balance() -> None:
    rule = LiveReputation()
    balance = rule.down / (rule.up + rule.down)
    assert balance == pytest.approx(0.769, abs=0.0005)
    for rate, sign in ((balance - 0.1, -1), (balance, 0), (balance + 0.1, 1)):
        drift = rate * rule.up - (1.0 - rate) * rule.down
        assert (0 if abs(drift) < 1e-12 else np.sign(drift)) == sign


@pytest.mark.parametrize("rate", [0.36, 0.7, 0.9])
@pytest.mark.parametrize("weight", [0.05, 0.5])
def test_exponential_reputation_has_its_mean_and_variance(rate: float, weight: float) -> None:
    settled = after(ExponentialReputation(weight=weight), rate, 400)
    assert_mean(settled, rate)
    assert_mean((settled - rate) ** 2, weight * rate * (1.0 - rate) / (2.0 - weight))


@pytest.mark.parametrize("rate", [0.36, 0.9])
def test_beta_reputation_tends_to_the_success_rate(rate: float) -> None:
    """Mean (a + N q) / (a + b + N) and variance N q (1 - q) / (a + b + N)^2, exactly, at every N."""
    for steps in (10, 400):
        rule = BetaReputation(a=3.0, b=1.0)
        settled, total = after(rule, rate, steps), 4.0 + steps
        mean = (3.0 + steps * rate) / total
        assert_mean(settled, mean)
        assert_mean((settled - mean) ** 2, steps * rate * (1.0 - rate) / total**2)


def test_beta_reputation_that_forgets_settles_as_an_exponential_one_does() -> None:
    """With decay d the weights of outcomes are those of an exponential mean of weight 1 - d, once N is large."""
    forgetful = after(BetaReputation(a=1e-9, b=1e-9, decay=0.9), 0.7, 400)
    np.testing.assert_allclose(forgetful, after(ExponentialReputation(weight=0.1), 0.7, 400), rtol=0, atol=1e-8)
