"""A key that may be absent is so where it says "none": an arm and a level of a sweep take back what is stated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.kit.section import Section
from sim.scenario.scenario import load_scenario
from sim.specs.settings import Settings
from tests.cli.command import ARM, SCENARIO, lay_out

BASE: dict[str, Any] = {
    "world": {"profile": "marketbench", "parameters": "point", "tasks": 3},
    "tender": {"value": 1.0, "reserve": 1.0, "penalty": 0.0},
}
KEYS = [
    "tender.value",
    "tender.budget",
    "tender.principals",
    "tender.escalation",
    "tender.deadline",
    "tender.timeout",
    "market.inspection",
    "market.entry",
    "market.escrow",
    "market.attention",
    "market.round",
    "market.assignment",
    "market.concurrency",
    "market.max_bids_per_worker",
    "market.bid_cost_per",
    "bidders.bankroll",
    "bidders.process",
    "bidders.fallback",
    "bidders.most_bids",
    "bidders.card",
    "bidders.plans",
    "bidders.on_retry",
    "standing.least_reputation",
    "standing.expected_cost",
    "standing.advice",
]


def stated(key: str, value: Any) -> Settings:
    section, name = key.split(".")
    return Settings.model_validate({**BASE, section: {**BASE.get(section, {}), name: value}})


def optional() -> set[str]:
    """All keys that may be absent, but for two: none may bid again after no posting, and no agent is called so."""
    found = set()
    for section in ("tender", "market", "bidders", "standing"):
        of: Any = Settings.model_fields[section].annotation
        assert issubclass(of, Section)
        fields = of.model_fields.items()
        found |= {f"{section}.{key}" for key, field in fields if not field.is_required() and field.default is None}
    return found


def test_the_keys_there_are() -> None:
    assert optional() - set(KEYS) == {"tender.exclude", "tender.own"}
    assert set(KEYS) < optional()


@pytest.mark.parametrize("key", KEYS)
def test_none_is_as_if_the_key_were_absent(key: str) -> None:
    section, name = key.split(".")
    kept = {one: value for one, value in BASE.get(section, {}).items() if one != name}
    without, taken = Settings.model_validate({**BASE, section: kept}), stated(key, "none")
    assert taken == without
    assert taken.model_dump() == without.model_dump()


def test_where_it_says_something_else_it_stays() -> None:
    assert stated("tender.exclude", "none").tender.exclude == "none"
    assert stated("tender.own", "none").tender.own == "none"
    with pytest.raises(ValueError, match=r"tender\.penalty"):
        stated("tender.penalty", "none")


def test_an_arm_and_a_level_take_it_back(tmp_path: Path) -> None:
    text = SCENARIO + "\n[market]\nattention = 1\n" + ARM.replace('"x"', '"all"') + 'market = { attention = "none" }\n'
    path = lay_out(tmp_path, text)
    limited, free = (load_scenario(path).arms[place] for place in (0, -1))
    assert (limited.settings.market.attention, free.settings.market.attention) == (1, None)
    set_so = load_scenario(path, overrides=["market.attention=none"])
    assert [arm.settings.market.attention for arm in set_so.arms] == [None] * len(set_so.arms)
