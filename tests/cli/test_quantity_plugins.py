"""A user's own quantity: in the tables of a run, in a sweep, in its figures and in `show --columns`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis import load
from tests.cli.command import bidlab, lay_out
from tests.sweep.scenes import RECORDED, TABLE

PLUGIN = """\
from analysis.quantities import Mean, Quantity, Ratio, register_quantity

register_quantity(
    Quantity(
        name="loss_rate",
        level="arm",
        unit="",
        meaning="auctions whose attempts cost more than they paid / auctions",
        how=Mean(lambda arm: 1.0 * (arm.dollars(cost=1) > arm.dollars(payment=1)), rate=True),
        paired=True,
    )
)
register_quantity(
    Quantity("solved_by", "agent", "", "tasks the agent solved / opportunities", Ratio(lambda a: (a.wins, a.present)))
)
"""
SWEEP = """
[sweep]
"tender.penalty" = [0.0, 0.5]

[[figure]]
kind = "lines"
x = "tender.penalty"
y = ["loss_rate", "solved_by:a", "auc:a"]
"""


def laid_out(folder: Path, plugin: str = PLUGIN) -> list[str | Path]:
    """The arguments that name the scenario and the plugin."""
    path = lay_out(folder, RECORDED + SWEEP, TABLE)
    (folder / "q.py").write_text(plugin)
    return [path, "--out", folder / "o", "--plugin", folder / "q.py"]


def test_in_the_tables_of_a_run(tmp_path: Path) -> None:
    said = bidlab("run", *laid_out(tmp_path))
    assert said.code == 0, said.err
    summary, agents = (pd.read_csv(tmp_path / "o" / f"{name}.csv") for name in ("summary", "agents"))
    attempts = pd.read_parquet(tmp_path / "o" / "attempts.parquet")
    lost = (attempts["payment"] < attempts["cost"]).sum() / summary["tasks"][0]
    assert summary["loss_rate"][0] == pytest.approx(lost)
    assert summary["loss_rate_low"][0] < lost < summary["loss_rate_high"][0]
    assert "loss_rate_p_holm" in pd.read_csv(tmp_path / "o" / "differences.csv")
    assert agents["solved_by"].sum() == pytest.approx(summary["solve_rate"][0])


@pytest.mark.slow
def test_in_a_sweep_with_two_processes_and_its_figure(tmp_path: Path) -> None:
    arguments = laid_out(tmp_path)
    said = bidlab("sweep", *arguments, "--jobs", "2", figures=True)
    assert said.code == 0, said.err
    table = load(tmp_path / "o")
    alone = bidlab("cell", tmp_path / "o", "1", "--out", tmp_path / "c", "--plugin", tmp_path / "q.py")
    assert alone.code == 0, alone.err
    summary = pd.read_csv(tmp_path / "c" / "summary.csv")
    row = table[(table["cell"] == 1) & (table["metric"] == "loss_rate")].iloc[0]
    for part in ("low", "high", "se"):
        assert row[part] == pytest.approx(summary[f"loss_rate_{part}"][0], nan_ok=True)
    drawn = pd.read_csv(tmp_path / "o" / "figures" / "lines.csv")
    assert set(drawn["metric"]) == {"loss_rate", "solved_by", "auc"}
    assert bidlab("show", tmp_path / "o").code == 0  # needs no plugin: the table is there


def test_in_columns(tmp_path: Path) -> None:
    laid_out(tmp_path)
    said = bidlab("show", tmp_path, "--columns", "--plugin", tmp_path / "q.py")
    assert said.code == 0, said.err
    assert said.out.count("loss_rate") == 4  # summary.csv, differences.csv and its meaning there, quantities
    assert said.out.count("tasks the agent solved / opportunities") == 2
    without = bidlab("show", tmp_path, "--columns")
    assert "loss_rate" not in without.out
    assert "regret_outcome" in without.out


@pytest.mark.parametrize(
    ("plugin", "told"),
    [
        (
            PLUGIN.replace('name="loss_rate"', 'name="welfare"'),
            "line 3: ValueError: quantity 'arm welfare' is registered already",
        ),
        (PLUGIN.replace("arm.dollars(payment=1)", "arm.dolars"), "quantity 'loss_rate': AttributeError"),
        (
            PLUGIN.replace("arm.dollars(payment=1))", "9)[:1]"),
            "one number of each auction",
        ),
        (
            PLUGIN.replace("1.0 * (arm", "2.0 * (arm"),
            "quantity 'loss_rate': is a rate, so each auction's number lies in [0, 1]; got 2",
        ),
        ("x = 1\n", "registers nothing"),
    ],
)
def test_mistakes_are_one_line(plugin: str, told: str, tmp_path: Path) -> None:
    said = bidlab("run", *laid_out(tmp_path, plugin))
    assert said.code == 2
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_an_unknown_quantity_of_a_sweep(tmp_path: Path) -> None:
    path = lay_out(tmp_path, RECORDED + SWEEP.partition("[[figure]]")[0] + 'quantities = ["acu"]\n', TABLE)
    said = bidlab("check", path)
    assert said.code == 2
    assert "sweep: quantities: unknown quantity 'acu'" in said.err
