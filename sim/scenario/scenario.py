"""A scenario: one question, one world, and the arms that are compared in it, read from a TOML file.

The sections [world], [tender], [market], [bidders] and [standing] are written once; an arm overrides keys of them one
by one (an overriding key replaces the whole value of that key). A list given for a mechanism's parameter makes one
arm for each element. What each key may hold is in sim/specs/settings.py.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError

from sim.kit.errors import ScenarioError, closest
from sim.kit.invalid import first_fault, invalid
from sim.kit.parameters import build, read_back
from sim.mechanisms import Mechanism, lookup
from sim.scenario.axes import Factor
from sim.scenario.figure_spec import FigureFile
from sim.scenario.file import read_raw
from sim.scenario.model import ArmFile, ScenarioFile
from sim.specs.settings import Settings
from sim.standing.records import check_splits
from sim.world.origin import input_files

SECTIONS = ("world", "tender", "market", "bidders", "standing")
_ONE_WORLD = ("table", "columns", "beyond_tries", "profile", "tasks", "parameters")


@dataclass(frozen=True)
class Arm:
    """One thing compared: a mechanism and the settings it runs under. label: the rule with its parameters.

    panel: what the arm's name ends with where it is one of several worlds, e.g. " [sigma_u 1.0]"; else "".
    baseline: the arm that it is compared to, without its panel; None: the scenario's.
    """

    name: str
    mechanism: Mechanism
    settings: Settings
    label: str
    panel: str = ""
    baseline: str | None = None


@dataclass(frozen=True, repr=False)
class Scenario:
    """A checked scenario. folder: where relative paths start. resolved: everything that decides the run, as JSON.

    path, written: the file it stands in and what it says there, changes included; None and empty where a run's folder
    was opened, which keeps what was resolved alone. factors, figures: of its sweep.
    """

    load: ClassVar[Callable[..., Scenario]]  # ways to make one from Python, which sim/scenario/given.py adds
    of: ClassVar[Callable[..., Scenario]]

    name: str
    folder: Path
    question: str
    source: str
    finding: str
    note: str
    baseline: str
    seed: int
    replications: int
    arms: tuple[Arm, ...]
    resolved: dict[str, Any]
    path: Path | None = None
    written: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    factors: tuple[Factor, ...] = ()
    figures: tuple[FigureFile, ...] = ()

    def __repr__(self) -> str:
        """Its question and its size."""
        return f"Scenario {self.name}: {self.question} ({len(self.arms)} arm(s), {self.replications} replication(s))"

    def baseline_of(self, arm: Arm) -> str:
        """Name of the arm that this one's paired differences are taken to: its baseline in the same panel."""
        return (self.baseline if arm.baseline is None else arm.baseline) + arm.panel

    @property
    def inputs(self) -> list[Path]:
        """The files the scenario reads: its table, or its profile."""
        return input_files(self.arms[0].settings.world, self.folder)

    def digest(self, plugins: Mapping[str, str] | None = None) -> str:
        """SHA-256 of the resolved scenario, its inputs and its plugins (file name -> SHA-256), 64 hex digits."""
        return digest_of(self.resolved, [path.read_bytes() for path in self.inputs], plugins)


def digest_of(resolved: Mapping[str, Any], inputs: Iterable[bytes], plugins: Mapping[str, str] | None = None) -> str:
    """SHA-256 of a resolved scenario, the bytes of its inputs and its plugins, 64 hex digits."""
    whole = hashlib.sha256(json.dumps(resolved, sort_keys=True).encode())
    for content in inputs:
        whole.update(content)
    whole.update(json.dumps(plugins or {}, sort_keys=True).encode())
    return whole.hexdigest()


def load_scenario(
    path: Path,
    *,
    seed: int | None = None,
    replications: int | None = None,
    overrides: Sequence[str] = (),
    mechanisms: Sequence[str] = (),
) -> Scenario:
    """Read and check the scenario at `path`; the options are those of `sim.scenario.file.read_raw`.

    Raises ScenarioError, in one line, naming file, key, what is allowed and the closest spelling.
    """
    raw = read_raw(path, seed=seed, replications=replications, overrides=overrides, mechanisms=mechanisms)
    return resolve(path, raw)


def resolve(path: Path, raw: dict[str, Any]) -> Scenario:
    """Check a scenario as written and read from `path`; raises ScenarioError as `load_scenario` does."""
    try:
        file = ScenarioFile.model_validate(raw)
    except ValidationError as error:
        raise invalid(str(path), "", error, ScenarioFile) from None
    arms = _by_panel(itertools.chain.from_iterable(_arms(path, file, entry) for entry in file.arm))
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(f"{path}: arm: two arms are named {name!r}")
    baseline = names[0].removesuffix(arms[0].panel) if file.baseline is None else file.baseline
    _check_replications(path, arms, file.replications)
    for arm in arms:
        where, chosen = ("", baseline) if arm.baseline is None else (f"arm {arm.name!r}: ", arm.baseline)
        if chosen + arm.panel not in names:
            allowed = ", ".join(names)
            raise ScenarioError(
                f"{path}: {where}baseline: no arm {chosen!r}{closest(chosen, names)}; the arms are {allowed}"
            )
    resolved = {
        "name": path.stem,
        "question": file.question,
        "source": file.source,
        "finding": file.finding,
        "note": file.note,
        "baseline": baseline,
        "seed": file.seed,
        "replications": file.replications,
        "arms": [_as_json(arm) for arm in arms],
    }
    made = _scenario(path.parent, arms, resolved)
    return dataclasses.replace(made, path=path, written=raw, factors=file.sweep, figures=tuple(file.figure))


def _check_replications(path: Path, arms: Iterable[Arm], replications: int) -> None:
    """Raise ScenarioError where an arm asks for more than there are."""
    for arm in arms:
        try:
            check_splits(arm.settings.records, replications)
        except ValueError as error:
            raise ScenarioError(f"{path}: arm {arm.name!r}: {error}") from None


def _by_panel(arms: Iterable[Arm]) -> tuple[Arm, ...]:
    """The arms with those of one panel together, otherwise in the file's order."""
    listed = list(arms)
    panels = list(dict.fromkeys(arm.panel for arm in listed))
    return tuple(sorted(listed, key=lambda arm: panels.index(arm.panel)))


def _scenario(folder: Path, arms: tuple[Arm, ...], resolved: dict[str, Any]) -> Scenario:
    keys = ("name", "question", "source", "finding", "note", "baseline", "seed", "replications")
    return Scenario(folder=folder, arms=arms, resolved=resolved, **{key: resolved[key] for key in keys})


def _arms(path: Path, file: ScenarioFile, entry: ArmFile) -> list[Arm]:
    where = f"{path}: arm {entry.name!r}"
    for key in _ONE_WORLD:
        if key in entry.world:
            raise ScenarioError(f"{where}: world.{key}: all arms share one world; set it in [world]")
    if isinstance(entry.world.get("agents"), list):
        raise ScenarioError(f"{where}: world.agents: all arms have the same agents; list them in [world]")
    name, parameters = entry.mechanism
    try:
        expanded = _expand(parameters)
    except ValueError as error:
        raise ScenarioError(f"{where}: mechanism.{name}.{error}") from None
    arms = []
    for panel, merged in _panels({s: {**copy.deepcopy(getattr(file, s)), **getattr(entry, s)} for s in SECTIONS}):
        settings = _settings(path, where, entry, merged)
        for suffix, chosen in expanded:
            rule = _mechanism(where, name, chosen)
            full = f"{entry.name}{suffix}{panel}"
            arms.append(Arm(full, rule, settings, label_of(rule), panel, entry.baseline))
    return arms


def _panels(merged: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The arm's sections once for each sigma_u where [world] lists several, with what that adds to the arm's name."""
    listed = merged["world"].get("sigma_u") if isinstance(merged["world"], dict) else None
    if not isinstance(listed, list) or not listed:
        return [("", merged)]
    return [(f" [sigma_u {value}]", {**merged, "world": {**merged["world"], "sigma_u": value}}) for value in listed]


def _settings(path: Path, where: str, entry: ArmFile, merged: dict[str, Any]) -> Settings:
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        place = [str(part) for part in first_fault(error)["loc"]]  # empty for a check across sections
        overridden = getattr(entry, place[0]) if place else {}
        own = overridden if len(place) < 2 else place[1] in overridden
        raise invalid(where if own else str(path), "", error, Settings) from None


def _expand(parameters: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """One set of parameters for each combination of the lists in `parameters`, with what it adds to the arm's name."""
    lists = [key for key, value in parameters.items() if isinstance(value, list)]
    for key in lists:
        if not parameters[key]:
            raise ValueError(f"{key}: an empty list makes no arm")
    combinations = itertools.product(*(parameters[key] for key in lists))
    expanded = []
    for values in combinations:
        chosen = dict(zip(lists, values, strict=True))
        suffix = f" {', '.join(map(str, values))}" if values else ""
        expanded.append((suffix, {**parameters, **chosen}))
    return expanded


def _mechanism(where: str, name: str, parameters: dict[str, Any]) -> Mechanism:
    try:
        return build(lookup(name), parameters)
    except ScenarioError as error:
        raise ScenarioError(f"{where}: mechanism: {error}") from None
    except ValueError as error:
        raise ScenarioError(f"{where}: mechanism.{name}.{error}") from None


def label_of(rule: Mechanism) -> str:
    """The rule's name with the parameters that differ from their defaults.

    >>> from sim.mechanisms.score import SecondScore
    >>> label_of(SecondScore()), label_of(SecondScore(score="q(V-a)"))
    ('second_score', 'second_score(score=q(V-a))')
    """
    given = []
    defaults = rule.defaults
    for name, value in rule.parameters.items():
        if name not in defaults or value != defaults[name]:
            given.append(f"{name}={value}")
    return f"{rule.name}({', '.join(given)})" if given else rule.name


def reopened(resolved: dict[str, Any], folder: Path) -> Scenario:
    """The scenario a run resolved, with its table now in `folder`; needs the plugins it ran with, if any."""
    where = f"run of {resolved['name']}"
    arms = []
    for entry in resolved["arms"]:
        sections = {section: copy.deepcopy(entry[section]) for section in SECTIONS}
        _relocate(sections["world"])
        _limitless(sections)
        rule = _mechanism(where, entry["mechanism"], read_back(lookup(entry["mechanism"]), entry["parameters"]))
        arms.append(
            Arm(
                entry["name"],
                rule,
                Settings.model_validate(sections),
                label_of(rule),
                entry["panel"],
                entry.get("baseline"),
            )
        )
    return _scenario(folder, tuple(arms), resolved)


def _limitless(sections: dict[str, Any]) -> None:
    """Turn "inf", as JSON has it, back into the number where a key may hold it."""
    tender, bidders = sections["tender"], sections["bidders"]
    places = [(sections["market"], "capacity"), (tender, "budget"), (bidders, "bankroll")]
    places += [(one, "budget") for one in tender.get("principals") or []]
    if isinstance(bidders.get("bankroll"), dict):
        places += [(bidders["bankroll"], name) for name in bidders["bankroll"]]
    for table, key in places:
        if table.get(key) == "inf":
            table[key] = math.inf
    plans = bidders["plans"]
    if plans is not None:
        plans["budgets"] = [math.inf if budget == "inf" else budget for budget in plans["budgets"]]


def _relocate(world: dict[str, Any]) -> None:
    """Point [world] to its inputs where a run keeps them."""
    if world["table"] is not None:
        world["table"] = Path(world["table"]).name
    else:
        world["profile"] = f"{Path(world['profile']).name.removesuffix('.toml')}.toml"


def _as_json(arm: Arm) -> dict[str, Any]:
    settings = arm.settings.model_dump()
    rule = {"mechanism": arm.mechanism.name, "parameters": _finite(arm.mechanism.parameters)}
    own = {} if arm.baseline is None else {"baseline": arm.baseline}
    return {"name": arm.name, "panel": arm.panel, **own, **rule, **_finite(settings)}


def _finite(value: Any) -> Any:
    """`value` with infinities written as "inf", which JSON has no number for."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return "inf" if value == math.inf else value
