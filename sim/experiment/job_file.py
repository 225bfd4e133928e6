"""The file of a job of a sweep: sums by cell, arm and quantity, with what the job says of itself.

Rows with sums of any length, those by group of a statistic, name the row that holds theirs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.experiment.format import check_format
from sim.kit.arrays import IntArray
from sim.market.rows import Columns

_METADATA = b"bidlab.job"
_SAME = "_of"  # of a column of sums: the row that holds them


def job_table(columns: dict[int, Columns], info: dict[str, Any]) -> pa.Table:
    """The job's file: one row for each (cell, arm, quantity) in that order."""
    cells = sorted(columns)
    arrays: dict[str, Any] = {}
    if cells:
        rows = len(next(iter(columns[cells[0]].values())))
        arrays["cell"] = pa.array(np.repeat(np.array(cells, np.int32), rows))
        for name in columns[cells[0]]:
            values = np.concatenate([columns[cell][name] for cell in cells])
            if values.dtype == object:
                arrays[name], arrays[f"{name}{_SAME}"] = _sums(values)
            else:
                arrays[name] = _column(values)
    return pa.table(arrays).replace_schema_metadata({_METADATA: json.dumps(info, sort_keys=True).encode()})


def _column(values: NDArray[Any]) -> Any:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _sums(values: NDArray[Any]) -> tuple[Any, Any]:
    """Arrays of any lengths, those of an earlier row left out; and for each row the row that holds its own.

    What agents claim is the same in most arms.
    """
    first: dict[bytes, int] = {}
    same = np.array([first.setdefault(row.tobytes(), place) for place, row in enumerate(values)], np.int32)
    kept = [row if same[place] == place else row[:0] for place, row in enumerate(values)]
    return pa.array(kept, pa.list_(pa.float64())), pa.array(same)


def read_info(path: Path) -> dict[str, Any]:
    """What a job's file says of the job: its replications, the errors of cells that failed, the others' decisions."""
    info: dict[str, Any] = json.loads(pq.read_schema(path).metadata[_METADATA])
    check_format(path, info)
    return info


def sums_of(table: pa.Table) -> Columns:
    """The columns of sums in a job's table."""
    columns: dict[str, Any] = {}
    for name in table.column_names:
        if name.endswith(_SAME):
            continue
        column = table.column(name).combine_chunks()
        if pa.types.is_list(column.type):
            columns[name] = _ragged(column, table.column(f"{name}{_SAME}").to_numpy())
        elif pa.types.is_fixed_size_list(column.type):
            columns[name] = column.flatten().to_numpy().reshape(len(column), -1)
        else:
            columns[name] = column.to_numpy(zero_copy_only=False)
    return columns


def _ragged(column: Any, same: IntArray) -> NDArray[Any]:
    """(Q,) arrays of sums; rows that have the same share one."""
    found = np.empty(len(column), object)
    ends, values = column.offsets.to_numpy(), column.values.to_numpy()
    for row, at in enumerate(same.tolist()):
        found[row] = values[ends[row] : ends[row + 1]] if row == at else found[at]
    return found
