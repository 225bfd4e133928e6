"""What an importer must do: fill in a mapping that holds together (sim/importing/mapping.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.importing.column_values import key_faults
from sim.importing.importer_registry import mapping_of


def importer_faults(importer: Any) -> Iterator[str]:
    """All that is wrong with an importer."""
    spec = mapping_of(importer)
    timed = spec if spec.tick_seconds is not None else spec.model_copy(update={"tick_seconds": 1.0})
    columns = {column: found for column in spec.columns if (found := spec.column(column)) is not None}
    for fault in key_faults(columns, timed):
        yield f"mapping: {fault}"
