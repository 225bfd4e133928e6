"""The figures of a run: `draw_all` writes those that apply, `drawables` makes them. Needs no display and no pyplot.

How to write a figure of a run. Data and drawing are apart: the data are made once, and drawn for two widths.

    def table(arms) -> DataFrame                what the figure shows; it is the figure's CSV
    def paint(data, look) -> Figure             look.figure(height) gives an empty figure of the width asked for
    def words(data, look) -> str                the footer: what intervals are over, what is left out, n, the stamp

and, in run_figures.py, FIGURES.add(name, RunFigure(summary, candidate), own=True), where candidate(shown) gives
Drawable(table, paint, words), or the reason why the figure does not apply (`shown.ledger` holds the rows of each arm).

`paint` runs under a style and must not override it: no size, colour or line width in numbers.

    width      look.width inches, look.narrow where it is one column; panels that stand side by side in two columns
               stand below one another in one, or are left out and that said in `words`
    height     of the content alone, in look.line (a line of type); title and footer are added to it
    type       none stated (the style's labels and ticks), or fontsize=small(); never below 6 points
    colours    look.pen(agent): .colour, .marker, .dash of that agent in every figure; pen(k) of anything else;
               tone(k), ink(), muted(), faint(), ground() of analysis/figures/style.py
    lines      lw=thin(share), ms=dot(share): shares of the style's own
    labels     look.words(key, "welfare", "$ per auction") along an axis, with its unit; look.name(arm);
               fold(text, inches) breaks lines; look.ordered(names) has the order that the scenario states
    layout     constrained by itself; legends as figure.legend(loc="outside upper left", ncols=legend_columns(...))
    rows       at most MOST_ROWS in a panel

`measure.faults(figure)` says what a reader would object to; the tests try it on every figure at both widths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.arm import ArmData
from analysis.figures import run_figures, what_happened  # noqa: F401 -- they register the figures
from analysis.figures.figure_registry import FIGURES, Drawable, Shown, register_figure
from sim.scenario.figure_spec import FigureFile

if TYPE_CHECKING:
    from analysis.figures.look import Look
    from analysis.figures.sheets import Sheet
    from sim.ledger.ledger import Ledger

__all__ = ["FIGURES", "Drawable", "Shown", "draw_all", "drawables", "looks", "register_figure", "shown_of"]


def draw_all(shown: Shown, folder: Path, *, own: Sequence[FigureFile] = (), style: Sheet | None = None) -> list[Path]:
    """Write every figure that applies into `folder`; the paths written.

    own: the scenario's [[figure]] of figures of a run. style: `paper` where None. left_out.csv says of every other
    figure why it is not there.
    """
    from analysis.figures.left_out import list_left_out
    from analysis.figures.save import save

    paths: list[Path] = []
    found = {name: _asked(name, one, own) for name, one in _candidates(shown).items()}
    look_of = looks(shown.arms, own, style)
    for name, one in found.items():
        if isinstance(one, Drawable):
            paths += save(one.data(), one.paint, one.words, folder, name, look_of(name))
    list_left_out(folder, {name: why for name, why in found.items() if isinstance(why, str)})
    return paths


def _asked(name: str, found: Drawable | str, own: Sequence[FigureFile]) -> Drawable | str:
    """What is drawn without being asked for, or why it is not."""
    if FIGURES[name].on_request and not isinstance(found, str) and name not in {figure.kind for figure in own}:
        return "drawn on request: a [[figure]] of this kind, or Results.figure"
    return found


def drawables(shown: Shown) -> dict[str, Drawable]:
    """The figures that apply, by name."""
    return {name: one for name, one in _candidates(shown).items() if isinstance(one, Drawable)}


def looks(arms: Sequence[ArmData], own: Sequence[FigureFile] = (), style: Sheet | None = None) -> Callable[[str], Look]:
    """Name of a figure -> how it looks. own: of a scenario's [[figure]], those of figures of a run."""
    from analysis.figures.look import Look, places
    from analysis.figures.sheets import sheet

    stated = {figure.kind: figure for figure in own}
    plain = Look(sheet=style or sheet(), agents=places(arms[0].agents) if arms else {})
    return lambda name: replace(plain, own=stated.get(name))


def shown_of(
    arms: Sequence[ArmData],
    stamp: str = "",
    baselines: Mapping[str, str] | None = None,
    ledger: Callable[[str], Ledger] | None = None,
) -> Shown:
    """What is drawn of arms. baselines: arm -> arm that differences are taken to, the first where None."""
    return Shown(arms, stamp, baselines or {arm.name: arms[0].name for arm in arms}, ledger)


def _candidates(shown: Shown) -> dict[str, Drawable | str]:
    """Every figure there is: how it is drawn, or why it does not apply."""
    if not shown.arms:
        return {}
    return {name: figure.candidate(shown) for name, figure in FIGURES.items()}
