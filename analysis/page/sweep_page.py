"""The page of a sweep: its factors, every cell, and its figures."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.figures.chart import caption_of, chart_of, default_figures
from analysis.figures.sweeps import draw
from analysis.page.assumptions import assumptions
from analysis.page.cells_table import MOST_ROWS, cells_html
from analysis.page.elements import definitions, items, paragraph, said, section
from analysis.page.page_file import page
from analysis.page.page_tables import grid
from analysis.page.page_words import WORDS
from analysis.page.reproduce import bundled_twin, reproduced
from analysis.page.svg_figures import figure_html, picture_html
from analysis.page.written_settings import rules_table, settings_table
from analysis.sweep_frame import load
from analysis.sweep_table import factors_of, keys_of, structural_zeros
from sim.experiment.manifest import PARTIAL, cell_scenario
from sim.experiment.stored import Stored
from sim.kit.invalid import written
from sim.scenario.axes import short_key
from sim.tables.sparse import about_left_out

Told = Callable[[str], None]


def sweep_page(stored: Stored, told: Told) -> str:
    """The page of a sweep. told: is given what is being done."""
    info, table = stored.info, load(stored.folder)
    told("figures")
    figures = _figures(stored, table, told)
    told("page")
    arms = _arms_as_written(stored)
    sections = {
        "In short": section("short", "In short", _short(info, table)),
        "Factors": section("factors", "What is varied", _factors(stored, info)),
        "Assumptions": section("assumptions", "What is assumed besides", _assumed(arms)),
        "Figures": section("figures", "Figures", *figures),
        "Cells": section("cells", "Every cell", cells_html(table, keys_of(info))),
        "Failures": section("failures", "What failed, and how precise it is", _lost(stored)),
        "Parameters": section("parameters", "Every parameter", _parameters(arms)),
        "Reproduce": section("reproduce", "How to make it again", reproduced(info, stored, "sweep")),
        "Words": section("words", "Words used here", definitions(WORDS)),
    }
    scenario = info["scenario"]
    return page(f"{scenario['name']}, sweep: {scenario['question']}", sections, _head(info, table), None)


def _head(info: Mapping[str, Any], table: pd.DataFrame) -> str:
    scenario = info["scenario"]
    counts = {"cells": table["cell"].nunique(), "arms": len(info["arms"]), "agents": len(info["agents"])}
    counts["auctions in each"] = int(table["n"].max()) if len(table) else 0
    facts = "".join(f"<li><b>{count:,}</b> {name}</li>" for name, count in counts.items())
    facts += f"<li>seed <b>{info['seed']}</b></li><li>hash <b>{info['hash'][:12]}</b></li>"
    return (
        f'<p class="kind">bidlab sweep: {said(scenario["name"])}</p><h1>{said(scenario["question"])}</h1>'
        f'<ul class="facts">{facts}</ul>'
    )


def _short(info: Mapping[str, Any], table: pd.DataFrame) -> str:
    scenario, partial = info["scenario"], str(table.attrs.get("partial", ""))
    keys = ", ".join(map(short_key, keys_of(info)))
    parts = [paragraph(f"Every arm is played at every setting of {keys}, under the same luck.")]
    if partial:
        parts.append(f'<p class="caution">{said(partial)}</p>')
    if scenario["finding"]:
        parts.append(f"<p><b>What its author found:</b> {said(scenario['finding'])}</p>")
        parts.append(paragraph("The author's numbers are of the scenario's own seed and replications.", "note"))
    if scenario["note"]:
        parts.append(f'<p class="caution"><b>To be read with every number:</b> {said(scenario["note"])}</p>')
    left = about_left_out(info).strip()
    return "\n".join([*parts, paragraph(left, "note") if left else ""])


def _factors(stored: Stored, info: Mapping[str, Any]) -> str:
    rows = []
    for factor in factors_of(info):
        for place, key in enumerate(factor.keys):
            levels = list(dict.fromkeys(written(level[place]) for level in factor.values))
            rows.append([key, short_key(key), ", ".join(levels), str(len(levels))])
    table = grid(
        "swept keys; those that advance together have as many levels",
        ["key", "in words", "values", "levels"],
        rows,
        left=3,
    )
    zeros: list[str] = []
    if "factors.csv" in stored:
        zeros = structural_zeros(stored.csv("factors.csv", dtype={"arm": str}), len(info["arms"]))
    explained = paragraph("A structural zero is a fact, no estimate: the key changes no decision of the arm.", "note")
    return table + (items(zeros) + explained if zeros else "")


def _arms_as_written(stored: Stored) -> list[Mapping[str, Any]]:
    """The arms of the first cell; none of a sweep that is not finished, which holds no cell's settings."""
    if not stored.finished or PARTIAL in stored:
        return []
    found: list[Mapping[str, Any]] = cell_scenario(stored.folder, 0).resolved["arms"]
    return found


def _assumed(arms: Sequence[Mapping[str, Any]]) -> str:
    if not arms:
        return paragraph("The sweep is not finished, so that its settings stand in the scenario alone.", "note")
    topics = "".join(f"<div><h3>{said(topic)}</h3>{items(lines)}</div>" for topic, lines in assumptions(arms).items())
    note = paragraph("Said of the first cell; what is varied differs in the others.", "note")
    return f'{note}<div class="topics">{topics}</div>'


def _parameters(arms: Sequence[Mapping[str, Any]]) -> str:
    if not arms:
        return ""
    return paragraph("Of the first cell.", "note") + rules_table(arms) + settings_table(arms)


def _figures(stored: Stored, table: pd.DataFrame, told: Told) -> list[str]:
    """Those that the bundled scenario states, or that suit the factors; of others the pictures of the folder."""
    info, factors = stored.info, factors_of(stored.info)
    if not stored.finished or PARTIAL in stored:
        return []
    there = [name for name in stored.digests or () if name.startswith("figures/") and name.endswith(".png")]
    twin, made = bundled_twin(info, "sweep"), dict[str, str]()
    stated = () if twin is None else twin.figures
    for place, figure in enumerate(stated or default_figures(factors)):
        chart = chart_of(figure, info, factors, place)
        if f"figures/{chart.name}.png" in there:
            told(f"figure {chart.name}")
            drawn, _ = draw(table, chart, info)
            caption, themed = caption_of(table, chart, info), chart.kind != "map"
            made[chart.name] = figure_html(drawn, f"figure-{place}", _title(chart.name), caption, themed=themed)
    for name in there:
        short = name.removeprefix("figures/").removesuffix(".png")
        if short not in made:
            png = base64.b64encode(stored.path(name).read_bytes()).decode()
            made[short] = picture_html(png, _title(short), "as it stands in the sweep's folder, its caption in it")
    return list(made.values())


def _title(name: str) -> str:
    return name.replace("_", " ")


def _lost(stored: Stored) -> str:
    """Cells that failed, and arms of cells that the precision asked for was not reached in."""
    parts = []
    for name, title in (("failures.csv", "cells that failed"), ("precision.csv", "arms of cells that are not precise")):
        if name in stored:
            frame = stored.csv(name, dtype=str, keep_default_na=False)
            frame = frame[frame["reached"] != "True"] if "reached" in frame else frame
            parts.append(grid(title, list(frame.columns), frame.head(MOST_ROWS).to_numpy().tolist()))
    return "".join(parts)
