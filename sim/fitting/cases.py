"""What a fit reads of a recorded table, checked once.

Index convention: T tasks, n agents, K trials. `weight` (T,) counts how often a task is in the sample: ones for the
table itself, multiplicities for a bootstrap resample, so that a resample needs no copy of the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.errors import TableError
from sim.tables.table import Recorded

LEAST_CLAIMS = 3  # distinct ones: two fix the chance of the higher but not both m and lambda


@dataclass(frozen=True, eq=False)
class Cases:
    """A table as the fit sees it; cells that are not present are 0 everywhere.

    A cell that is present has a claim and a cost belief; one that is played has outcomes and costs too. Logarithms are
    0 where dollars are 0: `believed` and `paid` say where they are not.

    grid: ascending distinct claims of each agent. border: logits half-way between them, one fewer.
    """

    agents: tuple[str, ...]
    present: BoolArray  # (T, n)
    played: BoolArray  # (T, n) with a trial at least
    hits: IntArray  # (T, n) trials that succeeded
    misses: IntArray  # (T, n) trials that failed
    share: FloatArray  # (T, n) hits / trials, 0 where not played
    cell: IntArray  # (T, n) place of the claim in the agent's grid
    grid: tuple[FloatArray, ...]
    border: tuple[FloatArray, ...]
    log_cost_belief: FloatArray  # (T, n)
    log_cost: FloatArray  # (T, n, K)
    tried: BoolArray  # (T, n, K)
    believed: BoolArray  # (T, n) present with a cost belief above 0
    paid: BoolArray  # (T, n, K) tried at a cost above 0

    @property
    def repeated(self) -> bool:
        """Whether any agent tried any task twice, which is what identifies sigma_u."""
        return bool((self.hits + self.misses > 1).any())

    def counts(self, weight: FloatArray, agent: int) -> FloatArray:
        """(g,) how often the agent makes each claim of its grid."""
        here = self.present[:, agent]
        return np.bincount(self.cell[here, agent], weight[here], len(self.grid[agent])).astype(np.float64)


def cases_of(recorded: Recorded, *, claims: bool = True) -> Cases:
    """The table's cases; raises TableError where it cannot be fitted. claims: they are fitted, with cost beliefs."""
    if len(recorded.agents) < 2:
        raise TableError("a fit needs two agents at least: one agent's outcomes cannot separate difficulty from chance")
    present = recorded.present
    tried = present[..., None] & (np.arange(recorded.success.shape[-1]) < recorded.trials[..., None])
    n_trials, hits = tried.sum(axis=-1), (recorded.success & tried).sum(axis=-1)
    grid, cell = [], np.zeros(present.shape, np.int64)
    for i in range(len(recorded.agents)):
        here = present[:, i]
        values, cell[here, i] = np.unique(recorded.belief[here, i], return_inverse=True)
        grid.append(values)
    log_cost_belief, believed = _logs(recorded.cost_belief, present)
    log_cost, paid = _logs(recorded.cost, tried)
    cases = Cases(
        agents=recorded.agents,
        present=present,
        played=n_trials > 0,
        hits=hits,
        misses=n_trials - hits,
        share=hits / np.maximum(n_trials, 1),
        cell=cell,
        grid=tuple(grid),
        border=tuple(logit((values[1:] + values[:-1]) / 2.0) for values in grid),
        log_cost_belief=log_cost_belief,
        log_cost=log_cost,
        tried=tried,
        believed=believed,
        paid=paid,
    )
    check(cases, np.ones(len(recorded.tasks)), claims=claims)
    return cases


def check(cases: Cases, weight: FloatArray, *, claims: bool = True) -> None:
    """Raise TableError where a parameter would be infinite: no variety of outcomes or, if they are fitted, of claims.

    Costs that are all 0 in these tasks and not in the table have no logarithms to fit, and are refused too.
    """
    for i, name in enumerate(cases.agents):
        n_tasks = int(weight @ cases.played[:, i])
        rate = weight @ cases.share[:, i]
        if rate in (0.0, n_tasks):
            did = "solves none" if rate == 0 else "solves all"
            raise TableError(f"agent {name!r} {did} of its {n_tasks} tasks: its skill has no finite estimate")
        distinct = int(np.count_nonzero(cases.counts(weight, i)))
        if claims and distinct < LEAST_CLAIMS:
            made = f"{distinct} distinct claim{'s' if distinct > 1 else ''}"
            raise TableError(f"agent {name!r} makes {made}; m and slope need {LEAST_CLAIMS}")
        for what, used in (("cost belief", cases.believed[:, i]), ("cost", cases.paid[:, i].sum(axis=-1))):
            if used.any() and not weight @ used > 0:
                raise TableError(f"agent {name!r}: every {what} is 0 in these tasks and some are not in the table")


def _logs(dollars: FloatArray, used: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Logarithms of the dollars that are used and above 0, 0 elsewhere; and where that is."""
    above = used & (dollars > 0)
    return np.log(np.where(above, dollars, 1.0)), above
