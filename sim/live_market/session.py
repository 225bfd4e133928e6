"""A live run: who is asked, the answers there are, the budget; it plays arms and plays them again from the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from sim.kit.errors import RunError
from sim.live.answers import Answers
from sim.live.calls import Calls
from sim.live.respondent import Respondent
from sim.live.respondents import Respondents
from sim.live.task_file import LiveTask
from sim.live_market.from_source import play_from
from sim.live_market.live_source import Live
from sim.live_market.questioner import LivePanel, Questioner
from sim.live_market.reached import reached
from sim.market.rules import Rules
from sim.market.simulate import Tables
from sim.market.tape import Tape
from sim.world.world import World


@dataclass(frozen=True)
class LiveOptions:
    """answers: file of the journal, None: in memory alone. budget_usd: of all that it has cost, earlier runs included.

    offline: ask nobody.
    """

    answers: Path | None
    budget_usd: float
    concurrency: int = 16
    offline: bool = False


class Session:
    """Use it as a context manager: the journal is open as long. Raises RunError and ScenarioError before any send."""

    def __init__(
        self,
        respondents: Respondents,
        agents: tuple[str, ...],
        tasks: tuple[LiveTask, ...],
        seed: int,
        options: LiveOptions,
        instead: Mapping[str, Respondent] | None = None,
    ) -> None:
        """instead: respondents in place of those that the file names."""
        self.options = options
        self.panel = LivePanel(
            respondents, agents, tasks, instead or reached(respondents, [task.name for task in tasks], seed)
        )
        read = Answers.read if options.offline else Answers.open
        self.answers = Answers.memory() if options.answers is None else read(options.answers)
        self.calls = self._calls(options.offline)
        self.asking = Questioner(self.panel, self.calls, self.answers, options.concurrency)
        self.tapes: list[Tape] = []  # of the arms played so far, the one at play last

    def _calls(self, offline: bool) -> Calls:
        budget, concurrency = self.options.budget_usd, self.options.concurrency
        return Calls(self.panel.reached, self.answers, budget_usd=budget, concurrency=concurrency, offline=offline)

    def play(self, world: World, rules: Rules, progress: Callable[[int], None] | None = None) -> Tables:
        """One arm's ledger, asked for and then played again from the answers.

        Raises RunError where that is not the same.
        """
        self.tapes.append(Tape())
        tables = play_from(Live(world, rules, self.asking), world, rules, progress, tape=self.tapes[-1])
        with self._calls(offline=True) as held:
            asking = Questioner(self.panel, held, self.answers, self.options.concurrency)
            again = play_from(Live(world, rules, asking), world, rules)
            asking.close()
        if differ := differing(tables, again):
            raise RunError(f"played again from its answers the run is another: {', '.join(differ)} differ")
        return tables

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let answers under way be kept, then close the journal."""
        try:
            self.calls.__exit__(kind, error, trace)
        finally:
            self.asking.close()
            self.answers.close()


def differing(one: Tables, other: Tables) -> Sequence[str]:
    """Columns of the tables that are not the same."""
    return [
        f"{name}.{column}"
        for name, columns in one.items()
        for column, values in columns.items()
        if not np.array_equal(values, other[name][column], equal_nan=values.dtype.kind == "f")
    ]
