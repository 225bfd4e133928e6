"""TOML files as a user writes them, read with one kind of error."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from sim.kit.errors import ScenarioError

DEEPEST = 50  # tables and lists inside one another


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML file at `path`; raises ScenarioError in one line where it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is no UTF-8 text") from None
    except ValueError as error:  # a name no file can have
        raise ScenarioError(f"{str(path)!r}: cannot be read: {error}") from None
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise ScenarioError(f"{path}: is no valid TOML: nested too deeply") from None
    except ValueError as error:
        raise ScenarioError(f"{path}: is no valid TOML: {error}") from None
    if not raw:
        raise ScenarioError(f"{path}: the file is empty")
    check_depth(str(path), raw)
    return raw


def check_depth(where: str, raw: Any) -> None:
    """Raise ScenarioError where tables and lists stand inside one another more than DEEPEST times."""
    waiting = [(raw, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise ScenarioError(f"{where}: is nested too deeply: at most {DEEPEST} tables and lists inside one another")
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        waiting += [(one, depth + 1) for one in inner]
