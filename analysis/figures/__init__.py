"""The figures of a run: `draw_all` writes those that apply, `drawables` makes them. Needs no display and no pyplot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.arm import ArmData
from analysis.figures import run_figures
from analysis.figures.figure_registry import FIGURES, Drawable, Shown, register_figure

__all__ = ["FIGURES", "Drawable", "Shown", "draw_all", "drawables", "register_figure", "run_figures"]


def draw_all(
    arms: Sequence[ArmData], folder: Path, stamp: str, baselines: Mapping[str, str] | None = None
) -> list[Path]:
    """Write every figure that applies to `arms` into `folder`; the paths written. The rest as in `drawables`.

    left_out.csv says of every other figure why it is not there.
    """
    from analysis.figures.left_out import list_left_out
    from analysis.figures.save import save

    paths: list[Path] = []
    found = _candidates(arms, stamp, baselines)
    for name, one in found.items():
        if isinstance(one, Drawable):
            figure, data = one.draw()
            paths += save(figure, data, folder, name, one.words(data))
    list_left_out(folder, {name: why for name, why in found.items() if isinstance(why, str)})
    return paths


def drawables(arms: Sequence[ArmData], stamp: str, baselines: Mapping[str, str] | None = None) -> dict[str, Drawable]:
    """The figures that apply to `arms`, by name.

    stamp: seed, scenario hash and version, printed under every figure beside its n. baselines: arm -> arm that its
    differences are taken to, the first where None.
    """
    found = _candidates(arms, stamp, baselines)
    return {name: one for name, one in found.items() if isinstance(one, Drawable)}


def _candidates(arms: Sequence[ArmData], stamp: str, baselines: Mapping[str, str] | None) -> dict[str, Drawable | str]:
    """Every figure there is: how it is drawn, or why it does not apply."""
    if not arms:
        return {}
    shown = Shown(arms, stamp, baselines or {arm.name: arms[0].name for arm in arms})
    return {name: figure.candidate(shown) for name, figure in FIGURES.items()}
