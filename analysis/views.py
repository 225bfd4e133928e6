"""What the tables that `show` prints share: columns of estimates with their intervals, and lines on what has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.basis import Number, missing
from sim.kit.terminal import Column, Sheet, estimate_column, number_column, shown_name

Shown = Mapping[str, tuple[bool, int]]  # column -> (with its interval, rank by which it is left out; 0 is kept)


def text(frame: pd.DataFrame, name: str, head: str | None = None) -> Column:
    """A column of names, which are repeated where the table goes on below."""
    return Column(
        name if head is None else head, [shown_name(str(value)) for value in frame[name]], left=True, key=True
    )


def estimates(frame: pd.DataFrame, name: str, rank: int = 0, head: str | None = None) -> Column:
    """A column of estimates with their intervals."""
    parts = (frame[column] for column in (name, f"{name}_low", f"{name}_high"))
    return estimate_column(_head(name) if head is None else head, zip(*parts, strict=True), rank)


def values(frame: pd.DataFrame, name: str, rank: int = 0, head: str | None = None) -> Column:
    """A column of numbers without intervals; its head takes a line for each word."""
    head = _head(name).replace(" ", "\n") if head is None else head
    if frame[name].dropna().gt(1).any() and frame[name].dropna().mod(1).eq(0).all():
        return Column(head, [f"{int(value):,}" if value == value else "-" for value in frame[name]], rank=rank)
    return number_column(head, frame[name], rank)


def of_frame(frame: pd.DataFrame, shown: Shown) -> list[Column]:
    """The columns of `shown` that the table has and that are defined somewhere."""
    kept = {name: how for name, how in shown.items() if name in frame and frame[name].notna().any()}
    return [(estimates if interval else values)(frame, name, rank) for name, (interval, rank) in kept.items()]


def with_coupled(frame: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """The table with what couples the tasks of its arms, and of their baselines, in a column `coupled`."""
    of = dict(zip(summary["arm"], summary["coupled"], strict=True))
    arms = [frame[key] for key in ("arm", "baseline") if key in frame]
    words = []
    for row in zip(*arms, strict=True):
        words.append(", ".join(dict.fromkeys(word for arm in row for word in of[arm].split("; ") if word)))
    return frame.copy().assign(coupled=words)


def with_intervals(frame: pd.DataFrame, shown: Shown) -> list[str]:
    """Names of the columns of `shown` that stand with their intervals."""
    return [name for name, (interval, _) in shown.items() if interval and name in frame]


def table(columns: Sequence[Column], title: str, found: Iterable[Number], where: str) -> list[Any]:
    """The table; below it why numbers have no interval, and what there was no room for. where: it is, e.g. a file."""
    return [Sheet(title, columns, where), *missing(list(found))]


def _head(name: str) -> str:
    return name.replace("_", " ")
