"""`bidlab export`: a run's ledger in a format that others read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import Folder, Plugins, printed, whole, writing
from sim.kit.errors import RunError, closest

if TYPE_CHECKING:
    from sim.experiment.run_folder import Run
    from sim.scenario.scenario import Arm

FORMATS = ("agent_economy",)


def add(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(export)


def export(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="file to write, .jsonl")],
    format_: Annotated[str, typer.Option("--format", help=f"one of {', '.join(FORMATS)}")] = FORMATS[0],
    arm: Annotated[str | None, typer.Option(help="name of the arm [default: the first]")] = None,
    replication: Annotated[str, typer.Option(help="number of the replication, from 0")] = "0",
    plugin: Plugins = None,
    force: Annotated[bool, typer.Option("--force", help="replace the file")] = False,
) -> None:
    """Export the ledger of one arm and replication; agent_economy: as that live engine writes its own."""
    from sim.experiment.run_folder import Run
    from sim.scenario.plugins import plugins

    if format_ not in FORMATS:
        raise RunError(f"--format {format_}: unknown{closest(format_, FORMATS)}; allowed: {', '.join(FORMATS)}")
    if out.suffix != ".jsonl":
        raise RunError(f"--out {out}: must end in .jsonl")
    if out.exists() and not force:
        raise RunError(f"--out {out}: is there; choose another file, or give --force to replace it")
    with plugins(plugin or []):
        run = Run.open(folder)
        _write(run, run.scenario.arms[0] if arm is None else run.arm(arm), whole("--replication", replication), out)
    printed([f"written: {out}"])


def _write(run: Run, arm: Arm, replication: int, out: Path) -> None:
    from sim.ledger.economy_events import write_economy_events
    from sim.ledger.ledger import Ledger
    from sim.scenario.scenario import label_of

    count = run.scenario.replications
    if not 0 <= replication < count:
        raise RunError(f"--replication {replication}: must be from 0 to {count - 1}")
    rows = run.ledger.arm(arm.name)
    tables = (rows.attempts, rows.bids, rows.clearings)
    own = Ledger(*(table[table["replication"] == replication] for table in tables))
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        in_rounds = arm.settings.market.round is not None
        write_economy_events(own, out, payment_rule=label_of(arm.mechanism), rounds=in_rounds)
