"""The ledger: what happened, one row per attempt, bid and clearing.

    attempts   one row per hired (replication, task, posting, agent)
    bids       one row per (replication, task, posting, agent), whatever became of the bid
    clearings  one row per clearing, filled or not

Rows are ordered by replication, then by moment of clearing (tick, task, posting), then by agent. Names are pandas
categories in the World's order; `arm` holds the arms in the scenario's order. In an arm whose agents are alone, each
agent has a market of its own: `alone` in clearings names it, and is "" elsewhere. Money in dollars, time in ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

STATUS = ("FAIL", "PASS", "INFRA")
OUTCOME = ("won", "lost", "late", "busy", "excluded", "abstained", "malformed")
REASON = ("reposted", "solved", "failed", "unfilled", "deadline")

ATTEMPTS: dict[str, str] = {
    "arm": "category",  # arm's name
    "replication": "int32",
    "task": "category",
    "posting": "int16",  # 0 for the task's first offering
    "agent": "category",
    "try": "int16",  # 0 for this agent's first attempt at this task
    "start": "int64",  # tick of the award
    "finish": "int64",  # tick of the completion
    "status": "category",  # what the verifier said: PASS, FAIL, INFRA
    "timed_out": "bool",  # ended by the deadline
    "success": "bool",  # what truly happened
    "ask": "float64",
    "claim": "float64",
    "pay_success": "float64",  # the contract
    "pay_failure": "float64",
    "payment": "float64",  # what was paid; < 0: the agent paid
    "cost": "float64",  # what the attempt cost the agent
}
BIDS: dict[str, str] = {
    "arm": "category",
    "replication": "int32",
    "task": "category",
    "posting": "int16",
    "agent": "category",
    "ask": "float64",  # NaN where no bid was made (abstained, excluded)
    "claim": "float64",
    "score": "float64",  # NaN where the rule ranks nobody or the bid did not count
    "outcome": "category",  # won, lost, late, busy, excluded, abstained, malformed
    "bid_cost": "float64",  # what making the bid cost the agent
}
CLEARINGS: dict[str, str] = {
    "arm": "category",
    "replication": "int32",
    "task": "category",
    "posting": "int16",
    "alone": "category",  # the agent whose own market this is, "" where agents share one
    "posted": "int64",  # tick at which the posting went out
    "tick": "int64",  # tick of the clearing
    "value": "float64",  # NaN where the scenario states none
    "reserve": "float64",
    "penalty": "float64",
    "n_active": "int32",  # bids that counted
    "n_hired": "int32",
    "by_tie": "bool",  # the lottery decided between equal scores
    "overhead": "float64",  # what the clearing cost the allocator
    "closed": "category",  # how the posting ended: reposted, solved, failed, unfilled, deadline
}
SCHEMAS: dict[str, dict[str, str]] = {"attempts": ATTEMPTS, "bids": BIDS, "clearings": CLEARINGS}


@dataclass(frozen=True, eq=False)
class Ledger:
    """Three tables with the columns of ATTEMPTS, BIDS and CLEARINGS. Tables not asked for are empty."""

    attempts: pd.DataFrame
    bids: pd.DataFrame
    clearings: pd.DataFrame
