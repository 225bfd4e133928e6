"""What figures of sweeps call their metrics, axes, lines and panels, where a [[figure]] does not say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.figures.look import Look
from analysis.figures.style import OWN_BASELINE, short
from analysis.figures.units import unit_of_key, unit_of_metric
from sim.kit.invalid import written
from sim.scenario.axes import Factor, short_key

SIGNS = {"difference": 1, "lead": -1}


def label_of(y: tuple[str, str, int]) -> str:
    """The metric as a scenario writes it, e.g. "difference:welfare"."""
    metric, agent, sign = y
    kind = next((f"{name}:" for name, of in SIGNS.items() if of == sign), "")
    return kind + metric + (f":{agent}" if agent else "")


def title_of(y: tuple[str, str, int], baseline: str, look: Look) -> tuple[str, str]:
    """The metric in words, and its unit."""
    metric, agent, sign = y
    words = metric.replace("_", " ") + (f" of {short(look.name(agent), 24)}" if agent else "")
    words, unit = look.words_and_unit(label_of((metric, agent, 0)), words, unit_of_metric(metric, agent))
    if not sign:
        return words, unit
    name = baseline if baseline == OWN_BASELINE else f"“{look.name(baseline)}”"
    said = f"{words} minus {name}" if sign > 0 else f"{words}, {name} minus arm"
    return look.words_and_unit(label_of(y), said, unit)


def up_label(y: tuple[str, str, int], baseline: str, look: Look) -> str:
    """What stands up the axis of a panel with a title: the unit, and of what has none the metric itself."""
    metric, agent, _ = y
    return title_of(y, baseline, look)[1] or title_of((metric, agent, 0), baseline, look)[0]


def axis_label(key: str, factors: Sequence[Factor], look: Look, letter: str = "") -> str:
    """The swept key in short, with its unit and what advances beside it. letter: "x" where it is along x."""
    beside = next((factor.keys for factor in factors if key in factor.keys), (key,))
    also = [short_key(other) for other in beside if other != key]
    default = short_key(key) + (f" (with {', '.join(also)})" if also else "")
    words, unit = look.words_and_unit(key, default, unit_of_key(key))
    return look.words(letter, words, unit) if letter else ", ".join(filter(None, (words, unit)))


def setting_label(setting: Mapping[str, Any], look: Look) -> str:
    """A setting in words."""
    return ", ".join(level_label(key, value, look) for key, value in setting.items())


def level_label(key: str, value: Any, look: Look) -> str:
    """One level of what makes rows or lines, in words."""
    if key == "panel":
        return str(value).strip().strip("[]") or "no panel"
    if key == "arm":
        return look.name(str(value))
    for text in (written(value), str(value)):  # a table that was read holds a list as its text
        if look.name(text) != text:
            return look.name(text)
    named = look.name(key)
    return f"{short_key(key) if named == key else named} = {_short_number(value)}"


def line_label(key: str, value: Any, look: Look) -> str:
    """A line's name in the legend."""
    return short(level_label(key, value, look), 44)


def _short_number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else short(str(value), 40)
