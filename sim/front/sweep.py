"""`bidlab.sweep`: a scenario over the grid of its factors."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.plan import Options, plan_sweep
from sim.experiment.stored import Stored
from sim.experiment.sweep import execute_sweep
from sim.experiment.workers import Crew
from sim.front.arguments import arguments
from sim.front.figure import drawn
from sim.front.html import notebook
from sim.front.own_quantities import check_own_quantities
from sim.kit.errors import RunError, closest
from sim.scenario.figure_spec import FigureFile, figures_of
from sim.scenario.given import Source, scenario_of
from sim.scenario.plugins import plugins as loaded
from sim.scenario.scenario import Scenario, resolve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.bundling.bundle_folder import Bundled


class SweepResults:
    """A finished sweep.

    table     one row per (cell, arm, metric, agent), with its interval; a column for each swept key
    factors   which factors reach the decisions of which arm
    """

    def __init__(self, folder: Path, stated: Sequence[FigureFile] = ()) -> None:
        from analysis.sweep_frame import load

        self.table: pd.DataFrame = load(folder)
        stored = Stored.open(folder)
        self.folder = folder
        self.info: dict[str, Any] = stored.info
        self.factors = _factors(stored)
        self._stated = tuple(stated) or tuple(figures_of(self.info))

    @cached_property
    def _charts(self) -> dict[str, Any]:
        from analysis.figures.sweeps import charts_of

        return {chart.name: chart for chart in charts_of(self.info, self._stated)}

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures: those that the scenario states, or the one that suits its factors."""
        return tuple(self._charts)

    def figure(
        self,
        name: str | None = None,
        width: str | float | None = None,
        style: str | Path | None = None,
        **settings: Any,
    ) -> Figure:
        """The figure of that name, the first where None, drawn for that width.

        width: "column", "text" or inches; what its [[figure]] states where None, else "text". style: "paper", "talk" or
        a .mplstyle file. settings: keys of a [[figure]], which stand above the scenario's.
        """
        from analysis.figures.chart import restyled_chart
        from analysis.figures.sweeps import drawable, look_of

        chosen = next(iter(self._charts)) if name is None else name
        if chosen not in self._charts:
            allowed = ", ".join(self._charts)
            raise RunError(f"figure {chosen!r}: unknown{closest(chosen, self._charts)}; allowed: {allowed}")
        chart = restyled_chart(self._charts[chosen], settings, self.info)
        return drawn(drawable(self.table, chart, self.info), look_of(chart, self.info), width, style)

    def bundle(self, path: str | Path, plugins: Sequence[str | Path] = (), force: bool = False) -> Bundled:
        """Write the sweep to one file, .zip, that `bidlab.verify` plays again; it needs a folder, so `out`.

        plugins: the files it ran with. Raises RunError in one line.
        """
        from sim.front.bundles import bundled

        return bundled(self.folder if self.folder.exists() else None, path, plugins, False, force)

    def __repr__(self) -> str:
        """The first rows of the table."""
        return f"{self._head}\n{self.table.head(20).to_string(index=False)}"

    def _repr_html_(self) -> str:
        """The first rows of the table, as a notebook shows them."""
        return notebook(self.table.head(20), self._head)

    @property
    def _head(self) -> str:
        cells = self.table["cell"].nunique()
        return f"{self.info['scenario']['name']}: sweep of {cells} cell(s), {len(self.table):,} rows"


@arguments("sweep")
def sweep(
    scenario: Source,
    factors: Mapping[str, Any] | None = None,
    *,
    seed: int | None = None,
    replications: int | None = None,
    settings: Mapping[str, Any] | None = None,
    mechanisms: Sequence[Any] = (),
    out: str | Path | None = None,
    figures: bool = True,
    jobs: int = 1,
    precision: float | None = None,
    most: int | None = None,
    engine: str = "auto",
    style: str | Path = "paper",
    force: bool = False,
    plugins: Sequence[str | Path] = (),
) -> SweepResults:
    """Play a scenario over the grid of its factors: every arm, at every setting, under the same luck.

    factors: swept key -> values, in place of the scenario's [sweep], e.g. {"tender.penalty": [0.0, 1.0]}.
    jobs: processes of this machine. precision: share of its mean that the 95% half-width of welfare may have, up to
    `most` replications. figures, style: of those that are drawn into `out`. The rest as in `bidlab.run`; without `out`
    nothing is kept but the results.

    Raises ScenarioError, TableError or RunError in one line.
    """
    from analysis.figures.chart import check_figures
    from analysis.figures.sheets import sheet
    from analysis.sweep_report import analysis_of, asking

    if most is not None and precision is None:
        raise RunError("sweep: most has a meaning with precision only")
    paths = [Path(path) for path in plugins]
    with loaded(paths) as digests, tempfile.TemporaryDirectory() as aside:
        if paths:
            check_own_quantities()
        chosen = scenario_of(scenario, seed=seed, replications=replications, settings=settings, mechanisms=mechanisms)
        if factors is not None:
            chosen = _swept(chosen, factors)
        plan = plan_sweep(chosen, Options(precision, most, engine=engine), digests)
        check_figures(plan)
        plan = asking(plan)
        folder = Path(aside) / chosen.name if out is None else Path(out)
        analysis = analysis_of(plan, sheet(style), figures=figures and out is not None)
        execute_sweep(plan, folder, analysis, crew=Crew(jobs, None, paths), force=force)
        return SweepResults(folder, chosen.figures)


def _swept(made: Scenario, factors: Mapping[str, Any]) -> Scenario:
    """The scenario with these factors in place of its own, and without the figures of those."""
    if made.path is None:
        raise RunError(f"{made.name}: was read back from a run and cannot be swept; sweep its file")
    return resolve(made.path, {**made.written, "sweep": dict(factors), "figure": []})


def _factors(stored: Stored) -> pd.DataFrame:
    import pandas as pd

    name = "factors.csv"
    return stored.csv(name, keep_default_na=False) if stored.finished else pd.DataFrame()
