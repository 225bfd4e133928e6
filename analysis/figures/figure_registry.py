"""The registry of a run's figures: the package's own, and a user's, in the order in which they are drawn.

    @register_figure("spending", summary="payments by arm")
    def spending(arms, look):
        figure = look.figure(2.0)
        ...
        return figure, data

`arms` are the arms of the run as arrays (analysis/arm.py), `look` says for what width, in which style and with which
colours (analysis/figures/look.py), `data` is a DataFrame of what is shown. A function of `arms` alone is drawn at the
width that it chose, or at that of the page where that is narrower.

    @register_figure("dots", sweep=True)
    def dots(rows, chart, look): ...

is drawn where a `[[figure]]` of a sweep has `kind = "dots"`. `rows` are those of the sweep's table that it asks for
(analysis/figures/charted.py, `shown`): a column for each swept key, arm, y, and drawn, drawn_low, drawn_high, drawn_se.
`chart` says what is along x, what makes lines and panels.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pandas as pd

from analysis.arm import ArmData
from sim.kit.errors import RunError, SimError
from sim.kit.kinds import Registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.figures.look import Look
    from sim.ledger.ledger import Ledger

Draw = Callable[..., Any]
Drawing = TypeVar("Drawing", bound=Draw)


class Drawable(NamedTuple):
    """A figure that applies. Its data are made once, and painted at every width.

    data: what it shows. paint: draws it, under the style that is in force. words: its footer.
    """

    data: Callable[[], pd.DataFrame]
    paint: Callable[[pd.DataFrame, Look], Figure]
    words: Callable[[pd.DataFrame, Look], str]


class Shown(NamedTuple):
    """What a figure is drawn of. stamp: seed, scenario hash and version. compared: arm -> its baseline.

    ledger: arm -> its rows; None where they are not at hand.
    """

    arms: Sequence[ArmData]
    stamp: str
    compared: Mapping[str, str]
    ledger: Callable[[str], Ledger] | None = None


@dataclass(frozen=True)
class RunFigure:
    """summary: one line. candidate: how it is drawn, or why it does not apply.

    on_request: it takes long, and is drawn after a run only where the scenario has a [[figure]] of it; else by name.
    labels: what a label or a unit may name beside arms and agents; None where that is not known. rows: it has rows of
    arms, in panels. sweep: how it is drawn of a sweep, given the rows that a [[figure]] shows, its chart and the look;
    None: it is a figure of runs.
    """

    summary: str
    candidate: Callable[[Shown], Drawable | str]
    labels: tuple[str, ...] | None = None
    rows: bool = False
    sweep: Callable[..., tuple[Figure, pd.DataFrame]] | None = None
    on_request: bool = False


FIGURES: Registry[str, RunFigure] = Registry("figure", "decorate draw(arms, look) with @register_figure('name')")


def register_figure(
    name: str,
    *,
    summary: str = "",
    caption: str = "",
    applies: Callable[[Sequence[ArmData]], str] | None = None,
    sweep: bool = False,
) -> Callable[[Drawing], Drawing]:
    """Decorator: make a function draw(arms, look) -> (figure, data) known as a figure of every run it applies to.

    sweep: it is draw(rows, chart, look), drawn where a [[figure]] of a sweep names it as its kind; caption and applies
    are then of no use, since a sweep's figures have a caption of their own.

    summary: one line for lists; the function's documentation where absent. caption: printed under the figure, before n
    and the run it is of. applies: why the figure has no meaning for these arms, "" where it has one.

    Raises TypeError where it is no function, ValueError where the name is taken or no word.
    """

    def add(draw: Drawing) -> Drawing:
        if not callable(draw):
            raise TypeError(f"figure {name!r} must be a function draw(arms, look) that returns a figure and its data")
        line = summary or (draw.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        if sweep:
            FIGURES.add(
                name, RunFigure(line, lambda shown: f'a sweep\'s: [[figure]] kind = "{name}"', sweep=_swept(name, draw))
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
    from analysis.figures.look import Look

    def made(look: Look) -> tuple[Figure, pd.DataFrame]:
        return _checked(name, _blamed(name, _fitted, draw, (shown.arms,), look))

    def data() -> pd.DataFrame:
        look = Look()
        with look.sheet.applied():
            return made(look)[1]

    def words(_: pd.DataFrame, __: Look) -> str:
        return "\n".join(filter(None, (caption, f"n = {counts(shown.arms[0])}; {shown.stamp}")))

    reason = "" if applies is None else _blamed(name, applies, shown.arms)
    return reason or Drawable(data, lambda _, look: made(look)[0], words)


def _fitted(draw: Draw, given: Sequence[Any], look: Look) -> Any:
    """What the function returns; one that asks for no look gives a figure that is made as narrow as the page."""
    if len(inspect.signature(draw).parameters) > len(given):
        return draw(*given, look)
    made = draw(*given)
    if isinstance(made, tuple) and made and hasattr(made[0], "get_figwidth"):
        made[0].set_figwidth(min(made[0].get_figwidth(), look.width))
    return made


def _swept(name: str, draw: Callable[..., Any]) -> Callable[..., tuple[Figure, pd.DataFrame]]:
    """A user's figure of sweeps; what goes wrong in it is said of it, in one line."""
    return lambda rows, chart, look: _checked(name, _blamed(name, _fitted, draw, (rows, chart), look))


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
