"""Tables as a notebook shows them: names are text, whatever is in them, and a $ is a $."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.kit.escape import html

if TYPE_CHECKING:
    import pandas as pd


def notebook(frame: pd.DataFrame, head: str = "", float_format: str | None = None) -> str:
    """The table below its head, both without markup or formulas of their own. float_format: e.g. "{:.3f}"."""
    shown = frame.to_html(index=False, escape=True, float_format=None if float_format is None else float_format.format)
    line = f"<p>{html(head)}</p>\n" if head else ""
    return f'<div class="tex2jax_ignore mathjax_ignore">{line}{shown}</div>'
