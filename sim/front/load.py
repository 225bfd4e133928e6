"""`bidlab.load`: the results in a folder, whatever kind they are of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.economies.economy_run import KIND, EconomyRun
from sim.experiment.run_folder import Run
from sim.experiment.stored import run_info
from sim.front.arguments import arguments
from sim.front.economy_results import EconomyResults
from sim.front.results import Results
from sim.front.sweep import SweepResults
from sim.kit.errors import RunError

if TYPE_CHECKING:
    import pandas as pd


@arguments("load")
def load(folder: str | Path) -> Results | SweepResults | EconomyResults | pd.DataFrame:
    """The run or the sweep in `folder`; of an audit, its table.

    Raises RunError where the folder holds none of them. A run of plugins needs them registered.
    """
    place = Path(folder)
    kind = _kind(place)
    if kind == "sweep":
        return SweepResults(place)
    if kind == KIND:
        return EconomyResults(EconomyRun.open(place))
    if kind == "audit":
        from analysis.audit_report import read_audit

        return read_audit(place)
    return Results(Run.open(place))


def _kind(place: Path) -> Any:
    info = run_info(place) or run_info(place.with_name(f"{place.name}.partial"))
    if info is None:
        raise RunError(f"{place}: holds no results (no run.json)")
    return info.get("kind")
