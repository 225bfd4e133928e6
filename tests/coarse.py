"""Figures drawn once and coarsely, for tests of which figures there are and what they show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import matplotlib as mpl
from matplotlib.figure import Figure


@contextmanager
def drawn_coarsely() -> Iterator[None]:
    """PNG files of a page's width have few dots; those of a column, which is laid out too, and PDF files are empty."""
    from analysis.figures import save
    from analysis.figures.look import NARROW

    draw = save.printed

    def coarse(figure: Figure, kind: str) -> bytes:
        with mpl.rc_context({"savefig.dpi": 60}):
            return draw(figure, kind) if kind == "png" and figure.get_figwidth() > NARROW else b""

    with mock.patch("analysis.figures.save.printed", coarse):
        yield
