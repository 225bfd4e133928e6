"""What the explorer shows is what the ledger holds and what sim/explain says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.ledger_rows import Rows
from analysis.page.auctions_shown import choose_auctions
from analysis.page.numbers import digit
from analysis.report import arms_of
from sim.experiment.run_folder import Run
from sim.explain.explain import explain
from tests.page.parsed import Parsed


@pytest.fixture(scope="module")
def run(run_folder: Path) -> Run:
    return Run.open(run_folder)


@pytest.fixture(scope="module")
def data(page: str) -> dict[str, Any]:
    return Parsed(page).data


def auctions(data: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(arm, auction) for arm in data["arms"] for auction in arm["auctions"]]


def test_all_auctions_of_a_small_run_are_there_with_every_bid(run: Run, data: dict[str, Any]) -> None:
    said = {
        (arm["name"], auction["r"], data["tasks"][str(auction["t"])], posting["number"], data["agents"][bid[0]]): (
            bid[1],
            bid[2],
            bid[4],
            data["texts"][bid[6]],
        )
        for arm, auction in auctions(data)
        for posting in auction["postings"]
        for bid in posting["bids"]
    }
    rows = run.ledger.bids[["arm", "replication", "task", "posting", "agent", "claim", "ask", "score", "outcome"]]
    kept = {
        tuple(row[:5]): (digit(row[5]), digit(row[6]), digit(row[7]), row[8])
        for row in rows.itertuples(index=False, name=None)
    }
    assert said == kept


def test_words_are_those_of_explain(run: Run, data: dict[str, Any]) -> None:
    texts = data["texts"]
    for arm, auction in auctions(data)[::5]:
        told = explain(run, data["tasks"][str(auction["t"])], auction["r"], arm["name"])
        assert texts[auction["best"]] == told.oracle
        assert len(auction["postings"]) == len(told.postings)
        for shown, posting in zip(auction["postings"], told.postings, strict=True):
            assert [texts[place] for place in (*shown["promised"], *shown["happened"])] == posting.decision
            assert [texts[bid[7]] for bid in shown["bids"]] == [bid.reason for bid in posting.bids]
            assert [bid[3] for bid in shown["bids"]] == [list(map(digit, bid.terms.values())) for bid in posting.bids]
            assert (shown["tie"], shown["closed"], shown["market"]) == (posting.by_tie, posting.closed, posting.market)
            assert shown["least"] == digit(posting.threshold)


def test_marks_are_the_ledgers(run: Run, data: dict[str, Any]) -> None:
    clearings = run.ledger.clearings

    def places(rows: Any) -> set[tuple[Any, ...]]:
        return set(rows[["arm", "replication", "task"]].itertuples(index=False, name=None))

    def marked(kind: str) -> set[tuple[Any, ...]]:
        return {
            (arm["name"], auction["r"], data["tasks"][str(auction["t"])])
            for arm, auction in auctions(data)
            if kind in auction["marks"]
        }

    assert marked("tie") == places(clearings[clearings["by_tie"]]) != set()
    assert marked("repost") == places(clearings[clearings["posting"] > 0]) != set()
    for arm in data["arms"]:
        largest = [auction for auction in arm["auctions"] if "regret" in auction["marks"]]
        assert [auction["regret"] for auction in largest] == [max(auction["regret"] for auction in arm["auctions"])]


def test_attempts_around_an_auction_hold_its_own(run: Run, data: dict[str, Any]) -> None:
    rows = run.ledger.attempts
    for place, (arm, auction) in ((data["arms"].index(arm), (arm, auction)) for arm, auction in auctions(data)):
        columns = data["attempts"][f"{place}:{auction['r']}"]
        low, high = auction["near"]
        assert 0 <= low <= high <= len(columns["task"])
        assert columns["start"] == sorted(columns["start"])
        task = data["tasks"][str(auction["t"])]
        own = rows[(rows["arm"] == arm["name"]) & (rows["replication"] == auction["r"]) & (rows["task"] == task)]
        shown = [k for k in range(low, high) if columns["task"][k] == auction["t"]]
        assert sorted(columns["start"][k] for k in shown) == sorted(own["start"])
        assert sorted(columns["payment"][k] for k in shown) == pytest.approx(sorted(own["payment"]))


def test_of_many_auctions_each_arm_has_a_share_and_what_is_notable(run: Run) -> None:
    arms = arms_of(run)
    rows = {arm.name: Rows.of(run.ledger.arm(arm.name), arm.world) for arm in arms}
    whole = choose_auctions(rows, arms)
    assert whole.rule == ""
    assert all(len(places) == 8 for places in whole.places.values())
    some = choose_auctions(rows, arms, most=30)  # 5 of an arm, and its 4 tasks fit once
    assert some.rule.startswith("in every arm all 4 tasks of replication 0 of 2;")
    for arm in arms:
        places = some.places[arm.name]
        assert places[:4] == [(0, task) for task in range(4)]
        for found in some.notable[arm.name].values():
            assert not found or set(found) & set(places)
    assert (1, 0) in some.places["second price"]  # the tie
    assert some.notable == whole.notable


def test_of_long_replications_tasks_are_evenly_spaced(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.page.auctions_shown._LEAST", 3)
    arms = arms_of(run)
    rows = {arm.name: Rows.of(run.ledger.arm(arm.name), arm.world) for arm in arms}
    some = choose_auctions(rows, arms, most=6)
    assert some.rule.startswith("in every arm 3 of 4 tasks of replication 0, evenly spaced;")
    assert all({(0, 0), (0, 2), (0, 3)} <= set(places) for places in some.places.values())


def test_numbers_are_plain_json() -> None:
    assert [digit(x) for x in (0.1 + 0.2, -math.inf, math.nan, 3.0, np.float64(1e-9))] == [0.3, "-inf", None, 3, 1e-9]
