"""What the loop is given, and what it keeps of a replication.

R, T, n, P, K as in sim/world/world.py. Arrays come as pointers to their memory (sim/compiled/pointer.py), so that they
can be handed on without being counted; truth values are bytes. An array of several axes is one line, the last closest.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.compiled.hand import FLOATS, TRUTHS, WHOLE
from sim.compiled.kernel.output import Attempts, Clearings, Counts, Kept, Seen
from sim.kit.arrays import Status
from sim.ledger.ledger import REASON

NEVER = np.iinfo(np.int64).max
DONE, FULL, REFUSED, UNKNOWN_TRY, TOO_LATE = range(5)  # how a call ended

(BELIEF, COST_BELIEF, ASK, CLAIM, REPUTATION, EXPECTED_COST, ADVICE, LOTTERY, EXPLORATION, CHOICE, PAY_SUCCESS,
 PAY_FAILURE, BUDGET, FEE, COST, CLAIMED, VALUE, RESERVE, FIRST_RESERVE, RAISED, PENALTY, TRY_COST, PAYMENT,
) = range(len(FLOATS))  # fmt: skip
TRIES, FAILURES, TURN, STATUS, POSTING, TASK_FAILURES, TRY_TICKS = range(len(WHOLE))
SILENT, ACTIVE, HIRED, BY_TIE, TRY_VERIFIED, TRY_SUCCESS, TRY_INFRA, INFORMED = range(len(TRUTHS))
KNOWN = len(FLOATS)  # first row of what learners know, before those of what they know next
NONE, FAIL, PASS, INFRA = (int(one) for one in (Status.NONE, Status.FAIL, Status.PASS, Status.INFRA))
REPOSTED, SOLVED, FAILED, UNFILLED, DEADLINE, NO_BUDGET = (
    REASON.index(name) for name in ("reposted", "solved", "failed", "unfilled", "deadline", "no budget")
)


class Field(NamedTuple):
    """An array of the World: its memory, and the step along each axis, 0 where it does not vary."""

    at: Any
    r: int
    t: int = 0
    one: int = 0
    other: int = 0


class Bulk(NamedTuple):
    """What is drawn of all tasks of a replication at once, in rows of (n, T).

    step: numbers of a replication, where all are kept for the next market of the World; 0 where only the one that is
    played is held. made (R,): whether a replication is there already.
    """

    at: Any
    made: Any
    step: int


class Fields(NamedTuple):
    """What the World holds; what there is none of is one number."""

    value: Field
    reserve: Field
    penalty: Field
    arrival: Field
    owner: Field
    belief: Field
    cost_belief: Field
    present: Field
    late: Field
    silent: Field
    expected_cost: Field
    advice: Field
    lottery: Field
    exploration: Field
    choice: Field
    retry_belief: Field
    delivered: Field
    verified: Field
    success: Field
    infra: Field
    duration: Field
    cost: Field
    score: Field
    bulk: Bulk
    first: Field  # (R, T + 1) moments of first postings in order, NEVER at the end
    family: Any  # (T,)
    keys: Any  # (R, J) keys of draws, by purpose
    tasks: Any  # (2 T,) words, then those of their families
    postings: Any  # (P,)
    tries: Any  # (K,)
    agents: Any  # (n,)
    bankroll: Any  # (n,)
    budgets: Any  # (principals,)


class Size(NamedTuple):
    """Counts, and how many bits of a moment name a task, a posting and an agent.

    width: columns in hand. capacity: slots that are counted. floats, whole, truths: rows in hand before those of
    scratch. states: of what learners know, the first `adapted` of them of policies; `common` are of no family of tasks,
    the others of the one in hand. memos: rows of them, after what is known next.
    attempts, clearings, seen: rows there is room for; counted: whether auctions are counted.
    """

    tasks: int
    agents: int
    width: int
    principals: int
    families: int
    floats: int
    whole: int
    truths: int
    tries: int
    failures: int
    postings: int
    capacity: int
    states: int
    adapted: int
    memos: int
    common: int
    task_bits: int
    posting_bits: int
    agent_bits: int
    keys: int
    attempts: int
    clearings: int
    seen: int
    counted: bool
    most_ticks: int


class Market(NamedTuple):
    """Rules that are numbers; truth values say whether there is such a thing at all.

    looks_at_...: it is read, and neither learned nor drawn; draws_lottery: the rule's own code draws it where it is
    read, and `draw_shown` where it is shown. bulk_...: the row of it in `Bulk`, -1 where it is not there.
    """

    window: int
    delay: int
    approval: int
    deadline: int
    timeout: int
    bid_cost: float
    has_deadline: bool
    exclude_hired: bool
    exclude_failed: bool
    repeats: bool
    shares_slots: bool
    retries: bool
    absences: bool
    lateness: bool
    silences: bool
    losses: bool
    own_success: bool
    graded: bool
    escalates: bool
    learns: bool
    adapts: bool
    reads: bool
    actual_cost: bool
    outcome_advice: bool
    explores: bool
    chooses: bool
    tells_tries: bool
    looks_at_cost: bool
    looks_at_advice: bool
    looks_at_lottery: bool
    draws_lottery: bool
    turns: bool
    limits: bool
    fees: bool
    examined: bool
    bankrolls: bool
    budgets: bool
    draws: bool
    draws_belief: bool
    draws_cost_belief: bool
    bulk: bool
    bulk_belief: int
    bulk_cost_belief: int
    bulk_advice: int
    bulk_silent: int
    draws_tries: bool
    draws_verified: bool
    draws_success: bool
    draws_infra: bool
    draws_ticks: bool
    draws_cost: bool


class Part(NamedTuple):
    """A compiled part: where its code is, and the parameters that it reads."""

    code: int
    numbers: Any


class Parts(NamedTuple):
    """As sim/compiled/traced_parts.py has them; what is not there is never run."""

    bid: Part
    clear: Part
    read: Part
    learn: Part
    adapt: Part
    unfilled: Part
    failed: Part
    draw: Part
    draw_shown: Part
    draw_lane: Part
    draw_try: Part


class Hand(NamedTuple):
    """Arrays in hand, (rows, width) as sim/compiled/hand.py has them.

    initial (rows, width): floats at the start of a replication; others (F, S, n): what is known of families not in
    hand.
    """

    floats: Any
    whole: Any
    truths: Any
    words: Any
    initial: Any
    others: Any


class Lane(NamedTuple):
    """What is kept of a replication.

    (T, n): tries, failures, and of attempts that run status, cost, claim, payment, bond, most; ranked: the agent at
    each place among the hired; memo (T, n, memos + 1): of its bid, and the fee. (T,): reserve, task_failures. until
    (n, c): ticks at which slots are free; free (n,): the first of each agent's. waiting, ending: heaps of moments. (n,)
    and (principals,): balance, held and what runs; exited. marks: lengths of the heaps, the family in hand. scratch:
    rows of (n, T) on the way to what is drawn of all tasks at once.
    """

    tries: Any
    failures: Any
    status: Any
    cost: Any
    claim: Any
    payment: Any
    bond: Any
    most: Any
    ranked: Any
    memo: Any
    reserve: Any
    task_failures: Any
    until: Any
    free: Any
    waiting: Any
    ending: Any
    marks: Any
    balance: Any
    held: Any
    running: Any
    exited: Any
    purse: Any
    pledged: Any
    contracts: Any
    scratch: Any


class Now(NamedTuple):
    """Of one clearing, (n,) each: who is barred and why, the hired in order, and what becomes of them.

    tried: which of the hired work at all.
    """

    willing: Any
    excluded: Any
    no_bond: Any
    hired: Any
    tried: Any
    nth: Any
    start: Any
    finish: Any
    status: Any
    timed_out: Any
    success: Any
    score: Any
    cost: Any
    rank: Any


class Given(NamedTuple):
    """All that the loop is given.

    done (5,): the replication that was reached, rows of attempts and of clearings so far, clearings in `seen`, and the
    task whose try is not known.
    """

    parts: Parts
    size: Size
    market: Market
    world: Fields
    hand: Hand
    lane: Lane
    now: Now
    attempts: Attempts
    kept: Kept
    clearings: Clearings
    counts: Counts
    seen: Seen
    done: Any
