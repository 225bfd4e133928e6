"""`bidlab import`: results that people have, as a recorded table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import Plugins, printed
from sim.kit.errors import RunError

Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE...", help="files, with * and ** for several; absent: those of --map"),
]
Out = Annotated[Path | None, typer.Option(help="table to write, .parquet or .csv; absent: the report alone")]
Format = Annotated[
    str | None,
    typer.Option("--format", help="of `bidlab list importers`, or {name = {parameter = value}}; absent: any table"),
]
Map = Annotated[Path | None, typer.Option("--map", help="TOML file with the keys of world.table, e.g. [columns]")]
Column = Annotated[
    list[str] | None,
    typer.Option(help="our column=field, or =number for all rows, e.g. cost=usd, claim=0.5; may be repeated"),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="key=value of world.table, e.g. columns.cost.unit=cents; may be repeated"),
]
Force = Annotated[bool, typer.Option("--force", help="replace a file that no import wrote")]


def add(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("import")(import_)


def import_(
    source: Sources = None,
    out: Out = None,
    format_: Format = None,
    map_: Map = None,
    column: Column = None,
    set_: Set = None,
    plugin: Plugins = None,
    force: Force = False,
) -> None:
    """Import results: files of a known format, or of any by a mapping, as a recorded table."""
    from sim.front.import_table import imported_files, write_table
    from sim.kit.toml_file import read_toml
    from sim.scenario.file import toml_value, with_overrides
    from sim.scenario.plugins import plugins

    raw: dict[str, Any] = {} if map_ is None else read_toml(map_)
    folder = Path() if source or map_ is None else map_.parent
    if source:
        raw["files"] = source
    if format_ is not None:
        raw["format"] = toml_value(format_) if format_.startswith("{") else format_
    columns = [f"columns.{text}" for text in column or []]
    for text in column or []:
        if "=" not in text:
            raise RunError(f"--column {text}: must be name=field, e.g. cost=usd")
    with_overrides(raw, [*columns, *(set_ or [])], "--set", "columns.cost.unit=cents")
    with plugins(plugin or []):
        made = imported_files(raw, folder)
        printed(made.report.shown())
        if out is not None:
            write_table(made, out, force)
            printed(["", f"written: {out}"])
