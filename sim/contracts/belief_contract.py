"""What a belief model must do: `belief(seen)` gives probabilities of the shape of `seen.fitted`, agents as last axis.

A batch gives what its rows give, the same again for the same again, and nothing that is given is changed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from sim.contracts.trial import LEADING, SIZES, case_of, first, floats_of, grid, row, same, shares, trying
from sim.kit.arrays import FloatArray, frozen
from sim.population.belief_model import Seen


def belief_fault(given: tuple[Any, ...], made: Any) -> str:
    """What is wrong with beliefs, or nothing. given: what was seen."""
    return first(floats_of("it", made, np.shape(given[0].fitted)), shares("it", made))


def belief_faults(model: Any) -> Iterator[str]:
    """All that is wrong with a belief model."""
    for leading in LEADING:
        for n in SIZES:
            with trying(case_of(leading, n)):
                shaped = yield from _of_beliefs(model, leading, n)
            if not shaped:
                return


def _of_beliefs(model: Any, leading: tuple[int, ...], n: int) -> Generator[str, None, bool]:
    """What is wrong in one case; returns whether the arrays have the shapes they must have."""
    seen = _seen(leading, n)
    made = model.belief(seen)
    if wrong := belief_fault((seen,), made):
        yield f"belief: {wrong}"
        return False
    if not same(made, model.belief(seen)):
        yield "belief: gives other beliefs when it is asked again; what is drawn is handed to it"
    for at in np.ndindex(*leading):
        (own,) = row((seen,), at)
        if not same(made[at], model.belief(own)):
            yield "belief: gives a batch other beliefs than its rows; agents are the last axis"
    return True


def _seen(leading: tuple[int, ...], n: int) -> Seen:
    shape, of_task = (*leading, n), (*leading, 1)

    def normal(shape: tuple[int, ...], step: int) -> FloatArray:
        return frozen(6.0 * grid(shape, step) - 3.0)

    edges = grid(shape).copy()
    edges[..., 0] = np.rint(edges[..., 0])
    return Seen(
        fitted=frozen(edges),
        ability=grid(shape, 11),
        signal=normal(shape, 13),
        fit=normal(shape, 17),
        difficulty=normal(of_task, 5),
        cue=normal(of_task, 3),
    )
