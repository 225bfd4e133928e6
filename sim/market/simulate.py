"""Runs one arm: blocks of replications through the event market, then the ledger's columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from sim.kit.collector import older_left_alone
from sim.market.drawn import drawn_market
from sim.market.processes import Market
from sim.market.rows import Columns, attempt_columns
from sim.market.rules import Rules
from sim.market.tape import Tape, auction_columns, tried, unroll, whole_tables
from sim.world.world import World

Detail = Literal["all", "attempts", "auctions"]
Tables = dict[str, Columns]

_BLOCK = 4096


def simulate(
    world: World,
    rules: Rules,
    *,
    detail: Detail = "all",
    progress: Callable[[int], None] | None = None,
) -> Tables:
    """Play every replication of `world` under `rules`.

    Returns the columns of each ledger table, names as codes in the World's order. detail: "attempts" keeps that table
    only; "auctions" keeps it with a table of counts, one row per (replication, task), in that order.
    progress: called with the number of tasks done since the last call.
    """
    size = max(1, _BLOCK // max(1, world.n_tasks))
    with older_left_alone():
        blocks = [
            _block(world, rules, first, min(size, world.n_replications - first), detail, progress)
            for first in range(0, world.n_replications, size)
        ]
    return {
        name: {column: np.concatenate([block[name][column] for block in blocks]) for column in blocks[0][name]}
        for name in blocks[0]
    }


def _block(
    world: World, rules: Rules, first: int, count: int, detail: Detail, progress: Callable[[int], None] | None
) -> Tables:
    allocator, source = drawn_market(world.replication(first, count), rules)
    tape = Tape()
    for replication in range(count):
        Market(allocator, source, replication, tape, rules.processes).run()
        if progress is not None:
            progress(world.n_tasks)
    if detail == "all":
        tables = whole_tables(tape, allocator)
    else:
        cleared = unroll(tape, allocator)
        tables = {"attempts": attempt_columns(tried(tape), cleared, rules)}
        if detail == "auctions":
            tables["auctions"] = auction_columns(cleared, allocator)
    for columns in tables.values():
        columns["replication"] = columns["replication"] + first
    return tables
