"""The options that all commands have that ask live agents."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sim.cli.options import dollars
from sim.kit.errors import RunError


class How(NamedTuple):
    """As they were given."""

    answers: Path | None
    budget_usd: str | None
    concurrency: str
    offline: bool
    show_prompts: bool
    dry_run: bool
    check: bool


def budget(how: How) -> float:
    """Dollars; raises RunError where none are stated and somebody may be asked."""
    if how.budget_usd is None:
        if how.offline:
            return 0.0
        raise RunError("--budget-usd is missing: say what may be spent at most, 0 where all that is asked is free")
    return 0.0 if how.budget_usd.strip("0.") == "" else dollars("--budget-usd", how.budget_usd)
