"""Starter files: what `bidlab new` writes. Each runs as it is written."""

from sim.starters.starter_files import MADE, Started, like, started, write

__all__ = ["MADE", "Started", "like", "started", "write"]
