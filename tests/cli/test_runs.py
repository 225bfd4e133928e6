"""What a run promises beyond its numbers: baselines, names of any kind, folders that are not lost, one-line faults."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest

from tests.bundled_kinds import SIMULATED
from tests.cli.command import ARM, SCENARIO, TOP, bidlab, lay_out

TWO_ARMS = SCENARIO + ARM.replace('"x"', '"y"') + "tender = { reserve = 0.2 }\n"


def test_differences_are_paired_to_the_baseline_named(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, TWO_ARMS.replace(TOP, TOP + 'baseline = "y"\n'))
    said = bidlab("run", scenario, "--out", tmp_path / "o")
    assert said.code == 0, said.err
    assert "paired differences of welfare to 'y'" in said.out
    table = pd.read_csv(tmp_path / "o" / "differences.csv").set_index("arm")
    summary = pd.read_csv(tmp_path / "o" / "summary.csv").set_index("arm")
    assert set(table["baseline"]) == {"y"}
    assert table.loc["y", "welfare"] == table.loc["y", "welfare_se"] == 0.0
    assert table.loc["x", "welfare"] == pytest.approx(summary.loc["x", "welfare"] - summary.loc["y", "welfare"])


def test_an_arm_may_have_a_baseline_of_its_own(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, TWO_ARMS.replace('name = "x"', 'name = "x"\nbaseline = "y"'))
    said = bidlab("run", scenario, "--out", tmp_path / "o")
    assert "each arm's own baseline" in said.out
    table = pd.read_csv(tmp_path / "o" / "differences.csv").set_index("arm")["baseline"]
    assert table.to_dict() == {"x": "y", "y": "x"}
    wrong = lay_out(tmp_path, TWO_ARMS.replace('name = "x"', 'name = "x"\nbaseline = "z"'))
    assert "arm 'x': baseline: no arm 'z'" in bidlab("check", wrong).err


def test_baseline_must_be_an_arm(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, TWO_ARMS.replace(TOP, TOP + 'baseline = "z"\n'))
    said = bidlab("check", scenario)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "baseline: no arm 'z'" in said.err
    assert bidlab("check", scenario, "--mechanism", "first_price").code == 0


def test_learned_standing_needs_arrivals_stated(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, SCENARIO)
    said = bidlab("check", scenario, "--set", "standing.reputation=agent_economy")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "world.arrivals must be stated" in said.err
    both = ("--set", "standing.reputation=agent_economy", "--set", "world.arrivals={every = 1}")
    assert bidlab("check", scenario, *both).code == 0


def test_planners_are_charged_no_bid_costs(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, SCENARIO)
    costly = ("--set", "world.bid_cost=0.05", "--set", "standing.expected_cost=actual")
    rules = ("--mechanism", '{always = {agent = "a"}}', "--mechanism", "second_price")
    said = bidlab("run", scenario, "--out", tmp_path / "o", *costly, *rules)
    assert said.code == 0, said.err
    assert pd.read_csv(tmp_path / "o" / "summary.csv")["bid_cost"].tolist() == pytest.approx([0.0, 0.1])


def test_folder_of_a_run_with_another_setting_is_kept(tmp_path: Path) -> None:
    scenario, out = lay_out(tmp_path, SCENARIO), tmp_path / "o"
    assert bidlab("run", scenario, "--out", out).code == 0
    before = (out / "summary.csv").read_bytes()
    said = bidlab("run", scenario, "--out", out, "--set", "tender.penalty=1.0")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "holds another run" in said.err
    assert "--force" in said.err
    assert (out / "summary.csv").read_bytes() == before
    assert bidlab("run", scenario, "--out", out, "--set", "tender.penalty=1.0", "--force").code == 0
    assert (out / "summary.csv").read_bytes() != before


@pytest.mark.parametrize(
    "arm",
    ["[/b]", *(pytest.param(name, marks=pytest.mark.slow) for name in ("NA", "[red]", "1.0", "true", "$\\\\frac{$"))],
)
def test_arms_of_any_name_are_shown(tmp_path: Path, arm: str) -> None:
    scenario = lay_out(tmp_path, TWO_ARMS.replace('"x"', f'"{arm}"'))
    said = bidlab("run", scenario, "--out", tmp_path / "o", figures=True)
    assert said.code == 0, said.err
    assert arm.replace("\\\\", "\\") in said.out


@pytest.mark.parametrize("arguments", [["run"], ["run", "s.toml", "--bogus"], ["nonsense"], ["show"]])
def test_usage_faults_are_one_line(arguments: list[str]) -> None:
    said = bidlab(*arguments)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert said.err.startswith("bidlab: ")


@pytest.mark.parametrize("out", [".", "/", "..", "o/.."])
def test_out_must_be_a_folder_of_its_own(tmp_path: Path, out: str) -> None:
    said = bidlab("run", lay_out(tmp_path), "--out", out)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "must name a folder of its own" in said.err


def test_a_run_prints_before_its_figures_what_show_prints_after_them(tmp_path: Path) -> None:
    seen: list[str] = []

    def drawn(*given: Any, **settings: Any) -> list[Path]:
        seen.append(sys.stdout.getvalue())  # type: ignore[attr-defined]
        return []

    with mock.patch("analysis.figures.draw_all", side_effect=drawn):
        run = bidlab("run", lay_out(tmp_path), "--out", tmp_path / "o", figures=True).out
    assert run == bidlab("show", tmp_path / "o").out
    assert "welfare" in seen[0]
    assert run.startswith(seen[0])


def test_figures_that_nobody_wants_are_not_drawn(tmp_path: Path) -> None:
    said = bidlab("run", lay_out(tmp_path), "--out", tmp_path / "o", "--no-figures", figures=True)
    assert "figures left out: all (none were asked for)" in said.out
    assert said.out.endswith("ledger, agents.csv, summary.csv, differences.csv\n")
    assert [path.name for path in (tmp_path / "o" / "figures").iterdir()] == ["left_out.csv"]
    said = bidlab("run", lay_out(tmp_path), "--out", tmp_path / "o", figures=True)
    assert said.out.endswith("ledger, agents.csv, summary.csv, differences.csv, figures/\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", SIMULATED)
def test_every_scenario_prints_what_show_prints(name: str, tmp_path: Path) -> None:
    run = bidlab("run", name, "--out", tmp_path / "o", "--replications", "20")
    assert run.code == 0, run.err
    assert run.out == bidlab("show", tmp_path / "o").out
