"""Plays a market for a hand-written test and tells what happened in the ledger's words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.ledger.ledger import OUTCOME, REASON, SCHEMAS, STATUS, Ledger, categories
from sim.market.rules import Rules
from sim.market.simulate import Tables, simulate
from sim.world.world import World
from tests.market.compare import Row, rows


class Play:
    """A market played to its end; every row of its ledger, codes of words replaced by the words."""

    def __init__(self, world: World, rules: Rules) -> None:
        self.tables = simulate(world, rules)
        self.ledger = ledger_of(world, self.tables)
        told = rows(self.tables)
        self.attempts = [row | {"status": STATUS[row["status"]]} for row in told["attempts"]]
        self.bids = [row | {"outcome": OUTCOME[row["outcome"]]} for row in told["bids"]]
        self.clearings = [row | {"closed": REASON[row["closed"]]} for row in told["clearings"]]

    def worked(self) -> list[tuple[int, int, int, int, str]]:
        """(task, agent, start, finish, status) of every attempt."""
        keys = ("task", "agent", "start", "finish", "status")
        return [tuple(row[key] for key in keys) for row in self.attempts]  # type: ignore[misc]

    def closed(self) -> list[tuple[int, int, int, str]]:
        """(task, posting, tick of the clearing, how it closed) of every clearing."""
        keys = ("task", "posting", "tick", "closed")
        return [tuple(row[key] for key in keys) for row in self.clearings]  # type: ignore[misc]

    def outcomes(self, task: int, posting: int = 0) -> list[str]:
        """What became of each agent's bid."""
        return [row["outcome"] for row in self.bids if (row["task"], row["posting"]) == (task, posting)]

    def reserves(self, task: int = 0) -> list[float]:
        """Reserve of each posting of the task."""
        return [row["reserve"] for row in self.clearings if row["task"] == task]


def ledger_of(world: World, tables: Tables) -> Ledger:
    """The ledger's data frames of one arm called "arm"."""
    names = categories(["arm"], world.agents, world.tasks, world.principals)
    frames = {}
    for table, columns in tables.items():
        whole = columns | {"arm": np.zeros(len(columns["task"]), int)}
        frames[table] = pd.DataFrame(
            {
                name: pd.Categorical.from_codes(whole[name], names[name]) if kind == "category" else whole[name]
                for name, kind in SCHEMAS[table].items()
            }
        )
    return Ledger(**frames)


def of_task(table: list[Row], task: int) -> list[Row]:
    """The rows of one task."""
    return [row for row in table if row["task"] == task]
