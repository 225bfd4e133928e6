"""The counts per auction are sums over the ledger's rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.ledger.ledger import OUTCOME
from sim.market.simulate import simulate
from sim.mechanisms.price import HireAll
from tests.tried import tried
from tests.worlds import accounted, rules, worlds


@tried(30)
@given(data=st.data())
def test_counts_are_sums_over_rows(data: st.DataObject) -> None:
    world = data.draw(worlds())
    rule = data.draw(accounted(data.draw(rules(HireAll())), world))
    counts, whole = simulate(world, rule, detail="auctions"), simulate(world, rule)
    clearings, bids = whole["clearings"], whole["bids"]
    left: dict[tuple[int, int], int] = {}  # (replication, agent) -> task whose clearing found it gone, rows in order
    for at in np.flatnonzero(bids["outcome"] == OUTCOME.index("exited")).tolist():
        left.setdefault((int(bids["replication"][at]), int(bids["agent"][at])), int(bids["task"][at]))
    for row in range(world.n_replications * world.n_tasks):
        replication, task = divmod(row, world.n_tasks)
        here = (clearings["replication"] == replication) & (clearings["task"] == task)
        made = (bids["replication"] == replication) & (bids["task"] == task) & ~np.isnan(bids["ask"])
        hires = clearings["n_hired"][here] > 0
        found = {name: int(column[row]) for name, column in counts["auctions"].items()}
        assert found == {
            "replication": replication,
            "task": task,
            "n_clearings": here.sum(),
            "n_bids": made.sum(),
            "n_awards": hires.sum(),
            "n_ties": (hires & clearings["by_tie"][here]).sum(),
            "fees": 0,
            "n_exits": sum(found_at == (replication, task) for found_at in ((r, t) for (r, _), t in left.items())),
        }
