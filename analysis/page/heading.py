"""What stands at the head of a page: the question, counts, and what the scenario's author found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.page.elements import paragraph, said
from sim.tables.sparse import about_left_out


def heading(kind: str, info: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    """The question and counts, of a "run" or a "sweep"; seed and hash after them."""
    scenario = info["scenario"]
    facts = "".join(f"<li><b>{count:,}</b> {name}</li>" for name, count in counts.items())
    facts += f"<li>seed <b>{info['seed']}</b></li><li>hash <b>{info['hash'][:12]}</b></li>"
    return (
        f'<p class="kind">bidlab {kind}: {said(scenario["name"])}</p><h1>{said(scenario["question"])}</h1>'
        f'<ul class="facts">{facts}</ul>'
    )


def authors_words(info: Mapping[str, Any]) -> str:
    """Finding, what is published and note of the scenario, and what of a table is left out."""
    scenario, parts = info["scenario"], []
    if scenario["finding"]:
        parts.append(f"<p><b>What its author found:</b> {said(scenario['finding'])}</p>")
        parts.append(paragraph("The author's numbers are of the scenario's own seed and replications.", "note"))
    if scenario.get("published"):
        parts.append(f"<p><b>What is published:</b> {said(scenario['published'])}</p>")
    if scenario["note"]:
        parts.append(f'<p class="caution"><b>To be read with every number:</b> {said(scenario["note"])}</p>')
    left = about_left_out(info).strip()
    return "\n".join([*parts, paragraph(left, "note") if left else ""])
