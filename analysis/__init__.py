"""Analysis of what `sim` produced: metrics, inference, tables, figures. `load` reads a sweep."""

from analysis.load import load

__all__ = ["load"]
