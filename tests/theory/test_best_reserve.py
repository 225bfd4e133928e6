"""Best reserves: closed forms for uniform costs, and profit = E[best virtual surplus]+ under every law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from sim.kit.arrays import FloatArray
from sim.kit.parameters import build
from sim.mechanisms import lookup
from sim.mechanisms.virtual import CostLaw
from sim.specs.reserve_price import parse_reserve
from tests import reference
from tests.scenes import chance, scene, scene_of, truthful
from tests.statistics import assert_mean

SIZE = 100_000
LAWS = pytest.mark.parametrize(
    ("low", "high", "shape"), [(0.0, 1.0, 1.0), (0.2, 0.9, 1.0), (0.0, 1.0, 2.0), (0.1, 1.5, 0.5)]
)


def profit_of(n: int, value: float) -> float:
    """Closed form of the profit from n costs iid U[0, 1] at the reserve V / 2."""
    r = value / 2
    return value * (1 - (1 - r) ** n) - 2 / (n + 1) * (1 - (1 - r) ** n * (1 + n * r))


@pytest.mark.parametrize(("n", "stated"), [(1, 0.25), (2, 0.4167), (5, 0.6719)])
def test_profit_from_uniform_costs(n: int, stated: float) -> None:
    assert profit_of(n, 1.0) == pytest.approx(stated, abs=5e-5)
    award = scene(chance("best reserve/b", SIZE, n), 1.0).award(lookup("best_reserve")())
    assert_mean(np.where(award.hired, 1.0 - award.pay_success, 0.0).sum(axis=-1), profit_of(n, 1.0))


def drawn(law: CostLaw, n: int) -> FloatArray:
    """Costs of the law, by its inverse distribution function."""
    return law.low + (law.high - law.low) * chance("best reserve/law", SIZE, n) ** (1.0 / law.shape)


@LAWS
@pytest.mark.parametrize("value", [0.4, 1.0])
def test_profit_is_the_best_virtual_surplus(low: float, high: float, shape: float, value: float) -> None:
    """In expectation, draw by draw of the costs: the identity behind the rule."""
    law, n = CostLaw(low, high, shape), 3
    costs = drawn(law, n)
    rule = lookup("best_reserve")(low=low, high=high, shape=shape)
    award = scene(costs, 1.0, value=value, reserve=5.0).award(rule)
    profit = np.where(award.hired, value - award.pay_success, 0.0).sum(axis=-1)
    virtual = np.array([reference.virtual_cost(c, low, high, shape) for c in costs.min(axis=-1)[:20_000]])
    assert_mean(profit[:20_000] - np.maximum(0.0, value - virtual), 0.0)


@LAWS
def test_critical_cost_inverts_the_virtual_cost(low: float, high: float, shape: float) -> None:
    law = CostLaw(low, high, shape)
    inside = low + (high - low) * np.linspace(0.0, 1.0, 11)
    np.testing.assert_allclose(law.critical(law.virtual(inside)), inside, rtol=1e-14)
    below = np.linspace(0.0, low, 5)
    np.testing.assert_array_equal(law.virtual(below), below)
    assert np.isinf(law.virtual(np.array(high * 1.001)))
    assert law.critical(np.array(1e9)) == high


def public_surplus() -> float:
    """E[max_i (p_i - u_i)]+ for three p ~ U[.3, 1], u ~ U[0, 1]: 1 - F(x) is E[(p - x)+]."""

    def beyond(x: float) -> float:
        return 0.65 - x if x < 0.3 else (1.0 - x) ** 2 / 1.4

    return float(quad(lambda x: 1.0 - (1.0 - beyond(x)) ** 3, 0.0, 1.0, points=[0.3])[0])


def test_profit_where_the_probability_is_public() -> None:
    """.4571 against .4001 of second score, which hires for welfare."""
    assert public_surplus() == pytest.approx(0.4570, abs=2e-4)
    p, c = chance("public/p", SIZE, 3, low=0.3), chance("public/c", SIZE, 3, high=0.5)
    award = scene(c, p).award(lookup("best_reserve_public")(high=0.5))
    best = np.where(award.hired, p - award.pay_success, 0.0).sum(axis=-1)
    assert_mean(best, public_surplus())
    np.testing.assert_array_equal(award.pay_success, award.pay_failure)
    honest = truthful(lookup("second_score")(score="q(V-a)"), scene(c, p), p, c, p > 0)
    second = honest.award(lookup("second_score")(score="q(V-a)"))
    assert_mean(np.where(second.hired, p * (1.0 - second.pay_success), 0.0).sum(axis=-1), 0.4001, expected_se=2e-4)
    assert best.mean() > 0.45


@pytest.mark.parametrize(
    ("name", "settings"),
    [("best_reserve", {}), ("best_reserve", {"low": 0.1, "shape": 2.0}), ("best_reserve_public", {"shape": 0.5})],
)
def test_pays_the_largest_ask_that_still_wins(name: str, settings: dict[str, float]) -> None:
    asks, claims = chance("largest/ask", 40, 3, high=0.7), chance("largest/claim", 40, 3, low=0.3)
    for row in range(40):
        agents = [reference.Agent(float(a), float(q)) for a, q in zip(asks[row], claims[row], strict=True)]
        task = reference.Task(1.0, 0.8)
        award = scene_of(agents, task).award(lookup(name)(**settings))
        for who in np.flatnonzero(award.hired).tolist():
            by_trial = reference.largest_winning_ask(
                lambda a, t: getattr(reference, name)(a, t, **settings), agents, task, who
            )
            assert award.pay_success[who] == pytest.approx(by_trial, abs=1e-9)


POLICIES = {
    "uniform": ({"uniform": [0.0, 1.0]}, lambda b: b),
    "uniform, from a": ({"uniform": [0.25, 0.75]}, lambda b: min(1.0, max(0.0, 2.0 * b - 0.5))),
    "power": ({"power": {"high": 1.0, "shape": 3.0}}, lambda b: b**3),
    "exponential": ({"exponential": 0.5}, lambda b: 1.0 - np.exp(-2.0 * b)),
}


@pytest.mark.parametrize(("law", "accepts"), POLICIES.values(), ids=POLICIES.keys())
@pytest.mark.parametrize("value", [0.3, 0.8, 1.0])
def test_reserve_policy_earns_most_from_one_agent(law, accepts, value: float) -> None:
    """The best reserve maximises (V - r) F(r), found by search, and does not depend on how many agents there are."""
    reserve = parse_reserve({"best_reserve": law}).draw(np.array([[value]]), 0).item()
    found = minimize_scalar(lambda r: -(value - r) * accepts(r), bounds=(0.0, value), method="bounded")
    assert (value - reserve) * accepts(reserve) >= -found.fun - 1e-9


def test_reserve_policy_halves_the_value_under_a_uniform_law() -> None:
    value = np.array([[0.5, 1.0, 3.0]])
    drawn = parse_reserve({"best_reserve": {"uniform": [0, 1]}}).draw(value, 0)
    assert drawn.tolist() == [[0.25, 0.5, 1.0]]


def test_law_without_room_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"low: must be below high \(1.0\); got 2.0"):
        build(lookup("best_reserve"), {"low": 2.0})
    with pytest.raises(ValueError, match="shape"):
        build(lookup("best_reserve_public"), {"shape": 0.0})
