"""The best fixed agent, chosen on half-splits: no leak, no luck, an error that knows of the choice."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.benchmark import best_fixed, half_splits, regret_spread
from analysis.resampled import TABLES, task_counts


def names(n_tasks: int) -> tuple[str, ...]:
    return tuple(f"task {t}" for t in range(n_tasks))


def test_two_opposite_agents_are_not_told_apart_by_what_they_did_on_the_task_itself() -> None:
    """Each succeeds where the other fails: leaving out the task alone would always choose the one that fails there."""
    solved = np.arange(200) % 2
    gain = np.stack([solved, 1 - solved], axis=1)[None].astype(float)
    assert best_fixed(gain, names(200)).mean() == pytest.approx(0.472, abs=0.03)  # a half-split's, over halvings


def test_agents_that_tie_share_the_work() -> None:
    gain = np.array([[0.5, 0.5, 0.2], [0.25, 0.25, 0.9], [0.125, 0.125, 0.1], [0.5, 0.5, 0.0], [1.0, 1.0, 0.1]])
    found = best_fixed(gain[None], names(5))
    naive = []
    for task in range(5):
        earned = []
        for half in half_splits(names(5)):
            total = gain[half != half[task]].sum(axis=0)
            earned.append(gain[task, np.isclose(total, total.max(), atol=1e-9)].mean())
        naive.append(np.mean(earned))
    assert found[0] == pytest.approx(naive)


def test_replications_are_pooled_and_none_is_known_without_tasks_agents_or_value() -> None:
    stream = np.random.default_rng(3)
    gain = stream.random((3, 7, 4))
    twice = np.concatenate([gain, gain])
    assert best_fixed(twice, names(7))[:3] == pytest.approx(best_fixed(gain, names(7)))
    for shape in ((2, 1, 4), (2, 7, 0)):
        assert np.isnan(best_fixed(np.zeros(shape), names(shape[1]))).all()
    gain[0, 0, 0] = np.nan
    assert np.isnan(best_fixed(gain, names(7))).all()


def test_the_error_of_a_regret_makes_the_choice_again() -> None:
    stream = np.random.default_rng(4)
    gain, welfare = stream.normal(size=(60, 3)), stream.normal(size=60)
    counts, halves = task_counts(11, range(TABLES), 60), half_splits(names(60))
    naive = []
    for count in counts[:5]:
        slots = np.repeat(np.arange(60), count)
        earned = 0.0
        for half in halves:
            for task in slots:
                others = [slot for slot in slots if half[slot] != half[task]]
                earned += gain[task, np.argmax(gain[others].sum(axis=0))] / len(halves)
        naive.append((earned - welfare[slots].sum()) / 60)
    few = regret_of(gain, welfare, counts[:5])
    assert few == pytest.approx(naive)
    assert regret_spread(gain, welfare, names(60), 11) == pytest.approx(regret_of(gain, welfare, counts).std(ddof=1))


def regret_of(gain: np.ndarray, welfare: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Regret on each redrawn table, slot by slot."""
    halves = half_splits(names(len(gain)))
    found = np.zeros(len(counts))
    for b, count in enumerate(counts):
        for half in halves:
            for mine in (half, ~half):
                best = np.argmax(((count * ~mine)[:, None] * gain).sum(axis=0))
                found[b] += (count * mine * gain[:, best]).sum() / len(halves)
        found[b] -= (count * welfare).sum()
    return found / len(gain)
