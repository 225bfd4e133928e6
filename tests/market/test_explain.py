"""`explain` tells the ledger: same winners, same outcomes, terms that sum to the score."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.experiment.execute import execute
from sim.experiment.run_folder import Run
from sim.explain.explain import Explained, explain
from sim.kit.errors import RunError
from tests.market.folders import plan_of

_LIVE, _AUCTIONS = ("agent-economy", "phase 2"), ("second price", "hire all", "posted price, alone", "router")
_SCORES = ("second score, plain", "second score, expected")
ARMS = [("live", arm) for arm in _LIVE] + [("auctions", arm) for arm in (*_AUCTIONS, *_SCORES)]
TASKS = ("parse", "plan", "prove", "print")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    return {name: Run.open(execute(plan_of(name), folder / name)) for name in ("live", "auctions")}


def every_task(run: Run, arm: str) -> list[Explained]:
    return [explain(run, task, r, arm) for r in range(run.scenario.replications) for task in TASKS]


@pytest.mark.parametrize(("scenario", "arm"), ARMS)
def test_outcomes_asks_and_claims_are_the_ledgers(runs: dict[str, Run], scenario: str, arm: str) -> None:
    ledger = runs[scenario].ledger.arm(arm).bids
    rows = ledger[["replication", "task", "posting", "agent", "outcome", "ask", "claim", "score"]]
    stored = {tuple(row[:4]): tuple(row[4:]) for row in rows.itertuples(index=False, name=None)}
    told = {
        (task.replication, task.task, posting.posting, bid.agent): (bid.outcome, bid.ask, bid.claim, bid.score)
        for task in every_task(runs[scenario], arm)
        for posting in task.postings
        for bid in posting.bids
    }
    assert told.keys() == stored.keys()
    for key, (outcome, *numbers) in told.items():
        assert outcome == stored[key][0]
        assert all(a == b or (a != a and b != b) for a, b in zip(numbers, stored[key][1:], strict=True))


@pytest.mark.parametrize(("scenario", "arm"), ARMS)
def test_terms_sum_to_the_score(runs: dict[str, Run], scenario: str, arm: str) -> None:
    bids = [bid for task in every_task(runs[scenario], arm) for posting in task.postings for bid in posting.bids]
    scored = [bid for bid in bids if not math.isnan(bid.score)]
    assert [sum(bid.terms.values()) for bid in scored] == pytest.approx([bid.score for bid in scored], abs=1e-12)
    assert bool(scored) == (arm not in ("hire all", "posted price, alone"))


@pytest.mark.parametrize(("scenario", "arm"), ARMS)
def test_postings_are_the_ledgers_clearings(runs: dict[str, Run], scenario: str, arm: str) -> None:
    rows = runs[scenario].ledger.arm(arm).clearings
    keys = ["replication", "task", "alone", "posting", "posted", "tick", "reserve", "closed"]
    stored = sorted(tuple(row) for row in rows[keys].itertuples(index=False, name=None))
    told = [
        (task.replication, task.task, p.market, p.posting, p.posted, p.tick, p.reserve, p.closed)
        for task in every_task(runs[scenario], arm)
        for p in task.postings
    ]
    assert sorted(told) == stored


@pytest.mark.parametrize(("scenario", "arm"), ARMS)
def test_decision_names_every_agent_that_won_and_no_other(runs: dict[str, Run], scenario: str, arm: str) -> None:
    for task in every_task(runs[scenario], arm):
        for posting in task.postings:
            promised = [line.split(" is promised")[0] for line in posting.decision if " is promised " in line]
            worked = [line.split(" worked")[0] for line in posting.decision if " worked from tick " in line]
            won = [bid.agent for bid in posting.bids if bid.outcome == "won"]
            assert promised == worked == won
            assert ("nobody is hired" in posting.decision) == (not won)


def test_agents_alone_are_explained_market_by_market(runs: dict[str, Run]) -> None:
    told = explain(runs["auctions"], "plan", 0, "posted price, alone")
    assert list(dict.fromkeys(posting.market for posting in told.postings)) == ["ada", "bob", "cyd"]
    assert all([bid.agent for bid in posting.bids] == [posting.market] for posting in told.postings)


def test_first_arm_and_first_replication_are_the_default(runs: dict[str, Run]) -> None:
    told = explain(runs["live"], "parse")
    assert (told.arm, told.rule, told.replication) == ("agent-economy", "agent_economy", 0)


def test_unknown_task_is_refused_with_the_closest_name(runs: dict[str, Run]) -> None:
    with pytest.raises(RunError, match=r"--task pars: no such task \(did you mean 'parse'\?\)"):
        explain(runs["live"], "pars")


@pytest.mark.parametrize("replication", [-1, 3])
def test_unknown_replication_is_refused_with_the_range(runs: dict[str, Run], replication: int) -> None:
    with pytest.raises(RunError, match=r"--replication -?\d: must lie in 0 \.\.\. 2"):
        explain(runs["live"], "parse", replication)


def test_unknown_arm_is_refused_with_those_there_are(runs: dict[str, Run]) -> None:
    with pytest.raises(RunError, match=r"no arm 'phase 3'.* 'agent-economy', 'phase 2'"):
        explain(runs["live"], "parse", 0, "phase 3")


def test_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        Run.open(tmp_path)
