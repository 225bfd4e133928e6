"""Agents of recorded tables among the respondents, and work that is scored."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analysis.claims_of import claims_of
from sim.kit.arrays import Status
from sim.kit.errors import ScenarioError
from sim.live.question import Answer, Question, Verdict
from sim.live.respondents import read_respondents
from sim.live.task_file import LiveTask
from sim.live.verifier import Check
from sim.live_market.reached import reached
from sim.live_market.session import LiveOptions, Session
from sim.live_market.simulated import PLACE, SimulatedRespondent
from sim.live_market.survey import survey
from sim.mechanisms.price import SecondPrice
from tests.live_market.live_scenes import live_world, rules, settings

TABLE = """agent,task,trial,claim,status,cost,cost_belief
a,t0,1,0.8,PASS,0.25,0.3
a,t0,2,0.8,INFRA,0.125,0.3
a,t1,1,0.4,FAIL,0.5,0.2
a,t1,2,0.4,PASS,0.75,0.2
b,t1,1,0.6,FAIL,0.5,0.2
"""


def respondents_of(folder: Path, table: str, columns: str = "{}") -> SimulatedRespondent:
    (folder / "x.csv").write_text(table)
    (folder / "r.toml").write_text(f'[agents.a]\ntable = "x.csv"\ncolumns = {columns}\n')
    found = reached(read_respondents(folder / "r.toml"), ("t1", "t0", "t9"), 1)["a"]
    assert isinstance(found, SimulatedRespondent)
    return found


def said(who: SimulatedRespondent, purpose: str, place: int, sample: int = 0) -> Answer:
    shape = "" if purpose == "work" else purpose
    question = Question(purpose, "t", "a", "?", sample=sample, shape=shape, details={PLACE: place})
    return asyncio.run(who.answer(question))


def test_each_task_and_try_is_that_of_the_table(tmp_path: Path) -> None:
    who = respondents_of(tmp_path, TABLE)
    work = [[said(who, "work", place, nth) for nth in range(3)] for place in range(3)]
    assert [[one.text for one in row] for row in work] == [
        ["FAIL", "PASS", "PASS"],
        ["PASS", "INFRA", "INFRA"],
        ["INFRA"] * 3,
    ]
    assert [one.usd for one in work[0]] == [0.5, 0.75, 0.75]
    assert json.loads(said(who, "claim", 0).text) == {"claim": 40, "cost": 0.2}
    assert json.loads(said(who, "claim", 2).text) == {"abstain": True}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("agent,task,success\na,t0,1\n", "table x.csv: has no claim and no cost; map columns"),
        ("agent,task,claim,success\na,t0,0.5,1\n", "table x.csv: has no cost; map columns"),
        ("agent,task,claim,score,cost\na,t0,0.5,0.25,1\n", "table x.csv: has scores, which are no outcomes"),
    ],
)
def test_a_table_that_lacks_what_is_asked_for_is_refused(table: str, words: str, tmp_path: Path) -> None:
    columns = '{score = "score"}' if "score" in table else "{}"
    with pytest.raises(ScenarioError, match=rf"r\.toml: agents\.a: {words}"):
        respondents_of(tmp_path, table, columns)


@dataclass(frozen=True)
class Half:
    """Work is worth a half, and passes."""

    def verify(self, expected: Any, text: str) -> Verdict:
        return Verdict("PASS", "", 0.5)

    def cases(self) -> tuple[Any, ...]:
        return ()


@dataclass(frozen=True, eq=False)
class Scripted:
    """Asks a quarter, claims 70 %."""

    fingerprint: str

    def most_usd(self, question: Question) -> float:
        return 0.0

    async def answer(self, question: Question) -> Answer:
        return Answer('{"ask": 0.25, "claim": 70}' if question.shape else "work", "stop", 1, 1, 0.0)

    async def close(self) -> None:
        pass


def test_a_score_of_the_verifier_moves_no_payment_and_is_kept_in_a_panel(tmp_path: Path) -> None:
    tasks = tuple(LiveTask(f"t{k}", "Add.", Check(Half())) for k in range(12))
    (tmp_path / "r.toml").write_text("".join(f'[agents.{name}]\nprofile = "marketbench"\n' for name in "ab"))
    who = read_respondents(tmp_path / "r.toml")
    both = {name: Scripted(name) for name in who.names}
    own = settings(tender={"reserve": 0.625})
    world = live_world(own, tasks, who.names, 5)
    with Session(who, who.names, tasks, 5, LiveOptions(None, 1.0), both) as made:
        attempts = made.play(world, rules(SecondPrice(), own, world))["attempts"]
        found = survey(made.asking, made.panel, 2)
    assert (attempts["status"] == int(Status.PASS)).all()
    assert (attempts["payment"] == 0.25).all()
    assert (attempts["score"] == 1.0).all()
    assert found.table["verifier_score"].tolist() == [0.5] * 48
    assert claims_of(found.table)


def test_a_later_verdict_of_the_same_verifier_is_the_last(tmp_path: Path) -> None:
    from sim.live.answers import Answers

    question = Question("work", "t", "a", "?")
    with Answers.open(tmp_path / "a.jsonl") as answers:
        answers.got(answers.sent(question, 0.0), Answer("x", "stop"))
        for verifier, status in (("one", "FAIL"), ("two", "FAIL"), ("one", "PASS")):
            answers.judged(question.key, verifier, Verdict(status))
        assert answers.last_verdict(question.key) == Verdict("PASS")
    again = Answers.read(tmp_path / "a.jsonl")
    assert again.last_verdict(question.key) == Verdict("PASS")
    assert again.verdict(question.key, "two") == Verdict("FAIL")
    assert again.last_verdict("nobody's") is None
