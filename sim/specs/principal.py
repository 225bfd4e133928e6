"""The section [[tender.principals]] of a scenario: one principal each; what it does not state is the tender's."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from sim.agents.bankroll import parse_amount
from sim.kit.distribution import MOST, Distribution, parse_distribution
from sim.kit.invalid import written
from sim.kit.names import NAME, is_name
from sim.kit.section import Section, parsed_by
from sim.specs.reserve_price import Reserve, parse_reserve


def _named(raw: str) -> str:
    if not is_name(raw):
        raise ValueError(f"must be {NAME}; got {written(raw)}")
    return raw


class PrincipalSettings(Section):
    """One principal; what it does not state is the tender's."""

    name: Annotated[str, AfterValidator(_named)] = Field(description="its name")
    share: Annotated[float, Field(gt=0, le=MOST)] | None = Field(
        None,
        description="tasks are dealt in proportion to shares (1 where absent); not with a table that names principals",
    )
    value: Annotated[Distribution | None, parsed_by(parse_distribution)] = Field(None, description="its tender.value")
    reserve: Annotated[Reserve | None, parsed_by(parse_reserve)] = Field(None, description="its tender.reserve")
    penalty: Annotated[float, Field(ge=0, le=MOST)] | None = Field(None, description="its tender.penalty")
    budget: Annotated[float | None, parsed_by(parse_amount)] = Field(None, description="its tender.budget")
