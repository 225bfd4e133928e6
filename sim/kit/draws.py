"""Named draws: every random number depends on (seed, purpose, identities) alone.

A draw is the output of a counter-based generator; its counter is the identity itself: the seed and the purpose make
a key, then each identity (replication, task, agent, try) is mixed in, in that order. Nothing depends on when a draw
is made or on what else is drawn, so adding an agent, a task or a replication leaves every other draw as it was.

    key_0     = mix(hash64(purpose) + GAMMA * (seed + 1))
    key_(j+1) = mix(key_j + GAMMA * (word_j + 1))           word_j: the j-th identity as 64 bits
    uniform   = (top 52 bits of mix(key + GAMMA) + 1/2) / 2^52, so it lies strictly inside (0, 1)

`mix` is the finaliser of SplitMix64, a bijection of 64-bit words [SteeleLeaFlood2014]. A word costs one pass over the
axes seen so far, so only the last axes pay for the full array.

Memory: the first axis (replications) lies closest together, so that engines which play many replications at once read
and write neighbours. The array is made in pieces that stay in the processor's cache.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import FloatArray
from sim.kit.portable import log, ndtri

Words = NDArray[np.uint64]

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_ONE = np.uint64(1)
_EXPONENT = np.uint64(0x3FF << 52)  # of the floats in [1, 2)
_PIECE = 1 << 14  # draws made at a time
_MANY = 1 << 13  # draws that are worth loading numba for


def hash64(text: str) -> int:
    """A stable 64-bit hash of `text` (BLAKE2b), the same on every machine and in every process.

    >>> hash64("gpt-5.2") == hash64("gpt-5.2") != hash64("gpt-5.2-pro")
    True
    """
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def words_of(names: Sequence[str]) -> Words:
    """One 64-bit word per name, shape (len(names),). Names, not positions, identify agents and recorded tasks."""
    return _words_of(tuple(names))


@lru_cache(maxsize=64)
def _words_of(names: tuple[str, ...]) -> Words:
    words = np.array([hash64(name) for name in names], dtype=np.uint64)
    words.flags.writeable = False
    return words


def words_range(count: int, first: int = 0) -> Words:
    """Words first, ..., first + count - 1, for identities that are numbers: replications, postings, tries."""
    return np.arange(first, first + count, dtype=np.uint64)


def _mix(z: Words, spare: Words) -> None:
    """Mix z in place; spare: as large, overwritten."""
    for shift, factor in ((np.uint64(30), _MIX_1), (np.uint64(27), _MIX_2)):
        np.right_shift(z, shift, out=spare)
        np.bitwise_xor(z, spare, out=z)
        np.multiply(z, factor, out=z)
    np.right_shift(z, np.uint64(31), out=spare)
    np.bitwise_xor(z, spare, out=z)


def mix(words: Words) -> Words:
    """The finaliser of SplitMix64, element by element."""
    return _mixed(words.copy())


def _mixed(key: Words) -> Words:
    _mix(key, np.empty_like(key))
    return key


def uniform(seed: int, purpose: str, *identities: Words) -> FloatArray:
    """Uniform draws on the open interval (0, 1).

    seed: a whole number in [0, 2^64 - 1). purpose: what the draw is for, e.g. "reserve". identities: one 1-d array of
    words per axis; the result has one axis for each, in that order, the first one closest in memory.

    Raises ValueError where the seed is out of range. Source: [SteeleLeaFlood2014].

    >>> few = uniform(7, "lottery", words_range(2), words_of(["a", "b"]))
    >>> more = uniform(7, "lottery", words_range(3), words_of(["z", "a", "b"]))
    >>> bool((more[:2, 1:] == few).all())
    True
    """
    if identities and not isinstance(identities[0], np.ndarray):
        return identities[0].uniform(seed, purpose, identities)  # words that are symbols (sim/compiled/trace/words.py)
    if not 0 <= seed < 2**64 - 1:
        raise ValueError(f"seed must lie in 0 ... 2**64 - 2; got {seed}")
    lengths = [len(words) for words in identities]
    drawn = np.empty((*lengths[1:], *(lengths[:1] or [1])))
    with np.errstate(over="ignore"):
        key = _mixed(np.array([hash64(purpose)], np.uint64) + GAMMA * np.array([seed + 1], np.uint64))
        for words in identities[:1]:
            key = _mixed(key + GAMMA * (words + _ONE))
        _fill(drawn, key, [GAMMA * (words + _ONE) for words in identities[1:]])
    return drawn.transpose(-1, *range(drawn.ndim - 1)) if identities else drawn.reshape(())


def derived(drawn: FloatArray, purpose: str) -> FloatArray:
    """Uniform draws for another purpose, one for each of `drawn`, as if made from the same identities.

    So a behaviour of the market gets luck of its own where a draw with its identities is at hand already.

    >>> lottery = uniform(7, "lottery", words_range(1000))
    >>> bool(abs(np.corrcoef(lottery, derived(lottery, "inspection"))[0, 1]) < 0.1)
    True
    """
    bits = np.ascontiguousarray(drawn, np.float64).view(np.uint64)
    with np.errstate(over="ignore"):
        key = _mixed(bits + GAMMA * np.uint64(hash64(purpose)))
    return np.asarray(((key >> np.uint64(12) | _EXPONENT).view(np.float64) - 1.0) + 2.0**-53).reshape(np.shape(drawn))


def lane_keys(draws: Sequence[tuple[int, str]], replications: Words) -> Words:
    """key_1 (R, J) of draws whose first identity is the replication, by their seed and purpose.

    What is left is to mix in the other identities. Source: the module's text.
    """
    seeds = np.array([seed + 1 for seed, _ in draws], np.uint64)
    with np.errstate(over="ignore"):
        key = _mixed(np.array([hash64(purpose) for _, purpose in draws], np.uint64) + GAMMA * seeds)
        return np.ascontiguousarray(_mixed(key + GAMMA * (replications[:, None] + _ONE)))


def steps(words: Words) -> Words:
    """What is added to a key before it is mixed again, for each of these words."""
    with np.errstate(over="ignore"):
        return GAMMA * (words + _ONE)


def _fill(drawn: FloatArray, key: Words, steps: Sequence[Words]) -> None:
    """Fill drawn (len of each step, ..., r) from key (r,) and the words of `steps` still to be mixed in, in pieces."""
    if not steps or drawn.size <= _PIECE:
        _draw(drawn, key, steps)
        return
    words, size = steps[0], _PIECE * len(steps[0]) // drawn.size
    if size == 0 and len(steps) > 1:
        for place, word in enumerate(words):
            _fill(drawn[place], _mixed(key + word), steps[1:])
        return
    for start in range(0, len(words), max(1, size)):
        part = slice(start, start + max(1, size))
        _draw(drawn[part], _mixed(key + words[part, None]), steps[1:])


@cache
def _compiled() -> tuple[Any, Any] | None:
    """Functions that make keys and draws; None where numba is not installed."""
    try:
        from sim.kit.compiled_functions import over_keys  # numba is slow to load
    except ImportError:
        return None
    return over_keys()


def _draw(drawn: FloatArray, key: Words, steps: Sequence[Words]) -> None:
    """Fill drawn (..., len of each step, r) from key (..., r)."""
    if drawn.size == 0:
        return
    compiled = _compiled() if drawn.size >= _MANY or "numba" in sys.modules else None
    if steps and compiled is not None:
        next_keys, draw = compiled
        keys, lanes = np.ascontiguousarray(key).reshape(-1, key.shape[-1]), key.shape[-1]
        for step in steps[:-1]:
            made = np.empty((len(keys), len(step), lanes), np.uint64)
            next_keys(keys, step, made)
            keys = made.reshape(-1, lanes)
        draw(keys, steps[-1], drawn.reshape(len(keys), len(steps[-1]), lanes))
        return
    for step in steps:
        key = _mixed(key[..., None, :] + step[:, None])
    bits = key + GAMMA
    _mix(bits, np.empty_like(bits))
    np.right_shift(bits, np.uint64(12), out=bits)
    np.bitwise_or(bits, _EXPONENT, out=bits)
    np.subtract(bits.view(np.float64), 1.0 - 2.0**-53, out=drawn)  # exact: 52 bits and a half


def normal(seed: int, purpose: str, *identities: Words) -> FloatArray:
    """Standard normal draws by inversion of `uniform`; arguments as there."""
    return ndtri(uniform(seed, purpose, *identities))


def exponential(seed: int, purpose: str, *identities: Words) -> FloatArray:
    """Exponential draws of mean 1 by inversion of `uniform`; arguments as there."""
    return -log(uniform(seed, purpose, *identities))
