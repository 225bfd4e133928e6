"""Sections hold what their parsers gave, and are written as they were stated."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sim.agents.bidding import MarkUp, Truthful
from sim.kit.distribution import Arrivals, Distribution
from sim.specs.reserve_price import Reserve, ShareOfValue
from sim.specs.settings import Settings

STATED = {
    "world": {"profile": "marketbench", "tasks": 3, "parameters": "point", "arrivals": {"every": 2}},
    "tender": {
        "value": 2,
        "reserve": {"share_of_value": 0.5},
        "penalty": 0.25,
        "principals": [{"name": "lab", "reserve": {"uniform": [0, 1]}}, {"name": "firm", "value": 3.0}],
    },
    "bidders": {"agents": {"gpt-5.2": {"mark_up": {"rate": 0.1}}}},
    "standing": {"advice": {"record": "redrawn", "tasks": 7}},
}


def test_fields_hold_what_was_parsed() -> None:
    found = Settings.model_validate(STATED)
    assert found.tender.value == Distribution("constant", 2.0)
    assert found.tender.reserve == Reserve(policy=ShareOfValue(0.5))
    assert (found.world.arrivals, found.world.duration) == (Arrivals(every=2), None)
    assert (found.bidders.policy, found.bidders.agents) == (Truthful(), {"gpt-5.2": MarkUp(0.1)})
    assert (found.standing.advice.kind, found.standing.expected_cost.kind) == ("record", "unknown")


def test_dump_is_as_written_with_defaults() -> None:
    found = Settings.model_validate(STATED)
    dumped = found.model_dump()
    assert dumped["tender"]["value"] == 2
    assert dumped["tender"]["reserve"] == {"share_of_value": 0.5}
    assert dumped["tender"]["principals"][0]["reserve"] == {"uniform": [0, 1]}
    assert dumped["bidders"]["policy"] == "truthful"
    assert dumped["standing"] == {
        "reputation": "none",
        "least_reputation": None,
        "expected_cost": None,
        "advice": {"record": "redrawn", "tasks": 7},
    }
    assert Settings.model_validate(dumped) == found


def test_stated_values_of_another_section_go_with_how_they_were_written() -> None:
    tender = Settings.model_validate(STATED).tender
    own = tender.with_stated((tender.principals or [])[0], ("value", "reserve"))
    assert own.reserve.distribution == Distribution("uniform", 0.0, 1.0)
    assert (own.stated("reserve"), own.stated("value")) == ({"uniform": [0, 1]}, 2)
    assert tender.stated("reserve") == {"share_of_value": 0.5}


def test_what_reaches_no_draw_changes_no_world() -> None:
    one = Settings.model_validate(STATED)
    dearer = Settings.model_validate({**STATED, "tender": {**STATED["tender"], "penalty": 1.0}})
    other = Settings.model_validate({**STATED, "standing": {"advice": {"record": "redrawn", "tasks": 8}}})
    assert one.spec == dearer.spec
    assert (one.spec == other.spec, one.spec.base == other.spec.base) == (False, True)


def test_what_is_said_to_reach_no_draw_is_a_key() -> None:
    said = {name: type(section).no_luck for name, section in Settings.model_validate(STATED)}
    assert {name for name, keys in said.items() if keys} == {"world", "tender", "bidders"}
    for name, section in Settings.model_validate(STATED):
        assert said[name] <= type(section).model_fields.keys()


def test_parsers_refuse_in_one_line() -> None:
    with pytest.raises(ValidationError, match="must be"):
        Settings.model_validate({**STATED, "tender": {**STATED["tender"], "value": "much"}})
