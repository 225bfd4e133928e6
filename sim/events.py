"""The ledger as one stream of events, in the order in which they happened: `events.jsonl`.

One JSON object a line: event, arm, replication, tick, task, posting and what belongs to the event.

    posted      value, reserve, penalty
    bid         agent, ask, claim (null where none was made), score, outcome
    cleared     n_active, n_hired, by_tie
    hired       agent, try, pay_success, pay_failure
    completed   agent, status, success, timed_out, payment, cost
    closed      reason: solved, failed, unfilled, deadline, reposted

Bids are told at the clearing, where they were read. In an arm whose agents are alone, `market` names the agent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from sim.ledger import Ledger

_KEY = ["replication", "market", "task", "posting"]
_POSTED, _BID, _CLEARED, _HIRED, _COMPLETED, _CLOSED = range(6)


def write_events(ledger: Ledger, arms: list[str], path: Path) -> None:
    """Write the events of every arm, one after the other."""
    with path.open("w", encoding="utf-8") as lines:
        for arm in arms:
            for event in events(ledger.arm(arm)):
                lines.write(json.dumps({"arm": arm, **event}) + "\n")


def events(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Events of one arm in order of replication, tick and execution."""
    clearings = ledger.clearings.assign(market=ledger.clearings["alone"].astype(str))
    alone = bool((clearings["market"] != "").any())
    places = {key: place for place, key in enumerate(clearings[_KEY].itertuples(index=False, name=None))}
    stream: list[tuple[tuple[int, ...], dict[str, Any]]] = []
    started: dict[int, dict[str, Any]] = {}
    for place, row in enumerate(_records(clearings)):
        started[place] = row
        stream += _of_clearing(place, row)
    for row in _records(_in_market(ledger.bids, alone)):
        place = places[tuple(row[key] for key in _KEY)]
        tick = started[place]["tick"]
        told = {key: row[key] for key in ("agent", "ask", "claim", "score", "outcome")}
        stream.append(((row["replication"], tick, 1, place, _BID), _event("bid", row, tick, told)))
    last: dict[int, tuple[int, ...]] = {}
    for row in _records(_in_market(ledger.attempts, alone)):
        place = places[tuple(row[key] for key in _KEY)]
        for key, event in _of_attempt(place, row):
            stream.append((key, event))
        last[place] = max(last.get(place, key), key)
    for place, row in started.items():
        replication, tick, kind = last.get(place, (row["replication"], row["tick"], 1))[:3]
        key = (replication, tick, kind, place, _CLOSED)
        stream.append((key, _event("closed", row, tick, {"reason": row["closed"]})))
    stream.sort(key=lambda pair: pair[0])
    for _, event in stream:
        yield event


def _in_market(rows: pd.DataFrame, alone: bool) -> pd.DataFrame:
    return rows.assign(market=rows["agent"].astype(str) if alone else "")


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for record in frame.to_dict("records"):
        yield {str(key): _plain(value) for key, value in record.items()}


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _event(kind: str, row: dict[str, Any], tick: int, told: dict[str, Any]) -> dict[str, Any]:
    place = {"replication": row["replication"], "tick": tick, "task": row["task"], "posting": row["posting"]}
    market = {"market": row["market"]} if row["market"] else {}
    return {"event": kind, **place, **market, **told}


def _of_clearing(place: int, row: dict[str, Any]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    offered = {key: row[key] for key in ("value", "reserve", "penalty")}
    yield (row["replication"], row["posted"], 1, place, _POSTED), _event("posted", row, row["posted"], offered)
    cleared = {key: row[key] for key in ("n_active", "n_hired", "by_tie")}
    yield (row["replication"], row["tick"], 1, place, _CLEARED), _event("cleared", row, row["tick"], cleared)


def _of_attempt(place: int, row: dict[str, Any]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    hired = {key: row[key] for key in ("agent", "try", "pay_success", "pay_failure")}
    yield (row["replication"], row["start"], 1, place, _HIRED), _event("hired", row, row["start"], hired)
    # A completion comes before every clearing and posting of its tick, but not before its own award.
    kind = 1 if row["finish"] == row["start"] else 0
    done = {key: row[key] for key in ("agent", "status", "success", "timed_out", "payment", "cost")}
    yield (row["replication"], row["finish"], kind, place, _COMPLETED), _event("completed", row, row["finish"], done)
