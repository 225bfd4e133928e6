"""Figures as inline SVG: the same bytes for the same figure, with ids of their own and no address in them.

matplotlib writes a whole document; kept of it is what a page shows. Ink, greys, paper and the palette are left to the
page's style sheet, so that a figure is dark where the page is, and the darkest colours of the palette lighter there.
"""

from __future__ import annotations

import io
import re
from functools import cache
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.figures.save import captioned
from analysis.figures.sheets import sheet
from analysis.figures.style import faint, ink, muted, palette
from analysis.page.elements import said

_PAPER = "#ffffff"
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_LEFT_OUT = {"metadata", "style", "title"}
_WITHOUT = {"Date": None, "Creator": None, "Format": None, "Type": None}


def figure_html(figure: Figure, name: str, title: str, caption: str, *, themed: bool = True) -> str:
    """The figure with its caption below. name: what its ids begin with; themed: it may be shown on dark paper."""
    drawing = _inline(_document(figure), name, title, themed)
    return _framed(drawing, title, caption, "themed" if themed else "white")


def picture_html(png: str, title: str, caption: str) -> str:
    """A figure kept as a PNG, given in base 64, of which nobody knows how it was drawn."""
    drawing = f'<img alt="{said(title)}" src="data:image/png;base64,{png}">'
    return _framed(drawing, title, caption, "white")


def _framed(drawing: str, title: str, caption: str, kind: str) -> str:
    lines = "".join(f"<span>{said(line)}</span>" for line in caption.split("\n") if line)
    return (
        f'<figure class="{kind}"><div class="scroll" tabindex="0" role="region" aria-label="{said(title)}">{drawing}'
        f"</div><figcaption><b>{said(title)}</b>{lines}</figcaption></figure>"
    )


@cache
def _themed() -> dict[str, str]:
    """Colours of the style `paper` -> what the page's style sheet calls them."""
    with sheet().applied():
        plain = {ink(): "ink", muted(): "grey", faint(): "light", _PAPER: "paper", "#000000": "ink"}
        return plain | {colour: f"data-{colour[1:]}" for colour in palette()}


@cache
def _colour() -> re.Pattern[str]:
    return re.compile("|".join(_themed()), re.IGNORECASE)


def _document(figure: Figure) -> bytes:
    """What matplotlib writes; title and footer are left to the page."""
    made = io.BytesIO()
    with sheet().applied():
        captioned(figure, "")
        mpl.rcParams["svg.hashsalt"] = "bidlab"
        mpl.rcParams["svg.fonttype"] = "path"
        figure.savefig(made, format="svg", metadata=_WITHOUT)
    return made.getvalue()


def _inline(document: bytes, name: str, title: str, themed: bool) -> str:
    root = ElementTree.fromstring(document)
    for parent in root.iter():
        for child in list(parent):
            if _bare(child.tag) in _LEFT_OUT:
                parent.remove(child)
    for element in root.iter():
        element.tag = _bare(element.tag)
        element.tail = None
        given = {_bare(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update({key: _rewritten(key, value, name, themed) for key, value in given.items()})
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib.clear()
    root.attrib.update({"viewBox": f"0 0 {width} {height}", "role": "img", "aria-label": title, "class": "drawn"})
    return ElementTree.tostring(root, encoding="unicode", method="html")


def _rewritten(key: str, value: str, name: str, themed: bool) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href" and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    value = _REFERENCE.sub(lambda found: f"url(#{name}-{found[1]})", value)
    if not themed or key == "d" or key == "href":
        return value
    return _colour().sub(lambda found: f"var(--{_themed()[found[0].lower()]}, {found[0]})", value)


def _bare(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]
