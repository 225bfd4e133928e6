"""How well tasks tell solvers apart, from the runs of all agents at all their tries, whoever is hired.

    runs    n K: K tries of each agent that is present; tender.postings = 5 gives 5
    passes  those of them that the verifier would pass
    useful  at least one run passes and fewer than half do: 1 to 14 of 30

A principal that is paid for useful tasks chooses how difficult its tasks are. Source: [BB]. Index convention: R
replications, T tasks, n agents, K tries.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from analysis.quantities.declared import Mean, Quantity
from analysis.quantities.view import View
from sim.kit.arrays import BoolArray, FloatArray


def useful(passes: ArrayLike, runs: ArrayLike) -> BoolArray:
    """Which tasks tell solvers apart.

    >>> useful([0, 1, 14, 15, 30], 30).tolist()
    [False, True, True, False, False]
    """
    return np.asarray((np.asarray(passes) >= 1) & (2 * np.asarray(passes) < runs))


def passes_and_runs(view: View) -> tuple[FloatArray, FloatArray]:
    """(R, T, 1) each; NaN where runs are not known before they are made, as of live agents."""
    world = view.world
    present = np.broadcast_to(world.present[..., None], world.verified.shape)
    unknown = np.nan if world.live else 0.0
    passes = (present & world.verified & ~world.infra).sum(axis=(2, 3)) + unknown
    return passes[..., None], present.sum(axis=(2, 3))[..., None] + unknown


def separating(view: View) -> dict[str, FloatArray]:
    """(R, T, 1) useful_rate, 1 or 0, and solver_average of each task; NaN where runs are not known."""
    passes, runs = passes_and_runs(view)
    known = runs > 0
    tells = np.where(known, useful(passes, runs), np.nan)
    return {"useful_rate": tells, "solver_average": passes / np.where(known, runs, np.nan)}


def _each(name: str) -> Callable[[View], FloatArray]:
    return lambda view: np.asarray(view.of_world(separating(view)[name]))


SEPARATING = (
    Quantity(
        "useful_rate",
        "arm",
        "",
        "tasks that at least one run of an agent's tries passes and fewer than half of all do / tasks",
        Mean(_each("useful_rate"), rate=True),
        paired=True,
        swept=False,
        table=None,
    ),
    Quantity(
        "solver_average",
        "arm",
        "",
        "runs of all agents' tries that pass / runs, mean over tasks",
        Mean(_each("solver_average")),
        paired=True,
        swept=False,
        table=None,
    ),
)
