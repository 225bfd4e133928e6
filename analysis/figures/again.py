"""Draw the figures of a finished run or sweep again: in another style, or as other settings say."""

from __future__ import annotations

from pathlib import Path

from analysis.figures.sheets import Sheet
from sim.economies.economy_file import Varied, figure_faults
from sim.economies.economy_run import KIND, EconomyRun
from sim.experiment.run_folder import Run
from sim.experiment.stored import Stored
from sim.kit.errors import RunError, ScenarioError
from sim.scenario.figure_spec import FigureFile, figures_of, of_runs, of_settings
from sim.scenario.file import read_raw


def draw_again(folder: Path, out: Path, style: Sheet, like: Path | None = None) -> list[Path]:
    """The paths written into `out`. like: a scenario file; its [[figure]] are taken instead of those that ran.

    Raises RunError where the folder holds neither run nor sweep, ScenarioError where a figure cannot be drawn of it.
    """
    info = Stored.open(folder).info
    stated = figures_of(info) if like is None else _of_file(like)
    if info.get("kind") == "sweep":
        from analysis.figures.sweeps import draw_all as draw_sweep
        from analysis.sweep_frame import load

        try:
            return draw_sweep(load(folder), info, stated, out, style)
        except ValueError as error:
            raise ScenarioError(f"{like or folder}: figure: {error}") from None
    if info.get("kind") == KIND:
        return _of_economy(folder, out, style, stated, str(like or folder))
    if info.get("kind") is not None:
        raise RunError(f"{folder}: holds no run and no sweep")
    return _of_run(folder, out, style, stated, str(like or folder))


def _of_run(folder: Path, out: Path, style: Sheet, stated: list[FigureFile], where: str) -> list[Path]:
    from analysis.figures import Shown, draw_all
    from analysis.figures.restyled import check_stated
    from analysis.report import arms_of, baselines_of, stamp

    run = Run.open(folder)
    names = list(dict.fromkeys(arm.name.removesuffix(arm.panel) for arm in run.scenario.arms))
    check_stated(stated, names, run.info["agents"], where)
    shown = Shown(arms_of(run), stamp(run.info), baselines_of(run), run.ledger.arm)
    return draw_all(shown, out, own=of_runs(stated), style=style)


def _of_economy(folder: Path, out: Path, style: Sheet, stated: list[FigureFile], where: str) -> list[Path]:
    from analysis.economy_tables import read_economy_tables
    from analysis.figures.economy_lines import draw_economy

    run = EconomyRun.open(folder)
    arms = [Varied(arm["name"], arm["group"], arm["vary"]) for arm in run.arms]
    for number, figure in enumerate(stated, 1):
        if faults := figure_faults(figure, run.measures, arms):
            raise ScenarioError(*(f"{where}: figure number {number}: {line}" for line in faults))
    return draw_economy(run, read_economy_tables(folder), out, style, stated)


def _of_file(path: Path) -> list[FigureFile]:
    """The [[figure]] of a scenario file."""
    tables = read_raw(path).get("figure", [])
    return [of_settings(f"{path}: figure number {place}", table) for place, table in enumerate(tables, 1)]
