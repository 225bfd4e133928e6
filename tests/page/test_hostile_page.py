"""Names that would end a script, an attribute or a line of text are text in a page."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from unittest import mock

import sim
from tests.cli.command import SCENARIO
from tests.page.parsed import Parsed, check_alone

NAMES = (
    "</script><script>alert(1)</script>",
    "\"' onmouseover=alert(1) x='",
    "&lt;b&gt; &amp; <b>",
    "<!-- é☃ $title ${x}",
)
_TAGS = {"html", "head", "meta", "link", "title", "style", "body", "a", "header", "nav", "main", "section", "script"}
_TAGS |= {"p", "b", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "div", "span", "pre", "code", "details", "summary"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "button", "label", "input"}


def hostile_page(folder: Path) -> str:
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["agent", "task", "claim", "success", "cost", "belief"])
        for place, agent in enumerate(NAMES):
            rows.writerows([agent, f"{task} {place}", 0.3 + 0.1 * place, place % 2, 0.1, 0.1] for task in NAMES)
    text = SCENARIO.replace('question = "Which?"', f"question = {json.dumps(NAMES[0])}\nnote = {json.dumps(NAMES[1])}")
    for name in NAMES[:2]:
        text += f"\n[[arm]]\nname = {json.dumps(name)}\nmechanism = 'first_price'\n"
    (folder / "s.toml").write_text(text, encoding="utf-8")
    with mock.patch("analysis.page.run_page.drawables", return_value={}):
        path = sim.run(folder / "s.toml").report(folder / "page.html")
    return path.read_text("utf-8")


def test_hostile_names_are_text(tmp_path: Path) -> None:
    page = hostile_page(tmp_path)
    found = check_alone(page)
    assert set(found.tags) <= _TAGS
    assert len(found.scripts) == 2
    assert found.text.count(NAMES[0]) >= 3
    data = found.data
    assert data["agents"] == list(NAMES)
    assert {arm["name"] for arm in data["arms"]} == {"x", NAMES[0], NAMES[1]}
    assert Parsed(page).text.count(f" {NAMES[1]}") == 1  # the note
