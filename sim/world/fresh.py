"""Sums over fresh tasks of a population, which nobody plays: what a `redrawn` record of a drawn world is made from.

The tasks have numbers that no played task has, and the replication's own agents, with their fits to families. Each is
tried once, nothing is lost to the system, and no shock has come yet; a rerun finds the same past. What a sum does not
ask for is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from sim.kit import draws
from sim.kit.arrays import FloatArray, frozen
from sim.kit.remembered import Remembered
from sim.population.population import Piece
from sim.population.profile import Profile

_FIRST = 1 << 40  # number of the first fresh task
_PIECE = 1 << 15  # (replication, task, agent) cells drawn at a time
_KNOWN = Remembered(32)  # Worlds of one profile have one past, whoever of it takes part

_SUMMED: dict[str, Callable[[Piece], FloatArray]] = {
    "passed": lambda piece: piece.success[:, :, 0].astype(np.float64),
    "claim": lambda piece: piece.claim,
    "cost": lambda piece: piece.cost[:, :, 0],
    "cost_belief": lambda piece: piece.cost_belief,
}


def fresh_sums(
    profile: Profile, seed: int, r: draws.Words, n_tasks: int, names: Collection[str]
) -> dict[str, FloatArray]:
    """Sums (R, 1, n) over `n_tasks` fresh tasks: "trials" and "priced" count them, others: sim/world/history.py."""
    known = seed, r.tobytes(), n_tasks, tuple(sorted(names))
    found: dict[str, FloatArray] = _KNOWN.of(profile, known, lambda: _fresh_sums(profile, seed, r, n_tasks, names))
    return found


def _fresh_sums(
    profile: Profile, seed: int, r: draws.Words, n_tasks: int, names: Collection[str]
) -> dict[str, FloatArray]:
    shape = len(profile.agents), len(r)
    sums = {name: np.zeros(shape) if name in _SUMMED else np.full(shape, float(n_tasks)) for name in names}
    size = max(1, _PIECE // max(1, len(r) * len(profile.agents)))
    for start in range(0, n_tasks, size):
        words = draws.words_range(min(size, n_tasks - start), _FIRST + start)
        piece = Piece(profile, seed, (r, words, draws.words_range(1)))
        for name in sorted(_SUMMED.keys() & set(names)):
            for task in _SUMMED[name](piece):  # one after the other, however long a piece is
                sums[name] += task
    return {name: frozen(total.T[:, None]) for name, total in sums.items()}
