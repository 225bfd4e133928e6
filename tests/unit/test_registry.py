"""The registry refuses what is no rule, and answers a wrong name, of a rule or an agent, with the closest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sim.kit.errors import ScenarioError
from sim.mechanisms import Mechanism, Promises, lookup, names, register
from sim.mechanisms.planner import Always
from sim.mechanisms.registry import unregister

PROMISES = Promises(ask=False, claim=False, rational=False, efficient=False, no_deficit=False)


def test_rule_that_is_no_frozen_dataclass_is_refused() -> None:
    @dataclass
    class Thawed(Mechanism):
        summary = "not frozen"
        promises = PROMISES

    with pytest.raises(TypeError, match="'thawed' must be a dataclass with frozen=True"):
        register("thawed")(Thawed)


@pytest.mark.parametrize("missing", ["summary", "promises"])
def test_rule_without_a_class_attribute_is_refused(missing: str) -> None:
    body: dict[str, Any] = {"summary": "bare", "promises": PROMISES}
    del body[missing]
    bare = dataclass(frozen=True)(type("Bare", (Mechanism,), body))
    with pytest.raises(TypeError, match=f"'bare' must define the class attribute '{missing}'"):
        register("bare")(bare)
    assert "bare" not in names()


def test_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="'first_price' is registered already"):
        register("first_price")(lookup("first_price"))


def test_plugin_is_found_by_name_until_it_is_forgotten() -> None:
    @register("plugin")
    @dataclass(frozen=True)
    class Plugin(Mechanism):
        summary = "hires nobody"
        promises = PROMISES

    try:
        assert lookup("plugin") is Plugin
        assert Plugin.name == "plugin"
    finally:
        unregister("plugin")
    assert "plugin" not in names()


def test_unknown_name_is_answered_with_the_closest() -> None:
    near = r"unknown mechanism 'secnd_price' \(did you mean 'second_price'\?\)"
    with pytest.raises(ScenarioError, match=f"{near}; allowed: .*; for one of your own give --plugin FILE"):
        lookup("secnd_price")


def test_always_refuses_a_name_nobody_has() -> None:
    with pytest.raises(ScenarioError, match=r"no agent 'opsu' \(did you mean 'opus'\?\); allowed: opus, mini"):
        Always(agent="opsu").for_agents(["opus", "mini"])


@pytest.mark.parametrize("agent", [-1, 2])
def test_always_refuses_a_position_nobody_has(agent: int) -> None:
    with pytest.raises(ScenarioError, match=r"^always\.agent: "):
        Always(agent=agent).for_agents(["opus", "mini"])
