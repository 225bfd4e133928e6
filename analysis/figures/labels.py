"""What figures of sweeps call their metrics, axes, lines and panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.figures.style import OWN_BASELINE, short
from analysis.quantities import quantity
from sim.scenario.axes import Factor, short_key

SIGNS = {"difference": 1, "lead": -1}


def label_of(y: tuple[str, str, int]) -> str:
    """The metric as a scenario writes it, e.g. "difference:welfare"."""
    metric, agent, sign = y
    kind = next((f"{name}:" for name, of in SIGNS.items() if of == sign), "")
    return kind + metric + (f":{agent}" if agent else "")


def title_of(y: tuple[str, str, int], baseline: str) -> str:
    """The metric in words, with its unit."""
    metric, agent, sign = y
    words = "share of attempts" if metric == "share" else metric.replace("_", " ")
    if agent:
        of = {0: "", 1: " \N{MINUS SIGN} baseline", -1: ", baseline \N{MINUS SIGN} arm"}[sign]
        return f"{words}\n{short(agent, 24)}{of}"
    unit = ", $" if quantity(metric, "arm").unit == "$" else ""
    named = baseline if baseline == OWN_BASELINE else f"“{baseline}”"
    return {0: words, 1: f"{words}\nminus {named}", -1: f"{words}, {named}\nminus arm"}[sign] + unit


def axis_label(key: str, factors: Sequence[Factor]) -> str:
    """The swept key in short, with what advances beside it."""
    beside = next((factor.keys for factor in factors if key in factor.keys), (key,))
    also = [short_key(other) for other in beside if other != key]
    return short_key(key) + (f"\n(with {', '.join(also)})" if also else "")


def setting_label(setting: Mapping[str, Any]) -> str:
    """A setting in words."""
    return ", ".join(level_label(key, value) for key, value in setting.items())


def level_label(key: str, value: Any) -> str:
    """One level of what makes rows or lines, in words."""
    if key == "panel":
        return str(value).strip().strip("[]") or "no panel"
    return str(value) if key == "arm" else f"{short_key(key)} = {_short_number(value)}"


def line_label(key: str, value: Any) -> str:
    """A line's name in the legend."""
    return short(str(value), 40) if key == "arm" else level_label(key, value)


def _short_number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else short(str(value), 40)
