"""Draws depend on (seed, purpose, identities) alone, are uniform, and are independent across identities."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import sim.kit.draws
from sim.kit.arrays import FloatArray
from sim.kit.draws import derived, exponential, hash64, normal, uniform, words_of, words_range
from tests.statistics import assert_mean, assert_rate

AGENTS = words_of([f"agent {i}" for i in range(5)])
# Each family of tests below is read at this level: at a fixed stream, a sound generator fails one in a million.
LEVEL = 1e-6


def few(seed: int = 0, purpose: str = "lottery") -> FloatArray:
    return uniform(seed, purpose, words_range(40), words_range(50), AGENTS)


@pytest.mark.parametrize("seed", [0, 1, 2, 2**32, 2**63])
@pytest.mark.parametrize("purpose", ["lottery", "reserve"])
def test_draws_are_uniform(seed: int, purpose: str) -> None:
    assert stats.kstest(few(seed, purpose).ravel(), "uniform").pvalue > LEVEL


def test_derived_draws_are_uniform_and_independent_of_those_they_come_from_and_of_each_other() -> None:
    lottery = few()
    one, other = derived(lottery, "inspection"), derived(lottery, "audit")
    for drawn in (one, other):
        assert stats.kstest(drawn.ravel(), "uniform").pvalue > LEVEL
        high = drawn[lottery > 0.9]  # of those that won a lottery
        assert stats.kstest(high, "uniform").pvalue > LEVEL
        assert_mean(correlation(lottery, drawn), 0.0)
    assert_mean(correlation(one, other), 0.0)
    assert derived(lottery[3, 4, 1], "inspection") == one[3, 4, 1]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_draws_are_uniform_along_each_identity(axis: int) -> None:
    lines = np.moveaxis(few(), axis, 0)
    assert min(stats.kstest(line.ravel(), "uniform").pvalue for line in lines) > LEVEL


def test_draws_of_consecutive_numbers_fill_the_unit_cube_evenly() -> None:
    cells = np.floor(8 * uniform(0, "cube", words_range(40_000), words_range(3))).astype(int)
    counts = np.bincount(cells @ [64, 8, 1], minlength=512)
    assert stats.chisquare(counts).pvalue > LEVEL


def correlation(x: FloatArray, y: FloatArray) -> FloatArray:
    """Product of two standardised uniforms: mean 0 where they are independent."""
    return (12.0 * (x - 0.5) * (y - 0.5)).ravel()


@pytest.mark.parametrize(("i", "j"), list(combinations(range(5), 2)))
def test_agents_are_uncorrelated(i: int, j: int) -> None:
    assert_mean(correlation(few()[..., i], few()[..., j]), 0.0)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("lag", [1, 2, 7])
def test_neighbouring_numbers_are_uncorrelated(axis: int, lag: int) -> None:
    lines = np.moveaxis(few(), axis, 0)
    assert_mean(correlation(lines[:-lag], lines[lag:]), 0.0)


def test_seeds_and_purposes_are_uncorrelated() -> None:
    for other in (few(seed=1), few(seed=2), few(purpose="reserve"), few(purpose="lottery 2")):
        assert_mean(correlation(few(), other), 0.0)


@pytest.mark.parametrize("other", [few(seed=1), few(seed=2**40), few(purpose="reserve")], ids=["1", "2^40", "reserve"])
def test_another_seed_or_purpose_shares_no_draw(other: FloatArray) -> None:
    assert not np.isin(other, few()).any()


def test_draws_are_all_different() -> None:
    assert np.unique(few()).size == few().size


def test_the_same_words_in_another_order_of_axes_are_other_draws() -> None:
    assert not np.isin(uniform(0, "x", words_range(30), AGENTS), uniform(0, "x", AGENTS, words_range(30))).any()


def test_a_deeper_identity_is_not_its_parents_draw() -> None:
    assert not np.isin(uniform(0, "x", words_range(50), words_range(50)), uniform(0, "x", words_range(50))).any()


@pytest.mark.parametrize("draw", [uniform, normal, exponential])
def test_adding_identities_changes_no_other_draw(draw) -> None:
    small = draw(3, "outcome", words_range(4), words_of(["opus", "mini"]))
    large = draw(3, "outcome", words_range(9), words_of(["gpt", "mini", "sonnet", "opus"]))
    np.testing.assert_array_equal(large[:4][:, [3, 1]], small)


def test_a_chunk_of_replications_gives_the_draws_of_the_whole() -> None:
    whole = uniform(3, "outcome", words_range(10), AGENTS)
    np.testing.assert_array_equal(uniform(3, "outcome", words_range(10)[4:7], AGENTS), whole[4:7])


def test_each_identity_adds_one_axis() -> None:
    assert uniform(0, "x", words_range(2), words_range(3), words_range(4)).shape == (2, 3, 4)
    assert uniform(0, "x", words_range(2), words_range(0)).shape == (2, 0)


@pytest.mark.parametrize("word", [0, 1, 2**63, 2**64 - 1])
def test_draws_lie_strictly_inside_the_unit_interval(word: int) -> None:
    many = uniform(0, "edge", np.array([word], np.uint64), words_range(20_000))
    assert many.min() > 0.0
    assert many.max() < 1.0
    assert np.isfinite(normal(0, "edge", words_range(20_000))).all()
    assert exponential(0, "edge", words_range(20_000)).min() > 0.0


@pytest.mark.parametrize("bits", [0, 2**64 - 1])
def test_extreme_bits_still_give_an_open_interval(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    monkeypatch.setattr(sim.kit.draws, "_mix", lambda z, spare: z.fill(bits))
    assert 0.0 < uniform(0, "edge", words_range(1))[0] < 1.0
    assert np.isfinite(normal(0, "edge", words_range(1))).all()
    assert exponential(0, "edge", words_range(1))[0] > 0.0


def test_normal_draws_are_standard_normal() -> None:
    z = normal(0, "skill", words_range(20_000))
    assert stats.kstest(z, "norm").pvalue > LEVEL
    assert_mean(z**2, 1.0)


def test_exponential_draws_have_mean_one() -> None:
    e = exponential(0, "duration", words_range(20_000))
    assert stats.kstest(e, "expon").pvalue > LEVEL
    assert_rate(e > 1.0, np.exp(-1.0))


def test_hash_is_the_same_in_every_process_and_release() -> None:
    assert hash64("lottery") == 0x85FA24E06B013BA3
    assert words_of(["lottery", "b"])[0] == hash64("lottery")


def scalar_uniform(seed: int, purpose: str, *words: int) -> float:
    """The definition in Python integers."""
    wrap, gamma = 2**64 - 1, 0x9E3779B97F4A7C15

    def mix(z: int) -> int:
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & wrap
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & wrap
        return z ^ (z >> 31)

    key = mix((hash64(purpose) + gamma * (seed + 1)) & wrap)
    for word in words:
        key = mix((key + gamma * (word + 1)) & wrap)
    return ((mix((key + gamma) & wrap) >> 12) + 0.5) / 2.0**52


@pytest.mark.parametrize("seed", [0, 7, 2**63])
def test_draws_are_splitmix64_of_the_identities(seed: int) -> None:
    drawn = uniform(seed, "lottery", words_range(3), words_of(["a", "b"]))
    for i, name in np.ndindex(3, 2):
        assert drawn[i, name] == scalar_uniform(seed, "lottery", i, hash64("ab"[name]))


@pytest.mark.slow
def test_compiled_draws_are_kept_in_files_that_stand_alone(tmp_path: Path) -> None:
    """The code of a gufunc is kept in two files; two processes that made one at a time left halves that crash."""
    pytest.importorskip("numba")
    code = "from sim.kit import draws; draws.uniform(1, 'x', draws.words_range(300), draws.words_range(300))"
    cache = {"NUMBA_CACHE_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", code], check=True, env=cache, cwd=Path(__file__).parents[2])
    names = [path.name for path in tmp_path.rglob("*.nbi")]
    assert any(name.startswith("scalar_functions.uniforms") for name in names), "what is kept is of the file it calls"
    assert not any(name.startswith("guf-") for name in names)
