"""`bidlab.fit`: a population of agents from a recorded table, or from what a live run bought."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sim.bundled import tables
from sim.experiment.bought import bought_in
from sim.fitting import fit as fitting
from sim.fitting.skills import Skills, fit_skills, lacking
from sim.front.arguments import arguments
from sim.front.html import notebook
from sim.front.worlds import sheet_of_source
from sim.kit.errors import RunError
from sim.population.profile import Profile
from sim.tables.graded import marked, scored
from sim.tables.table import found_columns, known_outcomes
from sim.tables.table_file import Sheet, sheet_of

if TYPE_CHECKING:
    import pandas as pd


class Fit:
    """A fitted population. profile: its numbers. moments: the table beside simulated ones. estimates: with errors.

    Of a table without claims or cost beliefs abilities and costs alone are fitted: `profile` and `write` then raise
    RunError, and moments is None. note: of a live run, which outcomes there are; else "".
    """

    def __init__(self, found: fitting.Fitted | Skills, moments: pd.DataFrame | None, note: str = "") -> None:
        self.found, self.moments, self.note = found, moments, note

    @property
    def profile(self) -> Profile:
        """The population, as a scenario's world.profile reads it."""
        return self._whole.profile

    @property
    def _whole(self) -> fitting.Fitted:
        if isinstance(self.found, Skills):
            raise RunError(f"fit: the table has no {self.found.lacks}, so that abilities and costs alone are fitted")
        return self.found

    @property
    def estimates(self) -> pd.DataFrame:
        """One row per agent: each parameter, and its standard error from the bootstrap."""
        import pandas as pd

        found = self.found
        columns = {}
        whole = (*fitting.PARAMETERS, *fitting.DERIVED)
        for name in found.parameters if isinstance(found, Skills) else whole:
            columns[name], columns[f"{name}_se"] = found.value[name], found.se[name]
        return pd.DataFrame({"agent": list(found.agents), **columns})

    def write(self, path: str | Path, table: str = "a table", *, force: bool = False) -> list[Path]:
        """Write the profile, NAME.toml, and its draws beside it; the paths written. table: what it was fitted to.

        Raises RunError where `path` holds anything but a profile that a fit wrote, unless `force`.
        """
        from sim.fitting.write import check_replaceable, write_fitted

        check_replaceable(Path(path), force, "force=True")
        return write_fitted(self._whole, Path(path), table=table, command="bidlab.fit")

    def __repr__(self) -> str:
        """The estimates."""
        shown = str(self.estimates.to_string(index=False, float_format="{:.3f}".format))
        return f"{self.note}\n{shown}" if self.note else shown

    def _repr_html_(self) -> str:
        """The estimates, as a notebook shows them."""
        return notebook(self.estimates, float_format="{:.3f}")


@arguments("fit")
def fit(
    table: str | Path | pd.DataFrame,
    columns: Mapping[str, str] | None = None,
    *,
    mark: float | None = None,
    sigma_u: float | None = None,
    resamples: int = 120,
    seed: int = 0,
    source: str = "",
) -> Fit:
    """Fit a population to a recorded table, a bundled name, a file or a DataFrame, or to the folder of a live run.

    columns: our name -> the table's; the others are found by their own names. mark: least score that is a success,
    where columns name a score; it must be stated there, for a population succeeds or does not. sigma_u: sd of the
    private fit, logits, held; None: fitted where trials are repeated, else 1. resamples: of the tasks, for standard
    errors; at least 2. source: a key for the profile.

    Raises TableError, ScenarioError or RunError in one line.
    """
    from analysis.fit_moments import moments

    if resamples < 2:
        raise RunError(f"resamples: must be >= 2; got {resamples}")
    sheet, note = _read(table)
    table_of_scores = scored(sheet, found_columns(sheet, columns or {}, "in columns"), mark, "mark")
    recorded = known_outcomes(marked(table_of_scores, mark))
    if lacking(recorded):
        held = fitting.ASSUMED_SIGMA_U if sigma_u is None else sigma_u
        free = sigma_u is None
        return Fit(fit_skills(recorded, sigma_u=held, n_bootstrap=resamples, seed=seed, identified=free), None, note)
    found = fitting.fit(recorded, sigma_u=sigma_u, n_bootstrap=resamples, seed=seed, source=source)
    return Fit(found, moments(recorded, found.profile, seed=seed), note)


def _read(table: str | Path | pd.DataFrame) -> tuple[Sheet, str]:
    """The table, and what is to be said of it."""
    if not isinstance(table, str | Path) or table in tables() or not Path(table).is_dir():
        return sheet_of_source(table), ""
    found = bought_in(Path(table))
    return sheet_of(found.table), found.note
