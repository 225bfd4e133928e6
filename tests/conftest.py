"""Options of the test suite."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

import sim.front.worlds  # noqa: F401  # gives World all the fields that hypothesis prints where a test fails

settings.register_profile("tests", deadline=None, derandomize=True, database=None)
settings.load_profile("tests")
os.environ.pop("COLUMNS", None)  # how wide the output is, is up to each test


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regen", action="store_true", help="write the golden ledgers anew and print what changed (-s)")


def pytest_collection_finish() -> None:
    """Unreachable objects are looked for less often, since the tests that were collected are gone through as well."""
    gc.set_threshold(2000, 20, 100)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each worker starts with files of its own, so that fixtures of a file are mostly made once."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


@pytest.fixture
def drawn_once() -> Iterator[None]:
    """Figures are drawn once, coarsely."""
    from tests.coarse import drawn_coarsely

    with drawn_coarsely():
        yield


@pytest.fixture
def tables_attacked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack the tables of bids before a rule once for all tests that audit it."""
    from tests.audit.cases import tables_attacked

    monkeypatch.setattr("sim.auditing.promises.attack_tables", tables_attacked)


@pytest.fixture
def regen(request: pytest.FixtureRequest) -> bool:
    """Golden files are to be written, not compared."""
    return bool(request.config.getoption("--regen"))


collect_ignore_glob = ["market/plugins/*"]  # loaded as plugins; importing them would register what they hold
