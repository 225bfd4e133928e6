"""What the columns of a recorded table may hold, and what each cell means.

An attempt lost to the system has no outcome: its `success` is empty, or its `status` is INFRA. With a status column,
`success` may be left out; where both stand they must agree, and a lost run's success is empty or 0.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.distribution import MOST, MOST_TICKS
from sim.kit.invalid import number
from sim.tables.table_file import Sheet, short

_FILLED = ("agent", "task", "principal", "trial")  # labels that must not be empty
_MONEY = f"a number from 0 to {number(MOST)}"
_RULES: dict[str, tuple[str, Any]] = {
    "claim": ("a number in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
    "ability": ("a number in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
    "duration": (
        f"a whole number of ticks from 0 to {number(MOST_TICKS)}",
        lambda x: (x >= 0) & (x <= MOST_TICKS) & (x == np.floor(x)),
    ),
}
_STATUS = {"PASS": 1.0, "FAIL": 0.0, "INFRA": np.nan}


class Outcomes(NamedTuple):
    """Of each row: it truly succeeded; it was lost to the system (and then did not succeed)."""

    success: BoolArray
    lost: BoolArray


def texts(sheet: Sheet, column: list[Any], title: str, name: str) -> list[str]:
    """The column as names of one line; "" where there is none, which agents, tasks, principals and trials must have."""
    found = []
    known: set[str] = set()
    for row, value in enumerate(column):
        if _missing(value):
            if name in _FILLED:
                raise sheet.fault(row, f"{title} is empty")
            found.append("")
            continue
        if isinstance(value, bool | list | dict):
            raise sheet.fault(row, f"{title} must be text; got {short(value)}")
        text = str(value).strip()
        if text not in known:
            if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
                raise sheet.fault(row, f"{title} must be one line without control characters; got {short(text)}")
            known.add(text)
        found.append(text)
    return found


def numbers(sheet: Sheet, column: list[Any], title: str, name: str) -> FloatArray:
    """The column as finite numbers that obey the name's rule."""
    rule, good = _RULES.get(name, (_MONEY, lambda x: (x >= 0) & (x <= MOST)))
    found = np.array([_number(value) for value in column], np.float64)
    bad = ~good(found)
    if bad.any():
        row = int(np.argmax(bad))
        got = "nothing" if _empty(column[row]) else short(column[row])
        raise sheet.fault(row, f"{title} must be {rule}; got {got}")
    return found


def outcomes(sheet: Sheet, chosen: Mapping[str, list[Any]], titles: Mapping[str, str]) -> Outcomes:
    """What became of each row's attempt, by its success, its status or both."""
    said = {}
    if "success" in chosen:
        said["success"] = _successes(sheet, chosen["success"], titles["success"])
    if "status" in chosen:
        said["status"] = _statuses(sheet, chosen["status"], titles["status"])
    if len(said) == 2:
        _check_agree(sheet, said["status"], said["success"], chosen, titles)
    known = said.get("status", said.get("success", np.zeros(0)))
    return Outcomes(known == 1, np.isnan(known))


def trial_order(column: list[str]) -> tuple[IntArray, IntArray]:
    """Of each row: what its trial is sorted by, and a number that two rows share where their trials are the same.

    As numbers where all ids are numbers; else by their rows, for texts have no order of their own.
    """
    values: list[Any] = [_exact(text) for text in column]
    if any(value is None for value in values):
        values = column
    known = {value: place for place, value in enumerate(sorted(set(values)))}
    same = np.array([known[value] for value in values], np.int64)
    return (np.arange(len(column)) if values is column else same), same


def _empty(value: Any) -> bool:
    """There is nothing in the cell."""
    return value is None or (isinstance(value, str) and not value.strip())


def _missing(value: Any) -> bool:
    """Nothing, or the NaN by which some writers of typed formats say so."""
    return _empty(value) or (isinstance(value, float) and value != value)


def _successes(sheet: Sheet, column: list[Any], title: str) -> FloatArray:
    """1, 0, or NaN where lost."""
    lost = np.array([_missing(value) for value in column])
    found = np.array([_truth(value) for value in column])
    bad = ~lost & (found != 0) & (found != 1)
    if bad.any():
        row = int(np.argmax(bad))
        rule = "0 or 1, false or true, or empty where the attempt was lost"
        raise sheet.fault(row, f"{title} must be {rule}; got {short(column[row])}")
    return np.where(lost, np.nan, found)


def _statuses(sheet: Sheet, column: list[Any], title: str) -> FloatArray:
    """1, 0, or NaN where lost."""
    found = []
    for row, value in enumerate(column):
        text = value.strip().upper() if isinstance(value, str) else value
        if not isinstance(text, str) or text not in _STATUS:
            got = "nothing" if _missing(value) else short(value)
            raise sheet.fault(row, f"{title} must be PASS, FAIL or INFRA; got {got}")
        found.append(_STATUS[text])
    return np.array(found, np.float64)


def _check_agree(
    sheet: Sheet, status: FloatArray, success: FloatArray, chosen: Mapping[str, list[Any]], titles: Mapping[str, str]
) -> None:
    agree = (status == success) | (np.isnan(status) & ~(success == 1))
    if not agree.all():
        row = int(np.argmin(agree))
        value = chosen["success"][row]
        got = "empty" if _missing(value) else short(value)
        state = chosen["status"][row].strip()
        raise sheet.fault(row, f"{titles['status']} is {state}, but {titles['success']} is {got}")


def _truth(value: Any) -> float:
    """1 or 0 of a truth value or a number, NaN where it is neither."""
    if isinstance(value, bool):
        return float(value)
    text = value.strip().lower() if isinstance(value, str) else ""
    return float(text == "true") if text in ("true", "false") else _number(value)


def _number(value: Any) -> float:
    """`value` as a number, NaN where it is none. Not every text that Python would read is one: 1_000 is not."""
    if isinstance(value, bool):
        return np.nan
    if isinstance(value, str):
        value = value.strip().lower()
        if "_" in value or not value.isascii():
            return np.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _exact(text: str) -> Decimal | None:
    """The number `text` writes, to its last digit, None where it writes none."""
    if "_" in text or not text.isascii():
        return None
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None
