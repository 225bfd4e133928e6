"""Money that the agents and principals of a naive market hold, one amount at a time; see `tests.reference_market`.

- An agent whose wealth is found at 0 or below at a clearing has left for good.
- What an agent has left is its wealth less the bonds of what it is hired for, at work or waiting for its turn; a bond
  is the most the contract may take from it. A principal's is its budget less what it paid and may still have to pay.
"""

from __future__ import annotations

import math

from sim.market.rules import Rules

Hire = tuple[int, int, int]  # task, posting, agent


class Pledges:
    """Dollars set aside for each agent hired."""

    def __init__(self) -> None:
        self.each: dict[Hire, float] = {}
        self.sum = 0.0

    def add(self, hire: Hire, dollars: float) -> None:
        self.each[hire] = dollars
        self.sum += dollars

    def drop(self, hire: Hire) -> None:
        self.sum -= self.each.pop(hire)
        if not self.each:
            self.sum = 0.0


class NaiveAccounts:
    """Who holds what; without limit where no account is kept."""

    def __init__(self, rules: Rules, n_agents: int, n_principals: int) -> None:
        self.wealth = list(rules.bankroll or [math.inf for _ in range(n_agents)])
        self.bonds = [Pledges() for _ in range(n_agents)]
        self.gone = [False for _ in range(n_agents)]
        self.budget = list(rules.budgets or [math.inf for _ in range(n_principals)])
        self.owed = [Pledges() for _ in range(n_principals)]

    def read(self) -> None:
        """See who has left by now."""
        self.gone = [gone or wealth <= 0 for gone, wealth in zip(self.gone, self.wealth, strict=True)]

    def withdraws(self, principal: int, reserve: float) -> bool:
        """The principal cannot cover the reserve."""
        return self.budget[principal] - self.owed[principal].sum < reserve

    def charge(self, agents: list[int], dollars: float) -> None:
        for i in agents:
            self.wealth[i] -= dollars

    def lacks(self, agent: int, won: float, lost: float, fee: float = 0.0) -> bool:
        """The contract, where it pays the worst, and the fee take more than the agent has left."""
        owed = max(0.0, -min(won, lost)) + fee
        return owed > 0 and owed > self.wealth[agent] - self.bonds[agent].sum

    def collect(self, principal: int, fees: list[float]) -> None:
        """Every agent pays its fee to the principal."""
        for i, fee in enumerate(fees):
            self.wealth[i] -= fee
            self.budget[principal] += fee

    def hold(self, hire: Hire, principal: int, won: float, lost: float) -> None:
        self.bonds[hire[2]].add(hire, max(0.0, -won, -lost))
        self.owed[principal].add(hire, max(0.0, won, lost))

    def settle(self, hire: Hire, principal: int, payment: float, cost: float) -> None:
        self.wealth[hire[2]] += payment - cost
        self.budget[principal] -= payment
        self.bonds[hire[2]].drop(hire)
        self.owed[principal].drop(hire)
