"""What an advisor must do: `init`, `step` and `read`, pure functions over arrays with agents as last axis.

A state is a tuple of float arrays (..., n), or (..., n, memory) where single attempts are remembered; who has no
verified outcome keeps it. Advice is a probability, or any number >= 0 of one that says `index = True`; NaN only where
it reads claims and there is none. An advisor that says it reads no claims, or draws nothing, does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.contracts.learner_contract import statuses
from sim.contracts.trial import dollars, floats_of, grid, of_states, row, same, shares
from sim.kit.arrays import FloatArray, Status, frozen
from sim.standing.advisors import Lesson, Posted

_FLAGS = ("explores", "index", "by_family", "reads_claims")
_STEPS = 10
_BATCH = (3,)


def advisor_faults(advisor: Any) -> Iterator[str]:
    """All that is wrong with an advisor."""
    lacking = [flag for flag in _FLAGS if not isinstance(getattr(advisor, flag, None), bool)]
    if lacking:
        yield f"must say True or False of {', '.join(lacking)} (see sim/standing/advisors/advisor.py)"
        return
    yield from of_states(advisor, state_fault, _of_history)


def state_fault(state: Any, shape: tuple[int, ...]) -> str:
    """What is wrong with a state, or nothing; an array may have one axis more than the agents'."""
    if not isinstance(state, tuple):
        return f"a state must be a tuple of arrays; got {type(state).__name__}"
    for place, array in enumerate(state):
        own = np.shape(array)
        wanted = (*shape, *own[len(shape) : len(shape) + 1])
        if wrong := floats_of(f"array {place} of the state", array, wanted):
            return wrong
    return ""


def advice_fault(advisor: Any, state: Any, posted: Posted, advice: Any) -> str:
    """What is wrong with advice, or nothing."""
    shape = np.broadcast_shapes(np.shape(posted.claim), *(np.shape(x)[: np.ndim(posted.claim)] for x in state))
    if wrong := floats_of("advice", np.broadcast_to(advice, shape), shape):
        return wrong
    asked = ~np.isnan(posted.claim) if advisor.reads_claims else np.True_
    known = np.where(asked, np.broadcast_to(advice, shape), 0.5)
    return dollars("advice", known) if advisor.index else shares("advice", known)


def _of_history(advisor: Any, state: Any, n: int) -> Iterator[str]:
    shape = (*_BATCH, n)
    wide = tuple(np.broadcast_to(x, (*_BATCH, *np.shape(x))) for x in state)
    for moment in range(_STEPS):
        status = statuses(shape, moment)
        claim = frozen(np.where(status == int(Status.NONE), np.nan, grid(shape, 5 + moment)))
        seen = Lesson(status, claim)
        after = advisor.step(_kept(wide), seen)
        if wrong := state_fault(after, shape):
            yield f"step: {wrong}"
            return
        if not same(after, advisor.step(_kept(wide), seen)):
            yield "step: gives another state when it is asked again"
        idle = ~np.isin(status, (int(Status.PASS), int(Status.FAIL)))
        if any(not same(new[idle], old[idle]) for new, old in zip(after, wide, strict=True)):
            yield "step: changes what is known of an agent without a verified outcome (PASS or FAIL)"
        for at in np.ndindex(*_BATCH):
            (own,) = row((seen,), at)
            if not same(tuple(x[at] for x in after), advisor.step(tuple(row(wide, at)), own)):
                yield "step: gives a batch another state than its rows; agents come after the batch's axes"
        wide = after
    yield from _of_reading(advisor, wide, shape)


def _of_reading(advisor: Any, state: Any, shape: tuple[int, ...]) -> Iterator[str]:
    uniform = grid(shape, 13) if advisor.explores else None
    claim = grid(shape, 17).copy()
    claim[0, 0] = np.nan
    posted = Posted(frozen(claim), uniform)
    advice = advisor.read(_kept(state), posted)
    if not advisor.reads_claims and not same(advice, advisor.read(_kept(state), Posted(_other(claim), uniform))):
        yield "read: its advice depends on claims: say so with reads_claims = True"
        return
    if wrong := advice_fault(advisor, state, posted, advice):
        yield f"read: {wrong}"
        return
    if not same(advice, advisor.read(_kept(state), posted)):
        yield "read: gives other advice when it is asked again; draws are handed to it (explores = True)"
    full = np.broadcast_to(advice, shape)
    for at in np.ndindex(*_BATCH):
        own = Posted(frozen(claim[at]), None if uniform is None else uniform[at])
        if not same(full[at], np.broadcast_to(advisor.read(tuple(row(state, at)), own), shape[-1:])):
            yield "read: gives a batch other advice than its rows; agents come after the batch's axes"


def _other(claim: FloatArray) -> FloatArray:
    return frozen(1.0 - claim)


def _kept(state: Any) -> Any:
    return tuple(frozen(np.asarray(array)) for array in state)
