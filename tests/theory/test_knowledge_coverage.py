"""Intervals of what knowledge is worth on a recorded table hold the truth, as docs/knowledge.md says.

Tables are drawn from the bundled population; the truth is the mean over all of them, since each is what another draw of
tasks would have given.
"""

from __future__ import annotations

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from analysis.knowledge_value import value_of_knowledge

pytestmark = pytest.mark.slow
N_TABLES, N_TASKS = 60, 93


def drawn_tables():
    """Recorded tables, one outcome of an agent at a task."""
    world = bl.World.drawn("marketbench", tasks=N_TASKS, seed=77, replications=N_TABLES)
    t, i = (x.ravel() for x in np.indices((N_TASKS, world.n_agents)))
    for b in range(N_TABLES):
        own = {"claim": world.belief[b], "success": world.success[b, ..., 0].astype(int), "cost": world.cost[b, ..., 0]}
        own |= {"cost_belief": world.cost_belief[b]}
        columns = {name: array[t, i] for name, array in own.items()}
        yield pd.DataFrame({"agent": np.array(world.agents)[i], "task": [f"t{k}" for k in t], **columns})


@pytest.mark.parametrize("rule", [bl.SecondPrice(), bl.SecondScore(score="q(V-a)")], ids=["price", "score"])
def test_intervals_hold_the_truth(rule):
    rows = []
    for b, table in enumerate(drawn_tables()):
        world = bl.World.from_frame(table, seed=b, replications=20)
        found = value_of_knowledge(bl.Market(world, rule, expected_cost={"fixed": 0.0}).run().arm)
        kinds = {f"step {kind}": one for kind, one in found.steps["welfare"].items()}
        kinds |= {f"share {kind}": one for kind, one in found.shares["welfare"].items()}
        kinds |= {"total": found.totals["welfare"]}
        rows += [{"kind": kind, "value": x.value, "low": x.low, "high": x.high} for kind, x in kinds.items()]
    for kind, own in pd.DataFrame(rows).astype({"value": float, "low": float, "high": float}).groupby("kind"):
        truth = own["value"].mean()
        held = ((own["low"] <= truth) & (truth <= own["high"])).mean()
        print(f"\n{kind}: {held:.3f}")
        assert held >= 0.92 - 3 * np.sqrt(0.05 * 0.95 / N_TABLES)
