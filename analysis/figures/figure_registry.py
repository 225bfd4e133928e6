"""The registry of a run's figures: the package's own, and a user's, in the order in which they are drawn.

    @register_figure("spending", summary="payments by arm")
    def spending(arms):
        figure = new_figure(NARROW, 2.0)
        ...
        return figure, data

`arms` are the arms of the run as arrays (analysis/arm.py), `data` is a DataFrame of what is shown; both come from any
code, best with `new_figure` and the colours of analysis/figures/style.py.

    @register_figure("dots", sweep=True)
    def dots(rows, chart): ...

is drawn where a `[[figure]]` of a sweep has `kind = "dots"`. `rows` are those of the sweep's table that it asks for
(analysis/figures/chart.py, `shown`): a column for each swept key, arm, y, and drawn, drawn_low, drawn_high, drawn_se.
`chart` says what is along x, what makes lines and panels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pandas as pd

from analysis.arm import ArmData
from sim.kit.errors import RunError, SimError
from sim.kit.kinds import Registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[..., Any]
Drawing = TypeVar("Drawing", bound=Draw)


class Drawable(NamedTuple):
    """A figure that applies. draw: makes it, with its data. words: its caption, from the data."""

    draw: Callable[[], tuple[Figure, pd.DataFrame]]
    words: Callable[[pd.DataFrame], str]


class Shown(NamedTuple):
    """What a figure is drawn of. stamp: seed, scenario hash and version. compared: arm -> its baseline."""

    arms: Sequence[ArmData]
    stamp: str
    compared: Mapping[str, str]


@dataclass(frozen=True)
class RunFigure:
    """summary: one line. candidate: how it is drawn, or why it does not apply. sweep: how it is drawn of a sweep.

    sweep is given the rows that a [[figure]] shows and its chart; None: it is a figure of runs.
    """

    summary: str
    candidate: Callable[[Shown], Drawable | str]
    sweep: Callable[..., tuple[Figure, pd.DataFrame]] | None = None


FIGURES: Registry[str, RunFigure] = Registry("figure", "decorate draw(arms) with @register_figure('name')")


def register_figure(
    name: str,
    *,
    summary: str = "",
    caption: str = "",
    applies: Callable[[Sequence[ArmData]], str] | None = None,
    sweep: bool = False,
) -> Callable[[Drawing], Drawing]:
    """Decorator: make a function draw(arms) -> (figure, data) known as a figure, drawn after every run it applies to.

    sweep: it is draw(rows, chart), drawn where a [[figure]] of a sweep names it as its kind; caption and applies are
    then of no use, since a sweep's figures have a caption of their own.

    summary: one line for lists; the function's documentation where absent. caption: printed under the figure, before n
    and the run it is of. applies: why the figure has no meaning for these arms, "" where it has one.

    Raises TypeError where it is no function, ValueError where the name is taken or no word.
    """

    def add(draw: Drawing) -> Drawing:
        if not callable(draw):
            raise TypeError(f"figure {name!r} must be a function draw(arms) that returns a figure and its data")
        line = summary or (draw.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        if sweep:
            FIGURES.add(
                name, RunFigure(line, lambda shown: f'a sweep\'s: [[figure]] kind = "{name}"', _swept(name, draw))
            )
        else:
            FIGURES.add(name, RunFigure(line, lambda shown: _users(name, draw, caption, applies, shown)))
        return draw

    return add


def counts(arm: ArmData) -> str:
    """The n of a figure of arms."""
    n = arm.world.n_replications
    return f"{arm.world.n_tasks} tasks × {n} replication{'s' if n > 1 else ''}"


def _users(
    name: str, draw: Draw, caption: str, applies: Callable[[Sequence[ArmData]], str] | None, shown: Shown
) -> Drawable | str:
    """A user's figure; what goes wrong in it is said of it, in one line."""
    from analysis.figures.style import styled

    def words(data: pd.DataFrame) -> str:
        return "\n".join(filter(None, (caption, f"n = {counts(shown.arms[0])}; {shown.stamp}")))

    reason = "" if applies is None else _blamed(name, applies, shown.arms)
    return reason or Drawable(lambda: _checked(name, _blamed(name, styled(draw), shown.arms)), words)


def _swept(name: str, draw: Callable[..., Any]) -> Callable[..., tuple[Figure, pd.DataFrame]]:
    """A user's figure of sweeps; what goes wrong in it is said of it, in one line."""
    from analysis.figures.style import styled

    return lambda rows, chart: _checked(name, _blamed(name, styled(draw), rows, chart))


def _blamed(name: str, function: Callable[..., Any], *given: Any) -> Any:
    try:
        return function(*given)
    except SimError:
        raise
    except (Exception, SystemExit) as error:
        raise RunError(f"figure {name!r}: {type(error).__name__}: {' '.join(str(error).split())}") from None


def _checked(name: str, made: Any) -> tuple[Figure, pd.DataFrame]:
    from matplotlib.figure import Figure

    if isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], Figure) and isinstance(made[1], pd.DataFrame):
        return made[0], made[1]
    raise RunError(f"figure {name!r}: must return (figure, data), a matplotlib Figure and a pandas DataFrame")
