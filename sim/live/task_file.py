"""Tasks of a live run, read from a file: what agents are asked, and how their work is verified.

    id          the task's name, once in a file
    prompt      what the agent is to do, as it is put to it
    answer      what the verifier expects
    verify      the verifier: "number", or {number = {tolerance = 0.01}}, or with what it expects {exact = "Paris"};
                in a CSV file the same as JSON. Absent: the one given for the file
    family, block, principal    labels of the task;  labels: others, a table of texts, which nothing here reads
    value       dollars a success is worth

Files are .jsonl, .json, .yaml, .csv and others (sim/importing/reading.py); a document is a list of tasks.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sim.live.verifiers  # noqa: F401 -- it registers the package's own
from sim.importing.amounts import amount
from sim.importing.cell_text import is_empty, name_of
from sim.importing.reading import rows_of
from sim.importing.source_row import SourceFile, SourceRow
from sim.kit.distribution import MOST
from sim.kit.errors import SimError, TableError, capped, closest
from sim.kit.invalid import number, written
from sim.kit.names import NAME, alike, is_name, look_alike
from sim.kit.parameters import choose, split
from sim.live.verifier import VERIFIERS, Check

_LABELS = ("family", "block", "principal")
KEYS = ("id", "prompt", "answer", "verify", *_LABELS, "value", "labels")
FORMS = '"name", {name = {parameter = value}} or {name = what it expects}'


@dataclass(frozen=True)
class LiveTask:
    """One task. verify: how work on it is verified, None where it is not. value: dollars, NaN where none is stated."""

    name: str
    prompt: str
    verify: Check | None
    family: str = ""
    block: str = ""
    principal: str = ""
    value: float = math.nan
    labels: Mapping[str, str] = field(default_factory=dict)


def read_tasks(path: Path | str, verify: Any = None, *, verified: bool = True) -> tuple[LiveTask, ...]:
    """The tasks of a file, in its order.

    verify: the verifier, as a task writes it, of tasks that name none. verified: a task without one is a fault; False
    where nobody works, as where claims alone are asked for. Raises TableError with all faults, a line each.
    """
    file = Path(path)
    rows = rows_of(SourceFile.of(file, str(path), {}), None, lambda document: None)
    if not rows:
        raise TableError(f"{path}: holds no task")
    faults: list[str] = []
    tasks = [_task(row, file.parent, verify, verified, faults) for row in rows]
    faults += _names(str(path), rows)
    if faults:
        raise TableError(*capped(faults))
    return tuple(tasks)


def _names(path: str, rows: list[SourceRow]) -> Iterator[str]:
    seen: dict[str, SourceRow] = {}
    for row in rows:
        name = name_of(row.values.get("id", ""))
        if name in seen:
            yield f"{row.place}: id: {name!r} is that of row {seen[name].number} too"
        elif name:
            seen[name] = row
    if pair := look_alike(seen):
        yield f"{path}: id: {alike(*pair)}"


def _task(row: SourceRow, folder: Path, default: Any, verified: bool, faults: list[str]) -> LiveTask:
    """The task of a row; what is wrong with it is added to `faults`."""
    given = {key: value for key, value in row.values.items() if not is_empty(value)}

    def fault(text: str) -> None:
        faults.append(f"{row.place}: {text}")

    for key in row.values:
        if key not in KEYS:
            fault(f"{key}: unknown key{closest(str(key), KEYS)}; allowed: {', '.join(KEYS)}")
    for key in ("id", *_LABELS):
        if key in given and (isinstance(given[key], bool | list | dict) or not is_name(name_of(given[key]))):
            fault(f"{key}: must be {NAME}; got {written(given[key])}")
    for key in ("id", "prompt"):
        if key not in given:
            fault(f"{key}: is missing")
    if "prompt" in given and not isinstance(given["prompt"], str):
        fault(f"prompt: must be a text; got {written(given['prompt'])}")
    labels = given.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(text, str | int | float) for text in labels.values()):
        fault(f"labels: must be a table of texts; got {written(labels)}")
        labels = {}
    value = amount(given["value"]) if "value" in given else None
    if "value" in given and (value is None or not 0 <= value <= MOST):
        fault(f"value: must be a number from 0 to {number(MOST)}, in dollars; got {written(given['value'])}")
    return LiveTask(
        name=name_of(given.get("id", "")),
        prompt=str(given.get("prompt", "")),
        verify=_check(given, folder, default, verified, fault),
        **{key: name_of(given.get(key, "")) for key in _LABELS},
        value=math.nan if value is None else float(value),
        labels={str(key): str(text) for key, text in labels.items()},
    )


def _check(given: Mapping[str, Any], folder: Path, default: Any, verified: bool, fault: Any) -> Check | None:
    raw = given.get("verify", default)
    if raw is None:
        if verified:
            fault(f"verify: is missing, and no verifier is given for the file; it is {FORMS}")
        return None
    try:
        check = check_of(raw, given.get("answer"), folder)
    except (ValueError, SimError) as error:
        for line in str(error).split("\n"):
            fault(f"verify: {line}")
        return None
    wrong = check.verifier.fault_of(check.expected) if hasattr(check.verifier, "fault_of") else ""
    if wrong and check.expected is None:
        fault(f"answer: is missing; it {wrong.partition(';')[0]}")
    elif wrong:
        fault(f"{'answer' if 'answer' in given else 'verify'}: {wrong}")
    return check


def check_of(raw: Any, answer: Any, folder: Path) -> Check:
    """The check that `verify` writes, with the `answer` of its task, None where it has none.

    folder: where files that the verifier names stand. Raises ValueError, or ScenarioError, which is one.
    """
    if isinstance(raw, str) and raw.lstrip().startswith("{"):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"is no JSON: {error}") from None
    expected = answer
    if isinstance(raw, dict) and len(raw) == 1 and not isinstance(next(iter(raw.values())), dict):
        if answer is not None:
            raise ValueError("says what is expected, and so does answer; one of them must go")
        ((name, expected),) = raw.items()
        raw = name
    try:
        split(raw)
    except ValueError:
        raise ValueError(f"must be {FORMS}; got {written(raw)}") from None
    made = choose(raw, VERIFIERS)
    return Check(made.beside(folder) if hasattr(made, "beside") else made, expected)
