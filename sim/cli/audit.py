"""The command `audit`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import Overrides, Plugins, Seed, printed, share, whole
from sim.kit.errors import RunError, StoppedError

if TYPE_CHECKING:
    from sim.auditing.audits import Job
    from sim.auditing.coalitions import Coalitions
    from sim.auditing.row import Row

_NO_SEED = 2**64 - 1


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(audit)


def audit(
    mechanism: Annotated[list[str] | None, typer.Argument(help="names of the rules, see `bidlab list`")] = None,
    every: Annotated[bool, typer.Option("--all", help="every rule there is")] = False,
    scenario: Annotated[
        str | None, typer.Option(help="audit in this scenario's world, its arms or the rules named [default: E1]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for the table [default: out/audit]")] = None,
    types: Annotated[str, typer.Option(help="types of the agent")] = "400",
    draws: Annotated[str, typer.Option(help="draws of everything else")] = "4000",
    seed: Seed = None,
    tolerance: Annotated[str, typer.Option(help="a gain below this share of V is called consistent")] = "0.001",
    false_pass: Annotated[str, typer.Option(help="share of failures the verifier passes")] = "0",
    false_fail: Annotated[str, typer.Option(help="share of successes the verifier fails")] = "0",
    override: Overrides = None,
    plugin: Plugins = None,
    jobs: Annotated[str | None, typer.Option(help="processes of this machine [default: one per core]")] = None,
    force: Annotated[bool, typer.Option("--force", help="replace another run or audit")] = False,
    coalitions: Annotated[
        bool, typer.Option("--coalitions", help="try rings, several names and shills of the principal too")
    ] = False,
    ring: Annotated[str | None, typer.Option(help="agents in a ring, with --coalitions [default: 2]")] = None,
    names: Annotated[str | None, typer.Option(help="names of one agent, with --coalitions [default: 2]")] = None,
) -> None:
    """Attack what each rule promises, and measure what an agent gains by a lie about its ask, its claim or both.

    Exit code 1 where a promise falls.
    """
    from sim.auditing.audit_plan import plan_e1, plan_scenario
    from sim.auditing.audits import Sizes
    from sim.auditing.problem import Verifier
    from sim.bundled import find_scenario
    from sim.scenario.plugins import plugins
    from sim.scenario.scenario import load_scenario

    chosen = list(dict.fromkeys(mechanism or []))
    _check_choice(chosen, every, scenario, override)
    sizes = Sizes(_at_least("--types", types, 2), _at_least("--draws", draws, 4))
    verifier = Verifier(share("--false-pass", false_pass), share("--false-fail", false_fail))
    limit = share("--tolerance", tolerance)
    tried = _coalitions(coalitions, ring, names)
    number = None if seed is None else _seed(seed)
    with plugins(plugin or []) as digests:
        if scenario is None:
            plan = plan_e1(chosen, number, sizes, limit, verifier, digests, tried)
        else:
            found = load_scenario(find_scenario(scenario), seed=number, overrides=override or [], mechanisms=chosen)
            plan = plan_scenario(found, sizes, limit, verifier, digests, tried)
        info = plan.info
        place = out or Path("out") / "audit"
        broken = _write(place, info, plan.jobs, limit, _processes(jobs), plugin or [], force, new=out is None)
    show(place, info)
    for line in broken:
        typer.echo(f"bidlab: {line}", err=True)
    if broken:
        raise typer.Exit(1)


def show(folder: Path, info: dict[str, Any]) -> None:
    """Print what an audit found."""
    from analysis.audit_report import audit_views, read_audit

    printed([*audit_views(read_audit(folder), info["audit"]["notes"]), f"{folder}: audit.csv, audit.md, audit.tex"])


def _check_choice(chosen: Sequence[str], every: bool, scenario: str | None, override: list[str] | None) -> None:
    if every and chosen:
        raise RunError(f"--all: audits every rule; {', '.join(chosen)} need not be named")
    if every and scenario is not None:
        raise RunError("--all: is for the test world; a scenario's arms are audited, or the rules named")
    if not every and not chosen and scenario is None:
        raise RunError("audit: name a mechanism (see `bidlab list`), or give --all or --scenario")
    if override and scenario is None:
        raise RunError("--set: changes a scenario, and --scenario is not given")


def _coalitions(wanted: bool, ring: str | None, names: str | None) -> Coalitions | None:
    """How many collude; None where that is not asked for."""
    from sim.auditing.coalitions import Coalitions

    given = {name: text for name, text in (("ring", ring), ("names", names)) if text is not None}
    if not wanted:
        for name in given:
            raise RunError(f"--{name}: is of coalitions, and --coalitions is not given")
        return None
    return Coalitions(**{name: _at_least(f"--{name}", text, 2) for name, text in given.items()})


def _write(
    folder: Path,
    info: dict[str, Any],
    made: Sequence[Job],
    tolerance: float,
    processes: int,
    plugins: Sequence[Path],
    force: bool,
    new: bool,
) -> list[str]:
    """Audit and write the folder; returns the promises broken. new: an audit in the default place is replaced."""
    from analysis.audit_report import write_audit
    from analysis.audit_table import audit_table
    from sim.auditing.row import judge
    from sim.experiment.folder import making
    from sim.experiment.stored import run_info

    replaced = new and (run_info(folder) or {}).get("kind") == "audit"
    with making(folder, info, force=force or replaced) as partial:
        try:
            rows = _rows(made, processes, plugins)
        except BaseException:
            shutil.rmtree(partial)  # nothing of an audit is of use before it ends
            raise
        broken = judge(rows, tolerance)
        write_audit(partial, audit_table([row.cells for row in rows]), info["audit"]["notes"])
    return broken


def _rows(made: Sequence[Job], processes: int, plugins: Sequence[Path]) -> list[Row]:
    from sim.auditing.audits import run_jobs
    from sim.auditing.lies import Grid
    from sim.cli.progress import steps

    try:
        with steps("audit", len(made)) as progress:
            return run_jobs(made, Grid(), processes, plugins, progress)
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing was written") from None


def _processes(text: str | None) -> int:
    from sim.experiment.local_workers import cores

    return cores() if text is None else _at_least("--jobs", text, 1)


def _at_least(option: str, text: str, least: int) -> int:
    number = whole(option, text)
    if number < least:
        raise RunError(f"{option} {number}: must be >= {least}")
    return number


def _seed(text: str) -> int:
    number = whole("--seed", text)
    if not 0 <= number < _NO_SEED:
        raise RunError(f"--seed {number}: must lie in 0 ... {_NO_SEED - 1}")
    return number
