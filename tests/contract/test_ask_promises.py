"""Which rules make the truthful ask dominant whatever is claimed (A), which at a true claim only (A+), which not (-).

The literal table is shown by brute force, not read off the rules' own declarations: agent 0 faces rivals that bid
anything, and tries asks on a grid and just beside every price at which something may change.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.kit.arrays import FloatArray
from sim.mechanisms import Mechanism, lookup, names
from tests.scenes import Scene, chance, random_scene, scene, truthful, utility

SIZE, N = 400, 3
FIRST = np.broadcast_to(np.arange(N) == 0, (SIZE, N))
TABLE: list[tuple[str, dict[str, object], str]] = [
    ("posted_price", {}, "A"),
    ("first_price", {}, "-"),
    ("second_price", {}, "A"),
    ("hire_all", {}, "A"),
    ("best_reserve", {}, "A"),
    ("best_reserve_public", {"ability": "claim"}, "A"),
    ("best_reserve_public", {"ability": "advice"}, "A"),
    ("first_score", {"score": "qV-a"}, "-"),
    ("first_score", {"score": "q(V-a)"}, "-"),
    ("first_score", {"score": "qV/(a+ec)"}, "-"),
    ("second_score", {"score": "qV-a"}, "A"),
    ("second_score", {"score": "q(V-a)"}, "A"),
    ("second_score", {"score": "qV/(a+ec)"}, "A"),
    ("agent_economy", {"pay": "ask"}, "-"),
    ("agent_economy", {"pay": "bounty"}, "-"),
    ("agent_economy_phase2", {}, "-"),
    ("agent_economy_second_score", {}, "A+"),
    ("agent_economy_phase2_second_score", {}, "A+"),
    ("contingent", {"bond": math.inf}, "A+"),
    ("contingent", {"bond": 0.25}, "-"),
    ("contingent", {"bond": 0.25, "settlement": "compensated"}, "A+"),
    ("production_plans", {"payment": "contingent"}, "A+"),
    ("production_plans", {"payment": "second_score"}, "A+"),
    ("fixed_price_bonus", {"kappa": 0.0, "m0": 0.0}, "A"),
    ("fixed_price_bonus", {"kappa": 1.0, "m0": 0.25}, "A+"),
    ("second_score_bonus", {"kappa": 0.0, "m0": 0.0}, "A"),
    ("second_score_bonus", {"kappa": 1.0, "m0": 0.25}, "A+"),
    ("hybrid", {}, "A"),
    ("always", {"agent": 0}, "A"),
    ("route_by_advice", {}, "A"),
    ("budget_feasible", {}, "A"),
    ("k_redundant", {}, "A+"),
    ("k_redundant", {"at_most": 1}, "A+"),
    ("cascade", {}, "-"),
    ("assignment_vcg", {}, "A+"),
]
RULES = [
    pytest.param(lookup(name)(**given), holds, id="/".join([name, *map(str, given.values())]))
    for name, given, holds in TABLE
]


def gains(rule: Mechanism, claim: FloatArray | None) -> FloatArray:
    """Most that another ask gains agent 0 over its truthful one, (SIZE,); claim (SIZE,), None: the truth."""
    rivals = random_scene((SIZE,), N, "ask promises")
    p, c = chance("ask promises/p", SIZE, 1, low=0.05), chance("ask promises/c", SIZE, 1, high=0.6)
    honest = truthful(rule, rivals, p, c, FIRST)
    if claim is not None:
        honest = honest.with_bids(claim=np.where(FIRST, claim[:, None], honest.bids.claim))
    truth = utility(honest.award(rule), p, c)[:, 0]
    asks = [np.full(SIZE, ask) for ask in np.linspace(-0.5, 2.0, 26)]
    asks += [honest.bids.ask[:, 0] + shade for shade in (-0.05, -1e-4, 1e-4, 0.05)]
    return np.max([utility(asking(honest, ask).award(rule), p, c)[:, 0] - truth for ask in asks], axis=0)


def asking(honest: Scene, ask: FloatArray) -> Scene:
    """Agent 0 bids, and asks this."""
    return honest.with_bids(
        ask=np.where(FIRST, ask[:, None], honest.bids.ask), active=np.where(FIRST, True, honest.bids.active)
    )


@pytest.mark.parametrize(("rule", "holds"), RULES)
def test_the_truthful_ask_is_dominant_just_where_the_table_says(rule: Mechanism, holds: str) -> None:
    at_truth = gains(rule, None).max()
    elsewhere = max(gains(rule, chance(f"ask promises/claim {draw}", SIZE, low=0.01)).max() for draw in range(3))
    expected = {"A": (False, False), "A+": (False, True), "-": (True, True)}[holds]
    assert (at_truth > 1e-9, elsewhere > 1e-3) == expected, f"gains {at_truth:.3g} at the truth, {elsewhere:.3g} else"


@pytest.mark.parametrize(("rule", "holds"), RULES)
def test_rules_declare_what_the_table_says(rule: Mechanism, holds: str) -> None:
    declared = ("A+" if rule.promises.ask_at_true_claim else "A") if rule.promises.ask else "-"
    assert declared == holds


def test_the_table_has_every_rule() -> None:
    own = {name for name in names() if lookup(name).__module__.startswith("sim.")}
    assert own == {name for name, _, _ in TABLE}
    assert len(own) == 23


@pytest.mark.parametrize("name", ["contingent", "assignment_vcg", "k_redundant"])
def test_at_a_false_claim_the_best_ask_makes_up_for_it(name: str) -> None:
    """Contract V - bar on success, -bar on failure: an agent (p, c) that claims q does best to ask c + (q - p) V.

    One agent, reserve .6 of a value of 2, so bar = .8: hired iff q V - a >= .8; p = .7, c = .3: s - bar = .3.
    """
    rule = lookup(name)(**({"bond": math.inf} if name == "contingent" else {}))
    modest = scene([0.3], 0.5, value=2.0, reserve=1.2)
    assert utility(modest.award(rule), 0.7, 0.3).item() == 0.0  # claiming .5 and asking its cost it is not hired
    made_up = modest.with_bids(ask=[0.3 + (0.5 - 0.7) * 2.0])
    assert utility(made_up.award(rule), 0.7, 0.3).item() == pytest.approx(0.3)
