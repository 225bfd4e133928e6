"""Every dollar that moves in a market, as rows of the ledger's accounts: who pays whom, when, and what for.

    hold, release   what a contract may take is set aside at the award, and set free when it is settled; written where
                    an account of that side is kept (a bankroll, a budget)
    pay, fine       what a settled contract takes from the principal, or from the agent
    fee             what a bid owes the principal at the clearing
    cost            of bids and attempts, from the agent, and of clearings and inspections, from the allocator, to
                    nature; the harm of an accepted failure is no money and does not move

Amounts of 0 are no rows. An agent's balance is its bankroll + what it was paid - what it paid; the escrow's ends at 0.

Rows are ordered by replication, tick, moment and sequence. The moments of a tick come in the market's order: attempts
of earlier clearings complete, by (task, posting, turn, agent); then clearings, by (task, posting), each followed by
those of its attempts that take no time (in a round, all clearings first). moment: 0, 1, ... among those of the
tick at which money moved; sequence: 0, 1, ... within one. Within a clearing bids are paid for, then fees, holds,
overhead; within a completion an attempt's holds are released before it is paid, then its cost and that of its
inspection are taken; then come those that end with it, by (turn, agent).

Parties are codes as `sim.ledger.ledger.parties` orders them: nature, the allocator, the escrow, n agents, then
principals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import FloatArray, IntArray, Status
from sim.ledger.ledger import KIND
from sim.market.rows import Cleared
from sim.market.rules import Rules
from sim.market.wealth import bond, most

Columns = Mapping[str, NDArray[Any]]

NATURE, ALLOCATOR, ESCROW, _FIRST_AGENT = range(4)
_HOLD, _RELEASE, _PAY, _FINE, _FEE, _COST = map(KIND.index, ("hold", "release", "pay", "fine", "fee", "cost"))
_MOMENT = ("replication", "tick", "phase", "task", "posting", "completes", "turn", "by")  # order of moments
_WITHIN = ("group", "of_turn", "of", "step")  # order within one


def recode(
    party: IntArray, agents: Sequence[int], n_agents: int, principals: Sequence[int] | IntArray | None = None
) -> IntArray:
    """Codes where the agents are numbers `agents` of n_agents, and principals these (None: as they are).

    >>> recode(np.array([0, 3, 4]), [2], 5).tolist()
    [0, 5, 8]
    """
    before = len(agents)
    count = max(1, int(party.max(initial=0)) + 1 - _FIRST_AGENT - before)
    own = np.arange(count) if principals is None else np.asarray(principals)
    code = np.array([*range(_FIRST_AGENT), *(_FIRST_AGENT + np.append(np.asarray(agents), n_agents + own))])
    return np.asarray(code[party])


def hires(cleared: Cleared, rules: Rules) -> dict[str, NDArray[Any]] | None:
    """Who was hired (H,), clearing by clearing, in which turn, and the most its contract takes from either side.

    None where no account is kept.
    """
    if rules.bankroll is None and rules.budgets is None:
        return None
    award = cleared.award
    at = np.nonzero(award.hired)
    win, lose = award.pay_success[at], award.pay_failure[at]
    nothing = np.zeros(len(win))
    return {
        "replication": cleared.replication[at[0]],
        "task": cleared.task[at[0]],
        "posting": cleared.posting[at[0]],
        "agent": at[1],
        "turn": np.zeros(len(win), np.int64) if award.turn is None else award.turn[at].astype(np.int64),
        "bond": nothing if rules.bankroll is None else bond(win, lose),
        "most": nothing if rules.budgets is None else most(win, lose),
    }


def account_columns(
    attempts: Columns, bids: Columns, clearings: Columns, hired: Columns | None, n_agents: int, *, in_rounds: bool
) -> dict[str, NDArray[Any]]:
    """Columns of the accounts table, from those of the other tables. hired: as `hires` gives them, None: no holds."""
    transfers = _Transfers(clearings, n_agents)
    transfers.at_clearings(bids)
    ends = _ends(attempts, transfers.row(attempts), clearings, in_rounds)
    transfers.at_completions(attempts, ends)
    if hired is not None:
        transfers.of_holds(hired, attempts, ends)
    return transfers.sorted()


def _ends(attempts: Columns, row: IntArray, clearings: Columns, in_rounds: bool) -> dict[str, NDArray[Any]]:
    """The moment at which each attempt ends. row (A,): of its clearing."""
    at_once = clearings["tick"][row] == attempts["finish"]
    moment = {name: attempts[name].astype(np.int64) for name in ("replication", "task", "posting", "turn")}
    moment |= {"tick": attempts["finish"].astype(np.int64), "by": attempts["agent"].astype(np.int64)}
    moment |= {"phase": np.where(at_once, 2 if in_rounds else 1, 0), "completes": np.ones_like(row)}
    moment["group"] = np.zeros_like(row)
    passed = attempts["status"] == int(Status.PASS)
    for place in np.flatnonzero(attempts["status"] == int(Status.CANCELLED)).tolist():
        by = passed & (row == row[place]) & (attempts["finish"] == attempts["finish"][place])
        if by.any():  # else the agent walked away
            moment["by"][place], moment["group"][place] = attempts["agent"][by].min(), 1
    return moment


class _Transfers:
    """The transfers of some markets, gathered kind by kind."""

    def __init__(self, clearings: Columns, n_agents: int) -> None:
        self._clearings, self._n_agents = clearings, n_agents
        self._cell = [int(clearings[name].max(initial=0)) + 1 for name in ("task", "posting")]
        self._order = np.argsort(self._key(clearings))
        self._sorted = self._key(clearings)[self._order]
        self._parts: list[dict[str, NDArray[Any]]] = []

    def _key(self, rows: Columns) -> IntArray:
        n_tasks, postings = self._cell
        key = (rows["replication"].astype(np.int64) * n_tasks + rows["task"]) * postings + rows["posting"]
        return np.asarray(key, np.int64)

    def row(self, rows: Columns) -> IntArray:
        """Row of the clearings table that each of these belongs to."""
        return np.asarray(self._order[np.searchsorted(self._sorted, self._key(rows))])

    def _principal(self, row: IntArray) -> IntArray:
        return np.asarray(_FIRST_AGENT + self._n_agents + self._clearings["principal"][row].astype(np.int64))

    def _clearing(self, row: IntArray, group: int) -> dict[str, Any]:
        """The moments of these clearings."""
        moment = {
            name: self._clearings[name][row].astype(np.int64) for name in ("replication", "task", "posting", "tick")
        }
        return moment | {"phase": 1, "completes": 0, "turn": 0, "by": 0, "group": group}

    def at_clearings(self, bids: Columns) -> None:
        """Costs of bids, fees and overhead. bids: (C n,) rows, clearing by clearing."""
        n, count = self._n_agents, len(self._clearings["tick"])
        for group, (column, kind) in enumerate((("bid_cost", _COST), ("fee", _FEE))):
            paid = np.flatnonzero(bids[column] > 0)
            row, agent = paid // max(1, n), paid % max(1, n)
            to = np.full(len(paid), NATURE) if kind == _COST else self._principal(row)
            self._add(self._clearing(row, group), 0, agent, 0, agent + _FIRST_AGENT, to, kind, bids[column][paid])
        row = np.arange(count)
        overhead = self._clearings["overhead"]
        self._add(self._clearing(row, 3), 0, np.zeros_like(row), 0, ALLOCATOR, NATURE, _COST, overhead)

    def at_completions(self, attempts: Columns, ends: Columns) -> None:
        """Payments and costs of attempts."""
        agent, turn = attempts["agent"].astype(np.int64), ends["turn"]
        principal, own = self._principal(self.row(attempts)), agent + _FIRST_AGENT
        self._add(ends, 2, agent, turn, principal, own, _PAY, attempts["payment"])
        self._add(ends, 2, agent, turn, own, principal, _FINE, -attempts["payment"])
        self._add(ends, 3, agent, turn, own, NATURE, _COST, attempts["cost"])
        self._add(ends, 4, agent, turn, ALLOCATOR, NATURE, _COST, attempts["inspection"])

    def of_holds(self, hired: Columns, attempts: Columns, ends: Columns) -> None:
        """What is set aside at the award, and set free where the attempt ends, or the posting of who never tried."""
        row, agent = self.row(hired), hired["agent"].astype(np.int64)
        held, released = self._clearing(row, 2), self._released(hired, row, agent, attempts, ends)
        sides = (agent + _FIRST_AGENT, hired["bond"]), (self._principal(row), hired["most"])
        for step, (party, dollars) in enumerate(sides):
            self._add(held, step, agent, 0, party, ESCROW, _HOLD, dollars)
            self._add(released, step, agent, hired["turn"], ESCROW, party, _RELEASE, dollars)

    def _released(
        self, hired: Columns, row: IntArray, agent: IntArray, attempts: Columns, ends: Columns
    ) -> dict[str, NDArray[Any]]:
        """The moment at which each hold is released."""
        of = self.row(attempts)
        last: dict[int, int] = {}
        tried = {key: place for place, key in enumerate(zip(of.tolist(), attempts["agent"].tolist(), strict=True))}
        for place in np.lexsort((ends["by"], ends["turn"], ends["tick"])).tolist():
            last[int(of[place])] = place
        keys = list(zip(row.tolist(), agent.tolist(), strict=True))
        source = np.array([tried.get(key, last[key[0]]) for key in keys], np.int64)
        released = {name: values[source] for name, values in ends.items()}
        waited = np.array([key not in tried for key in keys], np.bool_)
        released["group"] = np.where(waited, 1, released["group"])
        return released

    def _add(
        self,
        moment: Columns,
        step: int,
        agent: IntArray,
        turn: Any,
        source: Any,
        to: Any,
        kind: int,
        dollars: FloatArray,
    ) -> None:
        """Rows of those with dollars > 0; group, turn, agent and step order them within their moment."""
        moved = np.flatnonzero(dollars > 0)
        columns = {**moment, "of": agent, "of_turn": turn, "step": step, "from": source, "to": to, "kind": kind}
        part = {name: np.broadcast_to(values, dollars.shape)[moved] for name, values in columns.items()}
        self._parts.append(part | {"dollars": dollars[moved]})

    def sorted(self) -> dict[str, NDArray[Any]]:
        """All rows in order, with the numbers of moments and sequences."""
        rows = {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}
        order = np.lexsort([rows[name] for name in (*_WITHIN[::-1], *_MOMENT[::-1])])
        rows = {name: values[order] for name, values in rows.items()}
        moments, ticks = _begins([rows[name] for name in _MOMENT]), _begins([rows["replication"], rows["tick"]])
        nth = np.cumsum(moments) - 1
        moment, sequence = nth - nth[ticks][np.cumsum(ticks) - 1], np.arange(len(nth)) - np.flatnonzero(moments)[nth]
        kept = {
            name: rows[name] for name in ("replication", "tick", "task", "posting", "from", "to", "kind", "dollars")
        }
        return kept | {"moment": moment, "sequence": sequence, "alone": np.full(len(nth), self._n_agents)}


def _begins(keys: list[NDArray[Any]]) -> NDArray[np.bool_]:
    """Where a row differs from the one before it in any of the keys."""
    differs = np.zeros(max(0, len(keys[0]) - 1), np.bool_)
    for key in keys:
        differs |= np.diff(key) != 0
    return np.append(True, differs)[: len(keys[0])]
