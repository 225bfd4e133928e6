"""Styles and settings: what a style sets stands, type below 6 points is refused, a [[figure]] restyles a run's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bidlab as bl
import matplotlib as mpl
import numpy as np
import pytest

from analysis.figures.labels import level_label
from analysis.figures.look import MARKERS, Look, fill, fold, pen
from analysis.figures.save import widths
from analysis.figures.sheets import points, sheet
from analysis.figures.style import dot, small, smallest, thin
from sim.kit.errors import RunError, ScenarioError
from sim.scenario.figure_spec import FigureFile
from tests.cli.command import bidlab, lay_out


@pytest.fixture(scope="module")
def run() -> bl.Results:
    return bl.run("marketbench_replay", replications=2)


def style(folder: Path, text: str) -> Path:
    path = folder / "own.mplstyle"
    path.write_text(text, "utf-8")
    return path


def test_what_a_style_sets_stands(run: bl.Results, tmp_path: Path) -> None:
    path = style(
        tmp_path,
        "axes.labelsize: 9.5\nlines.markersize: 7\naxes.facecolor: eeeeee  # grey\n"
        "axes.prop_cycle: cycler('color', ['#110000', '#001100'])\ntext.color: '#102030'\n",
    )
    figure = run.figure("hired_rate", style=path)
    axes = figure.axes[0]
    assert axes.yaxis.label.get_fontsize() == 9.5
    assert mpl.colors.to_hex(axes.get_facecolor()) == "#eeeeee"
    assert {mpl.colors.to_hex(line.get_color()) for line in axes.lines if line.get_marker() != "None"} == {
        "#110000",
        "#001100",
    }
    assert max(line.get_markersize() for line in axes.lines) == 7
    assert mpl.rcParams["axes.labelsize"] != 9.5


def test_sizes_of_ours_are_shares_of_the_styles() -> None:
    for name, size in (("paper", 7), ("talk", 9)):
        with sheet(name).applied():
            assert small() == max(6.0, 0.92 * size)
            assert smallest() == max(6.0, 0.8 * size)
            assert (thin(0.5), dot(0.5)) == (mpl.rcParams["lines.linewidth"] / 2, mpl.rcParams["lines.markersize"] / 2)
            assert mpl.rcParams["pdf.fonttype"] == 42


def test_relative_sizes_are_read(tmp_path: Path) -> None:
    with sheet(style(tmp_path, "font.size: 12\naxes.labelsize: small\n")).applied():
        assert points("axes.labelsize") == pytest.approx(12 * 0.833)


BAD = {
    "axes.labelsize: 4.2": ("axes.labelsize is 4.2 pt", "at least 6 pt"),
    "font.size: 5": ("font.size is 5 pt",),
    "font.size: 7\nlegend.fontsize: x-small": ("legend.fontsize is 4.86 pt",),
    "axes.labelsise: 8": ("line 1: unknown key 'axes.labelsise'", "did you mean 'axes.labelsize'"),
    "font.size: 8\naxes.linewidth: thick": ("line 2: ", "axes.linewidth"),
    "font.size 8": ("line 1: unknown key",),
}


@pytest.mark.parametrize("text", list(BAD))
def test_styles_that_cannot_be_read_or_are_too_small(tmp_path: Path, text: str) -> None:
    with pytest.raises(RunError) as caught:
        sheet(style(tmp_path, text))
    for fragment in BAD[text]:
        assert fragment in str(caught.value)


def test_a_style_that_is_not_there(tmp_path: Path) -> None:
    said = bidlab("run", lay_out(tmp_path), "--style", "papr", "--out", tmp_path / "o")
    assert said.code == 2
    assert "style 'papr': no such file" in said.err
    assert "did you mean 'paper'" in said.err
    assert not (tmp_path / "o").exists()


def test_settings_of_a_figure_from_python(run: bl.Results) -> None:
    own: dict[str, Any] = {"title": "Who is hired?", "label": {"solve_rate": "solved"}, "unit": {"solve_rate": "rate"}}
    figure = run.figure("arms", order=["posted, no penalty"], footer=False, **own)
    assert "Who is hired?" in [text.get_text() for text in figure.texts]
    assert not any("seed 42" in text.get_text() for text in figure.texts)
    assert " ".join(figure.axes[0].get_xlabel().split()) == "solved, rate"
    names = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert names == ["posted, no penalty", "posted", "posted, penalty 1", "posted, penalty 0.5"]
    grouped = run.figure("arms", panels={"some": ["posted"], "none": ["posted, no penalty"]})
    assert [label.get_text() for label in grouped.axes[0].get_yticklabels()][-2:] == ["some", "none"]
    with pytest.raises(ScenarioError, match=r"figure 'arms': tilte: unknown key.*did you mean 'title'"):
        run.figure("arms", tilte="x")
    with pytest.raises(ScenarioError, match=r"order: unknown 'postd'.*did you mean 'posted'"):
        run.figure("arms", order=["postd"])


def test_a_level_is_called_what_label_says_also_where_a_table_holds_it_as_text() -> None:
    own = FigureFile(
        kind="lines",
        x="tender.penalty",
        y=["welfare"],
        label={"[0.2, inf]": "a limit of $.20", '"hired"': "nobody tries twice"},
    )
    look = Look(own=own)
    for value in ([0.2, float("inf")], "[0.2, inf]"):
        assert level_label("bidders.plans.budgets", value, look) == "a limit of $.20"
    assert level_label("tender.exclude", "hired", look) == "nobody tries twice"
    assert level_label("tender.exclude", "failed", look).endswith("= failed")


def test_lines_are_about_as_long_as_one_another_and_no_more_than_need_be() -> None:
    folded = [fold(text, 0.9, 7.0) for text in ("first price, penalty 2", "second price", "x")]
    assert folded == ["first price,\npenalty 2", "second price", "x"]
    words = "welfare minus always gpt-5-mini, $ per auction"
    for inches in np.linspace(0.5, 3.0, 11):
        even, full = fold(words, inches, 7.0).split("\n"), fill(words, inches, 7.0).split("\n")
        assert " ".join(even) == " ".join(full) == words
        assert len(even) == len(full)
        assert max(map(len, even)) <= max(map(len, full))


def test_widths_of_files() -> None:
    kinds: dict[Any, dict[str, float]] = {"both": {"": 7.0, ".column": 3.4}, "text": {"": 7.0}, 5.0: {"": 5.0}}
    kinds["column"] = {".column": 3.4}
    for width, expected in kinds.items():
        assert widths(FigureFile(kind="arms", width=width)) == expected
    assert widths(None) == kinds["both"]


def test_pens_differ_in_colour_or_mark() -> None:
    with sheet().applied():
        pens = [pen(place) for place in range(40)]
    assert len({(each.colour, each.marker) for each in pens}) == 40
    assert len({each.colour for each in pens[:11]}) == 11
    assert "X" not in MARKERS  # which says that there is no interval
    assert Look().pen("gpt-5.2") == Look(agents={"gpt-5.2": 3}).pen("gpt-5.2")


MACHADO = {  # Machado, Oliveira & Fernandes 2009, severity 1, of linear RGB
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("kind", list(MACHADO))
def test_the_known_agents_are_told_apart_by_the_colour_blind(kind: str) -> None:
    """A difference of 10 in L*a*b* is seen at a glance; one of 2.3 is just seen side by side."""
    with sheet().applied():
        shades = [mpl.colors.to_rgb(pen(place).colour) for place in range(6)]
    linear = np.array([[c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb] for rgb in shades])
    seen = lab(np.clip(linear @ np.array(MACHADO[kind]).T, 0.0, 1.0))
    assert min(np.linalg.norm(seen[i] - seen[j]) for i in range(6) for j in range(i)) > 10.0


def test_figures_are_drawn_again_in_another_style(tmp_path: Path) -> None:
    assert bidlab("run", lay_out(tmp_path), "--out", tmp_path / "o").code == 0
    like = tmp_path / "like.toml"
    like.write_text('[[figure]]\nkind = "reliability"\nwidth = "column"\nfooter = false\n', "utf-8")
    said = bidlab("figures", tmp_path / "o", "--style", "talk", "--like", like, figures=True)
    assert said.code == 0, said.err
    there = {path.name for path in (tmp_path / "o.figures").iterdir()}
    assert {"reliability.column.pdf", "reliability.csv"} <= there
    assert "reliability.pdf" not in there
    assert bidlab("figures", tmp_path / "o").code == 2
    like.write_text('[[figure]]\nkind = "reliabilty"\n', "utf-8")
    said = bidlab("figures", tmp_path / "o", "--out", tmp_path / "p", "--like", like)
    assert "like.toml: figure number 1: kind: unknown 'reliabilty' (did you mean 'reliability'" in said.err
