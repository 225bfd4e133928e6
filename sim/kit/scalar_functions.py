"""exp, log, logit, expit and the normal quantile of one number, in operations that IEEE 754 rounds exactly; draws.

But for the quantile, which is long, there is no branch: only a choice between numbers that are there already, so that a
loop over many takes several at once.

numba compiles them, into arrays' loops and into compiled markets (sim/kit/compiled_functions.py). Python runs this text
where few numbers are asked for, since numba is slow to load, and where it is not installed. sim/kit/portable.py has the
same of arrays. Sources: reduction of the arguments and coefficients of exp and log [Fdlibm]; the normal quantile
[Wichura1988].
"""

from __future__ import annotations

from typing import Any

import numpy as np

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LOG2_E = 1.44269504088896338700
_SQRT_HALF = 0.70710678118654752440
_LEAST_NORMAL, _SCALE = 2.0**-1022, 2.0**54
_MANTISSA, _ONE = (1 << 52) - 1, 1023 << 52  # bits


def power_of_two(n: int) -> float:
    """2^n, for n from -1022 to 1023."""
    return np.int64((n + 1023) << 52).view(np.float64)


def exp(x: float) -> float:
    """e^x."""
    if x != x:
        return x
    if x > 709.782712893384:
        return np.inf
    if x < -745.1332191019412:
        return 0.0
    n = np.rint(x * _LOG2_E)
    high, low = x - n * _LN2_HIGH, n * _LN2_LOW
    r = high - low
    t = r * r
    c = 4.13813679705723846039e-08
    c = -1.65339022054652515390e-06 + t * c
    c = 6.61375632143793436117e-05 + t * c
    c = -2.77777777770155933842e-03 + t * c
    c = 1.66666666666666019037e-01 + t * c
    c = r - t * c
    y = 1.0 - ((low - r * c / (2.0 - c)) - high)
    half = np.int64(n) // 2  # two steps: a result below the normal range is rounded once
    return y * power_of_two(half) * power_of_two(np.int64(n) - half)


def series(z: float) -> float:
    """2 (atanh(s) - s) / s, from z = s^2."""
    p = 1.479819860511658591e-01
    p = 1.531383769920937332e-01 + z * p
    p = 1.818357216161805012e-01 + z * p
    p = 2.222219843214978396e-01 + z * p
    p = 2.857142874366239149e-01 + z * p
    p = 3.999999999940941908e-01 + z * p
    p = 6.666666666666735130e-01 + z * p
    return z * p


def finite_log(x: float) -> float:
    """The natural logarithm of a finite number above 0."""
    small = x < _LEAST_NORMAL
    bits = np.float64(x * _SCALE if small else x).view(np.int64)
    k = (bits >> 52) - (1077 if small else 1023)
    m = np.int64((bits & _MANTISSA) | _ONE).view(np.float64)
    over = m > 2.0 * _SQRT_HALF
    f = (0.5 * m if over else m) - 1.0
    e = float(k + 1 if over else k)
    s = f / (2.0 + f)
    half = 0.5 * f * f
    return e * _LN2_HIGH + (f + (s * (half + series(s * s)) - half + e * _LN2_LOW))


def log(x: float) -> float:
    """The natural logarithm; NaN below 0."""
    found = x if x == np.inf else finite_log(x)
    found = -np.inf if x == 0.0 else found
    return found if x >= 0.0 else np.nan


def expit(x: float) -> float:
    """1 / (1 + e^-x)."""
    e = exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


def logit(p: float) -> float:
    """log(p / (1 - p)); NaN outside [0, 1]."""
    s = 2.0 * (p - 0.5)
    near = 2.0 * s + s * series(s * s)
    far = finite_log(p / (1.0 - p))
    found = near if abs(s) <= 0.17 else far
    found = -np.inf if p == 0.0 else found
    found = np.inf if p == 1.0 else found
    return found if (p >= 0.0) & (p <= 1.0) else np.nan


def horner(x: float, a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float) -> float:
    """a x^7 + b x^6 + ... + h."""
    return ((((((a * x + b) * x + c) * x + d) * x + e) * x + f) * x + g) * x + h


def middle(p: float) -> float:
    """The quantile of p from .075 to .925."""
    q = p - 0.5
    r = 0.180625 - q * q
    a = horner(
        r,
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080e0,
    )
    b = horner(
        r,
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    )
    return q * a / b


def depth(p: float) -> float:
    """sqrt(-log q), q the distance of p to the nearer of 0 and 1."""
    return np.sqrt(-finite_log(p if p < 0.5 else 1.0 - p))


def near_tail(p: float) -> float:
    """The quantile of p outside the middle, but not within 1.4e-11 of 0 or 1."""
    r = depth(p) - 1.6
    a = horner(
        r,
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    )
    b = horner(
        r,
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    )
    return -a / b if p < 0.5 else a / b


def far_tail(p: float) -> float:
    """The quantile of p beyond the near tail."""
    r = depth(p) - 5.0
    a = horner(
        r,
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e0,
        5.46378491116411436990e0,
        6.65790464350110377720e0,
    )
    b = horner(
        r,
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    )
    return -a / b if p < 0.5 else a / b


def ndtri(p: float) -> float:
    """The standard normal quantile of p; NaN outside [0, 1]."""
    if abs(p - 0.5) <= 0.425:
        return middle(p)
    if not (p > 0.0 and p < 1.0):
        return -np.inf if p == 0.0 else np.inf if p == 1.0 else np.nan
    return near_tail(p) if depth(p) <= 5.0 else far_tail(p)


def mix(z: int) -> int:
    """As sim/kit/draws.py has it."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(key: int) -> float:
    """As sim/kit/draws.py has it."""
    bits = (mix(key + np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(12)) | np.uint64(0x3FF << 52)
    return np.int64(bits).view(np.float64) - (1.0 - 2.0**-53)


def next_keys(keys: Any, steps: Any, made: Any) -> None:
    """Fill made (m, s, r) with the keys that keys (m, r) and steps (s,) give."""
    for m in range(len(keys)):
        for s in range(len(steps)):
            for r in range(keys.shape[1]):
                made[m, s, r] = mix(keys[m, r] + steps[s])


def uniforms(keys: Any, steps: Any, made: Any) -> None:
    """Fill made (m, s, r) with the draws of these keys."""
    for m in range(len(keys)):
        for s in range(len(steps)):
            for r in range(keys.shape[1]):
                made[m, s, r] = uniform(mix(keys[m, r] + steps[s]))


BY_NAME = {"exp": exp, "log": log, "expit": expit, "logit": logit, "ndtri": ndtri}
PARTS = {"middle": middle, "near_tail": near_tail}  # of the normal quantile
