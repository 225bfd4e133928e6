"""What contract suites share: numbers to try a part on, and what makes a sentence of what is wrong.

A suite is a generator of sentences over one instance of a part; `told` runs it, and an error that the part raises is
its last sentence, with the case that was tried (`trying`). Arrays that a part is given are read-only, so that one that
writes into them fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import FloatArray, frozen
from sim.kit.errors import SimError
from sim.kit.parameters import check_annotations

LEADING: tuple[tuple[int, ...], ...] = ((), (1,), (5,), (2, 3))  # axes before agents that a part is tried with
SIZES = (1, 4)  # numbers of agents
Suite = Callable[[Any], Iterator[str]]


class TriedError(SimError):
    """What a part raised, with the case that it was tried on."""


@contextmanager
def trying(case: str) -> Iterator[None]:
    """Have whatever is raised inside say the case that was tried; the innermost one counts."""
    try:
        yield
    except TriedError:
        raise
    except SimError as error:
        raise TriedError(*(f"{line}; tried on {case}" for line in error.args)) from None
    except (Exception, SystemExit) as error:
        raise TriedError(f"raises {_said(error)}; tried on {case}") from None


def case_of(leading: tuple[int, ...], n: int) -> str:
    """The words for postings of that batch shape, each with n agents.

    >>> case_of((), 0), case_of((2, 3), 1)
    ('a posting without agents', '2 x 3 postings of 1 agent')
    """
    agents = f"of {agents_of(n)}" if n else "without agents"
    if int(np.prod(leading)) == 1:
        return f"a {'batch of one ' * bool(leading)}posting {agents}"
    return f"{' x '.join(map(str, leading))} postings {agents}"


def agents_of(n: int) -> str:
    """The words for n agents."""
    return f"{n} agent{'s' * (n != 1)}"


def grid(shape: tuple[int, ...], step: int = 7) -> FloatArray:
    """Numbers in (0, 1), read-only, all different where there are not more than 97, in an order that `step` mixes."""
    count = int(np.prod(shape))
    made: FloatArray = (np.arange(count) * step % 97 + 0.5) / 97
    return frozen(made.reshape(shape))


def of_states(
    part: Any, fault: Callable[[Any, tuple[int, ...]], str], of_history: Callable[[Any, Any, int], Iterator[str]]
) -> Iterator[str]:
    """What is wrong with what a part that learns knows at the start, and with what comes of it, for SIZES of agents.

    fault: of a state and the shape of its arrays. of_history: of the part, its state and how many agents there are.
    """
    for n in SIZES:
        with trying(agents_of(n)):
            state = part.init(n)
            if wrong := fault(state, (n,)):
                yield f"init: {wrong}"
                return
            if not same(state, part.init(n)):
                yield "init: gives another state when it is asked again"
            yield from of_history(part, state, n)


def told(suite: Suite, instance: Any) -> list[str]:
    """All that a suite finds wrong with an instance."""
    found: list[str] = []
    try:
        with np.errstate(all="ignore"):
            found += suite(instance)
    except SimError as error:
        found += error.args
    except (Exception, SystemExit) as error:
        found.append(f"raises {_said(error)}")
    return list(dict.fromkeys(found))


def examples_of(part: Any) -> list[Any]:
    """Instances to try a class on: its examples(), else the one of its defaults.

    Raises ValueError where there is none, or where a parameter has an annotation that cannot be checked.
    """
    check_annotations(part)
    try:
        return list(part.examples()) if hasattr(part, "examples") else [part()]
    except Exception as error:
        raise ValueError(f"give every parameter a default, or define examples(): {error}") from None


def same(one: Any, other: Any) -> bool:
    """Equal shapes and equal to the last bit, NaN like NaN; of tuples, one by one."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    a, b = np.asarray(one), np.asarray(other)
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f" and b.dtype.kind == "f")


def floats_of(name: str, array: Any, shape: tuple[int, ...]) -> str:
    """What is wrong with an array that must hold floats of that shape, or nothing."""
    found = np.asarray(array)
    if found.dtype.kind != "f":
        return f"{name} must be floats; got dtype {found.dtype}"
    return f"{name} must have shape {shape}; got {found.shape}" if found.shape != shape else ""


def outside(name: str, array: Any, good: Any, rule: str) -> str:
    """The first number of an array that is not good, or nothing."""
    bad: NDArray[np.bool_] = ~np.asarray(good)
    return f"{name} must {rule}; got {np.asarray(array)[bad].flat[0]:g}" if bad.any() else ""


def shares(name: str, array: Any) -> str:
    """What is wrong with probabilities, or nothing."""
    found = np.asarray(array)
    return outside(name, found, (found >= 0) & (found <= 1), "lie in [0, 1]")


def dollars(name: str, array: Any) -> str:
    """What is wrong with sums of money that are owed or offered, or nothing."""
    found = np.asarray(array)
    return outside(name, found, np.isfinite(found) & (found >= 0), "be finite and >= 0")


def first(*faults: str) -> str:
    """The first that is one."""
    return next(filter(None, faults), "")


def row(given: Sequence[Any], at: tuple[int, ...]) -> list[Any]:
    """One row of each array, or of each array in a named tuple."""
    return [type(one)(*row(one, at)) if isinstance(one, tuple) else frozen(np.asarray(one)[at]) for one in given]


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
