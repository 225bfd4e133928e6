"""The random-reserve auction in closed form: each agent alone against a posted price R ~ Uniform[L, M].

Index convention: arrays are (R, T, n) as in `arm.py`, or anything that broadcasts. b ask, c cost_belief, p belief,
y success, k penalty; s = max(b, L). Hired iff b <= R; paid R on success and -k on failure. For b < M

    P(hired)   q = (M - s) / (M - L)                     E[R 1(hired)] = r = (M^2 - s^2) / (2 (M - L))
    expected   p r - (c + k (1 - p)) q                   = p E(R - b)+ where b is the break-even (c + k (1 - p)) / p
    published  y (r - b q)                               cash  y r - (cost + k (1 - y)) q
    oracle     y E(R - c)+

    cash - published = wrong probability + wrong cost
    wrong probability  q {(y / p - 1)(c + k)},  computed as q {y (b + k) - (c + k)}
    wrong cost        -q (cost - c)

The identity holds row by row and for every ask: by the second form p is the probability at which b breaks even,
(c + k) / (b + k), which is the claim of an agent that asks truthfully. Source: [MB].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.arm import ArmData
from analysis.inference import Estimate, ratio
from sim.kit.arrays import FloatArray

QUANTITIES = ("hired", "expected", "published", "cash", "oracle", "wrong_probability", "wrong_cost")


@dataclass(frozen=True, eq=False)
class Offer:
    """What decides one opportunity but the reserve, all (...): ask, belief, cost_belief, success, cost, penalty."""

    ask: FloatArray
    belief: FloatArray
    cost_belief: FloatArray
    success: FloatArray
    cost: FloatArray
    penalty: FloatArray


def closed_forms(offer: Offer, low: float, high: float) -> dict[str, FloatArray]:
    """The QUANTITIES of one opportunity in expectation over the reserve, (...): a probability, then dollars.

    ask inf or NaN: never bids. Raises ValueError unless low < high.

    >>> half = np.array(0.5)
    >>> one = Offer(half, np.array(0.8), np.array(0.4), np.array(1.0), np.array(0.3), np.array(0.0))
    >>> {name: round(float(x), 4) for name, x in closed_forms(one, 0.0, 1.0).items()}["published"]
    0.125
    """
    if not low < high:
        raise ValueError(f"reserve bounds must satisfy low < high; got {low} and {high}")
    start = np.clip(np.nan_to_num(offer.ask, nan=high, posinf=high), low, high)
    chance = (high - start) / (high - low)
    pay = (high**2 - start**2) / (2 * (high - low))
    return _parts(offer, chance, pay) | {"oracle": offer.success * _call(offer.cost_belief, low, high)}


def drawn(arm: ArmData) -> dict[str, FloatArray]:
    """The QUANTITIES (R, T, n) as they came out under the reserves drawn in the World, 0 where absent."""
    reserve, here = arm.per_agent(arm.reserve), arm.present
    hired = arm.hired.astype(np.float64)
    parts = _parts(offer(arm), hired, hired * reserve) | {
        "expected": arm.expected,
        "published": arm.published,
        "cash": arm.payment - arm.cost,
        "oracle": arm.success * np.maximum(0.0, reserve - arm.cost_belief),
    }
    return {name: np.where(here, parts[name], 0.0) for name in QUANTITIES}


def applies(arm: ArmData) -> bool:
    """The arm is this auction: alone, posted price, uniform reserve, one posting, and its rows obey the rule.

    Late or busy bidders, verification errors and lost attempts make it another auction, without a closed form here.
    """
    bounds = arm.reserve_bounds
    if (
        arm.world.live
        or not arm.alone
        or arm.mechanism != "posted_price"
        or arm.reposted
        or bounds is None
        or bounds[0] >= bounds[1]
    ):
        return False
    hired, reserve = arm.hired, arm.reserve
    promised = np.where(arm.success, reserve, -arm.penalty)
    return bool(
        np.array_equal(hired & arm.present, (arm.ask <= reserve) & arm.present)
        and (arm.attempts <= 1).all()
        and np.array_equal(arm.payment[hired], promised[hired])
        and np.array_equal(arm.cost[hired], arm.world.cost[..., 0][hired])
    )


def compare(arm: ArmData) -> dict[str, tuple[Estimate, Estimate, FloatArray]]:
    """For each of QUANTITIES, (n,) each: the closed form, the drawn estimate, z = (drawn - closed) / se_mc.

    The se_mc in z is of the difference, which in a synthetic world varies less than the drawn estimate alone.
    """
    if not applies(arm) or arm.reserve_bounds is None:
        raise ValueError(f"arm {arm.name!r} is no random-reserve auction with agents alone")
    by, here = arm.by, arm.present
    exact = {k: np.where(here, x, 0.0) for k, x in closed_forms(offer(arm), *arm.reserve_bounds).items()}
    came = drawn(arm)
    table = {}
    for name in QUANTITIES:
        gap = ratio(came[name] - exact[name], here, by)
        noise = gap.se_mc > 1e-12 * np.maximum(1.0, np.abs(gap.value))  # below it there is rounding and no draw
        z = np.divide(gap.value, gap.se_mc, out=np.full(gap.value.shape, np.nan), where=noise)
        table[name] = (ratio(exact[name], here, by), ratio(came[name], here, by), z)
    return table


def offer(arm: ArmData) -> Offer:
    """What decides each opportunity of an arm but the reserve, (R, T, n)."""
    penalty = np.broadcast_to(arm.per_agent(arm.penalty), arm.present.shape)
    cost = arm.world.cost[..., 0]
    return Offer(arm.ask, arm.belief, arm.cost_belief, arm.success.astype(np.float64), cost, penalty)


def _parts(offer: Offer, chance: FloatArray, pay: FloatArray) -> dict[str, FloatArray]:
    """All but the oracle, from P(hired) and E[R 1(hired)]; 0 where never hired, also where the ask is NaN or inf."""
    y, c, k = offer.success, offer.cost_belief, offer.penalty
    ask = np.where(np.isfinite(offer.ask), offer.ask, 0.0)
    expected = offer.belief * pay - (c + k * (1 - offer.belief)) * chance
    published = y * (pay - ask * chance)
    cash = y * pay - (offer.cost + k * (1 - y)) * chance
    wrong_probability = chance * (y * (ask + k) - (c + k))
    values: dict[str, ArrayLike] = {
        "hired": chance,
        "expected": expected,
        "published": published,
        "cash": cash,
        "wrong_probability": wrong_probability,
        "wrong_cost": -chance * (offer.cost - c),
    }
    return {name: np.where(chance > 0, value, 0.0) for name, value in values.items()}


def _call(strike: FloatArray, low: float, high: float) -> FloatArray:
    """E max(0, R - strike) for R ~ Uniform[low, high]."""
    start = np.clip(strike, low, high)
    return np.asarray(((high - strike) ** 2 - (start - strike) ** 2) / (2 * (high - low)) * (strike < high))
