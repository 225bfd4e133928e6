"""Has the tasks' verifiers look again at the work that a journal keeps: a repaired verifier needs no call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.live.answers import Answers
from sim.live.judge import Judge
from sim.live.task_file import LiveTask
from sim.live.verifier import INFRA
from sim.live_market.simulated import ACTS


class Reverified(NamedTuple):
    """One task's work by one agent. before: the last verdict known of it, "" where there is none."""

    task: str
    agent: str
    sample: int
    before: str
    now: str
    note: str


def verify_again(answers: Answers, tasks: Sequence[LiveTask]) -> list[Reverified]:
    """Every attempt that has an answer, judged anew; kept where the journal can be written.

    Work that a judge is asked about is left out: its verdicts are answers of their own.
    """
    checks = {task.name: task.verify for task in tasks}
    found = []
    for question, answer in list(answers):
        check = checks.get(question.task)
        itself = question.model.startswith(ACTS)  # its work is a status
        if question.purpose != "work" or itself or check is None or isinstance(check.verifier, Judge):
            continue
        before = answers.last_verdict(question.key)
        verdict = None if answer.error else check.verify(answer.text)
        if verdict is not None and answers.writable:
            answers.judged(question.key, check.fingerprint, verdict)
        now, note = (INFRA, answer.finish) if verdict is None else (verdict.status, verdict.note)
        status = "" if before is None else before.status
        found.append(Reverified(question.task, question.agent, question.sample, status, now, note))
    return found
