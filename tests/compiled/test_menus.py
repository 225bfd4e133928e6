"""Rules that read menus of budgets are compiled as well, menus and all; arrays with an axis after that of agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from sim.agents.production import Plans
from sim.compiled.trace import UntraceableError, trace
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms import Mechanism, lookup
from sim.mechanisms.base import contract
from tests.compiled.one_by_one import as_machine_code, one_by_one
from tests.compiled.test_trace import fronts, interpreted, same

PLANS = [
    Plans((np.inf,), 0.0),
    Plans((0.3, np.inf), 1.5),
    Plans((0.1, 0.4, 0.8), 0.0),
    Plans((0.05, 0.1, 0.2, 0.4, 0.8, 1.6, np.inf), 0.5),
]
PAYMENTS = ["contingent", "second_score"]


@dataclass(frozen=True)
class OverMenus(Mechanism):
    """A rule over the menus that follow from bids."""

    rule: Mechanism
    plans: Plans

    name: ClassVar[str] = "over_menus"

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        menu = self.plans.menu(bids.ask, bids.claim)
        given = Bids.trusted(ask=bids.ask, claim=bids.claim, active=bids.active, menu=menu)
        return self.rule(given, tender, standing, lottery)


def over_menus(payment: str, plans: Plans) -> OverMenus:
    return OverMenus(lookup("production_plans")(payment=payment), plans)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("plans", PLANS, ids=str)
@pytest.mark.parametrize("payment", PAYMENTS)
def test_menus(payment: str, plans: Plans, n: int) -> None:
    rule, front = over_menus(payment, plans), fronts(n, 100, penalised=True)
    assert same(one_by_one(rule, front, interpreted), rule(*front))
    assert rule(*front).budget is not None


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 5, 12])
@pytest.mark.parametrize("plans", PLANS, ids=str)
@pytest.mark.parametrize("payment", PAYMENTS)
def test_menus_as_machine_code(payment: str, plans: Plans, n: int) -> None:
    pytest.importorskip("numba")
    rule = over_menus(payment, plans)
    for seed in range(3):
        front = fronts(n, 3000, penalised=True, seed=seed)
        assert same(one_by_one(rule, front, as_machine_code), rule(*front))


@dataclass(frozen=True)
class Tables(Mechanism):
    """Does to an array (..., n, 3) what can be done to it."""

    name: ClassVar[str] = "tables"

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        steps = np.array([0.25, 0.0, -0.5])
        table = np.where(bids.active[..., None], bids.claim[..., None], np.nan) + steps
        table *= np.asarray(tender.value)[..., None, None]
        shifted = table.copy() - np.abs(bids.ask[..., None] - steps).astype(np.float64)
        place = np.argmin(shifted, axis=-1)[..., None]
        least = np.take_along_axis(shifted, place, axis=-1)[..., 0]
        most = np.max(table, axis=-1) + np.min(table, axis=-1, keepdims=True)[..., 0]
        able = np.any(table > 0.5, axis=-1) & ~np.all(table > 0.5, axis=-1)
        ties = np.argmax(shifted, axis=-1) == place[..., 0]
        pay = np.where(able, most, np.where(ties, 1.0, least))
        return contract(
            bids.active, pay, np.maximum.reduce(-table, axis=-1), np.zeros(bids.active.shape[:-1], np.bool_)
        )


@pytest.mark.parametrize("n", [1, 3, 4])
def test_arrays_with_an_axis_more(n: int) -> None:
    front = fronts(n, 150, penalised=False)
    assert same(one_by_one(Tables(), front, interpreted), Tables()(*front))


def misaligned(bids: Bids, tender: Tender) -> Any:
    return bids.ask + bids.claim[..., None]


def of_several_lengths(bids: Bids, tender: Tender) -> Any:
    return (bids.ask[..., None] + np.array([1.0, 2.0])) * np.array([1.0, 2.0, 3.0])


def sorted_along(bids: Bids, tender: Tender) -> Any:
    return np.sort(bids.ask[..., None] + np.array([1.0, 2.0]), axis=-1)


def summed(bids: Bids, tender: Tender) -> Any:
    return (bids.ask[..., None] + np.array([1.0, 2.0])).__getitem__((..., slice(1)))


def by_agents(bids: Bids, tender: Tender) -> Any:
    return np.max(bids.ask[..., None] + np.array([1.0, 2.0]), axis=-2)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (misaligned, r"an array \(1, 3\) together with one that has an axis more"),
        (of_several_lengths, "arrays of 2 and 3 along the last axis together"),
        (sorted_along, r"np\.sort of an array \(1, 3, 2\)"),
        (summed, "the index"),
        (by_agents, "axis -2"),
    ],
)
def test_what_cannot_be_done_to_them_is_refused_with_its_line(how: Any, why: str) -> None:
    @dataclass(frozen=True)
    class Other(Mechanism):
        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            pay = how(bids, tender)[..., 0]
            return contract(bids.active, pay, pay, np.zeros(bids.active.shape[:-1], np.bool_))

    with pytest.raises(UntraceableError, match=rf"test_menus\.py:\d+: return .*{why}"):
        trace(Other(), 3)
