"""Comparisons: their numbers are those of differences.csv, Welch's and McNemar's; what their sentences say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from analysis.comparison import FILES
from analysis.comparison_table import COLUMNS
from analysis.comparison_words import sentence
from analysis.mcnemar import exact_p, mid_p
from sim.front.comparing import DEFAULT
from sim.kit.csv_file import read_csv
from sim.kit.errors import RunError
from tests.cli.command import HEADER, SCENARIO, bidlab, files, lay_out

KEYS: dict[str, Any] = {
    "question": "Who wins?",
    "seed": 4,
    "replications": 3,
    "world": {"profile": "marketbench", "tasks": 11, "parameters": "point"},
    "tender": {"value": 1.5, "reserve": 0.75, "penalty": 0.0},
    "standing": {"expected_cost": "actual"},
}
ARMS = {
    "second": bl.SecondPrice(),
    "first": bl.FirstPrice(),
    "owing": {"mechanism": "second_price", "tender": {"penalty": 2.0}},
    "mini": {"mechanism": {"always": {"agent": "gpt-5-mini"}}},
}


@pytest.fixture(scope="module")
def run() -> Any:
    """A small synthetic run, its baseline the first arm."""
    return bl.run(bl.Scenario.of("small", **KEYS, arms=ARMS))


def of(frame: pd.DataFrame, quantity: str) -> pd.DataFrame:
    return frame[frame["quantity"] == quantity].set_index("arm")


def test_paired_numbers_are_those_of_differences(run: Any) -> None:
    found = run.compare(baseline="mini", quantities=["welfare", "cost", "solve_rate", "surplus"])
    gaps = run.differences("mini").set_index("arm")
    assert list(found.frame.columns) == list(COLUMNS)
    for quantity in ("welfare", "cost", "solve_rate", "surplus"):
        ours = of(found.frame, quantity)
        assert list(ours.index) == ["second", "first", "owing"]
        for part in ("", "_low", "_high", "_se"):
            expected = gaps.loc[ours.index, f"{quantity}{part}"].to_numpy()
            assert ours[f"difference{part}"].to_numpy(np.float64) == pytest.approx(expected, nan_ok=True, rel=1e-12)
    for quantity in ("welfare", "cost"):
        for part in ("p", "p_holm"):
            expected = gaps.loc[["second", "first", "owing"], f"{quantity}_{part}"].to_numpy()
            assert of(found.frame, quantity)[part].to_numpy() == pytest.approx(expected, nan_ok=True, rel=1e-12)
    means = run.summary.set_index("arm")["welfare"]
    assert of(found.frame, "welfare")["mean"].to_numpy() == pytest.approx(
        means[["second", "first", "owing"]].to_numpy()
    )
    assert set(of(found.frame, "welfare")["baseline_mean"]) == {means["mini"]}


def test_d_and_mcnemar_follow_from_the_auctions(run: Any) -> None:
    row = of(run.compare("mini", ["solve_rate"]).frame, "solve_rate").loc["owing"]
    arms = {arm.name: arm for arm in run.arms()}
    mine, theirs = (arms[name].solved[..., 0].ravel() for name in ("owing", "mini"))
    only = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    assert (row["only_arm"], row["only_baseline"]) == only
    assert (row["p"], row["p_exact"]) == pytest.approx((float(mid_p(*only)), exact_p(*only)))
    gaps = mine.astype(float) - theirs
    assert row["effect_size"] == pytest.approx(gaps.mean() / gaps.std(ddof=1))
    assert row["n_clusters"] == row["n"] == mine.size


def test_other_seeds_and_sizes_have_no_pairs(run: Any) -> None:
    others = [bl.run(run.run.scenario, seed=9), bl.run(run.run.scenario, settings={"world.tasks": 7})]
    found = bl.compare(run, *others, quantities=["cost"])
    one, other = ((arm.cost.sum(axis=2)).ravel() for arm in (others[0].arms()[3], run.arms()[3]))
    expected = ttest_ind(one, other, equal_var=False)
    row = of(found.frame, "cost").loc["mini (small #2)"]
    assert (row["p"], row["degrees"]) == pytest.approx((expected.pvalue, expected.df))
    assert row["difference"] == pytest.approx(one.mean() - other.mean())
    assert (row["paired"], row["n_clusters"], row["baseline_clusters"]) == ("no", 33, 33)
    assert of(found.frame, "cost").loc["mini (small #3)", "n_clusters"] == 21
    assert len(found.frame) == 8
    assert found.frame["family"].unique().tolist() == ["8 arms, within cost"]
    assert found.notes[0] == "small #2: no pairs of auctions with the same luck: Welch's t over each run's clusters"
    assert found.notes[1].endswith("what they share makes the intervals wide rather than narrow")
    assert ", n = 33 and 33 (replication, task) pairs, not paired (Welch's t, " in found.sentences[0]


def test_the_first_run_is_the_baseline(run: Any) -> None:
    other = bl.run(run.run.scenario, settings={"tender.penalty": 0.5})
    found = bl.compare(run, other, quantities=["welfare"], arms=["second", "mini"])
    change = other.summary.set_index("arm")["welfare"] - run.summary.set_index("arm")["welfare"]
    assert found.frame["difference"].to_numpy() == pytest.approx(change[["second", "mini"]].to_numpy(), abs=1e-12)
    assert set(found.frame["paired"]) == {"same luck"}
    assert found.against == "the arm of that name in small #1"


def table(n_tasks: int, seed: int) -> str:
    stream = np.random.default_rng(seed)
    rows = [
        f"{agent},t{task},{0.5 + 0.4 * stream.random():.3f},{int(stream.random() < 0.6)},{stream.random():.3f},0.2\n"
        for agent in ("a", "b", "c")
        for task in range(n_tasks)
    ]
    return HEADER + "".join(rows)


def test_one_table_under_other_seeds_is_paired_by_task(tmp_path: Path) -> None:
    path = lay_out(tmp_path, table=table(13, 1))
    one, two = bl.run(path, replications=1), bl.run(path, seed=8, replications=4, settings={"tender.penalty": 1.0})
    row = bl.compare(one, two, quantities=["cost"]).frame.iloc[0]
    by_task = [run.arms()[0].cost.sum(axis=2).mean(axis=0) for run in (two, one)]
    gaps = by_task[0] - by_task[1]
    assert row["difference"] == pytest.approx(gaps.mean())
    assert row["difference_se"] == pytest.approx(gaps.std(ddof=1) / np.sqrt(13))
    assert (row["paired"], row["clusters"], row["n_clusters"]) == ("same tasks", "tasks", 13)
    (tmp_path / "b").mkdir()
    other = bl.run(lay_out(tmp_path / "b", table=table(9, 1)))
    with pytest.raises(RunError, match="play other tables of tasks: 4 tasks are in one of them only"):
        bl.compare(one, other)


def test_rates_have_no_interval_of_d_whatever_is_paired(tmp_path: Path) -> None:
    path, drawn = lay_out(tmp_path, table=table(41, 1)), {"tender.reserve": {"uniform": [0.0, 1.0]}}
    one, two = (bl.run(path, seed=seed, replications=3, settings=drawn) for seed in (1, 8))
    found = bl.compare(one, two, quantities=["cost", "solve_rate"]).frame.set_index("quantity")
    assert set(found["paired"]) == {"same tasks"}
    assert found["effect_size"].notna().all()
    assert found["effect_size_low"].isna().to_dict() == {"cost": False, "solve_rate": True}


def test_runs_that_cannot_be_compared(run: Any, tmp_path: Path) -> None:
    recorded = bl.run(lay_out(tmp_path))
    for call, words in (
        (lambda: bl.compare(run, recorded), "small plays a synthetic world, s a recorded table"),
        (lambda: bl.compare(run, bl.run(run.run.scenario, mechanisms=["posted_price"])), "no arm in common; 'second'"),
        (lambda: bl.compare(run, run, baseline="mini"), "baseline: is of one run"),
        (lambda: run.compare("nimi"), "no arm 'nimi'"),
        (lambda: run.compare(arms=["secnd"]), "no arm 'secnd' .did you mean 'second'"),
        (lambda: run.compare(quantities=["welfar"]), "quantity 'welfar': unknown .did you mean 'welfare'"),
        (lambda: run.compare(quantities=["score"]), "score: undefined"),
        (lambda: run.compare(arms=["second"]), "no arm beside the baseline 'second'"),
    ):
        with pytest.raises(RunError, match=words) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_a_default_quantity_without_a_number_is_named(tmp_path: Path) -> None:
    text = SCENARIO.replace("value = 1.0\n", "") + '\n[[arm]]\nname = "y"\nmechanism = "hire_all"\n'
    found = bl.run(lay_out(tmp_path, text, table(9, 3))).compare()
    assert found.notes[0] == "left out, undefined in these arms: welfare"
    assert found.frame["quantity"].tolist() == ["solve_rate", "cost"]


def test_an_arm_that_decides_alike_is_no_member_of_the_family(tmp_path: Path) -> None:
    arms = "".join(f'\n[[arm]]\nname = "{name}"\nmechanism = "{rule}"\n' for name, rule in TWINS.items())
    played = bl.run(lay_out(tmp_path, SCENARIO.partition("[[arm]]")[0] + arms, table(9, 3)), replications=1)
    found = of(played.compare(baseline="one", quantities=["solve_rate", "welfare"]).frame, "solve_rate")
    assert found.loc["twin", ["changed", "difference"]].tolist() == [0.0, 0.0]
    assert found.loc["twin", ["p", "p_holm", "p_exact", "only_arm"]].isna().all()
    assert found.loc["all", "p"] == found.loc["all", "p_holm"]
    assert found.loc["all", "family"] == "1 arm, within solve rate"
    gaps = played.differences("one").set_index("arm")
    assert np.isnan(gaps.loc["twin", "solve_rate_p"])
    assert gaps.loc["all", "solve_rate_p"] == gaps.loc["all", "solve_rate_p_holm"]


def test_large_effect_sizes_keep_their_digits(run: Any) -> None:
    found = run.compare(baseline="mini", quantities=["welfare"])
    frame = found.frame.assign(effect_size=[20.46, -0.5, 10.04], effect_size_low=np.nan)
    cells = [row[3] for row in tuple(replace(found, frame=frame).tables[0].rows)]
    assert cells == ["", "20.46", "-.50", "10.04"]


TWINS = {"one": "second_price", "twin": "first_price", "all": "hire_all"}
ROW: dict[str, Any] = {
    "arm": "x", "baseline": "y", "quantity": "welfare", "paired": "same luck", "n": 93, "clusters": "tasks",
    "n_clusters": 93, "baseline_clusters": np.nan, "changed": 0.2, "difference": -0.03, "difference_low": -0.07,
    "difference_high": 0.01, "difference_se": 0.02, "degrees": np.nan, "test": "paired t", "p": 0.138, "p_holm": 0.138,
    "family": "1 arm, within welfare", "only_arm": np.nan, "only_baseline": np.nan, "coupled": "",
}  # fmt: skip
NONE = {"difference_low": np.nan, "difference_high": np.nan, "p": np.nan, "p_holm": np.nan}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "x loses .030 of welfare against y, 95 % interval [-.010, .070], p = .138, n = 93 tasks: not told apart"),
        (
            {"difference": 0.05, "difference_low": 0.01, "difference_high": 0.09, "p": 0.02, "p_holm": 0.02},
            "x gains .050 of welfare against y, 95 % interval [.010, .090], p = .020, n = 93 tasks: told apart",
        ),
        (
            {"p": 0.02, "p_holm": 0.12, "family": "6 arms, within welfare", "quantity": "cost"},
            "x has .030 less cost than y, 95 % interval [-.010, .070], p = .020, n = 93 tasks: told apart by itself, "
            "but not after Holm over 6 arms (p = .120)",
        ),
        (
            {"p": 1e-9, "p_holm": 6e-9, "family": "6 arms, within welfare"},
            "x loses .030 of welfare against y, 95 % interval [-.010, .070], p < .001, n = 93 tasks: told apart, also "
            "after Holm over 6 arms (p < .001)",
        ),
        (
            {"changed": 0.0, "difference": 0.0} | NONE,
            "x hires as y does at every task: no decision differs, so neither does welfare",
        ),
        (
            {"difference": 0.0, "difference_se": 0.0} | NONE,
            "x and y have the same welfare, n = 93 tasks: the same at every task: nothing varied, so there is no "
            "interval and no test",
        ),
        (
            {"difference_se": 0.0} | NONE,
            "x loses .0300 of welfare against y, n = 93 tasks: exactly so at every task: nothing varied, so there "
            "is no interval and no test",
        ),
        (
            {"clusters": "replications", "n_clusters": 3, "difference_se": np.nan, "coupled": "market.capacity"} | NONE,
            "x loses .0300 of welfare against y, n = only 3 replications (coupled by market.capacity): no interval (3 "
            "replications, at least 5 needed (coupled by market.capacity)), so not judged",
        ),
        (
            {"clusters": "replications", "n_clusters": 6, "coupled": "market.capacity"},
            "x loses .030 of welfare against y, 95 % interval [-.010, .070], p = .138, n = only 6 replications "
            "(coupled by market.capacity): not told apart",
        ),
        (
            {"quantity": "solve_rate", "test": "McNemar mid-p", "only_arm": 6, "only_baseline": 11, "p": 0.2379},
            "x loses .030 of solve rate against y, 95 % interval [-.010, .070], 6 tasks that only it solved and 11 the "
            "other way, mid-p = .238, n = 93 tasks: not told apart",
        ),
        (
            {"quantity": "solve_rate", "test": "McNemar mid-p", "only_arm": 1, "only_baseline": 2, "n_clusters": 1},
            "x loses .030 of solve rate against y, 95 % interval [-.010, .070], 1 task that only it solved and 2 the "
            "other way, mid-p = .138, n = 1 task: not told apart",
        ),
        (
            {"p": 0.0503, "p_holm": 0.0503},
            "x loses .030 of welfare against y, 95 % interval [-.010, .070], p = .0503, n = 93 tasks: not told apart",
        ),
        ({"difference": np.nan}, "x against y: welfare is undefined"),
        (
            {"clusters": "no clusters", "n_clusters": 0, "difference_se": np.nan} | NONE,
            "x loses .0300 of welfare against y: no interval (what is done at one task follows from the other tasks; a "
            "recorded table of 50 tasks or more is replayed on redrawn tables), so not judged",
        ),
    ],
)  # fmt: skip
def test_sentences(changes: dict[str, Any], said: str) -> None:
    assert sentence({**ROW, **changes}) == said


def test_the_command_fits_80_columns_and_writes_three_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    arms = '\n[[arm]]\nname = "y_1 & 50%"\nmechanism = "hire_all"\n'
    path = lay_out(tmp_path, SCENARIO + arms, table(12, 2))
    assert bidlab("run", path, "--out", tmp_path / "r", "--replications", "1").code == 0
    said = bidlab("compare", tmp_path / "r", "--baseline", "x", "--out", tmp_path / "c")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert files(tmp_path / "c") == set(FILES)
    assert re.search(r"x \(baseline\) +\.\d+\n", said.out)
    found = read_csv((tmp_path / "c" / "compare.csv").read_bytes())
    assert found["quantity"].tolist() == list(DEFAULT)
    flat = " ".join(said.out.split())
    assert all(" ".join(line.split()) in flat for line in found["sentence"])
    tex, page = ((tmp_path / "c" / name).read_text() for name in FILES[:2])
    assert r"y\_1 \& 50\% &" in tex
    assert r"\caption{Welfare, means and differences to x, paired; 95\% intervals over 12 tasks" in tex
    assert "n = 12 auctions an arm; seed 1; scenario s " in tex
    assert page.count("| y_1 &amp; 50% |") == 3
    again = bidlab("compare", tmp_path / "r", "--out", tmp_path / "c")
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "--force" in again.err
    assert bidlab("compare", tmp_path / "r", "--out", tmp_path / "c", "--force").code == 0


def test_a_notebook_shows_the_tables(run: Any) -> None:
    found = run.compare("mini")
    assert found._repr_html_().count("<table>") == len(DEFAULT)
    assert repr(found).splitlines()[-9:] == found.sentences
