"""One HTML page of a run or a sweep, written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.run_folder import Run
from sim.experiment.stored import Stored
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from analysis.report import Phase

_WITHOUT = {"audit": "an audit", "economy": "a run of an economy"}


def page_of_folder(folder: Path, path: Path, plugins: Mapping[str, str], phase: Phase, *, force: bool = False) -> int:
    """Write the page of the run or sweep in `folder`; its bytes.

    plugins: file name -> SHA-256 of those that are loaded. Raises RunError where the folder holds neither, ran with
    other plugins, or is not as it was written, or the page cannot be written.
    """
    from analysis.page.page_file import check_place, write_page

    stored = Stored.open(folder)
    info = stored.info
    if info.get("kind") in _WITHOUT:
        what = _WITHOUT[info["kind"]]
        raise RunError(f"{folder}: holds {what}, which has no page; `bidlab show {folder}` shows it")
    if info["plugins"] != plugins:
        names = ", ".join(info["plugins"]) or "none"
        raise RunError(f"{folder}: ran with other plugins ({names}); give the same files with --plugin")
    check_place(path, force)
    if info.get("kind") == "sweep":
        from analysis.page.sweep_page import sweep_page

        text = sweep_page(stored, phase)
    else:
        from analysis.page.run_page import run_page
        from analysis.report import arms_of, read_tables

        run, tables = Run.open(folder), read_tables(folder)
        text = run_page(run, tables, arms_of(run, phase), phase)
    return write_page(path, text)
