"""Sweeps whose figures nobody wants: they are not drawn, and can be later."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import bidlab as bl
import pytest

from tests.cli.command import bidlab
from tests.sweep.scenes import SYNTHETIC, write

SWEPT = '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'
LEFT_OUT = "figures left out: all (none were asked for)"


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write(tmp_path, SYNTHETIC, SWEPT)


def small(command: str, *arguments: str | Path) -> str:
    said = bidlab(command, *arguments, figures=True)
    assert said.code == 0, said.err
    return said.out


def drawn(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "figures").iterdir())


@pytest.mark.slow
def test_a_sweep_without_figures_and_a_cell_of_it(scenario: Path, tmp_path: Path) -> None:
    options = ("--replications", "3", "--jobs", "1", "--out")
    with mock.patch("analysis.figures.sweeps.draw_all") as draw, mock.patch("analysis.figures.draw_all") as of_cell:
        said = small("sweep", scenario, *options, tmp_path / "s", "--no-figures")
        assert LEFT_OUT in said
        assert "manifest.json; or analysis.load(" in said
        assert LEFT_OUT in small("cell", tmp_path / "s", "1", "--out", tmp_path / "c", "--no-figures")
    assert not draw.called
    assert not of_cell.called
    assert drawn(tmp_path / "s") == drawn(tmp_path / "c") == ["left_out.csv"]
    assert "manifest.json, figures/; or analysis.load(" in small("sweep", scenario, *options, tmp_path / "d")
    assert "lines.pdf" in drawn(tmp_path / "d")
    assert (tmp_path / "s" / "sweep.csv").read_bytes() == (tmp_path / "d" / "sweep.csv").read_bytes()
    small("figures", tmp_path / "s", "--out", tmp_path / "later")
    assert (tmp_path / "later" / "lines.csv").read_bytes() == (tmp_path / "d" / "figures" / "lines.csv").read_bytes()


def test_its_bundle_agrees_and_is_not_drawn_either(scenario: Path, tmp_path: Path) -> None:
    small("sweep", scenario, "--replications", "3", "--jobs", "1", "--out", tmp_path / "s", "--no-figures")
    small("bundle", tmp_path / "s", "--out", tmp_path / "s.zip")
    with mock.patch("analysis.figures.sweeps.draw_all") as draw:
        assert "agrees" in small("verify", tmp_path / "s.zip", "--jobs", "1")
    assert not draw.called


def test_python_draws_into_a_folder_alone(scenario: Path, tmp_path: Path) -> None:
    with mock.patch("analysis.figures.sweeps.draw_all") as draw:
        one = bl.sweep(scenario, replications=3)
        bl.sweep(scenario, replications=3, out=tmp_path / "none", figures=False)
        assert not draw.called
        bl.sweep(scenario, replications=3, out=tmp_path / "some")
        assert draw.call_count == 1
    assert one.figures == ("lines",)


def test_python_plays_what_the_command_plays(tmp_path: Path) -> None:
    """One hash, also where a figure asks for what no sweep keeps: the folder of one is that of the other."""
    figure = '[[figure]]\nkind = "lines"\nx = "tender.penalty"\ny = ["auc:gpt-5-mini"]\n'
    path = write(tmp_path, SYNTHETIC, SWEPT + figure)
    small("sweep", path, "--replications", "3", "--jobs", "1", "--out", tmp_path / "s", "--no-figures")
    one = bl.sweep(path, replications=3, out=tmp_path / "s", figures=False)
    assert one.info["hash"] == bl.sweep(path, replications=3).info["hash"]
