"""`bidlab.run`: a scenario in, results out; no folder is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sim.experiment.execute import execute, in_memory
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.front.arguments import arguments
from sim.front.economy_results import economy_of, run_economy
from sim.front.own_quantities import check_own_quantities
from sim.front.results import Results
from sim.scenario.given import Source, scenario_of
from sim.scenario.plugins import plugins as loaded


@arguments("run")
def run(
    scenario: Source,
    *,
    seed: int | None = None,
    replications: int | None = None,
    settings: Mapping[str, Any] | None = None,
    mechanisms: Sequence[Any] = (),
    out: str | Path | None = None,
    figures: bool = True,
    style: str | Path = "paper",
    engine: str = "auto",
    force: bool = False,
    plugins: Sequence[str | Path] = (),
) -> Any:
    """Run a scenario: a TOML file, a bundled name, a dict, or a `Scenario`; gives `Results`, of an economy
    `EconomyResults`.

    seed, replications: instead of the scenario's. settings: dotted key -> value, e.g. {"tender.penalty": 1.0}.
    mechanisms: rules in place of the scenario's arms. out: a folder to write ledger, tables and figures to, as the
    command does; None: nothing is written. figures: drawn into it too, in this
    style: "paper", "talk" or a .mplstyle file. engine: "auto", "market" or "compiled"; same
    numbers. force: replace another run in `out`. plugins: files that register mechanisms.

    Raises ScenarioError, TableError or RunError in one line.

    >>> run("scoring_auction", replications=2).summary["arm"].iloc[0]  # doctest: +ELLIPSIS
    '...'
    """
    files = [Path(path) for path in plugins]
    with loaded(files) as digests:
        if files:
            check_own_quantities()
        refused = {"mechanisms": mechanisms, "engine": "" if engine == "auto" else engine}
        if (economy := economy_of(scenario, seed, replications, settings, refused)) is not None:
            return run_economy(economy, digests, files, out, figures=figures, style=style, force=force)
        chosen = scenario_of(scenario, seed=seed, replications=replications, settings=settings, mechanisms=mechanisms)
        ready = plan(chosen, digests, engine)
        if chosen.figures:
            from analysis.figures.restyled import check_run_figures

            check_run_figures(ready)
        if out is None:
            return Results(in_memory(ready))
        from analysis.figures.sheets import sheet
        from analysis.report import write_report

        finish = partial(write_report, figures=figures, style=sheet(style))
        return Results(Run.open(execute(ready, Path(out), force=force, finish=finish)))
