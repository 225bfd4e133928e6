"""Every bundled scenario has a page, and pages stay small whatever the size of the run."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import sim
from sim.bundled import scenarios
from sim.explain.explain import Replay
from sim.kit.errors import ScenarioError
from tests.bundled_kinds import LIVE, SIMULATED
from tests.cli.command import bidlab
from tests.page.parsed import check_alone

pytestmark = pytest.mark.slow
SMALL, LARGE = 3e6, 10e6  # bytes of the page of a run of 400 auctions, and of one of 200,000
_FEW = 24  # tasks of a replication
_SIZED = """
question = "How large is a page?"
seed = 3
replications = {replications}
[world]
profile = "marketbench"
parameters = "point"
tasks = {tasks}
arrivals = {{ every = 1 }}
[tender]
value = 1.0
reserve = "value"
penalty = 0.5
[[arm]]
name = "first"
mechanism = "first_price"
[[arm]]
name = "live"
mechanism = "agent_economy"
[standing]
expected_cost = {{ fixed = 0.1 }}
"""


@pytest.mark.parametrize("name", SIMULATED)
def test_every_bundled_scenario_has_a_page(name: str, tmp_path: Path) -> None:
    drawn = "profile" in tomllib.loads(scenarios()[name].read_text("utf-8"))["world"]
    settings = {"world.tasks": _FEW} if drawn else {}
    try:
        run = sim.run(name, replications=2, settings=settings)
    except ScenarioError:  # a record of one half of the tasks needs more
        run = sim.run(name, replications=20, settings=settings)
    path = run.report(tmp_path / "page.html")
    found = check_alone(path.read_text("utf-8"))
    assert path.stat().st_size < SMALL
    assert all(arm["auctions"] for arm in found.data["arms"])
    drawn_anyway = set(run.figures) - {"knowledge"}  # which is drawn on request
    assert found.tags.count("figure") == len(drawn_anyway)


@pytest.mark.parametrize("name", LIVE)
def test_a_live_run_has_a_page_with_what_was_said(name: str, tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    said = bidlab("live", name, "--out", tmp_path / "run", "--budget-usd", "20", "--answers", journal)
    assert said.code == 0, said.err
    said = bidlab("report", tmp_path / "run")
    assert said.code == 0, said.err
    data = check_alone((tmp_path / "run.html").read_text("utf-8")).data
    assert all(auction["said"] for arm in data["arms"] for auction in arm["auctions"])


def test_of_many_auctions_one_with_a_bond_that_binds_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = sim.run("liability_exit", replications=1, settings={"world.tasks": 30})
    bound = {arm.name: Replay(run.run, arm, 0).bound for arm in run.run.scenario.arms}
    monkeypatch.setattr("analysis.page.auctions_shown.MOST_BIDS", 1)
    data = check_alone(run.report(tmp_path / "page.html").read_text("utf-8")).data
    assert any(bound.values())
    for arm in data["arms"]:
        assert len(arm["auctions"]) < 30
        marked = {auction["t"] for auction in arm["auctions"] if "bond" in auction["marks"]}
        refused = {
            one["t"]
            for one in arm["auctions"]
            if any(data["texts"][b[6]] == "no bond" for p in one["postings"] for b in p["bids"])
        }
        assert marked - refused <= set(bound[arm["name"]])
        assert bool(marked) == bool(bound[arm["name"]] or refused)


@pytest.mark.parametrize(("tasks", "replications", "most"), [(100, 2, SMALL), (500, 200, LARGE)])
def test_a_page_is_small(tasks: int, replications: int, most: float, tmp_path: Path) -> None:
    (tmp_path / "sized.toml").write_text(_SIZED.format(tasks=tasks, replications=replications))
    run = sim.run(tmp_path / "sized.toml")
    path = run.report(tmp_path / "page.html")
    assert path.stat().st_size < most
    text = path.read_text("utf-8")
    total = 2 * tasks * replications
    whole = f"All {total:,} auctions of the run are here." in text
    assert whole == (total == 400)
    assert whole or f"Of {total:,} auctions" in text
