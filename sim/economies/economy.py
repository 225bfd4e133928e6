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


@dataclass(frozen=True)
class Measure:
    """A number that an economy gives for each replication, or for each of its steps.

    rate: it is 0 or 1 in each replication, and its mean a share of them. steps: there is one for each step.
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
    if name in _TAKEN:
        raise ValueError(f"{at}: the name is a key of every scenario; choose another")
    settings = getattr(part, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Section)):
        raise TypeError(f"{at} must have Settings, a class of sim.kit.section.Section")
    measures = getattr(part, "measures", None)
    if not (isinstance(measures, tuple) and measures and all(isinstance(one, Measure) for one in measures)):
        raise TypeError(f"{at} must have measures, a tuple of Measure, not empty")
    names = [one.name for one in measures]
    for one in names:
        if not one.isidentifier() or one in _TAKEN or names.count(one) > 1:
            raise ValueError(f"{at}: measure {one!r}: a name is a word, there once, and none of a column's")
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


def faults_in(economy: Economy, played: Any, replications: int) -> Iterator[str]:
    """What is wrong with what an economy gave for so many replications, a sentence each."""
    if not isinstance(played, Played):
        yield f"play: must return a Played; got {type(played).__name__}"
        return
    for what, made, steps in (("rows", played.rows, False), ("steps", played.steps, True)):
        wanted = [one.name for one in economy.measures if one.steps == steps]
        if sorted(made) != sorted(wanted):
            yield f"play: {what} must hold {', '.join(wanted) or 'nothing'}; got {', '.join(made) or 'nothing'}"
        lengths = set()
        for name, values in made.items():
            found = np.asarray(values)
            if found.dtype.kind != "f" or found.ndim != 1 + steps or len(found) != replications:
                shape = f"({replications}, steps)" if steps else f"({replications},)"
                yield f"play: {what}: {name} must be floats of shape {shape}; got {found.dtype} of {found.shape}"
            lengths.add(found.shape[1:])
        if steps and len(lengths) > 1:
            yield f"play: steps: all must have as many steps; got {', '.join(map(str, sorted(lengths)))}"
    if played.accounts is not None:
        yield from _account_faults(played.accounts)


def _account_faults(accounts: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    if tuple(accounts) != ACCOUNTS:
        yield f"play: accounts must have the columns {', '.join(ACCOUNTS)}; got {', '.join(accounts)}"
        return
    if len({len(column) for column in accounts.values()}) > 1:
        yield "play: accounts: columns are of different lengths"
        return
    amount = np.asarray(accounts["amount"], np.float64)
    if not (np.isfinite(amount) & (amount > 0)).all():
        yield "play: accounts: amounts must be finite and > 0; what goes the other way is a row the other way"
    if (np.asarray(accounts["from"]) == np.asarray(accounts["to"])).any():
        yield "play: accounts: nobody gives to itself"
    places = [tuple(row) for row in zip(*(accounts[name].tolist() for name in ACCOUNTS[:3]), strict=True)]
    if places != sorted(places):
        yield "play: accounts must be in the order of replication, step and event"


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
