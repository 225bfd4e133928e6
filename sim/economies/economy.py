"""What an economy is: settings, measures, and a function that plays replications.

    @register_economy("coins")
    @dataclass(frozen=True)
    class Coins:
        summary = "n tosses of a coin"
        source = ""                                     # keys of REFERENCES.md
        Settings = CoinSettings                         # a Section: the table [coins] of a scenario
        measures = (Measure("heads", "share", "tosses that show heads"),)

        def play(self, settings, seed, replications):   # replications: a range
            drawn = uniform(seed, "toss", words_range(len(replications), replications.start), ...)
            return Played({"heads": (drawn < settings.chance).mean(axis=1)})

All chance comes from named draws (sim/kit/draws.py) whose first identity is the number of the replication, and none of
them depends on what an arm overrides, so that arms share their luck and are compared in pairs. A replication is the
same whatever else is played beside it: range(0, 10) gives the rows of range(0, 4) and range(4, 10), to the last bit.

Index convention: R replications first, then S steps. S follows from the settings alone. What is undefined is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import FloatArray
from sim.kit.kinds import Described, Registry
from sim.kit.section import Section

BLOCK = 32  # replications of a job, where an economy does not say
ACCOUNTS = ("replication", "step", "event", "from", "to", "kind", "unit", "amount")
_TAKEN = {  # keys of a scenario and columns of tables
    *("economy", "question", "source", "finding", "note", "seed", "baseline", "replications", "arm", "figure", "name"),
    *("vary", "published", "step", "replication", "group"),
}
_OF_TABLES = {*_TAKEN, "line", "x"}  # what no measure may be called
_PARTS = ("low", "high", "se", "se_mc", "clusters", "p", "p_holm")  # of a measure's columns


@dataclass(frozen=True)
class Measure:
    """A number that an economy gives for each replication, or for each of its steps.

    rate: it is 0 or 1 in each replication, or undefined, and its mean a share. steps: there is one for each step.
    """

    name: str
    unit: str
    meaning: str
    rate: bool = False
    steps: bool = False


@dataclass(frozen=True, eq=False)
class Played:
    """What replications came to.

    rows: measure -> (R,). steps: measure -> (R, S), NaN where a replication has ended. accounts: the columns ACCOUNTS,
    a row for each amount > 0 that goes from one party to another in an event; parties, kinds and units are words,
    "outside" is whoever is not modelled. A row takes as much as it gives, so each event sums to zero in every unit.
    """

    rows: Mapping[str, FloatArray]
    steps: Mapping[str, FloatArray] = field(default_factory=dict)
    accounts: Mapping[str, NDArray[Any]] | None = None


class Economy(Protocol):
    """An economy; see the module's text. `block`, where it has one, is the number of replications of a job."""

    @property
    def summary(self) -> str:
        """One line."""

    @property
    def source(self) -> str:
        """Keys of REFERENCES.md."""

    @property
    def Settings(self) -> type[Section]:  # noqa: N802 -- it holds a class
        """What its table in a scenario may hold."""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What it gives."""

    def play(self, settings: Any, seed: int, replications: range) -> Played:
        """What the replications of these numbers come to."""


def _check(name: str, part: Any) -> None:
    """Raise TypeError or ValueError where `part` is no economy."""
    at = f"economy {name!r}"
    if not isinstance(name, str):
        raise TypeError(f"{at}: the name must be text")
    if name in _TAKEN or name.startswith("_") or hasattr(Section, name):
        raise ValueError(f"{at}: the name is taken, as keys of every scenario are; choose another")
    settings = getattr(part, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Section)):
        raise TypeError(f"{at} must have Settings, a class of sim.kit.section.Section")
    measures = getattr(part, "measures", None)
    if not (isinstance(measures, tuple) and measures and all(isinstance(one, Measure) for one in measures)):
        raise TypeError(f"{at} must have measures, a tuple of Measure, not empty")
    names = [one.name for one in measures]
    for one in names:
        column = one in _OF_TABLES or any(f"{other}_{part}" == one for other in names for part in _PARTS)
        if not one.isidentifier() or column or names.count(one) > 1:
            raise ValueError(f"{at}: measure {one!r}: a name is a word, there once, and none of a column's")
    block = getattr(part, "block", BLOCK)
    if not isinstance(block, int) or isinstance(block, bool) or block < 1:
        raise ValueError(f"{at}: block: must be a whole number >= 1; got {block!r}")
    if not isinstance(getattr(part, "summary", None), str) or not isinstance(getattr(part, "source", None), str):
        raise TypeError(f"{at} must have summary and source, both str")


def _described(part: Any) -> Described:
    keys = part.Settings.model_fields.items()
    stated = (
        name if of.is_required() else f"{name} = {of.get_default(call_default_factory=True)}" for name, of in keys
    )
    return Described(part.summary, ", ".join(stated), part.source)


ECONOMIES: Registry[str, type[Economy]] = Registry(
    "economy",
    "decorate a frozen dataclass with @register_economy('name')",
    methods={"play": "settings, seed, replications"},
    check=_check,
    describe=_described,
)
register_economy = ECONOMIES.register


def faults_in(economy: Economy, played: Any, replications: range) -> Iterator[str]:
    """What is wrong with what an economy gave for these replications, a sentence each."""
    if not isinstance(played, Played):
        yield f"play: must return a Played; got {type(played).__name__}"
        return
    for what, made, steps in (("rows", played.rows, False), ("steps", played.steps, True)):
        if not isinstance(made, Mapping):
            yield f"play: {what} must be a dict, measure -> floats; got {type(made).__name__}"
            continue
        wanted = [one for one in economy.measures if one.steps == steps]
        if sorted(map(str, made)) != sorted(one.name for one in wanted):
            names = ", ".join(one.name for one in wanted)
            yield f"play: {what} must hold {names or 'nothing'}; got {', '.join(map(str, made)) or 'nothing'}"
            continue
        lengths = set()
        for one in wanted:
            values = _as_array(made[one.name])
            yield from (f"play: {what}: {one.name} {line}" for line in _value_faults(one, values, len(replications)))
            lengths.add(values.shape[1:])
        if len(lengths) > 1:
            yield f"play: {what}: all must have as many steps; got {', '.join(map(str, sorted(lengths)))}"
    if played.accounts is not None:
        yield from (f"play: accounts{line}" for line in _account_faults(played.accounts, replications))


def _as_array(values: Any) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError:  # rows of different lengths
        return np.array(None)


def _value_faults(one: Measure, values: NDArray[Any], count: int) -> Iterator[str]:
    if values.dtype.kind != "f" or values.ndim != 1 + one.steps or len(values) != count or values.shape[1:] == (0,):
        shape = f"({count}, steps), one at least" if one.steps else f"({count},)"
        yield f"must be floats of shape {shape}; got {values.dtype} of {values.shape}"
    elif np.isinf(values).any():
        yield "must be finite, or NaN where it is undefined; got inf"
    elif one.rate and not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        other = values[~np.isnan(values) & ~np.isin(values, (0.0, 1.0))][0]
        yield f"is declared a rate, and must be 0 or 1 in each replication; got {other:g}"


def _account_faults(accounts: Any, replications: range) -> Iterator[str]:
    if not isinstance(accounts, Mapping) or tuple(accounts) != ACCOUNTS:
        got = ", ".join(map(str, accounts)) if isinstance(accounts, Mapping) else type(accounts).__name__
        yield f" must have the columns {', '.join(ACCOUNTS)}; got {got}"
        return
    for name, column in accounts.items():
        kinds = "iu" if name in ACCOUNTS[:3] else "f" if name == "amount" else "UO"
        if not isinstance(column, np.ndarray) or column.ndim != 1 or (len(column) and column.dtype.kind not in kinds):
            what = {"iu": "whole numbers", "f": "floats", "UO": "words"}[kinds]
            got = f"{column.dtype} of {column.shape}" if isinstance(column, np.ndarray) else type(column).__name__
            yield f": {name} must be an array of {what} of one dimension; got {got}"
            return
        if column.dtype.kind == "O" and not all(isinstance(word, str) for word in column):
            yield f": {name} must be words; got {next(word for word in column if not isinstance(word, str))!r}"
            return
    if len({len(column) for column in accounts.values()}) > 1:
        yield ": columns are of different lengths"
        return
    amount, number = accounts["amount"], accounts["replication"]
    if not (np.isfinite(amount) & (amount > 0)).all():
        yield ": amounts must be finite and > 0; what goes the other way is a row the other way"
    if len(number) and not (replications.start <= number.min() <= number.max() < replications.stop):
        played = f"{replications.start} ... {replications.stop - 1}"
        yield f": replications must be those that were played, {played}; got {number.min()} ... {number.max()}"
    if (accounts["from"] == accounts["to"]).any():
        yield ": nobody gives to itself"
    order = np.lexsort([accounts[name] for name in reversed(ACCOUNTS[:3])])
    if (np.diff(order) < 0).any():
        yield " must be in the order of replication, step and event"


def balances(accounts: Mapping[str, NDArray[Any]]) -> dict[tuple[Any, ...], float]:
    """(replication, unit, party) -> what it has received less what it has given, over all events.

    >>> columns = {"replication": [0], "unit": ["$"], "from": ["a"], "to": ["b"], "amount": [2.0]}
    >>> balances({name: np.array(column) for name, column in columns.items()})
    {(0, '$', 'a'): -2.0, (0, '$', 'b'): 2.0}
    """
    found: dict[tuple[Any, ...], float] = {}
    columns = [accounts[name].tolist() for name in ("replication", "unit", "from", "to", "amount")]
    for replication, unit, giver, taker, amount in zip(*columns, strict=True):
        for party, signed in ((giver, -amount), (taker, amount)):
            found[replication, unit, party] = found.get((replication, unit, party), 0.0) + signed
    return found
