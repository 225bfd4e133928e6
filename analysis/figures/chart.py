"""What a [[figure]] of a sweep shows: its axes, its panels, the rows of the sweep's table that it takes.

Every swept key is along an axis, a line, a row of panels or held at one value. All arms of a cell, and all cells,
share their luck, so two bands may overlap while the arms differ: draw "difference:welfare", the arm's less the
baseline's, or "lead:welfare", the baseline's less the arm's, to see that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.figures.labels import SIGNS, label_of
from analysis.figures.restyled import check_run_figures
from analysis.figures.style import baseline_label
from analysis.quantities import quantities
from analysis.quantities.claimed import CURVE
from analysis.sweep_table import factors_of
from sim.experiment.plan import Plan
from sim.kit.errors import ScenarioError, closest
from sim.kit.invalid import written
from sim.scenario.axes import Factor
from sim.scenario.figure_spec import FigureFile, of_settings, of_sweeps

MOST_SETTINGS, MOST_COLUMNS, MOST_MAPS = 8, 6, 24


@dataclass(frozen=True)
class Chart:
    """A [[figure]] with everything decided. y: (metric, agent, sign). rows: what makes rows.

    Of a calibration y holds, for each agent, claim and success rate of each tenth of claims.
    sign: 1 draws the metric's difference to the baseline, -1 the baseline's lead, 0 the metric itself.

    lines: what makes lines; of a map, which has none, the key up its other axis. scale: of x, "linear" or "log".
    jumps: what a line does where it jumps. own: what the scenario states of the figure.
    """

    kind: str
    name: str
    x: str
    y: tuple[tuple[str, str, int], ...]
    lines: str
    rows: tuple[str, ...]
    arms: tuple[str, ...]
    where: Mapping[str, Any]
    baseline: str
    scale: str = "linear"
    jumps: str = "break"
    own: FigureFile | None = None

    @property
    def columns(self) -> tuple[Any, ...]:
        """What has a column of panels each."""
        return tuple(dict.fromkeys(agent for _, agent, _ in self.y)) if self.kind == "calibration" else self.y


def check_figures(plan: Plan) -> None:
    """Raise ScenarioError, in one line, where a figure of the plan cannot be drawn."""
    check_run_figures(plan)
    info, names = plan.info, set()
    for place, figure in enumerate(of_sweeps(plan.scenario.figures)):
        try:
            name = chart_of(figure, info, plan.factors, place).name
            if name in names:
                raise ValueError(f"name: two figures are named {name!r}")
        except ValueError as error:
            number = plan.scenario.figures.index(figure) + 1
            raise ScenarioError(f"{plan.path}: figure number {number}: {error}") from None
        names.add(name)


def restyled_chart(chart: Chart, settings: Mapping[str, Any], info: Mapping[str, Any]) -> Chart:
    """The figure with these settings above its own; raises ScenarioError where one is none."""
    if not settings or chart.own is None:
        return chart
    where = f"figure {chart.name!r}"
    made = of_settings(where, {**chart.own.model_dump(exclude_unset=True), "name": chart.name, **settings})
    try:
        return chart_of(made, info, factors_of(info), 0)
    except ValueError as error:
        raise ScenarioError(f"{where}: {error}") from None


def default_figures(factors: Sequence[Factor]) -> list[FigureFile]:
    """The longest numeric factor along x, the others at their first value; none where no factor is numeric."""
    numeric = [factor for factor in factors if len(factor.values) > 1 and all(map(_is_number, factor.values))]
    if not numeric:
        return []
    x = max(numeric, key=lambda factor: len(factor.values))
    rest = {factor.keys[0]: factor.values[0][0] for factor in factors if factor is not x}
    return [FigureFile(kind="lines", x=x.keys[0], where=rest)]


def chart_of(figure: FigureFile, info: Mapping[str, Any], factors: Sequence[Factor], place: int) -> Chart:
    """The figure with its defaults filled in; raises ValueError where it does not fit the sweep."""
    by_key = {key: factor for factor in factors for key in factor.keys}
    x = str(figure.x)
    _numeric("x", x, by_key)
    _check_scale(figure, by_key)
    panels = list(dict.fromkeys(arm["panel"] for arm in info["arms"]))
    arms = list(dict.fromkeys(arm["name"].removesuffix(arm["panel"]) for arm in info["arms"]))
    ways = ["arm", "panel", *by_key]
    second = _second_key(figure, by_key, ways)
    stated = [figure.panel] if isinstance(figure.panel, str) else figure.panel
    for key in stated or ():
        _known("panel", key, ways)
    for key, value in figure.where.items():
        _known("where", key, by_key)
        levels = [level[by_key[key].keys.index(key)] for level in by_key[key].values]
        if value not in levels:
            raise ValueError(f"where: {key} has no level {written(value)}; it has {', '.join(map(written, levels))}")
    for arm in figure.arms or ():
        _known("arms", arm, arms)
    kept = tuple(figure.arms or arms)
    rows = _rows(figure, second, factors, by_key, stated, len(panels) > 1, len(kept) > 1)
    chart = Chart(
        figure.kind,
        figure.name or (figure.kind if place == 0 else f"{figure.kind}_{place + 1}"),
        x,
        _points(figure, info) if figure.kind == "calibration" else _metrics(figure, info),
        second,
        rows,
        kept,
        figure.where,
        baseline_label([arm["baseline"] for arm in info["arms"]], 24),
        figure.scale,
        figure.jumps,
        figure,
    )
    check_words(figure, [*arms, *info["agents"], *by_key, *_levels_written(factors), *map(label_of, chart.y)], ["x"])
    if figure.order:
        _known_all("order", figure.order, [*kept, *info["agents"], *_levels_written(factors)])
    _check_size(chart, by_key, len(panels))
    return chart


def _second_key(figure: FigureFile, by_key: Mapping[str, Factor], ways: Sequence[str]) -> str:
    """What makes the lines, or what is up the other axis of a map."""
    if figure.kind == "calibration":
        if figure.vertical is not None or figure.lines != "arm":
            raise ValueError('kind: "calibration" has a line for each level of x, and success rates up the axis')
        return str(figure.x)
    if figure.kind == "lines":
        if figure.vertical is not None:
            raise ValueError('vertical: belongs to kind = "map"; lines have their metrics, y, up the axis')
        _known("lines", figure.lines, ways)
        return figure.lines
    if figure.vertical is None:
        raise ValueError('vertical: must be stated for kind = "map": the swept key up the axis')
    _numeric("vertical", figure.vertical, by_key)
    if by_key[figure.vertical] is by_key[str(figure.x)]:
        raise ValueError(f"vertical: {figure.vertical} advances together with x")
    return figure.vertical


def _numeric(what: str, key: str, by_key: Mapping[str, Factor]) -> None:
    """Raise ValueError unless the key is swept over numbers."""
    _known(what, key, by_key)
    place = by_key[key].keys.index(key)
    if not all(_is_number(level[place:]) for level in by_key[key].values):
        raise ValueError(f"{what}: {key} has values that are no numbers")


def _check_scale(figure: FigureFile, by_key: Mapping[str, Factor]) -> None:
    """Raise ValueError where x has no logarithm to lie at."""
    if figure.scale == "linear":
        return
    if figure.kind != "lines":
        raise ValueError('scale: belongs to kind = "lines"; a map draws its levels side by side')
    key = str(figure.x)
    place = by_key[key].keys.index(key)
    least = min(level[place] for level in by_key[key].values)
    if least <= 0:
        raise ValueError(f'scale: "log" needs an x > 0; {figure.x} has the level {written(least)}')


def _rows(
    figure: FigureFile,
    second: str,
    factors: Sequence[Factor],
    by_key: Mapping[str, Factor],
    stated: Sequence[str] | None,
    panels: bool,
    arms: bool,
) -> tuple[str, ...]:
    """The keys with a row for each value; every factor must be along x, a line, a row or held."""
    placed = {figure.x, second, *figure.where, *(stated or ())}
    free = [factor.keys[0] for factor in factors if len(factor.values) > 1 and not placed.intersection(factor.keys)]
    free += ["panel"] if panels and "panel" not in placed else []
    free += ["arm"] if arms and "arm" not in placed else []
    if stated is None:
        return tuple(free)
    if free:
        raise ValueError(f"panel: {', '.join(free)} varies too; add it to panel, or hold a swept key by where")
    return tuple(stated)


def _check_size(chart: Chart, by_key: Mapping[str, Factor], panels: int) -> None:
    sizes = {"arm": len(chart.arms), "panel": panels, **{key: len(factor.values) for key, factor in by_key.items()}}
    rows = int(np.prod([sizes[key] for key in chart.rows])) if chart.rows else 1
    limits = [
        ("rows of panels", rows, MOST_SETTINGS),
        ("columns of panels", len(chart.columns), MOST_COLUMNS),
    ]
    for what, count, most in [("maps", rows * len(chart.y), MOST_MAPS)] if chart.kind == "map" else limits:
        if count > most:
            raise ValueError(f"{count} {what}; at most {most}: hold keys by where, name some arms, or draw two figures")


def _ys(figure: FigureFile, info: Mapping[str, Any]) -> list[str]:
    if figure.y is None:
        return ["welfare", "solve_rate"]
    return [figure.y] if isinstance(figure.y, str) else figure.y


def _metrics(figure: FigureFile, info: Mapping[str, Any]) -> tuple[tuple[str, str, int], ...]:
    return tuple(_metric(y, info["agents"]) for y in _ys(figure, info))


def _points(figure: FigureFile, info: Mapping[str, Any]) -> tuple[tuple[str, str, int], ...]:
    """The points of the calibration curve of each agent."""
    agents = info["agents"] if figure.y is None else _ys(figure, info)
    for agent in agents:
        _known("y", agent, info["agents"])
    return tuple((each.name, agent, 0) for agent in agents for each in CURVE)


def _metric(text: str, agents: Sequence[str]) -> tuple[str, str, int]:
    """Metric, agent and sign: "welfare", "share:NAME", "difference:cash_profit:NAME", "lead:welfare"."""
    head, colon, tail = text.partition(":")
    if head in SIGNS and colon:
        paired = [each.name for each in quantities() if each.paired]
        _known("y", tail.partition(":")[0], paired)
        metric, agent, _ = _metric(tail, agents)
        return metric, agent, SIGNS[head]
    of_arms, of_agents = ([each.name for each in quantities(level)] for level in ("arm", "agent"))
    _known("y", head, list(dict.fromkeys([*of_arms, *of_agents])))
    if head not in (of_agents if colon else of_arms):
        kind = "is of each agent; write" if head in of_agents else "is of all agents; write"
        raise ValueError(f'y: {head} {kind} "{head}{":NAME" if head in of_agents else ""}"')
    if colon:
        _known("y", tail, agents)
    return head, tail, 0


def _known(key: str, name: str, allowed: Sequence[str] | Mapping[str, Any]) -> None:
    if name not in allowed:
        raise ValueError(f"{key}: unknown {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}")


def _known_all(key: str, names: Sequence[str], allowed: Sequence[str]) -> None:
    for name in names:
        _known(key, name, list(dict.fromkeys(allowed)))


def check_words(figure: FigureFile, names: Sequence[str], axes: Sequence[str]) -> None:
    """Raise ValueError where label or unit is of something that the figure does not name."""
    for key in ("label", "unit"):
        stated = getattr(figure, key)
        if isinstance(stated, dict):
            _known_all(key, list(stated), [*axes, *names])


def _levels_written(factors: Sequence[Factor]) -> list[str]:
    """The levels of swept keys as a scenario writes them."""
    return [written(value) for factor in factors for level in factor.values for value in level]


def _is_number(level: Sequence[Any]) -> bool:
    return isinstance(level[0], int | float) and not isinstance(level[0], bool)
