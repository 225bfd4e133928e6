"""Small scenarios with their ledgers beside them. `pytest --regen` writes the ledgers anew and shows what changed."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.ledger.ledger import SCHEMAS
from sim.scenario.scenario import load_scenario

_HERE = Path(__file__).parent


@pytest.mark.parametrize("scenario", sorted(path.stem for path in _HERE.glob("*.toml")))
def test_ledger_is_the_one_stored(scenario: str, tmp_path: Path, regen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.experiment.engine.FEW", 0)  # compiled, as a longer run is
    folder = execute(plan(load_scenario(_HERE / f"{scenario}.toml")), tmp_path / "run")
    ledger = Run.open(folder).ledger
    for table in SCHEMAS:
        path = _HERE / f"{scenario}.{table}.csv"
        found = getattr(ledger, table).to_csv(index=False, lineterminator="\n")
        stored = path.read_text(encoding="utf-8") if path.is_file() else ""
        difference = "".join(
            difflib.unified_diff(
                stored.splitlines(keepends=True), found.splitlines(keepends=True), f"stored {path.name}", "found", n=0
            )
        )
        if regen:
            print(difference or f"{path.name}: unchanged")
            path.write_text(found, encoding="utf-8")
        else:
            assert not difference, f"{path.name} (pytest --regen writes it anew)\n{difference}"
