"""Finished folders that pages are made of."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from tests.cli.command import SCENARIO, Said, bidlab, lay_out
from tests.market.folders import GOLDEN

SWEPT = SCENARIO + '\n[[arm]]\nname = "y"\nmechanism = "first_price"\n\n[sweep]\n"tender.penalty" = [0.0, 1.0]\n'


def golden_run(folder: Path) -> Path:
    """A run with a tie, postings again, slow and busy agents, and agents alone."""
    said = bidlab("run", GOLDEN / "auctions.toml", "--out", folder / "run")
    assert said.code == 0, said.err
    return folder / "run"


def small_sweep(folder: Path, figures: bool = True, scenario: str = SWEPT) -> Path:
    """A sweep of two cells and two arms."""
    said = bidlab("sweep", lay_out(folder, scenario), "--out", folder / "sweep", "--jobs", "1", figures=figures)
    assert said.code == 0, said.err
    return folder / "sweep"


def undrawn(*arguments: str | Path) -> Said:
    """The command `report` without figures, which take most of its time."""
    with mock.patch("analysis.page.run_page.drawables", return_value={}):
        return bidlab("report", *arguments)
