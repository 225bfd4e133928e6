"""What the explorer shows of each auction, as plain data: all that sim/explain tells, and the attempts around it.

    arms       name and rule of each, and its auctions
    auctions   replication, task, marks, regret, what would have been best, and the postings with their bids
    attempts   of each arm and replication in order of their start; an auction names the rows that lie around it

Agents are places in the list of their names; a long text that is said often stands once, in `texts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.arm import ArmData
from analysis.ledger_rows import Rows
from analysis.page.auctions_shown import KINDS, Choice
from analysis.page.numbers import digit, digits
from analysis.page.surroundings import Surroundings
from analysis.report import Phase
from sim.experiment.run_folder import Run
from sim.explain.explain import Explained, ExplainedBid, ExplainedPosting, Replay
from sim.kit.terminal import shown_name
from sim.ledger.ledger import STATUS
from sim.live_market.transcripts import Transcript

_MOST_SAID = 3_000  # letters of a prompt or an answer


class Texts:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        """The number of the text."""
        if text not in self._places:
            self._places[text] = len(self.all)
            self.all.append(text)
        return self._places[text]


class Explorer:
    """Makes the data. phase: is given what is being done, once for each replication that is played again."""

    def __init__(self, run: Run, rows: Mapping[str, Rows], choice: Choice, phase: Phase) -> None:
        self._run, self._rows, self._choice, self._phase = run, rows, choice, phase
        self._texts, self._tasks = Texts(), dict[int, str]()
        self._agents: dict[str, int] = {}
        self._attempts: dict[str, dict[str, list[Any]]] = {}

    def data(self, arms: Sequence[ArmData]) -> dict[str, Any]:
        """All of it."""
        self._agents = {name: place for place, name in enumerate(arms[0].world.agents)}
        made = [self._arm(place, arm) for place, arm in enumerate(arms)]
        return {
            "agents": [shown_name(name) for name in self._agents],
            "tasks": self._tasks,
            "statuses": list(STATUS),
            "arms": made,
            "attempts": self._attempts,
            "texts": self._texts.all,
            "whole": not self._choice.rule,
        }

    def _arm(self, place: int, arm: ArmData) -> dict[str, Any]:
        auctions, bonds = [], bool(self._choice.notable[arm.name]["bond"])
        for replication, tasks in _tasks_of(self._choice.places[arm.name]).items():
            self._phase(f"{arm.name}: replication {replication}")
            replay = Replay(self._run, self._run.arm(arm.name), replication)
            shown = tasks if bonds else _with_bound(tasks, replay.bound)
            bonds = bonds or not set(shown).isdisjoint(replay.bound)
            near = Surroundings(self._rows[arm.name], replication, shown)
            self._attempts[f"{place}:{replication}"] = near.columns
            for task in shown:
                self._tasks[task] = shown_name(arm.world.tasks[task])
                auction = {"r": replication, "t": task, "marks": self._marks(arm.name, replication, task, replay)}
                auction["regret"] = digit(float(self._choice.regret[arm.name][replication, task]))
                auctions.append(auction | {"near": near.around(task)} | self._explained(replay.explain(task)))
        return {"name": shown_name(arm.name), "rule": shown_name(arm.mechanism), "auctions": auctions}

    def _marks(self, arm: str, replication: int, task: int, replay: Replay) -> list[str]:
        notable = self._choice.notable[arm]
        found = {kind for kind in KINDS if (replication, task) in notable[kind]}
        return [kind for kind in KINDS if kind in found or (kind == "bond" and task in replay.bound)]

    def _explained(self, found: Explained) -> dict[str, Any]:
        return {
            "best": self._text(found.oracle),
            "postings": [self._posting(posting) for posting in found.postings],
            "said": [_transcript(one) for one in found.said],
        }

    def _posting(self, found: ExplainedPosting) -> dict[str, Any]:
        return {
            "market": shown_name(found.market),
            "number": found.posting,
            "ticks": [found.posted, found.tick],
            "money": digits([found.value, found.reserve, found.penalty]),
            "least": digit(found.threshold),
            "tie": found.by_tie,
            "closed": found.closed,
            "terms": [self._text(name) for name in (found.bids[0].terms if found.bids else ())],
            "bids": [self._bid(bid) for bid in found.bids],
            "promised": [self._text(line) for line in found.promised],
            "happened": [self._text(line) for line in found.happened],
        }

    def _bid(self, bid: ExplainedBid) -> list[Any]:
        """Agent, claim, ask, terms, score, lottery, outcome, reason, and whether its bond binds."""
        numbers = digits([bid.claim, bid.ask]), digits(bid.terms.values()), digits([bid.score, bid.lottery])
        words = self._text(bid.outcome), self._text(bid.reason)
        return [self._agents[bid.agent], *numbers[0], numbers[1], *numbers[2], *words, int(bid.binds)]

    def _text(self, text: str) -> int:
        return self._texts.place(shown_name(text))


def _tasks_of(places: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """Replication -> its tasks."""
    found: dict[int, list[int]] = {}
    for replication, task in places:
        found.setdefault(replication, []).append(task)
    return found


def _with_bound(tasks: Sequence[int], bound: Sequence[int]) -> list[int]:
    """The tasks, with the first at which a bond binds where none of them is one."""
    return sorted({*tasks, *(bound[:1] if set(tasks).isdisjoint(bound) else ())})


def _transcript(one: Transcript) -> dict[str, str]:
    """What was asked and answered, shortened where it is long."""
    verdict = "" if one.verdict is None else f"{one.verdict.status} {one.verdict.note}".strip()
    texts = {
        "head": f"{one.question.purpose} of {one.question.agent}, sample {one.question.sample}, ${one.answer.usd:g}",
        "system": one.question.system,
        "prompt": one.question.prompt,
        "answer": one.answer.text,
        "read": one.read,
        "verdict": verdict,
    }
    return {name: _short(text) for name, text in texts.items() if text}


def _short(text: str) -> str:
    lines = "\n".join(map(shown_name, text.split("\n")))
    left = len(lines) - _MOST_SAID
    return lines if left <= 0 else f"{lines[:_MOST_SAID]} ... and {left:,} more letters"
