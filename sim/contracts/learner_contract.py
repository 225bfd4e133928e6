"""What a reputation or a cost learner must do: `init`, `step` and `read`, pure functions over (..., n) arrays.

The state is a tuple of float arrays (..., n); who has the status NONE keeps it; a batch gives what its rows give,
agents in another order the same in that order; nothing that is given is changed; what is read is finite and >= 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.contracts.trial import dollars, first, floats_of, grid, of_states, row, same
from sim.kit.arrays import Status, frozen
from sim.standing.reputation import Outcome

_STEPS = 12


def read_fault(given: tuple[Any, ...], made: Any) -> str:
    """What is wrong with what was read, or nothing. given: the state."""
    state = given[0]
    shape = np.shape(state[0]) if state else np.shape(made)
    return first(floats_of("it", made, shape), dollars("it", made))


def learner_faults(learner: Any) -> Iterator[str]:
    """All that is wrong with a reputation or a cost learner."""
    yield from of_states(learner, state_fault, _of_history)


def state_fault(state: Any, shape: tuple[int, ...]) -> str:
    """What is wrong with a state, or nothing."""
    if not isinstance(state, tuple):
        return f"a state must be a tuple of arrays; got {type(state).__name__}"
    return first(*(floats_of(f"array {place} of the state", array, shape) for place, array in enumerate(state)))


def statuses(shape: tuple[int, ...], moment: int) -> Any:
    """Codes of every kind, mixed by the moment."""
    codes = np.array([int(status) for status in Status], np.int8)
    return frozen(codes[(np.arange(int(np.prod(shape))) * 3 + moment * 2) % len(codes)].reshape(shape))


def _of_history(learner: Any, state: Any, n: int) -> Iterator[str]:
    batch = (3,)
    wide = tuple(np.broadcast_to(array, (*batch, n)) for array in state)
    order = np.arange(n)[::-1]
    for moment in range(_STEPS):
        seen = Outcome(statuses((*batch, n), moment), grid((*batch, n), 5 + moment))
        after = learner.step(_kept(wide), seen)
        if wrong := state_fault(after, (*batch, n)):
            yield f"step: {wrong}"
            return
        if len(after) != len(state):
            yield f"step: gives {len(after)} arrays, and init {len(state)}"
            return
        if not same(after, learner.step(_kept(wide), seen)):
            yield "step: gives another state when it is asked again"
        idle = seen.status == int(Status.NONE)
        if any(not same(new[idle], old[idle]) for new, old in zip(after, wide, strict=True)):
            yield "step: changes what is known of an agent with the status NONE, which did nothing"
        yield from _by_row(learner, wide, seen, after)
        turned = learner.step(_kept(tuple(x[..., order] for x in wide)), Outcome(*(x[..., order] for x in seen)))
        if not same(turned, tuple(x[..., order] for x in after)):
            yield "step: agents in another order do not get the same in that order"
        read = learner.read(_kept(after))
        if wrong := read_fault((after,), read):
            yield f"read: {wrong}"
            return
        for at in np.ndindex(*batch):
            if not same(read[at], learner.read(tuple(row(after, at)))):
                yield "read: gives a batch something else than its rows; agents are the last axis"
        wide = after


def _by_row(learner: Any, state: Any, seen: Any, after: Any) -> Iterator[str]:
    for at in np.ndindex(*np.shape(seen.status)[:-1]):
        (own,) = row((seen,), at)
        if not same(tuple(x[at] for x in after), learner.step(tuple(row(state, at)), own)):
            yield "step: gives a batch another state than its rows; agents are the last axis"


def _kept(state: Any) -> Any:
    return tuple(frozen(np.asarray(array)) for array in state)
