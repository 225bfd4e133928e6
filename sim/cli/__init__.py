"""The command line: its commands, what they print, and their progress. The only room that prints."""

from sim.cli.ending import main

__all__ = ["main"]
