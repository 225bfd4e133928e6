"""What was said of one task in a live run: each prompt, its raw answer, what was read of it, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sim.kit.arrays import FloatArray
from sim.kit.errors import RunError
from sim.live.question import Answer, Question, Verdict
from sim.live.replies import read_advice
from sim.live_market.from_source import play_from
from sim.live_market.live_source import Live
from sim.live_market.questioner import read
from sim.live_market.session import LiveOptions, Session
from sim.live_market.simulated import NAMES
from sim.market.rules import Rules
from sim.market.source import At
from sim.world.origin import LiveOrigin
from sim.world.world import World

ANSWERS = "answers.jsonl"  # among a run's inputs


Advice = Mapping[tuple[At, int], FloatArray]  # of each agent, by (at, posting)


class Transcript(NamedTuple):
    """read: what the answer to a bid was taken for; verdict: on work, None where there is none."""

    question: Question
    answer: Answer
    read: str
    verdict: Verdict | None


def advice_of(folder: Path, origin: LiveOrigin, seed: int, world: World, rules: Rules) -> Advice:
    """What the router of an arm of the run in `folder` said, empty where it has none.

    Raises RunError where the run kept no answers.
    """
    if rules.router is None:
        return {}
    if not (folder / "inputs" / ANSWERS).exists():
        raise RunError(f"{folder}: kept no answers, and the advice of {rules.router} stands nowhere else")
    with _held(folder, origin, seed) as held:
        source = Live(world, rules, held.asking)
        play_from(source, world, rules)
        return source.advised


def transcripts(folder: Path, origin: LiveOrigin, seed: int, world: World, rules: Rules) -> dict[str, list[Transcript]]:
    """Those of one arm of the run in `folder` by task, in the order of their questions; none without kept answers."""
    found: dict[str, list[Transcript]] = {}
    if not (folder / "inputs" / ANSWERS).exists():
        return found
    about = {task.name: task for task in origin.live_tasks}
    with _held(folder, origin, seed) as held:
        play_from(Live(world, rules, held.asking), world, rules)
        for question in held.asking.asked.values():
            answer, own = held.answers.find(question.key), about.get(question.task)
            if answer is not None and own is not None:
                verify = own.verify
                kept = None if verify is None else held.answers.verdict(question.key, verify.fingerprint)
                found.setdefault(question.task, []).append(Transcript(question, answer, _taken(question, answer), kept))
    return found


def _held(folder: Path, origin: LiveOrigin, seed: int) -> Session:
    """A session that asks nobody, on the answers that the run kept."""
    options = LiveOptions(folder / "inputs" / ANSWERS, 0.0, offline=True)
    return Session(origin.respondents, origin.agents, origin.live_tasks, seed, options)


def _taken(question: Question, answer: Answer) -> str:
    if question.shape in ("", "verdict"):
        return ""
    if question.shape == "advice":
        advice = read_advice(answer, question.details[NAMES])
        shares = ", ".join(f"{name} {share:.0%}" for name, share in advice.advice.items())
        return shares or f"{advice.word}: {advice.note}"
    found = read(question, answer)
    if found.word != "bid":
        return f"{found.word}: {found.note}" if found.note else found.word
    ask = "" if question.shape == "claim" else f"ask ${found.ask:g}, "
    return f"{ask}claim {found.claim:.0%}"
