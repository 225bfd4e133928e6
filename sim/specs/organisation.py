"""Organisations of a scenario: agents that are made of others (sim/world/organisations.py).

[world.organisations.NAME]
scaffold = { agent = ... }        one agent, run in another way
solo     = { agent = ... }        one agent that tries several times within an attempt
hub      = { planner = ... }      an agent that divides a task among others and puts their parts together
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from sim.kit.amounts_in_words import percent, ticks
from sim.kit.distribution import MOST_TICKS
from sim.kit.section import Rate, Section
from sim.population.agent_profile import Logit

Factor = Annotated[float, Field(ge=0, le=1e6)]


class OrganisationKind(Section):
    """How an organisation is made of its members."""

    @property
    @abstractmethod
    def members(self) -> tuple[str, ...]:
        """Names of the agents it is made of, first the one that it shares luck with."""

    @property
    def loses(self) -> bool:
        """It may lose an attempt that its members do not."""
        return False

    @property
    def tries_within(self) -> int:
        """Tries of its first member that an attempt may take."""
        return 1


class Scaffold(OrganisationKind):
    """One agent in another execution path. A limit cuts off what lasts longer, at its full cost."""

    agent: str = Field(description="the agent that it runs")
    shift: Logit = Field(0.0, description="logits added to the agent's ability at every task")
    infra: Rate = Field(0.0, description="share of attempts that it loses to the system, beside world.infra")
    limit: Annotated[int, Field(ge=1, le=MOST_TICKS)] | None = Field(
        None, description="ticks after which an attempt is cut off; absent: no limit"
    )
    late: Literal["INFRA", "FAIL"] | None = Field(
        None, description="status of an attempt that the limit cuts off; must be stated with a limit"
    )
    cost_factor: Factor = Field(1.0, description="its attempts cost so many times what the agent's own do")

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if (self.limit is None) != (self.late is None):
            yield 'limit and late must be stated together; late is "INFRA" or "FAIL"'

    @property
    def members(self) -> tuple[str, ...]:
        return (self.agent,)

    @property
    def loses(self) -> bool:
        return self.infra > 0 or self.late == "INFRA"

    def in_words(self) -> str:
        parts = [f"{self.agent} in another scaffold: {self.shift:g} logits on its ability"]
        parts += [f"{percent(self.infra)} of attempts lost"] if self.infra else []
        parts += [f"{self.late} after {ticks(self.limit)}"] if self.limit is not None else []
        return ", ".join([*parts, *([f"costs times {self.cost_factor:g}"] if self.cost_factor != 1.0 else [])])


class Solo(OrganisationKind):
    """One agent that tries a task several times within one attempt."""

    agent: str = Field(description="the agent that tries")
    tries: Annotated[int, Field(ge=2, le=16)] = Field(description="most tries within an attempt")
    verified: bool = Field(
        description="the verifier looks at every try: the agent stops at the first that passes; false: it makes all "
        "tries, cannot tell them apart and hands in the last"
    )

    @property
    def members(self) -> tuple[str, ...]:
        return (self.agent,)

    @property
    def tries_within(self) -> int:
        return self.tries

    def in_words(self) -> str:
        if self.verified:
            return f"{self.agent}, tries a task up to {self.tries} times and stops at the first that passes"
        return f"{self.agent}, tries a task {self.tries} times and hands in the last"


class Hub(OrganisationKind):
    """A planner and its spokes (sim/world/organisation_kinds.py). Tokens are shares of those of a solo try."""

    planner: str = Field(description="decomposes the task, puts its parts together, criticises and revises")
    spokes: Annotated[list[str], Field(min_length=1, max_length=16)] = Field(
        description="who works on each part, one name a part; a name may stand several times"
    )
    decomposability: Rate | dict[str, Rate] = Field(
        description="delta of the tasks: 0, they are done as a whole or not at all; 1, they fall into parts. A number, "
        "or one for every family"
    )
    gain: Annotated[float, Field(ge=0, le=50)] = Field(
        description="logits that each part gains where delta = 1, for it is easier"
    )
    context_loss: Annotated[float, Field(ge=0, le=50)] = Field(
        description="logits that each part loses where delta = 0, for its spoke does not see the whole"
    )
    recompose: Rate = Field(description="chance that parts, all of them right, make a whole that is right")
    fit: Rate = Field(
        1.0,
        description="correlation of a spoke's private fit to its part with that to the task; 1: they are one, 0: a "
        "part is as foreign to it as another task",
    )
    prompt: Annotated[float, Field(ge=0, le=0.99)] = Field(
        description="the task's text: tokens that a solo try reads; the rest of its tokens it writes"
    )
    text: Factor = Field(description="tokens that each call writes")
    reading: Factor = Field(description="price of a token read, where one written costs 1")

    @property
    def members(self) -> tuple[str, ...]:
        return self.planner, *self.spokes

    def in_words(self) -> str:
        delta = self.decomposability
        each = delta if isinstance(delta, dict) else {}
        shown = ", ".join(f"{name} {one:g}" for name, one in each.items()) or f"{delta:g}"
        return (
            f"{self.planner} divides a task among {', '.join(self.spokes)} and puts the parts together, "
            f"decomposability {shown}, "
            f"{self.gain:g} logits gained and {self.context_loss:g} lost by parts at its ends, "
            f"{percent(self.recompose)} of right parts make a right whole"
        )


class Organisation(Section):
    """An agent made of others: of one kind."""

    scaffold: Scaffold | None = Field(None, description="one agent in another execution path")
    solo: Solo | None = Field(None, description="one agent that tries several times within an attempt")
    hub: Hub | None = Field(None, description="a planner and its spokes")
    knows: bool = Field(
        False,
        description="beliefs of ability and cost follow from its members' beliefs by the rules of the organisation; "
        "false: it believes what its agent, or planner, believes of itself",
    )

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if len(self._stated) != 1:
            yield "must hold one of scaffold, solo, hub"

    @property
    def kind(self) -> OrganisationKind:
        """The one that it is of."""
        return self._stated[0]

    @property
    def _stated(self) -> list[OrganisationKind]:
        values = (getattr(self, key) for key in type(self).model_fields)
        return [one for one in values if isinstance(one, OrganisationKind)]

    def in_words(self) -> str:
        """How it is made."""
        return self.kind.in_words() + (", its beliefs follow from theirs" if self.knows else "")
