"""Finds out, with a call of a few tokens, whether an endpoint can be held to a budget.

It must count what it uses and keep the cap. Servers know the cap by one of two names: one that refuses a name is asked
by the other at once; one that ignores a name is caught by an answer that is too long.
"""

from __future__ import annotations

from typing import NamedTuple

from sim.live.calls import Calls
from sim.live.endpoint import Endpoint
from sim.live.endpoint_faults import CAPS
from sim.live.question import Answer, Question
from sim.live.respondent import Stopped

CHECK_TOKENS = 16
_PROMPT = "Write the numbers from 1 to 40, with a comma after each."


class Checked(NamedTuple):
    """cap: the name by which the endpoint keeps it. counted: it counts tokens. answer: what it said."""

    cap: str
    counted: bool
    answer: Answer


def check(endpoint: Endpoint, calls: Calls) -> Checked:
    """Ask `endpoint`, one of `calls`' respondents, and use the name of the cap that it keeps.

    The answers are kept, so that a later run finds them without a call. Raises Stopped, naming agent and fault, where
    the endpoint ends without an answer, or costs something and counts nothing, or keeps the cap by neither name.
    """
    priced = max(endpoint.price) > 0
    for sample in range(len(CAPS)):
        answer = calls.ask(_question(endpoint, sample)).result()
        if answer.error:
            raise Stopped(f"agent {endpoint.agent!r}: no answer to a check: {answer.finish}")
        counted = answer.output_tokens is not None
        if not counted and priced:
            raise Stopped(f"agent {endpoint.agent!r}: counts no tokens (usage), so that no budget can hold")
        if (answer.output_tokens or 0) <= CHECK_TOKENS:
            return Checked(endpoint.cap, counted, answer)
        endpoint.cap = next(cap for cap in CAPS if cap != endpoint.cap)
    wrote = f"wrote {answer.output_tokens} tokens where {CHECK_TOKENS} were allowed, by either cap"
    raise Stopped(f"agent {endpoint.agent!r}: {wrote}")


def _question(endpoint: Endpoint, sample: int) -> Question:
    return Question(
        "check",
        "check",
        endpoint.agent,
        _PROMPT,
        sample=sample,
        model=endpoint.fingerprint,
        most_tokens=CHECK_TOKENS,
    )
