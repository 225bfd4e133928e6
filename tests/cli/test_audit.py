"""`bidlab audit`: tables in every form, refuted promises, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from analysis.audit_report import audit_views, read_audit
from analysis.audit_table import COLUMNS, views
from analysis.coalition_columns import COLUMNS as COALITIONS
from analysis.coalition_views import coalition_views
from tests.cli.command import ARM, SCENARIO, Said, bidlab, files, lay_out

pytestmark = pytest.mark.usefixtures("tables_attacked_once")
SMALL = ("--types", "6", "--draws", "20", "--jobs", "1")
PLUGIN = """
from dataclasses import dataclass
from sim.mechanisms import Promises, register
from sim.mechanisms.price import FirstPrice

@register("boast")
@dataclass(frozen=True)
class Boast(FirstPrice):
    summary = "a first-price auction that promises too much"
    promises = Promises(ask=True, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True)
"""
WORST = """
from dataclasses import dataclass
import numpy as np
from sim.mechanisms import Capabilities, Mechanism, Promises, contract, register, select

@register("worst")
@dataclass(frozen=True)
class Worst(Mechanism):
    summary = "the bid worth least, for ten times the value or a fine of twenty"
    promises = Promises(ask=False, claim=False, rational=True, efficient=True, no_deficit=True)
    capabilities = Capabilities(needs=frozenset({"value"}))

    def __call__(self, bids, tender, standing, lottery):
        value = np.asarray(tender.value)[..., None]
        ask = np.where(bids.active, bids.ask, 0.0)
        chosen = select(ask - bids.claim * value, bids.active, lottery)
        return contract(chosen.hired, 10 * value, -20 * value, chosen.by_tie)
"""


def audited(folder: Path, *arguments: str | Path) -> Said:
    return bidlab("audit", *arguments, "--out", folder, *SMALL)


@pytest.mark.slow
def test_every_form_of_the_table(tmp_path: Path) -> None:
    out = tmp_path / "o"
    said = audited(out, "second_price", "second_score")
    assert (said.code, said.err) == (0, "")
    for fragment in ("E1: n = 4", "41 asks", "second_score(score=q(V-a))", "A ok  Q* ok"):
        assert fragment in said.out
    assert files(out) == {"audit.csv", "audit.md", "audit.tex", "run.json", "SHA256SUMS"}
    frame = pd.read_csv(out / "audit.csv")
    assert list(frame["rule"])[:3] == ["second_price", "second_score", "second_score(score=q(V-a))"]
    assert set(frame.columns) == set(COLUMNS) - {"joint_gain_without_error"}
    assert (frame["joint_gain"] == frame["joint_gain_of_value"]).all()
    assert frame.loc[0, ["ask_gain", "claim_gain", "joint_gain"]].tolist() == [0, 0, 0]
    assert frame.loc[1, "joint_gain"] > 0.02
    text = (out / "audit.md").read_text()
    assert text.count("| second_price |") == 5
    assert r"| second_price | A ok | Q\* ok | IR ok | - x | D ok | yes |" in text
    tex = (out / "audit.tex").read_text()
    assert r"second\_score(score=q(V-a)) & price" in tex
    assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") == 5
    info = json.loads((out / "run.json").read_text())
    assert (info["kind"], info["seed"], len(info["hash"])) == ("audit", 20240, 64)
    assert info["audit"]["rules"][0] == {
        "arm": "",
        "mechanism": "second_price",
        "parameters": {},
        "types": 6,
        "draws": 20,
        "screening": 200,
        "false_pass": 0.0,
        "false_fail": 0.0,
    }


def test_show_prints_the_same_again(tmp_path: Path) -> None:
    said = audited(tmp_path / "o", "first_price")
    assert bidlab("show", tmp_path / "o") == said
    assert "hold-out" in bidlab("show", tmp_path / "o", "--columns").out
    refused = bidlab("explain", tmp_path / "o", "--task", "t1")
    assert refused.code == 2
    assert "holds an audit" in refused.err


@pytest.mark.slow
def test_the_same_command_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("o", "p"):
        audited(tmp_path / name, "agent_economy")
    bidlab("audit", "agent_economy", "--out", tmp_path / "q", *SMALL[:4], "--jobs", "2")
    for name in files(tmp_path / "o"):
        assert len({(tmp_path / folder / name).read_bytes() for folder in "opq"}) == 1, name


def test_another_audit_is_replaced_by_force_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audited(tmp_path / "o", "first_price")
    said = audited(tmp_path / "o", "second_price")
    assert said.code == 2
    assert "holds another run (E1, seed 20240" in said.err
    assert audited(tmp_path / "o", "second_price", "--force").code == 0
    monkeypatch.chdir(tmp_path)
    for name in ("first_price", "second_price"):  # the default place is the audit's own
        assert bidlab("audit", name, *SMALL).code == 0
    assert set(pd.read_csv(tmp_path / "out" / "audit" / "audit.csv")["rule"]) == {"second_price"}


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_promise_that_is_not_kept_fails_the_command(tmp_path: Path, jobs: str) -> None:
    plugin = tmp_path / "p.py"
    plugin.write_text(PLUGIN)
    said = bidlab(
        "audit", "second_price", "boast", "--plugin", plugin, "--out", tmp_path / "o", *SMALL[:4], "--jobs", jobs
    )
    assert said.code == 1
    lines = said.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("bidlab: boast breaks A: gains $")
    assert "on failure) in place of ask" in lines[0]
    frame = pd.read_csv(tmp_path / "o" / "audit.csv")
    assert list(frame["promise"]) == ["kept", "refuted"]
    assert frame.loc[1, ["A", "Q", "IR", "E", "D"]].tolist() == ["fails", "holds", "holds", "fails", "holds"]
    assert f"bidlab: boast breaks {frame.loc[1, 'counterexample']}" == lines[0]


def test_a_promise_about_money_alone_is_attacked(tmp_path: Path) -> None:
    """The worst bid hired for ten times the value: nothing is said of the truth, and three letters fall."""
    plugin = tmp_path / "p.py"
    plugin.write_text(WORST)
    said = bidlab("audit", "worst", "--plugin", plugin, "--out", tmp_path / "o", *SMALL)
    assert said.code == 1
    assert [line.split(": ")[1] for line in said.err.splitlines()] == [f"worst breaks {x}" for x in ("IR", "E", "D")]
    assert all("paid" in said.err.splitlines()[place] for place in (0, 2))


def test_scenario(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, SCENARIO + ARM.replace('"x"', '"y"').replace("second_price", "first_score"))
    said = audited(tmp_path / "o", "--scenario", scenario)
    assert said.code == 0, said.err
    assert "each agent in its own place" in said.out
    frame = pd.read_csv(tmp_path / "o" / "audit.csv")
    assert [tuple(row) for row in frame[["arm", "agent"]].to_numpy()] == [
        ("x", "a"),
        ("x", "b"),
        ("y", "a"),
        ("y", "b"),
    ]
    assert set(frame["types"]) == {2}
    assert "y: b" in said.out
    named = audited(tmp_path / "p", "first_price", "--scenario", scenario, "--set", "tender.penalty=0.5")
    assert named.code == 0, named.err
    assert set(pd.read_csv(tmp_path / "p" / "audit.csv")["rule"]) == {"first_price"}
    assert json.loads((tmp_path / "p" / "run.json").read_text())["scenario"]["arms"][0]["tender"]["penalty"] == 0.5


@pytest.mark.slow
def test_scenario_in_compiled_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = lay_out(tmp_path, SCENARIO + ARM.replace('"x"', '"y"').replace("second_price", "posted_price"))
    found = []
    for worth in (1 << 60, 1):
        monkeypatch.setattr("sim.auditing.audits.WORTH", worth)
        said = audited(tmp_path / str(worth), "--scenario", scenario, "--jobs", "1")
        assert said.code == 0, said.err
        found.append((tmp_path / str(worth) / "audit.csv").read_bytes())
    assert found[0] == found[1]


@pytest.mark.slow
def test_verifier_that_errs(tmp_path: Path) -> None:
    said = audited(tmp_path / "o", "second_price", "first_score", "--false-fail", "0.2", "--false-pass", "0.1")
    assert said.code == 0, said.err
    assert "passes 0.1 of failures and fails 0.2 of successes" in said.out
    assert "    error\n" in said.out
    frame = pd.read_csv(tmp_path / "o" / "audit.csv")
    assert set(frame.columns) == set(COLUMNS)
    assert frame.loc[0, "ask_gain"] > 0  # the break-even price counts on success being seen
    assert frame.loc[0, "joint_gain_without_error"] == 0
    assert frame.loc[0, "promise"] == "kept"


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        ((), ("name a mechanism", "--all", "--scenario")),
        (("second_prise",), ("unknown mechanism 'second_prise'", "did you mean 'second_price'")),
        (("first_price", "--all"), ("--all", "first_price")),
        (("--all", "--scenario", "s"), ("--all", "arms")),
        (("first_price", "--set", "tender.penalty=1"), ("--set", "--scenario")),
        (("--scenario", "no_such"), ("no scenario 'no_such'", "bundled")),
        (("first_price", "--types", "1"), ("--types 1", ">= 2")),
        (("first_price", "--types", "x"), ("--types x", "whole number")),
        (("first_price", "--draws", "3"), ("--draws 3", ">= 4")),
        (("first_price", "--draws", "1e3"), ("--draws 1e3", "whole number")),
        (("first_price", "--jobs", "0"), ("--jobs 0", ">= 1")),
        (("first_price", "--seed", "-1"), ("--seed -1", "0 ...")),
        (("first_price", "--seed", "x"), ("--seed x", "whole number")),
        (("first_price", "--tolerance", "2"), ("--tolerance 2", "from 0 to 1")),
        (("first_price", "--tolerance", "nan"), ("--tolerance nan", "from 0 to 1")),
        (("first_price", "--false-pass", "-0.1"), ("--false-pass -0.1", "from 0 to 1")),
        (("first_price", "--false-fail", "1.5"), ("--false-fail 1.5", "from 0 to 1")),
        (("first_price", "--ring", "3"), ("--ring", "--coalitions is not given")),
        (("first_price", "--names", "2"), ("--names", "--coalitions is not given")),
        (("first_price", "--coalitions", "--ring", "1"), ("--ring 1", ">= 2")),
        (("first_price", "--coalitions", "--ring", "5"), ("ring 5", "the 4 agents")),
        (("first_price", "--coalitions", "--names", "x"), ("--names x", "whole number")),
        (("first_price", "--plugin", "none.py"), ("--plugin none.py", "cannot be read")),
    ],
)
def test_bad_input(tmp_path: Path, arguments: tuple[str, ...], fragments: tuple[str, ...]) -> None:
    said = bidlab("audit", *arguments, "--out", tmp_path / "o")
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("bidlab: ")
    assert said.err.count("\n") == 1
    for fragment in fragments:
        assert fragment in said.err
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("rule", "reason"), [("assignment_vcg", "several tasks together"), ("production_plans", "menus of budgets")]
)
def test_rules_with_gains_that_cannot_be_measured_have_their_promises_attacked(
    tmp_path: Path, rule: str, reason: str
) -> None:
    said = audited(tmp_path / "o", rule)
    assert said.code == 0, said.err
    assert f"gains not measured: {rule} " in said.out
    assert reason in said.out
    assert "interim gain" not in said.out
    frame = pd.read_csv(tmp_path / "o" / "audit.csv")
    assert (frame["promise"] == "kept").all()
    assert frame["joint_gain"].isna().all()
    assert (frame[["IR", "E", "D"]] == "holds").all(axis=None)


@pytest.mark.parametrize(("rule", "reason"), [("assignment_vcg", "several tasks"), ("production_plans", "menus")])
def test_in_a_scenario_they_are_refused_by_name(tmp_path: Path, rule: str, reason: str) -> None:
    scenario = lay_out(tmp_path, SCENARIO)
    said = audited(tmp_path / "o", rule, "--scenario", scenario)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert f"{rule}: " in said.err
    assert reason in said.err


@pytest.mark.slow
def test_all_rules_at_once(tmp_path: Path) -> None:
    said = bidlab("audit", "--all", "--out", tmp_path / "o", "--types", "3", "--draws", "8", "--jobs", "1")
    assert said.code == 0, said.err
    assert "gains not measured: production_plans takes menus" in said.out
    frame = pd.read_csv(tmp_path / "o" / "audit.csv")
    assert (frame["promise"] != "refuted").all()
    assert len(frame) >= 40


@pytest.mark.slow
def test_tables_fit_a_terminal_and_fold_no_number(tmp_path: Path) -> None:
    audited(tmp_path / "o", "agent_economy_phase2_second_score", "contingent", "budget_feasible", "--coalitions")
    frame = read_audit(tmp_path / "o")
    shown = [view for view in audit_views(frame, []) if not isinstance(view, str)]
    for table, view in zip(shown, [*views(frame), *coalition_views(frame)], strict=True):
        lines = table.lines(80)
        assert max(map(len, lines)) <= 80
        for row in view.rows:
            assert all(part in "\n".join(lines) for cell in row[1:] for part in cell.split("\n"))


@pytest.mark.slow
def test_coalitions_are_further_columns_and_tables(tmp_path: Path) -> None:
    """What an audit finds without them stays what it is, byte for byte."""
    rules = ("second_price", "k_redundant", "always", "production_plans")
    plain, said = audited(tmp_path / "p", *rules), audited(tmp_path / "o", *rules, "--coalitions")
    assert (plain.code, said.code, said.err) == (0, 0, "")
    frame, before = read_audit(tmp_path / "o"), read_audit(tmp_path / "p")
    assert list(frame.columns) == [*before.columns, *COALITIONS]
    pd.testing.assert_frame_equal(frame[before.columns], before)
    assert (tmp_path / "o" / "audit.tex").read_text().count(r"\begin{tabular}") == 8
    assert (tmp_path / "o" / "audit.md").read_text().count("| second_price |") == 8
    assert "coalitions: rings of 2, the agent and those after it; 2 names; one shill" in said.out
    found = frame.set_index("rule")
    assert found.loc["second_price", ["names_interim_gain", "names_ex_post_gain"]].tolist() == [0, 0]
    assert found.loc["second_price", "ring_gain"] > 0
    assert found.loc["k_redundant", "names_ex_post_share"] > 0
    assert found.loc[["always(agent=0)", "production_plans"], list(COALITIONS)].isna().all(axis=None)
    assert bidlab("show", tmp_path / "o") == said
    info = json.loads((tmp_path / "o" / "run.json").read_text())
    assert (info["audit"]["rules"][0]["ring"], info["audit"]["rules"][0]["names"]) == (2, 2)
    assert info["hash"] != json.loads((tmp_path / "p" / "run.json").read_text())["hash"]


def test_coalitions_in_a_scenario(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, SCENARIO)
    said = audited(tmp_path / "o", "--scenario", scenario, "--coalitions", "--names", "3")
    assert said.code == 0, said.err
    assert "3 names" in said.out
    frame = read_audit(tmp_path / "o")
    assert list(frame["agent"]) == ["a", "b"]
    assert frame["ring_gain"].notna().all()
    assert frame["ring_utility"].nunique() == 1  # the same two agents, whoever comes first
    refused = audited(tmp_path / "p", "--scenario", scenario, "--coalitions", "--ring", "3")
    assert (refused.code, refused.err) == (2, "bidlab: ring 3: must be from 2 to the 2 agents there are\n")
