"""What has no meaning, alone or together, is refused in one line that names the key and what is allowed."""

from __future__ import annotations

import re
from typing import Any

import bidlab as bl
import pytest

from sim.kit.errors import ScenarioError
from sim.market.coupling import coupling
from tests.market.test_make_or_buy import SCENARIO

PLAIN = {**SCENARIO, "tender": {key: value for key, value in SCENARIO["tender"].items() if key != "own"}}
ALWAYS = {"always": {"agent": "one", "pay": "reserve"}}
HAND = {"hand_over": {"agent": "one", "to": "two"}}


@pytest.mark.parametrize(
    ("settings", "mechanism", "says"),
    [
        ({"market.entry": {"fee": 0.1}}, ALWAYS, "market.entry: has no meaning with always, which asks for no bids"),
        ({"bidders.most_bids": 2}, ALWAYS, "bidders.most_bids: has no meaning with always, which asks for no bids"),
        ({"tender.public": ["penalty"]}, "second_price", "enters needs a prize"),
        ({"bidders.agents": {"one": HAND}}, "second_price", "agents: one: hand_over says how several agents bid"),
        ({"bidders.policy": HAND, "market.alone": True}, "second_price", "market.alone: cannot be combined with a pol"),
        (
            {"bidders.policy": {"ring": {"members": ["one", "two"], "share": "equal"}}, "market.bid_price": 0.05},
            "second_price",
            'ring.share = "equal" cannot be combined with market.bid_price',
        ),
        (
            {"world.organisations": {"a": {"nope": 1}}},
            "second_price",
            "world.organisations.a.nope: unknown key; allowed: scaffold, solo, hub, knows",
        ),
        (
            {"world.organisations": {"a": {"solo": {"agent": "one", "tries": 2, "verifed": True}}}},
            "second_price",
            "solo.verifed: unknown key (did you mean 'verified'?); allowed: agent, tries, verified",
        ),
        ({"world.difficulty": {"p": 1.0}}, "second_price", "no principal 'p' in tender.principals; none are stated"),
        (
            {"world.difficulty": {"p": 1.0}, "tender.principals": [{"name": "pp"}, {"name": "q"}]},
            "second_price",
            "no principal 'p' in tender.principals (did you mean 'pp'?); allowed: pp, q",
        ),
    ],
)
def test_what_has_no_meaning_together(settings: dict[str, Any], mechanism: Any, says: str) -> None:
    if "tender.public" in settings:
        settings = settings | {"bidders.policy": {"enters": {"bid_cost": 0.1}}}
    settings = settings | {"standing.expected_cost": {"fixed": 0.1}}
    with pytest.raises(ScenarioError, match=re.escape(says)):
        bl.run(PLAIN, settings=settings, mechanisms=[mechanism])


def test_entry_couples_the_tasks_of_a_replication() -> None:
    (arm,) = bl.run(PLAIN, settings={"world.tasks": 3, "market.entry": {"fee": 0.1}}).arms()
    assert coupling(arm.rules, arm.world) == ("market.entry",)


def test_all_that_an_arm_and_its_market_disagree_on_is_told_at_once() -> None:
    settings = {"market.entry": {"fee": 0.1}, "market.bid_price": 0.1, "bidders.most_bids": 2}
    with pytest.raises(ScenarioError) as refused:
        bl.run(PLAIN, settings=settings | {"standing.expected_cost": {"fixed": 0.1}}, mechanisms=[ALWAYS])
    told = [line.partition(": has")[0].rpartition(" ")[2] for line in str(refused.value).splitlines()]
    assert sorted(told) == ["bidders.most_bids", "market.bid_price", "market.entry"]
    settings = {"market.round": 5, "tender.deadline": 4, "tender.timeout": "FAIL"}
    with pytest.raises(ScenarioError) as refused:
        bl.run(PLAIN, settings=settings, mechanisms=["route_by_advice"])
    told = str(refused.value)
    assert "route_by_advice needs standing.advice" in told
    assert "tender.deadline: must exceed market.window + market.round - 1" in told
