"""The command `calibration`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import Plugins, Style, free_folder, print_paths, printed, share, writing
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from sim.front.calibrating import Calibration

_ENDS = (".csv", ".pdf", ".png", ".column.pdf", ".column.png")
_FILES = ("calibration.csv", *(f"reliability{end}" for end in _ENDS))


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(calibration)


def calibration(
    source: Annotated[str, typer.Argument(help="recorded table, a bundled one by its name, or the folder of a run")],
    out: Annotated[
        Path | None, typer.Option(help="folder for calibration.csv and the reliability diagram [default: no files]")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="our name=the table's, e.g. claim=p_success; guessed where absent")
    ] = None,
    arm: Annotated[str | None, typer.Option(help="arm of the run, by its name [default: the first]")] = None,
    mark: Annotated[str | None, typer.Option(help="least score that is a success, with a column of scores")] = None,
    epsilon: Annotated[
        str | None, typer.Option(help="move claims into [E, 1 - E] for the log score [default: it may be infinite]")
    ] = None,
    plugin: Plugins = None,
    style: Style = "paper",
    force: Annotated[bool, typer.Option("--force", help="replace the files of another")] = False,
) -> None:
    """Show whether claims mean what they say and whether they rank: proper scores, ECE, AUC, a reliability diagram."""
    from analysis.calibration_view import calibration_views
    from sim.scenario.plugins import plugins

    free_folder(out, _FILES, force)
    least = None if mark is None else share("--mark", mark)
    edge = None if epsilon is None else _edge(epsilon)
    with plugins(plugin or []):
        found, stamp = _found(source, column, arm, least, edge)
    printed(calibration_views(found.table, found.about, edge))
    if out is not None:
        print_paths(_written(found, out, stamp, style))


def _found(
    name: str, column: list[str] | None, arm: str | None, mark: float | None, epsilon: float | None
) -> tuple[Calibration, str]:
    """What was found, and what the figure says of its origin."""
    from importlib.metadata import version

    from analysis.fit_run import stated_columns
    from sim.bundled import find_table
    from sim.experiment.run_folder import Run
    from sim.front.calibrating import of_run, of_sheet
    from sim.tables.table_file import read_file

    if Path(name).is_dir():
        _check_unstated("a run", **{"--column": column, "--mark": mark})
        found = of_run(Run.open(Path(name)), arm, epsilon)
        return found, found.about
    _check_unstated("a table", **{"--arm": arm})
    sheet = read_file(find_table(name))
    found = of_sheet(sheet, stated_columns(sheet, column or []), mark, epsilon, "with --column {}=NAME", "--mark")
    digest = hashlib.sha256(sheet.path.read_bytes()).hexdigest()[:12]
    return found, f"{found.about}; {digest}; bidlab {version('bidlab')}"


def _written(found: Calibration, out: Path, stamp: str, style: str) -> list[Path]:
    from analysis.figures import reliability
    from analysis.figures.look import Look, places
    from analysis.figures.save import save
    from analysis.figures.sheets import sheet
    from sim.kit.csv_file import write_csv

    look = Look(sheet=sheet(style), agents=places(found.claims.agents))
    with writing(out):
        data = reliability.table(found.claims)
        paths = save(data, reliability.paint, lambda _, __: stamp, out, "reliability", look)
        write_csv(found.table, out / "calibration.csv")
        return [out / "calibration.csv", *paths]


def _edge(text: str) -> float:
    if not re.fullmatch(r"[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?", text) or not 0 < float(text) < 0.5:
        raise RunError(f"--epsilon {text}: must be a number above 0 and below .5")
    return float(text)


def _check_unstated(what: str, **given: object) -> None:
    faults = [f"{option}: has no meaning of {what}" for option, value in given.items() if value]
    if faults:
        raise RunError(*faults)
