"""An imported table as a file: CSV, the same bytes everywhere, or Parquet with the report in its metadata."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from sim.importing.imported import Imported
from sim.importing.mapping import LABELS

REPORT_KEY = b"bidlab.import"


def csv_bytes(made: Imported) -> bytes:
    """The table as UTF-8 CSV; numbers with all their digits, success 1 or 0, or a score; empty where lost."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(made.columns)
    writer.writerows(zip(*(map(_cell, column) for column in made.columns.values()), strict=True))
    return text.getvalue().encode()


def parquet_bytes(made: Imported) -> bytes:
    """The table as Parquet: texts, floats and truth values; its metadata holds the report as JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = dict.fromkeys(LABELS, pa.string()) | {"success": pa.bool_()}
    arrays = {name: pa.array(column, kinds.get(name, pa.float64())) for name, column in made.columns.items()}
    report = json.dumps(made.report.as_json(), ensure_ascii=False).encode()
    content = io.BytesIO()
    pq.write_table(pa.table(arrays).replace_schema_metadata({REPORT_KEY: report}), content)
    return content.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return repr(value) if isinstance(value, float) else value
