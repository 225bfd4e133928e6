"""Options of the test suite."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

import sim.front.worlds  # noqa: F401  # gives World all the fields that hypothesis prints where a test fails

settings.register_profile("tests", deadline=None, derandomize=True, database=None)
settings.load_profile("tests")
os.environ.pop("COLUMNS", None)  # how wide the output is, is up to each test


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regen", action="store_true", help="write the golden ledgers anew and print what changed (-s)")


@pytest.fixture
def regen(request: pytest.FixtureRequest) -> bool:
    """Golden files are to be written, not compared."""
    return bool(request.config.getoption("--regen"))


collect_ignore_glob = ["market/plugins/*"]  # loaded as plugins; importing them would register what they hold
