"""An importer: the reader of one format, which fills in a mapping (sim/importing/mapping.py).

A subclass is a frozen dataclass whose fields are the parameters of the format, each with a default. Most need
`mapping` alone; where a document is no list of rows, `unpack` makes them of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sim.importing.reading import rows_of
from sim.importing.source_row import SourceFile, SourceRow


class Importer:
    """Base of all importers. summary: what is read, in one line. source: where the format is described."""

    name: ClassVar[str] = ""
    summary: ClassVar[str]
    source: ClassVar[str] = ""

    def mapping(self) -> Mapping[str, Any]:
        """The keys of a mapping, as [world] table would write them."""
        raise TypeError(f"importer {self.name!r} defines no mapping")

    def unpack(self, document: Any) -> Iterable[Mapping[str, Any]] | None:
        """The rows of a JSON or YAML document; None: they stand where the mapping's `rows` says.

        Raises ValueError where it is no document of this format.
        """
        return None

    def read(self, file: SourceFile, rows: str | None) -> list[SourceRow]:
        """The rows of a file; raises TableError. Only a format with a library of its own defines this."""
        return rows_of(file, rows, self.unpack)
