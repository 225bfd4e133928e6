"""The self-history card on the recorded table, beside what the study published: the table of docs/records.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.auction import Offer, closed_forms
from analysis.calibration import ece
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.scenario.scenario import load_scenario

SCENARIO = Path(__file__).parents[2] / "scenarios" / "marketbench_replay.toml"
COLUMNS = ("brier", "ece", "claim", "cost ratio", "profit", "gap")
PUBLISHED = {
    "no card": (0.1835, 0.1065, 0.7268, 0.1929, 0.0852, 0.2357),
    "card": (0.1693, 0.0616, 0.8057, 0.2501, 0.0819, 0.2330),
}
OURS = {
    "": (0.1835, 0.1065, 0.7268, 0.1929, 0.0853, 0.2361),
    '{record="published",weight=1.0,cost_weight=0.16}': (0.1720, 0.0814, 0.7886, 0.2479, 0.0972, 0.2146),
    '{record="redrawn",tasks=92,weight=1.0,cost_weight=0.16}': (0.1697, 0.0562, 0.7866, 0.2478, 0.0992, 0.2127),
    '{record="split",weight=1.0,cost_weight=0.16}': (0.1735, 0.0688, 0.7829, 0.2477, 0.0957, 0.2161),
}


def aggregates(card: str, replications: int) -> dict[str, float]:
    """Brier, ECE (of a replication), mean claim, median cost belief / cost, published profit, oracle's less it."""
    changes = [f"bidders.card={card}"] if card else []
    done = load_scenario(SCENARIO, replications=replications, overrides=changes)
    world = draw_world(done.arms[0].settings.spec, scenario_origin(done), done.seed, replications)
    belief, cost_belief = world.belief, world.cost_belief
    success, cost = (array[..., 0].astype(float) for array in (world.success, world.cost))
    ask = np.divide(cost_belief + 2.0 * (1 - belief), belief, out=np.full(belief.shape, np.inf), where=belief > 0)
    found = closed_forms(Offer(ask, belief, cost_belief, success, cost, np.asarray(2.0)), 0.0, 1.0)
    return {
        "brier": float(((belief - success) ** 2).mean()),
        "ece": float(np.mean([ece(p.ravel(), y.ravel()) for p, y in zip(belief, success, strict=True)])),
        "claim": float(belief.mean()),
        "cost ratio": float(np.median(cost_belief / cost)),
        "profit": float(found["published"].mean()),
        "gap": float((found["oracle"] - found["published"]).mean()),
    }


@pytest.mark.parametrize("card", list(OURS), ids=["no card", "published", "redrawn", "split"])
def test_aggregates_of_the_card(card: str) -> None:
    replications = 200 if "redrawn" in card or "split" in card else 1
    tolerance = 1.5e-3 if replications > 1 else 6e-5
    assert list(aggregates(card, replications).values()) == pytest.approx(OURS[card], abs=tolerance)


def test_the_uncarded_table_is_the_published_one() -> None:
    """Profit and gap are drawn with 100 reserves in the study and exact here."""
    found = aggregates("", 1)
    for name, published in zip(COLUMNS, PUBLISHED["no card"], strict=True):
        assert found[name] == pytest.approx(published, abs=5e-4)
