"""What playing a bundle again came to: each file beside the one in the bundle, and what differs first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sim.bundling.bundle_folder import ledger_files, result_names
from sim.bundling.bundle_format import RELATIVE
from sim.bundling.cell_by_cell import TableDifference, table_difference
from sim.bundling.ledger_hashes import ledger_hashes
from sim.bundling.open_bundle import Opened
from sim.experiment.stored import Stored
from sim.experiment.versions import differing
from sim.experiment.written_scenario import WRITTEN

SAME, EXACT, CLOSE = "same bytes", "same numbers", "same but for last digits"
OTHER, UNSEEN, REDRAWN = "different", "pictures not compared", "pictures drawn otherwise"
_STATES = (SAME, EXACT, CLOSE, OTHER, UNSEEN, REDRAWN)
_OF_MACHINE = ("versions", "mixed", "engine", "made_by")  # in JSON files, what other versions or engines change
_TEXTS, _PICTURES = (".json",), (".pdf", ".png")


class FileVerdict(NamedTuple):
    """One file, or one table of the ledger. state: SAME, EXACT, CLOSE, OTHER, UNSEEN or REDRAWN; why: in words."""

    file: str
    state: str
    why: str = ""


@dataclass(frozen=True)
class Verified:
    """What verifying a bundle found. files: every file and table. versions: those of the bundle and those here, where
    they differ; None where they are the same.
    """

    bundle: Path
    kind: str
    name: str
    files: tuple[FileVerdict, ...]
    versions: tuple[str, str] | None

    @property
    def agrees(self) -> bool:
        """No number differs."""
        return not self.differences

    @property
    def differences(self) -> tuple[FileVerdict, ...]:
        """The files in which a number differs, or what says how it was made."""
        return tuple(one for one in self.files if one.state == OTHER)

    @property
    def lines(self) -> list[str]:
        """What was found, in words."""
        counts = {state: sum(one.state == state for one in self.files) for state in _STATES}
        counted = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        lines = [f"{self.bundle}: {self.kind} {self.name} was played again"]
        if self.versions is None:
            lines.append("versions: the same; files are compared byte by byte")
        else:
            lines.append(f"versions: {self.versions[0]} in the bundle, {self.versions[1]} here; numbers are compared")
        lines.append(f"files and tables of the ledger: {counted}")
        lines += [f"{one.file}: {one.why}" for one in self.files if one.why]
        return [*lines, "every number agrees" if self.agrees else f"{counts[OTHER]} different"]

    def __str__(self) -> str:
        """The lines."""
        return "\n".join(self.lines)


def verdict_on(bundle: Opened, folder: Path) -> Verified:
    """Compare the bundle with what was made in `folder`."""
    stored = Stored.open(folder)
    stated, found = bundle.about["versions"], stored.info["versions"]
    same = dict(stated) == dict(found)
    now = {name: stored.path(name).read_bytes() for name in result_names(list(stored.digests or ()))}
    then = {name: content for name, content in bundle.results.items() if name != WRITTEN}
    now.pop(WRITTEN, None)
    files = [_file(name, then.get(name), now.get(name), same) for name in sorted({*then, *now})]
    files += _ledger(bundle.about["ledger"], ledger_hashes(ledger_files(stored)))
    kind, name = str(bundle.about["kind"]), str(bundle.about["name"])
    return Verified(bundle.path, kind, name, tuple(files), None if same else differing(stated, found))


def _file(name: str, then: bytes | None, now: bytes | None, same: bool) -> FileVerdict:
    picture = name.endswith(_PICTURES)
    if then == now:
        return FileVerdict(name, SAME)
    if then is None or now is None:
        where = "is not in the bundle" if then is None else "was not made again"
        return FileVerdict(name, REDRAWN if picture else OTHER, where)
    if picture:
        return FileVerdict(name, REDRAWN if same else UNSEEN, "is another drawing, as in another style" if same else "")
    if name.endswith(_TEXTS):
        return _json(name, then, now)
    return _table(name, table_difference(then, now), same)


def _table(name: str, found: TableDifference | str, same: bool) -> FileVerdict:
    if isinstance(found, str):
        return FileVerdict(name, OTHER, found)
    if found.first is None:
        return FileVerdict(name, EXACT)
    if found.wrong is not None:
        return FileVerdict(name, OTHER, f"{found.cells:,} cell(s) differ; first {found.wrong}")
    off = f"{found.cells:,} cell(s) differ by at most {found.worst:.1e} of themselves"
    if same:
        return FileVerdict(name, OTHER, f"{off} under the same versions; first {found.first}")
    return FileVerdict(name, CLOSE, f"{off}, which is within {RELATIVE:g}; first {found.first}")


def _json(name: str, then: bytes, now: bytes) -> FileVerdict:
    one, other = (_without(json.loads(content)) for content in (then, now))
    where = next(_differing("", one, other), None)
    return FileVerdict(name, EXACT) if where is None else FileVerdict(name, OTHER, f"differs at {where}")


def _without(value: Any) -> Any:
    return {k: v for k, v in value.items() if k not in _OF_MACHINE} if isinstance(value, dict) else value


def _differing(where: str, one: Any, other: Any) -> Iterator[str]:
    """Where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from _differing(f"{where}.{key}".lstrip("."), one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from _differing(f"{where}[{place}]", *pair)
    elif one != other:
        yield where


def _ledger(then: Mapping[str, Any], now: Mapping[str, Any]) -> Sequence[FileVerdict]:
    found = []
    for table in sorted({*then, *now}):
        one, other = then.get(table), now.get(table)
        label = f"ledger {table}"
        if one is None or other is None:
            found.append(FileVerdict(label, OTHER, "is not in the bundle" if one is None else "was not made again"))
            continue
        names = {**one["columns"], **other["columns"]}
        columns = [name for name in names if one["columns"].get(name) != other["columns"].get(name)]
        if one["rows"] != other["rows"]:
            found.append(FileVerdict(label, OTHER, f"has {one['rows']:,} rows in the bundle, {other['rows']:,} now"))
        elif columns:
            found.append(FileVerdict(label, OTHER, f"other values in column(s) {', '.join(columns)}"))
        else:
            found.append(FileVerdict(label, EXACT))
    return found
