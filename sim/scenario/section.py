"""The base of every table that a user writes: strict types, no unknown keys, no infinity, immutable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sim.distribution import MOST, MOST_TICKS

Money = Annotated[float, Field(ge=0, le=MOST)]
Rate = Annotated[float, Field(ge=0, le=1)]
Ticks = Annotated[int, Field(ge=0, le=MOST_TICKS)]


class Section(BaseModel):
    """A table of a scenario or a profile."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def parsed_by(parse: Callable[[Any], object]) -> AfterValidator:
    """A check that `parse` understands a value, which is kept as it was written."""

    def check(raw: Any) -> Any:
        parse(raw)
        return raw

    return AfterValidator(check)
