"""A sweep's results as one pandas table, in one call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.stored import Stored
from sim.kit.errors import RunError

if TYPE_CHECKING:
    import pandas as pd

_METADATA = b"bidlab.sweep"


def load(folder: str | Path) -> pd.DataFrame:
    """The tidy table of the sweep in `folder`: one row per (cell, arm, metric, agent).

    Columns are described in `analysis.sweep_table.COLUMNS`; each swept key has a column of its own. attrs: scenario,
    question, note, hash, seed, version and partial, which is "" for a whole sweep and else says how many jobs of how
    many it holds. An interrupted sweep is read from its `.partial` folder.

    Raises RunError where the folder holds no sweep, or no finished job of one.
    """
    from analysis.sweep_table import merged, partial_label, stamped, sweep_info, sweep_table

    place = Path(folder)
    info = sweep_info(place)
    stored = Stored.open(place)
    label = partial_label(stored)
    if stored.finished and not label:
        return read_sweep(stored.path("sweep.parquet"))
    label = label or f"partial: {place} was never finished"
    table = sweep_table(merged(place))
    table.attrs.update(stamped(table, info, label))
    return table


def write_sweep(table: pd.DataFrame, path: Path) -> None:
    """Write the table with its attrs; the same table always gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({_METADATA: json.dumps(dict(table.attrs), sort_keys=True).encode()})
    pq.write_table(arrow, path, compression="zstd")


def read_sweep(path: Path) -> pd.DataFrame:
    """A table that `write_sweep` wrote; raises RunError where it is broken."""
    import pyarrow.parquet as pq

    try:
        arrow = pq.read_table(path)
        table: pd.DataFrame = arrow.replace_schema_metadata(None).to_pandas()
        table.attrs.update(json.loads(arrow.schema.metadata[_METADATA]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: is broken ({type(error).__name__}); run the sweep again") from None
    return table
