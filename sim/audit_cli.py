"""The command `audit`. Prints, as sim/cli.py does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli_options import Overrides, Plugins, Seed, printed, share, whole
from sim.errors import RunError

if TYPE_CHECKING:
    from sim.audit.execute import Job, Sizes
    from sim.audit.problem import Verifier
    from sim.audit.row import Row

SEED = 20240  # of the test world
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
) -> None:
    """Measure what an agent gains by lying about its ask, its claim or both, rule by rule.

    Exit code 1 where a rule declares truth dominant and a lie pays.
    """
    from sim.audit.execute import Sizes
    from sim.audit.problem import Verifier
    from sim.plugins import plugins

    chosen = list(dict.fromkeys(mechanism or []))
    _check_choice(chosen, every, scenario, override)
    sizes = Sizes(_at_least("--types", types, 2), _at_least("--draws", draws, 4))
    verifier = Verifier(share("--false-pass", false_pass), share("--false-fail", false_fail))
    limit = share("--tolerance", tolerance)
    number = None if seed is None else _seed(seed)
    with plugins(plugin or []) as digests:
        made, notes, info = (
            _in_e1(chosen, sizes, SEED if number is None else number, verifier)
            if scenario is None
            else _in_scenario(scenario, chosen, number, override or [], digests, sizes, verifier)
        )
        notes = [*notes, *_notes(sizes, info["seed"], limit, verifier)]
        info |= {"plugins": digests, "audit": {"notes": notes, "rules": [_written(job) for job in made]}}
        info["hash"] = hashlib.sha256(json.dumps(info, sort_keys=True).encode()).hexdigest()
        place = out or Path("out") / "audit"
        broken = _write(place, info, made, limit, _processes(jobs), plugin or [], force, new=out is None)
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


def _in_e1(
    chosen: Sequence[str], sizes: Sizes, seed: int, verifier: Verifier
) -> tuple[list[Job], list[str], dict[str, Any]]:
    """Every example of the rules named, or of all; those that cannot be audited are named in a note."""
    from sim.audit.audit import refusal
    from sim.audit.execute import E1Job, admit
    from sim.audit.known import E1
    from sim.mechanisms import lookup, names

    rules = [rule for name in chosen or names() for rule in lookup(name).examples()]
    left_out = {rule.name: refusal(rule) for rule in rules if refusal(rule)}
    if chosen:
        rules = [admit(rule) for rule in rules]
    made: list[Job] = [E1Job(rule, sizes, seed, verifier) for rule in rules if rule.name not in left_out]
    notes = [E1, *(f"not audited: {name} {reason}" for name, reason in left_out.items())]
    info = {"kind": "audit", "seed": seed, "versions": _versions(), "agents": ["a0", "a1", "a2", "a3"], "tasks": []}
    return made, notes, {**info, "scenario": {"name": "E1"}}


def _in_scenario(
    name: str,
    chosen: Sequence[str],
    seed: int | None,
    overrides: list[str],
    digests: dict[str, str],
    sizes: Sizes,
    verifier: Verifier,
) -> tuple[list[Job], list[str], dict[str, Any]]:
    """Every agent in every arm."""
    from sim.audit.execute import ScenarioJob, admit
    from sim.bundled import find_scenario
    from sim.execute import plan
    from sim.scenario import load_scenario

    scenario = load_scenario(find_scenario(name), seed=seed, overrides=overrides, mechanisms=chosen)
    for arm in scenario.arms:
        admit(arm.mechanism)
    planned = plan(scenario, digests)
    made: list[Job] = [
        ScenarioJob(scenario, arm, planned.origin, agent, sizes, verifier)
        for arm in scenario.arms
        for agent in range(len(planned.origin.agents))
    ]
    notes = [
        f"{scenario.name} (hash {planned.digest[:12]}): each agent in its own place, rivals truthful at their beliefs, "
        "first postings; types and draws are taken from different cells (replication, task)"
    ]
    return made, notes, {"kind": "audit", **planned.info}


def _notes(sizes: Sizes, seed: int, tolerance: float, verifier: Verifier) -> list[str]:
    from sim.audit.lies import Grid
    from sim.audit.search import KEPT

    lines = [
        f"at most {sizes.types} types, {sizes.draws} draws and {sizes.screening} screening draws; seed {seed}; "
        f"tolerance {tolerance:g} V",
        f"lies: {Grid()}; joint lies over the whole grid on all draws, lies about one of the two by the best {KEPT} of "
        "each type on the screening draws and one ask more",
    ]
    if verifier.false_pass or verifier.false_fail:
        lines.append(
            f"the verifier passes {verifier.false_pass:g} of failures and fails {verifier.false_fail:g} of successes; "
            "promises are about one that makes no error, and judged by it"
        )
    return lines


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
    from sim.audit.row import judge
    from sim.folder import check_folder, open_partial, partial_of, take_name
    from sim.run import run_info

    replaced = new and (run_info(folder) or {}).get("kind") == "audit"
    check_folder(folder, info, force or replaced)
    rows = _rows(made, processes, plugins)
    broken = judge(rows, tolerance)
    partial = partial_of(folder)
    try:
        open_partial(partial, info, [], "inputs")
        (partial / "inputs").rmdir()
        write_audit(partial, audit_table([row.cells for row in rows]), info["audit"]["notes"])
        take_name(folder, partial)
    except OSError as error:
        raise RunError(f"--out {folder}: cannot be written: {error.strerror or error}") from None
    return broken


def _rows(made: Sequence[Job], processes: int, plugins: Sequence[Path]) -> list[Row]:
    from sim.audit.execute import run_jobs
    from sim.audit.lies import Grid
    from sim.progress import steps

    try:
        with steps("audit", len(made)) as progress:
            return run_jobs(made, Grid(), processes, plugins, progress)
    except KeyboardInterrupt:
        typer.echo("bidlab: interrupted; nothing was written", err=True)
        raise typer.Exit(130) from None


def _written(job: Job) -> dict[str, Any]:
    import dataclasses

    rule = job.rule
    parameters = {name: str(value) for name, value in dataclasses.asdict(rule).items()}  # type: ignore[call-overload]
    sizes = dataclasses.asdict(job.sizes)
    return {"arm": job.arm, "mechanism": rule.name, "parameters": parameters, **sizes, **vars(job.verifier)}


def _versions() -> dict[str, str]:
    from sim.execute import versions

    return versions()


def _processes(text: str | None) -> int:
    from sim.sweep.execute import cores

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
