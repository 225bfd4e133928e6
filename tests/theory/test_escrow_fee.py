"""The largest worthwhile fee of an escrow is the share of deals that it keeps from failing x what a deal is worth."""

from __future__ import annotations

from typing import Any

import bidlab as bl
import pytest

from tests.statistics import assert_mean

PUBLISHED = {"high": 0.43, "medium": 0.65, "low": 0.82}  # .45 - .02, .70 - .05, .90 - .08
FEE = 0.1


def lost(run: Any, arm: str) -> Any:
    """(replication, task) -> whether the deal failed."""
    rows = run.attempts[run.attempts["arm"] == arm]
    return rows.set_index(["replication", "task"])["status"].eq("INFRA").sort_index()


def saved(run: Any, quality: str) -> Any:
    """Of each deal, 1 where it holds under an escrow alone."""
    direct, escrow = (lost(run, f"{quality}, {how}") for how in ("direct", "escrow"))
    assert not (escrow & ~direct).any()
    return (direct & ~escrow).astype(float)


def test_welfare_gains_what_is_saved_less_the_fee_in_every_sample() -> None:
    run = bl.run("escrow", replications=2, settings={"world.tasks": 20}, engine="market")
    table = run.summary.set_index("arm")["welfare"]
    for quality in PUBLISHED:
        gain = table[f"{quality}, escrow"] - table[f"{quality}, direct"]
        assert gain == pytest.approx(saved(run, quality).mean() - FEE, abs=1e-12)
    assert table["high, a quarter held back"] == table["high, escrow"]


@pytest.mark.slow
def test_the_published_fees() -> None:
    run = bl.run("escrow")
    for quality, fee in PUBLISHED.items():
        assert_mean(saved(run, quality), fee)
