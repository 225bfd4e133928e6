"""What each of several kinds of knowledge is worth, where some include others: steps in one order, and shares of all.

Kinds stand in chains; a kind comes after those before it in its chain, and kinds of different chains in any order. A
state says how far along each chain agents have come, and v of it is what the market makes there.

    step     of a kind in an order: v after it less v before it
    share    its mean step over all orders that respect the chains, each order as likely as any other

Steps of one order add up to v at the end less v at the start, and so do shares. Without chains the shares are
[Shapley1953]'s values; with them those of [FaigleKern1992].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import FloatArray

Chains = Sequence[Sequence[str]]
State = tuple[int, ...]
Kept = TypeVar("Kept")


def states(chains: Chains) -> list[State]:
    """Every state, from nothing known to everything.

    >>> states([["a"], ["b", "c"]])
    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    """
    return [tuple(map(int, at)) for at in np.ndindex(*(len(chain) + 1 for chain in chains))]


def orders(chains: Chains) -> Iterator[tuple[str, ...]]:
    """All orders of the kinds that respect the chains.

    >>> [" ".join(order) for order in orders([["a"], ["b", "c"]])]
    ['a b c', 'b a c', 'b c a']
    """
    left = [chain for chain in chains if chain]
    if not left:
        yield ()
    for place, chain in enumerate(left):
        rest = [other[1:] if at == place else other for at, other in enumerate(left)]
        for after in orders(rest):
            yield (chain[0], *after)


def steps(chains: Chains, order: Sequence[str], value: Callable[[State], FloatArray]) -> dict[str, FloatArray]:
    """Kind -> what it adds in this order; raises ValueError where the order does not respect the chains."""
    at, found = [0] * len(chains), {}
    before = value(tuple(at))
    for kind in order:
        place = next((k for k, chain in enumerate(chains) if at[k] < len(chain) and chain[at[k]] == kind), None)
        if place is None:
            raise ValueError(f"order: {kind} is not the next of any chain; got {', '.join(order)}")
        at[place] += 1
        after = value(tuple(at))
        found[kind], before = np.asarray(after - before), after
    return found


def shares(chains: Chains, value: Callable[[State], FloatArray]) -> dict[str, FloatArray]:
    """Kind -> its mean step over all orders."""
    total: dict[str, NDArray[np.float64]] = {}
    every = list(orders(chains))
    for order in every:
        for kind, step in steps(chains, order, value).items():
            total[kind] = total.get(kind, np.zeros(())) + step
    return {kind: np.asarray(total[kind] / len(every)) for chain in chains for kind in chain}


def path(chains: Chains, order: Sequence[str]) -> dict[str, tuple[State, State]]:
    """Kind -> the states before and after it in this order."""
    at, found = [0] * len(chains), {}
    for kind in order:
        before = tuple(at)
        at[next(k for k, chain in enumerate(chains) if kind in chain)] += 1
        found[kind] = before, tuple(at)
    return found


def in_order(chains: Chains, order: Sequence[str]) -> tuple[str, ...]:
    """The kinds that the chains hold, in this order."""
    there = {kind for chain in chains for kind in chain}
    return tuple(kind for kind in order if kind in there)


def known_at(chains: Chains, state: State) -> Mapping[int, str | None]:
    """Chain's place -> the last kind known of it, None where nothing is."""
    return {k: chain[at - 1] if at else None for k, (chain, at) in enumerate(zip(chains, state, strict=True))}
