"""Choice of lies, intervals and verdicts on arrays made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import t as student

from sim.auditing.choice import Chooser, estimate, nothing
from sim.auditing.lies import Grid, Lies
from sim.auditing.verdict import holm, verdicts
from tests.scenes import chance


def chosen(gains: np.ndarray):  # type: ignore[no-untyped-def, type-arg]
    """The choice among candidates gains (K, N, R); candidate k asks k and claims k / 10."""
    k, n, draws = gains.shape
    chooser = Chooser(n, draws)
    for part in (slice(0, 1), slice(1, n)):  # types may come in several blocks
        size = len(range(n)[part])
        chooser.add(part, list(gains[:, part]), [Lies(np.full(size, j), np.full(size, j / 10)) for j in range(k)])
    return chooser.choice()


def test_each_half_is_evaluated_by_the_choice_of_the_other() -> None:
    gains = chance("choice", 4, 6, 10, low=-1.0)
    found = chosen(gains)
    low, high = np.zeros((6, 10)), np.zeros((6, 10))
    for t in range(6):
        for draw in range(10):
            other = gains[:, t, 1 - draw % 2 :: 2].mean(axis=1)
            low[t, draw] = gains[other.argmax(), t, draw] if other.max() > 0 else 0.0
            means = gains[:, t].mean(axis=1)
            high[t, draw] = gains[means.argmax(), t, draw] if means.max() > 0 else 0.0
    assert found.low.mean == pytest.approx(low.mean())
    assert found.high.mean == pytest.approx(high.mean())
    np.testing.assert_allclose(found.per_type, high.mean(axis=1))
    for end, d in ((found.low, low), (found.high, high)):
        two_way = d.mean(axis=1).var(ddof=1) / 6 + d.mean(axis=0).var(ddof=1) / 10
        assert end.se == pytest.approx(np.sqrt(two_way))
    assert found.most == gains.max()
    for end, d in ((found.low, low), (found.high, high)):
        a, b = d.mean(axis=1).var(ddof=1) / 6, d.mean(axis=0).var(ddof=1) / 10
        assert end.degrees == pytest.approx((a + b) ** 2 / (a**2 / 5 + b**2 / 9))
    assert found.interval == (
        pytest.approx(found.low.mean - student.ppf(0.975, found.low.degrees) * found.low.se),
        pytest.approx(found.high.mean + student.ppf(0.975, found.high.degrees) * found.high.se),
    )


def test_where_no_lie_pays_the_truth_is_chosen_and_gains_exactly_nothing() -> None:
    gains = -chance("choice", 3, 4, 10)
    gains[0] = 1e-17  # what rounding makes of nothing
    found = chosen(gains)
    assert found.interval == (0.0, 0.0)
    assert np.isnan(found.lies.share).all()
    assert (found.per_type == 0).all()
    assert nothing(4).interval == (0.0, 0.0)


def test_of_equal_lies_the_first_is_chosen() -> None:
    found = chosen(np.repeat(chance("choice", 1, 4, 10, low=0.1), 3, axis=0))
    assert (found.lies.share == 0).all()


def test_estimate_of_rounding_is_nothing() -> None:
    assert estimate(np.array([1e-16, -1e-17]), np.array([1e-16, 0.0])) == (0.0, 0.0, np.inf)


@pytest.mark.parametrize(("types", "draws"), [(5, 200), (30, 7), (8, 9)])
def test_intervals_of_few_types_or_draws_cover(types: int, draws: int) -> None:
    """D = type effect + draw effect, both normal: 95 +- 2 % of 4,000 intervals hold their mean; of 1.96 se, fewer."""
    effect, luck = (
        ndtri(chance(f"cover {types} {draws} {name}", 4000, size)) for name, size in (("t", types), ("w", draws))
    )
    covered, narrow = [], []
    for t, w in zip(effect, luck, strict=True):
        found = estimate(0.3 + t + w.mean(), 0.3 + t.mean() + w)
        covered.append(abs(found.mean - 0.3) <= found.half_width)
        narrow.append(abs(found.mean - 0.3) <= 1.96 * found.se)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)
    assert np.mean(narrow) < np.mean(covered) - 0.01


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_the_step_down_procedure(p_values: list[float]) -> None:
    """Rejects at .05 exactly those that stepping down from the smallest rejects."""
    left, rejected = sorted(range(len(p_values)), key=lambda i: p_values[i]), set()
    for place, i in enumerate(left):
        if p_values[i] * (len(left) - place) > 0.05:
            break
        rejected.add(i)
    assert {i for i, p in enumerate(holm(p_values)) if p <= 0.05} == rejected


def test_verdicts() -> None:
    from sim.auditing.choice import Choice, Estimate

    def of(low: float, high: float, se: float) -> Choice:
        lies = Lies(np.zeros(1), np.zeros(1))
        return Choice(Estimate(low, se), Estimate(high, se), np.zeros(1), lies, 0.0)

    listed = [of(0.05, 0.05, 0.002), of(0.0, 0.0, 0.0), of(0.0005, 0.001, 0.001), of(0.0001, 0.0001, 0.0)]
    assert verdicts(listed, [0.001] * 4) == ["refuted", "consistent", "undecided", "refuted"]
    alone, many = of(0.0042, 0.0042, 0.002), of(0.0, 0.01, 0.01)
    assert verdicts([alone], [0.001]) == ["refuted"]
    assert verdicts([alone, *[many] * 9], [0.001] * 10)[0] == "undecided"


def test_grid() -> None:
    grid = Grid()
    assert (len(grid.asks), len(grid.claims), len(grid.joint().share)) == (41, 51, 41 * 51)
    assert (grid.asks[[0, 1, -1]] == [0.0, 0.025, 1.0]).all()
    assert (grid.claims[[0, 1, -1]] == [0.0, 0.02, 1.0]).all()
    assert np.isnan(grid.ask_only().claim).all()
    assert np.isnan(grid.claim_only().share).all()
    near = grid.around(np.array([0.0, 0.5]))
    assert near.shape == (2, 19)
    assert near.min() == 0.0
    assert np.diff(near[1]) == pytest.approx(np.full(18, 0.0025))
    assert "41 asks" in str(grid)
