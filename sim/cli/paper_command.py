"""`bidlab paper`: the MarketBench study from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import printed, whole
from sim.kit.errors import RunError, kept


def add(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(paper)


def paper(
    out: Annotated[Path, typer.Option(help="folder for tables, figures and the document")] = Path("out/paper"),
    jobs: Annotated[str | None, typer.Option(help="processes of this machine [default: one per core]")] = None,
) -> None:
    """Make every table and figure of the MarketBench study, each number beside the published one."""
    from analysis.paper.beside import of_counts
    from analysis.paper.study import STEPS, make
    from sim.cli.progress import steps
    from sim.experiment.local_workers import cores

    count = cores() if jobs is None else whole("--jobs", jobs)
    if count < 1:
        raise RunError(f"--jobs {count}: must be >= 1")
    with kept("jobs"), steps("paper", STEPS) as tick:
        study = make(out, count, tick)
    counts = {name: of_counts(rows) for name, rows in study.numbers.items()}
    lines = [f"{name}: {within} of {known} published numbers within" for name, (within, known) in counts.items()]
    printed([*lines, f"{out}: paper.tex, paper.md, deviations.md, tables/, figures/, runs/"])
