"""Everything the analysis adds to a sweep's folder: the tidy table, what reaches decisions, failures, figures."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.figures.chart import chart_of
from analysis.quantities import quantities
from analysis.quantities.swept import find
from analysis.sweep_frame import write_sweep
from analysis.sweep_metrics import Reducer
from analysis.sweep_precision import FIRST_LOOK, precision_table
from analysis.sweep_table import (
    Merged,
    factors_table,
    failures_table,
    merged,
    stamped,
    sweep_table,
)
from sim.experiment.plan import Plan
from sim.experiment.sweep import Analysis
from sim.kit.csv_file import write_csv
from sim.kit.errors import ScenarioError
from sim.scenario.figure_spec import of_sweeps

if TYPE_CHECKING:
    from analysis.figures.sheets import Sheet

_GROWTH = (1.25, 4.0)  # a round's replications over those before it, at least and at most
_SPARE = 1.1  # over the replications that the error so far asks for


def write_report(folder: Path, plan: Plan, label: str, style: Sheet | None = None, *, figures: bool = True) -> None:
    """Add tables and, where they are wanted, figures to the sweep in `folder`; of a part of it none are drawn.

    label: what part of it there is; "" for all. failures.csv and precision.csv are written where they apply.
    """
    from analysis.figures.left_out import NOT_WANTED, list_left_out

    sums = merged(folder)
    table = sweep_table(sums)
    table.attrs.update(stamped(table, sums.info, label))
    write_sweep(table, folder / "sweep.parquet")
    write_csv(table, folder / "sweep.csv")
    write_csv(factors_table(sums), folder / "factors.csv")
    if sums.failures:
        write_csv(failures_table(sums), folder / "failures.csv")
    if plan.options.precision is not None and sums.whole:
        write_csv(precision_table(sums, plan.options.precision), folder / "precision.csv")
    if label or not sums.whole:
        list_left_out(folder / "figures", {"all": "the sweep is not whole"})
    elif figures:
        from analysis.figures.sweeps import draw_all

        draw_all(table, sums.info, plan.scenario.figures, folder / "figures", style)
    else:
        list_left_out(folder / "figures", NOT_WANTED)


def replications_needed(folder: Path, plan: Plan) -> int:
    """Replications in all that the precision asked for needs; those there are, where it is reached.

    It is judged from FIRST_LOOK replications on. The error falls with the square root of the replications; a round adds
    at least a quarter and at most three times what there is. It follows from the sums alone, so it is the same for any
    number of workers.
    """
    sums = merged(folder)
    there = sum(plan.job(number)[1] for number in sums.jobs)
    if there < FIRST_LOOK:
        return FIRST_LOOK
    table = _precision(sums, plan)
    missed = table[~table["reached"]]
    if missed.empty:
        return there
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (missed["half_width"] / missed["allowed"]).to_numpy(np.float64)
    worst = float(np.nan_to_num(ratio, nan=np.inf).max()) ** 2 * _SPARE
    return int(np.ceil(there * min(max(worst, _GROWTH[0]), _GROWTH[1])))


def _precision(sums: Merged, plan: Plan) -> pd.DataFrame:
    return precision_table(sums, plan.options.precision or 0.0) if sums.whole else pd.DataFrame({"reached": [True]})


def asking(plan: Plan) -> Plan:
    """The plan with all the quantities that its [sweep] and its figures ask for beside what every sweep keeps.

    Raises ScenarioError, in one line, where there is no such quantity.
    """
    charts = [
        chart_of(figure, plan.info, plan.factors, place)
        for place, figure in enumerate(of_sweeps(plan.scenario.figures))
    ]
    drawn = {metric for chart in charts for metric, _, _ in chart.y}
    more = [each.name for each in quantities() if not each.swept and each.name in drawn]
    for name in plan.quantities:
        try:
            find(name)
        except ValueError as error:
            raise ScenarioError(f"{plan.path}: sweep: quantities: {error}") from None
    return replace(plan, quantities=tuple(dict.fromkeys([*plan.quantities, *more])))


def reducer_of(plan: Plan) -> Reducer:
    """Makes the sums of all quantities that the plan asks for."""
    return Reducer(tuple(key for name in asking(plan).quantities for key in find(name)))


def analysis_of(plan: Plan, style: Sheet | None = None, *, figures: bool = True) -> Analysis:
    """What the sums of the plan's sweep are for. figures: are drawn. style: of them, `paper` where None."""
    return Analysis(reducer_of(plan), replications_needed, partial(write_report, style=style, figures=figures))
