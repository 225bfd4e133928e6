"""Style sheets of figures: `paper`, `talk`, or a .mplstyle file of the user's, and the least type that is read.

A style lies on matplotlib's defaults and on `paper`, so that it need say only what it changes. Whatever it says stands:
drawing code takes sizes, colours and line widths from it (analysis/figures/style.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import font_scalings

from sim.kit.errors import RunError, closest

FLOOR = 6.0  # points at final size, below which type is not read in print
BUNDLED = ("paper", "talk")
_FOLDER = Path(__file__).parent / "styles"
_SIZES = (
    "font.size",
    "axes.titlesize",
    "axes.labelsize",
    "xtick.labelsize",
    "ytick.labelsize",
    "legend.fontsize",
    "legend.title_fontsize",
    "figure.titlesize",
    "figure.labelsize",
)


@dataclass(frozen=True, eq=False)
class Sheet:
    """A style: its name, and every rc parameter it sets, those of `paper` included."""

    name: str
    settings: dict[Any, Any]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Draw under this style alone, whatever the user's own settings are, and leave those alone."""
        with mpl.rc_context(), warnings.catch_warnings():
            # Names are the user's: a glyph the font lacks, or a name too long to lay out, stops no run.
            warnings.filterwarnings("ignore", message=r"Glyph|constrained_layout not applied")
            mpl.rcdefaults()
            mpl.rcParams.update(self.settings)
            yield


def sheet(style: str | Path = "paper") -> Sheet:
    """The style of that name, or in that file.

    Raises RunError where there is no such file, a key or a value is none of matplotlib's, or type is below FLOOR.
    """
    if str(style) in BUNDLED:
        return _bundled(str(style))
    path = Path(style)
    if not path.is_file():
        known = ", ".join(BUNDLED)
        raise RunError(f"style {str(style)!r}: no such file{closest(str(style), BUNDLED)}; {known} or a .mplstyle file")
    return _large_enough(Sheet(path.name, {**_bundled("paper").settings, **_read(path)}))


@cache
def _bundled(name: str) -> Sheet:
    own = _read(_FOLDER / f"{name}.mplstyle")
    return Sheet(name, own if name == "paper" else {**_bundled("paper").settings, **own})


def _read(path: Path) -> dict[str, Any]:
    """The parameters that a file sets; raises RunError naming the key."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"style {path}: cannot be read: {error}") from None
    found: Any = mpl.RcParams()  # checks each value
    for number, line in enumerate(lines, 1):
        key, colon, value = _stated(line)
        if not key:
            continue
        at = f"style {path}: line {number}"
        if not colon or key not in mpl.rcParams:
            raise RunError(f"{at}: unknown key {key!r}{closest(key, mpl.rcParams)}; keys are those of matplotlib")
        try:
            found[key] = value
        except ValueError as error:
            raise RunError(f"{at}: {' '.join(str(error).split())}") from None
    return dict(found)


def _stated(line: str) -> tuple[str, str, str]:
    """Key, colon and value of a line, without its comment; a # in quotes is none."""
    cut = next((k for k, c in enumerate(line) if c == "#" and not line[:k].count("'") % 2), len(line))
    key, colon, value = line[:cut].partition(":")
    return key.strip(), colon, value.strip().strip('"')


def _large_enough(of: Sheet) -> Sheet:
    """The style; raises RunError with every size below FLOOR."""
    base = float(of.settings["font.size"])
    small = {key: _in_points(of.settings.get(key), base) for key in _SIZES}
    faults = [
        f"style {of.name}: {key} is {size:.3g} pt; type in a figure is at least {FLOOR:g} pt"
        for key, size in small.items()
        if size < FLOOR
    ]
    if faults:
        raise RunError(*faults)
    return of


def points(key: str) -> float:
    """The size that the style in force gives to this type, in points; sizes such as "small" are of its font.size."""
    rc: Any = mpl.rcParams  # keys as text
    return _in_points(rc[key], float(mpl.rcParams["font.size"]))


def _in_points(size: Any, base: float) -> float:
    if size is None:
        return base
    return base * font_scalings[size] if isinstance(size, str) else float(size)
