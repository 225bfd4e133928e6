"""Agents that are nowhere present have one row together in a job's arrays, and sums of their own in what it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import bidlab as bl
import numpy as np
import pytest

from analysis import sweep_metrics
from analysis.quantities import Mean, Quantity, Ratio, quantities, register_quantity
from analysis.quantities.registered import unregister
from analysis.sweep_cells import Cells
from analysis.sweep_metrics import Reducer
from sim.experiment.job import Played, play
from sim.experiment.run_folder import draw_world
from tests.cli.command import ARM
from tests.sweep.scenes import SYNTHETIC, plan_of, write

SOME = tuple(each.key for each in quantities() if isinstance(each.how, Mean | Ratio) and not each.needs)
OWN = ARM.replace('"x"', '"own hand"') + 'tender = { own = "gpt-5-mini" }\n'
HAND = SYNTHETIC.replace("bid_cost = 0.001\n", "") + OWN


def played(tmp_path: Path, arm: int, absent: list[int], text: str = SYNTHETIC) -> Played:
    """An arm of a market in which these agents are nowhere, and the second not at every task."""
    cell = plan_of(write(tmp_path, text, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'), replications=10).cells[0]
    one = cell.arms[arm]
    world = draw_world(one.settings.spec, cell.origin, 3, 10, 0)
    present = np.array(world.present)
    present[..., absent] = False
    present[:, ::2, 1] = False
    return play(world.changed(present=present), one, "market")


def columns(arm: Played, baseline: Played) -> dict[str, Any]:
    sweep_metrics._CLAIMS = sweep_metrics._Claims()
    reducer = Reducer(SOME)
    return reducer.rows(reducer.measure(arm), reducer.measure(baseline))


def with_a_row_each(arm: Played, baseline: Played) -> dict[str, Any]:
    def apart(of: Played, everybody: bool) -> Cells:
        return Cells(of, everybody=True)

    with mock.patch.multiple(sweep_metrics, Cells=apart, of_all=lambda added, _: added, alike=lambda *both: both):
        return columns(arm, baseline)


@pytest.mark.parametrize("absent", [[4, 5], [0, 1, 2], [1, 3, 4], [5], [], [0, 1, 2, 3, 4, 5]])
@pytest.mark.parametrize("text", [SYNTHETIC, HAND], ids=["market", "own hand"])
def test_sums_are_those_with_a_row_each(tmp_path: Path, text: str, absent: list[int]) -> None:
    arm, baseline = (played(tmp_path, place, absent, text) for place in (text.count("[[arm]]") - 1, 0))
    one, other = columns(arm, baseline), with_a_row_each(arm, baseline)
    assert one.keys() == other.keys()
    for name, values in other.items():
        np.testing.assert_array_equal(one[name], values, err_msg=name)


@pytest.mark.parametrize("other", [[4, 5], [2, 3], [], [1, 2, 3, 4, 5]])
def test_an_arm_and_its_baseline_may_have_others_present(tmp_path: Path, other: list[int]) -> None:
    arm, baseline = played(tmp_path, 1, [2, 3]), played(tmp_path, 0, other)
    one, apart = columns(arm, baseline), with_a_row_each(arm, baseline)
    for name, values in apart.items():
        np.testing.assert_array_equal(one[name], values, err_msg=name)


def rows_of(arm: Played) -> int:
    return len(Cells(arm, everybody=False).attempts)


def test_how_many_rows_there_are(tmp_path: Path) -> None:
    counts = {tuple(some): rows_of(played(tmp_path, 0, some)) for some in ([], [3], [3, 4], [0, 2, 5], list(range(6)))}
    assert counts == {(): 6, (3,): 6, (3, 4): 5, (0, 2, 5): 4, (0, 1, 2, 3, 4, 5): 6}
    assert len(Cells(played(tmp_path, 0, [3, 4])).attempts) == 6


def test_a_quantity_of_a_plugin_finds_a_row_each(tmp_path: Path) -> None:
    def rows(view: Any) -> Any:
        return np.full(view.present.shape, float(len(view.attempts))), view.present

    arm = played(tmp_path, 0, [3, 4])
    register_quantity(Quantity("mine", "agent", "", "rows", Ratio(rows)))
    try:
        reducer = Reducer((("agent", "mine"),))
        found = dict(zip(reducer.about(tuple("abcdef")), reducer.measure(arm).own["noise_num"][:, 0], strict=False))
    finally:
        unregister(("agent", "mine"))
    assert [value for row, value in found.items() if row.metric == "mine"] == [6.0 * 70] * 6


def test_what_is_turned_to_the_world_has_everybody(tmp_path: Path) -> None:
    arm = played(tmp_path, 0, [0, 3, 4])
    some, every = Cells(arm, everybody=False), Cells(arm)
    for name in ("attempts", "present", "wins"):
        np.testing.assert_array_equal(some.to_world(getattr(some, name)), every.to_world(getattr(every, name)))
    np.testing.assert_array_equal(some.of_world(np.array(arm.world.present)), some.present > 0)
    assert some.to_world(some.value[None]).shape == (10, 7, 1)


def test_arms_of_other_pools_hold_the_same_auctions_as_in_a_run(tmp_path: Path) -> None:
    """Pools of 4, 6 and 1 of the six: paired differences of auctions are those of the cell run alone."""
    pools = [ARM.replace('"x"', f'"of {size}"') + f"world = {{ pool_size = {size} }}\n" for size in (6, 1)]
    text = SYNTHETIC.replace("tasks = 7", "tasks = 7\npool_size = 4", 1).replace("[0.0, 2.3]", "1.0") + "".join(pools)
    path = write(tmp_path, text, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n')
    swept = bl.sweep(path).table.query("cell == 1 and agent == ''").set_index(["arm", "metric"])
    differences = bl.run(path, settings={"tender.penalty": 1.0}).differences().set_index("arm")
    for arm in ("of 6", "of 1"):
        for metric in ("welfare", "surplus", "solve_rate", "cost"):
            found = [swept.loc[(arm, metric), f"difference{end}"] for end in ("", "_low", "_high")]
            wanted = [differences.loc[arm, f"{metric}{end}"] for end in ("", "_low", "_high")]
            assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12), (arm, metric)
            assert np.isfinite(found).all()
