"""Ledgers of agent-economy, the public live engine of [AE]: one event a line; `bidlab export` writes them too.

Format: https://github.com/strangeloopcanon/agent-economy, agent_economy/schemas.py and engine.py, commit 30f0b42. A row
is a task_completed: worker_id, task_id, verify_status, and of its bid self_assessed_p_success, which the engine makes
up (.5) where a worker gave no bid. Cost: penalty_applied for usage_cost before it, nothing where the engine debited
others and not this one; a ledger without any has no costs. TIMEOUT, FLAKE_SUSPECTED and MANUAL_REVIEW need
columns.success.values of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Gt, Le

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer
from sim.importing.source_row import SourceFile, SourceRow
from sim.kit.distribution import MOST
from sim.kit.errors import TableError


@register_importer("agent_economy")
@dataclass(frozen=True)
class AgentEconomyLedger(Importer):
    """credits_per_dollar: how many credits of the engine are a dollar."""

    credits_per_dollar: Annotated[float, Gt(0), Le(MOST)] = 1.0

    summary = "ledgers (.jsonl) of agent-economy's runs, and of `bidlab export`"
    source = "https://github.com/strangeloopcanon/agent-economy"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each attempt that ended; those of several files are trials."""
        return {
            "columns": {
                "agent": "worker_id",
                "task": "task_id",
                "trial": "{$file}:{attempt}",
                "claim": "bid.self_assessed_p_success",
                "success": {"field": "verify_status", "values": {"PASS": 1, "FAIL": 0, "INFRA": "INFRA"}},
                "cost": "cost",
            }
        }

    def read(self, file: SourceFile, rows: str | None) -> list[SourceRow]:
        """The attempts of a ledger, in the order in which they ended."""
        events = super().read(file, rows)
        for event in events:
            if not {"type", "payload"} <= set(event.values) or not isinstance(event.values["payload"], dict):
                raise TableError(f"{event.place}: is no event of agent-economy: it has no type, or no payload")
        debited = any(event.values["payload"].get("reason") == "usage_cost" for event in events)
        return list(self._attempts(events, 0.0 if debited else None))

    def _attempts(self, events: list[SourceRow], unpaid: float | None) -> Iterator[SourceRow]:
        """unpaid: cost of an attempt that nothing was debited for."""
        cost: dict[tuple[Any, Any], float] = {}
        ended: Counter[tuple[Any, Any]] = Counter()
        for event in events:
            payload = event.values["payload"]
            pair = payload.get("worker_id"), payload.get("task_id")
            if event.values["type"] == "penalty_applied" and payload.get("reason") == "usage_cost":
                amount = payload.get("amount")
                if isinstance(amount, bool) or not isinstance(amount, int | float):
                    raise TableError(f"{event.place}: payload.amount: must be a number of credits; got {amount!r}")
                cost[pair] = cost.get(pair, 0.0) + amount / self.credits_per_dollar
            elif event.values["type"] == "task_completed":
                values = {**payload, "cost": cost.pop(pair, unpaid), "attempt": ended[pair]}
                ended[pair] += 1
                yield SourceRow(event.file, event.number, event.line, values, event.special)
