"""The ledger as one stream of events, in the order in which they happened: `events.jsonl`.

One JSON object a line: event, arm, replication, tick, task, posting and what belongs to the event.

    posted      value, reserve, penalty
    bid         agent, ask, claim (null where none was made), score, outcome; fee where it owes one
    cleared     n_active, n_hired, by_tie
    hired       agent, try, pay_success, pay_failure; turn where it waited for one, budget where it has one
    completed   agent, status, success, timed_out, payment, cost
    closed      reason: solved, failed, unfilled, deadline, reposted, no budget

JSON has no infinity: an infinite score is written "inf" or "-inf". Bids stand at the clearing, where they were read.
Of those hired to try in turns, each is written as hired when its turn comes; those without a turn are not:
`cleared` counts them. Where agents are alone, `market` names the agent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from sim.ledger.ledger import Ledger

_TASK = ["replication", "market", "task"]
_KEY = [*_TASK, "posting"]
_POSTED, _BID, _CLEARED, _HIRED, _COMPLETED, _CLOSED = range(6)
_EARLIER, _POSTINGS, _CLEARINGS, _LATER = range(4)  # parts of a tick; the second and last are of rounds

Row = dict[str, Any]
Key = tuple[Any, ...]  # replication, tick, part of it, market, and then the market's own order; agents as in the ledger


def write_events(ledger: Ledger, arms: list[str], path: Path, rounds: Collection[str] = ()) -> None:
    """Write the events of every arm, one after the other. rounds: the arms that clear in rounds."""
    with path.open("w", encoding="utf-8") as lines:
        for arm in arms:
            for event in events(ledger.arm(arm), rounds=arm in rounds):
                lines.write(json.dumps({"arm": arm, **event}) + "\n")


def events(ledger: Ledger, *, rounds: bool = False) -> Iterator[Row]:
    """Events of one arm in order of replication, tick and execution.

    rounds: all that is posted at the tick of a round is posted before it is held, but for what it posts again itself;
    what it starts ends after all its clearings.
    """
    clearings = ledger.clearings.assign(market=ledger.clearings["alone"].astype(str))
    alone = bool((clearings["market"] != "").any())
    clearings = _with_codes(clearings, "alone" if alone else None)
    rows = list(_records(clearings))
    places = {tuple(row[key] for key in _KEY): place for place, row in enumerate(rows)}
    stream: list[tuple[Key, Row]] = []
    for place, row in enumerate(rows):
        before = places.get((*(row[key] for key in _TASK), row["posting"] - 1))
        again = before is not None and rows[before]["tick"] == row["posted"]
        stream += _of_clearing(place, row, (_LATER if again else _POSTINGS) if rounds else _CLEARINGS)
    for row in _records(_in_market(ledger.bids, alone)):
        place = places[tuple(row[key] for key in _KEY)]
        fields = {key: row[key] for key in ("agent", "ask", "claim", "score", "outcome")}
        tick = rows[place]["tick"]
        fields |= {"fee": row["fee"]} if row["fee"] else {}
        stream.append((_at(row, tick, _CLEARINGS, place, _BID), _event("bid", row, tick, fields)))
    last: dict[int, Key] = {}
    for row in _records(_in_market(ledger.attempts, alone)):
        place = places[tuple(row[key] for key in _KEY)]
        hired, completed = _of_attempt(place, row, rows[place], _LATER if rounds else _CLEARINGS)
        stream += [hired, completed]
        last[place] = max(last.get(place, completed[0]), completed[0])
    for place, row in enumerate(rows):
        key = last.get(place, _at(row, row["tick"], _CLEARINGS, place, _CLEARED))
        stream.append(((*key, _CLOSED), _event("closed", row, key[1], {"reason": row["closed"]})))
    stream.sort(key=lambda pair: pair[0])
    for _, event in stream:
        yield event


def _in_market(rows: pd.DataFrame, alone: bool) -> pd.DataFrame:
    return _with_codes(rows.assign(market=rows["agent"].astype(str) if alone else ""), "agent" if alone else None)


def _with_codes(rows: pd.DataFrame, market: str | None) -> pd.DataFrame:
    """The rows with the places of their task and market in the World's order."""
    named = {"task_place": "task"} | ({"market_place": market} if market else {})
    return rows.assign(**{place: rows[name].cat.codes for place, name in named.items()})


def _records(frame: pd.DataFrame) -> Iterator[Row]:
    for record in frame.to_dict("records"):
        yield {str(key): _plain(value) for key, value in record.items()}


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)


def _at(row: Row, tick: int, part: int, place: int, stage: int) -> Key:
    """Key of what happens at or after the clearing in that place of the ledger."""
    turn = row["turn"] if stage in (_HIRED, _COMPLETED) else 0
    return row["replication"], tick, part, row.get("market_place"), place, turn, stage


def _before(row: Row, tick: int, stage: int) -> Key:
    """Key of what happens before every clearing and posting of its tick, by task, posting and turn."""
    order = (row["task_place"], row["posting"], row["turn"])
    return row["replication"], tick, _EARLIER, row.get("market_place"), *order, stage


def _event(kind: str, row: Row, tick: int, fields: Row) -> Row:
    place = {"replication": row["replication"], "tick": tick, "task": row["task"], "posting": row["posting"]}
    market = {"market": row["market"]} if row["market"] else {}
    return {"event": kind, **place, **market, **fields}


def _of_clearing(place: int, row: Row, part: int) -> Iterator[tuple[Key, Row]]:
    """part: of the tick at which it was posted."""
    offered = {key: row[key] for key in ("value", "reserve", "penalty")}
    yield _at(row, row["posted"], part, place, _POSTED), _event("posted", row, row["posted"], offered)
    cleared = {key: row[key] for key in ("n_active", "n_hired", "by_tie")}
    yield _at(row, row["tick"], _CLEARINGS, place, _CLEARED), _event("cleared", row, row["tick"], cleared)


def _of_attempt(place: int, row: Row, cleared: Row, part: int) -> tuple[tuple[Key, Row], tuple[Key, Row]]:
    """part: of the tick of its clearing, where it is over then."""
    hired = {key: row[key] for key in ("agent", "try", "pay_success", "pay_failure")}
    hired |= {key: row[key] for key in ("turn", "budget") if row[key]}
    done = {name: row[name] for name in ("agent", "status", "success", "timed_out", "payment", "cost")}

    def key(tick: int, part: int, stage: int) -> Key:
        return _at(row, tick, part, place, stage) if tick == cleared["tick"] else _before(row, tick, stage)

    start, finish = row["start"], row["finish"]
    return (key(start, _CLEARINGS, _HIRED), _event("hired", row, start, hired)), (
        key(finish, part, _COMPLETED),
        _event("completed", row, finish, done),
    )
