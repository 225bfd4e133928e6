"""The factors of a sweep: what [sweep] of a scenario says, and the grid of cells it spans.

    "tender.penalty" = [0.0, 1.0, 2.0]                                a list of values
    "world.infra"    = { from = 0.0, to = 0.5, steps = 6 }            equally spaced, both ends included
    "tender.reserve" = { from = 0.1, to = 10, steps = 5, scale = "log" }
    zip = [["tender.value", "tender.penalty"]]                        these advance together, as one factor
    quantities = ["auc", "regret_outcome"]                            no factor: more to keep (analysis/quantities/)

Cells are the Cartesian product of the factors in the file's order, the last one fastest.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from sim.kit.errors import closest
from sim.kit.invalid import fault_lines, number, written
from sim.kit.section import Section
from sim.scenario.file import key_path

MOST_CELLS = 100_000
MOST_KEYS = 100
SECTIONS = ("world", "tender", "market", "bidders", "standing")
_ZIP, _QUANTITIES = "zip", "quantities"
_ONE_SWEEP = {
    "seed": "is no factor: every cell plays the same replications, so that cells differ by their settings alone; "
    "give --seed",
    "replications": "is no factor: every cell plays the same replications; give --replications or --precision",
    "arm": "is no factor: mechanisms are the arms, and a list given for a mechanism's parameter makes several",
    "world.table": "is no factor: all cells share one table",
    "world.columns": "is no factor: all cells share one table",
    "world.profile": "is no factor: all cells share one profile",
    "world.agents": "is no factor: all cells have the same agents; sweep their knobs, e.g. world.agents.NAME.skill",
    "world.names": "is no factor: all cells have the same agents; state the most names, and sweep who bids under them",
    "world.shill": "is no factor: all cells have the same agents; sweep what it bids",
}


class Span(Section):
    """Values between two ends, both included."""

    first: float = Field(alias="from", description="first value")
    last: float = Field(alias="to", description="last value")
    steps: Annotated[int, Field(ge=2, le=MOST_CELLS)] = Field(description="number of values")
    scale: Literal["linear", "log"] = Field("linear", description='"linear" or "log": equal steps, or equal factors')

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.first == self.last:
            yield f"from and to must differ; got {number(self.first)} for both"
        if self.scale == "log" and min(self.first, self.last) <= 0:
            yield 'from and to must be > 0 where scale = "log"'

    def values(self) -> list[Any]:
        """The values, whole numbers where both ends and all steps are."""
        first, last, gaps = self.first, self.last, self.steps - 1
        if self.scale == "log":
            between = [first * (last / first) ** (k / gaps) for k in range(self.steps)]
        else:
            between = [first + (last - first) * k / gaps for k in range(self.steps)]
        return [float(f"{value:.12g}") for value in between]


@dataclass(frozen=True)
class Factor:
    """Keys that advance together. values: one tuple for each level, a value for each key."""

    keys: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]

    @property
    def name(self) -> str:
        """The keys as one word."""
        return " & ".join(self.keys)


def parse_factors(raw: dict[str, Any]) -> tuple[Factor, ...]:
    """The factors of a [sweep] section; raises ValueError naming key, value and what is allowed."""
    if not isinstance(raw, dict):
        raise ValueError(f"must be a table, {{key = value}}; got {written(raw)}")
    asked_for(raw)
    if len(raw) > MOST_KEYS:
        raise ValueError(f"{len(raw):,} keys; at most {MOST_KEYS}")
    values = {key: _values(key, spec) for key, spec in raw.items() if key not in (_ZIP, _QUANTITIES)}
    _check_apart(list(values))
    factors = _zipped(values, raw.get(_ZIP, []))
    cells = math.prod(len(factor.values) for factor in factors)
    if cells > MOST_CELLS:
        raise ValueError(f"{cells:,} cells; at most {MOST_CELLS:,}")
    return factors


def asked_for(raw: dict[str, Any]) -> tuple[str, ...]:
    """Names of the quantities that a [sweep] section asks for; raises ValueError where they are no list of names."""
    names = raw.get(_QUANTITIES, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f'quantities: must be a list of names, e.g. ["auc"]; got {written(names)}')
    return tuple(dict.fromkeys(names))


def levels(factors: Sequence[Factor]) -> list[dict[str, Any]]:
    """The cells in order, each as swept key -> value.

    >>> levels([Factor(("a",), ((1,), (2,))), Factor(("b", "c"), ((3, 4), (5, 6)))])[1]
    {'a': 1, 'b': 5, 'c': 6}
    """
    cells = []
    for chosen in itertools.product(*(factor.values for factor in factors)):
        pairs = (zip(factor.keys, level, strict=True) for factor, level in zip(factors, chosen, strict=True))
        cells.append(dict(itertools.chain.from_iterable(pairs)))
    return cells


def short_key(key: str) -> str:
    """A dotted key in short, for a heading or an axis.

    >>> short_key("world.agents.gemini-3-pro.overconfidence"), short_key("tender.penalty")
    ('overconfidence of gemini-3-pro', 'penalty')
    >>> short_key('world.agents."*".signal.fit')
    'signal.fit of all agents'
    """
    section, _, rest = key.partition(".")
    if section == "world" and rest.startswith("agents."):
        _, _, agent, *knob = key_path(key)
        named = ".".join(knob).replace("_", " ")
        return f"{named} of {'all agents' if agent == '*' else agent}" if knob else agent
    return rest.replace("_", " ")


def _values(key: str, spec: Any) -> list[Any]:
    _check_key(key, spec)
    if isinstance(spec, dict):
        spec = _span(key, spec)
    if not isinstance(spec, list):
        raise ValueError(f"{key}: must be a list of values, or {{from, to, steps}}; got {written(spec)}")
    if not spec:
        raise ValueError(f"{key}: an empty list makes no cell")
    if len(spec) > MOST_CELLS:
        raise ValueError(f"{key}: lists {len(spec):,} values; at most {MOST_CELLS:,}")
    seen = set()
    for value in spec:
        known = isinstance(value, bool), value
        if isinstance(value, dict | list):
            known = False, json.dumps(value, sort_keys=True, default=str)
        if known in seen:
            raise ValueError(f"{key}: lists {written(value)} twice")
        seen.add(known)
    return spec


def _check_key(key: str, spec: Any) -> None:
    nested = isinstance(spec, dict) and any(isinstance(inner, dict | list) for inner in spec.values())
    if key in SECTIONS or nested:
        inner = next(iter(spec), "key") if isinstance(spec, dict) else "key"
        raise ValueError(f'{key}: keys of [sweep] are whole dotted keys in quotes, e.g. "{key}.{inner}" = [...]')
    path = key_path(key)
    for refused in (path[0], ".".join(path[:2])):
        if refused in _ONE_SWEEP and (refused != "world.agents" or len(path) == 2):
            raise ValueError(f"{refused}: {_ONE_SWEEP[refused]}")
    if path[0] not in SECTIONS or len(path) < 2:
        allowed = ", ".join(f"{section}.KEY" for section in SECTIONS)
        raise ValueError(f"{key}: unknown section{closest(path[0], SECTIONS)}; allowed: {allowed}")


def _check_apart(keys: Sequence[str]) -> None:
    """No swept key may be another, or lie inside another."""
    paths = sorted((key_path(key), key) for key in keys)
    for (path, one), (longer, other) in itertools.pairwise(paths):  # what lies inside a key follows it at once
        if longer[: len(path)] == path:
            raise ValueError(f"{other}: is set by {one} too; sweep one of them")


def _span(key: str, spec: dict[str, Any]) -> list[Any]:
    try:
        span = Span.model_validate(spec)
    except ValidationError as error:
        raise ValueError("\n".join(fault_lines(key, error, Span))) from None
    values = span.values()
    whole = all(isinstance(spec[end], int) for end in ("from", "to")) and all(v == int(v) for v in values)
    return [int(value) for value in values] if whole else values


def _zipped(values: dict[str, list[Any]], groups: Any) -> tuple[Factor, ...]:
    """Factors in the file's order; those that advance together stand where the first of them stands."""
    if not isinstance(groups, list) or any(not isinstance(group, list) or len(group) < 2 for group in groups):
        raise ValueError(f'{_ZIP}: must be lists of at least two keys, [["key1", "key2"]]; got {written(groups)}')
    together: dict[str, list[str]] = {}
    for key in itertools.chain.from_iterable(groups):
        if key not in values:
            raise ValueError(f"{_ZIP}: no swept key {key!r}{closest(str(key), values)}; swept: {', '.join(values)}")
        if key in together:
            raise ValueError(f"{_ZIP}: {key!r} twice")
        together[key] = next(group for group in groups if key in group)
    factors = []
    for key in values:
        keys = sorted(together.get(key, [key]), key=list(values).index)
        if keys[0] == key:
            factors.append(Factor(tuple(keys), _together({name: values[name] for name in keys})))
    return tuple(factors)


def _together(columns: dict[str, list[Any]]) -> tuple[tuple[Any, ...], ...]:
    counts = {name: len(column) for name, column in columns.items()}
    if len(set(counts.values())) > 1:
        counted = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ValueError(f"{_ZIP}: keys that advance together need equally many values; {counted}")
    return tuple(zip(*columns.values(), strict=True))
