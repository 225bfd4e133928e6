"""Intervals hold the truth as often as they say: docs/intervals.md has the whole table."""

from __future__ import annotations

import numpy as np
import pytest

from sim.arrays import FloatArray
from tests.coverage import replays, study

SKEWED = ("reputation", 5, "cost")  # by five means of skewness .8, 92.4 % at best: docs/intervals.md


def noise(share: FloatArray | float, number: int = study.DATASETS) -> FloatArray:
    """Three standard errors of a share of so many runs."""
    return np.asarray(3 * np.sqrt(np.asarray(share) * (1 - np.asarray(share)) / number))


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(dict.fromkeys(study.COUPLED)), ids=lambda kind: " ".join(kind))
def test_continuous_quantities(kind: tuple[str, str]) -> None:
    """95 +- 2 % for each, at 20 tasks and 50, with 5, 10 and 30 replications."""
    found = study.table(case for case in study.cases() if (case.kind, case.coupled) == kind)
    for name in study.CONTINUOUS:
        skewed = [(kind[1], replications, name) == SKEWED for replications in found["replications"]]
        low = np.where(skewed, 0.924, 0.93)
        within = (low - noise(low) <= found[name]) & (found[name] <= 0.97 + noise(0.97))
        assert within.all(), found[["tasks", "replications", name]]
        assert abs(found[name].mean() - 0.95) <= 0.02


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(dict.fromkeys(study.COUPLED)), ids=lambda kind: " ".join(kind))
def test_rates(kind: tuple[str, str]) -> None:
    """93 to 99 % on average over a grid of rates, nowhere under 90 %."""
    found = study.table(case for case in study.rate_cases() if (case.kind, case.coupled) == kind)
    judged = found[found["rate"].between(*study.RATE_RANGE)]
    assert len(judged) >= 4
    for name in study.RATES:
        assert 0.93 <= judged[name].mean() <= 0.99, judged[["rate", name]]
        assert (judged[name] >= 0.9).all(), judged[["rate", name]]


def _short(name: str) -> object:
    """An arm whose intervals of cost are known to be too short, docs/intervals.md, fails."""
    short = name == "routed by a record, split"
    return pytest.param(name, marks=pytest.mark.xfail(strict=True, reason="cost held in .85") if short else ())


@pytest.mark.slow
@pytest.mark.parametrize("name", [_short(name) for name in replays.ARMS])
def test_replays_on_redrawn_tables(name: str) -> None:
    """200 tables of 50 tasks: coverage of 95 % less three points for tables so small and three standard errors."""
    n_tables = 200
    found = replays.coverage(name, 50, 20 if "record" in name else 5, n_tables)
    known = {metric: share for metric, share in found.items() if not np.isnan(share)}
    assert len(known) >= 6
    for metric, share in known.items():
        assert share >= 0.95 - 0.03 - noise(0.92, n_tables), (name, metric, share)
