"""`bidlab bundle` and `bidlab verify`: results in one file, and the same results again from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import Folder, Plugins, printed, warn, whole
from sim.kit.errors import RunError, StoppedError

if TYPE_CHECKING:
    from sim.experiment.plan import Plan


def add(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(bundle)
    app.command()(verify)


def bundle(
    folder: Folder,
    out: Annotated[Path | None, typer.Option(help="file to write, .zip [default: FOLDER.zip]")] = None,
    plugin: Annotated[
        list[Path] | None, typer.Option("--plugin", help="a plugin it ran with; it is put in, not executed")
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="put in the answers of a live run, and the tasks that were asked")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="replace the file")] = False,
) -> None:
    """Put a run or a sweep into one file that others can play again and compare."""
    from sim.bundling.bundle_folder import bundle as bundle_folder
    from sim.cli.progress import steps
    from sim.ledger.ledger import SCHEMAS

    with steps(f"bundle of {folder.name}", len(SCHEMAS)) as tick:
        made = bundle_folder(folder, out, plugins=plugin or [], answers=answers, force=force, tick=tick)
    printed([str(made)])


def verify(
    bundle: Annotated[Path, typer.Argument(help="a bundle, .zip")],
    plugin: Plugins = None,
    allow_plugins: Annotated[
        bool, typer.Option("--allow-plugins", help="execute code that is in the bundle: read it first")
    ] = False,
    jobs: Annotated[str | None, typer.Option(help="processes for a sweep [default: one per core]")] = None,
) -> None:
    """Play a bundle again in a temporary folder and compare every number; exit code 1 where one differs."""
    from sim.bundling.open_bundle import open_bundle
    from sim.bundling.verify_bundle import plugin_lines, verify_bundle
    from sim.experiment.local_workers import cores
    from sim.front.bundles import again

    count = cores() if jobs is None else whole("--jobs", jobs)
    if count < 1:
        raise RunError(f"--jobs {count}: must be >= 1")
    if allow_plugins and not plugin:
        for line in plugin_lines(open_bundle(bundle)):
            warn(f"executes {line}")
    try:
        found = verify_bundle(bundle, again(_auctions, _cells, count), plugin or [], allow_plugins)
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing is left behind") from None
    printed(found.lines)
    if not found.agrees:
        raise typer.Exit(1)


@contextmanager
def _auctions(plan: Plan) -> Iterator[Any]:
    from sim.cli.progress import auctions

    with auctions(plan) as (progress, _, _):
        yield progress


@contextmanager
def _cells(plan: Plan) -> Iterator[Any]:
    from sim.cli.progress import cells

    with cells(plan) as progress:
        yield progress
