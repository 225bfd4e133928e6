"""Assumptions in words: every stated setting is told, once, with the arms that have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.page.assumptions import assumptions
from analysis.page.setting_words import ALWAYS, STATED
from analysis.page.written_settings import TOPICS, described, flat, said
from sim.bundled import markets, scenarios
from sim.scenario.scenario import load_scenario
from sim.specs.settings import Settings
from tests.market.folders import GOLDEN

_UNTOLD = {  # told by another key's sentence, or nothing that changes a number
    "world.profile",
    "world.table",
    "world.columns",
    "world.live",
    "world.tasks",
    "world.beyond_tries",
    "tender.exclude",
    "tender.public",
    "tender.timeout",
}


KEYS = {
    f"{section}.{key}"
    for section in TOPICS
    for key in getattr(Settings.model_fields[section].annotation, "model_fields", {})
}


def arms_of(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = load_scenario(path).resolved["arms"]
    return found


def test_words_of_a_scenario_whose_arms_differ() -> None:
    told = assumptions(arms_of(GOLDEN / "auctions.toml"))
    assert list(told) == list(TOPICS.values())
    assert told["What is offered"][0] == "What a success is worth to the principal is drawn evenly from $0.5 to $1.5."
    assert "In 'second score, expected': Who fails pays no penalty." in told["What is offered"]
    assert "In every arm but 'posted price, alone': All agents compete for every task." in told["How auctions run"]
    assert "One task arrives every 2 ticks." in told["The world"]
    deadline = "A task closes 20 ticks after it arrives; an attempt that is still running then counts as FAIL."
    assert f"In every arm but 'hire all': {deadline}" in told["What is offered"]


def test_words_of_principals_and_their_escrow() -> None:
    told = assumptions(arms_of(scenarios()["benchbench"])) | {"escrow": assumptions(arms_of(scenarios()["escrow"]))}
    assert any(
        "Tasks belong to first, second, third, fourth, fifth, sixth;" in line for line in told["What is offered"]
    )
    held = told["escrow"]["How auctions run"]
    assert any("costs the allocator $0.1" in line and "25% of it once all tasks" in line for line in held)


def test_words_of_organisations() -> None:
    (told,) = [line for line in assumptions(arms_of(scenarios()["scaffold"]))["The world"] if "made of others" in line]
    assert "(gpt-5.2 in another scaffold: 3.06 logits on its ability)" in told
    (told,) = [
        line for line in assumptions(arms_of(scenarios()["topologies"]))["The world"] if "made of others" in line
    ]
    assert "puts the parts together, decomposability" in told
    assert "hands in the last" in told
    solo = {"agent": "a", "tries": 3, "verified": True}
    assert said("world.organisations", {"twice": {"solo": solo, "knows": True}}) == (
        "Some agents are made of others: twice (a, tries a task up to 3 times and stops at the first that passes, its "
        "beliefs follow from theirs)."
    )


@pytest.mark.parametrize("name", markets())
def test_every_stated_setting_of_every_bundled_scenario_is_told(name: str) -> None:
    arms = arms_of(markets()[name])
    told = assumptions(arms)
    lines = [line for own in told.values() for line in own]
    assert len(lines) == len(set(lines))
    assert all(line[-1] == "." and "None" not in line for line in lines)
    for arm in arms:
        stated = {key for key, value in flat(arm).items() if value != described(key)[1] and value not in (None, [], {})}
        one = [line for own in assumptions([arm]).values() for line in own]
        assert len(one) >= len(
            stated - _UNTOLD - {"world.arrivals", "tender.value", "tender.reserve", "tender.penalty"}
        )


def test_a_key_has_one_sentence_at_its_field_or_in_words_that_need_more() -> None:
    own = {key for key in KEYS if said(key, 2) is not None}
    assert own
    assert {*ALWAYS, *STATED} <= KEYS - own
    assert said("market.approval_delay", 2) == "Work starts 2 ticks after an award."
    assert said("bidders.on_retry", {"update": {"spread": 0.5}}) == said("bidders.on_retry", "update")
    assert said("market.entry", {"fee": 1.0}) is said("market.gone", 1) is None


def test_every_setting_has_a_meaning() -> None:
    keys = [
        f"{section}.{key}"
        for section in TOPICS
        for key in flat(arms_of(GOLDEN / "live.toml")[0])
        if key.startswith(section)
    ]
    assert keys
    for section in TOPICS:
        for name in getattr(Settings.model_fields[section].annotation, "model_fields", {}):
            assert described(f"{section}.{name}")[0]
