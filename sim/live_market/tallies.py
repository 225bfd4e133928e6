"""What each agent answered so far: bids by word, attempts by status, dollars."""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import dataclass, field

from sim.live.question import Question


@dataclass
class Tally:
    """Of one agent. words: of bids and claims; gaps: claim - pass of attempts that were judged.

    usd: of its answers, each once, however many arms share it.
    """

    asked: int = 0
    words: Counter[str] = field(default_factory=Counter)
    worked: int = 0
    passed: int = 0
    lost: int = 0
    usd: float = 0.0
    gaps: list[float] = field(default_factory=list)

    @property
    def gap(self) -> float:
        """Mean of claim - pass, NaN without any."""
        return math.fsum(self.gaps) / len(self.gaps) if self.gaps else math.nan


class Tallies:
    """Of all agents by name; several threads may count."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}
        self._claims: dict[tuple[str, str], float] = {}
        self._paid: set[str] = set()  # keys of questions
        self._lock = threading.Lock()

    def of(self, agent: str) -> Tally:
        """One agent's."""
        with self._lock:
            return self._of(agent)

    def said(self, question: Question, word: str, claim: float, usd: float) -> None:
        """Its agent answered to a posting or a question for a claim."""
        with self._lock:
            own = self._paid_for(question, usd)
            own.asked += 1
            own.words[word] += 1
            self._claims[question.agent, question.task] = claim

    def advised(self, question: Question, word: str, usd: float) -> None:
        """A router answered."""
        with self._lock:
            own = self._paid_for(question, usd)
            own.asked += 1
            own.words[word] += 1

    def worked(self, question: Question, status: str, usd: float) -> None:
        """An attempt of its agent was judged, or lost."""
        with self._lock:
            own = self._paid_for(question, usd)
            own.worked += 1
            own.passed += status == "PASS"
            own.lost += status == "INFRA"
            claim = self._claims.get((question.agent, question.task), math.nan)
            if status != "INFRA" and not math.isnan(claim):
                own.gaps.append(claim - (status == "PASS"))

    def _paid_for(self, question: Question, usd: float) -> Tally:
        """The tally of its agent; several arms that share an answer have paid once."""
        own = self._of(question.agent)
        if question.key not in self._paid:
            self._paid.add(question.key)
            own.usd += usd
        return own

    def _of(self, agent: str) -> Tally:
        return self._tallies.setdefault(agent, Tally())
