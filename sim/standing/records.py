"""Records: what agents did on other tasks, as advice, as an expected cost, or on an agent's card.

    { record = "redrawn", tasks = h }   h tasks independent of those played, one history a replication. From a table:
                    drawn with replacement, slot by slot, all trials of a task together. From a profile: fresh tasks of
                    the replication's own agents. The population is the table, so for other tasks than a table's it is
                    optimistic: six equal agents of rate .600 are routed to .647 on their own table of 93 tasks.
    { record = "split" }                the tasks of each replication are halved at random; each half's record serves
                    the other half. The mean over replications is the mean over splits, unbiased for tasks that are
                    not in the table; on a table with tied agents it is low (.556 for six of .600 each).
    { record = "published" }            a card's only, for comparison with [MB]: all other tasks, rates unsmoothed. It
                    leaves one task out, so it is 1/(T - 1) higher exactly where the agent fails, and AUC falls.

A rate is smoothed, (S + 1/2) / (N + 1): S of the N observed trials were delivered; INFRA is no observation. A cost is
the plain mean of what the trials cost, NaN where the record holds none of the agent's: nobody is hired by a cost that
nobody knows. Trials count as the World observes them: all that a table holds, or the first try in a drawn world.

    draws, by name    identity
    record            (replication, slot, task)      the slot takes the task with the least draw
    half              (replication, task)            the T // 2 lowest are one half
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sim.kit.errors import closest
from sim.kit.invalid import number, written

Kind = Literal["redrawn", "split", "published"]

LEAST_SPLITS = 20  # replications, so that the halving itself adds little to the error
MOST_TASKS = 10**6
GONE = (
    "is gone: a record that leaves the task out is 1/(T - 1) higher exactly where the agent fails; write record = "
    '"redrawn", tasks = h (h tasks independent of those played) or record = "split" (halves of the tasks)'
)


@dataclass(frozen=True)
class Record:
    """kind: which record. tasks: h, of "redrawn" only."""

    kind: Kind
    tasks: int | None = None


def is_record(raw: Any) -> bool:
    """The value as written asks for a record."""
    return isinstance(raw, dict) and "record" in raw


def check_not_gone(raw: Any) -> None:
    """Raise ValueError where the value asks for "leave_one_task_out", saying what to write instead."""
    old = "leave_one_task_out"
    if raw == old or (isinstance(raw, dict) and (old in raw or raw.get("record") == old)):
        raise ValueError(f'"{old}" {GONE}')


def parse_record(raw: dict[str, Any]) -> Record:
    """The record that `{ record = ... }` asks for as advice or expected cost; raises ValueError.

    >>> parse_record({"record": "redrawn", "tasks": 92})
    Record(kind='redrawn', tasks=92)
    """
    kind, others = raw["record"], {key: value for key, value in raw.items() if key != "record"}
    if kind not in ("redrawn", "split"):
        hint = closest(str(kind), ("redrawn", "split"))
        only = '; "published" and "past" are records of a card' if kind in ("published", "past") else hint
        raise ValueError(f'record must be "redrawn" or "split"; got {written(kind)}{only}')
    unknown = sorted(set(others) - {"tasks"})
    if unknown:
        raise ValueError(
            f"record: unknown key{closest(unknown[0], ['tasks'])}; allowed: record, tasks; got {written(raw)}"
        )
    return made_record(kind, others.get("tasks"))


def made_record(kind: Kind, tasks: Any) -> Record:
    """A record of this kind; raises ValueError where `tasks` is missing, wrong or out of place."""
    if kind != "redrawn":
        if tasks is not None:
            raise ValueError(f'tasks has a meaning with record = "redrawn" only; record is "{kind}"')
        return Record(kind)
    if tasks is None:
        raise ValueError('tasks must be stated with record = "redrawn": the tasks of its history')
    if not isinstance(tasks, int) or isinstance(tasks, bool) or not 1 <= tasks <= MOST_TASKS:
        raise ValueError(f"tasks must be a whole number from 1 to {number(MOST_TASKS)}; got {written(tasks)}")
    return Record(kind, tasks)


def check_splits(records: Mapping[str, Record], replications: int) -> None:
    """Raise ValueError where a split has too few replications. records: by the key that asks for each."""
    for key, record in records.items():
        if record.kind == "split" and replications < LEAST_SPLITS:
            raise ValueError(
                f'{key}: record = "split" needs at least {LEAST_SPLITS} replications: each halves the tasks once, and '
                f"the result is the mean over them; got replications = {replications}"
            )
