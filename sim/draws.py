"""Named draws: every random number depends on (seed, purpose, identities) alone.

A draw is the output of a counter-based generator whose counter is the identity itself: the seed and the purpose make
a key, then each identity (replication, task, agent, try) is mixed in, in that order. Nothing depends on when a draw
is made or on what else is drawn, so adding an agent, a task or a replication leaves every other draw as it was.

    key_0     = mix(hash64(purpose) + GAMMA * (seed + 1))
    key_(j+1) = mix(key_j + GAMMA * (word_j + 1))           word_j: the j-th identity as 64 bits
    uniform   = (top 52 bits of mix(key + GAMMA) + 1/2) / 2^52, so it lies strictly inside (0, 1)

`mix` is the finaliser of SplitMix64, a bijection of 64-bit words [SteeleLeaFlood2014]. Axes broadcast, so a word
costs one pass over the axes seen so far and only the last axes pay for the full array.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.arrays import FloatArray

Words = NDArray[np.uint64]

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_ONE = np.uint64(1)


def hash64(text: str) -> int:
    """A stable 64-bit hash of `text` (BLAKE2b), the same on every machine and in every process.

    >>> hash64("gpt-5.2") == hash64("gpt-5.2") != hash64("gpt-5.2-pro")
    True
    """
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def words_of(names: Sequence[str]) -> Words:
    """One 64-bit word per name, shape (len(names),). Names, not positions, identify agents and recorded tasks."""
    return np.array([hash64(name) for name in names], dtype=np.uint64)


def words_range(count: int, first: int = 0) -> Words:
    """Words first, ..., first + count - 1, for identities that are numbers: replications, postings, tries."""
    return np.arange(first, first + count, dtype=np.uint64)


def mix(z: Words) -> Words:
    """The finaliser of SplitMix64, element by element."""
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


def uniform(seed: int, purpose: str, *identities: Words) -> FloatArray:
    """Uniform draws on the open interval (0, 1).

    seed: a whole number in [0, 2^64 - 1). purpose: what the draw is for, e.g. "reserve". identities: one 1-d array of
    words per axis; the result has one axis for each, in that order.

    Raises ValueError where the seed is out of range. Source: [SteeleLeaFlood2014].

    >>> few = uniform(7, "lottery", words_range(2), words_of(["a", "b"]))
    >>> more = uniform(7, "lottery", words_range(3), words_of(["z", "a", "b"]))
    >>> bool((more[:2, 1:] == few).all())
    True
    """
    if not 0 <= seed < 2**64 - 1:
        raise ValueError(f"seed must lie in 0 ... 2**64 - 2; got {seed}")
    with np.errstate(over="ignore"):
        key = mix(np.array([hash64(purpose)], np.uint64) + GAMMA * np.array([seed + 1], np.uint64))
        for word in identities:
            key = mix(key[..., None] + GAMMA * (word + _ONE))
        bits = mix(key + GAMMA)[0]
    drawn: FloatArray = ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return drawn


def normal(seed: int, purpose: str, *identities: Words) -> FloatArray:
    """Standard normal draws by inversion of `uniform`; arguments as there."""
    drawn: FloatArray = ndtri(uniform(seed, purpose, *identities))
    return drawn


def exponential(seed: int, purpose: str, *identities: Words) -> FloatArray:
    """Exponential draws of mean 1 by inversion of `uniform`; arguments as there."""
    return -np.log(uniform(seed, purpose, *identities))
