"""The arms of a scenario at many settings of its swept keys, where only what a key changes is checked again.

The same arms as reading each cell's file anew gives (`sim.experiment.cell.cell_raw`), some twenty times as fast: a
section is checked once for each override and each level of the keys that reach it, and arms without overrides of their
own share their settings. Whatever does not pass is left to that slower reader, which says what is wrong.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.kit.section import Section
from sim.scenario.file import key_path
from sim.scenario.scenario import SECTIONS, Arm, Scenario
from sim.specs.settings import Settings
from sim.standing.records import check_splits

_MODELS: dict[str, type[Section]] = {name: Settings.model_fields[name].annotation for name in SECTIONS}  # type: ignore[misc]

_OF_RECORDS = frozenset({"bidders", "standing"})


@dataclass(frozen=True, eq=False)
class _Part:
    """A section of one arm. keys: what is swept and not overridden by the arm. overrides: of the arm."""

    section: str
    keys: tuple[str, ...]
    overrides: Mapping[str, Any]
    known: dict[tuple[int, ...], Section]


@dataclass(frozen=True, eq=False)
class _Group:
    """Arms with the same settings. fixed: sections that no swept key reaches. varying: the others. known: by level."""

    fixed: Mapping[str, Any]
    varying: tuple[_Part, ...]
    known: dict[tuple[int, ...], Settings]

    @classmethod
    def of(cls, parts: Sequence[_Part], section: Callable[[_Part, Mapping[str, Any]], Section]) -> _Group:
        fixed = {part.section: section(part, {}) for part in parts if not part.keys}
        return cls(fixed, tuple(part for part in parts if part.keys), {})


class Varied:
    """Arms of `scenario` with swept keys at levels. keys: the swept ones; their values must outlive this."""

    def __init__(self, scenario: Scenario, keys: Sequence[str]) -> None:
        self._paths = {key: key_path(key) for key in keys}
        self._written = {name: scenario.written.get(name, {}) for name in SECTIONS}
        self._replications = scenario.replications
        self._parts: dict[tuple[str, str], _Part] = {}
        self._arms: list[tuple[Arm, tuple[_Part, ...]]] = []
        self._in_panels = any(arm.panel for arm in scenario.arms)
        if not self._in_panels:
            entries = iter(scenario.written["arm"])  # the arms that one entry makes stand together, with its settings
            for _, arms in itertools.groupby(scenario.arms, key=lambda arm: id(arm.settings)):
                entry = next(entries)
                parts = tuple(self._part(name, entry.get(name, {})) for name in SECTIONS)
                self._arms += [(arm, parts) for arm in arms]
        self._varying = {
            parts: _Group.of(parts, self._section) for _, parts in self._arms if any(p.keys for p in parts)
        }

    def at(self, parameters: Mapping[str, Any]) -> tuple[Arm, ...] | None:
        """The arms with the swept keys at these values; None where one is not valid, or arms stand in panels."""
        if self._in_panels:
            return None
        try:
            made = {parts: self._settings(group, parameters) for parts, group in self._varying.items()}
        except ValueError:  # pydantic's too
            return None
        return tuple(replace(arm, settings=made[parts]) if parts in made else arm for arm, parts in self._arms)

    def _part(self, section: str, overrides: Mapping[str, Any]) -> _Part:
        known = (section, json.dumps(overrides, sort_keys=True, default=str))
        if known not in self._parts:
            keys = [key for key, path in self._paths.items() if path[0] == section and path[1] not in overrides]
            self._parts[known] = _Part(section, tuple(keys), overrides, {})
        return self._parts[known]

    def _settings(self, group: _Group, parameters: Mapping[str, Any]) -> Settings:
        """The same object wherever all that reaches the group is the same."""
        level = self._level([key for part in group.varying for key in part.keys], parameters)
        if level not in group.known:
            own: dict[str, Any] = {part.section: self._section(part, parameters) for part in group.varying}
            made = Settings.model_validate(Settings.model_construct(None, **group.fixed, **own))  # how sections agree
            if not _OF_RECORDS.isdisjoint(own):
                check_splits(made.records, self._replications)
            group.known[level] = made
        return group.known[level]

    @staticmethod
    def _level(keys: Sequence[str], parameters: Mapping[str, Any]) -> tuple[int, ...]:
        return tuple([id(parameters[key]) for key in keys])

    def _section(self, part: _Part, parameters: Mapping[str, Any]) -> Section:
        level = self._level(part.keys, parameters)
        if level not in part.known:
            raw = self._written[part.section]
            for key in part.keys:
                raw = _with(raw, self._paths[key][1:], parameters[key])
            part.known[level] = _MODELS[part.section].model_validate({**raw, **part.overrides})
        return part.known[level]


def _with(table: Any, path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of the table with the key at `path` set; the rest of it is shared."""
    if not isinstance(table, dict):
        raise ValueError("holds no table")
    if len(path) == 1:
        return {**table, path[0]: copy.deepcopy(value) if isinstance(value, dict | list) else value}
    return {**table, path[0]: _with(table.get(path[0], {}), path[1:], value)}
