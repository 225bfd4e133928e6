"""Rows of the ledger as numbers: names by their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import IntArray
from sim.kit.errors import ArrayError

if TYPE_CHECKING:
    import pandas as pd


def coded(rows: pd.DataFrame, names: Mapping[str, Sequence[str]]) -> dict[str, NDArray[Any]]:
    """Rows of a table as columns of numbers; a name as its place among those that `names` has for its column."""
    named = [name for name in rows.columns if name in names and name != "arm"]
    plain = [name for name in rows.columns if name not in names]
    return {name: rows[name].to_numpy() for name in plain} | {name: codes(rows, name, names[name]) for name in named}


def codes(rows: pd.DataFrame, column: str, names: Sequence[str]) -> IntArray:
    """Position of each row's name in `names`; the category's own codes where its order is the same."""
    import pandas as pd

    values = rows[column]
    if len(values) == 0:
        return np.zeros(0, np.int64)
    if isinstance(values.dtype, pd.CategoricalDtype) and list(values.cat.categories) == list(names):
        codes = values.cat.codes.to_numpy().astype(np.int64)
    else:
        codes = pd.Index(names).get_indexer(pd.Index(values)).astype(np.int64)
    if (codes < 0).any():
        raise ArrayError(f"{column} must be one of the World's; got {values.iloc[int(np.argmin(codes))]!r}")
    return codes
