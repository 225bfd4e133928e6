"""Chains of tries along a given order: their value, the best of them, and what each try adds.

Index convention: places in the order of trying, k = 0, ..., n - 1, last axis; leading axes are whatever is batched.
Trying k is worth gain_k by itself and lets the next try happen with probability stay_k. The best chain from k on with
at most j tries is worth

    T(k, j) = max{ T(k + 1, j),  gain_k + stay_k T(k + 1, j - 1) }        T(n, j) = T(k, 0) = 0

Equal values try: the chain is the longest of the best, and the earliest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray


class Chain(NamedTuple):
    """A chain, all (..., n). tried: the place is in it; after: value of what follows, once the place has failed.

    bar: value that the best chain without the place adds, from the place on, to those tried before it.
    """

    tried: BoolArray
    after: FloatArray
    bar: FloatArray


def whole_chain(able: BoolArray, gain: FloatArray, stay: FloatArray) -> Chain:
    """The chain of all able places, which is the best one where gain / (1 - stay) descends and is nowhere negative.

    Without a place the others stay the best chain, so its bar is what follows it.
    """
    after = np.zeros(gain.shape)
    tail = np.zeros(gain.shape[:-1])
    for k in reversed(range(gain.shape[-1])):
        after[..., k] = tail
        tail = np.where(able[..., k], gain[..., k] + stay[..., k] * tail, tail)
    return Chain(able, after, after)


def best_chain(able: BoolArray, gain: FloatArray, stay: FloatArray, at_most: int) -> Chain:
    """The best chain with at most so many tries, by dynamic programming."""
    n = gain.shape[-1]
    most = min(at_most, n)
    tails, without = _tails(able, gain, stay, most)
    left = np.full(gain.shape[:-1], most)
    before, reach = np.zeros(gain.shape[:-1]), np.ones(gain.shape[:-1])
    tried, after, bar = np.zeros_like(able), np.zeros_like(gain), np.zeros_like(gain)
    for k in range(n):
        taken = able[..., k] & (left > 0)
        follows = _at(tails[k + 1], np.maximum(left - 1, 0))
        whole = gain[..., k] + stay[..., k] * follows
        taken &= whole >= _at(tails[k + 1], left)
        tried[..., k], after[..., k] = taken, follows
        bar[..., k] = _bar(without[..., k] - before, reach, follows, whole)
        before = np.where(taken, before + reach * gain[..., k], before)
        reach = np.where(taken, reach * stay[..., k], reach)
        left = left - taken
    return Chain(tried, after, bar)


def _bar(added: FloatArray, reach: FloatArray, after: FloatArray, whole: FloatArray) -> FloatArray:
    """added / reach, which lies between what follows the place and what the place and the rest are worth.

    Dividing by a small chance may leave that range by rounding, so the range is kept.
    """
    possible = reach > 0
    with np.errstate(over="ignore"):
        ratio = np.where(possible, added, after) / np.where(possible, reach, 1.0)
    return np.maximum(np.minimum(ratio, whole), after)


def _tails(able: BoolArray, gain: FloatArray, stay: FloatArray, most: int) -> tuple[list[FloatArray], FloatArray]:
    """T(k, j) for k = 0, ..., n, each (..., most + 1), and the value of the best chain without each place, (..., n).

    All chains grow together, from the last place on: that of all places comes first, then those without n - 1, n - 2,
    ..., each of which is the one of all places until it comes to its place. j = 0, ..., most stand in a row.
    """
    n, row = gain.shape[-1], most + 1
    chains, without = np.zeros((*gain.shape[:-1], (n + 1) * row), order="F"), np.zeros_like(gain)
    one_more = np.arange((n + 1) * row) % row > 0
    tails = [chains[..., :row].copy(order="K")] * (n + 1)
    for k in reversed(range(n)):
        length = (n - k) * row
        same = chains[..., 1:length]
        tried = gain[..., k, None] + stay[..., k, None] * chains[..., : length - 1]
        chains[..., 1:length] = np.where(able[..., k, None] & one_more[1:length], np.maximum(tried, same), same)
        chains[..., length : length + row] = tails[k + 1]
        tails[k] = chains[..., :row].copy(order="K")
    for k in range(n):
        without[..., k] = chains[..., (n - k + 1) * row - 1]
    return tails, without


def _at(tail: FloatArray, left: IntArray) -> FloatArray:
    """T(k, left), (...)."""
    return np.asarray(np.take_along_axis(tail, left[..., None], axis=-1)[..., 0])
