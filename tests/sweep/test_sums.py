"""What a sweep adds up is what `bidlab run` of each cell finds, and the manifest leads back to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import load
from analysis.claims_table import claims_table
from analysis.differences import differences_table
from analysis.quantities import quantities, tabled
from analysis.report import arms_of
from analysis.tables import agents_table, summary_table
from sim.experiment.execute import execute
from sim.experiment.manifest import cell_scenario
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run, draw_world
from tests.cli.command import ARM
from tests.sweep.scenes import RECORDED, SWEEP, SYNTHETIC, plan_of, run, write

CLOSE = {"rel": 1e-12, "abs": 1e-12, "nan_ok": True}
MONEY = '[sweep]\n"market.overhead" = [0.0, 0.25]\n"tender.penalty" = [0.5, 0.0]\n'
TRIES = """\
[tender]
value = 1.0
reserve = 0.8
penalty = 0.0
postings = 3
exclude = "none"

[bidders]
on_retry = "same"
"""
REPEATED = RECORDED.replace("[world]", '[world]\nbeyond_tries = "repeat"\ninfra = 0.2\nbid_cost = 0.01\n')
SCENES = {
    "synthetic": (SYNTHETIC, SWEEP),
    "recorded": (RECORDED + ARM.replace('"x"', '"y"') + "tender = { reserve = 0.2 }\n", MONEY),
    "recorded, alone, no value": (
        RECORDED.replace("value = 1.0\n", "") + ARM.replace('"x"', '"y"') + "market = { alone = false }\n",
        MONEY + "[market]\nalone = true\n",
    ),
    "limited wealth": (
        SYNTHETIC.replace("[tender]", "[tender]\nbudget = 2.0").replace(
            "tasks = 7\nbid", "tasks = 12\narrivals = {every = 1}\nbid"
        ),
        '[sweep]\n"bidders.bankroll" = [0.5, inf]\n"tender.penalty" = [0.0, 1.0]\n',
    ),
    "recorded, limited wealth": (
        RECORDED.replace("[world]", '[world]\narrivals = {every = 1}\norder = "shuffled"') + ARM.replace('"x"', '"y"'),
        '[sweep]\n"bidders.bankroll" = [0.5, 0.25]\n"tender.penalty" = [0.0, 0.125]\n',
    ),
    "recorded, with a card": (
        RECORDED.replace(
            "[[arm]]", '[bidders]\ncard = { record = "redrawn", tasks = 3, weight = 1.0, cost_weight = 0.5 }\n[[arm]]'
        ),
        MONEY,
    ),
    "synthetic, with a card": (
        SYNTHETIC.replace(
            "[[arm]]", '[bidders]\ncard = { record = "split", weight = 1.0, cost_weight = 0.5 }\n[[arm]]', 1
        ).replace("replications = 16", "replications = 20"),
        SWEEP,
    ),
    "posted again": (
        REPEATED.replace(REPEATED[REPEATED.index("[tender]") : REPEATED.index("[[arm]]")], TRIES)
        + ARM.replace('"x"', '"y"').replace("second_price", "hire_all"),
        MONEY,
    ),
}


_ERRORS = ("low", "high", "se", "se_mc", "clusters")
ROUGH = {  # of claims that lie anywhere, from sums in bins or by group: tests/quantities/test_statistics.py
    "auc": ("value", *_ERRORS),
    "auc_before_card": ("value", *_ERRORS),
    "auc_others": ("value", *_ERRORS),
    "brier_reliability": ("value",),
    "brier_resolution": ("value",),
    "ece_null": ("value",),
    "ece": ("se",),
    "regret_fixed": _ERRORS,
    "ece of all": ("se", "se_mc", "clusters"),
    "log_score of all": _ERRORS,
}
EVERY = list(dict.fromkeys(each.name for each in quantities()))
ASKED = f"quantities = {json.dumps(EVERY)}\n"


QUICK = ("recorded",)
EACH = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SCENES]


@pytest.fixture(scope="module", params=EACH)
def swept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished sweep."""
    folder = tmp_path_factory.mktemp("swept")
    scenario, sweep = SCENES[request.param]
    return run(plan_of(write(folder, scenario, sweep.replace("[sweep]\n", f"[sweep]\n{ASKED}"))), folder / "o")


def tables_of_cell(folder: Path, cell: int, out: Path) -> tuple[Run, dict[str, pd.DataFrame]]:
    done = Run.open(execute(plan(cell_scenario(folder, cell)), out))
    arms = arms_of(done)
    baselines = {arm.name: done.scenario.baseline_of(arm) for arm in done.scenario.arms}
    return done, {
        "summary": summary_table(arms).set_index("arm"),
        "agents": agents_table(arms).set_index(["arm", "agent"]),
        "claims": claims_table(arms).set_index("arm"),
        "differences": differences_table(arms, baselines).set_index("arm"),
    }


def test_sums_are_what_a_run_of_the_cell_finds(swept: Path, tmp_path: Path) -> None:
    table, cell = load(swept), 3
    done, tables = tables_of_cell(swept, cell, tmp_path / "cell")
    manifest = json.loads((swept / "manifest.json").read_text())
    assert done.info["hash"] == manifest["cells"][cell]["hash"]
    world, card = done.scenario.arms[0].settings.world, done.scenario.arms[0].settings.bidders.card
    drawn, compared = world.table is None or card is not None, 0  # claims may differ from one replication to another
    for row in table[table["cell"] == cell].to_dict("records"):
        found = tables["agents"].loc[(row["arm"], row["agent"])] if row["agent"] else tables["summary"].loc[row["arm"]]
        if not row["agent"] and row["metric"] not in found:
            found = tables["claims"].loc[row["arm"]]
        if row["metric"] in found:
            assert_row(row, found, "", drawn)
            compared += 1
        if not row["agent"] and row["metric"] in tables["differences"]:
            assert_row(row, tables["differences"].loc[row["arm"]], "difference", drawn)
            assert row["baseline"] == tables["differences"].loc[row["arm"], "baseline"]
    agents = len(tables["agents"]) * len(tabled("agent"))
    of_arms = len(tabled("arm")) + len(tabled("arm", "claims"))
    assert compared == len(tables["summary"]) * of_arms + agents
    assert set(table["n"]) == set(tables["summary"]["tasks"])


def assert_row(row: dict[Any, Any], found: Any, of: str, drawn: bool) -> None:
    metric, rough = row["metric"], {} if row["by"] == "tasks" else ROUGH
    if metric in ("ece_null", "residual_correlation") and not row["agent"] and drawn and np.isnan(row["value"]):
        return  # found from all claims together, so only where replications are copies
    for part in ("value", "low", "high", "se", "se_mc", *(("p",) if of else ("clusters",))):
        name = part if not of else of if part == "value" else f"{of}_{part}"
        theirs = metric if part == "value" else f"{metric}_{part}"
        if part in rough.get(metric if row["agent"] else f"{metric} of all", rough.get(metric, ())):
            continue
        assert row[name] == pytest.approx(found[theirs], **CLOSE), (row["arm"], metric, row["agent"], name)


def test_an_agent_and_its_rivals_share_payments_less_costs(tmp_path: Path) -> None:
    """In value and in the difference to the baseline, where all agents meet in one market."""
    table = load(run(plan_of(write(tmp_path, *SCENES["synthetic"])), tmp_path / "o"))
    for column in ("value", "difference"):
        wide = table.pivot_table(column, ["cell", "arm"], ["metric", "agent"], dropna=False)
        expected = wide["payment"][""] - wide["cost"][""]
        for agent in sorted(set(table["agent"]) - {""}):
            found = wide["cash_profit"][agent] + wide["rivals_profit"][agent]
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_success_of_the_hired_is_wins_over_attempts(swept: Path, tmp_path: Path) -> None:
    table = load(swept)
    done, _ = tables_of_cell(swept, 0, tmp_path / "cell")
    rows = table[(table["cell"] == 0) & (table["metric"] == "success_rate_hired")]
    for row in rows.to_dict("records"):
        attempts = done.ledger.arm(row["arm"]).attempts
        own = attempts[attempts["agent"] == row["agent"]]
        assert row["value"] == pytest.approx(own["success"].mean() if len(own) else np.nan, **CLOSE)


@pytest.mark.parametrize(
    "change",
    [
        "tender.penalty=0.7",
        'tender.public=["penalty"]',
        "world.bid_cost=0.3",
        "tender.escalation={cap=1.5}",
        "tender.budget=1.5",
    ],
)
def test_settings_that_share_worlds_draw_the_same(tmp_path: Path, change: str) -> None:
    path = write(tmp_path)
    one, other = (plan_of(path, *changes).cells[0] for changes in ((), (change,)))
    assert one.worlds == other.worlds
    worlds = [draw_world(cell.arms[0].settings.spec, cell.origin, 3, 4, 2) for cell in (one, other)]
    assert set(worlds[0].arrays) == set(worlds[1].arrays)
    for name, array in worlds[0].arrays.items():
        assert np.array_equal(array, getattr(worlds[1], name), equal_nan=False)


@pytest.mark.parametrize(
    "change",
    ["world.infra=0.1", "tender.value=2.0", 'bidders.card={record="redrawn",tasks=9,weight=1.0,cost_weight=0.0}'],
)
def test_settings_that_change_luck_do_not_share_worlds(tmp_path: Path, change: str) -> None:
    path = write(tmp_path)
    keys = [plan_of(path, *changes).arms[0].settings.spec for changes in ((), (change,))]
    assert keys[0] != keys[1]
