"""Every dollar that moves in a market, as rows of the ledger's accounts: who pays whom, when, and what for.

    hold, release   what a contract may take is set aside at the award, and set free when it is settled; written where
                    an account of that side is kept (a bankroll, a budget), of principals also with market.escrow
    pay, fine       what a settled contract takes from the principal, out of the escrow where there is one
                    (sim/market/escrow.py), or from the agent
    fee             what a bid owes the principal at the clearing
    side_payment    what a member of a ring pays another at the clearing (sim/market/side_payments.py)
    cost            of bids and attempts, from the agent (of a principal's own agents, from it), and of clearings,
                    postings and inspections, from the allocator, to nature; the harm of an accepted failure is no
                    money and does not move

Amounts of 0 are no rows. An agent's balance is its bankroll + what it was paid - what it paid; the escrow's ends at 0.

Rows are ordered by replication, tick, moment and sequence. The moments of a tick come in the market's order: attempts
of earlier clearings complete, by (task, posting, turn, agent); then clearings, by (task, posting), each followed by
those of its attempts that take no time (in a round, all clearings first). moment: 0, 1, ... among those of the
tick at which money moved; sequence: 0, 1, ... within one. Within a clearing bids are paid for, then fees, holds,
overhead, side payments; within a completion an attempt's holds are released before it is paid, then its cost and what
it costs beside are taken; then come those that end with it, by (turn, agent); then, as a principal's last task
closes, what the escrow held back, by agent.

Parties are codes as `sim.ledger.ledger.parties` orders them: nature, the allocator, the escrow, n agents, then
principals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import BoolArray, FloatArray, IntArray, Status
from sim.ledger.ledger import BESIDE, KIND
from sim.market.escrow import divided
from sim.market.rows import Cleared
from sim.market.rules import Rules
from sim.market.side_payments import SidePayments
from sim.market.wealth import bond, most

Columns = Mapping[str, NDArray[Any]]

NATURE, ALLOCATOR, ESCROW, _FIRST_AGENT = range(4)
_HOLD, _RELEASE, _PAY, _FINE, _FEE, _COST, _SIDE = range(len(KIND))
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

    None where nothing is set aside. holdback: only with an escrow.
    """
    escrow = rules.market.escrow
    if rules.bankroll is None and rules.budgets is None and escrow is None:
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
        "most": nothing if rules.budgets is None and escrow is None else most(win, lose),
        **({} if escrow is None else {"holdback": nothing + escrow.holdback}),
    }


def account_columns(
    attempts: Columns,
    bids: Columns,
    clearings: Columns,
    hired: Columns | None,
    n_agents: int,
    *,
    in_rounds: bool,
    aside: SidePayments | None = None,
    staff: Sequence[int] = (),
) -> dict[str, NDArray[Any]]:
    """Columns of the accounts table, from those of the other tables. hired: as `hires` gives them, None: no holds.

    aside: side payments, None: none. staff: the agents whose costs are the principal's.
    """
    transfers = _Transfers(clearings, attempts, n_agents, in_rounds)
    transfers.staff = staff
    transfers.at_clearings(bids)
    transfers.at_completions(escrow=hired is not None and "holdback" in hired)
    if hired is not None:
        transfers.of_holds(hired)
    if aside is not None:
        transfers.aside(aside)
    return transfers.sorted()


class _Transfers:
    """The transfers of some markets, gathered kind by kind.

    A moment is a number: below C that of a clearing, from C on that of the end of an attempt.
    """

    def __init__(self, clearings: Columns, attempts: Columns, n_agents: int, in_rounds: bool) -> None:
        self._clearings, self._attempts, self._n_agents = clearings, attempts, n_agents
        self._count, self._agent = len(clearings["tick"]), attempts["agent"].astype(np.int64)
        self._cell = [int(clearings[name].max(initial=0)) + 1 for name in ("task", "posting")]
        key = self._cell_of(clearings)
        self._order = np.argsort(key)
        self._sorted = key[self._order]
        self._row = self._row_of(attempts)
        self._moments, self._group = self._made(in_rounds)
        self._parts: list[dict[str, NDArray[Any]]] = []
        self.staff: Sequence[int] = ()  # agents whose costs are the principal's

    def _cell_of(self, rows: Columns) -> IntArray:
        n_tasks, postings = self._cell
        key = (rows["replication"].astype(np.int64) * n_tasks + rows["task"]) * postings + rows["posting"]
        return np.asarray(key, np.int64)

    def _row_of(self, rows: Columns) -> IntArray:
        """Row of the clearings table that each of these belongs to."""
        return np.asarray(self._order[np.searchsorted(self._sorted, self._cell_of(rows))])

    def _made(self, in_rounds: bool) -> tuple[dict[str, IntArray], IntArray]:
        """All moments, and the group of each attempt at its end: 1 where another's success ended it, else 0."""
        clearings, attempts, row = self._clearings, self._attempts, self._row
        at_once = clearings["tick"][row] == attempts["finish"]
        by, group = self._agent.copy(), np.zeros_like(row)
        passed = attempts["status"] == int(Status.PASS)
        for place in np.flatnonzero(attempts["status"] == int(Status.CANCELLED)).tolist():
            other = passed & (row == row[place]) & (attempts["finish"] == attempts["finish"][place])
            if other.any():  # else the agent walked away
                by[place], group[place] = self._agent[other].min(), 1
        ends = {name: attempts[name] for name in ("replication", "task", "posting", "turn")}
        ends |= {"tick": attempts["finish"], "phase": np.where(at_once, 2 if in_rounds else 1, 0), "by": by}
        ends["completes"] = np.ones_like(row)
        none = np.zeros(self._count, np.int64)
        held = {**clearings, "phase": none + 1, "completes": none, "turn": none, "by": none}
        return {name: np.concatenate([held[name], ends[name]]).astype(np.int64) for name in _MOMENT}, group

    def _principal(self, row: IntArray) -> IntArray:
        return np.asarray(_FIRST_AGENT + self._n_agents + self._clearings["principal"][row].astype(np.int64))

    def at_clearings(self, bids: Columns) -> None:
        """Costs of bids, fees and overhead. bids: (C n,) rows, clearing by clearing."""
        n = self._n_agents
        for group, (column, kind) in enumerate((("bid_cost", _COST), ("fee", _FEE))):
            paid = np.flatnonzero(bids[column] > 0)
            row, agent = paid // max(1, n), paid % max(1, n)
            to = np.full(len(paid), NATURE) if kind == _COST else self._principal(row)
            self._add(row, group, agent, 0, 0, agent + _FIRST_AGENT, to, kind, bids[column][paid])
        row = np.arange(self._count)
        self._add(row, 3, 0, 0, 0, ALLOCATOR, NATURE, _COST, self._clearings["overhead"])

    def aside(self, paid: SidePayments) -> None:
        """Side payments, by who is paid."""
        source, to = (party + _FIRST_AGENT for party in (paid.source, paid.to))
        self._add(paid.clearing, 4, paid.to, 0, 0, source, to, _SIDE, paid.dollars)

    def at_completions(self, *, escrow: bool) -> None:
        """Payments and costs of attempts. escrow: payments come out of it, as `of_holds` says."""
        attempts, agent = self._attempts, self._agent
        at, turn = self._count + np.arange(len(agent)), attempts["turn"].astype(np.int64)
        principal, own = self._principal(self._row), agent + _FIRST_AGENT
        bears = np.where(np.isin(np.arange(self._n_agents), self.staff)[agent], principal, own) if self.staff else own
        for step, source, to, kind, dollars in (
            (2, principal, own, _PAY, np.zeros(len(agent)) if escrow else attempts["payment"]),
            (2, own, principal, _FINE, -attempts["payment"]),
            (3, bears, NATURE, _COST, attempts["cost"]),
            *((4, ALLOCATOR, NATURE, _COST, attempts[name]) for name, is_paid in BESIDE.items() if is_paid),
        ):
            self._add(at, self._group, agent, turn, step, source, to, kind, dollars)

    def of_holds(self, hired: Columns) -> None:
        """What is set aside at the award, and set free where the attempt ends, or the posting of who never tried."""
        row, agent = self._row_of(hired), hired["agent"].astype(np.int64)
        ended, waited = self._ended(row, agent)
        ends, group = self._count + ended, np.where(waited, 1, self._group[ended])
        own, principal, returned = agent + _FIRST_AGENT, self._principal(row), hired["most"]
        if "holdback" in hired:
            payment = np.where(waited, 0.0, self._attempts["payment"][ended])
            shares = divided(hired["most"], payment, hired["holdback"])
            returned = shares.returned
            self._add(ends, group, agent, hired["turn"], 2, ESCROW, own, _PAY, shares.released)
            self._later(row, agent, shares.held_back)
        sides = (own, hired["bond"], hired["bond"]), (principal, hired["most"], returned)
        for step, (party, held, back) in enumerate(sides):
            self._add(row, 2, agent, 0, step, party, ESCROW, _HOLD, held)
            self._add(ends, group, agent, hired["turn"], step, ESCROW, party, _RELEASE, back)

    def _ended(self, row: IntArray, agent: IntArray) -> tuple[IntArray, BoolArray]:
        """The attempt with which each hire ends, and whether it is another's: its own turn never came."""
        last: dict[int, int] = {}
        of, moments = self._row, {name: self._moments[name][self._count :] for name in ("by", "turn", "tick")}
        tried = {key: place for place, key in enumerate(zip(of.tolist(), self._agent.tolist(), strict=True))}
        for place in np.lexsort((moments["by"], moments["turn"], moments["tick"])).tolist():
            last[int(of[place])] = place
        keys = list(zip(row.tolist(), agent.tolist(), strict=True))
        ended = np.array([tried.get(key, last[key[0]]) for key in keys], np.int64)
        return ended, np.array([key not in tried for key in keys], np.bool_)

    def _later(self, row: IntArray, agent: IntArray, dollars: FloatArray) -> None:
        """What the escrow holds back of each hire, paid at the last moment of its principal's tasks, by agent."""
        if not dollars.any():
            return
        of = np.append(np.arange(self._count), self._row)  # clearing of each moment
        pairs = np.stack([self._clearings["replication"][of].astype(np.int64), self._principal(of)])
        account = np.unique(pairs, axis=1, return_inverse=True)[1].reshape(-1)
        order = np.argsort(_packed([self._moments[name] for name in _MOMENT]), kind="stable")
        last = np.zeros(int(account.max()) + 1, np.int64)
        np.maximum.at(last, account[order], np.arange(len(order)))
        n = max(1, self._n_agents)
        sums = np.asarray(np.bincount(account[row] * n + agent, dollars, len(last) * n), np.float64)
        owed = np.flatnonzero(sums)
        at, to = order[last[owed // n]], owed % n
        self._add(at, 5, to, 0, 0, ESCROW, to + _FIRST_AGENT, _PAY, sums[owed])

    def _add(
        self,
        at: IntArray,
        group: Any,
        agent: Any,
        turn: Any,
        step: int,
        source: Any,
        to: Any,
        kind: int,
        dollars: FloatArray,
    ) -> None:
        """Rows of those with dollars > 0, at moments `at`; group, turn, agent and step order them within one."""
        moved = dollars > 0
        if not moved.any():
            return
        columns = {"group": group, "of_turn": turn, "of": agent, "step": step, "from": source, "to": to, "kind": kind}
        every = bool(moved.all())
        part = {
            name: np.broadcast_to(values, dollars.shape) if every or np.ndim(values) == 0 else values[moved]
            for name, values in {"at": at, **columns}.items()
        }
        kept = dollars if every else dollars[moved]
        self._parts.append({name: values[: len(kept)] for name, values in part.items()} | {"dollars": kept})

    def sorted(self) -> dict[str, NDArray[Any]]:
        """All rows in order, with the numbers of moments and sequences."""
        names = ("at", "from", "to", "kind", "dollars", *_WITHIN)
        rows = {name: np.concatenate([_EMPTY[name], *(part[name] for part in self._parts)]) for name in names}
        moment = _packed([self._moments[name] for name in _MOMENT])[rows["at"]]
        order = _order(moment, _packed([rows[name] for name in _WITHIN]))
        at, moment = rows["at"][order], moment[order]
        found = {name: self._moments[name][at] for name in ("replication", "tick", "task", "posting")}
        found |= {name: rows[name][order] for name in ("from", "to", "kind", "dollars")}
        moments, ticks = _begins([moment]), _begins([found["replication"], found["tick"]])
        nth = np.cumsum(moments) - 1
        numbered = {
            "moment": nth - nth[ticks][np.cumsum(ticks) - 1],
            "sequence": np.arange(len(nth)) - np.flatnonzero(moments)[nth],
        }
        return found | numbered | {"alone": np.full(len(nth), self._n_agents)}


_EMPTY = {name: np.zeros(0, np.int64) for name in ("at", "from", "to", "kind", *_WITHIN)} | {"dollars": np.zeros(0)}


def _packed(columns: Sequence[IntArray]) -> IntArray:
    """One number for each row of these whole numbers >= 0, in the order of the rows.

    >>> _packed([np.array([1, 0, 1]), np.array([0, 5, 2])]).tolist()
    [6, 5, 8]
    >>> np.argsort(_packed([np.array([2**40, 0, 2**40]), np.array([0, 2**40, 2**62])])).tolist()
    [1, 0, 2]
    """
    key, most = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        size = int(column.max(initial=0)) + 1
        if most * size >= 2**63:
            key = np.unique(key, return_inverse=True)[1].reshape(key.shape)
            column, size = np.unique(column, return_inverse=True)[1].reshape(key.shape), len(column)
            most = len(key)
        key, most = key * size + column, most * size
    return key


def _order(first: IntArray, then: IntArray) -> IntArray:
    """The order of rows by one number and then by another."""
    size = int(then.max(initial=0)) + 1
    if (int(first.max(initial=0)) + 1) * size < 2**63:
        return np.argsort(first * size + then, kind="stable")
    return np.lexsort((then, first))


def _begins(keys: list[NDArray[Any]]) -> NDArray[np.bool_]:
    """Where a row differs from the one before it in any of the keys."""
    differs = np.zeros(max(0, len(keys[0]) - 1), np.bool_)
    for key in keys:
        differs |= np.diff(key) != 0
    return np.append(True, differs)[: len(keys[0])]
