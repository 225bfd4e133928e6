"""Published gains of rings and second names in E1, and what shills take from the winner.

Rings of two: second price +37 %, contingent +29 % of joint utility; a fixed abstainer loses 13 % (second price).
k_redundant, two truthful names: -42 to -48 % always, +7 % chosen by type, +16 to +20 % chosen in each draw.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.auditing.coalitions import GRID
from sim.auditing.crowd import Gain
from sim.auditing.known import e1
from sim.auditing.lies import Lies
from sim.auditing.rings import ring
from sim.auditing.shills import shill
from sim.auditing.sybils import sybil
from sim.kit.arrays import FloatArray
from sim.mechanisms import Mechanism
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.price import SecondPrice
from sim.mechanisms.redundant import KRedundant

PRINTED = 0.005  # to whole per cents


def lottery(size: int) -> FloatArray:
    return np.random.default_rng(7).random((size, 1))


def assert_published(found: Gain, least: float, most: float | None = None) -> None:
    """The share lies within four standard errors of what is printed."""
    room = 4 * found.share_se + PRINTED
    assert least - room <= found.share <= (least if most is None else most) + room


@pytest.mark.parametrize(
    ("rule", "published"), [(SecondPrice(), 0.37), (Contingent(bond=np.inf), 0.29)], ids=["second price", "contingent"]
)
def test_rings_of_two(rule: Mechanism, published: float) -> None:
    found = ring(e1(rule, 2, 100_000, 2, 20240), 2)
    assert found.gain.share_se < 0.005
    assert_published(found.gain, published)


def test_a_fixed_abstainer_loses() -> None:
    found = ring(e1(SecondPrice(), 2, 100_000, 2, 20240), 2).fixed
    assert found.share_se < 0.006
    assert_published(found, -0.13)
    assert found.interval[1] < 0


@pytest.mark.slow
def test_two_truthful_names_in_redundant_hiring() -> None:
    found = sybil(e1(KRedundant(), 1000, 4000, 2, 20240), lottery(4000), Lies(np.empty(0), np.empty(0)))
    assert max(found.always.share_se, found.copies.interim.share_se, found.copies.ex_post.share_se) < 0.025
    assert_published(found.always, -0.48, -0.42)
    assert_published(found.copies.interim, 0.07)
    assert_published(found.copies.ex_post, 0.16, 0.20)


def test_a_ring_of_all_leaves_the_reserve_alone_to_beat() -> None:
    """Contingent: the best surplus is theirs, V - r = 0 being the bar."""
    problem = e1(Contingent(bond=np.inf), 2, 500, 2, 3)
    best = np.maximum(0.0, (problem.draws.belief - problem.draws.cost).max(axis=1))
    found = ring(problem, 4).gain
    assert found.mean + found.base == pytest.approx(best.mean(), abs=1e-12)


@pytest.mark.parametrize("rule", [SecondPrice(), Contingent(bond=np.inf)], ids=lambda rule: rule.name)
def test_a_shill_that_sees_the_bids_takes_what_agents_would_earn(rule: Mechanism) -> None:
    problem = e1(rule, 2, 400, 2, 3)
    found = shill(problem, lottery(400)[:, 0], GRID)
    assert found is not None
    assert found.seen.mean == pytest.approx(ring(problem, 4).gain.base, abs=1e-7)
    assert 0 <= found.blind.high.mean < found.seen.mean
