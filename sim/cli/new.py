"""The command `new`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import printed
from sim.kit.errors import RunError


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(new)


def new(
    kind: Annotated[str, typer.Argument(help="mechanism, policy, agent, advisor, verifier or scenario")],
    name: Annotated[str, typer.Argument(help="its name, and that of the file")],
    like: Annotated[
        str | None, typer.Option(help="of a scenario: copy this bundled one, or file, with what it reads")
    ] = None,
    folder: Annotated[Path, typer.Option(help="where to write it")] = Path(),
) -> None:
    """Write a starter file that runs at once, or a copy of a bundled scenario. Nothing is overwritten."""
    from sim import starters

    if like is not None and kind != "scenario":
        raise RunError(f"--like: copies a scenario; {kind} has none to copy")
    made = starters.started(kind, name) if like is None else starters.like(name, like)
    paths = starters.write(made, folder)
    inside = "" if folder == Path() else f"cd {folder} && "
    printed([*(str(path) for path in paths), f"to run it: {inside}{made.run}"])
