"""Respondents without a model: agents drawn from a population, and those of a recorded table.

They rehearse a live run, and stand beside live ones as rivals. They bid the rule's truthful ask at what they believe,
in whole percent as everybody's claims are; their work is a word, PASS or FAIL, which needs no verifier. A task costs
what was drawn or recorded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.bundled import find_table
from sim.kit.arrays import BoolArray, FloatArray, Status
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
class SimulatedRespondent:
    """An agent that answers from arrays. present, belief, cost_belief (T,); status, cost (T, K), of each try.

    Where belief or cost belief is NaN it makes no bid; work at a task it is not present at is lost.

    Its work is a status, which needs no verifier.
    """

    fingerprint: str
    present: BoolArray
    belief: FloatArray
    cost_belief: FloatArray
    status: NDArray[np.int8]
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
            text = Status(int(self._of_try(self.status, question))).name
            return Answer(text, "stop", 0, 0, self.most_usd(question), 0.0)
        if not self.present[place] or np.isnan(self.belief[place]):
            return Answer(json.dumps({"abstain": True}), "stop", 0, 0, 0.0, 0.0)
        percent = round(100 * float(self.belief[place]))
        cost = float(self.cost_belief[place])
        said: dict[str, Any] = {"claim": percent, "cost": None if math.isnan(cost) else cost}
        if question.shape == "bid":
            truthful: Callable[[FloatArray, FloatArray], FloatArray] = question.details[TRUTHFUL]
            ask = truthful(np.array([percent / 100]), self.cost_belief[place : place + 1]).item()
            said = {"ask": ask, "claim": percent} if np.isfinite(ask) else {"abstain": True}
        return Answer(json.dumps(said), "stop", 0, 0, 0.0, 0.0)

    async def close(self) -> None:
        """Nothing is open."""

    def _of_try(self, array: Any, question: Question) -> Any:
        return array[question.details[PLACE], min(question.sample, array.shape[1] - 1)]


def simulated_respondent(
    name: str, spec: AgentSpec, respondents: Respondents, tasks: Sequence[str], seed: int
) -> SimulatedRespondent:
    """The agent of a profile or a table; raises ScenarioError where there is none of that name."""
    if spec.profile is not None:
        return _of_profile(name, spec, respondents, tasks, seed)
    path = respondents.beside(spec.table or "") if "." in (spec.table or "") else find_table(spec.table or "")
    sheet = read_file(path)
    columns = found_columns(sheet, spec.columns, f"agents.{name}.columns.{{}} = ...")
    if "score" in columns:
        raise ScenarioError(
            f"agents.{name}: table {spec.table}: has scores, which are no outcomes; map columns.success"
        )
    if lacking := [key for key in ("claim", "cost") if key not in columns]:
        raise ScenarioError(f"agents.{name}: table {spec.table}: has no {' and no '.join(lacking)}; map columns")
    recorded = read_sheet(sheet, columns)
    own = _place(name, spec.agent or name, recorded.agents, respondents)
    return _of_table(f"table {path.name}: {recorded.agents[own]}", recorded, own, tasks)


def _of_table(fingerprint: str, recorded: Recorded, own: int, tasks: Sequence[str]) -> SimulatedRespondent:
    known = {task: place for place, task in enumerate(recorded.tasks)}
    rows = np.array([known.get(task, -1) for task in tasks])
    present = (rows >= 0) & recorded.present[rows, own]
    status = np.where(recorded.success[rows, own], int(Status.PASS), int(Status.FAIL))
    if recorded.infra is not None:
        status = np.where(recorded.infra[rows, own], int(Status.INFRA), status)
    return SimulatedRespondent(
        fingerprint,
        present,
        recorded.belief[rows, own],
        recorded.cost_belief[rows, own],
        np.where(present[:, None], status, int(Status.INFRA)).astype(np.int8),
        np.where(present[:, None], recorded.cost[rows, own], 0.0),
    )


def _of_profile(
    name: str, spec: AgentSpec, respondents: Respondents, tasks: Sequence[str], seed: int
) -> SimulatedRespondent:
    written: Mapping[str, Any] = {
        "world": {"profile": spec.profile, "tasks": len(tasks), "parameters": "point"},
        "tender": {"value": 1.0, "reserve": 1.0, "penalty": 0.0, "postings": TRIES, "exclude": "none"},
        "bidders": {"on_retry": "same"},
    }
    settings = Settings.model_validate(written)
    origin = load_origin(settings.world, respondents.path.parent)
    own = _place(name, spec.agent or name, origin.agents, respondents)
    world = with_records(*origin.base(settings.spec, seed, 1), settings.spec)
    status = np.where(world.verified, int(Status.PASS), int(Status.FAIL)).astype(np.int8)
    return SimulatedRespondent(
        f"profile {spec.profile}: {origin.agents[own]}, seed {seed}",
        world.present[0, :, own],
        world.belief[0, :, own],
        world.cost_belief[0, :, own],
        status[0, :, own],
        world.cost[0, :, own],
    )


def _place(name: str, wanted: str, names: Sequence[str], respondents: Respondents) -> int:
    if wanted not in names:
        raise ScenarioError(f"agents.{name}: no agent {wanted!r}{closest(wanted, names)}; there are {', '.join(names)}")
    return list(names).index(wanted)
