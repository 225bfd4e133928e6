"""Every declared quantity: complete, summable, the same however replications are divided into jobs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import sweep_metrics
from analysis.quantities import Mean, Quantity, Ratio, Statistic, Top, quantities, quantity, register_quantity
from analysis.quantities.registered import unregister
from analysis.sweep_metrics import Reducer, estimate, merge
from sim.experiment.cell import Cell
from sim.experiment.job import play
from sim.experiment.run_folder import draw_world
from sim.kit.errors import ScenarioError
from tests.cli.command import ARM
from tests.sweep.scenes import RECORDED, SYNTHETIC, plan_of, write

NAMES = {
    "arm": "solve_rate unfilled_rate cost payment overhead bid_cost inspection harm surplus utility welfare "
    "score cost_of_last "
    "regret_fixed regret_ability regret_outcome share_top tie_rate exit_rate false_claim_rate inspected_rate "
    "success_rate mean_claim brier "
    "brier_reliability brier_resolution brier_uncertainty log_score ece ece_null residual_correlation comparative_auc "
    "made_rate bought_rate make_or_buy_loss thin_rate thin_if_independent filled_solve_rate "
    "useful_rate solver_average",
    "agent": "success_rate mean_claim brier brier_reliability brier_resolution brier_uncertainty log_score ece "
    "ece_null auc auc_before_card auc_others comparative_auc hired_rate share success_rate_hired ask_mean "
    "claim_minus_success_hired negative_utility_rate exit_rate final_wealth expected_profit published_profit "
    "cash_profit body_profit body_utility oracle_profit rivals_profit late_claim late_mark_up late_hired_rate",
}
RATES = {"solve_rate", "unfilled_rate", "tie_rate", "exit_rate", "success_rate", "hired_rate", "share"} | {
    "success_rate_hired",
    "negative_utility_rate",
    "late_hired_rate",
    "false_claim_rate",
    "inspected_rate",
    "useful_rate",
    "made_rate",
    "bought_rate",
    "thin_rate",
    "filled_solve_rate",
}
PAIRED = set(NAMES["arm"].split()[:13]) | {"cash_profit", "body_profit", "body_utility", "rivals_profit"}
PAIRED |= {"made_rate", "bought_rate", "make_or_buy_loss", "thin_rate", "useful_rate", "solver_average"}
DEFAULT = (
    "share hired_rate cash_profit success_rate_hired claim_minus_success_hired negative_utility_rate rivals_profit"
)


def curve() -> set[str]:
    return {f"{name}_of_tenth_{k}" for name in ("mean_claim", "success_rate") for k in range(1, 11)}


def test_the_quantities_there_are() -> None:
    """Stated a second time: names in order, what is a rate, what is paired, what every sweep keeps."""
    for level, names in NAMES.items():
        found = [each.name for each in quantities(level)]  # type: ignore[arg-type]
        assert [name for name in found if name not in curve()] == names.split()
    assert {each.name for each in quantities() if each.name in curve()} == curve()
    tenths = {name for name in curve() if name.startswith("success_rate")}
    assert {each.name for each in quantities() if each.rate} == RATES | tenths
    assert {each.name for each in quantities() if each.paired} == PAIRED
    kept = {each.key for each in quantities() if each.swept}
    arms = {("arm", name) for name in [*NAMES["arm"].split()[:12], "tie_rate", "exit_rate"]}
    assert kept == arms | {("agent", name) for name in DEFAULT.split()}


def a_quantity(**changes: Any) -> Quantity:
    return replace(Quantity("mine", "arm", "", "a number / auctions", Mean(lambda view: view.overhead)), **changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "no name"}, "letters, digits"),
        ({"level": "task"}, "level must be"),
        ({"meaning": "two\nlines"}, "one line"),
        ({"needs": frozenset({"everything"})}, "needs must be among bids, beliefs"),
        ({"level": "agent"}, "a Mean over auctions is of an arm"),
        ({"how": Top("share"), "paired": True}, "only a Mean or a Ratio"),
        ({"how": Ratio(lambda view: (view.n_ties, view.n_awards)), "paired": True}, "must be a Mean"),
        ({"name": "welfare"}, "quantity 'arm welfare' is registered already"),
    ],
)
def test_declarations_that_do_not_hold_together(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        register_quantity(a_quantity(**changes))


def test_registered_and_forgotten() -> None:
    register_quantity(a_quantity())
    assert quantity("mine", "arm").meaning == "a number / auctions"
    unregister(("arm", "mine"))
    with pytest.raises(ScenarioError, match=r"unknown quantity 'welfar' .*'welfare'"):
        quantity("welfar", "arm")
    assert all(each.name != "mine" for each in quantities())


def job(reducer: Reducer, cell: Cell, arm: int, first: int, count: int) -> dict[str, Any]:
    """Sums of these replications of an arm, which is its own baseline."""
    played = cell.arms[arm]
    world = draw_world(played.settings.spec, cell.origin, 3, count, first)
    own = reducer.measure(play(world, played, "market", first, reducer.whole))
    return {name: values[:, 0] for name, values in reducer.rows(own, own).items()}


@pytest.fixture(autouse=True)
def nothing_claimed() -> None:
    """No arm played before claimed anything: its sums of claims would be another's."""
    sweep_metrics._CLAIMS = sweep_metrics._Claims()


CALIBRATED = 'world = { agents = { "*" = { overconfidence = 1.0, overprecision = 0.0, grid = "none" } } }\n'


def test_arms_that_claim_otherwise_have_sums_of_their_own(tmp_path: Path) -> None:
    text = SYNTHETIC + ARM.replace('"x"', '"sure"') + CALIBRATED
    cell = plan_of(write(tmp_path, text, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'), replications=10).cells[0]
    reducer = Reducer(tuple(each.key for each in quantities() if each.claims))
    order = (0, 1, len(cell.arms) - 1, 0)
    found = [job(reducer, cell, arm, 0, 10) for arm in order]
    for arm, one in zip(order, found, strict=True):
        sweep_metrics._CLAIMS = sweep_metrics._Claims()
        for name, values in job(reducer, cell, arm, 0, 10).items():
            if values.dtype != object:
                np.testing.assert_array_equal(one[name], values, err_msg=name)
    claimed = [row.metric == "mean_claim" for row in reducer.about(cell.origin.agents)]
    totals = [one["noise_num"][np.flatnonzero(claimed)] for one in found]
    assert (totals[2] != totals[0]).all()
    np.testing.assert_array_equal(totals[1], totals[0])


@pytest.mark.parametrize("scenario", [SYNTHETIC, RECORDED], ids=["synthetic", "recorded"])
def test_what_needs_no_ledger_is_the_same_with_one(scenario: str, tmp_path: Path) -> None:
    """Of an arm where an ask is a price, and of one where it is the cost of an attempt."""
    text = scenario + ARM.replace('"x"', '"asks for costs"').replace("second_price", "k_redundant")
    cell = plan_of(write(tmp_path, text, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'), replications=10).cells[0]
    without = Reducer(tuple(each.key for each in quantities() if not each.needs))
    every = Reducer(tuple(each.key for each in quantities()))
    assert (without.whole, every.whole) == (False, True)
    for arm in (0, len(cell.arms) - 1):
        found = []
        for reducer in (without, every):
            sweep_metrics._CLAIMS = sweep_metrics._Claims()
            rows = reducer.about(cell.origin.agents)
            own = np.ones(len(rows), np.bool_)
            made = estimate(job(reducer, cell, arm, 0, 10), rows, own, cell.origin.tasks, 3)
            found.append(dict(zip([(row.metric, row.agent, row.paired) for row in rows], made.value, strict=True)))
        assert found[0] == pytest.approx({key: found[1][key] for key in found[0]}, rel=1e-9, abs=1e-12, nan_ok=True)
        assert np.isnan(found[0]["published_profit", cell.origin.agents[0], False]) == (arm > 0)


@pytest.mark.parametrize("scenario", [SYNTHETIC, RECORDED], ids=["synthetic", "recorded"])
def test_sums_of_two_jobs_are_those_of_one(scenario: str, tmp_path: Path) -> None:
    """Every quantity, whatever the division of 10 replications into jobs."""
    plan = plan_of(write(tmp_path, scenario, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'), replications=10)
    cell, reducer = plan.cells[0], Reducer(tuple(each.key for each in quantities()))
    rows = reducer.about(cell.origin.agents)
    whole, parts = (job(reducer, cell, 0, 0, count) for count in (10, 3))
    for first, count in ((3, 1), (4, 6)):
        merge(parts, job(reducer, cell, 0, first, count))
    own = np.ones(len(rows), np.bool_)
    one, other = (estimate(each, rows, own, cell.origin.tasks, 3) for each in (whole, parts))
    for name in ("value", "se", "se_mc", "low", "high", "clusters"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-9, atol=1e-12, err_msg=name)
    known = {row.metric for row, value in zip(rows, one.value, strict=True) if np.isfinite(value)}
    assert len(known) >= 35
    assert sum(isinstance(each.how, Statistic) for each in quantities()) == 18
