"""Movements of money in a naive market, written down as they happen; see `tests.reference_market`.

A party is a code: 0 nature, 1 the allocator, 2 the escrow, then the agents, then the principals. What is 0 does not
move. Money is set aside only where an account of that side is kept, or where principals pay into an escrow, which pays
the agents in their place: the share `holdback` of it once the principal's last task has closed.
"""

from __future__ import annotations

from typing import Any

from sim.ledger.ledger import KIND
from sim.specs.settings import Escrow

NATURE, ALLOCATOR, ESCROW, FIRST = 0, 1, 2, 3


class NaiveTransfers:
    """Rows of the accounts of one replication. moments: how many had money move, by tick."""

    def __init__(
        self, replication: int, n_agents: int, bankrolls: bool, budgets: bool, escrow: Escrow | None = None
    ) -> None:
        self.rows: list[dict[str, Any]] = []
        self.replication, self.n_agents = replication, n_agents
        self.bankrolls, self.budgets = bankrolls, budgets
        self.escrow = escrow
        self.held_back: dict[int, list[tuple[int, int, float]]] = {}
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
        other = max(0.0, won, lost) if self.budgets or self.escrow is not None else 0.0
        self.held[hire] = [(self.agent(hire[2]), own), (self.principal(principal), other)]
        for party, dollars in self.held[hire]:
            self.move(party, ESCROW, "hold", dollars)

    def settle(
        self,
        hire: tuple[int, int, int],
        place: int,
        principal: int,
        payment: float,
        cost: float,
        *,
        makes: bool = False,
    ) -> None:
        """place: of the clearing among all. makes: the agent is the principal's own hand, at its cost."""
        agent, payer = self.agent(hire[2]), self.principal(principal)
        (_, own), (_, other) = self.held.pop(hire)
        self.move(ESCROW, agent, "release", own)
        if self.escrow is None:
            self.move(ESCROW, payer, "release", other)
            self.move(payer, agent, "pay", payment)
        else:
            paid = max(0.0, payment)
            later = self.escrow.holdback * paid
            self.move(ESCROW, payer, "release", other - paid)
            self.move(ESCROW, agent, "pay", paid - later)
            self.held_back.setdefault(principal, []).append((place, hire[2], later))
        self.move(agent, payer, "fine", -payment)
        self.move(payer if makes else agent, NATURE, "cost", cost)

    def close(self, principal: int) -> None:
        """The principal's last task has closed."""
        waiting = sorted(self.held_back.pop(principal, []))
        for agent in sorted({agent for _, agent, _ in waiting}):
            self.move(ESCROW, self.agent(agent), "pay", sum(dollars for _, who, dollars in waiting if who == agent))
