"""The accounts of one running event market: agents' wealth and principals' budgets (sim/market/wealth.py)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.kit.arrays import Award, BoolArray, FloatArray, Status, settle
from sim.market.allocator import Clearing
from sim.market.rules import Rules
from sim.market.source import Outcome
from sim.market.tasks import Tasks
from sim.market.wealth import Accounts, Balances, bond, most

_NONE = int(Status.NONE)


class Books:
    """Money as it moves in one replication. agents, principals: None where no account of them is kept."""

    def __init__(self, tasks: Tasks, rules: Rules, replication: int) -> None:
        self.agents = None if rules.bankroll is None else Accounts(np.array(rules.bankroll))
        self.principals = None if rules.budgets is None else Balances(np.array(rules.budgets))
        self._owner: list[int] = tasks.owner[replication].tolist()
        self._n_agents = tasks.n_agents
        self._running: dict[tuple[int, int, int], Award] = {}

    @classmethod
    def of(cls, tasks: Tasks, rules: Rules, replication: int) -> Books | None:
        """None where nobody has an account."""
        return None if rules.bankroll is None and rules.budgets is None else cls(tasks, rules, replication)

    def exited(self) -> BoolArray:
        """(n,) who has left by this clearing."""
        return np.zeros(self._n_agents, np.bool_) if self.agents is None else self.agents.read()

    def withdrawn(self, task: int, reserve: float) -> bool:
        """What the principal has free does not cover the reserve."""
        return self.principals is not None and bool(self.principals.free[self._owner[task]] < reserve)

    def bonded(
        self, clearing: Clearing, made: BoolArray, ask_without: Callable[[Clearing, BoolArray], Clearing]
    ) -> tuple[Clearing, BoolArray]:
        """The clearing once nobody lacks bond or fee, and who is barred (n,). made (n,): bids, charged first."""
        barred = np.zeros(self._n_agents, np.bool_)
        if self.agents is None:
            return clearing, barred
        self.agents.charge(made, clearing.offers.bid_cost)
        while True:
            award = clearing.award
            lacking = self.agents.lacking(award.hired, award.pay_success, award.pay_failure, award.fee)
            if not lacking.any():
                return clearing, barred
            barred |= lacking
            clearing = ask_without(clearing, barred)

    def collect(self, task: int, fee: FloatArray) -> None:
        """Move the fees (n,) of a clearing from agents to the principal."""
        if self.agents is not None:
            self.agents.pay(fee)
        if self.principals is not None:
            for each in fee:
                self.principals.balance[self._owner[task]] += each

    def award(self, task: int, posting: int, agent: int, award: Award) -> None:
        """Set aside what the contract may take from either side."""
        self._running[task, posting, agent] = award
        terms = award.pay_success[agent], award.pay_failure[agent]
        if self.agents is not None:
            self.agents.hold(agent, bond(*terms))
        if self.principals is not None:
            self.principals.hold(self._owner[task], most(*terms))

    def complete(self, task: int, posting: int, agent: int, outcome: Outcome) -> None:
        """Settle an attempt."""
        award = self._running.pop((task, posting, agent))
        seen = np.full(self._n_agents, _NONE, np.int8)
        seen[agent] = outcome.status
        payment, terms = settle(award, seen, outcome.score)[agent], (award.pay_success[agent], award.pay_failure[agent])
        if self.agents is not None:
            self.agents.settle(agent, payment - outcome.cost, bond(*terms))
        if self.principals is not None:
            self.principals.settle(self._owner[task], -payment, most(*terms))
