"""`bidlab fit`: read a table, fit a population, compare its moments, write the profile and a figure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim.fitting.fit import Fitted, fit
from sim.fitting.write import write_fitted
from sim.kit.errors import RunError, TableError
from sim.tables.table import (
    OPTIONAL,
    REQUIRED,
    Recorded,
    column_names,
    guessed,
    known_outcomes,
    missing_columns,
    read_table,
)


def fit_table(
    table: Path,
    columns: Sequence[str],
    source: str,
    sigma_u: float | None,
    n_bootstrap: int,
    seed: int,
    out: Path | None,
    progress: Callable[[int], None],
) -> list[Any]:
    """Fit the table and return what to print.

    sigma_u: logits to hold it at; None: fitted where trials are repeated.
    columns: "ours=the table's"; the rest are guessed by their names. source: a key of REFERENCES.md for the profile.
    Writes `out`, its draws and a figure beside it. Raises TableError, ScenarioError or RunError in one line.
    """
    from analysis.fit_moments import moments
    from analysis.fit_report import report

    if out is not None and out.suffix != ".toml":
        raise RunError(f"--out {out}: a profile's name ends in .toml")
    recorded = known_outcomes(read_table(table, _columns(table, columns)))
    fitted = fit(recorded, sigma_u=sigma_u, n_bootstrap=n_bootstrap, seed=seed, source=source, progress=progress)
    compared = moments(recorded, fitted.profile, seed=seed)
    said = report(recorded, fitted, compared)
    if out is not None:
        written = _write(recorded, fitted, compared, table, columns, sigma_u, seed, out)
        said += ["", f"written: {', '.join(map(str, written))}"]
    return said


def _columns(table: Path, stated: Sequence[str]) -> dict[str, str]:
    allowed = (*REQUIRED, *OPTIONAL)
    mapped: dict[str, str] = {}
    for text in stated:
        ours, equals, theirs = text.partition("=")
        if not equals or ours not in allowed or not theirs:
            raise TableError(f"--column {text}: must be name=column with a name of {', '.join(allowed)}")
        mapped[ours] = theirs
    found = guessed(column_names(table), mapped)
    missing = missing_columns(found)
    if missing:
        raise TableError(f"{table}: no column for {', '.join(missing)}; say which with --column {missing[0]}=NAME")
    return found


def _write(
    recorded: Recorded,
    fitted: Fitted,
    compared: Any,
    table: Path,
    columns: Sequence[str],
    sigma_u: float | None,
    seed: int,
    out: Path,
) -> list[Path]:
    from analysis.figures import fit as figure
    from analysis.figures.save import save

    source = fitted.profile.source
    stated = "".join(f" --column {text}" for text in columns) + (f" --source {source}" if source else "")
    stated += "" if sigma_u is None else f" --sigma-u {sigma_u:g}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        paths = write_fitted(fitted, out, table=table.name, command=f"bidlab fit {table.name}{stated}")
        digest = hashlib.sha256(table.read_bytes()).hexdigest()[:12]
        caption = (
            f"n = {len(recorded.tasks)} tasks, {len(recorded.agents)} agents; seed {seed}; fitted to {table.name} "
            f"{digest}; bidlab {version('bidlab')}"
        )
        return [*paths, *save(*figure.draw(compared), out.parent, f"{out.stem}.fit", caption)]
    except OSError as error:
        raise RunError(f"--out {out}: cannot be written: {error.strerror}") from None
