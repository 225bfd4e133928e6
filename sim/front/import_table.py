"""Results that people have as a recorded table: `bidlab.import_table`, and what `bidlab import` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sim.world.importers  # noqa: F401 -- it registers the formats
from sim.importing.imported import Imported, import_results
from sim.importing.mapping import ImportSpec
from sim.importing.table_bytes import REPORT_KEY, csv_bytes, parquet_bytes
from sim.kit.at_once import write_at_once
from sim.kit.errors import RunError, ScenarioError
from sim.kit.invalid import invalid

__all__ = ["import_table"]

_WRITERS = {".parquet": parquet_bytes, ".csv": csv_bytes}


def import_table(
    files: str | Path | Sequence[str | Path],
    format: str | Mapping[str, Mapping[str, Any]] | None = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    **mapping: Any,
) -> Imported:
    """Results as a recorded table, with `frame`, a DataFrame, and `report`, what was read, mapped and dropped.

    files: paths, with * and ** for several. format: one of `bidlab list importers`, or {name: {parameter: value}};
    None: any table. mapping: keys of world.table, e.g. columns={"claim": 0.5} (docs/importing.md). out: .parquet or
    .csv to write. force: replace a file that no import wrote.

    Raises ScenarioError where the mapping is wrong, TableError where a file is, RunError where `out` cannot be written.
    """
    named = [files] if isinstance(files, str | Path) else list(files)
    raw = {"files": [str(name) for name in named], **mapping}
    if format is not None:
        raw["format"] = format if isinstance(format, str) else {name: dict(of) for name, of in format.items()}
    made = imported_files(raw, Path())
    if out is not None:
        write_table(made, Path(out), force)
    return made


def imported_files(raw: Mapping[str, Any], folder: Path) -> Imported:
    """The table that a mapping as written makes; relative files start in `folder`."""
    from pydantic import ValidationError

    try:
        spec = ImportSpec.model_validate(dict(raw))
    except ValidationError as error:
        raise invalid("import", "", error, ImportSpec) from None
    try:
        return import_results(spec, folder)
    except ScenarioError as error:
        raise ScenarioError(*(f"import: {line}" for line in error.args)) from None


def write_table(made: Imported, out: Path, force: bool) -> None:
    """Write the table to `out`; raises RunError where that is a file that no import wrote, or cannot be written.

    A CSV file does not say what wrote it: one that holds this very table stays, any other needs `force`.
    """
    if out.suffix not in _WRITERS:
        raise RunError(f"--out {out}: must end in .parquet or .csv")
    content = _WRITERS[out.suffix](made)
    try:
        if out.exists() and not force and (why := _not_replaced(out, content)):
            raise RunError(f"--out {out}: {why}; choose another file or give --force to replace it")
        out.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(out, content)
    except OSError as error:
        raise RunError(f"--out {out}: cannot be written: {error.strerror}") from None


def _not_replaced(path: Path, content: bytes) -> str:
    """Why a file that is there is not replaced, or ""."""
    if path.suffix == ".parquet":
        return "" if _of_import(path) else "is no table of an import"
    if path.read_bytes() == content:
        return ""
    return "holds another table, and a CSV file does not say whether an import wrote it (Parquet does)"


def _of_import(path: Path) -> bool:
    """The metadata of a Parquet file says so."""
    import pyarrow.parquet as pq

    try:
        return REPORT_KEY in (pq.read_schema(path).metadata or {})
    except Exception:  # it is no Parquet
        return False
