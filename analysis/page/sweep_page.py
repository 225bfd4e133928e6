"""The page of a sweep: its factors, every cell, and its figures."""

from __future__ import annotations

import base64
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.figures.save import unfinished
from analysis.figures.sweeps import charts_of, drawable, look_of
from analysis.page.assumptions import assumptions
from analysis.page.cells_table import MOST_ROWS, cells_html
from analysis.page.elements import definitions, items, paragraph, said, section
from analysis.page.heading import authors_words, heading
from analysis.page.page_file import page
from analysis.page.page_tables import grid
from analysis.page.page_words import WORDS
from analysis.page.reproduce import bundled_twin, reproduced
from analysis.page.svg_figures import figure_html, picture_html
from analysis.page.written_settings import rules_table, settings_table
from analysis.report import Phase
from analysis.sweep_frame import load
from analysis.sweep_table import factors_of, keys_of, structural_zeros
from sim.experiment.manifest import PARTIAL, cell_scenario
from sim.experiment.stored import Stored
from sim.kit.csv_file import write_csv
from sim.kit.invalid import written
from sim.scenario.axes import short_key
from sim.scenario.figure_spec import figures_of


def sweep_page(stored: Stored, phase: Phase) -> str:
    """The page of a sweep. phase: is given what is being done."""
    info, table = stored.info, load(stored.folder)
    phase("figures")
    figures = _figures(stored, table, phase)
    phase("page")
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
    counts = {"cells": table["cell"].nunique(), "arms": len(info["arms"]), "agents": len(info["agents"])}
    counts["auctions in each"] = int(table["n"].max()) if len(table) else 0
    return heading("sweep", info, counts)


def _short(info: Mapping[str, Any], table: pd.DataFrame) -> str:
    partial = str(table.attrs.get("partial", ""))
    keys = ", ".join(map(short_key, keys_of(info)))
    parts = [paragraph(f"Every arm is played at every setting of {keys}, under the same luck.")]
    if partial:
        parts.append(f'<p class="caution">{said(partial)}</p>')
    return "\n".join([*parts, authors_words(info)])


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
    explained = paragraph(
        "A structural zero is a fact, no estimate: the key changes no decision of the arm in the replications played.",
        "note",
    )
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


def _figures(stored: Stored, table: pd.DataFrame, phase: Phase) -> list[str]:
    """The figures of the folder, drawn anew where that gives the very data beside the picture.

    What draws them is in the folder; where it is not, the bundled scenario states it, or the figure suits the factors.
    """
    info = stored.info
    names = [name for name in stored.digests or () if name.startswith("figures/") and name.endswith(".csv")]
    there = [name.removeprefix("figures/").removesuffix(".csv") for name in names if name != "figures/left_out.csv"]
    stated = figures_of(info)
    twin, made = bundled_twin(info, "sweep") if there and not stated else None, dict[str, str]()
    for place, chart in enumerate(charts_of(info, stated or (twin.figures if twin else ()))):
        if chart.name in there:
            phase(f"figure {chart.name}")
            one, look = drawable(table, chart, info), look_of(chart, info)
            if _digest(one.data()) == (stored.digests or {})[f"figures/{chart.name}.csv"]:
                figure, words = unfinished(one, look)
                title, themed = look.title or _title(chart.name), chart.kind != "map"
                made[chart.name] = figure_html(figure, f"figure-{place}", title, words, themed=themed)
    return [made[name] if name in made else _picture(stored, name) for name in there]


def _digest(data: pd.DataFrame) -> str:
    """SHA-256 of the data of a figure as it is written beside it."""
    with tempfile.TemporaryDirectory() as aside:
        path = Path(aside) / "data.csv"
        write_csv(data, path, "%.12g")
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _picture(stored: Stored, name: str) -> str:
    ending = ".png" if f"figures/{name}.png" in stored else ".column.png"
    png = base64.b64encode(stored.path(f"figures/{name}{ending}").read_bytes()).decode()
    return picture_html(png, _title(name), "as it stands in the sweep's folder, its caption in it")


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
