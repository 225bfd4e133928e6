"""What a scenario can be made from in Python: a TOML file, a bundled name, a dict, keywords, or a scenario.

Relative paths in a dict start in the current folder. Changes are made to what was written, before it is checked.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.bundled import find_scenario
from sim.kit.errors import ScenarioError
from sim.kit.invalid import written
from sim.mechanisms import Mechanism
from sim.scenario.file import key_path, read_raw, set_key, with_arms
from sim.scenario.reach import check_reach
from sim.scenario.scenario import Scenario, resolve

Source = str | Path | Mapping[str, Any] | Scenario


def scenario_of(
    source: Source,
    *,
    seed: int | None = None,
    replications: int | None = None,
    settings: Mapping[str, Any] | None = None,
    mechanisms: Sequence[Any] = (),
    name: str = "scenario",
) -> Scenario:
    """The scenario that `source` means, with these changes.

    settings: dotted key -> value, e.g. {"tender.penalty": 1.0}; they change what every arm starts from.
    mechanisms: rules in place of the arms, each a name, {name: parameters} or an instance. name: of a dict's scenario.

    Raises ScenarioError in one line that names file, key, value and what is allowed.

    >>> len(Scenario.load("marketbench_replay", replications=3).arms)
    4
    """
    if isinstance(source, Scenario) and seed is None and replications is None and not (settings or mechanisms):
        return source
    path, raw = changed(source, seed, replications, settings, name)
    if mechanisms:
        rules = [as_written(rule) for rule in mechanisms]
        with_arms(raw, [{"name": _name(rule), "mechanism": rule} for rule in rules])
    check_settings(raw, settings)
    return resolve(path, raw)


def changed(
    source: Source,
    seed: int | None = None,
    replications: int | None = None,
    settings: Mapping[str, Any] | None = None,
    name: str = "scenario",
) -> tuple[Path, dict[str, Any]]:
    """What `source` means as written, with these changes, not yet checked, and the path that errors name."""
    path, raw = _written(source, name)
    raw |= {key: value for key, value in (("seed", seed), ("replications", replications)) if value is not None}
    for key, value in (settings or {}).items():
        _set(raw, key, value)
    return path, raw


def check_settings(raw: Mapping[str, Any], settings: Mapping[str, Any] | None) -> None:
    """Raise ScenarioError with those of these settings that reach no arm of the scenario as written."""
    check_reach(raw, {f"settings: {key}": key_path(key) for key in settings or {}})


def by_keyword(name: str = "scenario", **keys: Any) -> Scenario:
    """The scenario with these keys, and its arms by name in `arms`; raises ScenarioError as `scenario_of` does.

    >>> from sim.mechanisms.price import SecondPrice
    >>> world = {"profile": "marketbench", "tasks": 9, "parameters": "point"}
    >>> tender = {"reserve": 1.0, "penalty": 0.0}
    >>> Scenario.of(question="Who wins?", seed=1, world=world, tender=tender, arms={"sp": SecondPrice()})
    Scenario scenario: Who wins? (1 arm(s), 1 replication(s))
    """
    raw = {key: value for key, value in keys.items() if key != "arms"}
    if "arms" in keys:
        if "arm" in keys or not isinstance(keys["arms"], Mapping):
            raise ScenarioError(f"{name}: arms: must be a dict, name -> rule or keys of the arm, and stand without arm")
        raw["arm"] = [_arm(arm, rule) for arm, rule in keys["arms"].items()]
    return scenario_of(raw, name=name)


def as_written(rule: Any) -> Any:
    """A rule as a scenario writes it: {name: parameters} of an instance, anything else as it is.

    >>> from sim.mechanisms.price import SecondPrice
    >>> as_written(SecondPrice())
    {'second_price': {}}
    """
    if not isinstance(rule, Mechanism):
        return rule
    return {rule.name: rule.parameters}


def _arm(name: str, given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping) and "mechanism" in given:
        return {"name": name, **given, "mechanism": as_written(given["mechanism"])}
    return {"name": name, "mechanism": as_written(given)}


def _name(rule: Any) -> str:
    return next(iter(rule)) if isinstance(rule, Mapping) and len(rule) == 1 else str(rule)


def _written(source: Source, name: str) -> tuple[Path, dict[str, Any]]:
    """The path that errors name and relative paths start beside, and a copy of what is written there."""
    if isinstance(source, Scenario):
        if source.path is None:
            raise ScenarioError(f"{source.name}: was read back from a run and cannot be changed; change its file")
        return source.path, copy.deepcopy(dict(source.written))
    if isinstance(source, Mapping):
        if not name or Path(name).stem != name:
            raise ScenarioError(f"name: must be a word without dots and slashes; got {name!r}")
        return Path(name), copy.deepcopy(dict(source))
    if not isinstance(source, str | Path):
        raise ScenarioError(f"scenario: must be a name, a .toml file, a dict or a Scenario; got {written(source)}")
    path = find_scenario(str(source))
    return path, read_raw(path)


def _set(raw: dict[str, Any], key: str, value: Any) -> None:
    try:
        path = key_path(key)
        if path[0] in ("arm", "arms"):
            raise ValueError("arms are set in the scenario; settings change what they start from")
        set_key(raw, path, value)
    except ValueError as error:
        raise ScenarioError(f"settings: {key}: {error}") from None


Scenario.load, Scenario.of = scenario_of, by_keyword
