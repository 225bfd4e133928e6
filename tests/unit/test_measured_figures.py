"""Every figure is fit to be read at its final size: type of 6 points at least, nothing cut, touching, without unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bidlab as bl
import pytest
from matplotlib.figure import Figure

from analysis.figures import Drawable, Shown, drawables, looks
from analysis.figures.look import NARROW, WIDE, Look, places
from analysis.figures.measure import faults
from analysis.figures.save import captioned, finished
from analysis.figures.sheets import Sheet, sheet
from analysis.figures.sweeps import charts_of, drawable, look_of
from analysis.report import baselines_of, stamp
from analysis.sweep_frame import load
from sim.bundled import find_scenario, markets
from sim.experiment.stored import run_info
from sim.scenario.figure_spec import of_runs
from sim.scenario.scenario import load_scenario

WIDTHS = [WIDE, NARROW]
RUNS = [name for name in markets() if name != "live_rehearsal"]  # which asks respondents
OVER_A_KEY = "\nx = "  # of a [[figure]] of the sweep
SWEEPS = [name for name, path in markets().items() if OVER_A_KEY in path.read_text("utf-8")]
SMALL = {"splice": 1, "learning": 2}  # replications; some records need 20


def of_run(run: bl.Results, style: Sheet | None = None) -> Iterator[tuple[str, Drawable, Look]]:
    """The figures of a run as its scenario has them."""
    arms = run.arms()
    shown = Shown(arms, stamp(run.run.info), baselines_of(run.run), run.run.ledger.arm)
    look = looks(arms, of_runs(run.run.scenario.figures), style)
    yield from ((name, one, look(name)) for name, one in drawables(shown).items())


def found_in(one: Drawable, look: Look) -> list[str]:
    """What is wrong with a figure at both widths."""
    with look.sheet.applied():
        data = one.data()
    wrong = []
    for width in WIDTHS:
        figure = finished(data, one.paint, one.words, replace(look, width=width))
        assert figure.get_figwidth() == width
        wrong += [f"{width:g} inches: {fault}" for fault in faults(figure)]
        high = figure.get_figheight()
        wrong += [f"{width:g} inches: {high:.1f} inches high"] if high > 9.5 else []
    return wrong


@pytest.fixture(scope="module")
def replay() -> bl.Results:
    return bl.run("marketbench_replay", replications=2)


@pytest.mark.parametrize("name", ["arms", "hired_rate"])
def test_figures_of_a_run_are_fit_to_be_read(replay: bl.Results, name: str) -> None:
    one, look = next((one, look) for which, one, look in of_run(replay) if which == name)
    assert found_in(one, look) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_every_figure_of_every_bundled_run(name: str) -> None:
    run = bl.run(name, replications=SMALL.get(name, 20))
    assert {which: found_in(one, look) for which, one, look in of_run(run) if found_in(one, look)} == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", SWEEPS)
def test_every_figure_of_every_bundled_sweep(name: str, tmp_path: Path) -> None:
    bl.sweep(name, replications={"router_pool_size": 20, "learning": 1}.get(name, 2), out=tmp_path / "o")
    info, table = run_info(tmp_path / "o") or {}, load(tmp_path / "o")
    charts = charts_of(info, load_scenario(find_scenario(name)).figures)
    assert charts
    found = {chart.name: found_in(drawable(table, chart, info), look_of(chart, info)) for chart in charts}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.slow
def test_every_figure_of_a_talk(replay: bl.Results) -> None:
    """A talk has no columns; at the width of a page its larger type has room."""
    for name, one, look in of_run(replay, sheet("talk")):
        figure = finished(one.data(), one.paint, one.words, look)
        assert faults(figure) == [], name


def spoilt() -> Figure:
    figure = Look().figure(2.0)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    with sheet().applied():
        captioned(figure, "a footer")
    return figure


def test_what_is_wrong_is_found() -> None:
    plain = faults(spoilt())
    assert len(plain) == 2
    assert all("has no label" in line for line in plain)
    figure = spoilt()
    figure.axes[0].set_xlabel("cost")
    figure.axes[0].set_ylabel("rate, share")
    figure.axes[0].text(0.5, 0.5, "tiny", fontsize=5.5)
    figure.axes[0].text(0.2, 0.2, "one upon", fontsize=8)
    figure.axes[0].text(0.2, 0.2, "another", fontsize=8)
    figure.text(0.98, 0.5, "over the edge", fontsize=8)
    told = faults(figure)
    assert [line for line in told if "no unit" in line] == ["the x axis 'cost' has no unit"]
    assert "'tiny' is 5.5 pt" in told
    assert "'over the edge' is cut" in told
    assert any(line in told for line in ("'one upon' lies on 'another'", "'another' lies on 'one upon'"))
    assert faults(figure, units=False) != faults(figure)


def test_agents_keep_their_place_in_every_scenario() -> None:
    worlds = [bl.run(name, replications=2).arms()[0].agents for name in ("two_attempts",)]
    known = places(["claude-opus-4.5", "claude-sonnet-4.5", "gemini-3-pro", "gpt-5.2", "gpt-5.2-pro", "gpt-5-mini"])
    for agents in worlds:
        assert {name: place for name, place in places(agents).items() if name in known}.items() <= known.items()
    assert places(["gpt-5-mini", "mine"]) == {"gpt-5-mini": 5, "mine": 6}
    assert places(["b", "a"]) == {"b": 0, "a": 1}
