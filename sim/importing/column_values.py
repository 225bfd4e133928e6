"""A column of the recorded table from the rows: value maps, units, marks, empty cells; faults are collected.

The steps of a cell: empty, or mapped by `values`, or a number in its `unit`; then, of success, at least its mark, and,
of a score, as a share of full marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from sim.importing.amounts import amount, in_units, seconds_between
from sim.importing.cell_text import is_empty, lookup, name_of, text_of
from sim.importing.dotted import Getter, getter
from sim.importing.import_report import ReadColumn
from sim.importing.mapping import DOLLARS, INFRA, LABELS, OUTCOMES, SECONDS, SHARES, ColumnSpec, ImportSpec
from sim.importing.source_row import SourceRow
from sim.kit.errors import closest, several
from sim.tables.table_faults import Faults
from sim.tables.table_file import short

_PLACEHOLDER = {"success": None, "status": INFRA, "score": None}  # of a cell that has its fault already; 0 of amounts
_GRADED = "from which score it succeeds, and columns.score keeps it"
_UNITS: dict[str, tuple[str, ...]] = dict.fromkeys(SHARES, ("percent",)) | dict.fromkeys(DOLLARS, ("cents", "dollars"))
_UNITS["duration"] = tuple(SECONDS)


class ColumnReader:
    """Reads one column. title: what errors call it. empty: how many cells were empty, once it is read."""

    def __init__(self, name: str, spec: ColumnSpec, mapping: ImportSpec, faults: Faults) -> None:
        self.name, self.spec, self._mapping, self._faults = name, spec, mapping, faults
        self._nulls = frozenset(mapping.nulls)
        self._bad: dict[int, str] = {}
        self._find = None if spec.values is None else lookup(spec.values)
        self.title, self.empty = _title(name, spec), 0

    def read(self, rows: Sequence[SourceRow], agents: Sequence[str]) -> list[Any]:
        """A value for each row, as the recorded table has it. agents: of each row, for prices."""
        if self.spec.origin == "constant":
            return [self._of_label(self.spec.constant)] * len(rows)
        if self.spec.origin == "tokens":
            counts = {kind: self._getter(field) for kind, field in (self.spec.tokens or {}).items()}
            found = [
                self._priced(at, {kind: get(row) for kind, get in counts.items()}, agent)
                for at, (row, agent) in enumerate(zip(rows, agents, strict=True))
            ]
        elif self.spec.origin == "since":
            since, until = self._getter(self.spec.since), self._getter(self.spec.until)
            found = [self._elapsed(at, since(row), until(row)) for at, row in enumerate(rows)]
        else:
            get = self._getter(self.spec.field)
            found = [self._cell(at, get(row)) for at, row in enumerate(rows)]
            if self.spec.out_of is not None:
                found = self._shares(rows, found)
        bad = np.zeros(len(rows), np.bool_)
        bad[list(self._bad)] = True
        self._faults.add(bad, self._bad.__getitem__)
        return found

    def report(self, rows: int) -> ReadColumn:
        """What was read, of so many rows."""
        spec, name = self.spec, self.name
        origin = (
            f"{spec.constant} in all rows" if spec.origin == "constant" else self.title.removesuffix(f" (as {name})")
        )
        if spec.unit is not None:
            origin += f", in {spec.unit}"
        if spec.out_of is not None:
            origin += f", out of {spec.out_of if isinstance(spec.out_of, str) else format(spec.out_of, 'g')}"
        if spec.at_least is not None:
            origin += f", success from {spec.at_least:g}"
        if spec.null is not None:
            origin += f", {spec.null} where empty"
        return ReadColumn(name, origin, rows - self.empty, self.empty)

    def _cell(self, at: int, raw: Any) -> Any:
        if is_empty(raw, self._nulls):
            return self._of_nothing(at)
        if self._find is not None:
            there, value = self._find(raw)
            if not there:
                known = self.spec.values or {}
                near = closest(text_of(raw), known)
                return self._fault(at, f"must be one of {several(known)}; got {short(raw)}{near}")
            raw = value
        if self.name == "score":
            return self._score(at, raw)
        if self.name in OUTCOMES:
            return self._outcome(at, raw)
        return self._of_label(raw) if self.name in LABELS else self._number(at, raw)

    def _getter(self, field: str | None) -> Getter:
        return getter(field or "", self._nulls)

    def _of_label(self, value: Any) -> Any:
        """Of a label the name that a value is; any other value as it is."""
        named = self.name in LABELS and isinstance(value, str | float | Decimal)
        return name_of(value) if named else value

    def _of_nothing(self, at: int) -> Any:
        self.empty += 1
        if self.spec.null is not None:
            return _lost(self.name, self._of_label(self.spec.null))
        if self.name in OUTCOMES:
            return _PLACEHOLDER[self.name]
        if self.name in LABELS:
            return None
        return self._fault(at, f"is empty; columns.{self.name}.null = VALUE says what that stands for")

    def _outcome(self, at: int, raw: Any) -> Any:
        if self.name == "status" or (isinstance(raw, str) and raw.strip().upper() == INFRA):
            return _lost(self.name, raw)
        if isinstance(raw, bool) or text_of(raw) in ("true", "false"):
            return text_of(raw) == "true"
        number = amount(raw)
        if number is not None and self.spec.at_least is not None:
            return number >= Decimal(repr(self.spec.at_least))
        if number is not None and number in (0, 1):
            return number == 1
        rule = "must be 0 or 1, false or true, or empty where the attempt was lost"
        key, says = ("values", "what a text means") if number is None else ("at_least", _GRADED)
        return self._fault(at, f"{rule}; got {short(raw)}; columns.success.{key} says {says}")

    def _score(self, at: int, raw: Any) -> Any:
        if _lost(self.name, raw) is None:
            return None
        if self.spec.out_of is None and text_of(raw) in ("true", "false"):
            return float(text_of(raw) == "true")
        return self._number(at, raw)

    def _shares(self, rows: Sequence[SourceRow], found: list[Any]) -> list[Any]:
        """Scores as shares of what full marks are; None where the attempt was lost."""
        full = self.spec.out_of
        get = self._getter(full) if isinstance(full, str) else lambda _: full
        made = []
        for at, (row, marks) in enumerate(zip(rows, found, strict=True)):
            most = amount(get(row))
            if marks is None or at in self._bad:
                made.append(marks)
            elif most is None or most <= 0:
                got = short(get(row)) if not is_empty(get(row), self._nulls) else "nothing"
                made.append(self._fault(at, f"must have full marks in {full}, a number > 0; got {got}"))
            else:
                made.append(float(Decimal(repr(marks)) / most))
        return made

    def _number(self, at: int, raw: Any) -> Any:
        unit = self.spec.unit
        if unit is None and isinstance(raw, float):
            return raw
        number = amount(raw, unit)
        if number is None:
            return self._fault(at, f"must be a number; got {short(raw)}{_hint(self.name, raw)}")
        return in_units(number, unit, self._mapping.tick_seconds)

    def _elapsed(self, at: int, since: Any, until: Any) -> Any:
        if is_empty(since, self._nulls) or is_empty(until, self._nulls):
            return self._of_nothing(at)
        seconds = seconds_between(since, until)
        if seconds is None:
            return self._fault(at, f"must be two times, e.g. 2025-09-05T23:34:12Z; got {short(since)}, {short(until)}")
        return in_units(seconds, "s", self._mapping.tick_seconds)

    def _priced(self, at: int, counts: Mapping[str, Any], agent: str) -> Any:
        prices = self._mapping.price(agent)
        if any(is_empty(count, self._nulls) for count in counts.values()):
            return self._of_nothing(at)
        if prices is None or not set(counts) <= set(prices):
            lacks = [kind for kind in counts if kind not in (prices or {})]
            return self._fault(at, f"has no price of {' and '.join(lacks)} tokens for agent {agent!r}")
        numbers = {kind: amount(count) for kind, count in counts.items()}
        dollars = Decimal(0)
        for kind, number in numbers.items():
            if number is None:
                return self._fault(at, f"must be numbers of tokens; got {short(counts[kind])} for {kind}")
            dollars += number * Decimal(repr(prices[kind]))
        return float(dollars / 1_000_000)

    def _fault(self, at: int, text: str) -> Any:
        self._bad[at] = f"{self.title} {text}"
        return _PLACEHOLDER.get(self.name, "?" if self.name in LABELS else 0.0)


def key_faults(columns: Mapping[str, ColumnSpec], mapping: ImportSpec) -> list[str]:
    """Keys of columns that do not go with them."""
    faults = []
    for name, spec in columns.items():
        at, units = f"columns.{name}", _UNITS.get(name, ())
        if spec.origin is None:
            faults.append(f"{at}: must say where its values come from: field, constant, tokens, or since and until")
        if spec.unit is not None and spec.unit not in units:
            faults.append(f"{at}.unit: must be {' or '.join(units) or 'absent'}; got {spec.unit}")
        if spec.origin == "since" and name != "duration":
            faults.append(f"{at}.since: only a duration is the time between two moments")
        if spec.origin == "tokens" and name not in DOLLARS:
            faults.append(f"{at}.tokens: only {', '.join(DOLLARS)} are dollars for tokens")
        if spec.at_least is not None and name != "success":
            faults.append(f"{at}.at_least: only success has a mark")
        if spec.out_of is not None and name != "score":
            faults.append(f"{at}.out_of: only a score is a share of full marks")
        if in_seconds(spec) and mapping.tick_seconds is None:
            faults.append(f"tick_seconds: is missing; it must be stated where {at} is in seconds")
    return faults


def in_seconds(spec: ColumnSpec) -> bool:
    """Its ticks are made of a time."""
    return spec.origin == "since" or spec.unit in SECONDS


def _title(name: str, spec: ColumnSpec) -> str:
    if spec.origin == "constant":
        return f"columns.{name}"
    origin = f"{spec.since} to {spec.until}" if spec.origin == "since" else " and ".join((spec.tokens or {}).values())
    field = spec.field or origin
    return field if field == name else f"{field} (as {name})"


def _lost(name: str, value: Any) -> Any:
    """INFRA, as a success or a score says it; any other value as it is."""
    if name != "status" and name in OUTCOMES and isinstance(value, str) and value.strip().upper() == INFRA:
        return None
    return value


def _hint(name: str, raw: Any) -> str:
    text = raw.strip() if isinstance(raw, str) else ""
    if text.endswith("%") and name in SHARES:
        return f'; columns.{name}.unit = "percent" reads it'
    if text.startswith("$") and name in DOLLARS:
        return f'; columns.{name}.unit = "dollars" reads it'
    return ""
