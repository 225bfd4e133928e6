"""The page of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.agents_view import agents_view
from analysis.arm import ArmData
from analysis.arms_view import arms_view
from analysis.basis import listed
from analysis.figures import drawables, looks, shown_of
from analysis.figures.save import unfinished
from analysis.ledger_rows import Rows
from analysis.page.assumptions import assumptions
from analysis.page.auctions_shown import choose_auctions
from analysis.page.elements import definitions, folded, items, paragraph, said, section
from analysis.page.explorer import Explorer
from analysis.page.heading import authors_words, heading
from analysis.page.page_file import page
from analysis.page.page_tables import grid, views
from analysis.page.page_words import WORDS
from analysis.page.reproduce import reproduced
from analysis.page.svg_figures import figure_html
from analysis.page.written_settings import rules_table, settings_table
from analysis.report import TABLES, Phase, baselines_of, stamp
from analysis.views import Shown, of_frame, table, text
from sim.experiment.run_folder import Run
from sim.kit.digits import estimated
from sim.kit.errors import ScenarioError
from sim.scenario.figure_spec import figures_of
from sim.scenario.scenario import Arm

_OF_AGENTS: Shown = {
    "hired_rate": (True, 0),
    "share": (False, 0),
    "success_rate": (True, 0),
    "mean_claim": (False, 0),
    "published_profit": (True, 0),
    "cash_profit": (True, 0),
    "exit_rate": (True, 0),
}
_MOST_AGENTS = 2_000  # rows of the table of all arms


def run_page(run: Run, tables: Mapping[str, pd.DataFrame], arms: Sequence[ArmData], phase: Phase) -> str:
    """The page of a run, from its tables and its arms as arrays. phase: is given what is being done."""
    info, scenario = run.info, run.info["scenario"]
    tables = {name: frame for name, frame in tables.items() if name in TABLES and len(frame)}
    figures = _figures(run, arms, phase)
    phase("auctions")
    rows = {arm.name: Rows.of(run.ledger.arm(arm.name), arm.world) for arm in arms}
    choice = choose_auctions(rows, arms)
    data = Explorer(run, rows, choice, phase).data(arms)
    phase("page")
    sections = {
        "In short": section("short", "In short", _short(info, tables)),
        "Assumptions": section("assumptions", "What is assumed", _assumed(scenario["arms"])),
        "Arms": section("arms", "The arms", _arms(run, tables)),
        "Figures": section("figures", "Figures", *figures),
        "Auctions": section("auctions", "Auction by auction", _explorer(info, arms, choice.rule, data)),
        "Agents": section("agents", "The agents and their claims", _agents(info, tables)),
        "Parameters": section("parameters", "Every parameter", _parameters(scenario["arms"])),
        "Reproduce": section("reproduce", "How to make it again", _reproduced(run)),
        "Words": section("words", "Words used here", definitions(WORDS)),
    }
    return page(f"{scenario['name']}: {scenario['question']}", sections, _head(info), data)


def _head(info: Mapping[str, Any]) -> str:
    scenario = info["scenario"]
    counts = {
        "arms": len(scenario["arms"]),
        "agents": len(info["agents"]),
        "tasks": len(info["tasks"]),
        "replications": scenario["replications"],
    }
    counted = {name.removesuffix("s" if count == 1 else ""): count for name, count in counts.items()}
    return heading("run", info, counted)


def _short(info: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> str:
    found = _best(tables["summary"], tables["differences"])
    parts = [paragraph(found)] if found else []
    return "\n".join([*parts, authors_words(info)])


def _best(summary: pd.DataFrame, differences: pd.DataFrame) -> str:
    """The arm with the highest welfare, or solve rate, with what is known of its lead."""
    known = [name for name in ("welfare", "solve_rate") if summary[name].notna().any()]
    if not known:
        return ""
    name = known[0]
    best = summary.sort_values(name, ascending=False, kind="stable").iloc[0]
    number = estimated(*(float(best[f"{name}{part}"]) for part in ("", "_low", "_high")))
    word = name.replace("_", " ")
    if len(summary) == 1:
        return f"In this run the {word} per auction is {number}{_BRACKETS}."
    equal = summary.loc[summary[name] == best[name], "arm"].tolist()
    shared = "has the highest" if len(equal) == 1 else "have the same highest"
    line = f"In this run {listed(list(map(repr, equal)))} {shared} {word} per auction, {number}"
    gap = differences[differences["arm"] == best["arm"]].iloc[0]
    if gap["baseline"] in equal:
        it = "it" if len(equal) == 1 else repr(gap["baseline"])
        return f"{line}; the other arms are compared with {it}."
    lead = estimated(*(float(gap[f"{name}{part}"]) for part in ("", "_low", "_high")))
    return f"{line}; paired, it differs from {gap['baseline']!r} by {lead}{_BRACKETS}."


def _assumed(arms: Sequence[Mapping[str, Any]]) -> str:
    topics = "".join(f"<div><h3>{said(topic)}</h3>{items(lines)}</div>" for topic, lines in assumptions(arms).items())
    return f'<div class="topics">{topics}</div>'


def _arms(run: Run, tables: Mapping[str, pd.DataFrame]) -> str:
    words = {arm.name: _words_of(arm) for arm in run.scenario.arms}
    rules = "".join(f"<div><dt>{said(name)}</dt><dd>{text}</dd></div>" for name, text in words.items())
    return views(arms_view(dict(tables)), "summary") + folded("What each rule does", f"<dl>{rules}</dl>")


def _words_of(arm: Arm) -> str:
    try:
        bidders = paragraph(f"Bidders are told: {arm.mechanism.told_to_bidders()}", "note")
    except ScenarioError:
        bidders = ""
    return f"{paragraph(f'{arm.label}: {arm.mechanism.summary}')}{bidders}"


def _figures(run: Run, arms: Sequence[ArmData], phase: Phase) -> list[str]:
    made: list[str] = []
    own = figures_of(run.info)
    look_of, shown = looks(arms, own), shown_of(arms, stamp(run.info), baselines_of(run), run.ledger.arm)
    for name, one in drawables(shown, own).items():
        phase(f"figure {name}")
        figure, words = unfinished(one, look_of(name))
        title = look_of(name).title or name.replace("_", " ")
        made.append(figure_html(figure, f"figure-{len(made)}", title, words))
    return made


def _agents(info: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> str:
    parts = views(agents_view(dict(tables), dict(info)), "agents")
    frame = tables["agents"].head(_MOST_AGENTS)
    if frame["arm"].nunique() < 2:
        return parts
    left = len(tables["agents"]) - len(frame)
    columns = [text(frame, "arm"), text(frame, "agent"), *of_frame(frame, _OF_AGENTS)]
    more = [f"... and {left:,} more rows in agents.csv"] if left else []
    return parts + views([*table(columns, "every agent in every arm", [], "agents.csv"), *more])


def _explorer(info: Mapping[str, Any], arms: Sequence[ArmData], rule: str, data: Mapping[str, Any]) -> str:
    count = sum(len(arm["auctions"]) for arm in data["arms"])
    total = sum(arm.world.n_replications * arm.world.n_tasks for arm in arms)
    which = (
        f"All {total:,} auctions of the run are here."
        if not rule
        else (f"Of {total:,} auctions {count:,} are here: {rule}.")
    )
    known = "Whether a bond binds is known of the replications that are here." if rule else ""
    return paragraph(f"{_EXPLORED} {which} {known}".strip()) + _EXPLORER


def _parameters(arms: Sequence[Mapping[str, Any]]) -> str:
    return rules_table(arms) + settings_table(arms)


def _reproduced(run: Run) -> str:
    live = run.info["scenario"]["arms"][0]["world"]["live"] is not None
    engines = {name: str(engine) for name, engine in run.info.get("engine", {}).items()}
    chosen = grid("engine of each arm", ["arm", "engine"], list(engines.items()), left=2)
    return reproduced(run.info, run.stored, "live" if live else "run") + folded("Engines", chosen)


_BRACKETS = " (brackets hold 95% intervals; where there are none the tables say why)"
_EXPLORED = (
    "Pick an auction to see every bid, what its score is made of, who won and why, what was paid and where the price "
    "came from, what happened, and what would have been best."
)
_EXPLORER = (
    '<div id="explorer"><p class="note">The explorer needs JavaScript, which this browser does not run.</p></div>'
)
