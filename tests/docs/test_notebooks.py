"""The notebooks: kept without outputs, and each runs from its first cell to its last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from sim.front.contracts import added
from sim.kit.kinds import KINDS
from tests.docs.pages import DOCS

NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
LONG = ("3_phase_question",)  # the site runs it too
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test runs in a folder of its own; figures are closed and parts forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    before = set(added())
    yield
    plt.close("all")
    for kind, name in set(added()) - before:
        KINDS[kind].unregister(name)


def test_there_are_three() -> None:
    assert [path.stem[0] for path in NOTEBOOKS] == ["1", "2", "3"]


@every_notebook
def test_it_is_kept_without_what_it_prints(path: Path) -> None:
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.slow] if path.stem in LONG else [], id=path.stem) for path in NOTEBOOKS],
)
@pytest.mark.usefixtures("in_a_folder")
def test_it_runs(path: Path) -> None:
    space: dict[str, Any] = {}
    for place, cell in enumerate(cells(path)):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name}, cell {place}", "exec", dont_inherit=True), space)
    assert plt.get_fignums() or path.stem.startswith("2")
