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

_Tail = dict[int, FloatArray]  # T(k, j) by j, as far as it is needed; more tries than places add nothing


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
    tails = _tails(able, gain, stay, most)
    left = np.full(gain.shape[:-1], most)
    before, reach = np.zeros(gain.shape[:-1]), np.ones(gain.shape[:-1])
    tried, after, bar = np.zeros(gain.shape, np.bool_), np.zeros(gain.shape), np.zeros(gain.shape)
    for k in range(n):
        follows = _at(tails[k + 1], left - 1)
        whole = gain[..., k] + stay[..., k] * follows
        taken = able[..., k] & (left > 0) & (whole >= _at(tails[k + 1], left))
        without = _without(able, gain, stay, tails, k, most)
        tried[..., k], after[..., k] = taken, follows
        bar[..., k] = _bar(without - before, reach, follows, whole)
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


def _tails(able: BoolArray, gain: FloatArray, stay: FloatArray, most: int) -> list[_Tail]:
    """T(k, .) for k = 0, ..., n."""
    n = gain.shape[-1]
    tails: list[_Tail] = [{0: np.zeros(gain.shape[:-1])}]
    for k in reversed(range(n)):
        tails.append(_one_more(able[..., k], gain[..., k], stay[..., k], tails[-1], most - k, most))
    return tails[::-1]


def _one_more(able: BoolArray, gain: FloatArray, stay: FloatArray, tail: _Tail, least: int, most: int) -> _Tail:
    """T(k, .) from T(k + 1, .), for what is left once k places are behind: from `least` to `most` tries."""
    top = max(tail)
    found = {}
    for j in range(max(0, min(least, top + 1)), min(most, top + 1) + 1):
        as_many = tail[min(j, top)]
        found[j] = np.where(able, np.maximum(gain + stay * tail[j - 1], as_many), as_many) if j > 0 else as_many
    return found


def _without(
    able: BoolArray, gain: FloatArray, stay: FloatArray, tails: list[_Tail], place: int, most: int
) -> FloatArray:
    """Value (...) of the best chain without the place."""
    tail = tails[place + 1]
    for k in reversed(range(place)):
        tail = _one_more(able[..., k], gain[..., k], stay[..., k], tail, most - k, most)
    return tail[max(tail)]


def _at(tail: _Tail, left: IntArray) -> FloatArray:
    """T(k, left), (...), where nothing is left T(k, 0)."""
    least, *others = tail
    found = tail[least]
    for j in others:
        found = np.where(left >= j, tail[j], found)
    return found
