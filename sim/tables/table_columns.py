"""What the columns of a recorded table may hold, and what each cell means.

An attempt lost to the system has no outcome: its `success` is empty, or its `status` is INFRA. With a status column,
`success` may be left out; where both stand they must agree, and a lost run's success is empty or 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.distribution import MOST, MOST_TICKS
from sim.kit.invalid import number
from sim.kit.names import EVERYBODY, NAME, alike, is_name, look_alike
from sim.tables.table_faults import Faults
from sim.tables.table_file import short

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
_SHARES = ("claim", "ability")
_TEXTS = (str, int, float, Decimal, date, UUID)  # what may stand for a name
_STATUS = {"PASS": 1.0, "FAIL": 0.0, "INFRA": np.nan}


class Outcomes(NamedTuple):
    """Of each row: it truly succeeded; it was lost to the system (and then did not succeed).

    score: in [0, 1], 0 where it was lost, of a table of scores, in which nothing is a success before a mark is stated.
    """

    success: BoolArray
    lost: BoolArray
    score: FloatArray | None = None


def texts(faults: Faults, column: list[Any], title: str, name: str) -> list[str]:
    """The column as names of one line; "" where there is none, which agents, tasks, principals and trials must have.

    Names that look alike are a fault, since one would be taken for the other.
    """
    missing = [_missing(value) for value in column]
    typed = [not isinstance(value, bool) and isinstance(value, _TEXTS) for value in column]
    found = [
        "" if gone or not good else str(value).strip() for value, gone, good in zip(column, missing, typed, strict=True)
    ]
    if name in _FILLED:
        faults.add(missing, lambda row: f"{title} is empty")
    wrong = [not gone and not good for gone, good in zip(missing, typed, strict=True)]
    faults.add(wrong, lambda row: f"{title} must be text; got {short(column[row])}{_as_bytes(column[row])}")
    distinct = dict.fromkeys(found)
    unfit = {text for text in distinct if text and not is_name(text)}
    faults.add([text in unfit for text in found], lambda row: f"{title} must be {NAME}; got {short(found[row])}")
    if name == "agent" and EVERYBODY in distinct:
        stands = f'{title} must not be "{EVERYBODY}", which stands for all agents'
        faults.add([text == EVERYBODY for text in found], lambda row: stands)
    if (two := look_alike(distinct)) is not None:
        faults.add([text == two[1] for text in found], lambda row: f"{title}: {alike(*two)}")
    return found


def numbers(faults: Faults, column: list[Any], title: str, name: str) -> FloatArray:
    """The column as finite numbers that obey the name's rule."""
    rule, good = _RULES.get(name, (_MONEY, lambda x: (x >= 0) & (x <= MOST)))
    found = np.array([_number(value) for value in column], np.float64)
    hint = "; looks like percentages: divide by 100" if name in _SHARES and _percentages(found) else ""

    def text(row: int) -> str:
        got = "nothing" if _empty(column[row]) else short(column[row])
        return f"{title} must be {rule}; got {got}{_as_bytes(column[row])}{hint}"

    faults.add(~good(found), text)
    return found


def _percentages(found: FloatArray) -> bool:
    """Most of the numbers are from 1 to 100, none is more."""
    known = found[np.isfinite(found)]
    return bool(known.size and np.median(known) > 1 and 1 < known.max() <= 100 and known.min() >= 0)


def _as_bytes(value: Any) -> str:
    return " (bytes: write the column as text)" if isinstance(value, bytes | bytearray) else ""


def outcomes(faults: Faults, chosen: Mapping[str, list[Any]], titles: Mapping[str, str]) -> Outcomes:
    """What became of each row's attempt: by its success, its status or both; or by its score."""
    if "score" in chosen:
        return _scores(faults, chosen["score"], titles["score"])
    said = {}
    if "success" in chosen:
        said["success"] = _successes(faults, chosen["success"], titles["success"])
    if "status" in chosen:
        said["status"] = _statuses(faults, chosen["status"], titles["status"])
    if len(said) == 2:
        _check_agree(faults, said["status"], said["success"], chosen, titles)
    known = said.get("status", said.get("success", np.zeros(0)))
    return Outcomes(known == 1, np.isnan(known))


def trial_order(column: list[str]) -> tuple[IntArray, IntArray]:
    """Of each row: what its trial is sorted by, and a number that two rows share where their trials are the same.

    As numbers where all ids are numbers; else by their rows, for texts have no order of their own.
    """
    values: list[Any] = [exact(text) for text in column]
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


def _scores(faults: Faults, column: list[Any], title: str) -> Outcomes:
    lost = np.array([_missing(value) for value in column])
    found = np.array([_truth(value) for value in column], np.float64)
    hint = "; looks like percentages: divide by 100" if _percentages(found) else ""
    rule = "a number in [0, 1], or empty where the attempt was lost"

    def text(row: int) -> str:
        return f"{title} must be {rule}; got {short(column[row])}{_as_bytes(column[row])}{hint}"

    faults.add(~lost & ~((found >= 0) & (found <= 1)), text)
    return Outcomes(np.zeros(len(column), np.bool_), lost, np.where(lost, 0.0, found))


def _successes(faults: Faults, column: list[Any], title: str) -> FloatArray:
    """1, 0, or NaN where lost."""
    lost = np.array([_missing(value) for value in column])
    found = np.array([_truth(value) for value in column])
    bad = ~lost & (found != 0) & (found != 1)
    rule = "0 or 1, false or true, or empty where the attempt was lost"
    faults.add(bad, lambda row: f"{title} must be {rule}; got {short(column[row])}{_as_bytes(column[row])}")
    return np.where(lost, np.nan, found)


def _statuses(faults: Faults, column: list[Any], title: str) -> FloatArray:
    """1, 0, or NaN where lost."""
    said = [value.strip().upper() if isinstance(value, str) else "" for value in column]

    def text(row: int) -> str:
        got = "nothing" if _missing(column[row]) else short(column[row])
        return f"{title} must be PASS, FAIL or INFRA; got {got}{_as_bytes(column[row])}"

    faults.add([word not in _STATUS for word in said], text)
    return np.array([_STATUS.get(word, np.nan) for word in said], np.float64)


def _check_agree(
    faults: Faults, status: FloatArray, success: FloatArray, chosen: Mapping[str, list[Any]], titles: Mapping[str, str]
) -> None:
    agree = (status == success) | (np.isnan(status) & ~(success == 1))

    def text(row: int) -> str:
        value = chosen["success"][row]
        got = "empty" if _missing(value) else short(value)
        return f"{titles['status']} is {chosen['status'][row].strip()}, but {titles['success']} is {got}"

    sound = np.isin(np.nan_to_num(success, nan=0.0), (0, 1))
    known = np.array([isinstance(word, str) and word.strip().upper() in _STATUS for word in chosen["status"]])
    faults.add(~agree & sound & known, text)


def _truth(value: Any) -> float:
    """1 or 0 of a truth value or a number, NaN where it is neither."""
    if isinstance(value, bool):
        return float(value)
    text = value.strip().lower() if isinstance(value, str) else ""
    return float(text == "true") if text in ("true", "false") else _number(value)


def _number(value: Any) -> float:
    """`value` as a number, NaN where it is none. Not every text that Python would read is one: 1_000 is not."""
    if isinstance(value, bool | bytes | bytearray):
        return np.nan
    if isinstance(value, str):
        value = value.strip().lower()
        if "_" in value or not value.isascii():
            return np.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def exact(text: str) -> Decimal | None:
    """The number `text` writes, to its last digit, None where it writes none."""
    if "_" in text or not text.isascii():
        return None
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None
