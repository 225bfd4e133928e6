"""The command line as tests call it: in this process, with everything it says kept."""

from __future__ import annotations

import contextlib
import io
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from typer.main import get_command

from sim.cli import main
from tests.coarse import drawn_coarsely

HEADER = "agent,task,claim,success,cost,belief\n"
ROWS = "a,t1,0.9,1,0.3,0.3\na,t2,0.8,0,0.3,0.3\nb,t1,0.6,0,0.05,0.05\nb,t2,0.7,1,0.05,0.05\n"

TOP = """\
question = "Which?"
seed = 1
replications = 2
"""
WORLD = """
[world]
table = "t.csv"
columns = {agent = "agent", task = "task", claim = "claim", success = "success", cost = "cost", cost_belief = "belief"}
"""
TENDER = """
[tender]
value = 1.0
reserve = 0.8
penalty = 0.0
"""
ARM = """
[[arm]]
name = "x"
mechanism = "second_price"
"""
SCENARIO = TOP + WORLD + TENDER + ARM


_MADE_ONCE = cache(get_command)  # what typer makes of signatures takes longer than most commands


class Said(NamedTuple):
    """What a command gave back."""

    code: int
    out: str
    err: str


def bidlab(*arguments: str | Path, figures: bool = False, coarse: bool = True) -> Said:
    """Run `bidlab` with these arguments. figures: draw them, which takes most of a short run's time; coarse: once."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        drawn_coarsely() if figures and coarse else contextlib.nullcontext(),
        contextlib.nullcontext() if figures else mock.patch("analysis.figures.draw_all"),
        contextlib.nullcontext() if figures else mock.patch("analysis.figures.sweeps.draw_all"),
        mock.patch("typer.main.get_command", _MADE_ONCE),
        mock.patch.dict("sim.experiment.engine.UNTRACED", clear=True),  # a command is a process of its own
        mock.patch.object(sys, "argv", ["bidlab", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return Said(code, out.getvalue(), err.getvalue())


def lay_out(folder: Path, scenario: str = SCENARIO, table: str | bytes = HEADER + ROWS) -> Path:
    """Write scenario and table into `folder`; returns the scenario's path."""
    (folder / "t.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    path = folder / "s.toml"
    path.write_text(scenario, encoding="utf-8")
    return path


def files(folder: Path) -> set[str]:
    """Everything below `folder`."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
