"""scenario.json: a scenario as it was given, with the changes of the command, in a folder of results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.kit.at_once import write_at_once
from sim.scenario.scenario import Scenario

WRITTEN = "scenario.json"


def write_written(folder: Path, scenario: Scenario) -> None:
    """Write it; nothing where the scenario was read back from a folder, which keeps what was resolved alone."""
    if scenario.path is not None:
        write_as_given(folder, scenario.path, scenario.written)


def write_as_given(folder: Path, path: Path, written: Mapping[str, Any]) -> None:
    """Write what stands in the file at `path`, with the changes of the command."""
    whole = {"file": path.name, "written": written}
    content = json.dumps(whole, indent=1, ensure_ascii=False, default=_plain) + "\n"
    write_at_once(folder / WRITTEN, content.encode())


def _plain(value: Any) -> Any:
    """A number of NumPy's as Python's, anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)
