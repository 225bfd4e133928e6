"""What an inspection may cost, to the last digit: k* = f s loss - (1 - f)(1 - t) x what a wrong rejection costs.

f: share of false claims among attempts called done; s, t: shares of failures found, and of good work left alone; all
of them read from the ledger of each sample. A sample is a replication.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.arm import ArmData
from analysis.quantities import quantity
from analysis.quantities.auctions import surplus, welfare
from analysis.quantities.of_run import estimate
from sim.kit.arrays import FloatArray, Status
from sim.market.simulate import simulate
from sim.specs.settings import Inspection, MarketSpec
from sim.world.world import World
from tests.market.play import ledger_of
from tests.worlds import POSTINGS, make_rules, make_world

R, T, HARM = 12, 20, 0.375
PASS, FAIL = int(Status.PASS), int(Status.FAIL)


def drawn(false_pass: float, false_fail: float) -> World:
    """One agent of ability .7, paid .2 to 1 dollar, and a verifier with these error rates; 5 % of attempts are lost."""
    chance = np.random.default_rng(11)
    lottery = chance.random((T, POSTINGS, 1))
    world = make_world(T, 1, replications=R, value=1.75, cost_belief=np.linspace(0.1, 0.5, T), lottery=lottery)
    success, checked, lost = (chance.random((R, T, 1, 1)) for _ in range(3))
    good = success < 0.7
    seen = np.where(good, checked >= false_fail, checked < false_pass)
    return replace(world, success=good, verified=seen, infra=lost < 0.05)


def played(world: World, rate: float, cost: float, harm: float = HARM) -> ArmData:
    rule = make_rules(market=MarketSpec(inspection=Inspection(rate=rate, cost=cost, harm=harm)))
    return ArmData.build("arm", "rule", world, ledger_of(world, simulate(world, rule)), alone=False, rules=rule)


def each(of: Any, arm: ArmData) -> FloatArray:
    """(R,) the sum over its auctions."""
    return np.asarray(of(arm).sum(axis=(1, 2)))


def seen(world: World) -> dict[str, FloatArray]:
    """(R,) f, s, t, the number called done, and the payments of claims found false and of good work rejected."""
    rows = simulate(world, make_rules(market=MarketSpec(inspection=Inspection(rate=1.0, cost=0.0, harm=HARM))))
    attempts, found = rows["attempts"], []
    for replication in range(R):
        mine = attempts["replication"] == replication
        done = mine & np.isin(attempts["status"], [PASS, FAIL])
        false, rejected = done & ~attempts["success"], attempts["status"] == FAIL
        right, wrong = (rejected & false).sum(), (rejected & done & ~false).sum()
        good = (done & ~false).sum()
        pay = attempts["pay_success"] - attempts["pay_failure"]
        found.append(
            {
                "f": false.sum() / done.sum(),
                "s": right / false.sum(),
                "t": 1.0 - wrong / good,
                "done": done.sum(),
                "pay_false": pay[rejected & false].sum() / right if right else 0.0,
                "pay_good": pay[rejected & done & ~false].sum() / wrong if wrong else 0.0,
            }
        )
    return {name: np.array([one[name] for one in found]) for name in found[0]}


@pytest.mark.parametrize(("false_pass", "false_fail"), [(0.0, 0.0), (0.25, 0.0), (0.25, 0.2)])
def test_the_sign_flips_at_the_threshold_of_every_sample(false_pass: float, false_fail: float) -> None:
    world, f = drawn(false_pass, false_fail), seen(drawn(false_pass, false_fail))
    assert ((f["f"] > 0) & (f["f"] < 1)).all()
    rejected = (1.0 - f["f"]) * (1.0 - f["t"])
    thresholds = {
        # Work that was wrongly rejected is there all the same, and its payment moves to the principal.
        welfare: f["f"] * f["s"] * HARM,
        surplus: f["f"] * f["s"] * (HARM + f["pay_false"]) - rejected * (0.0 - f["pay_good"]),
    }
    accept = played(world, 0.0, 0.0)
    for of, threshold in thresholds.items():
        for cost in np.quantile(threshold, [0.2, 0.5, 0.8]):
            gain = each(of, played(world, 1.0, float(cost))) - each(of, accept)
            np.testing.assert_allclose(gain, f["done"] * (threshold - cost), rtol=0, atol=1e-10)
            apart = np.abs(threshold - cost) > 1e-12
            assert (np.sign(gain) == np.sign(threshold - cost))[apart].all()
            assert 0 < (gain > 0).sum() < R


def test_a_payment_alone_is_a_transfer() -> None:
    """Where a failure harms nobody welfare falls by k for each inspection, at every k."""
    world = drawn(0.25, 0.0)
    accept, done = played(world, 0.0, 0.0, harm=0.0), seen(world)["done"]
    for cost in (0.0, 0.05, 0.3):
        inspect = played(world, 1.0, cost, harm=0.0)
        np.testing.assert_allclose(each(welfare, inspect) - each(welfare, accept), -cost * done, atol=1e-10)


def test_inspecting_a_share_changes_welfare_by_that_of_the_inspected() -> None:
    """At any rate: failures found x harm - inspections x cost."""
    world = drawn(0.25, 0.2)
    accept, half = played(world, 0.0, 0.0), played(world, 0.5, 0.1)
    caught = half.done - half.wins - np.rint(half.of_attempts["harm"] / HARM)
    gain = each(welfare, half) - each(welfare, accept)
    np.testing.assert_allclose(
        gain, caught.sum(axis=(1, 2)) * HARM - half.with_dollars("inspection").sum(axis=(1, 2)) * 0.1, atol=1e-10
    )


def test_a_wrong_rejection_costs_the_attempt_that_follows_it() -> None:
    """Where rejected work is posted again, f = 0 and t = 0: welfare falls by two inspections and a second attempt."""
    costs, verified = [[[0.125, 0.25]]] * 2, [[[False, True]]] * 2
    world = make_world(2, 1, tries=2, value=1.75, cost=costs, success=True, verified=verified)
    rule = {"postings": 2, "exclude": "none"}
    accept, inspect = (
        make_rules(market=MarketSpec(inspection=Inspection(rate=rate, cost=0.0625, harm=HARM)), **rule)
        for rate in (0.0, 1.0)
    )
    arms = [
        ArmData.build("arm", "rule", world, ledger_of(world, simulate(world, one)), alone=False)
        for one in (accept, inspect)
    ]
    gain = welfare(arms[1]) - welfare(arms[0])
    assert gain.tolist() == [[[-2 * 0.0625 - 0.25]] * 2]


def test_shares_of_claims_and_of_inspections() -> None:
    """Counted one by one: what is lost to the system or ended by the deadline claims nothing."""
    world = drawn(0.25, 0.2)
    arm = played(world, 0.5, 0.1)
    done = false = looked = 0
    for r, t in np.ndindex(R, T):
        if not world.infra[r, t, 0, 0]:
            done += 1
            false += not world.success[r, t, 0, 0]
            looked += bool(arm.of_attempts["inspection"][r, t, 0] > 0)
    assert estimate(quantity("false_claim_rate", "arm"), arm).value == pytest.approx(false / done)
    assert estimate(quantity("inspected_rate", "arm"), arm).value == pytest.approx(looked / done)
    assert abs(looked / done - 0.5) < 4 * 0.5 / np.sqrt(done)
    late = replace(world, duration=np.full_like(world.duration, 9))
    rule = make_rules(deadline=3, timeout=Status.FAIL)
    timed_out = ArmData.build("arm", "rule", late, ledger_of(late, simulate(late, rule)), alone=False)
    assert timed_out.judged.sum() == R * T
    assert timed_out.done.sum() == 0
    assert np.isnan(estimate(quantity("false_claim_rate", "arm"), timed_out).value)
