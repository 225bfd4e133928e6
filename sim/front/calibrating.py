"""`bidlab.calibration`: do claims mean what they say, and do they rank? Of a table, of arrays, or of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.bundled import tables
from sim.experiment.run_folder import Run
from sim.experiment.stored import run_info
from sim.front.arguments import arguments
from sim.front.figure import inches
from sim.front.html import notebook
from sim.front.results import Results
from sim.front.worlds import sheet_of_source
from sim.kit.errors import RunError, TableError
from sim.tables.graded import marked, scored
from sim.tables.table import found_columns, known_outcomes
from sim.tables.table_file import Sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from analysis.stated import Claims

_SHOWN = ("agent", "claims", "success_rate", "mean_claim", "brier", "log_score", "ece", "ece_null", "auc", "auc_others")
_NEEDED = ("claim", "success")


class Calibration:
    """Of each agent and of all claims together: table, one row each (docs/calibration.md), and the reliability diagram.

    about: what the claims are of, a line.
    """

    def __init__(self, claims: Claims, about: str, epsilon: float | None) -> None:
        from analysis.calibration_table import calibration_table

        self.claims, self.about, self.epsilon = claims, about, epsilon
        self.table: pd.DataFrame = calibration_table(claims, epsilon)

    def figure(self, width: str | float = "text", style: str | Path = "paper") -> Figure:
        """Success rate against claim, by agent. width, style: as in `Results.figure`."""
        from analysis.figures import reliability
        from analysis.figures.look import Look, places
        from analysis.figures.save import finished
        from analysis.figures.sheets import sheet

        look = Look(inches(width), sheet(style), places(self.claims.agents))
        return finished(reliability.table(self.claims), reliability.paint, lambda _, __: self.about, look)

    def __repr__(self) -> str:
        """The table in short."""
        return str(self.table[list(_SHOWN)].to_string(index=False, float_format="{:.3f}".format))

    def _repr_html_(self) -> str:
        """The table in short, as a notebook shows it."""
        return notebook(self.table[list(_SHOWN)], float_format="{:.3f}")


@arguments("calibration")
def calibration(
    claims: Any,
    columns: Mapping[str, str] | None = None,
    *,
    arm: str | None = None,
    mark: float | None = None,
    epsilon: float | None = None,
) -> Calibration:
    """Calibration and discrimination of claims, with intervals by clusters.

    claims: a bundled table by name, a file, a DataFrame with agent, task, claim and success; a dict of arrays, of which
    claim and success are needed; a run's results or its folder. columns: our name -> the table's. mark: least score
    that is a success, where columns name a score. arm: of a run, by name; the first where absent. epsilon: for the log
    score claims are moved into [epsilon, 1 - epsilon]; absent: a claim of 0 or 1 that was wrong makes it infinite.

    Raises TableError or RunError, a line for each fault.

    >>> found = calibration({"claim": [0.9, 0.9, 0.2, 0.2], "success": [1, 1, 1, 0]})
    >>> found.table[["brier", "reliability", "resolution", "uncertainty"]].round(4).iloc[0].tolist()
    [0.175, 0.05, 0.0625, 0.1875]
    """
    run = _run_of(claims)
    if run is not None:
        _check_unstated(columns=columns, mark=mark)
        return of_run(run, arm, epsilon)
    _check_unstated("a table", arm=arm)
    sheet = sheet_of_source(_frame(claims) if isinstance(claims, Mapping) else claims)
    return of_sheet(sheet, found_columns(sheet, columns or {}, "in columns"), mark, epsilon, "in columns", "mark")


def of_run(run: Run, name: str | None, epsilon: float | None) -> Calibration:
    """Of an arm of a run, the first where `name` is None."""
    from analysis.built import built
    from analysis.report import stamp

    arm = run.scenario.arms[0] if name is None else run.arm(name)
    data = built(arm, run.world(arm), run.ledger.arm(arm.name))
    if not data.observed.known.any():
        raise RunError(f"arm {arm.name!r}: holds no claims with a known outcome")
    return Calibration(data, f"claims before arm {arm.name!r}; {stamp(run.info)}", epsilon)


def of_sheet(
    sheet: Sheet, columns: Mapping[str, str], mark: float | None, epsilon: float | None, how: str, marking: str
) -> Calibration:
    """Of a recorded table. how, marking: what the user writes to name a column, and a mark."""
    recorded = known_outcomes(marked(scored(sheet, columns, mark, marking), mark))
    if recorded.lacks("belief"):
        raise TableError(f"{sheet.path}: no column for claim; say which {how.format('claim')}")
    from analysis.stated import Stated

    size = f"{len(recorded.tasks):,} tasks, {len(recorded.agents):,} agents"
    return Calibration(Stated.of_table(recorded), f"{sheet.path.name}: {size}", epsilon)


def _run_of(source: Any) -> Run | None:
    """The run that `source` is, or the folder of; None where it is a table."""
    if isinstance(source, Results):
        return source.run
    if isinstance(source, str | Path) and source not in tables() and run_info(Path(source)) is not None:
        return Run.open(Path(source))
    return None


def _frame(arrays: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Arrays as a table: without agents all claims are of one, without tasks each is of a task of its own."""
    import pandas as pd

    missing = [name for name in _NEEDED if name not in arrays]
    sizes = {name: len(array) for name, array in arrays.items()}
    if missing or len(set(sizes.values())) > 1:
        faults = [f"calibration: no array {name!r}" for name in missing]
        unlike = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise RunError(*faults or [f"calibration: arrays must be of one length; got {unlike}"])
    frame = pd.DataFrame(dict(arrays))
    absent = {"agent": "agent", "task": [f"task {place}" for place in range(len(frame))]}
    return frame.assign(**{name: values for name, values in absent.items() if name not in frame})


def _check_unstated(what: str = "a run", /, **given: Any) -> None:
    faults = [f"calibration: {name}: has no meaning of {what}" for name, value in given.items() if value is not None]
    if faults:
        raise RunError(*faults)
