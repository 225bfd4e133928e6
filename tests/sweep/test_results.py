"""What a sweep says: failures, structural zeros, precision, the table that is loaded, what the terminal shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from analysis import load
from analysis.sweep_table import COLUMNS
from sim.experiment import job
from sim.experiment.plan import Options
from sim.kit.errors import RunError
from tests.cli.command import bidlab
from tests.market.folders import contents
from tests.sweep.scenes import RECORDED, SYNTHETIC, plan_of, run, write

WINDOWS = '[sweep]\n"market.window" = [0, 9]\n"tender.penalty" = [0.0, 1.0]\n'
DEADLINE = ("--set", "tender.deadline=4", "--set", "tender.timeout=FAIL")


def test_cell_that_fails_loses_no_other(tmp_path: Path) -> None:
    path = write(tmp_path, sweep=WINDOWS)
    said = bidlab("sweep", path, "--out", tmp_path / "o", "--jobs", "1", *DEADLINE)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert said.err.startswith("bidlab: 2 of 4 cell(s) failed: tender.deadline: must exceed ")
    assert said.err.endswith(f"; see {tmp_path / 'o' / 'failures.csv'}\n")
    assert "cell 2 (market.window = 9, tender.penalty = 0.0) failed: tender.deadline: must exceed" in said.out
    failures = pd.read_csv(tmp_path / "o" / "failures.csv")
    assert failures["cell"].tolist() == [2, 3]
    assert failures["market.window"].tolist() == [9, 9]
    assert set(load(tmp_path / "o")["cell"]) == {0, 1}
    alone = bidlab("sweep", path, "--out", tmp_path / "alone", "--jobs", "1", "--set", 'sweep."market.window"=[0]')
    assert alone.code == 0
    kept, own = load(tmp_path / "o"), load(tmp_path / "alone")
    pd.testing.assert_frame_equal(kept.drop(columns="market.window"), own.drop(columns="market.window"))


def test_each_cause_is_told_once_and_a_sweep_that_played_nothing_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(player: job._Player, cell: job.CellWork) -> list[Any]:
        raise ZeroDivisionError("by nought") if cell.number else LookupError("=no such thing")

    path, given = write(tmp_path), ("--out", tmp_path / "o", "--jobs", "1")
    with monkeypatch.context() as patched:
        patched.setattr(job._Player, "_cell", stop)
        said = bidlab("sweep", path, *given)
    assert said.code == 1
    assert said.err.splitlines() == [
        f"bidlab: 4 of 4 cell(s) failed; see {tmp_path / 'o' / 'failures.csv'}",
        "bidlab: 1 cell(s): LookupError: =no such thing",
        "bidlab: 3 cell(s): ZeroDivisionError: by nought",
    ]
    said = bidlab("sweep", path, *given, "--seed", "77")
    assert said.code == 0, said.err
    assert not (tmp_path / "o" / "failures.csv").exists()
    said = bidlab("sweep", path, *given, "--seed", "78")
    assert said.code == 2
    assert "holds another run" in said.err


def test_any_error_is_kept_to_its_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that nobody foresaw, in one job only."""
    plan = plan_of(write(tmp_path))
    play = job._Player._cell

    def stop(player: job._Player, cell: job.CellWork) -> list[Any]:
        batch = player._batch
        if cell.number == 1 and batch.first <= 6 < batch.first + batch.count * len(batch.numbers):
            raise ZeroDivisionError("by\nnought")
        return list(play(player, cell))

    monkeypatch.setattr(job._Player, "_cell", stop)
    folder = run(plan, tmp_path / "o")
    failures = pd.read_csv(folder / "failures.csv")
    assert failures[["cell", "job", "error"]].to_numpy().tolist() == [[1, 3, "ZeroDivisionError: by nought"]]
    assert set(load(folder)["cell"]) == {0, 2, 3}


def test_structural_zeros_are_reported(tmp_path: Path) -> None:
    path = write(tmp_path, SYNTHETIC.replace("sigma_u = [0.0, 2.3]", "sigma_u = 1.0"))
    said = bidlab("sweep", path, "--out", tmp_path / "o", "--jobs", "1")
    key = "world.agents.gemini-3-pro.overconfidence"
    assert f"structural zero: {key} changes no award of arm 'always' in the replications played" in said.out
    assert "structural zero: tender.penalty changes no award of arm 'always' in the replications played" in said.out
    assert "not varied: tender.penalty in arm 'its own penalty', which states it itself" in said.out
    factors = pd.read_csv(tmp_path / "o" / "factors.csv").set_index(["factor", "arm"])
    assert factors.index[factors["states"]].tolist() == [("tender.penalty", "its own penalty")]
    assert factors["reaches_decision"].to_dict() == {
        (key, "second price"): True,
        (key, "its own penalty"): True,
        (key, "always"): False,
        ("tender.penalty", "second price"): True,
        ("tender.penalty", "its own penalty"): False,
        ("tender.penalty", "always"): False,
    }


@pytest.mark.slow
def test_precision_stops_when_it_is_reached(tmp_path: Path) -> None:
    path = write(tmp_path, sweep='[sweep]\n"tender.penalty" = [0.0, 1.0]\n')
    options = ("--precision", "15%")
    said = bidlab("sweep", path, "--out", tmp_path / "o", "--jobs", "1", *options)
    assert "precision: reached in every cell and arm" in said.out, said.err
    table, few = load(tmp_path / "o"), 16 * 6
    welfare = table[table["metric"] == "welfare"]
    assert few < table["n"].iloc[0] < 100 * few
    assert (1.96 * welfare["se_mc"] <= 0.1501 * welfare["value"].abs()).all()
    assert bidlab("sweep", path, "--out", tmp_path / "again", "--jobs", "2", *options).code == 0
    assert contents(tmp_path / "again") == contents(tmp_path / "o")
    manifest = json.loads((tmp_path / "o" / "manifest.json").read_text())
    assert manifest["replications"] * 7 == table["n"].iloc[0]


def test_precision_that_is_missed_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, sweep='[sweep]\n"tender.penalty" = [0.0, 1.0]\n')
    said = bidlab("sweep", path, "--out", tmp_path / "o", "--jobs", "1", "--precision", "0.1%", "--most", "21")
    assert said.code == 0
    assert "precision: missed in 12 of 12 arms of cells" in said.out
    assert "precision missed: cell 0, arm 'second price [sigma_u 0.0]': half-width of welfare" in said.out
    assert set(load(tmp_path / "o")["n"]) == {21 * 7}


def test_precision_on_a_table_is_the_simulations_own(tmp_path: Path) -> None:
    path = write(tmp_path, RECORDED, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n')
    said = bidlab("sweep", path, "--out", tmp_path / "o", "--jobs", "1", "--precision", "30%")
    assert "simulation's own noise" in said.out, said.err
    rows = pd.read_csv(tmp_path / "o" / "precision.csv")
    welfare = load(tmp_path / "o").query("metric == 'welfare'")
    replications = welfare["n"].to_numpy() / 4  # tasks
    assert (replications >= 20).all()  # nothing is judged before
    assert rows["half_width"].to_numpy() == pytest.approx(t.ppf(0.975, replications - 1) * welfare["se_mc"].to_numpy())


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = sorted(tmp_path.iterdir())
    said = bidlab("sweep", path, "--out", tmp_path / "o", "--dry-run", "--jobs", "2")
    assert said.code == 0, said.err
    assert "4 cell(s) x 6 arm(s) x 16 replication(s) in 8 job(s)" in said.out
    assert "2,688 auctions" in said.out
    assert "estimate" in said.out
    assert "on disk" in said.out
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep whose two keys advance together, one of them in tables."""
    folder = tmp_path_factory.mktemp("zipped")
    sweep = (
        '[sweep]\n"tender.reserve" = ["value", {uniform = [0, 1]}]\n"market.overhead" = [0, 0.5]\n'
        'zip = [["tender.reserve", "market.overhead"]]\n'
    )
    return run(plan_of(write(folder, sweep=sweep), options=Options()), folder / "o")


def test_table_is_tidy(zipped: Path) -> None:
    table = load(zipped)
    keys = ["tender.reserve", "market.overhead"]
    assert list(table.columns) == ["cell", *keys, *list(COLUMNS)[1:]]
    assert not table.duplicated(["cell", "arm", "metric", "agent"]).any()
    assert table.groupby("cell")[keys].first().to_numpy().tolist() == [["value", 0.0], ["{uniform = [0, 1]}", 0.5]]
    assert table.attrs["scenario"] == "s"
    assert table.attrs["partial"] == ""
    csv = pd.read_csv(zipped / "sweep.csv", keep_default_na=False, na_values={"value": [""], "se": [""]})
    assert csv["arm"].tolist() == table["arm"].tolist()
    assert np.allclose(csv["value"], table["value"], rtol=1e-15, equal_nan=True)
    gap = table[table["metric"] == "welfare"]
    assert (gap[gap["arm"] == gap["baseline"]]["difference"] == 0).all()
    assert (gap[gap["arm"] == gap["baseline"]]["difference_se"] == 0).all()


def test_factor_of_keys_that_advance_together(zipped: Path) -> None:
    factors = pd.read_csv(zipped / "factors.csv")
    assert set(factors["factor"]) == {"tender.reserve & market.overhead"}
    shown = bidlab("show", zipped).out
    assert "{uniform = [0, 1]}" in shown


def test_load_of_what_is_no_sweep(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no sweep"):
        load(tmp_path)
    path = write(tmp_path)
    assert bidlab("run", path, "--out", tmp_path / "r", "--replications", "1").code == 0
    with pytest.raises(RunError, match="holds a run, not a sweep"):
        load(tmp_path / "r")
    assert bidlab("cell", tmp_path / "r", "0").err.count("holds no sweep") == 1


def test_broken_job_is_named(zipped: Path, tmp_path: Path) -> None:
    copy = tmp_path / "o.partial"
    (copy / "jobs").mkdir(parents=True)
    (copy / "run.json").write_bytes((zipped / "run.json").read_bytes())
    (copy / "jobs" / "job-000000.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(RunError, match=r"job-000000.parquet: is broken .*; remove it and resume"):
        load(copy)


def test_sweep_is_not_explained(zipped: Path) -> None:
    said = bidlab("explain", zipped, "--task", "task 0")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "run one of its cells alone with `bidlab cell" in said.err
