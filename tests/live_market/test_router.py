"""A model that is asked once a posting who is likely to succeed, and a rule that routes by what it says."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.experiment.plan import plan
from sim.kit.errors import ScenarioError
from sim.live.question import Answer, Question
from sim.live.respondents import Respondents, read_respondents
from sim.live.task_file import LiveTask, read_tasks
from sim.live_market.reached import reached
from sim.live_market.session import LiveOptions, Session, differing
from sim.market.simulate import Tables
from sim.mechanisms.planner import RouteByAdvice
from sim.scenario.scenario import load_scenario
from tests.cli.command import bidlab
from tests.live_market.live_scenes import live_world, rules, settings, written

AGENTS = ("gpt-5.2", "gemini-3-pro", "claude-opus-4.5")
ROUTER, USD = "planner", 0.0078125
STANDING = {"advice": {"router": {"respondent": ROUTER}}, "expected_cost": {"fixed": 0.25}}
SILENT = ("t3", "t8")  # tasks about which it says nothing that can be read


@dataclass
class Scripted:
    """Trusts who passed most, by the records that it is told, and the later in the list the more; never SILENT."""

    fingerprint: str = '{"scripted":true}'
    seen: list[Question] = field(default_factory=list)

    def most_usd(self, question: Question) -> float:
        return USD

    async def answer(self, question: Question) -> Answer:
        self.seen.append(question)
        if question.task in SILENT:
            return Answer("I cannot say.", "stop", 0, 0, USD, 0.0)
        said = []
        for line in question.prompt.splitlines():
            name, colon, record = line.removeprefix("- ").partition(": ")
            if line.startswith("- ") and colon:
                passed = int(record.split(", ")[1].split()[0]) if "," in record else 0
                said.append({"agent": name, "percent": min(100, 30 + 5 * passed + 2 * len(said))})
        return Answer(json.dumps({"advice": said}), "stop", 0, 0, USD, 0.0)

    async def close(self) -> None:
        return None


def scene(folder: Path, n_tasks: int = 25, repair: int = 0) -> tuple[Respondents, tuple[LiveTask, ...]]:
    """Agents of a profile, and a program that no test starts as the router."""
    written(folder, AGENTS, n_tasks)
    path = folder / "respondents.toml"
    router = f'[agents.{ROUTER}]\ncommand = ["true"]\nusd_per_call = {USD}\n'
    path.write_text(f"repair = {repair}\n{path.read_text()}{router}")
    return read_respondents(path), read_tasks(folder / "tasks.jsonl", None)


def play(folder: Path, answers: str, concurrency: int, repair: int = 0, **own: Any) -> tuple[Tables, Scripted]:
    respondents, tasks = scene(folder, repair=repair)
    made = settings(standing=STANDING, tender={"postings": 2, "exclude": "hired"}, **own)
    world, router = live_world(made, tasks, AGENTS, 5), Scripted()
    instead = reached(respondents, [task.name for task in tasks], 5) | {ROUTER: router}
    options = LiveOptions(folder / answers, 1e6, concurrency)
    with Session(respondents, AGENTS, tasks, 5, options, instead) as asked:
        return asked.play(world, rules(RouteByAdvice(pay="expected_cost"), made, world)), router


def test_one_ledger_whatever_is_under_way(tmp_path: Path) -> None:
    many, router = play(tmp_path, "a.jsonl", 16)
    one, _ = play(tmp_path, "b.jsonl", 1)
    assert not differing(many, one)
    again, silent = play(tmp_path, "a.jsonl", 16)
    assert not differing(many, again)
    assert not silent.seen  # all is in the journal
    assert len(many["attempts"]["task"]) >= 20
    assert len(router.seen) == len({question.key for question in router.seen})


def test_it_is_asked_once_a_posting_about_those_who_can_win(tmp_path: Path) -> None:
    tables, router = play(tmp_path, "a.jsonl", 16)
    rows = tables["clearings"]
    unchanged = (rows["posting"] == 1) & np.isin(rows["task"], [int(name[1:]) for name in SILENT])
    assert len(router.seen) == len(rows["task"]) - unchanged.sum()  # the same prompt has the same answer
    second = [question for question in router.seen if "Number of agents: 2" in question.prompt]
    assert len(second) == int(((rows["posting"] == 1) & ~unchanged).sum()) > 0  # without who was hired before
    assert all(question.purpose == "advice" for question in router.seen)
    assert any("passed" in question.prompt for question in router.seen)
    assert not any("claim" in question.prompt for question in router.seen)


def test_nobody_is_hired_where_it_says_nothing(tmp_path: Path) -> None:
    tables, _ = play(tmp_path, "a.jsonl", 16)
    rows = tables["clearings"]
    silent = np.isin(rows["task"], [int(name[1:]) for name in SILENT])
    assert silent.any()
    assert not rows["n_hired"][silent].any()
    assert rows["n_hired"][~silent].any()


def test_its_dollars_are_overhead_of_the_clearing_and_no_agents_cost(tmp_path: Path) -> None:
    tables, _ = play(tmp_path, "a.jsonl", 16, market={"overhead": 0.25})
    rows, accounts = tables["clearings"], tables["accounts"]
    assert set(rows["overhead"]) == {0.25 + USD}
    assert not tables["bids"]["bid_cost"].any()
    allocator = accounts["from"] == 1
    assert sorted(accounts["dollars"][allocator]) == sorted(rows["overhead"])


def test_a_repair_costs_too(tmp_path: Path) -> None:
    tables, _ = play(tmp_path, "a.jsonl", 16, repair=1)
    rows = tables["clearings"]
    silent = np.isin(rows["task"], [int(name[1:]) for name in SILENT])
    assert set(rows["overhead"][silent]) == {2 * USD}
    assert set(rows["overhead"][~silent]) == {USD}


SCENARIO = """
question = "Does a model route better?"
seed = 3
replications = 1
[world]
live = "respondents.toml"
arrivals = { every = 1 }
duration = 2
[tender]
value = 1.0
reserve = 1.0
penalty = 0.0
[standing]
expected_cost = { fixed = 0.25 }
advice = { router = { respondent = "planner" } }
[[arm]]
name = "routed"
mechanism = "route_by_advice"
[[arm]]
name = "second"
mechanism = "second_price"
"""
PROGRAM = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    names = [row[2:].partition(": ")[0] for row in asked["prompt"].splitlines() if row.startswith("- ")]
    said = [{"agent": name, "percent": 40 + len(name)} for name in names]
    print(json.dumps({"id": asked["id"], "text": json.dumps({"advice": said})}), flush=True)
"""


def written_scenario(folder: Path, scenario: str = SCENARIO) -> Path:
    scene(folder, 6)
    (folder / "router.py").write_text(PROGRAM)
    path = folder / "respondents.toml"
    path.write_text(path.read_text().replace('["true"]', f'["{sys.executable}", "{folder}/router.py"]'))
    (folder / "s.toml").write_text(scenario)
    return folder / "s.toml"


def test_the_command_runs_explains_and_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written_scenario(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = bidlab("live", path, "--dry-run")
    assert (said.code, said.err) == (0, "")
    said = bidlab("live", path, "--out", tmp_path / "run", "--budget-usd", "10")
    assert said.code == 0, said.err
    assert "replayed from the answers: identical" in said.out
    assert f"{ROUTER}, who does not bid: 6 questions; 6 sends, ${6 * USD:.4f}"[:50] in said.out
    said = bidlab("explain", tmp_path / "run", "--task", "t0")
    assert said.code == 0, said.err
    assert "claude-opus-4.5 55%" in " ".join(said.out.split())
    said = bidlab("run", tmp_path / "run", "--mechanism", "route_by_advice")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "not held with the bids" in said.err


def test_routers_and_judges_do_not_bid_unless_they_are_listed(tmp_path: Path) -> None:
    path = written_scenario(tmp_path)
    assert plan(load_scenario(path)).origin.agents == AGENTS
    judge = '[agents.judge]\ncommand = ["true"]\nusd_per_call = 0\n'
    (tmp_path / "respondents.toml").write_text((tmp_path / "respondents.toml").read_text() + judge)
    (tmp_path / "tasks.jsonl").write_text('{"id": "t0", "prompt": "?", "verify": {"judge": {"respondent": "judge"}}}\n')
    assert plan(load_scenario(path)).origin.agents == AGENTS
    listed = SCENARIO.replace("[world]", f'[world]\nagents = ["{ROUTER}", "gpt-5.2"]')
    assert plan(load_scenario(written_scenario(tmp_path, listed))).origin.agents == (ROUTER, "gpt-5.2")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('live = "respondents.toml"', 'profile = "marketbench"\ntasks = 3\nparameters = "point"', "in live runs alone"),
        ('"planner" } }', '"planer" } }', "no respondent 'planer' (did you mean"),
        ('"planner" } }', '"gpt-5.2" } }', "must be an endpoint or a command"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = written_scenario(tmp_path, SCENARIO.replace(old, new))
    with pytest.raises(ScenarioError) as error:
        plan(load_scenario(path))
    assert words in str(error.value)
