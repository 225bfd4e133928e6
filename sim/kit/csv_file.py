"""How tables become CSV files and tables again: names that a spreadsheet would compute are made inert, and come back.

Numbers are untouched. See `sim.kit.escape.csv_name`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.kit.escape import csv_name, csv_name_back

if TYPE_CHECKING:
    import pandas as pd


def write_csv(table: pd.DataFrame, path: Path, float_format: str | None = None) -> None:
    """Write the table without its index."""
    inert = _each_text(table, csv_name)
    inert.columns = [csv_name(str(name)) for name in table.columns]
    inert.to_csv(path, index=False, float_format=float_format, lineterminator="\n")


def read_csv(content: bytes, **how: Any) -> pd.DataFrame:
    """The table that `write_csv` wrote. how: as pandas.read_csv takes it; names of columns as in the file."""
    import pandas as pd

    table: pd.DataFrame = pd.read_csv(io.BytesIO(content), **how)
    found = _each_text(table, csv_name_back)
    found.columns = [csv_name_back(str(name)) for name in table.columns]
    return found


def _each_text(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """A table with its cells of text, and categories, changed."""
    import pandas as pd

    found = table.copy()
    for place, (_, column) in enumerate(table.items()):
        if pd.api.types.is_numeric_dtype(column.dtype) or not len(column):
            continue
        whole = isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype)
        texts = {cell for cell in (column.unique() if whole else column) if isinstance(cell, str)}
        changed = {text: change(text) for text in texts}
        if any(old != new for old, new in changed.items()):
            own = [changed[cell] if isinstance(cell, str) else cell for cell in column]
            kind = object if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
            found.isetitem(place, pd.Series(own, dtype=kind).array)
    return found
