"""A section says all that does not agree in it at once, a line each."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sim.kit.invalid import fault_lines
from sim.population.knobs import Knobs
from sim.specs.bidders import Card
from sim.specs.settings import MarketSpec, Settings
from sim.specs.tender import TenderSpec
from sim.specs.world_settings import WorldSettings

COLUMNS = {"agent": "a", "task": "t", "claim": "c", "success": "s", "cost": "k", "cost_belief": "b"}
WORLD = {"table": "t.csv", "columns": COLUMNS}
TENDER = {"reserve": 1.0, "penalty": 0.0}
PRINCIPALS = [{"name": name} for name in ("one", "one", "caf\u00e9", "cafe\u0301")]
FAULTS: list[tuple[Any, dict[str, Any], list[str]]] = [
    (
        WorldSettings,
        {**WORLD, "tasks": 3, "sigma_d": 1.0, "agents": []},
        ["world.tasks has no meaning", "world.sigma_d has no meaning", "agents must not be empty"],
    ),
    (
        WorldSettings,
        {"table": "t.csv", "columns": {"agent": "a", "task": "a", "claims": "c", "tokens": "t"}},
        [
            "unknown key 'claims'",
            "'success', or 'status', must",
            "two columns",
            "map either",
        ],
    ),
    (
        TenderSpec,
        {**TENDER, "postings": 2, "deadline": 3, "principals": PRINCIPALS, "public": ["value"]},
        ["exclude must be stated", "timeout must", "two are named", "look alike", 'must hold "penalty"'],
    ),
    (
        MarketSpec,
        {"assignment": "greedy", "concurrency": 2},
        ["assignment has no meaning", "concurrency has no meaning"],
    ),
    (
        Knobs,
        {"skill": 1.0, "signal": {"difficulty": 1.0, "fit": 0.0}, "rho": 0.5},
        ["one of signal and rho", "hold must"],
    ),
    (
        Card,
        {"record": "split", "history": 2, "tasks": 3, "weight": 1.0, "cost_weight": 0.0},
        ["history has a meaning", "tasks"],
    ),
    (
        Settings,
        {
            "world": WORLD,
            "tender": {**TENDER, "postings": 2, "exclude": "none"},
            "bidders": {"bankroll": 1.0},
            "standing": {"reputation": "agent_economy"},
        },
        ["where standing is learned", "where wealth is limited", "bidders.on_retry must be stated"],
    ),
]


@pytest.mark.parametrize(("model", "raw", "parts"), FAULTS, ids=[model.__name__ for model, _, _ in FAULTS])
def test_all_of_them_at_once(model: Any, raw: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate(raw)
    lines = fault_lines("", error.value, model)
    assert len(lines) == len(parts)
    for part in parts:
        assert sum(part in line for line in lines) == 1, (part, lines)
