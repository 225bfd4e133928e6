"""Compiled code against the rules as they stand: the first clearings of every run, and every one that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.compiled.code import Code
from sim.compiled.hand import PER_CLEARING
from sim.compiled.kernel.output import Seen
from sim.compiled.traced_parts import same
from sim.kit.arrays import Bids, Standing, Tender
from sim.kit.errors import MarketError
from sim.market.rules import Rules

_COMPARED = ("bid", "clear", "read")  # the others have no arrays of their own in hand when a clearing is kept


def compare(code: Code, rules: Rules, seen: Seen, count: int) -> None:
    """Raise MarketError where a part gives other numbers than were in hand at the first `count` clearings.

    Raises what a rule that is examined raises itself there.
    """
    of = in_hand(code, (seen.floats[:count], seen.whole[:count], seen.truths[:count]))
    if rules.examined:
        _ask(rules, of)
    for name in _COMPARED:
        part = code.parts.get(name)
        if part is None:
            continue
        for row, array in part.run(of).items():
            if not _agrees(name, row, of, array):
                raise MarketError(
                    f"{rules.mechanism.name}: {row} of the compiled {name} is not what the rule itself gives"
                )


def in_hand(code: Code, arrays: Sequence[Any]) -> dict[str, Any]:
    """Arrays (M, n) by name, (M,) of numbers of the clearing, from (M, rows, n)."""
    found = {}
    for kind, array in zip(("f", "i", "b"), arrays, strict=True):
        for row, name in enumerate(code.rows[kind]):  # type: ignore[index]
            found[name] = array[:, row, 0] if name in PER_CLEARING else array[:, row]
    return found


def _agrees(name: str, row: str, of: dict[str, Any], array: Any) -> bool:
    if name != "bid":
        return same(of[row], array)
    # Who does not bid at all has no numbers in hand.
    willing = ~np.isnan(of["ask"])
    return same(np.where(willing, of[row], 0.0), np.where(willing, array, 0.0))


def check_refused(code: Code, rules: Rules, hand: Sequence[Any]) -> None:
    """Have the rule, or what it is given, say why the clearing in hand is refused; raises that, or MarketError."""
    of = in_hand(code, hand)
    for part in ("bid", "read"):
        if part in code.parts:
            code.parts[part].run(of)
    _ask(rules, of)
    raise MarketError(f"{rules.mechanism.name}: the compiled rule refuses a clearing that the rule itself takes")


def _ask(rules: Rules, of: dict[str, Any]) -> None:
    """Have the rule itself clear what was in hand; raises what it raises."""
    bids = rules.menus(Bids.trusted(**{name: of[name] for name in ("ask", "claim", "active")}))
    tender = Tender.trusted(**{name: of[name] for name in ("value", "reserve", "penalty", "posting")})
    standing = Standing.trusted(**{name: of[name] for name in ("reputation", "expected_cost", "advice")})
    rules.ask(bids, tender, standing, of["lottery"])
