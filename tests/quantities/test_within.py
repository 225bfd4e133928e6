"""No interval holds what the quantity cannot be."""

from __future__ import annotations

from pathlib import Path

import bidlab as bl
import numpy as np
import pytest

from analysis.quantities import quantities
from tests.sweep.scenes import SYNTHETIC, write

ENDED = {"mean_claim", "brier", "claim_minus_success_hired", "cost"}


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tasks, so that intervals are wide."""
    text = SYNTHETIC.replace("tasks = 7", "tasks = 2").replace("replications = 16", "replications = 2")
    asked = "".join(f'"{name}", ' for name in sorted(ENDED))
    return write(
        tmp_path_factory.mktemp("within"), text, f'[sweep]\n"tender.penalty" = [0.0, 1.0]\nquantities = [{asked}]\n'
    )


def test_of_a_run(scenario: Path) -> None:
    run, met = bl.run(scenario), set()
    for each in quantities():
        frame = run.agents if each.level == "agent" else run.summary
        if f"{each.name}_low" in frame:
            rows = frame[[f"{each.name}_low", f"{each.name}_high"]].dropna().to_numpy()
            assert (rows[:, 0] >= each.within[0]).all()
            assert (rows[:, 1] <= each.within[1]).all()
            met |= {each.name} if (rows == np.array(each.within)).any() else set()
    assert met >= ENDED - {"mean_claim"}


def test_of_a_sweep(scenario: Path) -> None:
    table, met = bl.sweep(scenario).table, set()
    for each in quantities():
        own = table[(table["metric"] == each.name) & ((table["agent"] != "") == (each.level == "agent"))]
        rows = own[["low", "high"]].dropna().to_numpy()
        assert (rows[:, 0] >= each.within[0]).all()
        assert (rows[:, 1] <= each.within[1]).all()
        met |= {each.name} if (rows == np.array(each.within)).any() else set()
    assert met >= {"brier", "claim_minus_success_hired"}
    assert (table.query("metric == 'cost'")["difference_low"].dropna() < 0).any()  # a difference has no such ends
