"""Every registered rule is audited: no promise may fall, to a lie in any draw or to an attack."""

from __future__ import annotations

import pytest

from sim.auditing.audit import audit, refusal
from sim.auditing.known import e1
from sim.auditing.lies import Grid
from sim.auditing.promises import attack
from sim.auditing.row import bare_row, judge, row_of
from sim.mechanisms import Mechanism
from tests.scenes import registered
from tests.tried import of_all

pytestmark = pytest.mark.usefixtures("tables_attacked_once")
RULES = registered()
FEW = of_all(32)  # postings


def test_there_are_rules() -> None:
    assert len(RULES) >= 40


FIRST = {rule.name: name for name, rule in reversed(RULES.items())}.values()  # of the examples of each rule


@pytest.mark.parametrize(
    "rule",
    [pytest.param(rule, id=name, marks=[] if name in FIRST else [pytest.mark.slow]) for name, rule in RULES.items()],
)
def test_no_audit_refutes_a_declared_promise(rule: Mechanism) -> None:
    attacked = attack(rule, ("a0", "a1", "a2", "a3"), 20240, FEW)
    if refusal(rule):
        row = bare_row(rule, attacked)
    else:
        row = row_of(audit(e1(rule, 16, 60, 30, 20240), Grid(11, 10)), attacked)
    assert judge([row], 0.001) == []
    assert row.cells["promise"] == ("kept" if row.cells["declared"] else "none made")
