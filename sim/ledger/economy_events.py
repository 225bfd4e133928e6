"""The ledger of one arm and replication as agent-economy, the public live engine of [AE], writes it: JSON Lines.

Each line is {round_id, type, payload} with the types and fields of the engine; round_id is the tick, a credit a dollar,
the bounty the reserve. What the engine keeps and our ledger does not is null: tokens, models, what a task's files are.

    run_created, worker_registered, task_created    at tick 0; payment_rule is the name of our rule
    bid_submitted                                   at the clearing, by every agent that answered; no bids: it made none
    penalty_applied                                 bid_usage_cost, usage_cost and verification_fail, as in the engine;
                                                    bid_fee where a rule charges one
    market_cleared, task_assigned                   one clearing; one hire as its turn comes
    patch_submitted, verification_passed or _failed, task_completed, payment_made     as an attempt ends
    bounty_adjusted, round_advanced                 a posting at another reserve; a tick at which something happens

The engine knows no cancelled attempt: one is INFRA here. Read back by the importer of the same name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.kit.at_once import replacing
from sim.ledger.events import events
from sim.ledger.ledger import Ledger

Row = dict[str, Any]
_SILENT = ("busy", "excluded", "exited", "withdrawn", "bid limit", "no bond")  # where no bid stands: it was not asked
_PASS = "PASS"


def write_economy_events(ledger: Ledger, path: Path, *, payment_rule: str, rounds: bool) -> None:
    """Write the events of a ledger of one arm and replication. rounds: the arm clears in rounds."""
    with replacing(path) as unfinished, unfinished.open("w", encoding="utf-8") as lines:
        for event in economy_events(ledger, payment_rule=payment_rule, rounds=rounds):
            lines.write(json.dumps(event, sort_keys=True, ensure_ascii=False) + "\n")


def economy_events(ledger: Ledger, *, payment_rule: str, rounds: bool) -> Iterator[Row]:
    """Those events."""
    now = 0
    for tick, kind, payload in _Told(ledger, payment_rule).all(rounds):
        if tick > now:
            now = tick
            yield {"round_id": now, "type": "round_advanced", "payload": {"round_id": now}}
        yield {"round_id": now, "type": kind, "payload": payload}


Event = tuple[int, str, Row]


class _Told:
    """The engine's events of our events; what was last said of a task is kept by (market, task)."""

    def __init__(self, ledger: Ledger, payment_rule: str) -> None:
        self._ledger, self._rule = ledger, payment_rule
        names = ("task", "posting", "agent", "bid_cost")
        rows = (ledger.bids[name].tolist() for name in names)
        self._bid_cost = {(task, posting, agent): cost for task, posting, agent, cost in zip(*rows, strict=True)}
        self._bounty: dict[tuple[Any, Any], float] = {}
        self._bids: dict[tuple[Any, Any], dict[str, Row]] = {}

    def all(self, rounds: bool) -> Iterator[Event]:
        yield from self._opening()
        payloads = {
            "posted": self._posted,
            "bid": self._bid,
            "cleared": self._cleared,
            "hired": self._hired,
            "completed": self._completed,
        }
        for event in events(self._ledger, rounds=rounds):
            if event["event"] in payloads:
                for kind, payload in payloads[event["event"]](event):
                    yield event["tick"], kind, payload

    def _opening(self) -> Iterator[Event]:
        yield 0, "run_created", {"payment_rule": self._rule}
        for agent in self._ledger.bids["agent"].cat.categories:
            own = {"worker_id": agent, "worker_type": "model_agent", "model_ref": None}
            yield 0, "worker_registered", own | {"balance": 0.0, "reputation": 1.0}
        first = self._ledger.clearings[self._ledger.clearings["posting"] == 0]
        for task, reserve in dict(zip(first["task"].tolist(), first["reserve"].tolist(), strict=True)).items():
            lists: Row = {name: [] for name in ("acceptance", "allowed_paths", "deps", "files_hint")}
            none = dict.fromkeys(("context", "judges", "max_attempts", "submission_kind", "verify_mode"))
            own = {"task_id": task, "title": task, "description": "", "bounty": reserve, "hidden_acceptance": []}
            yield 0, "task_created", own | lists | none

    def _posted(self, event: Row) -> Iterator[tuple[str, Row]]:
        market = event.get("market"), event["task"]
        before = self._bounty.get(market, event["reserve"])
        self._bounty[market], self._bids[market] = event["reserve"], {}
        if event["reserve"] != before:
            changed = {"task_id": event["task"], "bounty_current": event["reserve"]}
            yield "bounty_adjusted", changed | {"reason": "reposted"}

    def _bid(self, event: Row) -> Iterator[tuple[str, Row]]:
        made = event["ask"] is not None
        if not made and event["outcome"] in _SILENT:
            return
        used = {"worker_id": event["agent"], "model_ref": None, "llm_usage": None}
        bid = {
            "task_id": event["task"],
            "ask": event["ask"],
            "self_assessed_p_success": event["claim"],
            "eta_minutes": None,
            "notes": None,
        }
        yield "bid_submitted", used | {"bids": [bid] if made else []}
        award = {"bid": bid, "score": _finite(event["score"]), "won": event["outcome"] == "won"}
        self._bids[event.get("market"), event["task"]][event["agent"]] = award
        owed = {"bid_usage_cost": self._bid_cost[event["task"], event["posting"], event["agent"]]}
        owed["bid_fee"] = event.get("fee", 0.0)
        for reason, amount in owed.items():
            if amount > 0.0:
                yield "penalty_applied", used | {"reason": reason, "amount": amount}

    def _cleared(self, event: Row) -> Iterator[tuple[str, Row]]:
        bids = self._bids[event.get("market"), event["task"]]
        hired = [_assigned(event["task"], agent, award) for agent, award in bids.items() if award["won"]]
        yield "market_cleared", {"assignments": hired}

    def _hired(self, event: Row) -> Iterator[tuple[str, Row]]:
        yield "task_assigned", _assigned(event["task"], event["agent"], self._award(event))

    def _completed(self, event: Row) -> Iterator[tuple[str, Row]]:
        of = {"task_id": event["task"], "worker_id": event["agent"]}
        award, bounty = self._award(event), self._bounty[event.get("market"), event["task"]]
        status = "INFRA" if event["status"] == "CANCELLED" else event["status"]
        none: Row = {"model_ref": None, "llm_usage": None}
        yield "patch_submitted", of | none | {"notes": None, "submission_kind": None}
        yield "penalty_applied", of | none | {"reason": "usage_cost", "amount": event["cost"]}
        yield f"verification_{'passed' if status == _PASS else 'failed'}", of | {"status": status}
        unknown = dict.fromkeys(
            ("award_expected_cost", "award_score_snapshot", "patch_kind", "sandbox", "submission_kind")
        )
        said = {"success": status == _PASS, "verify_status": status, "bid": award["bid"], "award_score": award["score"]}
        yield "task_completed", of | unknown | said | {"bounty_current": bounty, "holdback_amount": 0.0}
        yield from self._settled(of, award["bid"], bounty, event["payment"])

    def _settled(self, of: Row, bid: Row, bounty: float, payment: float) -> Iterator[tuple[str, Row]]:
        if payment > 0.0:
            paid = {"payment_rule": self._rule, "bounty": bounty, "ask": bid["ask"], "holdback": 0.0}
            yield "payment_made", of | paid | {"amount": payment}
        elif payment < 0.0:
            parts = {"base_penalty": -payment, "confidence_penalty": 0.0, "confidence_penalty_floor": None}
            claim = {"reported_p_success": bid["self_assessed_p_success"]}
            yield "penalty_applied", of | parts | claim | {"reason": "verification_fail", "amount": -payment}

    def _award(self, event: Row) -> Row:
        return self._bids[event.get("market"), event["task"]][event["agent"]]


def _assigned(task: str, agent: str, award: Row) -> Row:
    unknown: Row = {"expected_cost": None, "score_snapshot": None}
    return {"task_id": task, "worker_id": agent, "bid": award["bid"], "score": award["score"]} | unknown


def _finite(score: Any) -> float | None:
    """None where it is no number of JSON."""
    return score if isinstance(score, float) and math.isfinite(score) else None
