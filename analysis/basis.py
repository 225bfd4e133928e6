"""What 95 % intervals are over, in words: the clusters, how many, what couples them, and why a number has none.

Every table that is printed and every caption takes its words from here. The numbers are those of a CSV table, whose
columns NAME_low, NAME_se, NAME_clusters, clusters and, where there is one, coupled are read (analysis/cells.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from analysis.inference import CLUSTERS, LEAST, REPLAYED
from analysis.quantities.registered import never_known

FEW = 10  # clusters below which titles and captions say "only"
UNCHANGED = "no decision differs"
_LEAST = {CLUSTERS[by]: least for by, least in LEAST.items()}
_MOST_NAMES = 4  # named where an interval is missing
_OF_CLAIMS = "; of claims: "  # between what the clusters of a row and those of its claims are


class Number(NamedTuple):
    """An estimate that is printed or drawn, as far as its interval goes.

    of: its row. name: its column. what: its clusters, in words. n: how many. coupled: what couples the tasks of a
    replication. known: it has an interval. infinite: it is no number.
    """

    of: str
    name: str
    what: str
    n: int
    se: float
    known: bool
    coupled: str = ""
    infinite: bool = False


def numbers(frame: pd.DataFrame, key: str, names: Iterable[str], claims: bool = False) -> list[Number]:
    """The estimates `names` of every row of a table; undefined ones are left out. claims: they are of claims."""
    found, names = [], list(names)
    read = [name for name in (key, "clusters", "coupled") if name in frame]
    read += [f"{name}{part}" for name in names for part in ("", "_low", "_se", "_clusters")]
    for row in frame[list(dict.fromkeys(read))].to_dict("records"):
        market, _, own = str(row["clusters"]).partition(_OF_CLAIMS)
        what = own if claims and own else market
        coupled = "" if what != CLUSTERS["replication"] else str(row.get("coupled", "")).replace("; ", ", ")
        for name in names:
            if not pd.isna(row[name]):
                count, se, known = row[f"{name}_clusters"], row[f"{name}_se"], not pd.isna(row[f"{name}_low"])
                infinite = math.isinf(row[name])
                found.append(Number(str(row[key]), name, what, int(count), float(se), known, coupled, infinite))
    return found


def numbers_of_cells(rows: pd.DataFrame) -> list[Number]:
    """The estimates of rows of a sweep's table; undefined ones are left out."""
    columns = ["arm", "metric", "by", "clusters", "se", "low", "value"]
    return [
        Number(str(arm), metric, by, int(count), se, not math.isnan(low))
        for arm, metric, by, count, se, low, value in zip(*(rows[name] for name in columns), strict=True)
        if not math.isnan(value)
    ]


def over(found: Iterable[Number]) -> str:
    """What the intervals are over, e.g. "93 tasks"; each kind of cluster with its range; "" where there is no interval.

    >>> over([Number("a", "cost", "tasks", 60, 0.1, True), Number("b", "cost", "tasks", 93, 0.1, True)])
    '60 to 93 tasks'
    >>> over([Number("a", "cost", "replications", 6, 0.1, True, "market.capacity")])
    'only 6 replications (coupled by market.capacity)'
    """
    kinds: dict[tuple[str, str], list[int]] = {}
    for number in found:
        if number.known:
            kinds.setdefault((number.what, number.coupled), []).append(number.n)
    parts = []
    for (what, coupled), counts in kinds.items():
        because = f" (coupled by {coupled})" if coupled else ""
        parts.append(f"{_range(min(counts), max(counts), what)}{because}")
    return "; ".join(parts)


def title(found: Sequence[Number]) -> str:
    """What the title of a table says of its intervals.

    >>> title([Number("a", "cost", "tasks", 93, 0.1, True)]), title([Number("a", "cost", "tasks", 1, 0.1, False)])
    ('95% intervals over 93 tasks', 'no intervals')
    """
    what = over(found)
    return f"95% intervals over {what}" if what else "no intervals"


def missing(found: Sequence[Number]) -> list[str]:
    """A line for each reason why numbers have no interval, with their names.

    >>> missing([Number("a", "cost", "replications", 3, 0.1, False, "market.capacity")])
    ['no interval: 3 replications, at least 5 needed (coupled by market.capacity)']
    """
    reasons: dict[str, list[Number]] = {}
    for number in found:
        if not number.known:
            reasons.setdefault(_reason(number), []).append(number)
    return [f"no interval{_owner(which, found)}: {reason}" for reason, which in reasons.items()]


def _reason(number: Number) -> str:
    never = never_known(number.name.partition(":")[0])
    if never:
        return never
    if number.infinite:
        return "a claim of 0 or 1 was wrong, which makes it infinite"
    least = _LEAST.get(number.what, 2)
    if number.what == CLUSTERS["none"]:
        return (
            "what is done at one task follows from the other tasks; a recorded table of 50 tasks or more is replayed "
            "on redrawn tables"
        )
    if number.what == REPLAYED and math.isnan(number.se):
        return "not counted on redrawn tables"
    if number.n < least:
        coupled = f" (coupled by {number.coupled})" if number.coupled else ""
        return f"{number.n} {plural(number.what, number.n)}, at least {least} needed{coupled}"
    if number.se == 0:
        return "nothing varied"
    return "too few observations"


def _owner(which: Sequence[Number], found: Sequence[Number]) -> str:
    """Which numbers, unless it is all of them: columns where only some are, then rows where only some are."""
    rows, columns = (list(dict.fromkeys(getattr(number, part) for number in which)) for part in ("of", "name"))
    some_rows, some_columns = (
        len(part) < len({getattr(number, name) for number in found}) for part, name in ((rows, "of"), (columns, "name"))
    )
    if not (some_rows or some_columns):
        return ""
    named = [", ".join(name.replace("_", " ") for name in columns)] if some_columns else []
    named += [listed(rows)] if some_rows else []
    return f" for {' of '.join(named)}"


def listed(names: Sequence[str]) -> str:
    """Names, the first few of many.

    >>> listed(list("abcdef"))
    'a, b, c, d and 2 more'
    """
    left = len(names) - _MOST_NAMES
    return ", ".join(names) if left <= 0 else f"{', '.join(names[:_MOST_NAMES])} and {left} more"


def _range(low: int, high: int, what: str) -> str:
    """How many clusters, and that they are few."""
    if high < FEW:
        return f"only {low if low == high else f'{low} to {high}'} {what}"
    if low < FEW:
        return f"{low} to {high:,} {what}, some fewer than {FEW}"
    return f"{low:,} {what}" if low == high else f"{low:,} to {high:,} {what}"


def plural(what: str, n: int) -> str:
    """Clusters in words: one of them, or several.

    >>> plural("tasks", 1), plural("(replication, task) pairs", 2)
    ('task', '(replication, task) pairs')
    """
    return what.removesuffix("s") if n == 1 else what


def caption(found: Sequence[Number], method: str, cross: bool = True) -> str:
    """What the caption of a figure says of its intervals.

    method: how they are computed, e.g. "Student t". cross: what has none is drawn as a cross.
    """
    what = over(found)
    parts = [f"95% intervals over {what} ({method})"] if what else []
    return "; ".join([*parts, *(f"{'×, ' if cross else ''}{line}" for line in missing(found))])
