"""The commands on tables of a few rows: run, check, list, show, explain."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.mechanisms import names
from sim.standing.advisors import ADVISORS
from sim.standing.reputation import REPUTATIONS
from tests.cli.command import ARM, HEADER, ROWS, SCENARIO, Said, bidlab, lay_out

PLUGIN = """
from dataclasses import dataclass
from sim.mechanisms import Mechanism, Promises, contract, register, select

@register("best_claim")
@dataclass(frozen=True)
class BestClaim(Mechanism):
    summary = "the highest claim within the reserve, paid its ask"
    promises = Promises(ask=False, claim=False, rational=True, efficient=False, no_deficit=True)
    def __call__(self, bids, tender, standing, lottery):
        chosen = select(bids.claim, bids.active & (bids.ask <= tender.reserve[..., None]), lottery)
        return contract(chosen.hired, bids.ask, -tender.penalty[..., None], chosen.by_tie)
"""


def ok(said: Said) -> str:
    assert said.code == 0, said.err
    assert "Traceback" not in said.err
    return said.out


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run with two arms and its events; the scenario lies beside it."""
    folder = tmp_path_factory.mktemp("finished")
    scenario = lay_out(folder, SCENARIO + ARM.replace('"x"', '"y"') + "tender = { reserve = 0.2 }\n")
    ok(bidlab("run", scenario, "--out", folder / "o", "--events", figures=True))
    return folder / "o"


def test_run_writes_ledger_tables_figures_and_events(finished: Path) -> None:
    there = {path.name for path in finished.iterdir()}
    wanted = {
        "run.json",
        "clock.json",
        "inputs",
        "attempts.parquet",
        "bids.parquet",
        "clearings.parquet",
        "accounts.parquet",
    }
    assert wanted | {"agents.csv", "summary.csv", "figures", "events.jsonl"} <= there
    events = [json.loads(line) for line in (finished / "events.jsonl").read_text().splitlines()]
    assert {event["event"] for event in events} == {"posted", "bid", "cleared", "hired", "completed", "closed"}
    assert not list(finished.parent.glob("*.partial"))


def test_show(finished: Path) -> None:
    out = ok(bidlab("show", finished))
    assert "Which?" in out
    assert "2 tasks, 2 agents" in out
    assert "share of attempts" in out
    assert "welfare" in ok(bidlab("show", finished, "--columns"))


def test_explain(finished: Path) -> None:
    out = ok(bidlab("explain", finished, "--task", "t1"))
    assert "task t1, replication 0, arm 'x' (second_price)" in out
    assert "won" in out
    assert "oracle" in out
    out = ok(bidlab("explain", finished, "--task", "t1", "--replication", "1", "--arm", "y"))
    assert "replication 1, arm 'y'" in out
    assert "more than the reserve" in out


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (("--task", "t9"), "no such task"),
        (("--task", ""), "no such task"),
        (("--task", "t1", "--replication", "2"), "must lie in 0 ... 1"),
        (("--task", "t1", "--replication", "-1"), "must lie in 0 ... 1"),
        (("--task", "t1", "--replication", "x"), "whole number"),
        (("--task", "t1", "--arm", "z"), "this run has 'x', 'y'"),
    ],
)
def test_explain_of_what_is_not_there(finished: Path, options: tuple[str, ...], fragment: str) -> None:
    said = bidlab("explain", finished, *options)
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    assert fragment in said.err


@pytest.mark.parametrize("command", [("show",), ("explain", "--task", "t1")])
def test_folder_without_a_run(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text('{"hash": "12')
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text("[]")
    for name in ("nowhere", "empty", "broken", "other"):
        said = bidlab(command[0], tmp_path / name, *command[1:])
        assert said.code == 2
        assert len(said.err.splitlines()) == 1
        assert "holds no run" in said.err


def test_out_that_holds_another_run(finished: Path) -> None:
    """Another seed is refused and changes nothing; the same run again is allowed."""
    scenario, before = finished.parent / "s.toml", (finished / "run.json").read_bytes()
    said = bidlab("run", scenario, "--out", finished, "--seed", "5")
    assert said.code == 2
    assert f"--out {finished}" in said.err
    assert "seed 1" in said.err
    assert (finished / "run.json").read_bytes() == before


def test_check_says_what_would_run(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path)
    out = ok(bidlab("check", scenario))
    assert "1 arm(s), 2 agent(s), 2 task(s), 2 replication(s): 4 auctions" in out
    out = ok(bidlab("check", scenario, "--replications", "5", "--seed", "9"))
    assert "5 replication(s): 10 auctions" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.toml", "t.csv"]


@pytest.mark.parametrize(
    "override",
    [
        "tender.penalty=0.5",
        " tender . penalty = 0.5 ",
        "tender.reserve={uniform=[0,1]}",
        "market.capacity=inf",
        "world.order=shuffled",
        "question=what happens here?",
        'world.agents=["a"]',
        "tender.escalation.cap=1.5",
    ],
)
def test_set_changes_the_hash(tmp_path: Path, override: str) -> None:
    scenario = lay_out(tmp_path, SCENARIO + "[market]\ncapacity = 3\n")
    plain = ok(bidlab("check", scenario))
    changed = ok(bidlab("check", scenario, "--set", override))
    assert plain.split("hash")[1] != changed.split("hash")[1]


def test_mechanism_replaces_the_arms(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path)
    out = ok(bidlab("check", scenario, "--mechanism", "first_price", "--mechanism", "hire_all"))
    assert "2 arm(s)" in out
    out = ok(bidlab("check", scenario, "--mechanism", '{first_score = {score = ["qV-a", "q(V-a)"]}}'))
    assert "2 arm(s)" in out


def test_bundled_scenarios_are_sound() -> None:
    out = ok(bidlab("list", "scenarios"))
    for name in ("marketbench_replay", "marketbench_head_to_head"):
        assert name in out
        assert "auctions" in ok(bidlab("check", name, "--replications", "20"))


@pytest.mark.parametrize(
    ("what", "fragments"),
    [
        ("mechanisms", tuple(names())),
        ("mechanisms", ("bidlab list reputations", "bidlab list advisors")),
        ("reputations", ("agent_economy", "running_mean", *REPUTATIONS)),
        ("advisors", ("outcome", 'record = "redrawn"', 'record = "split"', "planner", "budget", *ADVISORS)),
        ("quantities", ("welfare (arm)", "auc (agent)")),
        ("figures", ("who_knows", "reliability")),
        ("settings", ("tender.reserve", "world.agents.NAME.latency", "world.shocks[].at", "market.capacity")),
    ],
)
def test_list(what: str, fragments: tuple[str, ...]) -> None:
    out = ok(bidlab("list", what))
    for fragment in fragments:
        assert fragment in out


def test_list_of_what_there_is_none() -> None:
    said = bidlab("list", "mechanismz")
    assert said.code == 2
    assert said.err.startswith("bidlab: list mechanismz: unknown (did you mean 'mechanisms'?); allowed:")


def test_ten_line_rule(tmp_path: Path) -> None:
    """A user's own rule runs, is listed and explained, and is forgotten afterwards."""
    scenario, plugin, out = lay_out(tmp_path), tmp_path / "rule.py", tmp_path / "o"
    plugin.write_text(PLUGIN)
    shown = ok(bidlab("run", scenario, "--out", out, "--plugin", plugin, "--mechanism", "best_claim"))
    assert "best_claim" in shown
    assert "best_claim" in ok(bidlab("list", "--plugin", plugin))
    assert "(best_claim)" in ok(bidlab("explain", out, "--task", "t1", "--plugin", plugin))
    assert "best_claim" not in names()
    assert "best_claim" in ok(bidlab("show", out))
    assert bidlab("explain", out, "--task", "t1").code == 2
    plugin.write_text(PLUGIN + "# changed\n")
    said = bidlab("explain", out, "--task", "t1", "--plugin", plugin)
    assert said.code == 2
    assert "rule.py" in said.err


SCORE_PLUGIN = """
from dataclasses import dataclass
import numpy as np
from sim.mechanisms import CriticalScoreRule, register

@register("dear_is_bad")
@dataclass(frozen=True)
class DearIsBad(CriticalScoreRule):
    summary = "a quadratic dislike of the ask"

    def score(self, ask, claim, tender, standing):
        return claim - (np.maximum(ask, 0.0) / tender.value[..., None]) ** 2
"""


def test_score_of_ones_own_is_a_rule(tmp_path: Path) -> None:
    """t1, value 1: a claims .9 and asks 1/3, b claims .6 and asks 1/12; a is paid the root of .9 - .6 + 1/144."""
    scenario, plugin, out = lay_out(tmp_path), tmp_path / "rule.py", tmp_path / "o"
    plugin.write_text(SCORE_PLUGIN)
    ok(bidlab("run", scenario, "--out", out, "--plugin", plugin, "--mechanism", "dear_is_bad"))
    told = ok(bidlab("explain", out, "--task", "t1", "--plugin", plugin))
    assert "a is promised $0.5540 on success" in told
    plugin.write_text(SCORE_PLUGIN.replace("tender.value[..., None]", "tender.valeu"))
    said = bidlab("check", scenario, "--plugin", plugin, "--mechanism", "dear_is_bad")
    assert said.code == 2
    assert "rule.py: line 12: mechanism 'dear_is_bad': AttributeError" in said.err


def test_table_of_one_agent(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, table=HEADER + "a,t1,0.9,1,0.3,0.3\na,t2,0.8,0,0.3,0.3\n")
    out = ok(bidlab("run", scenario, "--out", tmp_path / "o"))
    assert "2 tasks, 1 agents" in out


def test_market_in_which_nobody_can_bid(tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, table=HEADER + "a,t1,0,1,0.3,0.3\nb,t1,0,0,0.3,0.3\na,t2,0,1,.1,.1\n")
    assert "nobody was ever hired in arm 'x'" in ok(bidlab("run", scenario, "--out", tmp_path / "o"))
    assert "nobody was ever hired in arm 'x'" in ok(bidlab("show", tmp_path / "o"))


def test_some_agents_and_repeated_trials(tmp_path: Path) -> None:
    """world.agents keeps those named; trials feed the tries of a task that is posted again."""
    columns = 'cost_belief = "belief"'
    scenario = SCENARIO.replace(columns, columns + ', trial = "trial"').replace(
        "[tender]",
        'agents = ["b", "a"]\n[bidders]\non_retry = "same"\n[tender]\npostings = 2\nexclude = "none"',
    )
    rows = "".join(f"{line},{trial}\n" for line in ROWS.splitlines() for trial in (0, 1))
    more = "c,t1,0.9,1,0.1,0.1,0\nc,t1,0.9,1,0.1,0.1,1\n"
    path = lay_out(tmp_path, scenario, HEADER.replace("\n", ",trial\n") + rows + more)
    out = ok(bidlab("run", path, "--out", tmp_path / "o"))
    assert "2 tasks, 2 agents" in out
    assert json.loads((tmp_path / "o" / "run.json").read_text())["agents"] == ["b", "a"]


def test_help_imports_nothing_heavy() -> None:
    heavy = ["numpy", "pandas", "matplotlib", "scipy", "simpy", "pyarrow", "pydantic"]
    code = f"import sys, sim.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_of_every_command() -> None:
    out = ok(bidlab("--help"))
    for command in ("run", "check", "list", "show", "explain"):
        assert command in out
        assert f"bidlab {command}" in ok(bidlab(command, "--help"))
