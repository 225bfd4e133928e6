"""The commands of sweeps. Prints, as sim/cli/command.py does."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    Engine,
    Figures,
    Folder,
    Named,
    Overrides,
    Plugins,
    Replications,
    Rules,
    Seed,
    Style,
    named,
    printed,
    sheet_of,
    warn,
    whole,
)
from sim.kit.errors import RunError, StoppedError, capped

if TYPE_CHECKING:
    from sim.experiment.local_workers import Processes
    from sim.experiment.plan import Options, Plan
    from sim.experiment.sweep import Analysis
    from sim.experiment.workers import Crew
    from sim.scenario.scenario import Scenario


def add(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(sweep)
    app.command()(cell)


def sweep(
    scenario: Named,
    out: Annotated[Path | None, typer.Option(help="folder for the results [default: out/<scenario>.sweep]")] = None,
    jobs: Annotated[str | None, typer.Option(help="processes of this machine [default: one per core]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="insist that an unfinished sweep is there")] = False,
    scheduler: Annotated[str | None, typer.Option(help="address of a running Dask cluster that does the jobs")] = None,
    seed: Seed = None,
    replications: Replications = None,
    override: Overrides = None,
    mechanism: Rules = None,
    plugin: Plugins = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would run, how long and how big")] = False,
    precision: Annotated[
        str | None,
        typer.Option(help="e.g. 2%: replicate until the 95% half-width of welfare is at most that share of its mean"),
    ] = None,
    most: Annotated[str | None, typer.Option(help="replications at which --precision is given up")] = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="also keep every attempt")] = False,
    engine: Engine = "auto",
    figures: Figures = True,
    style: Style = "paper",
    force: Annotated[
        bool, typer.Option("--force", help="replace other results, or go on with what other versions began")
    ] = False,
) -> None:
    """Play a scenario over the grid of its [sweep]: every arm, at every setting, under the same luck."""
    look = sheet_of(style)
    share, limit, count = _share(precision), None if most is None else whole("--most", most), _count(jobs, scheduler)
    if most is not None and precision is None:
        raise RunError("--most: is the limit of --precision, which is not given")
    with _started(count, scheduler is None and not dry_run) as processes:
        from analysis.sweep_report import analysis_of
        from sim.experiment.plan import Options
        from sim.experiment.unlikely import unlikely
        from sim.experiment.workers import Crew
        from sim.front.own_quantities import check_own_quantities
        from sim.scenario.plugins import plugins

        with plugins(plugin or []) as digests:
            check_own_quantities()
            options = Options(share, limit, ledger, engine)
            plan = _sound(named(scenario, seed, replications, override, mechanism), digests, options)
            count = min(count, plan.jobs_for(plan.most))
            if dry_run:
                _warn_of_unplayable(plan)
                _forecast(plan, count)
                return
            for warning in unlikely(plan):
                typer.echo(f"bidlab: {warning}", err=True)
            if (line := _unrounded(plan)) is not None:
                typer.echo(line)
            folder = out or Path("out") / f"{plan.scenario.name}.sweep"
            crew = Crew(count, scheduler, plugin or [], processes)
            _execute(plan, folder, crew, analysis_of(plan, look, figures=figures), force=force, resume=resume)
            _show(folder, plan)


def cell(
    folder: Annotated[Path, typer.Argument(help="folder of a finished sweep")],
    number: Annotated[str, typer.Argument(help="number of the cell, from 0; see manifest.json")],
    out: Annotated[Path | None, typer.Option(help="folder for the results [default: FOLDER.cell-N]")] = None,
    plugin: Plugins = None,
    figures: Figures = True,
    force: Annotated[bool, typer.Option("--force", help="replace another run")] = False,
) -> None:
    """Run one cell of a sweep alone, on the same replications, with its whole ledger, tables and figures."""
    from analysis.report import write_report
    from sim.cli import listing
    from sim.cli.progress import auctions
    from sim.experiment.execute import execute
    from sim.experiment.manifest import cell_scenario, read_manifest
    from sim.experiment.plan import plan
    from sim.experiment.stored import run_info
    from sim.scenario.plugins import plugins

    read_manifest(folder)
    at = whole("cell", number)
    with plugins(plugin or []) as digests:
        info = run_info(folder) or {}
        if info["plugins"] != digests:
            names = ", ".join(info["plugins"]) or "none"
            raise RunError(f"{folder}: ran with other plugins ({names}); give the same files with --plugin")
        place = out or folder.with_name(f"{folder.name}.cell-{at}")
        alone = plan(cell_scenario(folder, at), digests)
        with auctions(alone) as (progress, _, _):
            finish = partial(write_report, figures=figures)
            execute(alone, place, force=force, progress=progress, finish=finish, say=warn)
        printed(listing.results(place, run_info(place) or {}))


def show(folder: Folder, info: dict[str, Any]) -> None:
    """Print what a sweep found."""
    from sim.cli.sweep_listing import results

    printed(results(folder, info))


def described(plan: Plan) -> str:
    """What `check` says of a sweep."""
    jobs, line = plan.jobs_for(plan.scenario.replications), _unrounded(plan)
    size = (
        f"sweep: {len(plan.cells):,} cell(s) of {' x '.join(str(len(f.values)) for f in plan.factors)} levels, "
        f"{len(plan.arms)} arm(s), {jobs:,} job(s) of at most {plan.block:,} replication(s): "
        f"{plan.auctions(plan.scenario.replications):,} auctions; hash {plan.digest[:12]}"
    )
    return size if line is None else f"{size}\n{line}"


def _unrounded(plan: Plan) -> str | None:
    from sim.scenario.unrounded import unrounded

    return unrounded((cell.arms, cell.origin) for cell in plan.cells)


def check(scenario: Scenario, digests: dict[str, str]) -> str | None:
    """What `check` says of the scenario's sweep; None where it has none."""
    from sim.experiment.absent_agents import absent_agents, sweeps_pool
    from sim.kit.collector import all_kept

    if not scenario.factors:
        return None
    with all_kept():
        plan = _sound(scenario, digests)
        _warn_of_unplayable(plan)
        for line in absent_agents(plan) if sweeps_pool(scenario) else ():
            typer.echo(f"bidlab: {line}", err=True)
        return described(plan)


def _warn_of_unplayable(plan: Plan) -> None:
    from sim.experiment.soundness import unplayable

    for line in unplayable(plan.path, plan.cells):
        warn(f"{line} (the sweep plays the other cells)")


def _sound(scenario: Scenario, digests: dict[str, str], options: Options | None = None) -> Plan:
    from sim.experiment.plan import plan_sweep

    plan = plan_sweep(scenario, options, digests)
    if not scenario.figures and not plan.quantities:
        return plan
    from analysis.figures.chart import check_figures  # slow to load
    from analysis.sweep_report import asking

    check_figures(plan)
    return asking(plan)


def _forecast(plan: Plan, count: int) -> None:
    from analysis.sweep_report import reducer_of
    from sim.experiment.pilot import forecast

    printed([forecast(plan, reducer_of(plan), count)])


def _execute(plan: Plan, folder: Path, crew: Crew, analysis: Analysis, *, force: bool, resume: bool) -> None:
    from sim.cli.progress import cells
    from sim.experiment.sweep import InterruptedSweepError, execute_sweep

    try:
        with cells(plan) as progress:
            execute_sweep(plan, folder, analysis, crew=crew, force=force, resume=resume, progress=progress, say=warn)
    except KeyboardInterrupt as stopped:
        held = f"{stopped.label} in {stopped.partial}; " if isinstance(stopped, InterruptedSweepError) else ""
        raise StoppedError(f"interrupted; {held}the same command goes on from there") from None


def _show(folder: Path, plan: Plan) -> None:
    """Print the result; exit code 1 where cells failed."""
    from sim.experiment.stored import run_info

    show(folder, run_info(folder) or {})
    if (folder / "failures.csv").is_file():
        for line in _causes(folder, len(plan.cells)):
            warn(line)
        raise typer.Exit(1)


def _causes(folder: Path, n_cells: int) -> list[str]:
    """How many cells failed, and each distinct error with the number of cells that it ended."""
    from sim.experiment.stored import Stored

    errors = Stored.open(folder).csv("failures.csv", dtype=str, keep_default_na=False)["error"]
    counts = Counter(errors)
    file = folder / "failures.csv"
    if len(counts) == 1:
        return [f"{len(errors)} of {n_cells} cell(s) failed: {errors[0]}; see {file}"]
    each = [f"{count} cell(s): {error}" for error, count in counts.items()]
    return [f"{len(errors)} of {n_cells} cell(s) failed; see {file}", *capped(each)]


def _count(jobs: str | None, scheduler: str | None) -> int:
    from sim.experiment.local_workers import cores

    if jobs is not None and scheduler is not None:
        raise RunError("--jobs: is for this machine; with --scheduler the cluster's workers do the jobs")
    count = cores() if jobs is None else whole("--jobs", jobs)
    if count < 1:
        raise RunError(f"--jobs {count}: must be >= 1")
    return count


def load_jobs() -> None:
    """Load what a job of a sweep needs, while the command still reads its scenario."""
    import sim.experiment.workers  # noqa: F401 -- loaded, not used


@contextlib.contextmanager
def _started(count: int, wanted: bool) -> Iterator[Processes | None]:
    """The processes, loading while the scenario is read; None where none are needed."""
    from sim.experiment.local_workers import Processes

    if count == 1 or not wanted:
        yield None
        return
    with contextlib.closing(Processes(count, load_jobs)) as processes:
        yield processes


def _share(text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*%\s*", text)
    if found is None or not 0 < float(found[1]) <= 1000:
        raise RunError(f"--precision {text}: must be a percentage above 0%, e.g. 2%")
    return float(found[1]) / 100
