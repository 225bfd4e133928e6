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

_KEY = ["replication", "market", "task", "posting"]
_POSTED, _BID, _CLEARED, _HIRED, _COMPLETED, _CLOSED = range(6)

Row = dict[str, Any]
# Replication, tick, 0 for what comes before the tick's clearings, market, and then the market's own order.
Key = tuple[int, int, int, int, int, int, int, int, int]


def write_events(ledger: Ledger, arms: list[str], path: Path, rounds: Collection[str] = ()) -> None:
    """Write the events of every arm, one after the other. rounds: the arms that clear in rounds."""
    with path.open("w", encoding="utf-8") as lines:
        for arm in arms:
            for event in events(ledger.arm(arm), rounds=arm in rounds):
                lines.write(json.dumps({"arm": arm, **event}) + "\n")


def events(ledger: Ledger, *, rounds: bool = False) -> Iterator[Row]:
    """Events of one arm in order of replication, tick and execution.

    rounds: all that is posted at the tick of a round is posted before it is held.
    """
    clearings = ledger.clearings.assign(market=ledger.clearings["alone"].astype(str))
    alone = bool((clearings["market"] != "").any())
    clearings = _with_codes(clearings, "alone" if alone else None)
    rows = list(_records(clearings))
    places = {tuple(row[key] for key in _KEY): place for place, row in enumerate(rows)}
    stream: list[tuple[Key, Row]] = []
    for place, row in enumerate(rows):
        stream += _of_clearing(place, row, early=rounds and (row["posting"] == 0 or row["posted"] == row["tick"]))
    for row in _records(_in_market(ledger.bids, alone)):
        place = places[tuple(row[key] for key in _KEY)]
        fields = {key: row[key] for key in ("agent", "ask", "claim", "score", "outcome")}
        tick = rows[place]["tick"]
        fields |= {"fee": row["fee"]} if row["fee"] else {}
        stream.append((_at(row, tick, place, _BID), _event("bid", row, tick, fields)))
    last: dict[int, Key] = {}
    for row in _records(_in_market(ledger.attempts, alone)):
        place = places[tuple(row[key] for key in _KEY)]
        hired, completed = _of_attempt(place, row, rows[place])
        stream += [hired, completed]
        last[place] = max(last.get(place, completed[0]), completed[0])
    for place, row in enumerate(rows):
        key = last.get(place, _at(row, row["tick"], place, _CLEARED))
        after = (*key[:8], _CLOSED)
        stream.append((after, _event("closed", row, key[1], {"reason": row["closed"]})))
    stream.sort(key=lambda pair: pair[0])
    for _, event in stream:
        yield event


def _in_market(rows: pd.DataFrame, alone: bool) -> pd.DataFrame:
    return _with_codes(rows.assign(market=rows["agent"].astype(str) if alone else ""), "agent" if alone else None)


def _with_codes(rows: pd.DataFrame, market: str | None) -> pd.DataFrame:
    """The rows with the places of their task, agent and market in the World's order."""
    codes = {"task_place": rows["task"].cat.codes, "market_place": rows[market].cat.codes if market else 0}
    agent = rows["agent"].cat.codes if "agent" in rows else 0
    return rows.assign(**codes, agent_place=agent)


def _records(frame: pd.DataFrame) -> Iterator[Row]:
    for record in frame.to_dict("records"):
        yield {str(key): _plain(value) for key, value in record.items()}


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)


def _at(row: Row, tick: int, place: int, stage: int) -> Key:
    """Key of what happens at or after the clearing in that place of the ledger."""
    agent = row["agent_place"] if stage == _COMPLETED else 0
    turn = row["turn"] if stage in (_HIRED, _COMPLETED) else 0
    return row["replication"], tick, 1, row["market_place"], place, 0, turn, agent, stage


def _before(row: Row, tick: int, stage: int) -> Key:
    """Key of what happens before every clearing and posting of its tick, by task, posting, turn and agent."""
    agent = row["agent_place"] if stage == _COMPLETED else 0
    order = (row["task_place"], row["posting"], row["turn"], agent)
    return row["replication"], tick, 0, row["market_place"], *order, stage


def _event(kind: str, row: Row, tick: int, fields: Row) -> Row:
    place = {"replication": row["replication"], "tick": tick, "task": row["task"], "posting": row["posting"]}
    market = {"market": row["market"]} if row["market"] else {}
    return {"event": kind, **place, **market, **fields}


def _of_clearing(place: int, row: Row, early: bool) -> Iterator[tuple[Key, Row]]:
    offered = {key: row[key] for key in ("value", "reserve", "penalty")}
    key = _at(row, row["posted"], place, _POSTED)
    yield (*key[:4], -1, place, 0, 0, _POSTED) if early else key, _event("posted", row, row["posted"], offered)
    cleared = {key: row[key] for key in ("n_active", "n_hired", "by_tie")}
    yield _at(row, row["tick"], place, _CLEARED), _event("cleared", row, row["tick"], cleared)


def _of_attempt(place: int, row: Row, cleared: Row) -> tuple[tuple[Key, Row], tuple[Key, Row]]:
    hired = {key: row[key] for key in ("agent", "try", "pay_success", "pay_failure")}
    hired |= {key: row[key] for key in ("turn", "budget") if row[key]}
    done = {name: row[name] for name in ("agent", "status", "success", "timed_out", "payment", "cost")}

    def key(tick: int, stage: int) -> Key:
        return _at(row, tick, place, stage) if tick == cleared["tick"] else _before(row, tick, stage)

    start, finish = row["start"], row["finish"]
    return (key(start, _HIRED), _event("hired", row, start, hired)), (
        key(finish, _COMPLETED),
        _event("completed", row, finish, done),
    )
