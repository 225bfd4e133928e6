"""`bidlab fit`: read a table or the attempts of a live run, fit a population, write the profile and a figure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim.experiment.bought import bought_in
from sim.fitting.fit import ASSUMED_SIGMA_U, Fitted, fit
from sim.fitting.skills import fit_skills, lacking
from sim.fitting.write import check_replaceable, write_fitted
from sim.kit.errors import RunError, TableError
from sim.tables.graded import marked, scored
from sim.tables.table import OPTIONAL, REQUIRED, Recorded, found_columns, known_outcomes
from sim.tables.table_file import Sheet, read_file, sheet_of


def fit_table(
    table: Path,
    columns: Sequence[str],
    source: str,
    sigma_u: float | None,
    n_bootstrap: int,
    seed: int,
    out: Path | None,
    progress: Callable[[int], None],
    force: bool = False,
    mark: float | None = None,
) -> list[Any]:
    """Fit the table, or the attempts of the live run in a folder, and return what to print.

    sigma_u: logits to hold it at; None: fitted where trials are repeated.
    columns: "ours=the table's"; the rest are guessed by their names. source: a key of REFERENCES.md for the profile.
    force: `out` may replace any file. mark: least score that is a success, of a table of scores. Writes `out`,
    its draws and a figure beside it.

    Raises TableError, ScenarioError or RunError in one line.
    """
    from analysis.fit_moments import moments
    from analysis.fit_report import report, skills_report

    if out is not None:
        check_replaceable(out, force, "--force")
    sheet, notes = _read(table)
    recorded = known_outcomes(marked(scored(sheet, stated_columns(sheet, columns), mark, "--mark"), mark))
    if missing := lacking(recorded):
        if out is not None:
            raise TableError(f"--out {out}: a profile draws claims and costs, and {table} has no {missing}")
        held = ASSUMED_SIGMA_U if sigma_u is None else sigma_u
        bare = fit_skills(
            recorded, sigma_u=held, n_bootstrap=n_bootstrap, seed=seed, progress=progress, identified=sigma_u is None
        )
        return [*notes, *skills_report(bare)]
    fitted = fit(recorded, sigma_u=sigma_u, n_bootstrap=n_bootstrap, seed=seed, source=source, progress=progress)
    compared = moments(recorded, fitted.profile, seed=seed)
    said = [*notes, *report(recorded, fitted, compared)]
    if out is not None:
        written = _write(recorded, fitted, compared, table, columns, sigma_u, seed, out, mark)
        said += ["", f"written: {', '.join(map(str, written))}"]
    return said


def _read(table: Path) -> tuple[Sheet, list[str]]:
    """The table, and what is to be said of it beforehand."""
    if not table.is_dir():
        return read_file(table), []
    found = bought_in(table)
    return sheet_of(found.table), [found.note, ""]


def stated_columns(sheet: Sheet, stated: Sequence[str]) -> dict[str, str]:
    """Our names -> the table's, those stated as "ours=theirs" first; raises TableError where one is wrong."""
    allowed = (*REQUIRED, *OPTIONAL)
    mapped: dict[str, str] = {}
    for text in stated:
        ours, equals, theirs = text.partition("=")
        if not equals or ours not in allowed or not theirs:
            raise TableError(f"--column {text}: must be name=column with a name of {', '.join(allowed)}")
        mapped[ours] = theirs
    return found_columns(sheet, mapped, "with --column {}=NAME")


def _write(
    recorded: Recorded,
    fitted: Fitted,
    compared: Any,
    table: Path,
    columns: Sequence[str],
    sigma_u: float | None,
    seed: int,
    out: Path,
    mark: float | None,
) -> list[Path]:
    from analysis.figures import fit as figure
    from analysis.figures.look import Look, places
    from analysis.figures.save import save

    source = fitted.profile.source
    stated = "".join(f" --column {text}" for text in columns) + (f" --source {source}" if source else "")
    stated += "" if mark is None else f" --mark {mark:g}"
    stated += "" if sigma_u is None else f" --sigma-u {sigma_u:g}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        paths = write_fitted(fitted, out, table=table.name, command=f"bidlab fit {table.name}{stated}")
        digest = hashlib.sha256(table.read_bytes()).hexdigest()[:12]
        caption = (
            f"n = {len(recorded.tasks)} tasks, {len(recorded.agents)} agents; seed {seed}; fitted to {table.name} "
            f"{digest}; bidlab {version('bidlab')}"
        )
        look = Look(agents=places(recorded.agents))
        return [*paths, *save(compared, figure.paint, lambda _, __: caption, out.parent, f"{out.stem}.fit", look)]
    except OSError as error:
        raise RunError(f"--out {out}: cannot be written: {error.strerror}") from None
