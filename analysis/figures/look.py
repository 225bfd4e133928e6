"""What a figure is drawn for: its width on paper, its style, the colours of agents, what a [[figure]] asks of it.

An agent keeps its colour and its mark in every figure. The six models of MarketBench have theirs by name, in every
scenario; others take those that are left, in the order of the scenario's agents. Beyond the palette colours repeat
under another mark.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.figures.sheets import Sheet, points, sheet
from sim.scenario.figure_spec import FigureFile

WIDE, NARROW = 7.0, 3.4  # inches: two columns of a page and one
_NARROW_BELOW = 5.0
_EM = 0.54  # width of a letter over the size of its type, on average
_LEADING = 1.4  # height of a line over the size of its type
KNOWN = ("claude-opus-4.5", "claude-sonnet-4.5", "gemini-3-pro", "gpt-5.2", "gpt-5.2-pro", "gpt-5-mini")
MARKERS = ("o", "s", "^", "D", "v", "P", "<", ">", "p", "h", "*", "d")
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (8, 2)))
_T = TypeVar("_T")


class Pen(NamedTuple):
    """How one of several differs from the others: in colour, in black and white, by its mark."""

    colour: str
    marker: str
    dash: Any


def pen(place: int) -> Pen:
    """The pen at this place: colours of the style in turn, each with a mark and a dash of its own."""
    shades = mpl.rcParams["axes.prop_cycle"].by_key().get("color", ["black"])
    turn, at = divmod(place, len(shades))
    return Pen(shades[at], MARKERS[(at + turn) % len(MARKERS)], DASHES[(at + turn) % len(DASHES)])


def places(agents: Sequence[str]) -> dict[str, int]:
    """The place in the palette of each agent.

    >>> places(["mine", "gpt-5.2", "yours"])
    {'gpt-5.2': 3, 'mine': 6, 'yours': 7}
    """
    known = {name: KNOWN.index(name) for name in agents if name in KNOWN}
    if not known:
        return {name: place for place, name in enumerate(agents)}
    others = (name for name in agents if name not in KNOWN)
    return known | {name: len(KNOWN) + place for place, name in enumerate(others)}


@dataclass(frozen=True)
class Look:
    """width: inches. sheet: the style. agents: name -> place in the palette. own: what a [[figure]] states of it."""

    width: float = WIDE
    sheet: Sheet = field(default_factory=sheet)
    agents: Mapping[str, int] = field(default_factory=dict)
    own: FigureFile | None = None

    @property
    def title(self) -> str | None:
        """What a [[figure]] calls it."""
        return self.own.title if self.own else None

    @property
    def narrow(self) -> bool:
        """It is for one column: what stands side by side in two stands below one another, or is left out."""
        return self.width < _NARROW_BELOW

    def figure(self, height: float) -> Figure:
        """An empty figure of this width, outside pyplot's list, laid out so that no text is cut. height: inches.

        Title and footer are added to the height.
        """
        made = Figure(figsize=(self.width, height), layout="constrained")
        FigureCanvasAgg(made)
        return made

    def around(self, labels: Sequence[str], legend: int) -> float:
        """Inches that x labels, the numbers above them and a legend of so many rows take beside the content."""
        deep = max((1 + label.count("\n") for label in labels), default=0)
        return self.line * (deep + 1.2 * legend + 1.0) + 0.3

    @property
    def line(self) -> float:
        """Inches that a line of type takes, so that heights follow the style."""
        return float(mpl.rcParams["font.size"]) * _LEADING / 72

    def pen(self, agent: str) -> Pen:
        """The agent's own; that of an agent that is not the scenario's is the first."""
        return pen(self.agents.get(agent, KNOWN.index(agent) if agent in KNOWN else 0))

    def ordered(self, names: Iterable[_T]) -> list[_T]:
        """The names as `order` has them: those stated first, the others after them as they stand."""
        order = list((self.own.order if self.own else None) or ())
        listed = list(names)
        return sorted(listed, key=lambda name: order.index(str(name)) if str(name) in order else len(order))

    def ordered_by(self, rows: Sequence[Any], names: Any) -> list[Any]:
        """The rows as `order` has their names. names: by row, a Series or a mapping."""
        order = list((self.own.order if self.own else None) or ())
        return sorted(rows, key=lambda row: order.index(names[row]) if names[row] in order else len(order))

    def words(self, key: str, default: str, unit: str = "") -> str:
        """A label: what `label` says for `key`, with the unit that `unit` says, the defaults where they say nothing."""
        return ", ".join(filter(None, self.words_and_unit(key, default, unit)))

    def words_and_unit(self, key: str, default: str, unit: str = "") -> tuple[str, str]:
        """The two apart."""
        words, of = (self._stated(name).get(key, other) for name, other in (("label", default), ("unit", unit)))
        return words, of

    def name(self, name: str) -> str:
        """What a row, a line or an agent is called."""
        return self._stated("label").get(name, name)

    def _stated(self, key: str) -> dict[str, str]:
        stated = getattr(self.own, key) if self.own else None
        return {} if stated is None else {"x": stated} if isinstance(stated, str) else stated


def fold(text: str, inches: float, size: float | None = None) -> str:
    """The text broken into as few lines as have room in that width, and these about as long as one another.

    size: of its type, that of labels where None.
    """
    letters = _letters(inches, points("axes.labelsize") if size is None else size)
    return "\n".join(_evenly(line, letters) for line in text.split("\n"))


def fill(text: str, inches: float, size: float) -> str:
    """The text broken into lines of that width, as a paragraph is."""
    return "\n".join(textwrap.fill(line, _letters(inches, size), break_long_words=False) for line in text.split("\n"))


def _letters(inches: float, size: float) -> int:
    return max(6, int(inches * 72 / (size * _EM)))


def _evenly(line: str, letters: int) -> str:
    whole = textwrap.wrap(line, letters, break_long_words=False)
    tried = (textwrap.wrap(line, few, break_long_words=False) for few in range(max(6, letters // 2), letters))
    return "\n".join(next((lines for lines in tried if len(lines) == len(whole)), whole))


def inches_of(text: str, size: float) -> float:
    """About how wide a text is."""
    return max(map(len, text.split("\n"))) * size * _EM / 72
