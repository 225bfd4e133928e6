"""Every registered rule is audited: no promise of dominance may fall to a lie in any draw."""

from __future__ import annotations

import pytest

from sim.audit.audit import audit, refusal
from sim.audit.known import e1
from sim.audit.lies import Grid
from sim.audit.row import judge, row_of
from sim.mechanisms import Mechanism
from tests.scenes import registered

RULES = {name: rule for name, rule in registered().items() if not refusal(rule)}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_no_audit_refutes_a_declared_promise(rule: Mechanism) -> None:
    row = row_of(audit(e1(rule, 16, 60, 30, 20240), Grid(11, 10)))
    assert judge([row], 0.001) == []
    assert row.cells["promise"] == ("kept" if row.declared else "none made")
