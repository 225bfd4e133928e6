"""Movements of money in a naive market, written down as they happen; see `tests.reference_market`.

A party is a code: 0 nature, 1 the allocator, 2 the escrow, then the agents, then the principals. What is 0 does not
move. Money is set aside only where an account of that side is kept.
"""

from __future__ import annotations

from typing import Any

from sim.ledger.ledger import KIND

NATURE, ALLOCATOR, ESCROW, FIRST = 0, 1, 2, 3


class NaiveTransfers:
    """Rows of the accounts of one replication. moments: how many had money move, by tick."""

    def __init__(self, replication: int, n_agents: int, bankrolls: bool, budgets: bool) -> None:
        self.rows: list[dict[str, Any]] = []
        self.replication, self.n_agents = replication, n_agents
        self.bankrolls, self.budgets = bankrolls, budgets
        self.moments: dict[int, int] = {}
        self.held: dict[tuple[int, int, int], list[tuple[int, float]]] = {}

    def begin(self, tick: int, task: int, posting: int) -> None:
        """Another moment happens."""
        self.at = tick, task, posting
        self.sequence = 0

    def move(self, source: int, to: int, kind: str, dollars: float) -> None:
        if dollars <= 0:
            return
        tick, task, posting = self.at
        self.moments[tick] = self.moments.get(tick, 0) + (self.sequence == 0)
        moved = {"from": source, "to": to, "kind": KIND.index(kind), "dollars": dollars}
        when = {"tick": tick, "moment": self.moments[tick] - 1, "sequence": self.sequence}
        where = {"replication": self.replication, "alone": self.n_agents, "task": task, "posting": posting}
        self.rows.append(where | when | moved)
        self.sequence += 1

    def agent(self, place: int) -> int:
        return FIRST + place

    def principal(self, place: int) -> int:
        return FIRST + self.n_agents + place

    def hold(self, hire: tuple[int, int, int], principal: int, won: float, lost: float) -> None:
        own = max(0.0, -won, -lost) if self.bankrolls else 0.0
        other = max(0.0, won, lost) if self.budgets else 0.0
        self.held[hire] = [(self.agent(hire[2]), own), (self.principal(principal), other)]
        for party, dollars in self.held[hire]:
            self.move(party, ESCROW, "hold", dollars)

    def settle(
        self, hire: tuple[int, int, int], principal: int, payment: float, cost: float, *, makes: bool = False
    ) -> None:
        for party, dollars in self.held.pop(hire):
            self.move(ESCROW, party, "release", dollars)
        agent, payer = self.agent(hire[2]), self.principal(principal)
        self.move(payer, agent, "pay", payment)
        self.move(agent, payer, "fine", -payment)
        self.move(payer if makes else agent, NATURE, "cost", cost)
