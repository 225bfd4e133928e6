"""`explain` says why an agent that could bid made no bid, what names owe for being new, and who bears what is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.explain.explain import ExplainedPosting, explain
from sim.scenario.given import scenario_of
from tests.market.test_make_or_buy import SCENARIO

NAMED: dict[str, Any] = {"world.names": {"two": 2}, "world.arrivals": {"every": 1}}
KEPT: dict[str, Any] = {"standing.reputation": {"agent_economy": {"start": {"one": 0.5, "*": 1.0}}}}


def explained(folder: Path, **settings: Any) -> list[ExplainedPosting]:
    """The first and the last task of the first replication."""
    given = {"world.tasks": 3, "tender.own": None} | settings
    source = {**SCENARIO, "tender": {key: value for key, value in SCENARIO["tender"].items() if key != "own"}}
    own = {key: value for key, value in given.items() if value is not None}
    run = Run.open(execute(plan(scenario_of(source, settings=own)), folder / "run"))
    return [explain(run, task).postings[0] for task in ("task 0", "task 2")]


def reasons(posting: ExplainedPosting) -> dict[str, str]:
    return {bid.agent: bid.reason for bid in posting.bids}


@pytest.mark.parametrize(
    ("settings", "agent", "says"),
    [
        (NAMED | {"bidders.policy": {"whitewash": {"agent": "two", "below": 0.7}}}, "two (2)", "whitewash, bids under"),
        ({"bidders.policy": {"hand_over": {"agent": "one", "to": "two"}}}, "two", "hand_over, bids under another name"),
        ({"bidders.policy": {"enters": {"bid_cost": 9.0}}}, "one", "its policy, enters, makes no bid here"),
        ({"bidders.agents": {"one": "silent"}}, "one", "its policy, silent, makes no bid here"),
        ({"world.nonresponse": 1.0}, "one", "did not answer"),
    ],
    ids=["whitewash", "hand_over", "enters", "silent", "nonresponse"],
)
def test_who_could_break_even_and_makes_no_bid(tmp_path: Path, settings: dict[str, Any], agent: str, says: str) -> None:
    assert says in reasons(explained(tmp_path, **settings)[0])[agent]


def test_what_names_owe_for_being_new(tmp_path: Path) -> None:
    entry = {"market.entry": {"fee": 0.25, "bond": 0.5, "least": 0.75}}
    first, last = explained(tmp_path, **NAMED, **KEPT, **entry)
    assert "one owes, as a new name, $0.2500" in first.promised
    assert "two (2) owes, as a new name, $0.2500" in first.promised
    assert [line for line in first.promised if "forfeits" in line] == []
    assert "one forfeits $0.5000" in last.promised


def test_what_is_made_is_at_the_principals_cost(tmp_path: Path) -> None:
    (first, _) = explained(tmp_path, **{"tender.own": "own", "tender.autarky": 1.0})
    assert "; the principal spent $0.301" in first.happened[0]
    assert "paid" not in first.happened[0]
