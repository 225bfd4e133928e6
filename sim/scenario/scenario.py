"""A scenario: one question, one world, and the arms that are compared in it, read from a TOML file.

The sections [world], [tender], [market], [bidders] and [standing] are written once; an arm overrides keys of them one
by one (an overriding key replaces the whole value of that key). A list given for a mechanism's parameter makes one
arm for each element. What each key may hold is in sim/specs/settings.py.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError

from sim.kit.errors import ScenarioError, capped, closest, collected, several
from sim.kit.invalid import below, fault_lines, faults_of, lines_of
from sim.kit.names import alike, look_alike
from sim.kit.parameters import build, read_back
from sim.kit.toml_file import check_depth
from sim.mechanisms import Mechanism, lookup
from sim.scenario.axes import Factor
from sim.scenario.combinations import MOST_ARMS, combinations_of
from sim.scenario.figure_spec import FigureFile
from sim.scenario.file import key_path, read_raw
from sim.scenario.json_form import finite, limitless, relocate
from sim.scenario.model import ArmFile, ScenarioFile
from sim.scenario.reach import check_reach
from sim.specs.settings import Settings
from sim.standing.records import check_splits
from sim.world.origin import Input, inputs

SECTIONS = ("world", "tender", "market", "bidders", "standing")
OF_ECONOMIES = "`bidlab run`, `check`, `show` and `figures`"
_ONE_WORLD = ("table", "columns", "beyond_tries", "profile", "tasks", "parameters", "live", "names", "shill")


@dataclass(frozen=True)
class Arm:
    """One thing compared: a mechanism and the settings it runs under. label: the rule with its parameters.

    panel: what the arm's name ends with where it is one of several worlds, e.g. " [sigma_u 1.0]"; else "".
    baseline: the arm that it is compared to, without its panel; None: the scenario's. own: the keys of sections that it
    states itself, e.g. "tender.penalty".
    """

    name: str
    mechanism: Mechanism
    settings: Settings
    label: str
    panel: str = ""
    baseline: str | None = None
    own: frozenset[str] = frozenset()


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

    def with_arms(self, arms: tuple[Arm, ...], written: Mapping[str, Any]) -> Scenario:
        """The scenario with the same arms at other settings, which `written` makes of them; it is swept no more."""
        resolved = {**self.resolved, "arms": [_as_json(arm) for arm in arms]}
        return dataclasses.replace(self, arms=arms, resolved=resolved, written=written, factors=(), figures=())

    @property
    def inputs(self) -> list[Input]:
        """What the scenario reads: its table, or its profile."""
        return inputs(self.arms[0].settings.world, self.folder)

    def digest(self, plugins: Mapping[str, str] | None = None) -> str:
        """SHA-256 of the resolved scenario, its inputs and its plugins (file name -> SHA-256), 64 hex digits."""
        return digest_of(self.resolved, [one.content() for one in self.inputs], plugins)


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
    if "economy" in raw:
        raise ScenarioError(f"{path}: economy: is no task market; {OF_ECONOMIES} take it, and nothing else")
    file = _file(path, raw)
    arms = _all_arms(path, file)
    check_reach(raw, {f"{path}: sweep: {key}": key_path(key) for factor in file.sweep for key in factor.keys})
    baseline = arms[0].name.removesuffix(arms[0].panel) if file.baseline is None else file.baseline
    _check_arms(path, arms, baseline, file.replications)
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
    if file.published:
        resolved["published"] = file.published
    made = _scenario(path.parent, arms, resolved)
    return dataclasses.replace(made, path=path, written=raw, factors=file.sweep, figures=tuple(file.figure))


def _file(path: Path, raw: dict[str, Any]) -> ScenarioFile:
    """The file as a model; raises ScenarioError with all its faults, those of its sections too."""
    check_depth(str(path), raw)
    try:
        return ScenarioFile.model_validate(raw)
    except ValidationError as error:
        faults = fault_lines("", error, ScenarioFile)
        sections = {name: raw[name] for name in SECTIONS if name in raw}
        if all(isinstance(section, dict) for section in sections.values()):
            try:
                Settings.model_validate(_panels(sections)[0][1] if "world" in sections else sections)
            except ValidationError as inner:
                faults += [line for line in fault_lines("", inner, Settings) if line not in faults]
        raise ScenarioError(*capped(f"{path}: {line}" for line in faults)) from None


def _all_arms(path: Path, file: ScenarioFile) -> tuple[Arm, ...]:
    """The arms, in panels; raises ScenarioError with the faults of all of them."""
    arms: list[Arm] = []
    faults: list[str] = []
    for entry in file.arm:
        with collected(faults):
            arms += _arms(path, file, entry)
        if len(arms) > MOST_ARMS:
            faults.append(f"{path}: arm: {len(arms):,} arms or more; at most {MOST_ARMS:,}")
            break
    if faults:
        raise ScenarioError(*capped(faults))
    return _by_panel(arms)


def _check_arms(path: Path, arms: Sequence[Arm], baseline: str, replications: int) -> None:
    """Raise ScenarioError where two arms have one name, or one asks for an arm or for replications that are not there.

    Names that look alike are one name.
    """
    names = Counter(arm.name for arm in arms)
    faults = [f"arm: two arms are named {name!r}" for name, count in names.items() if count > 1]
    if two := look_alike(names):
        faults.append(f"arm: {alike(*two)}")
    for arm in arms:
        try:
            check_splits(arm.settings.records, replications)
        except ValueError as error:
            faults.append(f"arm {arm.name!r}: {error}")
        where, chosen = ("", baseline) if arm.baseline is None else (f"arm {arm.name!r}: ", arm.baseline)
        if chosen + arm.panel not in names:
            there = several(names)
            faults.append(f"{where}baseline: no arm {chosen!r}{closest(chosen, names)}; the arms are {there}")
    if faults:
        raise ScenarioError(*capped(f"{path}: {fault}" for fault in faults))


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
        expanded = combinations_of(parameters)
    except ValueError as error:
        raise ScenarioError(f"{where}: mechanism.{name}.{error}") from None
    faults: list[str] = []
    rules: list[tuple[str, Mechanism]] = []
    for suffix, chosen in expanded:
        with collected(faults):
            rules.append((suffix, _mechanism(where, name, chosen)))
    arms = []
    own = frozenset(f"{section}.{key}" for section in SECTIONS for key in getattr(entry, section))
    for panel, merged in _panels({s: {**copy.deepcopy(getattr(file, s)), **getattr(entry, s)} for s in SECTIONS}):
        with collected(faults):
            settings = _settings(path, where, entry, merged)
            arms += [
                Arm(f"{entry.name}{suffix}{panel}", rule, settings, label_of(rule), panel, entry.baseline, own)
                for suffix, rule in rules
            ]
    if faults:
        raise ScenarioError(*faults)
    return arms


def _panels(merged: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The arm's sections once for each sigma_u where [world] lists several, with what that adds to the arm's name."""
    listed = merged["world"].get("sigma_u") if isinstance(merged["world"], dict) else None
    if not isinstance(listed, list) or not listed:
        return [("", merged)]
    if len(listed) > MOST_ARMS:
        raise ScenarioError(f"world.sigma_u: lists {len(listed):,} values; at most {MOST_ARMS:,}")
    return [(f" [sigma_u {value}]", {**merged, "world": {**merged["world"], "sigma_u": value}}) for value in listed]


def _settings(path: Path, where: str, entry: ArmFile, merged: dict[str, Any]) -> Settings:
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        faults = []
        for fault in faults_of(error):
            place = [str(part) for part in fault["loc"]]  # empty for a check across sections
            overridden = getattr(entry, place[0]) if place else {}
            own = overridden if len(place) < 2 else place[1] in overridden
            faults += [f"{where if own else path}: {line}" for line in lines_of("", fault, Settings)]
        raise ScenarioError(*capped(faults)) from None


def _mechanism(where: str, name: str, parameters: dict[str, Any]) -> Mechanism:
    try:
        return build(lookup(name), parameters)
    except ScenarioError as error:
        raise ScenarioError(f"{where}: mechanism: {error}") from None
    except ValueError as error:
        raise ScenarioError(*below(f"{where}: mechanism.{name}.", error).split("\n")) from None


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
        relocate(sections["world"], folder)
        limitless(sections)
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


def _as_json(arm: Arm) -> dict[str, Any]:
    settings = arm.settings.model_dump()
    rule = {"mechanism": arm.mechanism.name, "parameters": finite(arm.mechanism.parameters)}
    own = {} if arm.baseline is None else {"baseline": arm.baseline}
    return {"name": arm.name, "panel": arm.panel, **own, **rule, **finite(settings)}
