"""Analysis of what `sim` produced: metrics, inference, tables, figures. `load` reads a sweep."""

from analysis.sweep_frame import load

__all__ = ["load"]
