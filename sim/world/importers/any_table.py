"""Any table, with a mapping of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import ANY, register_importer


@register_importer(ANY)
@dataclass(frozen=True)
class AnyTable(Importer):
    """Nothing is filled in: columns are those the mapping names, and keys of the rows that have our own names."""

    summary = "any csv, tsv, json, jsonl, ndjson, yaml or parquet file; the mapping says all"

    def mapping(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}
