"""Pieces of HTML. Whatever is the user's goes through `said`; nothing else escapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sim.kit.escape import html
from sim.kit.terminal import shown_name


def said(text: str) -> str:
    """A text as HTML, on one line, without anything invisible.

    >>> said("<b>\\u202e")
    '&lt;b&gt;\\\\u202e'
    """
    return html(shown_name(text))


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; kind: its class."""
    return f'<p class="{kind}">{said(text)}</p>' if kind else f"<p>{said(text)}</p>"


def items(texts: Iterable[str]) -> str:
    """A list of sentences; nothing where there are none."""
    lines = "".join(f"<li>{said(text)}</li>" for text in texts)
    return f"<ul>{lines}</ul>" if lines else ""


def definitions(pairs: Mapping[str, str]) -> str:
    """Terms and what each is."""
    lines = "".join(f"<div><dt>{said(term)}</dt><dd>{said(text)}</dd></div>" for term, text in pairs.items())
    return f"<dl>{lines}</dl>" if lines else ""


def section(name: str, title: str, *parts: str) -> str:
    """A section of the page; nothing where it would be empty. name: what links lead to."""
    body = "\n".join(part for part in parts if part)
    return f'<section id="{name}"><h2>{said(title)}</h2>\n{body}\n</section>' if body else ""


def folded(title: str, *parts: str) -> str:
    """What a reader opens; nothing where it would be empty."""
    body = "".join(part for part in parts if part)
    return f"<details><summary>{said(title)}</summary>{body}</details>" if body else ""


def commands(lines: Iterable[str]) -> str:
    """Lines of a terminal."""
    return f"<pre><code>{chr(10).join(said(line) for line in lines)}</code></pre>"
