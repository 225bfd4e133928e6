"""The command `figures`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import Plugins, Style, printed
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from analysis.figures.sheets import Sheet


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(figures)


def figures(
    folder: Annotated[Path, typer.Argument(help="folder of a run or a sweep")],
    out: Annotated[Path | None, typer.Option(help="folder for the figures [default: FOLDER.figures]")] = None,
    style: Style = "paper",
    like: Annotated[Path | None, typer.Option(help="scenario file; its [[figure]] say how they look")] = None,
    plugin: Plugins = None,
    force: Annotated[bool, typer.Option("--force", help="replace figures that are there")] = False,
) -> None:
    """Draw the figures of a run or a sweep again, in another style or as another [[figure]] says; nothing is played."""
    from analysis.figures.again import draw_again
    from analysis.figures.sheets import sheet
    from sim.cli.progress import waiting
    from sim.scenario.plugins import plugins

    place = out or folder.with_name(f"{folder.name}.figures")
    if place.exists() and not (force and place.is_dir()):
        raise RunError(f"--out {place}: is there; choose another folder, or give --force to replace its figures")
    chosen: Sheet = sheet(style)
    with plugins(plugin or []), waiting("figures"):
        paths: list[Any] = draw_again(folder, place, chosen, like)
    printed([f"{place}: {', '.join(sorted({path.name.partition('.')[0] for path in paths})) or 'no figure applies'}"])
