"""Quantities of the last quarter of tasks, beside sums over rows of the ledger."""

from __future__ import annotations

import bidlab as bl
import numpy as np
import pytest

from analysis.quantities import Ratio, quantity

POLICY = {"exp3": {"low": -1.0, "high": 1.0, "rounds": 20, "mark_ups": [0.0, 0.5], "shifts": [-1.0, 1.0]}}


@pytest.fixture(scope="module")
def played():
    """Two replications of nine tasks, six agents that learn, a second posting for another one."""
    both = {"postings": 2, "exclude": "hired", "policy": POLICY}
    world = bl.World.drawn(
        "marketbench", tasks=9, seed=3, replications=2, arrivals={"every": 2}, order="shuffled", value=2.0, **both
    )
    return bl.Market(world, bl.SecondPrice(), penalty=0.25, **both).run()


def late(played, rows):
    """Rows of the last quarter of nine tasks to arrive: places 7 and 8 (4 x 7 >= 27)."""
    world = played.market.world
    kept = []
    for row in rows.to_dict("records"):
        arrival = world.arrival[int(row["replication"])].tolist()
        task = world.tasks.index(str(row["task"]))
        place = sum((tick, t) < (arrival[task], task) for t, tick in enumerate(arrival))
        kept.append(place >= 7)
    return rows[np.array(kept)]


def values(played, name: str) -> dict[str, float]:
    how = quantity(name, "agent").how
    assert isinstance(how, Ratio)
    num, den = (np.broadcast_to(part, played.arm.present.shape).sum(axis=(0, 1)) for part in how.part(played.arm))
    return dict(zip(played.market.world.agents, num / den, strict=True))


def test_claims_and_mark_ups_of_late_bids(played) -> None:
    bids = played.bids
    first = late(played, bids[(bids["posting"] == 0) & bids["ask"].notna()])
    claims, above = values(played, "late_claim"), values(played, "late_mark_up")
    for agent, own in first.groupby("agent", observed=True):
        honest = (own["cost_belief"] + 0.25 * (1 - own["belief"])) / own["belief"]
        assert claims[agent] == pytest.approx(own["claim"].mean(), rel=1e-12)
        assert above[agent] == pytest.approx((own["ask"] - honest).sum() / honest.sum(), rel=1e-12, abs=1e-12)
    assert len(set(above.values())) > 1


def test_late_hires(played) -> None:
    found, rows = values(played, "late_hired_rate"), late(played, played.attempts)
    for agent in played.market.world.agents:
        own = rows[rows["agent"] == agent]
        assert found[agent] == len(own[["replication", "task"]].drop_duplicates()) / 4
    assert any(found.values())
