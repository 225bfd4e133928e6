"""The study beside its published numbers: rules of agreement, the quick tables, and the page that holds them."""

from __future__ import annotations

import math
from pathlib import Path

import bidlab as bl
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from analysis.figures.look import NARROW, WIDE, Look
from analysis.figures.measure import faults
from analysis.figures.save import finished
from analysis.paper import live_study, phase_study, study
from analysis.paper.beside import DIGITS, RULES, RUNS, THEORY, Beside, beside_table, of_counts
from analysis.paper.deviation_page import outside, summary_table
from analysis.paper.document import Piece, latex_document, markdown_document
from analysis.paper.live_figure import live_figure
from analysis.paper.published_numbers import find, published, shown
from tests.cli.command import bidlab

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "paper.md"


@pytest.fixture(scope="module")
def quick() -> dict[str, list[Beside]]:
    return study.quick_numbers(bl.run(study.REPLAY))


def test_every_number_of_the_recorded_table_is_the_published_one(quick) -> None:
    assert of_counts(quick["calibration"]) == (43, 43)
    known = {(one.of, one.quantity) for one in quick["calibration"] + quick["auction"]}
    stated = {(one.of, one.quantity) for one in published() if one.table in ("calibration", "auction")}
    assert stated <= known


def test_only_one_agents_reserves_were_far_off(quick) -> None:
    assert {one.of for one in quick["auction"] if one.within is False} == {"gpt-5.2-pro"}
    assert all(one.why for one in quick["auction"] if one.within is False)


def test_cash_less_published_is_the_sum_of_its_parts(quick) -> None:
    ours = {(one.of, one.quantity): one.ours for one in quick["auction"]}
    for agent in ("gemini-3-pro", "gpt-5-mini"):
        parts = sum(ours[agent, f"cash less published, wrong {what}"] for what in ("probability", "cost"))
        assert ours[agent, "cash profit"] - ours[agent, "published profit"] == pytest.approx(parts, abs=1e-12)


def test_the_page_of_deviations_is_current(quick) -> None:
    """Its quick tables; `test_the_page_is_current` compares the whole."""
    page = PAGE.read_text("utf-8")
    for table in study.number_tables(quick).values():
        assert table.markdown() in page
    for name, rows in quick.items():
        within, known = of_counts(rows)
        assert f"| {name} | {known} | {within} | {known - within} |" in page
    for line in outside(quick):
        assert f"- {line}" in page


def test_the_page_is_of_the_scenarios_as_they_are() -> None:
    """Whoever changes what the slow numbers rest on makes the page anew: `make paper`, then docs/paper.md."""
    page = PAGE.read_text("utf-8")
    assert len(study.made_from()) == 4
    for name, digest in study.made_from().items():
        assert f"{name} {digest}" in page


def test_every_published_number_stands_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    for one in published():
        told = f"{one.text} of {one.n}" if one.n else f"{one.text} at least" if one.table == "phase" else one.text
        assert f"| {one.quantity} | {told} |" in page, one


def test_published_numbers_have_a_source() -> None:
    keys = (ROOT / "REFERENCES.md").read_text("utf-8")
    assert all(f"| {one.source} |" in keys for one in published())
    assert len({one[:3] for one in published()}) == len(published())


@pytest.mark.parametrize(
    ("number", "within"),
    [
        (Beside("calibration", "gpt-5-mini", "success rate", 0.75274, rule=DIGITS), True),
        (Beside("calibration", "gpt-5-mini", "success rate", 0.75276, rule=DIGITS), False),
        (Beside("live", "router", "solved", 30.0, 27.0, 33.0, RUNS), True),
        (Beside("live", "router", "solved", 30.0, 28.0, 33.0, RUNS), False),
        (Beside("live", "router", "solved", math.nan, rule=RUNS), None),
        (Beside("live", "nobody", "solved", 30.0, 28.0, 33.0, RUNS), None),
        (Beside("phase", "market less always high", "least lead at rho 1", -0.1, -0.2, 0.01, THEORY), True),
        (Beside("phase", "market less always high", "least lead at rho 1", -0.1, -0.2, -0.01, THEORY), False),
    ],
)
def test_rules_of_agreement(number: Beside, within: bool | None) -> None:
    assert number.within is within


def test_a_table_of_numbers_states_its_rules_and_why() -> None:
    rows = [
        Beside("live", "router", "solved", 30.0, 28.0, 33.0, RUNS, "for this reason", decimals=1),
        Beside("live", "nobody", "solved", 1.25, decimals=2),
    ]
    table = beside_table(rows, "C", "tab:c", ["a note"])
    assert table.rows[0] == ["router", "solved", "27 of 50", "30.0", "[28, 33]", "+3.0", "outside (runs)"]
    assert table.rows[1] == ["nobody", "solved", "-", "1.25", "", "", "-"]
    assert RULES[RUNS][1] in table.notes[0]
    assert table.notes[1:] == ["a note", "router, solved: for this reason"]
    assert table.frame()["deviation"].tolist()[0] == 3.0
    assert summary_table({"live": rows}).rows == [["live", "1", "0", "1"], ["all", "1", "0", "1"]]


def test_the_published_tests_of_pairs_are_made_again() -> None:
    assert binomtest(11, 17).pvalue == pytest.approx(find("live", "market less solo", "McNemar p").value, abs=5e-5)
    assert binomtest(6, 8).pvalue == pytest.approx(find("live", "router less rerun", "McNemar p").value, abs=5e-5)


def test_live_numbers_from_a_short_run() -> None:
    """Ranges of counts hold the mean, rerun rows are of the same tasks, and rates are those of the postings."""
    rows = live_study.live(bl.run(live_study.SCENARIO, replications=6))
    by_name = {(one.of, one.quantity): one for one in rows}
    assert {one.of for one in published() if one.table == "live"} <= {one.of for one in rows}
    for one in rows:
        assert math.isnan(one.low) or one.low <= one.ours <= one.high
    assert (
        by_name["first attempt", "solved"].ours < by_name["solo", "solved"].ours < by_name["any of six", "solved"].ours
    )
    assert math.isnan(by_name["external scaffold", "solved"].ours)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_figure_of_live_runs(width: float) -> None:
    numbers = [
        Beside("live", "solo", "solved", 23.5, 17.0, 30.0, RUNS),
        Beside("live", "another agent", "solved", 28.5, 21.0, 35.0, RUNS),
        Beside("live", "external scaffold", "solved", math.nan),
        Beside("live", "first attempt", "solved", 17.9, 11.0, 25.0),
    ]
    one = live_figure(numbers, "stamp")
    assert one.data()["rule"].tolist() == ["solo", "another agent"]
    figure = finished(one.data(), one.paint, one.words, Look(width=width))
    assert faults(figure) == []
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["solo", "another agent"]
    drawn = {line.get_marker(): line.get_xdata() for line in axes.lines}
    np.testing.assert_array_equal(drawn["o"], [23.5, 28.5])
    np.testing.assert_array_equal(drawn["D"], [24.0, np.nan])


def test_where_the_market_begins_to_lead() -> None:
    """From which rho on, without a gap; never where the last is not clear."""
    rho = [0.0, 0.5, 1.0]
    lows = {"always high": [0.1, -0.1, 0.2], "always low": [0.1, 0.1, 0.3], "both at once": [0.1, 0.1, -0.1]}
    parts = []
    for arm, low in lows.items():
        ends = pd.DataFrame({"difference_high": [-x for x in low], "difference_low": [-x - 0.2 for x in low]})
        parts.append(ends.assign(arm=arm, difference=-np.array(low) - 0.1, **{phase_study.RHO: rho}))
    sweep = pd.concat(parts).assign(metric="welfare", agent="", **{phase_study.SHARE: 0.4})
    found = phase_study.leads(sweep)
    table = phase_study.crossings_table(found, "C", arms=tuple(lows))
    assert [row[2] for row in table.rows] == ["1.0", ".0", "never"]
    assert table.rows[0][3] == ".300 [.200, .400]"
    assert [one.ours for one in phase_study.phases(found)] == pytest.approx([0.3, 0.4, 0.0])


def test_numbers_are_printed_as_the_study_prints_them() -> None:
    assert [shown(x, 3) for x in (0.5, -0.5, 1.5, -1.5, -1e-9, math.nan)] == [
        ".500",
        "-.500",
        "1.500",
        "-1.500",
        ".000",
        "",
    ]


def test_the_document_holds_every_table_and_both_widths() -> None:
    table = beside_table([Beside("live", "solo", "solved", 1.0)], "C", "tab:c")
    pieces = [Piece("numbers", table=table), Piece("fig", title="A & B")]
    tex, text = latex_document(pieces, ["5 % off"]), markdown_document(pieces, ["5 % off"])
    assert r"\input{tables/numbers.tex}" in tex
    assert r"\includegraphics{figures/fig.pdf}" in tex
    assert r"\includegraphics{figures/fig.column.pdf}" in tex
    assert r"A \& B (one column)" in tex
    assert r"5 \% off" in tex
    assert "![A & B](figures/fig.png)" in text
    assert table.markdown() in text


def test_the_command_says_what_is_wrong_and_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--jobs 0: must be >= 1" in bidlab("paper", "--jobs", "0").err

    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "make", stop)
    said = bidlab("paper", "--out", tmp_path)
    assert (said.code, "finished jobs are kept" in said.err) == (130, True)


@pytest.mark.slow
def test_the_page_is_current(tmp_path: Path) -> None:
    made = study.make(tmp_path / "paper", jobs=2)
    assert (tmp_path / "paper" / "deviations.md").read_text("utf-8") == PAGE.read_text("utf-8")
    assert of_counts([one for rows in made.numbers.values() for one in rows])[1] > 100
