"""What a scenario may say of a rule's parameters: infinities, needs that follow from them, and how a run keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.experiment.run_folder import Run
from sim.scenario.scenario import load_scenario
from tests.cli.command import ARM, SCENARIO, bidlab, lay_out
from tests.cli.test_commands import ok


def test_infinite_bond_makes_an_arm_and_is_read_back(tmp_path: Path) -> None:
    """A list of bonds makes one arm each; run.json holds "inf", and what reads the run finds the rule again."""
    arm = '[[arm]]\nname = "c"\nmechanism = { contingent = { bond = [inf, 0.25], settlement = "compensated" } }\n'
    scenario, out = lay_out(tmp_path, SCENARIO.replace(ARM, arm)), tmp_path / "o"
    ok(bidlab("run", scenario, "--out", out, "--events"))
    text = (out / "run.json").read_text()
    assert '"bond": "inf"' in text
    assert "Infinity" not in text
    run = Run.open(out)
    assert [arm.name for arm in run.scenario.arms] == ["c inf", "c 0.25"]
    assert [arm.mechanism for arm in run.scenario.arms] == [arm.mechanism for arm in load_scenario(scenario).arms]
    assert "(contingent(bond=inf, settlement=compensated))" in ok(bidlab("explain", out, "--task", "t1"))


@pytest.mark.parametrize(
    ("parameters", "fragment"),
    [
        ("{}", "mechanism.contingent.bond: is missing"),
        ("{ bond = -0.5 }", "mechanism.contingent.bond: must be >= 0; got -0.5"),
        ("{ bond = nan }", "mechanism.contingent.bond: must be >= 0; got nan"),
        ("{ bond = 1.0, settlement = 'shared' }", 'settlement: must be "truncated" or "compensated"; got "shared"'),
        ("{ bund = 1.0 }", "mechanism.contingent.bund: unknown key (did you mean 'bond'?); allowed: bond, settlement"),
    ],
)
def test_bond_must_be_stated_and_make_sense(tmp_path: Path, parameters: str, fragment: str) -> None:
    arm = f'[[arm]]\nname = "c"\nmechanism = {{ contingent = {parameters} }}\n'
    said = bidlab("check", lay_out(tmp_path, SCENARIO.replace(ARM, arm)))
    assert said.code == 2
    assert f"arm 'c': {fragment}" in said.err or f"arm 'c': mechanism.contingent.{fragment}" in said.err


def test_only_a_parameter_that_allows_it_is_infinite(tmp_path: Path) -> None:
    arm = '[[arm]]\nname = "c"\nmechanism = { second_score_bonus = { kappa = inf, m0 = 0.0 } }\n'
    said = bidlab("check", lay_out(tmp_path, SCENARIO.replace(ARM, arm)))
    assert said.code == 2
    assert "mechanism.second_score_bonus.kappa: must be a finite number; got inf" in said.err


def test_infinite_scores_are_text_in_events(tmp_path: Path) -> None:
    """The live rules with second-score payment score an ask above the bounty -inf."""
    standing = "\n[standing]\nexpected_cost = { fixed = 0.0 }\n"
    arm = '[[arm]]\nname = "c"\nmechanism = "agent_economy_phase2_second_score"\n'
    raw = (SCENARIO + standing).replace(ARM, "").replace("reserve = 0.8", "reserve = 0.1") + arm
    out = tmp_path / "o"
    ok(bidlab("run", lay_out(tmp_path, raw), "--out", out, "--events"))
    text = (out / "events.jsonl").read_text()
    assert '"score": "-inf"' in text
    assert "Infinity" not in text


def test_value_per_dollar_needs_an_expected_cost(tmp_path: Path) -> None:
    arm = '[[arm]]\nname = "c"\nmechanism = { second_score = { score = ["qV-a", "qV/(a+ec)"] } }\n'
    said = bidlab("check", lay_out(tmp_path, SCENARIO.replace(ARM, arm)))
    assert said.code == 2
    assert "second_score needs standing.expected_cost, which the scenario does not state" in said.err
