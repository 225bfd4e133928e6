"""Runs of small scenarios, and what their folders hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.experiment.execute import execute
from sim.experiment.plan import Plan, plan
from sim.scenario.scenario import load_scenario

GOLDEN = Path(__file__).parent.parent / "golden"


def plan_of(name: str = "live", **changes: int) -> Plan:
    """The plan of a golden scenario; changes: seed, replications."""
    return plan(load_scenario(GOLDEN / f"{name}.toml", **changes))  # type: ignore[arg-type]


def run(folder: Path, progress: Callable[[str, int], None] | None = None, **changes: int) -> Path:
    """Run "live" into `folder`, without tables and figures."""
    return execute(plan_of(**changes), folder, progress=progress)


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file but the clock's, by its path in the folder."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name != "clock.json"}
