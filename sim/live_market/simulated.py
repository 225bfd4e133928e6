"""Respondents without a model: agents drawn from a population, and those of a recorded table.

They rehearse a live run, and stand beside live ones as rivals. They bid the rule's truthful ask at what they believe,
in whole percent as everybody's claims are; their work is a word, PASS or FAIL, which needs no verifier. A task costs
what was drawn or recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.bundled import find_table
from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.errors import ScenarioError, closest
from sim.live.question import Answer, Question
from sim.live.respondents import AgentSpec, Respondents
from sim.specs.settings import Settings
from sim.tables.table import Recorded, found_columns, read_sheet
from sim.tables.table_file import read_file
from sim.world.history import with_records
from sim.world.origin import load_origin

ACTS = ("profile ", "table ")  # how the fingerprint of an agent begins that is none of the live ones
TRIES = 8  # of an agent at a task; a later one repeats the last
TRUTHFUL = "truthful"  # of a question's details: the rule's truthful ask, of belief and cost belief
PLACE = "place"  # the task's
NAMES = "names"  # agents that advice is asked about


@dataclass(frozen=True, eq=False)
class Acting:
    """An agent that answers from arrays. present, belief, cost_belief (T,); passes, cost (T, K), of each try.

    Its work is a status, which needs no verifier.
    """

    fingerprint: str
    present: BoolArray
    belief: FloatArray
    cost_belief: FloatArray
    passes: BoolArray
    cost: FloatArray

    def says_itself(self, question: Question) -> bool:
        """What came of the work is what it answers."""
        return True

    def most_usd(self, question: Question) -> float:
        """What the try costs."""
        return float(self._of_try(self.cost, question)) if question.purpose == "work" else 0.0

    async def answer(self, question: Question) -> Answer:
        """A bid, a claim, or what came of the work."""
        place = question.details[PLACE]
        if question.purpose == "work":
            text = "PASS" if self._of_try(self.passes, question) else "FAIL"
            return Answer(text, "stop", 0, 0, self.most_usd(question), 0.0)
        if not self.present[place]:
            return Answer(json.dumps({"abstain": True}), "stop", 0, 0, 0.0, 0.0)
        percent = round(100 * float(self.belief[place]))
        said: dict[str, Any] = {"claim": percent}
        if question.shape == "bid":
            truthful: Callable[[FloatArray, FloatArray], FloatArray] = question.details[TRUTHFUL]
            ask = truthful(np.array([percent / 100]), self.cost_belief[place : place + 1]).item()
            said = {"ask": ask, "claim": percent} if np.isfinite(ask) else {"abstain": True}
        return Answer(json.dumps(said), "stop", 0, 0, 0.0, 0.0)

    async def close(self) -> None:
        """Nothing is open."""

    def _of_try(self, array: Any, question: Question) -> Any:
        return array[question.details[PLACE], min(question.sample, array.shape[1] - 1)]


def acting(name: str, spec: AgentSpec, respondents: Respondents, tasks: Sequence[str], seed: int) -> Acting:
    """The agent of a profile or a table; raises ScenarioError where there is none of that name."""
    if spec.profile is not None:
        return _of_profile(name, spec, respondents, tasks, seed)
    path = respondents.beside(spec.table or "") if "." in (spec.table or "") else find_table(spec.table or "")
    sheet = read_file(path)
    recorded = read_sheet(sheet, found_columns(sheet, spec.columns, f"agents.{name}.columns.{{}} = ..."))
    own = _place(name, spec.agent or name, recorded.agents, respondents)
    return _of_table(f"table {path.name}: {recorded.agents[own]}", recorded, own, tasks)


def _of_table(fingerprint: str, recorded: Recorded, own: int, tasks: Sequence[str]) -> Acting:
    known = {task: place for place, task in enumerate(recorded.tasks)}
    rows = np.array([known.get(task, -1) for task in tasks])
    present = (rows >= 0) & recorded.present[rows, own]
    cost_belief = recorded.cost_belief[rows, own]
    cost = recorded.cost[rows, own]
    return Acting(
        fingerprint,
        present & ~np.isnan(recorded.belief[rows, own]),
        recorded.belief[rows, own],
        np.where(np.isnan(cost_belief), 0.0, cost_belief),
        recorded.success[rows, own],
        np.where(np.isnan(cost), 0.0, cost),
    )


def _of_profile(name: str, spec: AgentSpec, respondents: Respondents, tasks: Sequence[str], seed: int) -> Acting:
    written: Mapping[str, Any] = {
        "world": {"profile": spec.profile, "tasks": len(tasks), "parameters": "point"},
        "tender": {"value": 1.0, "reserve": 1.0, "penalty": 0.0, "postings": TRIES, "exclude": "none"},
        "bidders": {"on_retry": "same"},
    }
    settings = Settings.model_validate(written)
    origin = load_origin(settings.world, respondents.path.parent)
    own = _place(name, spec.agent or name, origin.agents, respondents)
    world = with_records(*origin.base(settings.spec, seed, 1), settings.spec)
    passes = world.verified & ~world.infra
    return Acting(
        f"profile {spec.profile}: {origin.agents[own]}, seed {seed}",
        world.present[0, :, own],
        world.belief[0, :, own],
        world.cost_belief[0, :, own],
        passes[0, :, own],
        world.cost[0, :, own],
    )


def _place(name: str, wanted: str, names: Sequence[str], respondents: Respondents) -> int:
    if wanted not in names:
        raise ScenarioError(f"agents.{name}: no agent {wanted!r}{closest(wanted, names)}; there are {', '.join(names)}")
    return list(names).index(wanted)
