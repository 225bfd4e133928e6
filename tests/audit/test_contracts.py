"""Audits of contingent contracts: no gain without a limit on the bond, known shares of bonds that bind with one."""

from __future__ import annotations

import math

import pytest

from sim.auditing.audit import KINDS, audit
from sim.auditing.deviations import Desk
from sim.auditing.known import e1
from sim.auditing.money import truth
from sim.mechanisms.score import SecondScore

Contingent = pytest.importorskip("sim.mechanisms.contingent").Contingent


def test_nothing_is_gained_without_a_limit() -> None:
    found = audit(e1(Contingent(bond=math.inf), 100, 600, 60, 20240))
    assert all(found.kinds[kind].choice.interval == (0.0, 0.0) for kind in KINDS)
    assert max(found.kinds[kind].most for kind in KINDS) <= 1e-9


def test_compensated_without_a_bond_is_second_score() -> None:
    """The same utility at the truth and the same joint gain (.0526 in E1), though asks mean different things."""
    bond, score = (
        audit(e1(rule, 100, 600, 60, 20240))
        for rule in (Contingent(bond=0.0, settlement="compensated"), SecondScore(score="q(V-a)"))
    )
    gains = [found.kinds["joint"].choice for found in (bond, score)]
    assert gains[0].gain == pytest.approx(gains[1].gain, abs=1e-4)
    assert abs(gains[0].gain - 0.0526) <= 4 * math.hypot(gains[0].high.se, 0.0024)
    assert bond.truth.belief == pytest.approx(score.truth.belief, abs=1e-12)


@pytest.mark.parametrize(("bond", "share"), [(0.5, 0.498), (0.25, 0.957), (0.1, 0.998), (0.0, 1.0)])
def test_share_of_bonds_that_bind(bond: float, share: float) -> None:
    problem = e1(Contingent(bond=bond), 2, 4000, 2, 20240)
    spread = math.sqrt(share * (1.0 - share) / 4000)
    assert truth(Desk(problem, problem.draws)).binding == pytest.approx(share, abs=4 * spread + 5e-4)
