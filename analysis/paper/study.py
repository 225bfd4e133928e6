"""Makes the study from nothing: runs, sweep, numbers, tables, figures, and one document that holds them all.

runs/, hl_phase_diagram.sweep/    what everything is computed from; they can be bundled and verified
tables/                           each as LaTeX, Markdown and CSV
figures/                          each as PDF and PNG, for one column and for two, and CSV
paper.tex, paper.md               all of it
deviations.md                     every number beside the published one
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.figures import drawables, looks, shown_of
from analysis.figures.figure_registry import Drawable
from analysis.figures.look import Look
from analysis.figures.save import save
from analysis.figures.sweeps import charts_of, drawable, look_of
from analysis.paper import card_study, live_study, phase_study, recorded_study
from analysis.paper.beside import Beside, beside_table
from analysis.paper.deviation_page import deviations_page, outside, summary_table
from analysis.paper.document import Piece, latex_document, markdown_document
from analysis.paper.live_figure import live_figure
from analysis.paper_table import PaperTable, write_table
from analysis.report import stamp
from analysis.sweep_frame import load
from analysis.sweep_report import analysis_of, asking
from sim.experiment.plan import plan_sweep
from sim.experiment.stored import Stored
from sim.experiment.sweep import execute_sweep
from sim.experiment.workers import Crew
from sim.front.results import Results
from sim.front.run import run
from sim.kit.at_once import write_at_once
from sim.scenario.given import scenario_of
from sim.scenario.scenario import digest_of

REPLAY = "marketbench_replay"
SCENARIOS = (REPLAY, card_study.SCENARIO, live_study.SCENARIO, phase_study.SCENARIO)
_WORDS = ("question", "source", "finding", "note", "published", "figure")  # of a scenario; they decide no number
_SHARES = {"runs": 10, "sweep": 75, "figures": 15}  # of the time that each takes
STEPS = sum(_SHARES.values())
Tick = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Study:
    """What the study is computed from, and its numbers by table."""

    replay: Results
    live: Results
    sweep: Path
    numbers: Mapping[str, Sequence[Beside]]
    leads: pd.DataFrame


def make(folder: Path, jobs: int = 1, tick: Tick = lambda done: None) -> Study:
    """Make all of it in `folder`. jobs: processes for the sweep. tick: is given shares of STEPS as they are done."""
    replay, live = (_run(name, folder) for name in (REPLAY, live_study.SCENARIO))
    tick(_SHARES["runs"])
    sweep = _swept(folder / f"{phase_study.SCENARIO}.sweep", jobs, tick)
    leads = phase_study.leads(load(sweep))
    study = Study(replay, live, sweep, numbers_of(replay, live, leads), leads)
    figures = _figures(study)
    for name, (one, look) in figures.items():
        save(one.data(), one.paint, one.words, folder / "figures", name, look)
        tick(_SHARES["figures"] / len(figures))
    tables = tables_of(study)
    for name, table in tables.items():
        write_table(table, folder / "tables", _file(name))
    _write(folder, study, tables, figures)
    return study


def numbers_of(replay: Results, live: Results, leads: pd.DataFrame) -> dict[str, list[Beside]]:
    """The numbers of every table."""
    arm = next(one for one in replay.arms() if one.name == recorded_study.ARM)
    return {
        **quick_numbers(replay),
        "card": card_study.cards(recorded_study.pooled_draws(arm)),
        "card change": card_study.changes(),
        "live": live_study.live(live),
        "phase": phase_study.phases(leads),
    }


def quick_numbers(replay: Results) -> dict[str, list[Beside]]:
    """The numbers that need no simulated agents: of claims, and of the auction."""
    arm = next(one for one in replay.arms() if one.name == recorded_study.ARM)
    return {"calibration": recorded_study.calibration(arm), "auction": recorded_study.auction(arm)}


def made_from() -> dict[str, str]:
    """Scenario -> hash of what its file says but words and figures, and of its inputs."""
    found = {}
    for name in SCENARIOS:
        scenario = scenario_of(name)
        deciding = {key: value for key, value in scenario.written.items() if key not in _WORDS}
        found[name] = digest_of(deciding, [one.content() for one in scenario.inputs])[:12]
    return found


def _run(name: str, folder: Path) -> Results:
    found: Results = run(name, out=folder / "runs" / name, figures=False)
    return found


def _swept(folder: Path, jobs: int, tick: Tick) -> Path:
    plan = asking(plan_sweep(scenario_of(phase_study.SCENARIO)))
    per_cell = _SHARES["sweep"] / len(plan.cells)

    def progress(cells: int, known: int) -> None:
        tick(per_cell * cells / known)

    return execute_sweep(plan, folder, analysis_of(plan), crew=Crew(jobs), progress=progress)


CAPTIONS = {
    "calibration": "Claims and outcomes of the recorded table",
    "auction": "The random-reserve auction, each agent alone, penalty $2",
    "card": "A card of the agent's own past: aggregates over six agents",
    "card change": "What the card changes on the recorded table, paired over tasks",
    "live": "The live runs, tasks solved of 50",
    "phase": "Proposition 1: the market's lead in welfare where agents know their ability",
}
_NOTES = {
    "calibration": [recorded_study.PROXY],
    "auction": [
        "Published profit is success x (payment - ask), which charges nothing on failure; cash profit is payment less "
        "actual cost. Both in closed form over R ~ U[0, 1]; ranges of what is not published are 95% intervals over "
        "tasks. Cash less published is the sum of the two parts that are shown.",
        recorded_study.PROXY,
    ],
    "card": [
        "table: the recorded table, with the card of the record named; population: tables of 93 tasks drawn from the "
        "fitted population, private fit 1.0. The study's card leaves out the task at hand (published)."
    ],
    "card change": ["The published changes are differences of the published aggregates."],
    "live": [
        "ours: means over 400 simulated runs of 50 tasks in the world that fits the three rates, where agents are "
        "equally able. The external scaffold is another one, and is not simulated.",
    ],
    "phase": ["High and low cost $.30 and $.10, value $1; agents are calibrated and know their ability."],
}


def number_tables(numbers: Mapping[str, Sequence[Beside]]) -> dict[str, PaperTable]:
    """Each as a table with the published numbers beside ours."""
    return {
        name: beside_table(rows, f"{CAPTIONS[name]}: published [MB] and ours", f"tab:{name}", _NOTES[name])
        for name, rows in numbers.items()
    }


def _file(name: str) -> str:
    return name.replace(" ", "_")


def tables_of(study: Study) -> dict[str, PaperTable]:
    """All tables, the summary first."""
    summary = summary_table(study.numbers)
    crossings = phase_study.crossings_table(study.leads, "Where the market begins to lead, by private share")
    return {"summary": summary, **number_tables(study.numbers), "crossings": crossings}


def _figures(study: Study) -> dict[str, tuple[Drawable, Look]]:
    found: dict[str, tuple[Drawable, Look]] = {}
    arms, run_info = study.replay.arms(), study.replay.run.info
    applicable, look = drawables(shown_of(arms, stamp(run_info))), looks(arms)
    for name in ("reliability", "who_knows", "hired_rate"):
        found[name] = applicable[name], look(name)
    found["live"] = live_figure(study.numbers["live"], stamp(study.live.run.info)), Look()
    info: dict[str, Any] = Stored.open(study.sweep).info
    table = load(study.sweep)
    for chart in charts_of(info, scenario_of(phase_study.SCENARIO).figures):
        found[f"phase_{chart.name}"] = drawable(table, chart, info), look_of(chart, info)
    return found


_TITLES = {
    "reliability": "Success rate against claim, by model",
    "who_knows": "Whose claims tell a model's successes: its own, or others'",
    "hired_rate": "How often each model is hired, and its profit by both accountings, by penalty",
    "live": "Tasks solved of 50: simulated runs and the published counts",
    "phase_map": "The market's lead in welfare, by what agents know and how much of difficulty is private",
    "phase_common": "Welfare where all of difficulty is common",
    "phase_private": "Welfare where all of difficulty is private",
}


def _write(folder: Path, study: Study, tables: Mapping[str, PaperTable], figures: Mapping[str, Any]) -> None:
    pieces = [Piece(_file(name), table=table) for name, table in tables.items()]
    pieces += [Piece(name, title=_TITLES.get(name, name)) for name in figures]
    lines = outside(study.numbers)
    made = {
        "paper.tex": latex_document(pieces, lines),
        "paper.md": markdown_document(pieces, lines),
        "deviations.md": deviations_page(study.numbers, number_tables(study.numbers), made_from()),
    }
    for name, text in made.items():
        write_at_once(folder / name, text.encode())
