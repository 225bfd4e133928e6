"""The accounts of many markets side by side: wealth and budgets (sim/market/wealth.py) in B lanes."""

from __future__ import annotations

import numpy as np

from sim.kit.arrays import Award, BoolArray, FloatArray, IntArray, settle
from sim.market.rules import Rules
from sim.market.wealth import Accounts, Balances, bond, most
from sim.replay.attempts import Attempts
from sim.replay.lane_reads import Cells, Lanes, PerCell, Place
from sim.world.world import World


class Books:
    """Money as it moves in every lane. agents (n, B), principals (P, B): None where no account of them is kept."""

    def __init__(self, world: World, rules: Rules) -> None:
        n_lanes, shape = world.n_replications, (world.n_tasks, world.n_agents, world.n_replications)
        self.agents = None if rules.bankroll is None else Accounts(_each(rules.bankroll, n_lanes))
        self.principals = None if rules.budgets is None else Balances(_each(rules.budgets, n_lanes))
        self._owner = Cells(world.owner)
        self._payment, self._cost, self._bond, self._most = (PerCell(np.zeros(shape)) for _ in range(4))

    @classmethod
    def of(cls, world: World, rules: Rules) -> Books | None:
        """None where nobody has an account."""
        return None if rules.bankroll is None and rules.budgets is None else cls(world, rules)

    def exited(self) -> tuple[BoolArray | None, IntArray | None]:
        """Who has left by the lanes' clearings (n, B), and how many were not known to have (B,)."""
        if self.agents is None:
            return None, None
        before = self.agents.exited
        now = self.agents.read()
        return now, np.add.reduce(now & ~before, axis=0, dtype=np.int64)

    def withdrawn(self, place: Place, reserve: FloatArray) -> BoolArray | None:
        """(B,): what the principal has free does not cover the reserve; one clearing of each lane."""
        if self.principals is None:
            return None
        free = self.principals.free[self._owner.per_task(place), np.arange(len(place))]
        return np.asarray(free < reserve)

    def collect(self, place: Place, fee: Lanes) -> None:
        """Move the fees (n, B) of the lanes' clearings from agents to principals."""
        if self.agents is not None:
            self.agents.pay(fee)
        if self.principals is not None:
            owner, lane = self._owner.per_task(place), np.arange(len(place))
            for each in fee:
                self.principals.balance[owner, lane] += each

    def expect(self, place: Place, hired: Lanes, made: Attempts, pay_success: Lanes, pay_failure: Lanes) -> None:
        """Set aside what the contracts of hired (n, B) may take; what comes of those without a turn is 0."""
        agent, position = np.nonzero(hired)
        lane, task = place.lane[position], place.tasks[position]
        cell = self._payment.index(lane, task, agent)
        terms = pay_success[agent, position], pay_failure[agent, position]
        owed, dearest = bond(*terms), most(*terms)
        self._bond.flat[cell], self._most.flat[cell] = owed, dearest
        self._payment.flat[cell], self._cost.flat[cell] = 0.0, 0.0
        tried, at = self._payment.index(made.lane, made.task, made.agent), (made.agent, made.position)
        contract = Award.trusted(hired=None, pay_success=pay_success[at], pay_failure=pay_failure[at], by_tie=None)
        self._payment.flat[tried], self._cost.flat[tried] = settle(contract, made.status), made.cost
        if self.agents is not None:
            self.agents.hold((agent, position), owed)
        if self.principals is not None:
            self.principals.hold((self._principal(lane, task), position), dearest)

    def complete(self, position: IntArray, lane: IntArray, task: IntArray, agent: IntArray) -> None:
        """Settle with one agent of each of these lanes, (A,) each."""
        cell = self._payment.index(lane, task, agent)
        payment = self._payment.flat[cell]
        if self.agents is not None:
            self.agents.settle((agent, position), payment - self._cost.flat[cell], self._bond.flat[cell])
        if self.principals is not None:
            at = self._principal(lane, task), position
            self.principals.settle(at, -payment, self._most.flat[cell])

    def _principal(self, lane: IntArray, task: IntArray) -> Lanes:
        return self._owner.per_task(Place(lane, task, 1))

    def keep(self, lanes: BoolArray) -> None:
        """Keep these lanes only."""
        for part in (self.agents, self.principals):
            if part is not None:
                part.keep(lanes)


def _each(amounts: tuple[float, ...], n_lanes: int) -> FloatArray:
    return np.repeat(np.array(amounts, np.float64)[:, None], n_lanes, axis=1)
