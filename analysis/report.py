"""Everything the analysis adds to a run's folder: tables as CSV, figures, the stream of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.arm import ArmData
from analysis.built import built
from analysis.claims_table import claims_table
from analysis.differences import differences_table
from analysis.figures.left_out import NOT_WANTED, list_left_out
from analysis.incidence import incidence_table
from analysis.postings import postings_table
from analysis.principals_table import principals_table
from analysis.replays import can_be_replayed, replays
from analysis.resampled import Values
from analysis.routers import routers_table
from analysis.tables import agents_table, closed_forms_table, summary_table
from sim.experiment.run_folder import Run
from sim.experiment.stored import Stored
from sim.kit.csv_file import write_csv
from sim.kit.errors import RunError
from sim.ledger.events import write_events
from sim.scenario.figure_spec import figures_of, of_runs
from sim.scenario.scenario import Arm
from sim.world.origin import TableOrigin

if TYPE_CHECKING:
    from analysis.figures.sheets import Sheet

_OPTIONAL = (
    "incidence",
    "routers",
    "principals",
    "postings",
    "closed_forms",
)  # written where there is something to tell
TABLES = ("agents", "claims", "summary", "differences", *_OPTIONAL)
Phase = Callable[[str], None]
_NAMES = ("arm", "mechanism", "agent", "baseline", "party", "who", "principal")
_TEXT = (*_NAMES, "clusters", "coupled", "record", "best_fixed")


Tabled = Callable[[dict[str, pd.DataFrame]], None]


def silent(what: str) -> None:
    """Say nothing."""


def _unseen(tables: dict[str, pd.DataFrame]) -> None:
    """Show nothing."""


def write_report(
    run: Run,
    *,
    events: bool = False,
    figures: bool = True,
    phase: Phase = silent,
    tabled: Tabled = _unseen,
    style: Sheet | None = None,
) -> None:
    """Add the CSV tables and figures/ to the run's folder; those of _OPTIONAL only where they apply.

    phase: is given what is being done. tabled: is given the tables before any figure is drawn, which takes longer.
    style: of the figures, `paper` where None. Raises RunError where the run has no folder.
    """
    folder = run.folder
    if folder is None:
        raise RunError(f"{run.scenario.name}: the run is in memory and has no folder to report into")
    arms = arms_of(run, phase)
    phase("tables")
    baselines, tables = baselines_of(run), {}
    for name, make in tables_of(run, arms, baselines).items():
        table = make()
        if len(table) or name not in _OPTIONAL:
            write_csv(table, folder / f"{name}.csv")
            tables[name] = table
    tabled(tables)
    if figures:
        from analysis.figures import Shown, draw_all

        phase("figures")
        shown = Shown(arms, stamp(run.info), baselines, run.ledger.arm)
        draw_all(shown, folder / "figures", own=of_runs(figures_of(run.info)), style=style)
    else:
        list_left_out(folder / "figures", NOT_WANTED)
    if events:
        names = [arm.name for arm in run.scenario.arms]
        rounds = [arm.name for arm in run.scenario.arms if arm.settings.market.round is not None]
        write_events(run.ledger, names, folder / "events.jsonl", rounds)


def baselines_of(run: Run, baseline: str | None = None) -> dict[str, str]:
    """For each arm the arm that its differences are taken to: the scenario's, or `baseline` in the same panel.

    Raises RunError where there is no such arm.
    """
    if baseline is None:
        return {arm.name: run.scenario.baseline_of(arm) for arm in run.scenario.arms}
    found = {arm.name: f"{baseline}{arm.panel}" for arm in run.scenario.arms}
    for name in found.values():
        run.arm(name)
    return found


def tables_of(run: Run, arms: Sequence[ArmData], baselines: Mapping[str, str]) -> dict[str, Callable[[], pd.DataFrame]]:
    """What makes each table of TABLES, by name. baselines: arm -> arm that its differences are taken to."""
    return {
        "agents": lambda: agents_table(arms),
        "claims": lambda: claims_table(arms),
        "summary": lambda: summary_table(arms),
        "differences": lambda: differences_table(arms, baselines),
        "incidence": lambda: incidence_table(arms, baselines),
        "routers": lambda: routers_table(_routers(run, arms)),
        "principals": lambda: principals_table(arms),
        "postings": lambda: postings_table(
            [(arm.name, arm.world, run.ledger.arm(arm.name), arm.by) for arm in arms if arm.reposted]
        ),
        "closed_forms": lambda: closed_forms_table(arms),
    }


def arms_of(run: Run, phase: Phase = silent, baseline: str | None = None) -> list[ArmData]:
    """Every arm of the run, in the scenario's order, as dense arrays. baseline: as `baselines_of` takes it."""
    whole = {arm.name: built(arm, run.world(arm), run.ledger.arm(arm.name)) for arm in run.scenario.arms}
    needed = {name for name, arm in whole.items() if arm.by == "none"}
    pairs = list(baselines_of(run, baseline).items())
    needed |= {name for pair in pairs if needed & set(pair) for name in pair}
    found = []
    for arm in run.scenario.arms:
        replayed = None
        if arm.name in needed:
            phase(f"{arm.name} on redrawn tables")
            replayed = _replays(run, arm)
        found.append(replace(whole[arm.name], seed=run.scenario.seed, replays=replayed))
    return found


def _routers(run: Run, arms: Sequence[ArmData]) -> list[tuple[ArmData, str]]:
    """The arms that hire by a record, each with the name of its record."""
    found: list[tuple[ArmData, str]] = []
    for arm, whole in zip(run.scenario.arms, arms, strict=True):
        record = arm.settings.standing.advice.record
        if record is not None and "advice" in arm.mechanism.capabilities.needs:
            found.append((whole, record.kind))
    return found


def _replays(run: Run, arm: Arm) -> Values | None:
    """What the arm does on redrawn tables; None where it cannot be played on any."""
    if not isinstance(run.origin, TableOrigin) or not can_be_replayed(arm, run.origin):
        return None
    return replays(arm, run.origin, run.scenario.seed, run.scenario.replications)


def stamp(info: dict[str, Any]) -> str:
    """What every figure says of its origin."""
    scenario = info["scenario"]
    line = f"seed {info['seed']}; scenario {scenario['name']} {info['hash'][:12]}; bidlab {info['versions']['bidlab']}"
    return f"{line}\n{scenario['note']}" if scenario["note"] else line


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The CSV tables of a run, by name; raises RunError where one is missing or not as it was written."""
    stored, found = Stored.open(folder), {}
    for name in TABLES:
        file = f"{name}.csv"
        if name in _OPTIONAL and file not in stored:
            continue
        header = stored.header(file)
        undefined = {column: [""] for column in header if column not in _TEXT}
        text = {column: str for column in header if column in _TEXT}
        found[name] = stored.csv(file, dtype=text, keep_default_na=False, na_values=undefined)
        if name == "summary" and "coupled" not in header:
            raise RunError(f"{folder / file}: has no intervals, being of an older version of bidlab; {stored.again}")
    return found
