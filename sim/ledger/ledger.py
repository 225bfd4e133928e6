"""The ledger: what happened, one row per attempt, bid and clearing.

    attempts   one row per hired (replication, task, posting, agent)
    bids       one row per (replication, task, posting, agent), whatever became of the bid
    clearings  one row per clearing, filled or not
    accounts   one row per movement of money, by replication, tick, moment and sequence (sim/market/accounts.py)

Rows of the others are ordered by replication, then by moment of clearing (tick, task, posting), then by agent. Names
are pandas categories in the World's order; `arm` holds the arms in the scenario's order. In an arm whose agents are
alone, each agent has a market of its own: `alone` in clearings names it, and is "" elsewhere. Money in dollars, time in
ticks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

STATUS = ("FAIL", "PASS", "INFRA", "CANCELLED")
KIND = ("hold", "release", "pay", "fine", "fee", "cost", "side_payment")
OUTCOME = (
    "won",
    "lost",
    "late",
    "busy",
    "excluded",
    "abstained",
    "malformed",
    "exited",
    "no bond",
    "withdrawn",
    "bid limit",
    "out of range",
    "refused",
    "cut off",
)
REASON = ("reposted", "solved", "failed", "unfilled", "deadline", "no budget")

ATTEMPTS: dict[str, str] = {
    "arm": "category",  # arm's name
    "replication": "int32",
    "task": "category",
    "posting": "int16",  # 0 for the task's first offering
    "agent": "category",
    "try": "int16",  # 0 for this agent's first attempt at this task
    "turn": "int16",  # 0 for who tries first, 1 for who tries once they failed, ...; 0 where all try at once
    "start": "int64",  # tick of the award, or of its turn
    "finish": "int64",  # tick of the completion
    "status": "category",  # what the verifier said: PASS, FAIL, INFRA; or CANCELLED
    "timed_out": "bool",  # ended by the deadline
    "success": "bool",  # what truly happened
    "score": "float64",  # what the verifier says the work is worth, in [0, 1]: 1 of PASS, else 0, unless it is graded
    "ask": "float64",
    "claim": "float64",
    "belief": "float64",  # the success probability the agent believed when it bid, at its budget where it has one
    "cost_belief": "float64",  # dollars it believed an attempt costs, likewise
    "pay_success": "float64",  # the contract
    "pay_failure": "float64",
    "budget": "float64",  # dollars at which the attempt is stopped, NaN where it is not
    "payment": "float64",  # what was paid; < 0: the agent paid
    "cost": "float64",  # what the attempt cost the agent
    "inspection": "float64",  # what looking at its result cost the allocator
    "harm": "float64",  # what accepting a failure cost the principal, payment apart
}
BESIDE = {"inspection": True, "harm": False}  # dollars of attempts beside those: whether the allocator pays them
ATTEMPT_DOLLARS = ("payment", "cost", *BESIDE)  # the columns of attempts that add up over them
BIDS: dict[str, str] = {
    "arm": "category",
    "replication": "int32",
    "task": "category",
    "posting": "int16",
    "agent": "category",
    "ask": "float64",  # NaN where no bid was made (abstained, excluded, exited, withdrawn, bid limit)
    "claim": "float64",
    "belief": "float64",  # what the agent believed its ability to be, whether it bid or not; NaN where absent
    "cost_belief": "float64",  # dollars it believed an attempt costs
    "score": "float64",  # NaN where the rule ranks nobody or the bid did not count
    # won, lost, late, busy, excluded, abstained, malformed; exited: its wealth had run out; no bond: hired under a bond
    # that it could not post, or owed a fee that it could not pay, so asked again without it; withdrawn: the tender was,
    # for want of budget; bid limit: it had bid on as many other tasks of the round as it may; of a live agent's answer
    # also out of range: no such dollars or chance; refused; cut off: it reached its limit of tokens
    "outcome": "category",
    "bid_cost": "float64",  # what making the bid cost the agent
    "fee": "float64",  # what the agent paid the principal for bidding, hired or not
}
CLEARINGS: dict[str, str] = {
    "arm": "category",
    "replication": "int32",
    "task": "category",
    "posting": "int16",
    "alone": "category",  # the agent alone in this market, "" where agents share one
    "principal": "category",  # owner of the task, "" where there is one without a name
    "posted": "int64",  # tick at which the posting went out
    "tick": "int64",  # tick of the clearing
    "value": "float64",  # NaN where the scenario states none
    "reserve": "float64",
    "penalty": "float64",
    "n_active": "int32",  # bids that counted
    "n_hired": "int32",
    "by_tie": "bool",  # the lottery decided between equal scores
    "overhead": "float64",  # what the clearing cost the allocator
    "closed": "category",  # how the posting ended: reposted, solved, failed, unfilled, deadline, no budget
}
ACCOUNTS: dict[str, str] = {
    "arm": "category",
    "replication": "int32",
    "alone": "category",  # as in clearings
    "tick": "int64",
    "moment": "int32",  # 0, 1, ... among those of the tick at which money moved
    "sequence": "int32",  # 0, 1, ... within the moment
    "task": "category",
    "posting": "int16",
    "from": "category",  # "agent NAME", "principal NAME", "allocator", "nature", or "escrow", where holds lie
    "to": "category",
    "kind": "category",  # hold, release, pay, fine, fee, cost, side_payment
    "dollars": "float64",  # > 0
}
SCHEMAS: dict[str, dict[str, str]] = {
    "attempts": ATTEMPTS,
    "bids": BIDS,
    "clearings": CLEARINGS,
    "accounts": ACCOUNTS,
}


_METADATA = b"bidlab.categories"
_ARROW = {"int16": "int16", "int32": "int32", "int64": "int64", "float64": "float64", "bool": "bool_"}


def categories(
    arms: Sequence[str], agents: Sequence[str], tasks: Sequence[str], principals: Sequence[str] = ("",)
) -> dict[str, list[str]]:
    """The names behind every category column, in the order of their codes."""
    paying = parties(agents, principals)
    return {
        "arm": list(arms),
        "task": list(tasks),
        "agent": list(agents),
        "alone": [*agents, ""],
        "principal": list(principals),
        "status": list(STATUS),
        "outcome": list(OUTCOME),
        "closed": list(REASON),
        "from": paying,
        "to": paying,
        "kind": list(KIND),
    }


def parties(agents: Sequence[str], principals: Sequence[str]) -> list[str]:
    """Names of those between whom money moves, in the order of their codes.

    >>> parties(["ada"], [""])
    ['nature', 'allocator', 'escrow', 'agent ada', 'principal']
    """
    named = [f"principal {name}".strip() for name in principals]
    return ["nature", "allocator", "escrow", *(f"agent {name}" for name in agents), *named]


def arrow_table(name: str, columns: Mapping[str, NDArray[Any]], names: Mapping[str, list[str]]) -> pa.Table:
    """One arm's rows of the table `name` (attempts, bids, clearings, accounts) from columns of numbers and codes."""
    import pyarrow as pa

    arrays = []
    for column, kind in SCHEMAS[name].items():
        values = columns[column]
        if kind == "category":
            codes = pa.array(values.astype(np.int32))
            arrays.append(pa.DictionaryArray.from_arrays(codes, pa.array(names[column], pa.string())))
        else:
            arrays.append(pa.array(values.astype(kind), getattr(pa, _ARROW[kind])()))
    table = pa.Table.from_arrays(arrays, names=list(SCHEMAS[name]))
    used = {column: names[column] for column, kind in SCHEMAS[name].items() if kind == "category"}
    return table.replace_schema_metadata({_METADATA: json.dumps(used).encode()})


def write_table(table: pa.Table, path: Path) -> None:
    """Write Parquet; the same table always gives the same bytes."""
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd")


def read_arrow(paths: Sequence[Path]) -> pa.Table:
    """The rows of all `paths`, one after the other, with the metadata of the first."""
    import pyarrow.parquet as pq

    return joined([pq.read_table(path) for path in paths])


def read_frame(path: Path) -> pd.DataFrame:
    """The table at `path` as a DataFrame."""
    return frame_of(read_arrow([path]))


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all tables, one after the other, with the metadata of the first."""
    import pyarrow as pa

    return pa.concat_tables(tables).unify_dictionaries().replace_schema_metadata(tables[0].schema.metadata)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """One table as a DataFrame; categories are in the World's order, whichever of them occur."""
    names: dict[str, list[str]] = json.loads(table.schema.metadata[_METADATA])
    frame: pd.DataFrame = table.to_pandas()
    for column, order in names.items():
        frame[column] = frame[column].cat.set_categories(order)
    return frame


@dataclass(frozen=True, eq=False)
class Ledger:
    """Tables with the columns of ATTEMPTS, BIDS, CLEARINGS and ACCOUNTS; accounts is None where none were written."""

    attempts: pd.DataFrame
    bids: pd.DataFrame
    clearings: pd.DataFrame
    accounts: pd.DataFrame | None = None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The ledger of the run in `folder`."""
        return cls(**{name: read_frame(folder / f"{name}.parquet") for name in SCHEMAS})

    @classmethod
    def of(cls, arms: Sequence[Mapping[str, pa.Table]]) -> Self:
        """The ledger of arms in order. arms: for each its Arrow tables, by name."""
        return cls(**{name: frame_of(joined([arm[name] for arm in arms])) for name in SCHEMAS})

    def arm(self, name: str) -> Self:
        """The rows of one arm; codes of names are kept."""
        return type(self)(
            **{table: rows[rows["arm"] == name] for table, rows in vars(self).items() if rows is not None}
        )
