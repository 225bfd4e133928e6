"""The page as one file: template, style sheet and script put together, with a policy that forbids every network access.

Data stands in the page as JSON in which no letter can end the element it stands in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from string import Template
from typing import Any

from analysis.page.elements import said
from sim.kit.at_once import write_at_once
from sim.kit.errors import RunError

MARK = '<meta name="generator" content="bidlab report">'
_SCRIPTS = ("formats.js", "page_tables.js", "auction.js", "timeline.js", "explorer.js")
_ESCAPED: dict[str, str | int | None] = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def page(title: str, sections: dict[str, str], head: str, data: dict[str, Any] | None) -> str:
    """The whole page. sections: HTML by what the list of contents calls each; empty ones are left out."""
    script = "(() => {\n'use strict';\n" + "\n".join(_part(name) for name in _SCRIPTS) + "\n})();"
    shown = {name: html for name, html in sections.items() if html}
    links = "".join(f'<a href="#{_anchor(html)}">{said(name)}</a>' for name, html in shown.items())
    return Template(_part("page.html")).substitute(
        mark=MARK,
        title=said(title),
        policy=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        style=_part("page.css"),
        head=head,
        links=links,
        sections="\n".join(shown.values()),
        data="" if data is None else f'<script type="application/json" id="data">{as_json(data)}</script>',
        script=script,
    )


def as_json(data: Any) -> str:
    """The data, such that no text in it is markup.

    >>> as_json({"a": "</script>"})
    '{"a":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(str.maketrans(_ESCAPED))


def check_place(path: Path, force: bool = False) -> None:
    """Raise RunError where nothing can be written, or, unless `force`, something that is no page of bidlab stands."""
    if path.is_dir():
        raise RunError(f"--out {path}: is a folder, not a file")
    for above in path.parents:
        if above.exists() and not above.is_dir():
            raise RunError(f"--out {path}: {above} is no folder")
    try:
        if path.exists() and not force and MARK not in path.read_bytes()[:2000].decode("utf-8", "replace"):
            raise RunError(f"--out {path}: is there and is no page of bidlab; choose another file, or give --force")
    except OSError as error:
        raise RunError(f"--out {path}: cannot be read: {error.strerror or error}") from None


def write_page(path: Path, text: str) -> int:
    """Write the page, with the folders on the way to it; its bytes. Raises RunError where it cannot be written."""
    content = text.encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(path, content)
    except OSError as error:
        raise RunError(f"--out {path}: cannot be written: {error.strerror or error}") from None
    return len(content)


def _anchor(html: str) -> str:
    return html.partition('id="')[2].partition('"')[0]


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")
