"""What several commands of the command line share: options, numbers read, tables printed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.kit.errors import RunError

if TYPE_CHECKING:
    from analysis.figures.sheets import Sheet
    from sim.scenario.scenario import Scenario

Named = Annotated[str, typer.Argument(help="a scenario's name (see `bidlab list scenarios`) or a TOML file")]
Seed = Annotated[str | None, typer.Option(help="seed of every draw, instead of the scenario's")]
Replications = Annotated[str | None, typer.Option(help="number of replications, instead of the scenario's")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="key=value, e.g. tender.penalty=1.0; may be repeated")
]
Rules = Annotated[
    list[str] | None, typer.Option("--mechanism", help="run this rule instead of the scenario's arms; may be repeated")
]
Plugins = Annotated[
    list[Path] | None, typer.Option("--plugin", help="Python file that registers parts of your own; it is executed")
]
Engine = Annotated[str, typer.Option(help="auto, market (SimPy processes) or compiled; same ledger")]
Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="draw figures, after the tables")]
Style = Annotated[str, typer.Option("--style", help="of the figures: paper, talk, or a .mplstyle file")]
Folder = Annotated[Path, typer.Argument(help="folder of a run")]
_NUMBER = r"[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?"


def whole(option: str, text: str) -> int:
    """The whole number given for `option`; raises RunError where it is none."""
    if not re.fullmatch(r"-?[0-9]{1,30}", text):
        raise RunError(f"{option} {text}: must be a whole number")
    return int(text)


def named(
    name: str, seed: str | None, replications: str | None, overrides: list[str] | None, mechanisms: list[str] | None
) -> Scenario:
    """The scenario that the command names, changed by its options; raises ScenarioError in one line."""
    from sim.bundled import find_scenario
    from sim.scenario.scenario import load_scenario

    return load_scenario(
        find_scenario(name),
        seed=None if seed is None else whole("--seed", seed),
        replications=None if replications is None else whole("--replications", replications),
        overrides=overrides or [],
        mechanisms=mechanisms or [],
    )


def share(option: str, text: str) -> float:
    """The share given for `option`; raises RunError where it is no number from 0 to 1."""
    if not re.fullmatch(_NUMBER, text) or not 0 <= float(text) <= 1:
        raise RunError(f"{option} {text}: must be a number from 0 to 1")
    return float(text)


def dollars(option: str, text: str) -> float:
    """The dollars given for `option`; raises RunError where they are no number above 0, or beyond what is counted."""
    from sim.kit.distribution import MOST

    if not re.fullmatch(_NUMBER, text) or not 0 < float(text) <= MOST:
        raise RunError(f"{option} {text}: must be dollars > 0")
    return float(text)


def sheet_of(style: str) -> Sheet | None:
    """The style that --style names, None for the usual one; raises RunError where there is none such."""
    if style == "paper":
        return None
    from analysis.figures.sheets import sheet  # loads matplotlib

    return sheet(style)


def free_folder(out: Path | None, files: Sequence[str], force: bool) -> None:
    """Raise RunError where `out` is no folder, or some of these files are there and not to be replaced."""
    there = [] if out is None else [out / name for name in files if (out / name).exists()]
    if out is not None and out.exists() and not out.is_dir():
        raise RunError(f"--out {out}: is a file, not a folder")
    if there and not force:
        raise RunError(f"--out {out}: {there[0].name} is there; choose another folder, or give --force to replace it")


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Raise RunError where what is done in it cannot be written into `out`."""
    try:
        yield
    except OSError as error:
        raise RunError(f"--out {out}: cannot be written: {error.strerror or error}") from None


def print_paths(paths: Iterable[Path]) -> None:
    """Say what was written."""
    printed(["", f"written: {', '.join(map(str, paths))}"])


def warn(line: str) -> None:
    """Say on stderr what the command goes on from otherwise than was to be expected."""
    typer.echo(f"bidlab: {line}", err=True)


def printed(renderables: list[Any]) -> None:
    """Print texts and tables, as wide as the terminal is.

    Where there is none, tables are WIDTH wide and lines of text are left whole, unless COLUMNS says how wide it is.
    """
    from rich.console import Console

    from sim.kit.terminal import WIDTH, shown_name, wrapped

    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console = Console(width=None if known else WIDTH, highlight=False, emoji=False)
    for renderable in renderables:
        if isinstance(renderable, str):
            plain = "\n".join(map(shown_name, renderable.split("\n")))
            text = "\n".join(wrapped(plain, console.width)) if known else plain
            console.print(text, markup=False, soft_wrap=True)
        else:
            console.print(renderable, crop=False)
