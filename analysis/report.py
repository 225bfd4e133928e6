"""Everything the analysis adds to a run's folder: tables as CSV, figures, the stream of events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.arm import ArmData
from analysis.differences import differences_table
from analysis.incidence import incidence_table
from analysis.pooled import claims_table
from analysis.postings import postings_table
from analysis.principals import principals_table
from analysis.resampled import Values, can_be_replayed, replays
from analysis.routers import routers_table
from analysis.tables import agents_table, closed_forms_table, summary_table
from sim.bankroll import bankrolls
from sim.errors import RunError
from sim.events import write_events
from sim.origin import TableOrigin
from sim.principals import budgets_of, tenders
from sim.reserve import parse_reserve
from sim.run import Run, arm_rules
from sim.scenario import Arm
from sim.settings import TenderSettings
from sim.sources import parse_advice

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


def _silent(what: str) -> None:
    """Nobody is told."""


def write_report(folder: Path, *, events: bool = False, phase: Phase = _silent) -> None:
    """Add the CSV tables and figures/ to the run in `folder`; those of _OPTIONAL only where they apply.

    phase: is given what is being done.
    """
    from analysis.figures import draw_all

    run = Run.open(folder)
    arms = arms_of(run, phase)
    phase("tables and figures")
    baselines = {arm.name: run.scenario.baseline_of(arm) for arm in run.scenario.arms}
    tables = (
        agents_table(arms),
        claims_table(arms),
        summary_table(arms),
        differences_table(arms, baselines),
        incidence_table(arms, baselines),
        routers_table(_routers(run, arms)),
        principals_table(arms),
        postings_table([(arm.name, arm.world, run.ledger.arm(arm.name), arm.by) for arm in arms if arm.reposted]),
        closed_forms_table(arms),
    )
    for name, table in zip(TABLES, tables, strict=True):
        if len(table) or name not in _OPTIONAL:
            table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    draw_all(arms, folder / "figures", stamp(run.info), baselines)
    if events:
        names = [arm.name for arm in run.scenario.arms]
        rounds = [arm.name for arm in run.scenario.arms if arm.settings.market.round is not None]
        write_events(run.ledger, names, folder / "events.jsonl", rounds)


def arms_of(run: Run, phase: Phase = _silent) -> list[ArmData]:
    """Every arm of the run, in the scenario's order, as dense arrays."""
    built = {arm.name: _arm(run, arm) for arm in run.scenario.arms}
    needed = {name for name, arm in built.items() if arm.by == "none"}
    pairs = [(arm.name, run.scenario.baseline_of(arm)) for arm in run.scenario.arms]
    needed |= {name for pair in pairs if needed & set(pair) for name in pair}
    found = []
    for arm in run.scenario.arms:
        replayed = None
        if arm.name in needed:
            phase(f"{arm.name} on redrawn tables")
            replayed = _replays(run, arm)
        found.append(replace(built[arm.name], seed=run.scenario.seed, replays=replayed))
    return found


def _routers(run: Run, arms: list[ArmData]) -> list[tuple[ArmData, str]]:
    """The arms that hire by a record, each with the name of its record."""
    found: list[tuple[ArmData, str]] = []
    for arm, built in zip(run.scenario.arms, arms, strict=True):
        record = parse_advice(arm.settings.standing.advice).record
        if record is not None and "advice" in arm.mechanism.needs:
            found.append((built, record.kind))
    return found


def _replays(run: Run, arm: Arm) -> Values | None:
    """What the arm does on redrawn tables; None where it cannot be played on any."""
    if not isinstance(run.origin, TableOrigin) or not can_be_replayed(arm, run.origin):
        return None
    return replays(arm, run.origin, run.scenario.seed, run.scenario.replications)


def _arm(run: Run, arm: Arm) -> ArmData:
    world, settings = run.world(arm), arm.settings
    return ArmData.build(
        arm.name,
        arm.label,
        world,
        run.ledger.arm(arm.name),
        settings.market.alone,
        _bounds(settings.tender),
        bankrolls(settings.bidders.bankroll, world.agents),
        budgets_of(settings.tender),
        arm.mechanism.asks_for == "price",
        arm_rules(arm, world),
    )


def _bounds(tender: TenderSettings) -> tuple[float, float] | None:
    """Ends of the uniform distribution that every reserve is drawn from; None where there is no such."""
    if len({repr(own.reserve) for own in tenders(tender)}) > 1:
        return None
    drawn = parse_reserve(tenders(tender)[0].reserve).distribution
    return (drawn.a, drawn.b) if drawn is not None and drawn.kind == "uniform" else None


def stamp(info: dict[str, Any]) -> str:
    """What every figure says of its origin."""
    scenario = info["scenario"]
    line = f"seed {info['seed']}; scenario {scenario['name']} {info['hash'][:12]}; bidlab {info['versions']['bidlab']}"
    return f"{line}\n{scenario['note']}" if scenario["note"] else line


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The CSV tables of a run, by name; raises RunError where one is missing or broken."""
    found = {}
    for name in TABLES:
        path = folder / f"{name}.csv"
        if name in _OPTIONAL and not path.is_file():
            continue
        try:
            header = pd.read_csv(path, nrows=0).columns
            undefined = {column: [""] for column in header if column not in _TEXT}
            text = {column: str for column in header if column in _TEXT}
            found[name] = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=undefined)
            if name == "summary" and "coupled" not in header:
                raise RunError(f"{path}: has no intervals, being of an older version of bidlab; run the scenario again")
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: is missing or broken ({type(error).__name__}); run the scenario again") from None
    return found
