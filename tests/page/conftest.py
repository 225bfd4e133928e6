"""A run that the tests of pages share, and its page without figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.page.folders import golden_run, undrawn


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run; nothing may be changed in it."""
    return golden_run(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="session")
def page(run_folder: Path) -> str:
    """Its page."""
    said = undrawn(run_folder)
    assert said.code == 0, said.err
    path = run_folder.with_name("run.html")
    assert said.out.startswith(f"{path}: ")
    return path.read_text("utf-8")
