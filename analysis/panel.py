"""A recorded table as a panel of outcomes and costs, which policies without a market are reckoned from.

Index convention: K trials, T tasks, n agents; arrays are (K, T, n), or (T, n) where trials do not matter. Attempts that
were lost to the system are left out. A cell with fewer trials than K has them over again, in order, so that each of
its trials stands as often as any other, as far as K allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.tables.table import Recorded, known_outcomes


@dataclass(frozen=True, eq=False)
class Panel:
    """What agents did at tasks.

    known (T, n): an outcome of the agent at the task is known. passed, worth, cost (K, T, n): the trial is a success;
    what it is worth, its score in [0, 1], else 1 or 0; dollars. All are 0 where nothing is known.
    trials (T, n): known trials. family (T,): places of the tasks' families, all 0 without any. ability (T, n): NaN
    where unknown. costly: costs are known.
    """

    recorded: Recorded
    known: BoolArray
    passed: BoolArray
    worth: FloatArray
    cost: FloatArray
    trials: IntArray
    family: IntArray
    costly: bool

    @classmethod
    def of(cls, table: Recorded, mark: float | None = None) -> Self:
        """The panel of a table. mark: least score that is a success, of a table of scores."""
        recorded = known_outcomes(table)
        known, trials = recorded.trials > 0, recorded.trials
        place = np.arange(recorded.success.shape[-1]) % np.maximum(trials, 1)[..., None]

        def by_trial(array: FloatArray | BoolArray) -> FloatArray:
            tried = np.where(known[..., None], np.take_along_axis(array, place, axis=-1), 0.0)
            return np.ascontiguousarray(np.moveaxis(tried, -1, 0), np.float64)

        worth = by_trial(recorded.success if recorded.score is None else recorded.score)
        costly = not recorded.lacks("cost")
        return cls(
            recorded=recorded,
            known=known,
            passed=(worth >= (1.0 if mark is None else mark)) & known,
            worth=worth,
            cost=by_trial(recorded.cost) if costly else np.zeros(worth.shape),
            trials=trials,
            family=np.unique(recorded.family, return_inverse=True)[1].reshape(-1),
            costly=costly,
        )

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the n agents."""
        return self.recorded.agents

    @property
    def n_tasks(self) -> int:
        """T."""
        return len(self.known)

    @property
    def n_trials(self) -> int:
        """K."""
        return len(self.passed)

    @property
    def able(self) -> BoolArray:
        """(T,): somebody can do the task."""
        return np.asarray(self.known.any(axis=1))

    @cached_property
    def hits(self) -> FloatArray:
        """(T, n) mean success over trials."""
        return np.asarray(self.passed.mean(axis=0))

    @cached_property
    def mean_cost(self) -> FloatArray:
        """(T, n) dollars, mean over trials."""
        return np.asarray(self.cost.mean(axis=0))
