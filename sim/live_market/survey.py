"""Every agent about every task, outside any market: claims alone (elicit), or claims and attempts (panel).

What comes of it is a recorded table, one row per agent, task and trial, that every scenario reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.kit.errors import RunError
from sim.live_market.questioner import BidReply, LivePanel, Questioner, WorkReply

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Survey:
    """claims: by (agent, task); work: by (agent, task, trial), empty where nobody worked. Places of the panel's."""

    panel: LivePanel
    claims: dict[tuple[int, int], BidReply]
    work: dict[tuple[int, int, int], WorkReply]

    @property
    def table(self) -> pd.DataFrame:
        """Columns of a recorded table; without work they are agent, task, family and what was claimed.

        A pair of agent and task that claims nothing has no row of work, since a claim is missing of all or of none.
        verifier_score: where all work has a score; a scenario may map it as `score`, in place of the status.
        """
        import pandas as pd

        rows = list(self._worked() if self.work else self._claimed())
        frame = pd.DataFrame(rows)
        for name in ("cost_belief", "family", "verifier_score", "trial"):
            if name in frame and frame[name].isna().any():
                frame = frame.drop(columns=name)
        return frame

    def _claimed(self) -> Iterator[dict[str, Any]]:
        for (agent, task), said in self.claims.items():
            yield {**self._of(agent, task, said), "answer": said.word}

    def _worked(self) -> Iterator[dict[str, Any]]:
        several = any(trial for _, _, trial in self.work)
        for (agent, task, trial), worked in self.work.items():
            said = self.claims[agent, task]
            if said.word == "bid":
                yield {
                    **self._of(agent, task, said),
                    "trial": trial if several else None,
                    "status": worked.status,
                    "verifier_score": worked.score,
                    "cost": worked.usd,
                }

    def _of(self, agent: int, task: int, said: BidReply) -> dict[str, Any]:
        about = self.panel.tasks[task]
        return {
            "agent": self.panel.agents[agent],
            "task": about.name,
            "family": about.family or None,
            "claim": said.claim,
            "cost_belief": said.cost_belief,
        }

    @property
    def left_out(self) -> int:
        """Attempts that the table does not hold, as their agents claimed nothing at the task."""
        return sum(self.claims[agent, task].word != "bid" for agent, task, _ in self.work)

    @property
    def notes(self) -> list[str]:
        """A line on each thing that was answered and is not in the table."""
        claims = [one for one in self.claims.values() if one.word == "bid"]
        silent = sum(math.isnan(one.cost_belief) for one in claims)
        found = []
        if self.left_out:
            found.append(f"left out: {self.left_out:,} attempt(s) of agents that claimed nothing at the task")
        if 0 < silent < len(claims):
            found.append(
                f"left out: what agents expect to spend, as {silent:,} of {len(claims):,} claims do not say it"
            )
        return found


def survey(asking: Questioner, panel: LivePanel, trials: int, tick: Callable[[int], None] | None = None) -> Survey:
    """Ask everybody about every task, and have them work on it `trials` times; 0: claims alone.

    tick: is called with the number of answers that came since the last call.
    """
    pairs = [(agent, task) for task in range(len(panel.tasks)) for agent in range(len(panel.agents))]
    claims = {pair: asking.claim(pair[1], pair[0]) for pair in pairs}
    work = {
        (agent, task, trial): asking.work((0, task), agent, trial) for agent, task in pairs for trial in range(trials)
    }

    def joined(future: Future[Any]) -> Any:
        found = future.result()
        if tick is not None:
            tick(1)
        return found

    return Survey(
        panel, {at: joined(future) for at, future in claims.items()}, {at: joined(one) for at, one in work.items()}
    )


def check_claims(found: Survey) -> None:
    """Raise RunError where nobody claimed anything."""
    if not any(one.word == "bid" for one in found.claims.values()):
        words = sorted({one.word for one in found.claims.values()})
        raise RunError(f"no answer is a claim: all are {', '.join(words)}")
