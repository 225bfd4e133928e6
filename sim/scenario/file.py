"""A scenario file as written: TOML, with what the command line changes of it. Checked in sim/scenario/scenario.py."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.kit.errors import ScenarioError
from sim.kit.invalid import written
from sim.kit.toml_file import read_toml

_DOTTED = re.compile(r"""\s*("[^"]*"|'[^']*'|[^."']+)\s*""")  # parts of a dotted key; quotes keep dots together
_DOTTED_KEY = re.compile(r"""\s*("[^"]+"|'[^']+'|[^."']+)(\.("[^"]+"|'[^']+'|[^."']+))*""")


def read_raw(
    path: Path,
    *,
    seed: int | None = None,
    replications: int | None = None,
    overrides: Sequence[str] = (),
    mechanisms: Sequence[str] = (),
) -> dict[str, Any]:
    """The scenario at `path` as written, changed by the command line's options.

    overrides: `key=value` strings, keys dotted, values TOML (a bare word is a string); they change the sections every
    arm starts from. mechanisms: rules that replace the file's arms, each as a name or a TOML inline table.

    Raises ScenarioError where the file is no TOML or an option has not the form asked for.
    """
    raw = read_toml(path)
    for text in overrides:
        _override(raw, text)
    for key, value in (("seed", seed), ("replications", replications)):
        if value is not None:
            raw[key] = value
    if mechanisms:
        raw["arm"] = [{"name": text, "mechanism": _mechanism_option(text)} for text in mechanisms]
        raw.pop("baseline", None)
    return raw


def key_path(key: str) -> list[str]:
    """The parts of a dotted key; quotes keep dots together. Raises ValueError where it is none.

    >>> key_path('world.agents."gpt-5.2".skill')
    ['world', 'agents', 'gpt-5.2', 'skill']
    """
    path = [part.strip().strip("\"'") for part in _DOTTED.findall(key)]
    if not all(path) or not _DOTTED_KEY.fullmatch(key.strip()):
        raise ValueError(f"{key!r} is no dotted key, e.g. tender.penalty")
    return path


def set_key(raw: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set the key at `path` in place, with the tables on the way; raises ValueError where one of them is no table."""
    table = raw
    for place, part in enumerate(path[:-1]):
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ValueError(f"{'.'.join(path[: place + 1])} holds {written(table)}, no table; give it a whole value")
    table[path[-1]] = value


def _override(raw: dict[str, Any], text: str) -> None:
    key, equals, value = text.partition("=")
    try:
        path = key_path(key) if equals else []
    except ValueError:
        path = []
    if not path:
        raise ScenarioError(f"--set {text}: must be key=value, e.g. tender.penalty=1.0")
    if path[0] == "arm":
        raise ScenarioError(f"--set {text}: arms are set in the file; --set changes what they start from")
    try:
        set_key(raw, path, _toml_value(value.strip()))
    except ValueError as error:
        raise ScenarioError(f"--set {text}: {error}") from None


def _toml_value(text: str) -> Any:
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if len(table) == 1 else text


def _mechanism_option(text: str) -> Any:
    value = _toml_value(text) if text.startswith("{") else text
    if not text or (isinstance(value, str) and value.startswith("{")):
        raise ScenarioError(f"--mechanism {text}: must be a name or '{{name = {{parameter = value}}}}'")
    return value
