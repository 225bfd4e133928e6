"""Checks of what a scenario states of the figures of its runs, before anything is played."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.figures import FIGURES
from sim.experiment.plan import Plan
from sim.kit.errors import ScenarioError, closest
from sim.scenario.figure_spec import OF_SWEEPS, FigureFile, check_restyled


def check_run_figures(plan: Plan) -> None:
    """Raise ScenarioError where a [[figure]] is of no kind there is, or names what a run does not hold."""
    arms = list(dict.fromkeys(arm.name.removesuffix(arm.panel) for arm in plan.arms))
    check_stated(plan.scenario.figures, arms, plan.agents, str(plan.path))


def check_stated(figures: Sequence[FigureFile], arms: Sequence[str], agents: Sequence[str], path: str) -> None:
    """The same, of names. arms: without their worlds."""
    kinds, seen = [*OF_SWEEPS, *FIGURES], set()
    for number, figure in enumerate(figures, 1):
        where = f"{path}: figure number {number}"
        if figure.kind not in kinds:
            near = closest(figure.kind, kinds)
            raise ScenarioError(f"{where}: kind: unknown {figure.kind!r}{near}; allowed: {', '.join(kinds)}")
        if figure.of_sweep:
            continue
        if figure.kind in seen:
            raise ScenarioError(f"{where}: kind: {figure.kind} of a run is stated twice")
        seen.add(figure.kind)
        check_restyled(figure, arms, agents, where)
