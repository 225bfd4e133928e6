"""What a mapping of results may say: [world] table = {...}, `bidlab import --map`, and what an importer fills in.

A row of a file becomes a row of the recorded table (sim/tables/table.py). Where a value stands is a field:

    score, doc.level, items.0.id      a key of the row, or a dotted path into it; quotes keep dots together
    $file, $folder, $path, $row       name of the file without its endings, its folder, its path, number of the row
    $top.model                        of the document that holds the rows; $key: the key that a row stands under
    $NAME                             a group of path_pattern, or a field of wide
    {suite}:{id}                      several of them in one text
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from sim.importing.field_paths import brace_fault
from sim.kit.errors import closest
from sim.kit.invalid import written
from sim.kit.names import EVERYBODY
from sim.kit.parameters import split
from sim.kit.section import Money, Section, parsed_by
from sim.tables.table import OPTIONAL, REQUIRED

OURS = (*REQUIRED, *OPTIONAL)
LABELS = ("agent", "task", "family", "block", "principal", "trial")
OUTCOMES = ("success", "status", "score")
SHARES, DOLLARS = ("claim", "ability", "score"), ("cost", "cost_belief", "usd_per_token")
SECONDS = {"ms": "0.001", "s": "1", "min": "60", "h": "3600"}
INFRA = "INFRA"
Text = Annotated[str, Field(min_length=1)]
Plain = str | float | bool


def _pattern(raw: str) -> str:
    try:
        re.compile(raw)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return raw


Pattern = Annotated[str, AfterValidator(_pattern)]


class ColumnSpec(Section):
    """One column of the recorded table. Of field, constant, tokens and since one says where its values come from."""

    field: Text | None = Field(None, description="where the value stands in a row: a dotted path, $NAME or {a}:{b}")
    constant: str | float | None = Field(None, description="the same value in all rows")
    tokens: dict[str, str] | None = Field(
        None, description="kind of token -> field with their number: dollars, by usd_per_million_tokens"
    )
    since: Text | None = Field(None, description="field with a time at which the attempt began, with until")
    until: Text | None = Field(None, description="field with the time at which it ended: the seconds between are read")
    values: dict[str, Plain] | None = Field(
        None, description='text of a cell -> value, e.g. {yes = 1, no = 0, error = "INFRA"}; no other text may occur'
    )
    unit: Literal["percent", "cents", "dollars", "ms", "s", "min", "h"] | None = Field(
        None, description="what it is in: percent; cents, or dollars with their sign; a time; absent: a plain number"
    )
    at_least: float | None = Field(None, description="of success: the score from which an attempt succeeded")
    out_of: Text | Annotated[float, Field(gt=0)] | None = Field(
        None, description="of score: full marks, a number or the field that has them; the value is divided by them"
    )
    null: Plain | None = Field(
        None, description='value of an empty cell; absent: "INFRA" of success, status and score, a fault of amounts'
    )

    @property
    def origin(self) -> str | None:
        """Which key says where values come from."""
        stated = [key for key in ("field", "constant", "tokens", "since") if getattr(self, key) is not None]
        return stated[0] if stated else None

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        stated = [key for key in ("field", "constant", "tokens", "since") if getattr(self, key) is not None]
        if len(stated) > 1:
            yield f"{' and '.join(stated)} cannot be combined"
        if (self.since is None) != (self.until is None):
            yield "since and until must be stated together"
        if self.unit is not None and {"constant", "tokens", "since"} & set(stated):
            yield f"unit has no meaning with {stated[0]}"
        if self.out_of is not None and (self.unit is not None or {"constant", "tokens", "since"} & set(stated)):
            yield f"out_of has no meaning with {'unit' if self.unit is not None else stated[0]}"
        for key in ("field", "since", "until", "out_of"):
            if isinstance(text := getattr(self, key), str) and (fault := brace_fault(text)):
                yield f"{key}: {fault}"
        for kind, text in (self.tokens or {}).items():
            if fault := brace_fault(text):
                yield f"tokens.{kind}: {fault}"


class WideSpec(Section):
    """A table with a row for each task and columns for each agent: a row for each of both is made of it."""

    agents: Pattern | list[str] = Field(
        description='the agents: their names, or a regular expression with a group "agent" that headings match whole'
    )
    fields: Annotated[dict[str, str], Field(min_length=1)] = Field(
        description='name -> heading with {agent} in it, e.g. {cost = "{agent}|total_cost"}; read as $cost, and $agent'
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if isinstance(self.agents, str) and "agent" not in re.compile(self.agents).groupindex:
            yield f"agents: must have a group (?P<agent>...); got {written(self.agents)}"
        for name, heading in self.fields.items():
            if "{agent}" not in heading:
                yield f"fields.{name}: must have {{agent}} in it; got {written(heading)}"


class Condition(Section):
    """A condition on a field that is no list of values; empty: none."""

    no: str | float | bool | list[Plain] | None = Field(
        None, alias="not", description="a value that it must not be, or a list of them"
    )
    null: bool | None = Field(None, description="whether it must be empty")
    at_least: float | None = Field(None, description="least number it may be")
    at_most: float | None = Field(None, description="largest number it may be")


def _columns(raw: dict[str, str | float | ColumnSpec]) -> dict[str, str | float | ColumnSpec]:
    unknown = [f"unknown column {name!r}{closest(name, OURS)}; allowed: {', '.join(OURS)}" for name in raw]
    if faults := [fault for fault, name in zip(unknown, raw, strict=True) if name not in OURS]:
        raise ValueError("\n".join(faults))
    return raw


class ImportSpec(Section):
    """How files of results become a recorded table."""

    files: Text | list[Text] | None = Field(
        None, description="files, relative to the scenario, with * and ** for several"
    )
    format: Annotated[tuple[str, dict[str, Any]] | None, parsed_by(split)] = Field(
        None,
        description="a format with a reader of its own (`bidlab list importers`), or {name = {parameter = value}}; the "
        "other keys go over what it reads",
    )
    path_pattern: Pattern | None = Field(
        None,
        description="regular expression searched in each file's path; its groups are fields, and fill columns of "
        "their names: runs/(?P<agent>[^/]+)/",
    )
    rows: str | None = Field(
        None, description='where the rows stand in a JSON or YAML document, e.g. "results.*"; absent: it is their list'
    )
    wide: WideSpec | None = Field(None, description="of a table with columns for each agent")
    where: dict[str, str | float | bool | list[Plain] | Condition] = Field(
        default_factory=dict,
        description="field -> value, values, or {not, null, at_least, at_most} that a row must have to be kept",
    )
    lost: str | None = Field(
        None,
        description="field that is neither empty nor false where the attempt was lost to the system, whatever its "
        'success: INFRA; "" for none',
    )
    nulls: list[str] = Field(default_factory=list, description="texts that mean an empty cell, beside an empty one")
    columns: Annotated[dict[str, str | float | ColumnSpec], AfterValidator(_columns)] = Field(
        default_factory=dict,
        description="column of the recorded table -> field, number for all rows, or a table of keys",
    )
    tick_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="seconds of a tick; durations are rounded up to whole ticks"
    )
    usd_per_million_tokens: dict[str, dict[str, Money]] = Field(
        default_factory=dict, description='agent, or "*" for all -> kind of token -> dollars for a million of them'
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if "score" in self.columns and self.columns.keys() & {"success", "status"}:
            yield "columns: score stands instead of success and status; state one of them"
        texts: dict[str, Any] = {f"columns.{name}": raw for name, raw in self.columns.items()}
        texts |= {f"where.{field}": field for field in self.where} | {"lost": self.lost}
        for key, text in texts.items():
            if isinstance(text, str) and (fault := brace_fault(text)):
                yield f"{key}: {fault}"

    def column(self, name: str) -> ColumnSpec | None:
        """The column of that name, None where it is not stated."""
        raw = self.columns.get(name)
        return _spec(raw) if raw is not None else None

    @property
    def named(self) -> list[str]:
        """Columns named as a group of its path_pattern or a field of its wide; no score, which must be asked for."""
        groups = set() if self.path_pattern is None else set(re.compile(self.path_pattern).groupindex)
        fields = set() if self.wide is None else {"agent", *self.wide.fields}
        return [name for name in OURS if name in groups | fields and name != "score"]

    def price(self, agent: str) -> dict[str, float] | None:
        """Kind of token -> dollars for a million."""
        return self.usd_per_million_tokens.get(agent, self.usd_per_million_tokens.get(EVERYBODY))

    def over(self, reader: ImportSpec) -> ImportSpec:
        """What this mapping states over what `reader` does, column by column.

        Groups of a path_pattern and fields of a wide that it states fill the columns of their names.
        """
        stated = {key: getattr(self, key) for key in self.model_fields_set}
        columns = dict(reader.columns) | {name: f"${name}" for name in self.named}
        for name, raw in self.columns.items():
            columns[name] = over_column(raw, columns.get(name))
        for other in _instead_of(self.columns):
            columns.pop(other, None)
        made = reader.model_copy(update=stated | {"columns": columns, "where": {**reader.where, **self.where}})
        made._written = reader._written | self._written
        return made


def _instead_of(columns: Mapping[str, Any]) -> tuple[str, ...]:
    """Outcomes that those of these columns stand instead of."""
    if "score" in columns:
        return ("success", "status")
    return ("score",) if columns.keys() & {"success", "status"} else ()


def _spec(raw: str | float | ColumnSpec) -> ColumnSpec:
    if isinstance(raw, ColumnSpec):
        return raw
    return ColumnSpec(field=raw) if isinstance(raw, str) else ColumnSpec(constant=raw)


def over_column(raw: str | float | ColumnSpec, reader: str | float | ColumnSpec | None) -> str | float | ColumnSpec:
    """A column as the user states it: a table that does not say where values come from adjusts the reader's."""
    if not isinstance(raw, ColumnSpec) or raw.origin is not None or reader is None:
        return raw
    theirs, stated = _spec(reader), {key: getattr(raw, key) for key in raw.model_fields_set}
    if raw.values is not None:
        stated["values"] = {**(theirs.values or {}), **raw.values}
    return theirs.model_copy(update=stated)
