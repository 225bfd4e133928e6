"""Hashes of a ledger's columns: the same values give the same hash, whichever version of whatever package wrote them.

A column of words is hashed by the place of each word among those that came before it, and the words; numbers by their
bits as 64-bit integers or floats, with every NaN alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

Hashes = Mapping[str, Mapping[str, Any]]  # table -> rows and columns (name -> SHA-256)


def ledger_hashes(files: Mapping[str, Path], tick: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
    """Of each table: how many rows it has, and the hash of each of its columns. tick: is given 1 for each table."""
    found = {}
    for name, path in files.items():
        found[name] = _hashes(path)
        tick(1)
    return found


def _hashes(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {
        "rows": table.num_rows,
        "columns": {name: _hash(table.column(name)) for name in table.column_names},
    }


def _hash(column: pa.ChunkedArray) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_floating(column.type):
        values = column.to_numpy().astype("<f8")
        return _of(np.where(np.isnan(values), np.nan, values).tobytes())
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        return _of(column.to_numpy().astype("<i8").tobytes())
    coded = pc.dictionary_encode(column.cast(pa.string()), null_encoding="encode").combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    words = json.dumps(coded.dictionary.to_pylist()).encode()
    return _of(coded.indices.to_numpy(zero_copy_only=False).astype("<i8").tobytes() + words)


def _of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
