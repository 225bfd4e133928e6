"""A run and its bundle, made once; tests that change them take a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.bundling.packed import bundle_of, run_of


@pytest.fixture(scope="package")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle o.zip, beside the folder o of its run."""
    return bundle_of(run_of(tmp_path_factory.mktemp("kept") / "made"))


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of the run's folder."""
    return Path(shutil.copytree(kept.with_suffix(""), tmp_path / "o"))


@pytest.fixture
def run_bundle(kept: Path, tmp_path: Path) -> Path:
    """A copy of the bundle."""
    return Path(shutil.copyfile(kept, tmp_path / "b.zip"))
