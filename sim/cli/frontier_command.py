"""The command `frontier`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import Seed, Style, dollars, free_folder, print_paths, printed, share, whole, writing

if TYPE_CHECKING:
    import pandas as pd

_FILES = tuple(f"frontier{end}" for end in (".csv", ".pdf", ".png", ".column.pdf", ".column.png"))


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(frontier)


def frontier(
    table: Annotated[
        str, typer.Argument(help="recorded table: .csv, .parquet or .jsonl, or a bundled one by its name")
    ],
    out: Annotated[Path | None, typer.Option(help="folder for frontier.csv, .pdf and .png [default: no files]")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="our name=the table's, e.g. cost=cost_usd; guessed where absent")
    ] = None,
    value: Annotated[str, typer.Option(help="dollars that a success is worth to who chooses")] = "1",
    mark: Annotated[str | None, typer.Option(help="least score that is a success, with a column of scores")] = None,
    seed: Seed = None,
    style: Style = "paper",
    force: Annotated[bool, typer.Option("--force", help="replace the files of another frontier")] = False,
) -> None:
    """Show accuracy against cost: always one agent, random, cascades, routers by record, auctions, oracles."""
    from analysis.fit_run import stated_columns
    from analysis.frontier_view import frontier_views
    from sim.bundled import find_table
    from sim.front.frontiers import of_recorded
    from sim.tables.graded import scored
    from sim.tables.sparse import about_left_out, left_out
    from sim.tables.table_file import read_file

    free_folder(out, _FILES, force)
    sheet, number = read_file(find_table(table)), 0 if seed is None else whole("--seed", seed)
    least = None if mark is None else share("--mark", mark)
    recorded = scored(sheet, stated_columns(sheet, column or []), least, "--mark")
    worth = dollars("--value", value)
    frame = of_recorded(recorded, worth, least, number).table
    info = {"left_out": left_out(recorded, recorded.agents), "tasks": recorded.tasks}
    size, name = f"{len(recorded.tasks):,} tasks, {len(recorded.agents):,} agents", sheet.path.name
    head = f"{name}: {size}; a success is worth ${worth:g}\n"
    printed(frontier_views(frame, (head + about_left_out(info)).rstrip()))
    if out is not None:
        digest = hashlib.sha256(sheet.path.read_bytes()).hexdigest()[:12]
        print_paths(_written(frame, out, f"n = {size}; V = ${worth:g}; seed {number}; {name} {digest}", style))


def _written(frame: pd.DataFrame, out: Path, caption: str, style: str) -> list[Path]:
    from importlib.metadata import version

    from analysis.figures.frontier import about, paint
    from analysis.figures.look import Look
    from analysis.figures.save import save
    from analysis.figures.sheets import sheet

    stamp = f"{caption}; bidlab {version('bidlab')}"

    def words(data: pd.DataFrame, look: Look) -> str:
        return "\n".join(filter(None, (about(data, look), stamp)))

    with writing(out):
        return save(frame, paint, words, out, "frontier", Look(sheet=sheet(style)))
