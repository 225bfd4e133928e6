"""What a live run has asked so far, and what it cost: numbers for a progress line and a report."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.live.purse import Purse


@dataclass
class AgentMeter:
    """Of one agent. asked: different questions. held: of these, answered by the journal at once. sends: made for the
    others, one or several each. answered: how many of these have an answer. dollars: of all sends that have an end.
    """

    asked: int = 0
    held: int = 0
    sends: int = 0
    answered: int = 0
    dollars: float = 0.0


@dataclass
class Meter:
    """Of all agents. in_flight: sends under way. Dollars of earlier runs of the journal are in `spent`."""

    purse: Purse
    agents: dict[str, AgentMeter] = field(default_factory=dict)
    in_flight: int = 0

    def of(self, agent: str) -> AgentMeter:
        """That of one agent."""
        return self.agents.setdefault(agent, AgentMeter())

    @property
    def spent(self) -> float:
        """Dollars of the journal, sends without an end at their reserve."""
        return self.purse.spent

    @property
    def reserved(self) -> float:
        """Dollars set aside for sends under way."""
        return self.purse.reserved

    @property
    def peak(self) -> float:
        """The largest spent + reserved there was."""
        return self.purse.peak
