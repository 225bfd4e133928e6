"""The command line. The only place that prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import audit as audit_command
from sim.cli import (
    bundle_commands,
    calibration_command,
    compare_command,
    economy_command,
    export,
    figures_command,
    frontier_command,
    importing_results,
    knowledge_command,
    paper_command,
    power_command,
    report_command,
)
from sim.cli import live as live_commands
from sim.cli import new as new_command
from sim.cli import sweep as sweep_command
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
    share,
    sheet_of,
    warn,
    whole,
)
from sim.kit.errors import RunError, closest, kept

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.plan import Plan
    from sim.experiment.run_folder import Run

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"bidlab {version('bidlab')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="say which version this is", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """A discrete-event market simulator for task auctions among AI agents."""


@app.command()
def run(
    scenario: Named,
    out: Annotated[Path | None, typer.Option(help="folder for the results [default: out/<scenario>]")] = None,
    seed: Seed = None,
    replications: Replications = None,
    override: Overrides = None,
    mechanism: Rules = None,
    events: Annotated[bool, typer.Option("--events", help="also write events.jsonl")] = False,
    plugin: Plugins = None,
    engine: Engine = "auto",
    figures: Figures = True,
    style: Style = "paper",
    jobs: Annotated[str | None, typer.Option(help="of an economy: processes of this machine [default: 1]")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="replace another run, or go on with what other versions began")
    ] = False,
) -> None:
    """Run a scenario and write ledger, tables and figures to a folder.

    Given the folder of a live run and --mechanism, say what other rules would have made of its bids.
    """
    if Path(scenario).is_dir():
        live_commands.held_fixed(Path(scenario), mechanism or [])
        return
    if economy_command.is_economy(scenario):
        refused = {"--mechanism": mechanism, "--events": events, "--engine": engine != "auto"}
        changes = economy_command.Changes(seed, replications, override or [], refused)
        how = economy_command.How(out, jobs, figures, style, force)
        economy_command.run_economy(scenario, changes, plugin or [], how)
        return
    if jobs is not None:
        raise RunError("--jobs: is for an economy; a run of a task market is one process")
    from sim.cli.listing import found, place
    from sim.cli.progress import auctions
    from sim.experiment.engine import slower
    from sim.experiment.execute import execute
    from sim.scenario.plugins import plugins

    look = sheet_of(style)
    with plugins(plugin or []) as digests:
        plan = _plan(scenario, seed, replications, override, mechanism, digests, engine)
        _say_unrounded(plan)
        folder = out or Path("out") / plan.scenario.name
        slower()  # of what this process played before
        with auctions(plan) as (progress, phase, hidden):

            def finish(made: Run) -> None:
                from analysis.report import write_report

                def show(tables: dict[str, pd.DataFrame]) -> None:
                    with hidden():
                        printed(found(made.info, tables))

                write_report(made, events=events, figures=figures, phase=phase, tabled=show, style=look)

            with kept("arms"):
                execute(plan, folder, force=force, progress=progress, finish=finish, say=warn)
        for line in slower():
            warn(line)
        printed(place(folder))


@app.command()
def check(
    scenario: Annotated[str | None, Named.__metadata__[0]] = None,
    seed: Seed = None,
    replications: Replications = None,
    override: Overrides = None,
    mechanism: Rules = None,
    plugin: Plugins = None,
) -> None:
    """Check a scenario without running it, and the parts of plugins against the contracts of their kinds."""
    from sim.experiment.run_memory import estimate
    from sim.scenario.plugins import plugins
    from sim.tables.sparse import about_left_out

    if scenario is None and not plugin:
        raise RunError("check: name a scenario, or give --plugin FILE")
    with plugins(plugin or []) as digests:
        if plugin:
            printed(_kept_contracts())
        if scenario is None:
            return
        if economy_command.is_economy(scenario):
            changes = economy_command.Changes(seed, replications, override or [], {"--mechanism": mechanism})
            printed([economy_command.described_economy(scenario, changes, digests)])
            return
        plan = _plan(scenario, seed, replications, override, mechanism, digests)
        auctions = sum(plan.n_auctions(arm) for arm in plan.scenario.arms)
        origin = plan.origin
        memory = estimate(plan.scenario, len(origin.tasks), len(origin.agents), origin.n_tries)
        size = (
            f"{plan.scenario.name}: {len(plan.scenario.arms)} arm(s), {len(origin.agents)} agent(s), "
            f"{len(origin.tasks)} task(s), {plan.scenario.replications} replication(s): {auctions:,} auctions, "
            f"at most {memory / 2**30:.2f} GiB; hash {plan.digest[:12]}"
        )
        swept = sweep_command.check(plan.scenario, digests)
        printed([size, *about_left_out(plan.info).splitlines()])
        if swept is None:
            _say_unrounded(plan)
        else:
            printed([swept])


sweep_command.add(app)
audit_command.add(app)
importing_results.add(app)
export.add(app)
bundle_commands.add(app)
new_command.add(app)
frontier_command.add(app)
paper_command.add(app)
calibration_command.add(app)
knowledge_command.add(app)
figures_command.add(app)
compare_command.add(app)
power_command.add(app)
report_command.add(app)
live_commands.add(app)


@app.command()
def fit(
    table: Annotated[Path, typer.Argument(help="recorded table: .csv, .parquet or .jsonl; or folder of a live run")],
    out: Annotated[Path | None, typer.Option(help="profile to write, NAME.toml; its draws go beside it")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="our name=the table's, e.g. cost=cost_usd; guessed where absent")
    ] = None,
    sigma_u: Annotated[
        float | None,
        typer.Option(help="sd of the private fit, to be held; absent: fitted where trials are repeated, else 1"),
    ] = None,
    mark: Annotated[str | None, typer.Option(help="least score that is a success, with a column of scores")] = None,
    source: Annotated[str, typer.Option(help="key of REFERENCES.md, kept in the profile")] = "",
    resamples: Annotated[int, typer.Option(help="bootstrap resamples of the tasks", min=2)] = 120,
    seed: Seed = None,
    force: Annotated[bool, typer.Option("--force", help="replace a file that no fit wrote")] = False,
) -> None:
    """Fit a population of agents to a recorded table, or to the attempts of a live run."""
    from analysis.fit_run import fit_table
    from sim.cli.progress import steps

    least = None if mark is None else share("--mark", mark)
    with steps(f"fit of {table.name}", resamples) as progress:
        number = 0 if seed is None else whole("--seed", seed)
        report = fit_table(table, column or [], source, sigma_u, resamples, number, out, progress, force, least)
    printed(report)


@app.command("list")
def list_(
    what: Annotated[
        str,
        typer.Argument(help="a kind of parts (mechanisms, policies, agents, advisors, ...), scenarios or settings"),
    ] = "mechanisms",
    plugin: Plugins = None,
) -> None:
    """List what there is: the parts of a kind with parameters and source, scenarios, keys of a scenario."""
    from sim.cli import kinds_listing
    from sim.scenario.plugins import plugins

    tables = kinds_listing.tables()
    name = kinds_listing.named(what, tables)
    if name not in tables:
        raise RunError(f"list {what}: unknown{closest(what, tables)}; allowed: {', '.join(tables)}")
    with plugins(plugin or []):
        printed(tables[name]())


@app.command()
def show(
    folder: Folder,
    columns: Annotated[bool, typer.Option("--columns", help="what each column means and is divided by")] = False,
    plugin: Plugins = None,
) -> None:
    """Show the tables of a run, of a sweep, or of an audit."""
    from sim.scenario.plugins import plugins

    with plugins(plugin or []):
        if columns:
            from sim.cli import listing

            printed(listing.columns())
            return
        _show(folder)


@app.command()
def explain(
    folder: Folder,
    task: Annotated[str, typer.Option(help="name of the task")],
    replication: Annotated[str, typer.Option(help="number of the replication, from 0")] = "0",
    arm: Annotated[str | None, typer.Option(help="name of the arm [default: the first]")] = None,
    plugin: Plugins = None,
) -> None:
    """Explain one task of a run: every bid and its score, the price, what happened, what the oracle would have done."""
    from sim.cli.listing import explanation
    from sim.experiment.run_folder import Run
    from sim.experiment.stored import run_info
    from sim.explain.explain import explain as explain_task
    from sim.scenario.plugins import plugins

    number = whole("--replication", replication)
    with plugins(plugin or []) as digests:
        info = run_info(folder)
        if info is not None and info["plugins"] != digests:
            names = ", ".join(info["plugins"]) or "none"
            raise RunError(f"{folder}: ran with other plugins ({names}); give the same files with --plugin")
        printed(explanation(explain_task(Run.open(folder), task, number, arm)))


def _kept_contracts() -> list[str]:
    """A line for each part of the plugins; raises RunError with all that is wrong with any of them."""
    from sim.front.contracts import added, faults_of, remark_on

    found = {(kind, name): faults_of(kind, name) for kind, name in added()}
    titles = {key: f"{key[0]} {key[1] if isinstance(key[1], str) else key[1][1]}" for key in found}
    faults = [f"{titles[key]}: {line}" for key, lines in found.items() for line in lines]
    if faults:
        raise RunError(*faults)
    remarks = {key: f"; {words}" if (words := remark_on(*key)) else "" for key in found}
    return [f"{title}: keeps its contract{remarks[key]}" for key, title in titles.items()]


def _plan(
    name: str,
    seed: str | None,
    replications: str | None,
    overrides: list[str] | None,
    mechanisms: list[str] | None,
    digests: dict[str, str],
    engine: str = "auto",
) -> Plan:
    from sim.experiment.plan import plan
    from sim.experiment.unlikely import unlikely
    from sim.front.own_quantities import check_own_quantities

    check_own_quantities()
    made = plan(named(name, seed, replications, overrides, mechanisms), digests, engine)
    if made.scenario.figures:
        from analysis.figures.restyled import check_run_figures

        check_run_figures(made)
    for line in unlikely(made):
        typer.echo(f"bidlab: {line}", err=True)
    return made


def _say_unrounded(plan: Plan) -> None:
    from sim.scenario.unrounded import unrounded

    line = unrounded([(plan.arms, plan.origin)])
    if line is not None:
        printed([line])


def _show(folder: Path) -> None:
    from sim.cli.listing import results
    from sim.experiment.stored import Stored

    info = Stored.open(folder).info
    if info.get("kind") == "sweep":
        sweep_command.show(folder, info)
    elif info.get("kind") == "audit":
        audit_command.show(folder, info)
    elif info.get("kind") == "economy":
        economy_command.show_economy(folder, info)
    else:
        printed(results(folder, info))
