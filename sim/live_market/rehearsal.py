"""What a live run would ask and cost, from a rehearsal: agents of a population answer in the place of the live ones.

Where an answer is held already, it is the answer: what a finished run rehearses is what it asked. Elsewhere who is
hired, and so how often agents work, follows from the population; the questions are those that would be asked.
Most dollars are what would be reserved. Expected ones count a token for four bytes of a prompt, and of an answer a
quarter of its limit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sim.bundled import find_profile
from sim.live.answers import Answers
from sim.live.question import Answer, Question
from sim.live.respondent import Respondent
from sim.live.respondents import AgentSpec, Respondents
from sim.live_market.simulated import NAMES, SimulatedRespondent, simulated_respondent
from sim.population.profile import read_profile

PROFILE = "marketbench"
_BYTES = 4  # of a token
_SHARE = 0.25  # of its limit that an answer takes


@dataclass(frozen=True, eq=False)
class RehearsedRespondent:
    """Answers as was `held`, else as `actor` does, and is known as the respondent in whose place it stands."""

    fingerprint: str
    actor: SimulatedRespondent
    held: Answers

    def says_itself(self, question: Question) -> bool:
        """Work that was not held is a status."""
        return self.held.find(question.key) is None

    def most_usd(self, question: Question) -> float:
        """Nothing is sent; what is held was paid."""
        known = self.held.find(question.key)
        return 0.0 if known is None else known.usd

    async def answer(self, question: Question) -> Answer:
        """What is held, or what the actor says."""
        known = self.held.find(question.key)
        if known is not None:
            return known
        if question.purpose == "judge":
            return Answer('{"reason": "", "pass": true}', "stop", 0, 0, 0.0, 0.0)
        if question.shape == "advice":  # somebody is hired wherever the cost allows it
            sure = [{"agent": name, "percent": 100} for name in question.details[NAMES]]
            return Answer(json.dumps({"advice": sure}), "stop", 0, 0, 0.0, 0.0)
        return await self.actor.answer(question)

    async def close(self) -> None:
        """Nothing is open."""


class CallEstimate(NamedTuple):
    """Questions that no answer is held for. bids: all but attempts; expected, most: dollars; first: of them."""

    bids: int
    attempts: int
    expected: float
    most: float
    first: Question | None = None


def rehearsed_respondents(
    respondents: Respondents, real: Mapping[str, Respondent], tasks: Iterable[str], seed: int, held: Answers
) -> dict[str, Respondent]:
    """For each respondent an actor: an agent of PROFILE in the place of a live one, one after the other."""
    names = tuple(tasks)
    known = tuple(read_profile(find_profile(PROFILE, respondents.path.parent)).agents)
    found: dict[str, Respondent] = {}
    for place, (name, one) in enumerate(real.items()):
        if isinstance(one, SimulatedRespondent):
            found[name] = one
        else:
            played = AgentSpec(profile=PROFILE, agent=known[place % len(known)])
            found[name] = RehearsedRespondent(
                one.fingerprint, simulated_respondent(name, played, respondents, names, seed), held
            )
    return found


def estimate(
    asked: Iterable[Question], respondents: Respondents, real: Mapping[str, Respondent], held: Answers
) -> CallEstimate:
    """What these questions come to, each once."""
    new = list({question.key: question for question in asked if held.find(question.key) is None}.values())
    most = [real[one.agent].most_usd(one) for one in new]
    expected = [_expected(one, respondents.agents[one.agent], dollars) for one, dollars in zip(new, most, strict=True)]
    attempts = sum(one.purpose == "work" for one in new)
    return CallEstimate(len(most) - attempts, attempts, math.fsum(expected), math.fsum(most), next(iter(new), None))


def _expected(question: Question, spec: AgentSpec, most: float) -> float:
    price = spec.usd_per_million
    if price is None or price == 0:
        return most
    tokens = len((question.system + question.prompt).encode()) / _BYTES
    return (price.input * tokens + price.output * _SHARE * question.most_tokens) / 1e6
