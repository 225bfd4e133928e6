"""The figures of one run of the public live engine [AE], as a table of expected values: live_trace.csv.

Figures only, in the run's order and in credits; the engine's own file is not part of this repository. A row is
(round, event, worker, task, figure, value), one per figure:

    registered  reputation, balance                     verified   status
    posted      bounty                                  completed  success, bounty, score
    bid         ask, claim                              paid       amount
    matched     score, ask, claim, reputation,          debited    bid, attempt or failure: the amount of each
                expected cost, bounty, failure penalty  raised     bounty
    started     ask

Where the engine's file lies in a `data` folder beside the repository, `of_engine` reads the same rows from it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("live_trace.csv")
ENGINE = next(Path(__file__).parents[3].glob("*/data/agent_economy_trace.jsonl"), None)
COLUMNS = ("round", "event", "worker", "task", "figure", "value")
DEBITS = {"bid_usage_cost": "bid", "usage_cost": "attempt", "verification_fail": "failure"}
MATCHED = ("score", "ask", "p_success", "reputation", "expected_cost", "bounty", "failure_penalty")
PLAIN = {
    "worker_registered": ("registered", ("reputation", "balance")),
    "task_created": ("posted", ("bounty",)),
    "verification_passed": ("verified", ("status",)),
    "verification_failed": ("verified", ("status",)),
    "task_completed": ("completed", ("success", "bounty_current", "award_score")),
    "payment_made": ("paid", ("amount",)),
    "bounty_adjusted": ("raised", ("bounty_current",)),
}
WORDS = {"p_success": "claim", "bounty_current": "bounty", "award_score": "score"}


class Row(NamedTuple):
    """One figure. value: a number or a word, as text."""

    round: int
    event: str
    worker: str
    task: str
    figure: str
    value: str


class Event(NamedTuple):
    """What happened, with its figures. worker, task: empty where it has none."""

    round: int
    kind: str
    worker: str
    task: str
    figures: dict[str, str]


def expected() -> list[Row]:
    """The table."""
    with TABLE.open(newline="") as file:
        lines = csv.reader(file)
        assert tuple(next(lines)) == COLUMNS
        return [Row(int(tick), *rest) for tick, *rest in lines]


def events(rows: list[Row]) -> list[Event]:
    """Rows that follow one another and differ in the figure only are one event."""
    return [
        Event(*key, {row.figure: row.value for row in own})  # type: ignore[arg-type]
        for key, own in groupby(rows, key=lambda row: row[:4])
    ]


def of_engine(path: Path) -> list[Row]:
    """The same figures from the file the engine wrote: a line of {round_id, type, payload} per event."""
    return [row for line in path.read_text().splitlines() for row in _figures(json.loads(line))]


def _figures(line: dict[str, Any]) -> Iterator[Row]:
    tick, kind, event = line["round_id"], line["type"], line["payload"]
    worker = event.get("worker_id", "")
    if kind == "bid_submitted":
        for bid in event["bids"]:
            for figure, key in (("ask", "ask"), ("claim", "self_assessed_p_success")):
                yield Row(tick, "bid", worker, bid["task_id"], figure, str(bid[key]))
    elif kind == "market_cleared":
        for pair in event["assignments"]:
            parts = pair["score_snapshot"]["components"]
            for key in MATCHED:
                yield Row(tick, "matched", pair["worker_id"], pair["task_id"], _word(key), str(parts[key]))
    elif kind == "penalty_applied":
        yield Row(tick, "debited", worker, event.get("task_id", ""), DEBITS[event["reason"]], str(event["amount"]))
    elif kind == "task_assigned":
        yield Row(tick, "started", worker, event["task_id"], "ask", str(event["bid"]["ask"]))
    elif kind in PLAIN:
        name, keys = PLAIN[kind]
        for key in keys:
            yield Row(tick, name, worker, event.get("task_id", ""), _word(key), str(event[key]))


def _word(key: str) -> str:
    return WORDS.get(key, key.replace("_", " "))
