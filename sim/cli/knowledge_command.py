"""The command `knowledge`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import (
    Overrides,
    Plugins,
    Replications,
    Seed,
    Style,
    free_folder,
    named,
    print_paths,
    printed,
    writing,
)
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from analysis.known_arms import KnownArms

_FILES = tuple(f"knowledge{end}" for end in (".csv", ".pdf", ".png", ".column.pdf", ".column.png"))


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(knowledge)


def knowledge(
    scenario: Annotated[str, typer.Argument(help="a scenario's name or TOML file, or the folder of a run")],
    arm: Annotated[list[str] | None, typer.Option(help="arm by its name; may be repeated [default: all]")] = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for knowledge.csv and its figure [default: no files]")
    ] = None,
    seed: Seed = None,
    replications: Replications = None,
    override: Overrides = None,
    plugin: Plugins = None,
    style: Style = "paper",
    force: Annotated[bool, typer.Option("--force", help="replace the files of another")] = False,
) -> None:
    """Show what it would be worth, in dollars, if agents knew themselves better: calibration, discrimination, costs."""
    from analysis.knowledge_view import knowledge_views
    from sim.scenario.plugins import plugins

    free_folder(out, _FILES, force)
    with plugins(plugin or []) as digests:
        found = _found(scenario, arm or [], seed, replications, override, digests)
    printed(knowledge_views(found.table, found.refused, found.notes))
    if out is not None:
        print_paths(_written(found, out, style))


def _found(
    name: str,
    arms: list[str],
    seed: str | None,
    replications: str | None,
    override: list[str] | None,
    digests: dict[str, str],
) -> KnownArms:
    from analysis.known_arms import asked_for, of_plan, of_run
    from sim.cli.progress import steps
    from sim.experiment.plan import plan
    from sim.experiment.run_folder import Run

    if Path(name).is_dir():
        given = {"--seed": seed, "--replications": replications, "--set": override}
        stated = [option for option, value in given.items() if value]
        if stated:
            raise RunError(*(f"{option}: has no meaning of a finished run, which has its own" for option in stated))
        run = Run.open(Path(name))
        with steps(f"knowledge in {name}", len(asked_for(run.scenario, arms))) as progress:
            return of_run(run, arms, progress)
    made = plan(named(name, seed, replications, override, None), digests)
    with steps(f"knowledge in {made.scenario.name}", len(asked_for(made.scenario, arms))) as progress:
        return of_plan(made, arms, progress)


def _written(found: KnownArms, out: Path, style: str) -> list[Path]:
    from analysis.figures import waterfall
    from analysis.figures.look import Look
    from analysis.figures.save import save
    from analysis.figures.sheets import sheet
    from analysis.report import stamp

    about = stamp(found.info)
    drawn = waterfall.paint, lambda data, look: waterfall.words(data, look, about)
    with writing(out):
        return save(found.table, *drawn, out, "knowledge", Look(sheet=sheet(style)))
