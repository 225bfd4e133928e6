"""Every part of the package keeps the contract of its kind, and each fault of one that does not is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sim.agents.bidding import POLICIES, ClippedClaim, FixedClaim, MarkUp, Overclaim, Shaded, Silent, Truthful
from sim.agents.bidding_entry import Enters
from sim.agents.bidding_names import Shill, Sybil
from sim.agents.bidding_ring import Ring
from sim.agents.bidding_under_names import HandOver, Whitewash
from sim.agents.learners import Exp3, Hedge, Imitate, Recalibrate
from sim.contracts import EXAMINED, mechanism_contract
from sim.contracts.trial import told
from sim.importing.importer_registry import IMPORTERS
from sim.kit.kinds import KINDS
from sim.live.inspect_scorer import InspectScorer
from sim.live.judge import Judge
from sim.live.program import Program
from sim.live.verifiers import VERIFIERS, Exact, Number, Pattern
from sim.market.escalation import Escalation
from sim.mechanisms.virtual import CostLaw
from sim.population.belief_model import BELIEF_MODELS, Fitted, KnownAbility, Recalibrated
from sim.specs.reserve_price import RESERVES, AtValue, BestUnder, ShareOfValue
from sim.standing.advisors import ADVISORS, UCB1, BaseRate, Beta, PlattBatch, PlattOnline, Thompson
from sim.standing.reputation import (
    COST_LEARNERS,
    REPUTATIONS,
    BetaReputation,
    ExponentialReputation,
    LiveReputation,
    RunningMeanCost,
)
from tests.scenes import registered

OWN: Mapping[str, Mapping[str, Any]] = {
    "policy": {
        "truthful": Truthful(),
        "mark_up": MarkUp(0.25),
        "shaded": Shaded(3),
        "overclaim": Overclaim(1.5),
        "fixed_claim": FixedClaim(0.7),
        "clipped_claim": ClippedClaim(0.2, 0.9),
        "exp3": Exp3(low=-1.0, high=1.0, rounds=20, mark_ups=(0.0, 0.5), shifts=(-1.0, 1.0)),
        "hedge": Hedge(low=0.0, high=1.0, rounds=20, mark_ups=(-0.25, 0.0, 0.5)),
        "recalibrate": Recalibrate(rate=0.5, mark_up=0.1),
        "imitate": Imitate(mark_ups=(0.0, 0.5), rate=0.3),
        "ring": Ring((0, 1)),
        "sybil": Sybil((0, 1)),
        "shill": Shill("worth"),
        "whitewash": Whitewash((0, 1), 0.75),
        "hand_over": HandOver(0, (1,), 1),
        "silent": Silent(),
        "enters": Enters(0.05, 0.25, 0.5),
    },
    "reputation": {
        "agent_economy": LiveReputation(),
        "exponential": ExponentialReputation(0.3, 0.8),
        "beta": BetaReputation(2.0, 0.5, 0.9),
    },
    "cost_learner": {"running_mean": RunningMeanCost(0.4, 2.0)},
    "advisor": {
        "base_rate": BaseRate(prior=3.0, mean=0.6),
        "beta": Beta(prior=2.0, mean=0.6, decay=0.9),
        "platt_online": PlattOnline(eta=0.3, eps=0.01),
        "platt_batch": PlattBatch(eps=0.01, memory=5),
        "thompson": Thompson(),
        "ucb1": UCB1(),
    },
    "belief_model": {"fitted": Fitted(), "ability": KnownAbility(), "recalibrated": Recalibrated(-0.5, 2.0)},
    "importer": {name: reader() for name, reader in IMPORTERS.items()},
    "verifier": {
        "exact": Exact(strip=False, casefold=True),
        "number": Number(tolerance=0.1, field="sum"),
        "pattern": Pattern(whole=True, ignore_case=True),
        "program": Program.examples()[0],
        "judge": Judge("someone"),
        "inspect": InspectScorer("f1", mark=0.5),
    },
    "reserve_policy": {
        "value": AtValue(),
        "share_of_value": ShareOfValue(0.57),
        "best_reserve": BestUnder(CostLaw(0.1, 0.9)),
        "factors": Escalation(1.2, 1.3, 2, 3.0),
    },
}
CASES = [(kind, name) for kind, parts in OWN.items() for name in parts]


def test_every_part_of_the_package_is_among_them() -> None:
    registries = (POLICIES, REPUTATIONS, COST_LEARNERS, ADVISORS, BELIEF_MODELS, RESERVES, IMPORTERS, VERIFIERS)
    for registry in registries:
        assert set(OWN[registry.kind]) == set(registry) - set(registry.added())
        for name, instance in OWN[registry.kind].items():
            assert type(instance) is registry[name]
    assert set(OWN) == set(EXAMINED)
    assert set(EXAMINED) <= set(KINDS)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_own_parts_keep_their_contract(kind: str, name: str) -> None:
    if (kind, name) == ("verifier", "inspect"):
        pytest.importorskip("inspect_ai")
    assert told(EXAMINED[kind].suite, OWN[kind][name]) == []


@pytest.mark.parametrize("name", registered())
def test_own_rules_keep_their_contract(name: str) -> None:
    assert told(mechanism_contract.mechanism_faults, registered()[name]) == []
