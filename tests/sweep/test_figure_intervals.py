"""Bands and marks of a sweep's figures, from tables written by hand: where there is no interval none is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from analysis.figures import curves, lines, maps
from analysis.figures.chart import Chart
from analysis.figures.charted import caption_of, shown
from analysis.figures.labels import title_of
from sim.scenario.axes import Factor
from tests.painted import look_of, painted

NAN = float("nan")
KEYS = ("tender.penalty", "world.tasks")
FACTORS = [Factor((KEYS[0],), ((0.0,), (1.0,), (2.0,))), Factor((KEYS[1],), ((20,), (40,)))]
INFO: dict[str, Any] = {
    "seed": 1,
    "scenario": {"name": "s"},
    "hash": "0123456789abcdef",
    "versions": {"bidlab": "0"},
}
# difference: value, low, high, se, p, adjusted p, and the mark it has on a map
CELLS = [
    ((-0.5, -0.9, -0.2, 0.1, 0.001, 0.006), ""),
    ((0.2, 0.01, 0.5, 0.1, 0.04, 0.2), "ring"),
    ((0.1, -0.2, 0.3, 0.1, 0.4, 0.8), "dot"),
    ((0.3, NAN, NAN, NAN, NAN, NAN), "cross"),
    ((0.0, NAN, NAN, 0.0, NAN, NAN), "dash"),
    ((0.0, -0.1, 0.1, 0.0, 1.0, 1.0), "dot"),
]


def table() -> pd.DataFrame:
    """One arm and its baseline in the six cells; the arm is coupled, its baseline is not."""
    rows = []
    for cell, (gap, _) in enumerate(CELLS):
        known = not np.isnan(gap[3])
        head = {"cell": cell, "panel": "", "mechanism": "x", "metric": "welfare", "agent": "", "n": 40}
        head |= {KEYS[0]: float(cell % 3), KEYS[1]: 20 * (1 + cell // 3), "baseline": "base"}
        own = {"value": 0.4, "low": 0.1 if known else NAN, "high": 0.5 if known else NAN, "se": 0.1 if known else NAN}
        names = (
            "difference",
            "difference_low",
            "difference_high",
            "difference_se",
            "difference_p",
            "difference_p_holm",
        )
        itself = dict(zip(names, (0.0, 0.0, 0.0, 0.0, NAN, NAN), strict=True))
        rows.append(head | {"arm": "base", "value": 0.4, "low": 0.3, "high": 0.6, "se": 0.1, "clusters": 40} | itself)
        rows[-1] |= {"by": "(replication, task) pairs"}
        rows.append(head | {"arm": "z"} | own | dict(zip(names, gap, strict=True)))
        rows[-1] |= {"by": "replications", "clusters": 6 if known else 3}
    return pd.DataFrame(rows)


def chart(kind: str, sign: int, where: dict[str, Any] | None = None) -> Chart:
    """The figure of welfare, or of its difference to the baseline."""
    second = KEYS[1] if kind == "map" else "arm"
    rows = ("arm",) if kind == "map" else ()
    return Chart(kind, kind, KEYS[0], (("welfare", "", sign),), second, rows, ("base", "z"), where or {}, "base")


def drawn(kind: str, sign: int, where: dict[str, Any] | None = None) -> tuple[Figure, pd.DataFrame]:
    """That figure, and its rows."""
    own = chart(kind, sign, where)
    data, module = shown(table(), own), maps if kind == "map" else lines
    return painted(lambda rows, look: module.paint(rows, own, FACTORS, look), data), data


def said_of(kind: str, sign: int, where: dict[str, Any] | None = None) -> str:
    """Its footer."""
    own = chart(kind, sign, where)
    return caption_of(shown(table(), own), table(), own, INFO)


@pytest.mark.parametrize("sign", [1, -1])
def test_marks_of_a_map(sign: int) -> None:
    data = shown(table(), chart("map", sign))
    own = data[data["arm"] == "z"]
    marks = maps.marked(own).set_index("cell")["mark"]
    assert marks.to_dict() == {cell: mark for cell, (_, mark) in enumerate(CELLS) if mark}
    gap = np.array([cell[:3] for cell, _ in CELLS])
    expected = gap if sign > 0 else -gap[:, [0, 2, 1]]
    np.testing.assert_array_equal(own[["drawn", "drawn_low", "drawn_high"]].to_numpy(), expected)


def test_a_map_draws_each_kind_of_mark_once() -> None:
    figure, data = drawn("map", 1)
    maps_drawn = [axes for axes in figure.subfigs[0].axes if axes.get_title()]
    assert [axes.get_title() for axes in maps_drawn] == ["z"]  # and none of the baseline
    found = {line.get_marker(): len(line.get_xdata()) for line in maps_drawn[0].lines}
    assert found == {".": 2, "o": 1, "x": 1, "_": 1}
    assert {"drawn_low", "drawn_high", "drawn_p_holm", "clusters", "by"} <= set(data.columns)


def test_a_line_has_a_band_where_there_is_an_interval_and_a_cross_where_there_is_none() -> None:
    held = {KEYS[1]: 40}
    figure, _ = drawn("lines", 0, held)
    axes = figure.axes[0]
    bands = [part.get_paths() for part in axes.collections if isinstance(part, PolyCollection)]
    ends = [np.concatenate([path.vertices for path in paths]) for paths in bands if paths]
    assert [sorted(set(vertices[:, 1])) for vertices in ends] == [[0.3, 0.6], [0.1, 0.5]]
    assert [sorted(set(vertices[:, 0])) for vertices in ends] == [[0.0, 1.0, 2.0], [1.0, 2.0]]
    marks = [list(line.get_xdata()) for line in axes.lines if line.get_marker() == "X"]
    assert marks == [[], [0.0]]


def test_a_difference_that_is_none_has_neither_band_nor_cross() -> None:
    figure, _ = drawn("lines", 1, {KEYS[1]: 40})
    marks = [list(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() == "X"]
    assert marks == [[], [0.0]]


@pytest.mark.parametrize(("sign", "title"), [(0, "welfare"), (1, "welfare minus “base”")])
def test_a_metric_without_a_unit_has_its_name_up_the_axis(
    sign: int, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.figures.labels.unit_of_metric", lambda *_: "")
    axes = drawn("lines", sign, {KEYS[1]: 40})[0].axes[0]
    assert (axes.get_title(loc="left"), axes.get_ylabel()) == (title, "welfare")


def test_a_difference_is_called_as_its_metric_is() -> None:
    look = look_of(kind="lines", x="x", label={"welfare": "what it is worth"}, unit={"welfare": "$ a task"})
    both = {sign: title_of(("welfare", "", sign), "base", look) for sign in (0, 1, -1)}
    assert both == {
        0: ("what it is worth", "$ a task"),
        1: ("what it is worth minus “base”", "$ a task"),
        -1: ("what it is worth, “base” minus arm", "$ a task"),
    }
    own = look_of(kind="lines", x="x", label={"welfare": "worth", "difference:welfare": "gain"})
    assert title_of(("welfare", "", 1), "base", own)[0] == "gain"


def test_lines_that_coincide_are_told() -> None:
    own = chart("lines", 0, {KEYS[1]: 40})
    rows = shown(table(), own)
    apart = rows.assign(drawn=rows["drawn"] + 0.1 * (rows["arm"] == "z"))
    assert lines.about(apart, own).count("coincide") == 0
    once = apart.assign(drawn=apart[KEYS[0]])
    assert "lines that coincide: base, z\n" in lines.about(once, own)
    gaps = shown(table(), chart("lines", 1, {KEYS[1]: 40}))
    assert "coincide" not in lines.about(gaps.assign(drawn=0.0, same=True), chart("lines", 1))


def test_levels_of_a_calibration_that_coincide_are_told() -> None:
    rows = [
        {"arm": "a", "agent": agent, "metric": f"{name}_of_tenth_{tenth}", KEYS[0]: level, "drawn": value}
        for agent, moves in (("still", 0.0), ("moved", 0.1))
        for level in (0.0, 1.0, 2.0)
        for tenth in (5, 7)
        for name, value in (("mean_claim", tenth / 10 + moves * min(level, 1.0)), ("success_rate", tenth / 10))
    ]
    data = pd.DataFrame(rows).assign(drawn_low=0.1, drawn_high=0.9)
    y = tuple((f"mean_claim_of_tenth_{tenth}", agent, 0) for agent in ("still", "moved") for tenth in (5, 7))
    own = Chart("calibration", "c", KEYS[0], y, KEYS[0], (), ("a",), {}, "a")
    assert curves.about(data, own).splitlines() == [
        "still: all levels coincide, the last of them is seen",
        "moved: levels 1, 2 coincide, the last of them is seen",
    ]


def test_captions_say_over_what_and_explain_the_marks() -> None:
    said = said_of("map", 1)
    assert "95% intervals over only 6 replications (Student t" in said
    assert "×, no interval: 3 replications, at least 5 needed" in said
    for word in ("dot: the interval holds 0", "ring: ", "Holm over the arm's cells", "not adjusted", "dash: "):
        assert word in said
    own = chart("map", 1)
    whole = shown(table(), own)
    for cells, words in {(0, 2): ["dot"], (0, 1): ["ring"], (0, 4): ["dash"], (0,): []}.items():
        some = caption_of(whole[whole["cell"].isin(cells)], table(), own, INFO)
        assert [word for word in ("dot", "ring", "dash") if f"{word}: " in some] == words
    plain = said_of("lines", 0, {KEYS[1]: 40})
    assert "95% intervals over 40 (replication, task) pairs; only 6 replications" in plain
    assert "ring" not in plain
