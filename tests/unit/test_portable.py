"""The portable functions: as near the true value as they say, the same bits everywhere, and right at the ends."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal, localcontext
from hashlib import sha256

import numpy as np
import pytest
from scipy import special

from sim.kit import portable

RANDOM = np.random.default_rng(5)
ENDS = np.array([0.0, -0.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan, 5e-324, 1e-310, -745.2, -740.0, 709.78, 709.79])
WIDE = np.concatenate([RANDOM.uniform(-700.0, 700.0, 400), RANDOM.normal(0.0, 2.0, 400)])
SHARES = np.concatenate([RANDOM.random(400), 0.5 + RANDOM.normal(0.0, 0.03, 400), 10.0 ** -RANDOM.uniform(0, 300, 200)])

Exact = Callable[[Decimal], Decimal]
EXACT: dict[str, tuple[Exact, np.ndarray, float]] = {
    "exp": (lambda x: x.exp(), WIDE, 1.0),
    "log": (lambda x: x.ln(), np.exp(WIDE), 1.0),
    "expit": (lambda x: 1 / (1 + (-x).exp()), WIDE, 2.0),
    "logit": (lambda p: (p / (1 - p)).ln(), SHARES, 4.0),
}


@pytest.mark.parametrize("name", EXACT)
def test_error_in_units_in_the_last_place(name: str) -> None:
    exact, points, most = EXACT[name]
    found = getattr(portable, name)(points)
    with localcontext() as context:
        context.prec = 60
        for x, y in zip(points.tolist(), found.tolist(), strict=True):
            true = exact(Decimal(x))
            assert abs(Decimal(y) - true) <= Decimal(most) * Decimal(math.ulp(float(true))), (name, x, y)


def test_normal_quantile() -> None:
    found = portable.ndtri(SHARES)
    np.testing.assert_allclose(found, special.ndtri(SHARES), rtol=2e-15, atol=1e-16)
    exact = SHARES[np.abs(SHARES - 0.5) < 0.4]  # where 1 - p loses nothing that shows
    np.testing.assert_allclose(portable.ndtri(1.0 - exact), -portable.ndtri(exact), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ["exp", "log", "expit", "logit", "ndtri"])
def test_ends(name: str) -> None:
    with np.errstate(all="ignore"):
        expected = getattr(np if name in ("exp", "log") else special, name)(ENDS)
    found = getattr(portable, name)(ENDS)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-320)  # expit of the library is 0 already


PINNED = "811a249cc9a39445"


def test_same_bits_everywhere() -> None:
    """Pinned: whatever processor and library this runs on."""
    grid = (np.arange(200_000) + 0.5) / 200_000
    parts = [portable.exp(200 * grid - 100), portable.log(grid), portable.expit(80 * grid - 40)]
    parts += [portable.logit(grid), portable.ndtri(grid), portable.power(grid, 7)]
    digest = sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest()
    assert digest[:16] == PINNED


def test_python_alone_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.kit import scalar_functions
    from sim.kit.compiled_functions import over_arrays

    for name, function in (scalar_functions.BY_NAME | scalar_functions.PARTS).items():
        points = WIDE[:200] if name in ("exp", "expit") else SHARES[:200]
        with np.errstate(all="ignore"):
            found = [float(function(np.float64(x))) for x in points]
        assert found == over_arrays(name)(points).tolist()


def test_few_numbers_load_no_numba_and_are_the_same() -> None:
    few = "[portable.exp([0.3, -2]), portable.log([0.3]), portable.logit([0.2]), portable.ndtri([[0.01], [0.7]])]"
    code = f"import sys; from sim.kit import portable; print('numba' in sys.modules, [x.tolist() for x in {few}])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == f"False {[x.tolist() for x in eval(few)]}\n"


def test_whole_powers() -> None:
    x = np.array([0.3, 1.7])
    for n in range(9):
        np.testing.assert_allclose(portable.power(x, n), x**n, rtol=1e-15)
