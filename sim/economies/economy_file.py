"""A scenario of an economy, read from a TOML file: the key `economy`, its table, and the arms that override keys of it.

    economy = "matching"

    [matching]                                  # keys of the economy, written once
    days = 7

    [[arm]]
    name = "cap"
    matching = { instrument = "cap" }           # overrides keys
    vary = { cap = [1, 2, 3] }                  # an arm for each value; of several keys for each combination
    published = { welfare = [0.36, 0.38, 0.33] }    # a number for each of these arms, or one for all; nan: none

A [[figure]] has kind = "lines": x = a key that arms vary, or "step", and y = names of measures.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AllowInfNan, Field, ValidationError, create_model

from sim.economies.economy import ECONOMIES, Economy, Measure
from sim.kit.errors import ONES_OWN, ScenarioError, capped, closest, collected
from sim.kit.invalid import invalid, written
from sim.kit.names import alike, look_alike
from sim.kit.section import Section
from sim.kit.toml_file import check_depth
from sim.scenario.combinations import MOST_ARMS, combinations_of
from sim.scenario.figure_spec import FigureFile
from sim.scenario.file import key_path, set_key
from sim.scenario.model import AboutScenario, Name
from sim.scenario.scenario import digest_of

STEP = "step"
Known = Annotated[float, AllowInfNan()]  # nan: nothing is published
_OF_LINES = {"kind", "name", "x", "y", "scale", "arms", "title", "label", "unit", "order", "width", "footer"}


class EconomyArmFile(Section):
    """One arm as written, beside the table that overrides keys of the economy."""

    name: Name = Field(description="unique name of the arm")
    baseline: str | None = Field(None, description="arm that its paired differences are taken to; else the scenario's")
    vary: dict[str, list[Any]] = Field(
        default_factory=dict, description="key of the economy -> values; an arm for each combination"
    )
    published: dict[str, Known | list[Known]] = Field(
        default_factory=dict, description="measure -> what is published of it: a number, or one for each arm made"
    )


class EconomyFile(AboutScenario):
    """A scenario file of an economy, beside its table and its arms."""

    economy: str = Field(description="name of the economy (`bidlab list economies`)")
    replications: Annotated[int, Field(ge=1, le=10**9)] = Field(1, description="independent draws of what is random")
    figure: list[FigureFile] = Field(default_factory=list, description="figures, [[figure]] each")


@dataclass(frozen=True)
class EconomyArm:
    """One thing compared. group: the name that it shares with the arms that were made beside it. vary: its own values.

    published: measure -> what is published of it.
    """

    name: str
    group: str
    settings: Section
    vary: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, float] = field(default_factory=dict)
    baseline: str = ""


@dataclass(frozen=True)
class EconomyScenario:
    """A checked scenario of an economy. resolved: everything that decides the run, as JSON; written: as it was given.

    `baseline` of each arm is the name of an arm.
    """

    path: Path
    economy: Economy
    arms: tuple[EconomyArm, ...]
    figures: tuple[FigureFile, ...]
    resolved: dict[str, Any]
    written: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.path.stem

    @property
    def question(self) -> str:
        """The question it answers."""
        return str(self.resolved["question"])

    @property
    def finding(self) -> str:
        """What it found."""
        return str(self.resolved["finding"])

    @property
    def note(self) -> str:
        """Assumptions."""
        return str(self.resolved["note"])

    @property
    def replications(self) -> int:
        """Independent draws of what is random."""
        return int(self.resolved["replications"])

    def digest(self, plugins: Mapping[str, str]) -> str:
        """SHA-256 of the resolved scenario and its plugins, 64 hex digits."""
        return digest_of(self.resolved, (), plugins)


def resolve_economy(path: Path, raw: dict[str, Any]) -> EconomyScenario:
    """Check a scenario as written and read from `path`; raises ScenarioError naming file, key and what is allowed."""
    check_depth(str(path), raw)
    name = raw.get("economy")
    if not isinstance(name, str) or name not in ECONOMIES:
        allowed = ", ".join(ECONOMIES)
        near = closest(str(name), ECONOMIES)
        raise ScenarioError(f"{path}: economy: no economy {name!r}{near}; allowed: {allowed}{ONES_OWN}")
    file = _file(path, name, raw)
    economy = ECONOMIES[name]()
    arms, faults = list[EconomyArm](), list[str]()
    for entry in file.arm:
        with collected(faults):
            arms += _arms(path, economy, name, getattr(file, name), entry)
    if not faults:
        faults += [f"{path}: {line}" for line in _faults(arms, file, economy)]
    if faults:
        raise ScenarioError(*capped(faults))
    first = file.baseline or arms[0].name
    with collected(faults):
        arms = [_with_baseline(path, arm, first, arms) for arm in arms]
    if faults:
        raise ScenarioError(*capped(faults))
    keys = ("economy", "question", "source", "finding", "note", "seed", "replications")
    resolved = {"name": path.stem, **{key: getattr(file, key) for key in keys}, "arms": [_as_json(a) for a in arms]}
    if file.published:
        resolved["published"] = file.published
    return EconomyScenario(path, economy, tuple(arms), tuple(file.figure), resolved, raw)


def _file(path: Path, name: str, raw: dict[str, Any]) -> Any:
    """The file as a model, with a table of the economy's name in it and in each arm."""
    table: Any = (dict[str, Any], Field(default_factory=dict))
    arm: Any = create_model("EconomyArmFile", __base__=EconomyArmFile, **{name: table})
    listed: Any = (Annotated[list[arm], Field(min_length=1)], Field())
    model = create_model("EconomyFile", __base__=EconomyFile, arm=listed, **{name: table})
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise invalid(str(path), "", error, model) from None


def _arms(path: Path, economy: Economy, name: str, shared: Mapping[str, Any], entry: Any) -> list[EconomyArm]:
    where = f"{path}: arm {entry.name!r}"
    try:
        chosen = combinations_of(entry.vary)
    except ValueError as error:
        raise ScenarioError(f"{where}: vary.{error}") from None
    published = {key: _each(where, key, values, len(chosen)) for key, values in entry.published.items()}
    made, faults = [], list[str]()
    for place, (suffix, vary) in enumerate(chosen):
        table = {**copy.deepcopy(dict(shared)), **copy.deepcopy(getattr(entry, name))}
        with collected(faults):
            for key, value in vary.items():
                _set(where, table, key, value)
            settings = _settings(where if getattr(entry, name) or vary else str(path), name, economy, table)
            known = {key: values[place] for key, values in published.items() if not math.isnan(values[place])}
            made.append(EconomyArm(f"{entry.name}{suffix}", entry.name, settings, vary, known, entry.baseline or ""))
    if faults:
        raise ScenarioError(*capped(faults))
    return made


def _set(where: str, table: dict[str, Any], key: str, value: Any) -> None:
    try:
        set_key(table, key_path(key), value)
    except ValueError as error:
        raise ScenarioError(f"{where}: vary: {error}") from None


def _settings(where: str, name: str, economy: Economy, table: dict[str, Any]) -> Section:
    try:
        return economy.Settings.model_validate(table)
    except ValidationError as error:
        raise invalid(where, name, error, economy.Settings) from None


def _each(where: str, key: str, values: float | list[float], count: int) -> list[float]:
    """A published number for each arm made."""
    listed = values if isinstance(values, list) else [values] * count
    if len(listed) != count:
        raise ScenarioError(
            f"{where}: published.{key}: must have one number for each of {count} arm(s); got {len(listed)}"
        )
    if any(math.isinf(value) for value in listed):
        raise ScenarioError(f"{where}: published.{key}: must be finite, or nan where nothing is published; got inf")
    return listed


def _faults(arms: Sequence[EconomyArm], file: Any, economy: Economy) -> list[str]:
    """What of the arms and figures does not agree."""
    names, alone = Counter(arm.name for arm in arms), [one.name for one in economy.measures if not one.steps]
    found = [f"arm: two arms are named {name!r}" for name, count in names.items() if count > 1]
    if len(arms) > MOST_ARMS:
        found.append(f"arm: {len(arms):,} arms; at most {MOST_ARMS:,}")
    if two := look_alike(names):
        found.append(f"arm: {alike(*two)}")
    groups = {arm.group for arm in arms} | set(names)
    for where, name in [("", file.baseline), *((f"arm {entry.name!r}: ", entry.baseline) for entry in file.arm)]:
        if name is not None and name not in groups:
            found.append(
                f"{where}baseline: no arm {name!r}{closest(name, groups)}; allowed: {', '.join(sorted(groups))}"
            )
    for arm in arms:
        unknown = (_unknown("measure", key, alone) for key in arm.published if key not in alone)
        found += [f"arm {arm.group!r}: published: {line}" for line in unknown]
    played = [Varied(arm.name, arm.group, arm.vary) for arm in arms]
    for number, figure in enumerate(file.figure, 1):
        found += [f"figure number {number}: {line}" for line in figure_faults(figure, economy.measures, played)]
    shown = Counter(name_of(figure, place) for place, figure in enumerate(file.figure, 1))
    found += [f"figure: two figures are named {name!r}" for name, count in shown.items() if count > 1]
    return list(dict.fromkeys(found))


class Varied(NamedTuple):
    """An arm as a figure knows it; fields as in `EconomyArm`."""

    name: str
    group: str
    vary: Mapping[str, Any]

    def line(self, x: str | None) -> str:
        """The name of its line over x: its group with its values of other keys; its own where it does not vary x."""
        if x not in self.vary:
            return self.name
        return ", ".join([self.group, *(f"{key} {value}" for key, value in self.vary.items() if key != x)])


def is_level(value: Any) -> bool:
    """It has a place of its own on an axis: a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def figure_faults(figure: FigureFile, measures: Sequence[Measure], arms: Sequence[Varied]) -> list[str]:
    """What a [[figure]] asks for that there is not."""
    swept: dict[str, list[Any]] = {}
    for key, value in (one for arm in arms for one in arm.vary.items()):
        swept.setdefault(key, []).append(value)
    if figure.kind != "lines":
        return [f'kind: of an economy must be "lines"; got {written(figure.kind)}']
    found = [f"{key}: has no meaning in an economy" for key in sorted(figure.model_fields_set - _OF_LINES)]
    allowed = [*swept, *([STEP] if any(one.steps for one in measures) else [])]
    if figure.x not in allowed:
        found.append(f"x: {_unknown('key that arms vary', str(figure.x), allowed)}")
    known = [one.name for one in measures if one.steps == (figure.x == STEP)]
    shown = asked(figure, known)
    found += [f"y: {_unknown('measure', name, known)}" for name in shown if name not in known]
    found += [f"y: {name!r} is there twice" for name in dict.fromkeys(shown) if shown.count(name) > 1]
    if figure.scale == "log":
        refused = [0] if figure.x == STEP else [v for v in swept.get(str(figure.x), ()) if not is_level(v) or v <= 0]
        found += [f'scale: "log" needs numbers above 0 along x; {figure.x} has {written(v)}' for v in refused[:1]]
    names = sorted({name for arm in arms for name in arm[:2]})
    found += [f"arms: {_unknown('arm', name, names)}" for name in figure.arms or () if name not in names]
    drawn = [arm for arm in arms if figure.arms is None or not {arm.name, arm.group}.isdisjoint(figure.arms)]
    lines = list(dict.fromkeys(arm.line(figure.x) for arm in drawn))
    found += [f"order: {_unknown('line', name, lines)}" for name in figure.order or () if name not in lines]
    for key, allowed in (("label", ["x", *shown, *lines]), ("unit", ["x", *shown])):
        stated = getattr(figure, key)
        words = stated if isinstance(stated, dict) else ()
        found += [f"{key}: {_unknown('axis or line', name, allowed)}" for name in words if name not in allowed]
    return found


def asked(figure: FigureFile, known: Sequence[str]) -> list[str]:
    """The measures that a figure shows; all there are where it does not say."""
    return list(known) if figure.y is None else [figure.y] if isinstance(figure.y, str) else figure.y


def name_of(figure: FigureFile, place: int) -> str:
    """The name of its files."""
    return figure.name or f"lines_{place}"


def _unknown(what: str, name: str, allowed: Sequence[str]) -> str:
    return f"no {what} {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed) or 'none'}"


def _with_baseline(path: Path, arm: EconomyArm, first: str, arms: Sequence[EconomyArm]) -> EconomyArm:
    """The arm with the name of the arm it is compared to: of a group, the first with its values of keys both vary."""
    wanted = arm.baseline or first
    if wanted in {other.name for other in arms}:
        return replace(arm, baseline=wanted)
    group = [other for other in arms if other.group == wanted]
    both = [key for key in arm.vary if key in group[0].vary]
    alike_ = [other for other in group if all(other.vary[key] == arm.vary[key] for key in both)]
    if not alike_:
        values = ", ".join(f"{key} = {written(arm.vary[key])}" for key in both)
        raise ScenarioError(
            f"{path}: arm {arm.name!r}: baseline: no arm of {wanted!r} has {values}; name one of them: "
            f"{', '.join(other.name for other in group)}"
        )
    return replace(arm, baseline=alike_[0].name)


def _as_json(arm: EconomyArm) -> dict[str, Any]:
    return {
        "name": arm.name,
        "group": arm.group,
        "baseline": arm.baseline,
        "vary": dict(arm.vary),
        "published": dict(arm.published),
        "settings": arm.settings.model_dump(mode="json"),
    }
