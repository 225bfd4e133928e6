"""What a bidding policy that learns must do: `init`, `bid` and `learn`, pure functions over (..., n) arrays.

The state is a tuple of float arrays (..., n); asks are floats or infinite, claims lie in [0, 1] where there is a bid; a
bid leaves as many memos every time; a batch gives what its rows give; the same again for the same again; nothing that
is given is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.agents.learning import Feedback, Offer, Seen
from sim.contracts.learner_contract import state_fault, statuses
from sim.contracts.trial import first, floats_of, grid, of_states, outside, same, shares
from sim.kit.arrays import FloatArray, Notice, Status, frozen

_BATCH, _STEPS = (3,), 12


def offer_fault(shape: tuple[int, ...], made: Any) -> str:
    """What is wrong with a bid (..., n) of this shape, or nothing."""
    if not isinstance(made, Offer):
        return f"must return Offer(ask, claim, memo); got {type(made).__name__}"
    if not isinstance(made.memo, tuple):
        return f"memo must be a tuple of arrays; got {type(made.memo).__name__}"
    arrays = {"ask": made.ask, "claim": made.claim}
    arrays |= {f"memo {place}": array for place, array in enumerate(made.memo)}
    if wrong := first(*(floats_of(name, array, shape) for name, array in arrays.items())):
        return wrong
    number = outside("ask", made.ask, ~np.isnan(made.ask) & (made.ask != -np.inf), "be a number, or inf for no bid")
    return number or shares("claim", np.where(np.isinf(made.ask), 0.0, made.claim))


def learning_faults(policy: Any) -> Iterator[str]:
    """All that is wrong with a policy that learns."""
    if not isinstance(getattr(policy, "draws", None), bool):
        yield "draws must be a class attribute: whether `bid` reads seen.luck"
        return
    yield from of_states(policy, state_fault, _of_history)


def _of_history(policy: Any, start: Any, n: int) -> Iterator[str]:
    shape, memos = (*_BATCH, n), None
    state = tuple(frozen(np.broadcast_to(array, shape)) for array in start)
    for moment in range(_STEPS):
        seen = _seen(shape, moment)
        made = policy.bid(state, seen)
        if wrong := offer_fault(shape, made):
            yield f"bid: {wrong}"
            return
        if memos not in (None, len(made.memo)):
            yield f"bid: leaves {len(made.memo)} memos, and {memos} before"
            return
        memos = len(made.memo)
        if not same(tuple(made), tuple(policy.bid(state, seen))):
            yield "bid: gives another bid when it is asked again; what it draws is seen.luck"
        feedback = _adapt(made, shape, moment)
        after = policy.learn(state, feedback)
        if wrong := state_fault(after, shape):
            yield f"learn: {wrong}"
            return
        if len(after) != len(state):
            yield f"learn: gives {len(after)} arrays, and init {len(state)}"
            return
        if not same(after, policy.learn(state, feedback)):
            yield "learn: gives another state when it is asked again"
        for at in np.ndindex(*_BATCH):
            own = tuple(array[at] for array in state)
            if not same(tuple(_row(tuple(made), at)), tuple(policy.bid(own, _row_of(seen, at)))):
                yield "bid: gives a batch other bids than its rows one by one; agents are the last axis"
            if not same(tuple(array[at] for array in after), policy.learn(own, Feedback(*_row(tuple(feedback), at)))):
                yield "learn: gives a batch another state than its rows; agents are the last axis"
        state = tuple(map(frozen, after))


def _seen(shape: tuple[int, ...], moment: int) -> Seen:
    dollars = 0.5 + grid(shape[:-1], 5) / 2
    notice = Notice(value=2 * dollars, reserve=dollars, penalty=dollars / 4, posting=np.zeros(shape[:-1], np.int64))
    belief, cost = grid(shape, 11 + moment), grid(shape, 3 + moment)
    none = frozen(np.zeros(shape, np.int64))
    able = frozen(grid(shape, 37 + moment) > 0.1)
    return Seen(_price(belief, cost), belief, cost, notice, none, none, able, grid(shape, 29 + moment), _price)


def _price(belief: FloatArray, cost: FloatArray) -> FloatArray:
    return frozen(np.asarray(cost / belief))


def _adapt(made: Offer, shape: tuple[int, ...], moment: int) -> Feedback:
    """News of every kind: of a clearing at even moments, of attempts that ended at odd ones."""
    ended = moment % 2 == 1
    status = statuses(shape, moment) if ended else frozen(np.full(shape, int(Status.NONE), np.int8))
    hired = frozen(np.full(shape, ended) | (grid(shape, 13) > 0.7))
    cost = grid(shape, 17) if ended else frozen(np.zeros(shape))
    rival = frozen(np.full(shape, np.nan)) if ended else grid(shape, 19)
    informed = frozen(grid(shape, 23 + moment) > 0.3)
    return Feedback(informed, status, hired, grid(shape, 31), cost, rival, tuple(map(frozen, made.memo)))


def _row(given: tuple[Any, ...], at: tuple[int, ...]) -> list[Any]:
    return [tuple(_row(one, at)) if isinstance(one, tuple) else frozen(np.asarray(one)[at]) for one in given]


def _row_of(seen: Seen, at: tuple[int, ...]) -> Seen:
    notice = Notice(**{name: array[at] for name, array in vars(seen.notice).items()})
    arrays = {
        name: frozen(np.asarray(array)[at])
        for name, array in seen._asdict().items()
        if name not in ("notice", "truthful")
    }
    return Seen(**arrays, notice=notice, truthful=seen.truthful)
