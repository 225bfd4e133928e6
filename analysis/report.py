"""Everything the analysis adds to a run's folder: tables as CSV, figures, the stream of events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from analysis.arm import ArmData
from analysis.pooled import claims_table
from analysis.tables import agents_table, closed_forms_table, summary_table
from sim.distribution import parse_reserve
from sim.events import write_events
from sim.run import Run

TABLES = {"agents": agents_table, "claims": claims_table, "summary": summary_table, "closed_forms": closed_forms_table}


def write_report(folder: Path, *, events: bool = False) -> None:
    """Add the CSV tables and figures/ to the run in `folder`; closed_forms.csv only where some arm has closed forms."""
    from analysis.figures import draw_all

    run = Run.open(folder)
    arms = arms_of(run)
    for name, make in TABLES.items():
        table = make(arms)
        if len(table) or name != "closed_forms":
            table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    draw_all(arms, folder / "figures", stamp(run.info))
    if events:
        write_events(run.ledger, [arm.name for arm in run.scenario.arms], folder / "events.jsonl")


def arms_of(run: Run) -> list[ArmData]:
    """Every arm of the run, in the scenario's order, as dense arrays."""
    return [
        ArmData.build(
            arm.name,
            arm.label,
            run.world(arm),
            run.ledger.arm(arm.name),
            arm.settings.market.alone,
            _bounds(arm.settings.tender.reserve),
        )
        for arm in run.scenario.arms
    ]


def _bounds(reserve: Any) -> tuple[float, float] | None:
    drawn = parse_reserve(reserve).distribution
    return (drawn.a, drawn.b) if drawn is not None and drawn.kind == "uniform" else None


def stamp(info: dict[str, Any]) -> str:
    """What every figure says of its origin."""
    scenario = info["scenario"]
    line = f"seed {info['seed']}; scenario {scenario['name']} {info['hash'][:12]}; bidlab {info['versions']['bidlab']}"
    return f"{line}\n{scenario['note']}" if scenario["note"] else line


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The CSV tables of a run, by name."""
    there = {name: folder / f"{name}.csv" for name in TABLES}
    return {name: pd.read_csv(path) for name, path in there.items() if path.is_file()}
