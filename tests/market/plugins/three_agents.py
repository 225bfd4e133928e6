"""Three agents with processes of their own: one waits, one learns from its losses, one leaves after two of them."""

from collections.abc import Iterator
from typing import Any

from sim.agents.agent import Abstain, Agent, Bid, News, Posting, register_agent


@register_agent("patient")
class Patient(Agent):
    """Waits two ticks, then bids what it would have bid at once."""

    def bid(self, notice: Posting) -> Iterator[Any]:  # type: ignore[override]
        yield self.wait(2)
        return self.honest()


@register_agent("learner")
class Learner(Agent):
    """Starts with a mark-up of one half; after each clearing that it lost it asks for a fifth less of it."""

    markup = 0.5

    def bid(self, notice: Posting) -> Bid | Abstain:
        honest = self.honest()
        return honest if isinstance(honest, Abstain) else Bid(honest.ask * (1 + self.markup), honest.claim)

    def heard(self, news: News) -> None:
        if news.status is None and not news.hired:
            self.markup *= 0.8


@register_agent("leaver")
class Leaver(Agent):
    """Leaves the market for good after two attempts that failed."""

    failures = 0

    def bid(self, notice: Posting) -> Bid | Abstain:
        return Abstain("exited") if self.failures >= 2 else self.honest()

    def heard(self, news: News) -> None:
        self.failures += news.status is not None and news.payment <= 0
