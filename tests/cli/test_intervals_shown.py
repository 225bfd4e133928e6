"""What `bidlab show` says of intervals: their ends, what they are over, and why there is none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from analysis.arms_view import arms_view, routers_view
from analysis.report import read_tables
from sim.experiment.stored import write_checksums
from sim.kit.terminal import WIDTH, Column, Sheet
from tests.cli.command import ARM, HEADER, SCENARIO, bidlab, lay_out

MANY = HEADER + "".join(
    f"a,t{k},0.9,{int(k % 6 != 0)},0.3,0.3\nb,t{k},0.{6 + k % 3},{int(k % 2 == 0)},0.0{5 + k % 4},0.05\n"
    for k in range(12)
)
BASIC = SCENARIO.replace("[tender]", '[standing]\nexpected_cost = "actual"\n[tender]')
ARMS = BASIC + "".join(
    f'\n[[arm]]\nname = "{name}"\nmechanism = {rule}\n{more}\n'
    for name, rule, more in (
        ("y", '"second_price"', "tender = { penalty = 0.01 }"),
        ("z", '{ always = { agent = "a" } }', ""),
        ("first", '"first_price"', "tender = { reserve = 0.06 }"),
    )
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of twelve tasks; its second arm decides as the first does."""
    folder = tmp_path_factory.mktemp("shown")
    found = bidlab("run", lay_out(folder, ARMS, MANY), "--out", folder / "o")
    assert found.code == 0, found.err
    return folder / "o"


def said(views: list[Any]) -> str:
    """The views as text."""
    console = Console(width=200, highlight=False, emoji=False)
    with console.capture() as captured:
        for view in views:
            console.print(view)
    return captured.get()


def test_a_run_prints_intervals_over_its_tasks(finished: Path) -> None:
    out = bidlab("show", finished).out
    assert "per auction; 95% intervals over 12 tasks\n" in out
    summary = pd.read_csv(finished / "summary.csv").set_index("arm").loc["z"]
    ends = "[" + ", ".join(f"{summary[f'solve_rate_{end}']:.3f}".lstrip("0") for end in ("low", "high")) + "]"
    assert f".833 {ends}" in out
    assert "±" not in out.partition("arm 'x', all claims")[0]
    assert "paired differences of welfare to 'x' per auction; 95% intervals over 12 tasks\n" in out


def test_an_arm_that_decides_as_its_baseline_has_no_difference_of_0(finished: Path) -> None:
    out = bidlab("show", finished).out
    table = out.partition("paired differences")[2].partition(", all claims")[0]
    row = next(line for line in table.splitlines() if line.startswith("y "))
    assert "no decision differs" in row


def test_few_clusters_stand_in_the_title(finished: Path) -> None:
    tables = read_tables(finished)
    few = {name: 7 for name in tables["summary"] if name.endswith("_clusters")}
    coupled = {"clusters": "replications", "coupled": "standing.reputation"}
    text = said(arms_view({**tables, "summary": tables["summary"].assign(**few, **coupled)}))
    assert "per auction; 95% intervals over only 7 replications (coupled by standing.reputation)\n" in text


def test_coupled_replications_that_are_too_few_have_no_interval(tmp_path: Path) -> None:
    text = 'question = "?"\nseed = 3\nreplications = 3\n[world]\nprofile = "marketbench"\nparameters = "point"\n'
    text += "tasks = 12\n[tender]\nvalue = 2.0\nreserve = 1.5\npenalty = 0.0\n[market]\ncapacity = 1\n" + ARM
    out = bidlab("run", lay_out(tmp_path, text), "--out", tmp_path / "o").out
    assert "per auction; no intervals\n" in out
    assert "no interval: 3 replications, at least 5 needed (coupled by market.capacity)\n" in out
    assert "[" not in out.partition(", all claims")[0].partition("per auction")[2]


def test_the_family_of_adjusted_p_values_is_named(finished: Path) -> None:
    out, table = bidlab("show", finished).out, pd.read_csv(finished / "differences.csv")
    family = int(table["welfare_p"].notna().sum())
    assert family > 1
    assert f"p adjusted by Holm over the {family} arms; intervals are not adjusted\n" in out


def test_a_run_of_an_older_version_is_refused_in_one_line(finished: Path, tmp_path: Path) -> None:
    path = shutil.copytree(finished, tmp_path / "o") / "summary.csv"
    pd.read_csv(path).drop(columns="coupled").to_csv(path, index=False)
    write_checksums(path.parent)
    found = bidlab("show", tmp_path / "o")
    assert (found.code, found.err.count("\n")) == (2, 1)
    assert "summary.csv: has no intervals, being of an older version" in found.err


def test_routers_stand_beside_the_best_agent_and_a_random_one(finished: Path) -> None:
    parts = {"_low": float("nan"), "_high": float("nan"), "_se": float("nan"), "_clusters": 0}
    row: dict[str, Any] = {"arm": "z", "record": "split", "clusters": "no clusters", "best_fixed": "a"}
    for name, value in {"solve_rate": 0.75, "welfare": 0.5}.items():
        row |= {name: value} | {f"{name}{part}": end for part, end in parts.items()}
        row |= {f"best_fixed_{name}": value + 0.0625, f"random_{name}": value - 0.125}
    routers = pd.DataFrame([row])
    text = said(routers_view(routers))
    for word in ("z", "split", ".750", ".8125", ".6250", ".500", ".5625", ".3750", "no interval: "):
        assert word in text
    assert text in said(arms_view({**read_tables(finished), "routers": routers}))


def test_columns_of_an_estimate_are_explained_once() -> None:
    out = bidlab("show", ".", "--columns").out
    for part in ("_low", "_high", "_se", "_se_mc", "_clusters", "_p", "_p_holm"):
        assert f"NAME{part}" in out
        assert f"welfare{part} " not in out
    for word in ("Student t", "Wilson", "Tango", "ece_null ", "changed ", "coupled "):
        assert word in out


def test_columns_are_left_out_by_rank_and_never_folded() -> None:
    columns = [Column("arm", ["x" * 30], left=True)]
    columns += [Column(f"number {k}", ["1" * 30], rank=k) for k in range(4)]
    lines = Sheet(None, columns, "t.csv").lines(WIDTH)
    assert lines[-1] == "more in t.csv: number 2, number 3"
    assert all(len(line) <= WIDTH for line in lines)
    assert sum(line.count("1" * 30) for line in Sheet(None, columns[:2]).lines(40)) == 1
