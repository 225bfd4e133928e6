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
from sim.population.knobs import Knobs
from sim.scenario.figure_spec import OF_SWEEPS
from sim.scenario.reach import check_reach

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
    paths = with_overrides(raw, overrides, "--set", "tender.penalty=1.0")
    for key, value in (("seed", seed), ("replications", replications)):
        if value is not None:
            raw[key] = value
    if mechanisms:
        with_arms(raw, [{"name": text, "mechanism": mechanism_option(text)} for text in mechanisms])
    check_reach(raw, {f"--set {text}": path for text, path in paths.items()})
    return raw


def with_arms(raw: dict[str, Any], arms: list[dict[str, Any]]) -> None:
    """Put these arms in the place of the scenario's; its baseline and figures of a run name others, and go."""
    raw["arm"] = arms
    raw.pop("baseline", None)
    if isinstance(raw.get("figure"), list):
        raw["figure"] = [table for table in raw["figure"] if not _of_a_run(table)]


def _of_a_run(table: Any) -> bool:
    """A [[figure]] as written is of a run; what cannot be seen from it is left to the checks."""
    kind = table.get("kind") if isinstance(table, dict) else None
    return isinstance(kind, str) and kind not in OF_SWEEPS and "x" not in table


_IMPORTED_COLUMNS = (("columns",), ("world", "table", "columns"))


def key_path(key: str) -> list[str]:
    """The parts of a dotted key; quotes keep dots together. Raises ValueError where it is none.

    >>> key_path('world.agents."gpt-5.2".skill')
    ['world', 'agents', 'gpt-5.2', 'skill']
    """
    parts = [part.strip() for part in _DOTTED.findall(key)]
    path = [part.strip("\"'") for part in parts]
    if not all(path) or not _DOTTED_KEY.fullmatch(key.strip()):
        raise ValueError(f"{written(key)} is no dotted key, e.g. tender.penalty")
    if (quoted := _with_quotes(parts)) is not None:
        raise ValueError(f"a name that holds a dot needs quotes: '{quoted}'")
    return path


def _with_quotes(parts: list[str]) -> str | None:
    """The key with quotes around a name that was cut at its dots, as gpt-5.2 is; None where none was.

    No key begins with a digit, so what does, after one that ends with one, is the rest of a version number; and what
    stands between world.agents and a knob is a name.
    """
    end = next((at for at in range(3, len(parts)) if parts[at] in Knobs.model_fields), len(parts))
    if parts[:2] == ["world", "agents"] and 3 < end < len(parts):
        return _joined(parts, 2, end)
    cut = [at for at in range(1, len(parts)) if parts[at][0].isdigit() and parts[at - 1][-1].isdigit()]
    return _joined(parts, cut[0] - 1, cut[-1] + 1) if cut else None


def _joined(parts: list[str], first: int, end: int) -> str:
    name = ".".join(part.strip("\"'") for part in parts[first:end])
    return ".".join([*parts[:first], f'"{name}"', *parts[end:]])


def set_key(raw: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set the key at `path` in place, with the tables on the way; raises ValueError where one of them is no table.

    A column of results to be imported that is a field or a number becomes the table that says so.

    >>> raw = {"columns": {"cost": "usd"}}
    >>> set_key(raw, ["columns", "cost", "null"], 0)
    >>> raw
    {'columns': {'cost': {'field': 'usd', 'null': 0}}}
    """
    table = raw
    for place, part in enumerate(path[:-1]):
        above = table
        table = above.setdefault(part, {})
        if tuple(path[:place]) in _IMPORTED_COLUMNS and isinstance(table, str | int | float):
            above[part] = table = {"field" if isinstance(table, str) else "constant": table}
        if not isinstance(table, dict):
            raise ValueError(f"{'.'.join(path[: place + 1])} holds {written(table)}, no table; give it a whole value")
    table[path[-1]] = value


def with_overrides(raw: dict[str, Any], overrides: Sequence[str], option: str, example: str) -> dict[str, list[str]]:
    """Set each `key=value` in place, keys dotted, values TOML or a bare word; returns the path of each key.

    Raises ScenarioError, a line for each that cannot be set, or that would take back what one before it set.
    """
    paths: dict[str, list[str]] = {}
    faults: list[str] = []
    for text in overrides:
        try:
            path, value = _assignment(text, option, example)
            if (before := next((one for one in paths if paths[one][: len(path)] == path), None)) is not None:
                raise ValueError(f"{'.'.join(path)} is set twice, first by {option} {before}; give it once")
            set_key(raw, path, value)
            paths[text] = path
        except ValueError as error:
            faults.append(f"{option} {text}: {error}")
    if faults:
        raise ScenarioError(*faults)
    return paths


def _assignment(text: str, option: str, example: str) -> tuple[list[str], Any]:
    """The path and the value of a `key=value`; raises ValueError where it is none, or is of an arm."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"must be key=value, e.g. {example}")
    try:
        path = key_path(key)
    except ValueError as error:
        raise ValueError(f"must be key=value, e.g. {example}: {error}") from None
    if path[0] == "arm":
        raise ValueError(f"arms are set in the file; {option} changes what they start from")
    return path, toml_value(value.strip())


def toml_value(text: str) -> Any:
    """The value that `text` writes in TOML, itself where it writes none."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if len(table) == 1 else text


def mechanism_option(text: str) -> Any:
    """A rule as an option writes it: its name, or `{name = {parameter = value}}`; raises ScenarioError."""
    value = toml_value(text) if text.startswith("{") else text
    if not text or (isinstance(value, str) and value.startswith("{")):
        raise ScenarioError(f"--mechanism {text}: must be a name or '{{name = {{parameter = value}}}}'")
    return value
