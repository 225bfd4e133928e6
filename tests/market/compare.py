"""Compares ledgers: columns as lists of rows, NaN equal to NaN, every other number by ==."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sim.market.rules import Rules
from sim.market.simulate import Tables, simulate
from sim.world.world import World

Row = dict[str, Any]
Engine = Callable[..., Tables]


def assert_same_markets(engine: Engine, world: World, rule: Rules) -> None:
    """An engine gives all tables of the processes, and their counts per auction; a card of the past is left out."""
    rule = replace(rule, card=None)
    assert_same_rows(rows(engine(world, rule)), rows(simulate(world, rule)))
    found, expected = (one(world, rule, detail="auctions")["auctions"] for one in (engine, simulate))
    assert set(found) == set(expected)
    for name, column in expected.items():
        np.testing.assert_array_equal(found[name], column, err_msg=name)


def rows(tables: Tables) -> dict[str, list[Row]]:
    """Each table of `simulate` as a list of dicts of plain numbers."""
    return {name: as_rows(columns) for name, columns in tables.items()}


def as_rows(columns: Mapping[str, Any]) -> list[Row]:
    """Columns of equal length as dicts."""
    lists = [values.tolist() for values in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def same(left: Any, right: Any) -> bool:
    """Equal, or both NaN; -0.0 equals 0.0."""
    return bool(left == right) or (left != left and right != right)


def assert_same_rows(found: Mapping[str, list[Row]], expected: Mapping[str, list[Row]]) -> None:
    """Raise AssertionError naming table, row and columns of the first difference."""
    assert set(found) == set(expected)
    for name in ("clearings", "bids", "attempts", "accounts"):
        for place, (left, right) in enumerate(zip(found[name], expected[name], strict=False)):
            assert set(left) == set(right), f"{name}: columns {sorted(set(left) ^ set(right))}"
            wrong = {key: (left[key], right[key]) for key in left if not same(left[key], right[key])}
            assert not wrong, f"{name}, row {place} of {right}: (found, expected) {wrong}"
        assert len(found[name]) == len(expected[name]), name
