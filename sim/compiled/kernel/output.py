"""What the loop writes: columns of rows, and counts; arrays as in layout.py."""

from __future__ import annotations

from typing import Any, NamedTuple


class Attempts(NamedTuple):
    """Columns of the attempts table, A rows."""

    replication: Any
    task: Any
    posting: Any
    agent: Any
    nth: Any
    turn: Any
    start: Any
    finish: Any
    status: Any
    timed_out: Any
    success: Any
    score: Any
    ask: Any
    claim: Any
    belief: Any
    cost_belief: Any
    pay_success: Any
    pay_failure: Any
    budget: Any
    payment: Any
    cost: Any


class Kept(NamedTuple):
    """Places in hand of the rows that a clearing keeps, and how many they are. numbers: those of which it keeps one."""

    floats: Any
    whole: Any
    truths: Any
    numbers: Any
    n_floats: int
    n_whole: int
    n_truths: int
    n_numbers: int


class Clearings(NamedTuple):
    """C clearings: place and end of each, and what was in hand of the rows that are kept.

    floats, whole, truths (C, rows, n), numbers (C, rows), by_tie (C,); barred (C, 4, n): `Now` has the first.
    """

    replication: Any
    task: Any
    posting: Any
    tick: Any
    closed: Any
    withdrawn: Any
    by_tie: Any
    numbers: Any
    floats: Any
    whole: Any
    truths: Any
    barred: Any


class Counts(NamedTuple):
    """(R, T) counts of each auction, as sim/market/rows.py has them."""

    clearings: Any
    bids: Any
    awards: Any
    ties: Any
    exits: Any
    fees: Any


class Seen(NamedTuple):
    """What was in hand at the first clearings, (M, rows, n), for a comparison with the rules themselves."""

    floats: Any
    whole: Any
    truths: Any
