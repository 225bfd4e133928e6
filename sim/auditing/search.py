"""Searches for lies: a whole grid on a few draws picks the candidates that are then weighed on all of them.

Candidates are picked on the screening draws, which are no part of the others, so that hold-out stays honest. Lies that
are the same for every type (joint ones) are weighed on all draws, all of them: one clearing serves every type. Lies
that keep the truth of a type in the ask or in the claim cost a clearing for each type, so only the best of those on
the screening draws, KEPT to a type, go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from sim.auditing.deviations import Deal, Desk
from sim.auditing.lies import Grid, Lies
from sim.kit.arrays import BoolArray, FloatArray, IntArray

KEPT = 2
_BISECTIONS = 26  # from one step of the grid to below 1e-9 of the scale
_ROOM = 1 << 21  # numbers held at a time
_FEW = 1 << 17  # of one array, so that memory is used again


@dataclass(frozen=True, eq=False)
class Screened:
    """What the screening draws show of one menu. candidates: lies (N,) to be weighed on all draws.

    ex_post (N, E): the best D of the menu at each screening draw, 0 where no lie beats the truth; on_grid: the same
    without the asks beside the critical one.
    """

    candidates: list[Lies]
    ex_post: FloatArray
    on_grid: FloatArray


def blocks(n_types: int, per_type: int) -> Iterator[slice]:
    """Types, as many at a time as there is room for, each needing `per_type` numbers."""
    size = max(1, _ROOM // max(1, per_type))
    for start in range(0, n_types, size):
        yield slice(start, min(start + size, n_types))


def truths(desk: Desk, part: slice) -> FloatArray:
    """u (B, R) of these types at the truth."""
    which = np.arange(part.start, part.stop)
    truth = np.full(len(which), np.nan)
    return desk.utility(which, truth, truth)


def screen_own(desk: Desk, menu: Lies, grid: Grid) -> Screened:
    """Screens a menu that keeps the truth in the ask or in the claim."""
    n_types, n_lies = len(desk.types), len(menu.share)
    means, on_grid = np.empty((n_types, n_lies)), np.empty((n_types, len(desk)))
    ex_post = on_grid.copy()
    asks = not np.isnan(menu.share).any()
    for part in blocks(n_types, n_lies * len(desk)):
        which = np.arange(part.start, part.stop)
        each = np.repeat(which, n_lies)
        u, won = desk.tested(each, np.tile(menu.share, len(which)), np.tile(menu.claim, len(which)))
        shape, truth = (len(which), n_lies, len(desk)), truths(desk, part)
        gains = u.reshape(shape) - truth[:, None]
        means[part], on_grid[part] = gains.mean(axis=2), np.maximum(0.0, gains.max(axis=1))
        ex_post[part] = on_grid[part]
        if asks:
            for share in critical(partial(_wins, desk, which), won.reshape(shape), menu.share):
                near = desk.utility(which, share, np.full(len(which), np.nan)) - truth
                ex_post[part] = np.fmax(ex_post[part], near)
    best = np.argsort(-means, axis=1, kind="stable")[:, :KEPT]
    candidates = [menu.at(best[:, place]) for place in range(best.shape[1])]
    if asks:
        candidates.append(refine(desk, candidates[0], grid))
    return Screened(candidates, ex_post, on_grid)


def screen_shared(desk: Desk, menu: Lies, grid: Grid) -> Screened:
    """Screens a menu of lies that are the same for every type, asks varying last but within each claim."""
    deal = desk.deal(desk.shared(*menu))
    weigh = desk.weights(np.arange(len(desk.types)))
    best = _means(deal, weigh).argmax(axis=1)
    on_grid = _best(desk, deal, weigh)
    claims = menu.claim.reshape(grid.n_asks, -1)[0]
    won = (deal.chance > 0).reshape(grid.n_asks, len(claims), -1).swapaxes(0, 1)
    near = critical(lambda share: desk.deal(desk.shared(share, claims)).chance > 0, won, grid.asks)
    ex_post = on_grid
    for share in near:
        share = np.where(np.isnan(share), grid.asks[-1], share)  # no ask wins, and staying away is no lie
        ex_post = np.maximum(ex_post, _best(desk, desk.deal(desk.shared(share, claims)), weigh))
    return Screened([refine(desk, menu.at(best), grid)], ex_post, on_grid)


def refine(desk: Desk, lies: Lies, grid: Grid) -> Lies:
    """The best ask of each type within a step of its lie's, a tenth of a step apart, on these draws."""
    shares = grid.around(lies.share)
    chosen = lies.share.copy()
    for part in blocks(len(chosen), shares.shape[1] * len(desk)):
        which = np.arange(part.start, part.stop)
        each = np.repeat(which, shares.shape[1])
        u = desk.utility(each, shares[part].ravel(), lies.claim[each])
        best = u.mean(axis=1).reshape(len(which), -1).argmax(axis=1)
        chosen[part] = shares[part][np.arange(len(which)), best]
    return Lies(chosen, lies.claim)


def best_shared(desk: Desk, menu: Lies) -> list[Lies]:
    """The best lie of each type over the whole menu: on even draws, on odd draws, on all."""
    rows = max(1, _FEW // len(desk))
    parts = [slice(start, start + rows) for start in range(0, len(menu.share), rows)]
    even, odd = np.moveaxis(np.concatenate([desk.sums(desk.shared(*menu.at(part))) for part in parts], axis=1), 2, 0)
    weigh = desk.weights(np.arange(len(desk.types)))
    return [menu.at(_worth(total, weigh).argmax(axis=1)) for total in (even, odd, even + odd)]


def _means(deal: Deal, weigh: tuple[FloatArray, FloatArray]) -> FloatArray:
    return _worth(np.stack([field.mean(axis=1) for field in deal]), weigh)


def _worth(totals: FloatArray, weigh: tuple[FloatArray, FloatArray]) -> FloatArray:
    """(N, L): utility of each type by each lie, from chance, success and failure (3, L) summed over draws."""
    passes, cost = weigh
    return np.asarray(passes * totals[1] + (1.0 - passes) * totals[2] - cost * totals[0])


def _best(desk: Desk, deal: Deal, weigh: tuple[FloatArray, FloatArray]) -> FloatArray:
    """(N, E): the best D of each type at each draw by these shared lies, 0 where none beats the truth."""
    passes, cost = weigh
    weights = np.concatenate([-cost, passes, 1.0 - passes], axis=1)
    made = np.empty((len(desk.types), len(desk)))
    each = np.stack([np.ascontiguousarray(field.T) for field in deal])  # (3, E, L)
    idle = (each == 0).all(axis=0)
    for draw in range(len(desk)):
        kept = ~idle[draw]
        kept[idle[draw].argmax()] = True  # what gets nothing is sorted once
        outcomes = _different(each[:, draw, kept])
        made[:, draw] = (weights @ outcomes).max(axis=1)
    truth = np.concatenate([truths(desk, part) for part in blocks(len(made), len(desk))])
    return np.asarray(np.maximum(0.0, made - truth))


def _different(columns: FloatArray) -> FloatArray:
    """The different columns, in order: what np.unique finds along the axis, in a fraction of its time."""
    ordered = columns[:, np.lexsort(columns[::-1])]
    first = np.ones(ordered.shape[1], np.bool_)
    first[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    return ordered[:, first]


def _wins(desk: Desk, which: IntArray, share: FloatArray) -> BoolArray:
    return desk.deal(desk.tried(which, share, np.full(len(which), np.nan))).chance > 0


def critical(
    wins: Callable[[FloatArray], BoolArray], won: BoolArray, asks: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Shares (B, E) just within and just beyond the highest ask that wins; NaN (the truth) where none does.

    wins: shares (B, E) -> whether they win. won (B, n_asks, E): which of `asks` (n_asks,) did.
    """
    ever = won.any(axis=1)
    last = won.shape[1] - 1 - won[:, ::-1].argmax(axis=1)
    low = np.where(ever, asks[last], np.nan)
    high = np.where(ever & (last < len(asks) - 1), asks[np.minimum(last + 1, len(asks) - 1)], low)
    for _ in range(_BISECTIONS if ever.any() else 0):
        middle = (low + high) / 2.0
        inside = wins(np.where(ever, middle, asks[-1]))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low, high
