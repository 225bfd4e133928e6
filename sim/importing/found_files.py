"""The files that a mapping names."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from sim.importing.source_row import SourceFile
from sim.kit.errors import TableError, capped


def found_files(patterns: Sequence[str], folder: Path, path_pattern: str | None) -> list[SourceFile]:
    """The files, each once: by pattern, those of one by name. Relative patterns start in `folder`.

    Raises TableError where a pattern names no file, or path_pattern is not found in a path, all of them at once.
    """
    faults, shown = [], []
    for pattern in patterns:
        names = _matching(pattern, folder)
        shown += names
        if not names:
            what = "no file matches" if glob.has_magic(pattern) else "no such file"
            faults.append(f"{folder / pattern}: {what}")
    files = []
    for name in dict.fromkeys(shown):
        if (folder / name).is_dir():
            faults.append(f"{folder / name}: is a folder; name its files, e.g. {name.rstrip('/')}/**/*.json")
            continue
        found = None if path_pattern is None else re.search(path_pattern, name)
        if path_pattern is not None and found is None:
            faults.append(f"{name}: path_pattern {path_pattern!r} is not found in this path")
        files.append(SourceFile.of(folder / name, name, {} if found is None else found.groupdict()))
    if faults:
        raise TableError(*capped(faults))
    return files


def _matching(pattern: str, folder: Path) -> list[str]:
    if not glob.has_magic(pattern) or (folder / pattern).exists():
        return [Path(pattern).as_posix()] if (folder / pattern).exists() else []
    return sorted(Path(name).as_posix() for name in glob.glob(pattern, root_dir=folder, recursive=True))
