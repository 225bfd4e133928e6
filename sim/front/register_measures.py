"""Quantities and figures of a user's own: `register_quantity` and `register_figure`, which load the analysis."""

from __future__ import annotations

from analysis.figures import register_figure
from analysis.quantities import register_quantity

__all__ = ["register_figure", "register_quantity"]
