"""What agents and principals hold while a market runs: bankrolls, bonds, budgets.

    agent       balance = bankroll + payments - fees - costs of attempts - costs of bids
                held    = the bonds of its contracts, bond = max(0, -pay_success, -pay_failure)
    principal   balance = budget - payments + fees
                held    = the most that its contracts may still pay, max(0, pay_success, pay_failure)
    free        = balance - held

A contract is settled, payment and cost, when its attempt completes, or unpaid when the posting ends before its agent's
turn has come; a bid's cost, and the fee that the award asks of it, at the clearing that reads the bid. An attempt
stopped at its budget costs that budget.
Three rules follow, read at the clearing like slots and standing:

- exit: an agent with a balance <= 0 leaves the market for good. It makes no bid and pays for none; what it has
  running completes.
- bond: an agent that owes more than it has free, its fee and the bond of the contract it is hired under, is barred from
  this clearing, and the clearing is asked again without it, until nobody lacks the means. The bond is the most that the
  contract may take, which under nearly every rule is what a failure takes. A contract that takes nothing needs no bond,
  whatever its agent holds.
- budget: a principal without the free balance to cover the reserve withdraws the tender, and the task closes.

A round clears all open postings together and has no place for this: neither goes with market.round.

Costs are no claim that could go unpaid: an attempt costs what it costs, so a balance may end below 0. Bonds are: no
payment ever takes more than its agent had free when it was hired. Penalties refill a budget. A rule that promises more
than the reserve, or hires several at it, may spend beyond a budget, by what its last awards promise over the reserve.

Index convention: agents or principals first, (n,), or (n, B) where B markets are played side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray

At = Any  # an index of cells, each of them once unless said otherwise


def bond(pay_success: FloatArray, pay_failure: FloatArray) -> FloatArray:
    """Dollars a contract may take from its agent.

    >>> bond(np.array([1.0, 0.5, -0.25]), np.array([-0.5, 0.25, 0.0])).tolist()
    [0.5, 0.0, 0.25]
    """
    return np.maximum(0.0, 0.0 - np.minimum(pay_success, pay_failure))


def most(pay_success: FloatArray, pay_failure: FloatArray) -> FloatArray:
    """Dollars a contract may cost its principal at most."""
    return np.maximum(0.0, np.maximum(pay_success, pay_failure))


class Balances:
    """Money held, and what is set aside of it for what is running."""

    def __init__(self, start: FloatArray) -> None:
        self.balance: FloatArray = np.array(start, np.float64)
        self.held: FloatArray = np.zeros(self.balance.shape)
        self.running: IntArray = np.zeros(self.balance.shape, np.int64)

    @property
    def free(self) -> FloatArray:
        """Dollars not set aside."""
        return self.balance - self.held

    def hold(self, at: At, dollars: FloatArray | float) -> None:
        """Set dollars aside; a cell named twice holds both."""
        np.add.at(self.held, at, dollars)
        np.add.at(self.running, at, 1)

    def settle(self, at: At, gain: FloatArray | float, dollars: FloatArray | float) -> None:
        """Something ended: add its gain, and set its dollars free. Where nothing runs, exactly 0 is set aside."""
        self.balance[at] += gain
        self.running[at] -= 1
        self.held[at] = np.where(self.running[at] == 0, 0.0, self.held[at] - dollars)

    def keep(self, lanes: BoolArray) -> None:
        """Keep these markets only."""
        self.balance, self.held = self.balance[:, lanes], self.held[:, lanes]
        self.running = self.running[:, lanes]


class Accounts(Balances):
    """The agents' wealth, and who has left."""

    def __init__(self, start: FloatArray) -> None:
        super().__init__(start)
        self.exited: BoolArray = np.zeros(self.balance.shape, np.bool_)

    def read(self) -> BoolArray:
        """Who has left by this clearing."""
        self.exited = self.exited | (self.balance <= 0)
        return self.exited

    def charge(self, made: BoolArray, dollars: FloatArray | float) -> None:
        """Take the cost of the bids that were made."""
        if np.any(dollars):
            self.balance = self.balance - np.where(made, dollars, 0.0)

    def pay(self, fee: FloatArray) -> None:
        """Take the fees that are owed, shape of the cells."""
        self.balance = self.balance - fee

    def lacking(
        self, hired: BoolArray, pay_success: FloatArray, pay_failure: FloatArray, fee: FloatArray | None = None
    ) -> BoolArray:
        """Who is hired under a bond it cannot post, or owes a fee beside it that it cannot pay."""
        asked = bond(pay_success, pay_failure)
        if fee is None:
            return hired & (asked > 0) & (asked > self.free)
        asked = np.where(hired, asked, 0.0) + fee
        return (asked > 0) & (asked > self.free)

    def keep(self, lanes: BoolArray) -> None:
        super().keep(lanes)
        self.exited = self.exited[:, lanes]
