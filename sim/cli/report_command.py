"""The command `report`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Plugins, printed


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(report)


def report(
    folder: Annotated[Path, typer.Argument(help="folder of a run or of a sweep")],
    out: Annotated[Path | None, typer.Option(help="the page to write [default: FOLDER.html]")] = None,
    show: Annotated[bool, typer.Option("--open", help="open the page in a browser")] = False,
    plugin: Plugins = None,
    force: Annotated[bool, typer.Option("--force", help="replace a file that is no page of bidlab")] = False,
) -> None:
    """Make one HTML page of a run or a sweep, to be read in a browser: tables, figures, and every auction explained."""
    from sim.cli.progress import phases
    from sim.front.pages import page_of_folder
    from sim.scenario.plugins import plugins

    path = out or folder.with_name(f"{folder.resolve().name}.html")
    with plugins(plugin or []) as digests, phases(f"page of {folder.name}") as phase:
        size = page_of_folder(folder, path, digests, phase, force=force)
    printed([f"{path}: {size / 1e6:.2f} MB"])
    if show:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
