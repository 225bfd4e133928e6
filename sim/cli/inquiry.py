"""What a live command asks, found out by a rehearsal before anything is sent: prompts, cost, what a journal lacks.

Answers that the journal holds are answers in the rehearsal too, so that a run that goes on rehearses its own path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.live_tables import dollars, estimates_table
from sim.kit.distribution import MOST
from sim.live.answers import Answers
from sim.live.question import Question
from sim.live.respondent import Respondent
from sim.live.respondents import Respondents
from sim.live.task_file import LiveTask
from sim.live_market.reached import reached
from sim.live_market.rehearsal import CallEstimate, estimate, rehearsed_respondents
from sim.live_market.session import LiveOptions, Session
from sim.live_market.survey import survey

if TYPE_CHECKING:
    from sim.experiment.plan import Plan

Questions = Mapping[str, Question]  # by key


@dataclass(frozen=True, eq=False)
class Inquiry:
    """Who is asked about what. journal: the file of answers. plan: of a market; None: a survey with so many trials."""

    respondents: Respondents
    agents: tuple[str, ...]
    tasks: Sequence[LiveTask]
    seed: int
    journal: Path
    trials: int = 0
    plan: Plan | None = None

    @cached_property
    def held(self) -> Answers:
        """What the journal holds as the command begins."""
        return Answers.read(self.journal) if self.journal.exists() else Answers.memory()

    @cached_property
    def real(self) -> dict[str, Respondent]:
        """The respondents; nothing is sent to them."""
        return reached(self.respondents, self._names, self.seed)

    @cached_property
    def asked(self) -> Mapping[str, Questions]:
        """The questions of each arm, or of the survey, by a rehearsal."""
        if self.plan is None:
            return {"": self.surveyed(self.tasks, self.trials)}
        return self._of_arms(self.plan)

    @property
    def all_asked(self) -> Questions:
        """Those of all arms, each once."""
        return {key: one for questions in self.asked.values() for key, one in questions.items()}

    def surveyed(self, tasks: Sequence[LiveTask], trials: int) -> Questions:
        """The questions of a survey."""
        with self._rehearsing(tasks) as made:
            survey(made.asking, made.panel, trials)
            return made.asking.asked

    def estimated(self, questions: Questions) -> CallEstimate:
        """What of these is not held, and what it would cost."""
        return estimate(questions.values(), self.respondents, self.real, self.held)

    @property
    def misfit(self) -> str:
        """A line on held answers to what this run asks in other words or of another model; "" where there is none."""
        kept = [question for question, _ in self.held if question.purpose != "check"]
        asked = self.all_asked if kept else {}
        wanted = {_about(one) for key, one in asked.items() if self.held.find(key) is None}
        others = [one for one in kept if one.key not in asked]
        count = sum(_about(one) in wanted for one in others)
        if not count:
            return ""
        fit = f"of {len(kept):,} answers {len(kept) - len(others):,} fit this run, {len(others):,} do not"
        return f"{self.journal}: {fit}: {count:,} are of another prompt, model or limit of tokens, and are not used"

    @property
    def lacking(self) -> list[str]:
        """Lines on questions that nothing is held for."""
        questions = self.all_asked
        found = self.estimated(questions)
        count = Counter(one.purpose for key, one in questions.items() if self.held.find(key) is None)
        named = ", ".join(f"{number:,} of purpose {purpose}" for purpose, number in count.items())
        first = found.first
        at = "" if first is None else f"; the first: {first.purpose} of task {first.task!r} by agent {first.agent!r}"
        hangs = "" if self.plan is None else " (by a rehearsal: later ones hang on these)"
        line = f"{self.journal}: {sum(count.values()):,} of {len(questions):,} answers are missing: {named}{hangs}"
        line += f", at most {dollars(found.most)}{at}; nobody is asked offline"
        return [line, *([self.misfit] if self.misfit else [])]

    @property
    def _names(self) -> list[str]:
        return [task.name for task in self.tasks]

    def _of_arms(self, plan: Plan) -> dict[str, Questions]:
        from sim.experiment.run_folder import Worlds, arm_rules
        from sim.live_market.from_source import play_from
        from sim.live_market.live_source import Live

        worlds, found = Worlds(plan.scenario, plan.origin), dict[str, Questions]()
        for arm in plan.scenario.arms:
            world = worlds.of(arm)
            rules = arm_rules(arm, world)
            with self._rehearsing(self.tasks) as made:
                play_from(Live(world, rules, made.asking), world, rules)
                found[arm.name] = made.asking.asked
        return found

    def _rehearsing(self, tasks: Sequence[LiveTask]) -> Session:
        actors = rehearsed_respondents(self.respondents, self.real, self._names, self.seed, self.held)
        made = Session(self.respondents, self.agents, tuple(tasks), self.seed, LiveOptions(None, MOST), actors)
        made.answers.learn_verdicts(self.held)
        return made


def prompts(inquiry: Inquiry) -> list[str]:
    """All that is asked about the first task."""
    first = inquiry.tasks[0]
    asked = inquiry.all_asked if inquiry.plan is not None else inquiry.surveyed([first], inquiry.trials)
    return [_prompt(one) for one in asked.values() if one.task == first.name] or [f"task {first.name}: nobody is asked"]


def estimates(inquiry: Inquiry) -> list[Any]:
    """The estimate of each arm and of all, and of a panel or of the claims."""
    rows: dict[str, CallEstimate] = {}
    if inquiry.plan is not None:
        rows = {f"arm {name}": inquiry.estimated(questions) for name, questions in inquiry.asked.items()}
        if len(rows) > 1:
            rows["all arms together"] = inquiry.estimated(inquiry.all_asked)
    trials = inquiry.trials if inquiry.plan is None else 1
    name = "the panel: everybody at every task" if trials else "claims"
    rows[name] = inquiry.estimated(inquiry.surveyed(inquiry.tasks, trials))
    return [*estimates_table(rows, inquiry.held, inquiry.journal), *_beyond(inquiry)]


def _beyond(inquiry: Inquiry) -> list[str]:
    """What the estimate does not count."""
    from sim.live.judge import Judge

    judged = any(task.verify is not None and isinstance(task.verify.verifier, Judge) for task in inquiry.tasks)
    beyond = [*(["judges"] if judged else []), *(["repairs"] if inquiry.respondents.file.repair else [])]
    return [f"not counted: {' and '.join(beyond)}"] if beyond else []


def _about(question: Question) -> tuple[str, str, str, int]:
    """What a question asks for, of whom, whatever its words are."""
    return question.purpose, question.agent, question.task, question.sample


def _prompt(question: Question) -> str:
    head = f"--- {question.purpose} of task {question.task} by {question.agent} (sample {question.sample})"
    system = f"[system]\n{question.system}\n[user]\n" if question.system else ""
    return f"{head}\n{system}{question.prompt}\n"
