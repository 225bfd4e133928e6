"""The command `compare`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import Plugins, free_folder, print_paths, printed, writing

if TYPE_CHECKING:
    from sim.front.results import Results


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(compare)


def compare(
    runs: Annotated[list[Path], typer.Argument(help="folders of runs; of several the first is the baseline")],
    baseline: Annotated[
        str | None, typer.Option(help="arm to compare to, of one run [default: the scenario's]")
    ] = None,
    arm: Annotated[list[str] | None, typer.Option(help="arm to compare; may be repeated [default: all]")] = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="what to compare in; may be repeated [default: welfare, solve_rate, cost]"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for compare.tex, .md and .csv [default: no files]")] = None,
    plugin: Plugins = None,
    force: Annotated[bool, typer.Option("--force", help="replace the files of another comparison")] = False,
) -> None:
    """Compare arms: differences with intervals, effect sizes and p values, as a table and in sentences."""
    from analysis.comparison import FILES
    from sim.cli.progress import waiting
    from sim.front.compare import compare as compared
    from sim.scenario.plugins import plugins

    free_folder(out, FILES, force)
    with plugins(plugin or []):
        opened = [_opened(folder) for folder in runs]
        with waiting("comparing"):
            found = compared(*opened, baseline=baseline, quantities=quantity or (), arms=arm or ())
    printed(found.views())
    if out is not None:
        with writing(out):
            print_paths(found.write(out))


def _opened(folder: Path) -> Results:
    from sim.experiment.run_folder import Run
    from sim.front.results import Results

    return Results(Run.open(folder))
