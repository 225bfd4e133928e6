"""Parts of the Brier score: the identity, brute-force isotonic fits, what each part sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.calibration import brier
from analysis.corp import brier_parts

cells = st.lists(st.tuples(st.integers(0, 10), st.booleans(), st.integers(1, 4)), min_size=1, max_size=25)


def arrays(sample):
    p, y, w = zip(*sample, strict=True)
    return np.array(p) / 10, np.array(y), 1 / np.array(w)


def isotonic(p, y, w):
    """max over starts at or below of min over ends at or above of the mean between: the fit, at each claim."""
    level = np.unique(p)

    def mean(low, high):
        between = (p >= low) & (p <= high)
        return np.average(y[between], weights=w[between])

    fit = {x: max(min(mean(a, b) for b in level if b >= x) for a in level if a <= x) for x in level}
    return np.array([fit[x] for x in p])


@given(cells)
def test_parts_from_their_definitions(sample):
    p, y, w = arrays(sample)
    c, rate = isotonic(p, y, w), np.average(y, weights=w)
    reliability, resolution, uncertainty = brier_parts(p, y, w)
    assert uncertainty == pytest.approx(rate * (1 - rate), abs=1e-12)
    assert resolution == pytest.approx(np.average((c - rate) ** 2, weights=w), abs=1e-12)
    saved = np.average((p - y) ** 2 - (c - y) ** 2, weights=w)
    assert reliability == pytest.approx(saved, abs=1e-12)
    assert abs(brier(p, y, w) - (reliability - resolution + uncertainty)) < 1e-12
    assert reliability > -1e-12


@given(cells)
def test_a_trial_written_twice_at_half_the_weight(sample):
    p, y, w = arrays(sample)
    twice = brier_parts(np.tile(p, 2), np.tile(y, 2), np.tile(w / 2, 2))
    assert twice == pytest.approx(brier_parts(p, y, w), abs=1e-12)


def test_recalibrated_claims_are_reliable_and_know_as_much():
    stream = np.random.default_rng(1)
    p = stream.integers(0, 21, 93) / 20
    y = stream.random(93) < 0.3 + 0.6 * p**2
    before = brier_parts(p, y)
    after = brier_parts(isotonic(p, y, np.ones(93)), y)
    assert after == pytest.approx((0.0, before.resolution, before.uncertainty), abs=1e-12)
    assert brier_parts(p / 2, y).resolution == pytest.approx(before.resolution)
    assert before.reliability > 0.005


def test_constant_and_perfect_claims():
    y = np.array([True, True, True, False])
    assert brier_parts(np.full(4, 0.5), y) == pytest.approx((0.0625, 0.0, 0.1875))
    assert brier_parts(y * 1.0, y) == pytest.approx((0.0, 0.1875, 0.1875))
    assert brier_parts(1.0 - y, y) == pytest.approx((1 - 0.1875, 0.0, 0.1875))


def test_undefined_and_refused():
    assert np.isnan(brier_parts([np.nan], [True])).all()
    assert np.isnan(brier_parts([0.5], [True], [0.0])).all()
    with pytest.raises(ValueError, match="one shape"):
        brier_parts([0.5], [True, False])
    with pytest.raises(ValueError, match="weight must be finite"):
        brier_parts([0.5], [True], [-1.0])
