"""The tables: exact columns, a definition for each, and one row where one is due."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from analysis.cells import PARTS
from analysis.claims_table import claims_table
from analysis.tables import agents_table, closed_forms_table, columns, summary_table
from tests.unit.test_analysis_helpers import break_even, make_world, posted_alone, sold, table_world

WORLD = table_world(5)
ARMS = [posted_alone(WORLD, 2.0, "k = 2"), posted_alone(WORLD, 0.0, "k = 0")]


def test_columns_and_rows():
    frames = {
        "agents": agents_table(ARMS),
        "claims": claims_table(ARMS),
        "summary": summary_table(ARMS),
        "closed_forms": closed_forms_table(ARMS),
    }
    assert {name: len(table) for name, table in frames.items()} == {
        "agents": 12,
        "claims": 2,
        "summary": 2,
        "closed_forms": 12,
    }
    for name, table in frames.items():
        assert list(table.columns) == list(columns()[name])
        assert all(columns()[name].values())
        assert table["arm"].unique().tolist() == ["k = 2", "k = 0"]


def test_every_estimate_has_its_interval_both_errors_and_clusters():
    for name in ("agents", "claims", "summary"):
        names = list(columns()[name])
        names = [column for column in names[names.index("clusters") + 1 :] if column != "coupled"]
        estimates = names[:: 1 + len(PARTS)]
        assert names == [c for e in estimates for c in (e, *(f"{e}_{part}" for part in PARTS))]
    assert list(columns()["agents"])[:6] == ["arm", "mechanism", "agent", "n", "claims", "clusters"]
    assert list(columns()["summary"])[:5] == ["arm", "mechanism", "tasks", "clusters", "coupled"]


def test_null_has_no_error_and_counts_are_whole():
    table = agents_table(ARMS)
    assert table[["ece_null_se", "ece_null_se_mc"]].isna().all(axis=None)
    assert table["n"].tolist() == [465] * 12
    assert table["claims"].tolist() == [93] * 12  # five replications of the same claims
    assert summary_table(ARMS)["tasks"].tolist() == [465 * 6] * 2
    assert np.isnan(summary_table(ARMS)["welfare"]).all()


def test_claims_of_all_agents_together():
    row = claims_table(ARMS).iloc[0]
    found = {name: row[name] for name in ("success_rate", "mean_claim", "brier", "ece", "comparative_auc")}
    expected = {"success_rate": 0.7903, "mean_claim": 0.7268, "brier": 0.1835, "ece": 0.1065}
    for name, value in (expected | {"comparative_auc": 0.5154}).items():
        assert abs(found[name] - value) < 6e-5, name
    assert (row["n"], row["claims"]) == (2790, 558)
    assert abs(row["ece_null"] - 0.0445) < 1e-3  # simulated: the agents share tasks
    assert row["ece_se_mc"] == 0
    assert 0.05 < row["comparative_auc_se"] < 0.07


def test_arms_without_a_closed_form_are_left_out():
    hired = np.ones(WORLD.present.shape, np.bool_)
    shared = ArmData.build("all", "hire_all", WORLD, sold(WORLD, hired, False, break_even(WORLD, 0.0)), False)
    assert closed_forms_table([shared, ARMS[0]])["arm"].unique().tolist() == ["k = 2"]
    assert list(closed_forms_table([shared]).columns) == list(columns()["closed_forms"])
    assert len(agents_table([])) == 0


def test_arms_are_built_from_their_own_rows_of_a_concatenated_ledger():
    two = pd.concat([agents_table(ARMS[:1]), agents_table(ARMS[1:])], ignore_index=True)
    pd.testing.assert_frame_equal(two, agents_table(ARMS))


def test_arms_of_the_same_claims_have_the_numbers_that_each_has_alone() -> None:
    stream = np.random.default_rng(4)
    shape = (3, 20, 4)
    worlds = [
        make_world(stream.random((*shape, 1)) < 0.6, cost=0.1, value=1.0, belief=stream.random(shape)) for _ in range(2)
    ]
    arms = []
    for place, (which, agent) in enumerate([(0, 0), (0, 1), (1, 0), (0, 2)]):
        hired = np.zeros(shape, np.bool_)
        hired[..., agent] = True
        world = worlds[which]
        arms.append(ArmData.build(f"arm {place}", "x", world, sold(world, hired, False, 0.5), False))
    together = agents_table(arms)
    pd.testing.assert_frame_equal(together, pd.concat([agents_table([arm]) for arm in arms], ignore_index=True))
    auc = together.pivot_table(index="agent", columns="arm", values="auc")
    assert (auc["arm 0"] == auc["arm 3"]).all()
    assert (auc["arm 0"] != auc["arm 2"]).any()
