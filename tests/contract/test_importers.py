"""The contract of importers: parameters with defaults, a mapping that holds together, words for the list."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim.world.importers
from sim.front.contracts import faults_of
from sim.importing.importer_registry import IMPORTERS, importer_class, mapping_of

LONGEST = 80  # lines of a reader's file
TELL_CLAIMS = {"forecasts", "forecastbench", "agent_economy"}
NEEDS_COLUMNS = {"table"}  # of which the user states all


@pytest.mark.parametrize("name", IMPORTERS)
def test_an_importer_keeps_the_contract(name: str) -> None:
    assert faults_of("importer", name) == []
    reader = importer_class(name)
    assert reader.name == name
    assert 0 < len(reader.summary) <= 80
    assert reader.source or name in NEEDS_COLUMNS


@pytest.mark.parametrize("name", IMPORTERS)
def test_an_importer_says_where_agents_tasks_and_outcomes_stand(name: str) -> None:
    spec = mapping_of(importer_class(name)())
    groups = spec.path_pattern or "" if spec.wide is None else "(?P<agent>"
    agent = "agent" in spec.columns or "(?P<agent>" in groups
    assert (agent and {"task", "success"} <= set(spec.columns)) == (name not in NEEDS_COLUMNS)
    assert not {"claim", "cost_belief"} & set(spec.columns) or name in TELL_CLAIMS


def test_readers_are_small() -> None:
    files = sorted(Path(sim.world.importers.__file__).parent.glob("*.py"))
    assert len(files) > 10
    assert {path.name: n for path in files if (n := len(path.read_text().splitlines())) >= LONGEST} == {}
