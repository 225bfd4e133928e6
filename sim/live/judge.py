"""The verifier that is a model: it is asked whether the work does the task, and says so in JSON.

A judge is asked in a conversation of its own. It sees the task, the work, and what the task expects where it expects
anything; never a claim, an ask or a name, so that no bid can sway it. What it makes wrong is estimated on work that
people have labelled (analysis/judge_errors.py), which is what `world.verifier` of a scenario takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from sim.live.prompts import Prompt, template
from sim.live.question import Answer, Question, Verdict
from sim.live.replies import READ, read_verdict
from sim.live.verifier import FAIL, INFRA, PASS, Case


@dataclass(frozen=True)
class Judge:
    """A respondent decides. respondent: its name in respondents.toml. template: a file beside the tasks', "" for ours.

    `question` makes what it is asked; `verify` reads the text of its reply. A reply that is no verdict is INFRA.
    """

    respondent: str
    template: str = ""
    folder: str = field(default="", compare=False)

    summary: ClassVar[str] = "a model asked whether the work does the task; it sees no bid"

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Any."""
        return (cls(respondent="judge"),)

    def beside(self, folder: Path) -> Self:
        """The judge whose template stands in that folder."""
        return replace(self, folder=str(folder))

    @property
    def prompt(self) -> Prompt:
        """The template; raises ScenarioError where it is none."""
        return template("judge", Path(self.folder, self.template) if self.template else None)

    def cases(self) -> tuple[Case, ...]:
        """Replies of a judge."""
        return ((None, '{"pass": true}', PASS), (None, '{"pass": false}', FAIL), (None, "PASS", INFRA))

    def question(self, task: str, fields: Mapping[str, Any], *, model: str, most_tokens: int) -> Question:
        """What it is asked of one piece of work. fields: task, work, and expected where there is any; no others.

        task: its name. model, most_tokens: of the respondent.
        """
        made = self.prompt.fill(fields)
        return Question(
            purpose="judge",
            task=task,
            agent=self.respondent,
            prompt=made.prompt,
            system=made.system,
            model=model,
            most_tokens=most_tokens,
            shape="verdict",
        )

    def verify(self, expected: Any, text: str) -> Verdict:
        """The verdict that the text of a reply is."""
        return self.verdict(Answer(text, "stop"))

    def verdict(self, answer: Answer) -> Verdict:
        """The verdict that an answer is; INFRA where it is none, whatever the reason."""
        read = read_verdict(answer)
        if read.word != READ:
            return Verdict(INFRA, f"judge: {read.word}: {read.note}".removesuffix(": "))
        return Verdict(PASS if read.passed else FAIL, read.note, read.score)
