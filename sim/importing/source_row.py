"""Rows of files as they were read, each with the place an error names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".parquet", ".gz")


@dataclass(frozen=True, eq=False)
class SourceFile:
    """A file. shown: its path as it was asked for. fields: what its name says, by $NAME without the $.

    twice: headings that occur twice, which no row holds.
    """

    path: Path
    shown: str
    fields: Mapping[str, Any]
    twice: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, path: Path, shown: str, groups: Mapping[str, Any]) -> SourceFile:
        """The file at `path`; `groups` are those of the pattern of paths."""
        parts = shown.split("/")
        own = {"path": shown, "file": stem_of(parts[-1]), "folder": parts[-2] if len(parts) > 1 else ""}
        return cls(path, shown, own | dict(groups))


@dataclass(frozen=True, slots=True, eq=False)
class SourceRow:
    """One row: number counts from 1 in its file; line of a text file. special: fields that begin with $."""

    file: SourceFile
    number: int
    line: int | None
    values: Any
    special: Mapping[str, Any]

    @property
    def place(self) -> str:
        """File, row and line."""
        line = "" if self.line is None else f" (line {self.line})"
        return f"{self.file.shown}: row {self.number}{line}"


def stem_of(name: str) -> str:
    """A file's name without the endings that say how it is written.

    >>> stem_of("gpt-5.2.jsonl.gz"), stem_of("notes.txt")
    ('gpt-5.2', 'notes.txt')
    """
    endings = "|".join(map(re.escape, ENDINGS))
    return re.sub(rf"(?:{endings})+$", "", name, flags=re.IGNORECASE)
