"""Policies that choose by a record of other tasks: routers and cascades, and their errors.

The tasks are halved at random SPLITS times; what is known of one half decides about the other (sim/standing/records.py,
`split`). Rates are smoothed, (S + 1/2) / (N + 1), and V is what a success is worth.

    router               argmax rate V - cost, where that is above 0; ties share the task equally
    router, by family    the same with rates and costs of tasks of the same family
    cascade              agents by ascending cost / rate try one after the other until one passes, those alone with
                         rate V > cost; at most so many, or all of them [Weitzman1979]
    cascade, searched    up to MOST_SEARCHED agents: the ordered set with the greatest mean of V passed - costs on the
                         record itself, where agents may fail together

The searched order is exact: what agent i adds behind a set A of agents that failed, E[(V y_i - c_i) 1{A fails}], does
not depend on the order within A, so that the best order of every set follows from those of its subsets.

Errors come from a bootstrap over tasks that chooses anew (analysis/resampled.py), one split to a redrawn table. Index
convention as in analysis/panel.py; weight (T,): how often a task stands in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.panel import Panel
from analysis.policies import Reckoned
from analysis.resampled import LEAST_TASKS, TABLES, task_counts
from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray

SPLITS = 20
MOST_SEARCHED = 8
Both = tuple[FloatArray, FloatArray]  # worth and cost, (K T,), 0 where nothing was decided
Rule = Callable[["_Half"], Both]


class _Half:
    """Tasks that are decided, and what is known of others. weight (T,): how often each task is on record.

    rows: places of the trials decided, in (K T,).
    """

    def __init__(self, records: Records, weight: FloatArray, rows: IntArray) -> None:
        self._records, self._weight, self.rows = records, weight, rows

    @cached_property
    def rates(self) -> Both:
        """Smoothed success rate and mean cost, (1, n), of all tasks on record."""
        return self._rates(self._weight[None])

    @cached_property
    def rates_by_family(self) -> Both:
        """(F, n): the same of each family."""
        return self._rates(self._records.families * self._weight)

    def _rates(self, tasks: FloatArray) -> Both:
        """tasks (F, T): how often each task counts."""
        count, passed, cost = np.split(tasks @ self._records.of_cells, 3, axis=1)
        unknown = np.inf if self._records.panel.costly else 0.0
        mean = np.where(count > 0, cost / np.maximum(count, 1.0), unknown)
        return (passed + 0.5) / (count + 1.0), mean

    def ranked(self) -> list[int]:
        """Agents by ascending cost / rate, those alone that are worth trying."""
        (rate,), (cost,) = self.rates
        order = np.lexsort((-rate, cost / rate))
        return [int(agent) for agent in order if self._records.value * rate[agent] > cost[agent]]

    def searched(self) -> list[int]:
        """The ordered set of agents that would have gained most on record."""
        failing, gains = self._records.failing
        weight = np.tile(self._weight, self._records.panel.n_trials)
        added = (failing * weight) @ gains  # (2^n, n): behind each set, of each agent
        total, last = np.zeros(len(added)), np.zeros(len(added), np.int64)
        agents = np.arange(added.shape[1])
        for members, before in self._records.sets:
            gained = np.where(before == members[:, None], -np.inf, total[before] + added[before, agents])
            total[members], last[members] = gained.max(axis=1), gained.argmax(axis=1)
        left, order = int(np.argmax(total)), []
        while left:
            order.append(int(last[left]))
            left &= ~(1 << order[-1])
        return order[::-1]


class Records:
    """Policies by a record of the panel's tasks. value: V, dollars."""

    def __init__(self, panel: Panel, value: float, seed: int) -> None:
        self.panel, self.value, self._seed = panel, value, seed
        self._names = draws.words_of(panel.recorded.tasks)
        tried = panel.trials.astype(np.float64)
        self.of_cells = np.hstack([tried, panel.hits * tried, panel.mean_cost * tried])  # (T, 3 n)
        self.families = np.asarray(np.arange(panel.family.max(initial=0) + 1)[:, None] == panel.family, np.float64)
        known = np.broadcast_to(panel.known, panel.passed.shape)
        self._known, self._passed = _by_agent(known), _by_agent(panel.passed)
        self._worth, self._cost = _by_agent(panel.worth), _by_agent(panel.cost)

    @cached_property
    def failing(self) -> Both:
        """(2^n, K T): all of the set of agents fail; (K T, n): V y - c of each agent."""
        failing = np.ones((1 << len(self._passed), self._passed.shape[1]))
        for agent, passed in enumerate(self._passed):
            failing[1 << agent : 2 << agent] = failing[: 1 << agent] * ~passed
        return failing, (self.value * self._passed - self._cost).T

    @cached_property
    def sets(self) -> list[tuple[IntArray, IntArray]]:
        """Sets of 1, 2, ... agents (S,), as bits, and each of them without each agent (S, n)."""
        bits, every = 1 << np.arange(len(self._passed)), np.arange(1 << len(self._passed))
        size = ((every[:, None] & bits) > 0).sum(axis=1)
        return [(own := every[size == count], own[:, None] & ~bits) for count in range(1, len(bits) + 1)]

    @property
    def rules(self) -> dict[str, Rule]:
        """The policies by name."""
        n = len(self.panel.agents)
        found: dict[str, Rule] = {"record router": self._routed}
        if len(self.families) > 1:
            found["record router, by family"] = self._routed_by_family
        found |= {f"cascade of {most}": partial(self._ranked, most=most) for most in (2, 3) if most < n}
        found["cascade of all"] = partial(self._ranked, most=n)
        if 2 <= n <= MOST_SEARCHED:
            found["cascade, searched"] = lambda half: self._tried(half.rows, half.searched(), n)
        return found

    def _nothing(self) -> Both:
        return np.zeros(self._passed.shape[1]), np.zeros(self._passed.shape[1])

    def _routed(self, half: _Half) -> Both:
        found, (rate, cost) = self._nothing(), half.rates
        self._hand_out((self.value * rate - cost)[0], half.rows, found)
        return found

    def _routed_by_family(self, half: _Half) -> Both:
        found, (rate, cost) = self._nothing(), half.rates_by_family
        family = self.panel.family[half.rows % self.panel.n_tasks]
        for place, gain in enumerate(self.value * rate - cost):
            self._hand_out(gain, half.rows[family == place], found)
        return found

    def _hand_out(self, gain: FloatArray, rows: IntArray, to: Both) -> None:
        """Give each of the rows to the agent known there that gains most (n,), if it gains at all; ties share it."""
        for best in sorted({float(one) for one in gain if one > 0}, reverse=True):
            if not len(rows):
                return
            tied = np.flatnonzero(gain == best)
            count = self._known[tied][:, rows].sum(axis=0)
            at, share = rows[count > 0], count[count > 0]
            for agent in tied:
                to[0][at] += self._worth[agent, at] / share
                to[1][at] += self._cost[agent, at] / share
            rows = rows[count == 0]

    def _ranked(self, half: _Half, most: int) -> Both:
        return self._tried(half.rows, half.ranked(), most)

    def _tried(self, rows: IntArray, order: list[int], most: int) -> Both:
        """The agents in this order until one passes, at most so many of those known at each task."""
        worth, cost = self._nothing()
        tries = np.zeros(len(worth), np.int64)
        for agent in order:
            if not len(rows):
                break
            known = self._known[agent, rows]
            at = rows[known]
            cost[at] += self._cost[agent, at]
            worth[at] = np.maximum(worth[at], self._worth[agent, at])
            tries[at] += 1
            rows = rows[~(known & (self._passed[agent, rows] | (tries[rows] >= most)))]
        return worth, cost

    def reckoned(self) -> dict[str, Reckoned]:
        """Every policy, the mean over SPLITS halvings."""
        ones, shape = np.ones(self.panel.n_tasks), (self.panel.n_trials, self.panel.n_tasks)
        sums: dict[str, Both] = {}
        for second in self._halves(range(SPLITS), ones):
            for name, both in self._decided(second, ones).items():
                before = sums.get(name, self._nothing())
                sums[name] = before[0] + both[0] / SPLITS, before[1] + both[1] / SPLITS
        able = self.panel.able
        return {name: Reckoned(both[0].reshape(shape), both[1].reshape(shape), able) for name, both in sums.items()}

    def _halves(self, splits: range, weight: FloatArray) -> list[BoolArray]:
        """(T,) which half each task is in, of these halvings; tasks that are not in the table are in the second."""
        words = draws.words_range(len(splits), splits.start)
        chance = np.where(weight > 0, draws.uniform(self._seed, "half", words, self._names), np.inf)
        rank = chance.argsort(axis=1).argsort(axis=1)
        return list(rank >= int((weight > 0).sum()) // 2)

    def _decided(self, second: BoolArray, weight: FloatArray) -> dict[str, Both]:
        """Every policy, each half decided by the record of the other."""
        sides, n_trials = [], self.panel.n_trials
        for half in (second, ~second):
            rows = np.flatnonzero(np.tile(half & (weight > 0), n_trials))
            sides.append(_Half(self, weight * ~half, rows))
        found: dict[str, Both] = {}
        for name, rule in self.rules.items():
            one, other = map(rule, sides)
            found[name] = one[0] + other[0], one[1] + other[1]
        return found

    def redrawn(self) -> dict[str, dict[str, FloatArray]]:
        """Of each policy accuracy and cost on TABLES redrawn tables, (B,) each; empty where the table is too small."""
        if self.panel.n_tasks < LEAST_TASKS:
            return {}
        counts = task_counts(self._seed, range(TABLES), self.panel.n_tasks).astype(np.float64)
        found: dict[str, list[tuple[float, float]]] = {}
        for number, weight in enumerate(counts):
            (second,) = self._halves(range(number, number + 1), weight)
            share = np.tile(weight, self.panel.n_trials)
            total = float(weight @ self.panel.able) * self.panel.n_trials or np.nan
            for name, (worth, cost) in self._decided(second, weight).items():
                found.setdefault(name, []).append((float(worth @ share) / total, float(cost @ share) / total))
        return {name: dict(zip(("accuracy", "cost"), np.array(own).T, strict=True)) for name, own in found.items()}


def _by_agent(array: NDArray[Any]) -> NDArray[Any]:
    """(n, K T) of (K, T, n)."""
    return np.ascontiguousarray(array.reshape(-1, array.shape[2]).T)
