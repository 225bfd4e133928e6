"""Checks of what a scenario states of the figures of its runs, before anything is played."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.figures import FIGURES
from sim.experiment.plan import Plan
from sim.kit.errors import ScenarioError, closest
from sim.scenario.figure_spec import OF_SWEEPS, FigureFile


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


def check_restyled(figure: FigureFile, arms: Sequence[str], agents: Sequence[str], where: str) -> None:
    """Raise ScenarioError where a figure of a run names what is not there, all of it at once."""
    kind, both = FIGURES[figure.kind], [*arms, *agents]
    panels = figure.panels if isinstance(figure.panels, dict) else {}
    named: dict[str, tuple[Iterable[str], Sequence[str]]] = {
        "arms": (figure.arms or (), arms),
        "panels": ([name for names in panels.values() for name in names], arms),
        "order": (figure.order or (), both),
    }
    if kind.labels is not None:
        allowed = ["x", *kind.labels, *both]
        for key in ("label", "unit"):
            stated = getattr(figure, key)
            named[key] = (stated if isinstance(stated, dict) else (), allowed)
    faults = [
        f"{where}: {key}: unknown {name!r}{closest(name, allowed)}; allowed: {', '.join(dict.fromkeys(allowed))}"
        for key, (names, allowed) in named.items()
        for name in names
        if name not in allowed
    ]
    if figure.panels is not None and not kind.rows:
        rows = [name for name, one in FIGURES.items() if one.rows]
        faults.append(f"{where}: panels: belongs to {', '.join(rows)}; {figure.kind} has no rows of arms")
    if faults:
        raise ScenarioError(*faults)
