"""Puts the questions of a live run: from templates to prompts, and from answers to bids and verdicts.

What a bid's prompt tells is what the notice makes public and how the rule pays. That of work tells the task alone, so
that all arms and rules share what comes of it. A bid that is none is asked for once more where the respondents' file
says so. How work was judged is kept beside its answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np

from sim.agents.bidding import Fallback
from sim.kit.arrays import FloatArray, Notice
from sim.kit.errors import RunError, ScenarioError, capped, collected
from sim.live.answers import Answers
from sim.live.calls import Calls
from sim.live.judge import Judge
from sim.live.prompts import Prompt, template
from sim.live.question import Answer, Question, Verdict
from sim.live.replies import MALFORMED, OUT_OF_RANGE, ReadAdvice, ReadBid, read_advice, read_bid, read_claim
from sim.live.respondent import Respondent
from sim.live.respondents import TEMPLATES, AgentSpec, Respondents
from sim.live.task_file import LiveTask
from sim.live_market.simulated import NAMES, PLACE, TRUTHFUL
from sim.live_market.tallies import Tallies
from sim.market.rules import Rules
from sim.market.source import At

First = TypeVar("First")
Then = TypeVar("Then")
Reading = TypeVar("Reading", "ReadReply", ReadAdvice)
_AGAIN = (MALFORMED, OUT_OF_RANGE)  # what a repair may mend


class BidReply(NamedTuple):
    """What an agent bid. word: as of `sim.live.replies`; ask, cost_belief: dollars; claim; usd: what asking cost."""

    word: str
    ask: float
    claim: float
    usd: float
    note: str = ""
    cost_belief: float = math.nan


class WorkReply(NamedTuple):
    """What came of work. status: PASS, FAIL or INFRA; score: NaN where none; usd: what it cost."""

    status: str
    usd: float
    score: float
    note: str = ""


class AdviceReply(NamedTuple):
    """What a router said. share: of each agent by name, empty where nothing can be read; usd: what asking cost."""

    share: Mapping[str, float]
    usd: float


@dataclass(frozen=True, eq=False)
class LivePanel:
    """Who is asked about what. agents, with how to reach each; routers and judges are among `reached` too."""

    respondents: Respondents
    agents: tuple[str, ...]
    tasks: tuple[LiveTask, ...]
    reached: Mapping[str, Respondent]

    @property
    def templates(self) -> dict[str, Prompt]:
        """Those of the respondents' file where it names them, else the package's, by purpose.

        Raises ScenarioError with the faults of all.
        """
        return templates_of(self.respondents)


def templates_of(respondents: Respondents) -> dict[str, Prompt]:
    """As `LivePanel.templates`."""
    files, faults = respondents.file.prompts, list[str]()
    found: dict[str, Prompt] = {}
    for purpose in TEMPLATES:
        with collected(faults):
            own = respondents.beside(files[purpose]) if purpose in files else None
            found[purpose] = template(purpose, own)
    if faults:
        raise ScenarioError(*capped(faults))
    return found


class Questioner:
    """Asks the panel through `calls`. Answers are read and work is judged by `threads` threads."""

    def __init__(self, panel: LivePanel, calls: Calls, answers: Answers, threads: int) -> None:
        self._panel, self._calls, self._answers = panel, calls, answers
        self._templates = panel.templates
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answers")
        self.tallies = Tallies()
        self.asked: dict[str, Question] = {}  # by key

    def close(self) -> None:
        """Read nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def fallback(self, rules: Rules) -> Fallback | None:
        """The bid put in for an agent from which none comes."""
        return getattr(rules.bidder, "fallback", None)

    # Bids and claims.

    def bid(
        self, task: int, agent: int, notice: Notice, rules: Rules, shape: str, card: str | None
    ) -> Future[BidReply]:
        """Ask for a bid, or a claim alone. card: what the agent's past in this market is."""

        def truthful(belief: FloatArray, cost_belief: FloatArray) -> FloatArray:
            return rules.mechanism.truthful_ask(belief, cost_belief, notice)

        fields = {
            "payment": rules.mechanism.told_to_bidders() if shape == "bid" else None,
            "reserve": _stated(notice.reserve),
            "value": _stated(notice.value),
            "penalty": _stated(notice.penalty),
            "agents": len(self._panel.agents),
            "deadline": None if rules.deadline is None else f"the task closes {rules.deadline:,} ticks after it came",
            "capacity": rules.capacity if math.isfinite(rules.capacity) else None,
            "card": card if self._panel.respondents.file.card else None,
        }
        question = self._question(shape, task, agent, fields, {TRUTHFUL: truthful})
        return self._then(self._calls.ask(question), lambda answer: self._said(question, answer))

    def claim(self, task: int, agent: int) -> Future[BidReply]:
        """Ask for a claim outside any market."""
        question = self._question("claim", task, agent, {}, {})
        return self._then(self._calls.ask(question), lambda answer: self._said(question, answer))

    def _said(self, question: Question, answer: Answer) -> BidReply:
        found, usd = self._mended(question, answer, lambda text: read(question, text))
        self.tallies.said(question, found.word, found.claim, usd)
        return BidReply(found.word, found.ask, found.claim, usd, found.note, found.cost_belief)

    def _mended(
        self, question: Question, answer: Answer, reading: Callable[[Answer], Reading]
    ) -> tuple[Reading, float]:
        """What an answer is read as, asked for once more where that may mend it, and the dollars of both."""
        found = reading(answer)
        if found.word not in _AGAIN or not self._panel.respondents.file.repair:
            return found, answer.usd
        second = self._calls.ask(self._repair(question, answer, found.note)).result()
        return reading(second), answer.usd + second.usd

    def _repair(self, question: Question, answer: Answer, note: str) -> Question:
        """The question once more, with what was wrong with the answer."""
        record = question.record()
        record |= {"purpose": "repair", "sample": 1}
        record["prompt"] = f"{question.prompt}\n\nYou answered:\n{answer.text}\n\nThat could not be read: {note}"
        return self._noted(Question(**record, details=question.details))

    # Advice.

    def advice(self, task: int, router: str, value: float, records: Mapping[str, str]) -> Future[AdviceReply]:
        """Ask the router how likely each agent of `records` is to succeed. value: dollars that a success is worth."""
        lines = "\n".join(f"- {name}: {text}" for name, text in records.items())
        fields = {"value": value, "agents": len(records), "records": lines}
        question = self._question("advice", task, router, fields, {NAMES: tuple(records)})
        return self._then(self._calls.ask(question), lambda answer: self._advised(question, answer))

    def _advised(self, question: Question, answer: Answer) -> AdviceReply:
        found, usd = self._mended(question, answer, lambda text: read_advice(text, question.details[NAMES]))
        self.tallies.advised(question, found.word, usd)
        return AdviceReply(found.advice, usd)

    # Work.

    def work(self, at: At, agent: int, nth: int) -> Future[WorkReply]:
        """Have the agent work on the task for the nth time."""
        question = self._question("work", at[1], agent, {}, {}, sample=nth)
        return self._then(self._calls.ask(question), lambda answer: self._worked(at[1], agent, question, answer))

    def _worked(self, task: int, agent: int, question: Question, answer: Answer) -> WorkReply:
        found = self._judged(task, agent, question, answer)
        self.tallies.worked(question, found.status, found.usd)
        return found

    def _judged(self, task: int, agent: int, question: Question, answer: Answer) -> WorkReply:
        if answer.error:
            return WorkReply("INFRA", answer.usd, math.nan, answer.finish)
        says = getattr(self._panel.reached[self._panel.agents[agent]], "says_itself", None)
        if says is not None and says(question):
            return WorkReply(answer.text, answer.usd, math.nan)
        verdict = self._verdict(self._panel.tasks[task], question.key, answer)
        return WorkReply(verdict.status, answer.usd, math.nan if verdict.score is None else verdict.score, verdict.note)

    def _verdict(self, task: LiveTask, key: str, answer: Answer) -> Verdict:
        """How the work is judged; asked once, and kept."""
        check = task.verify
        if check is None:
            raise RunError(f"task {task.name!r}: has no verifier")
        if isinstance(check.verifier, Judge):
            return check.verifier.verdict(
                self._calls.ask(self._to_judge(check.verifier, task, check.expected, answer)).result()
            )
        known = self._answers.verdict(key, check.fingerprint)
        if known is None:
            known = check.verify(answer.text)
            if self._answers.writable:
                self._answers.judged(key, check.fingerprint, known)
        return known

    def _to_judge(self, judge: Judge, task: LiveTask, expected: Any, answer: Answer) -> Question:
        spec = self._spec(judge.respondent)
        fields = {"task": task.prompt, "work": answer.text, "expected": expected}
        model = self._panel.reached[judge.respondent].fingerprint
        return self._noted(judge.question(task.name, fields, model=model, most_tokens=spec.bid_tokens))

    # Either.

    def _question(
        self,
        purpose: str,
        task: int,
        agent: int | str,
        fields: Mapping[str, Any],
        details: Mapping[str, Any],
        sample: int = 0,
    ) -> Question:
        about, name = self._panel.tasks[task], agent if isinstance(agent, str) else self._panel.agents[agent]
        spec = self._spec(name)
        made = self._templates[purpose].fill({"task": about.prompt, "family": about.family or None} | dict(fields))
        question = Question(
            purpose=purpose,
            task=about.name,
            agent=name,
            prompt=made.prompt,
            sample=sample,
            system="\n\n".join(text for text in (spec.system, made.system) if text),
            model=self._panel.reached[name].fingerprint,
            most_tokens=spec.work_tokens if purpose == "work" else spec.bid_tokens,
            shape="" if purpose == "work" else purpose,
            details={PLACE: task, **details},
        )
        return self._noted(question)

    def _noted(self, question: Question) -> Question:
        self.asked[question.key] = question
        return question

    def _spec(self, name: str) -> AgentSpec:
        return self._panel.respondents.agents[name]

    def _then(self, first: Future[First], made: Callable[[First], Then]) -> Future[Then]:
        """What `made` makes of the first one's result, in a thread of the pool once it is there."""
        found: Future[Then] = Future()

        def run(done: Future[First]) -> None:
            try:
                found.set_result(made(done.result()))
            except BaseException as error:
                found.set_exception(error)

        def begin(done: Future[First]) -> None:
            try:
                self._pool.submit(run, done)
            except RuntimeError as error:  # it is closed
                found.set_exception(error)

        first.add_done_callback(begin)
        return found


class ReadReply(NamedTuple):
    """What an answer to a bid or a claim is taken for."""

    word: str
    ask: float
    claim: float
    cost_belief: float
    note: str


def read(question: Question, answer: Answer) -> ReadReply:
    """By its shape."""
    if question.shape == "claim":
        claim = read_claim(answer)
        return ReadReply(claim.word, math.nan, claim.claim, claim.cost, claim.note)
    bid: ReadBid = read_bid(answer)
    return ReadReply(bid.word, bid.ask, bid.claim, math.nan, bid.note)


def _stated(dollars: FloatArray) -> float | None:
    """The number, None where it is not public."""
    number = float(np.asarray(dollars))
    return None if math.isnan(number) else number
