"""Several names gain nothing under a rule that hires one agent by rank; those under which they do are named."""

from __future__ import annotations

import pytest

from sim.auditing.audit import refusal
from sim.auditing.coalitions import Coalitions, coalition_cells
from sim.auditing.known import e1
from sim.mechanisms import Mechanism
from tests.scenes import registered

# A lottery among all who accept, or more than one is hired.
REWARDING = {"posted_price", "hire_all", "budget_feasible", "cascade", "k_redundant"}
MEASURED = {name: rule for name, rule in registered().items() if not refusal(rule) and rule.capabilities.solicits_bids}


def rewards(rule: Mechanism) -> bool:
    """k_redundant of at most one is the contingent contract."""
    return rule.name in REWARDING and rule.parameters.get("at_most") != 1


def test_rules_of_both_kinds_are_measured() -> None:
    assert {rule.name for rule in MEASURED.values() if rewards(rule)} == REWARDING
    assert len([rule for rule in MEASURED.values() if not rewards(rule)]) >= 25


@pytest.mark.parametrize("rule", MEASURED.values(), ids=MEASURED.keys())
def test_a_second_name_gains_nothing_where_one_agent_is_hired_by_rank(rule: Mechanism) -> None:
    cells = coalition_cells(e1(rule, 8, 60, 2, 20240), Coalitions(), 20240)
    gains = [cells[f"{kind}_{what}"] for kind in ("names_interim", "names_ex_post") for what in ("low", "gain", "high")]
    if rewards(rule):
        assert cells["names_ex_post_gain"] > 0
    else:
        assert gains == [0.0] * 6
        assert cells["copies_interim_gain"] == cells["copies_ex_post_gain"] == 0.0
        assert cells["copies_gain"] <= 1e-12
