"""Figures drawn once and coarsely, for tests of which figures there are and what they show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from matplotlib.figure import Figure


@contextmanager
def drawn_coarsely() -> Iterator[None]:
    """PNG files have few dots, PDF files are empty."""
    from analysis.figures import save

    draw = save._drawn

    def coarse(figure: Figure, *, format: str, **how: Any) -> bytes:
        return draw(figure, format="png", dpi=60) if format == "png" else b""

    with mock.patch("analysis.figures.save._drawn", coarse):
        yield
