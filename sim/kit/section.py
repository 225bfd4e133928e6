"""The base of every table that a user writes: strict types, no unknown keys, no infinity, immutable.

A value that a model cannot express as a type (a reserve, arrivals, a distribution) is parsed by a function of its own,
and the section holds what that gave. How it was written is kept beside, for run.json and for messages alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import core_schema

from sim.kit.distribution import MOST, MOST_TICKS

Money = Annotated[float, Field(ge=0, le=MOST)]
Rate = Annotated[float, Field(ge=0, le=1)]
Ticks = Annotated[int, Field(ge=0, le=MOST_TICKS)]

# What json_schema_extra of a key may hold.
SAID = "said"  # the sentence of a value that is not the default, or one for each value and "*" for any other
ONLY_EVENTS = "only the event market"  # why nothing else plays a value that is not the default
NOT_LIVE = "not live"  # why such a value has no meaning where agents are asked and not drawn
OF_BIDS = "of bids"  # it has none under a rule that asks for no bids
COUPLES = "couples"  # it couples the tasks of a replication


class parsed_by:  # noqa: N801 -- it annotates a field
    """The field holds what `parse` makes of the value written, None where none is.

    absent: `parse` makes something of None too. Raises what `parse` raises: ValueError saying what is allowed.
    """

    def __init__(self, parse: Callable[[Any], object], *, absent: bool = False) -> None:
        self.parse, self.absent = parse, absent

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Nothing but `parse` decides what is valid."""
        return core_schema.no_info_plain_validator_function(self._made)

    def _made(self, raw: Any) -> Any:
        return None if raw is None and not self.absent else self.parse(raw)


class Section(BaseModel):
    """A table of a scenario or a profile. `model_dump` gives it as it was written, defaults included."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    no_luck: ClassVar[frozenset[str]] = frozenset()  # keys that reach no draw of a World
    _written: dict[str, Any] = PrivateAttr(default_factory=dict)  # parsed fields alone

    def faults(self) -> Iterator[str]:
        """What its keys say that does not agree, a line each; asked once every key is valid by itself."""
        return iter(())

    def in_words(self) -> str:
        """What it says on a page, as a sentence or, where its key says SAID, in place of the value; "": as written."""
        return ""

    def against(self, settings: Any) -> Iterator[str]:
        """What it cannot be combined with in other sections, a line each; `settings` (sim/specs/settings.py) asks."""
        return iter(())

    def within(self) -> Iterator[Section]:
        """It, and the sections that stand in it."""
        yield self
        for key in type(self).model_fields:
            yield from _sections(getattr(self, key))

    def notes(self, what: str) -> Iterator[tuple[str, Any]]:
        """Keys that are not at their defaults, with what each notes of this kind (`noted`), or a section there does."""
        own = noted(type(self), what)
        for key, field in type(self).model_fields.items():
            found, value = own.get(key), getattr(self, key)
            if found is None and isinstance(value, Section):
                found = next((inner for _, inner in value.notes(what)), None)
            if found is not None and value != field.get_default(call_default_factory=True):
                yield key, found

    def stated(self, key: str) -> Any:
        """A parsed field as it was written."""
        return self._written[key]

    def with_stated(self, other: Section, keys: Iterable[str]) -> Self:
        """This section with what `other` states for these keys."""
        stated = {key: getattr(other, key) for key in keys if getattr(other, key) is not None}
        made = self.model_copy(update=stated)
        made._written = self._written | {key: other._written[key] for key in stated if key in other._written}
        return made

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        made = handler(raw)
        if faults := list(made.faults()):
            raise ValueError("\n".join(faults))
        if isinstance(raw, Mapping):
            defaults = _parsed_fields(cls)
            made._written = {name: raw.get(name, default) for name, default in defaults.items()}
        return made

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {**handler(self), **self._written}


def _sections(value: Any) -> Iterator[Section]:
    if isinstance(value, Section):
        yield from value.within()
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _sections(one)


@lru_cache
def noted(model: type[BaseModel], what: str) -> dict[str, Any]:
    """What keys of a section note in their json_schema_extra of one kind, e.g. SAID; others are left out."""
    fields = {key: field.json_schema_extra for key, field in model.model_fields.items()}
    return {key: extra[what] for key, extra in fields.items() if isinstance(extra, dict) and what in extra}


def without_none(model: Any, raw: Any) -> Any:
    """A section as it was written, without the keys that say "none" and may be absent.

    Keys to which "none" says something else, or which hold a name, keep it.
    """
    if not isinstance(raw, Mapping):
        return raw
    return {
        key: one for key, one in raw.items() if not (isinstance(one, str) and one == "none" and key in _free(model))
    }


@lru_cache
def _free(model: type[BaseModel]) -> frozenset[str]:
    """The keys that may be absent, to which "none" says nothing."""
    absent = (one for one in model.model_fields.items() if not one[1].is_required() and one[1].default is None)
    said = ((key, get_args(field.annotation)) for key, field in absent)
    return frozenset(key for key, kinds in said if str not in kinds and not any("none" in get_args(k) for k in kinds))


@lru_cache
def _parsed_fields(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of a model that are parsed, with their defaults as one would write them."""
    fields = model.model_fields.items()
    return {
        name: None if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in fields
        if _is_parsed(field.metadata, field.annotation)
    }


def _is_parsed(metadata: Iterable[Any], annotation: Any) -> bool:
    if any(isinstance(one, parsed_by) for one in metadata):
        return True
    return any(_is_parsed(getattr(inner, "__metadata__", ()), inner) for inner in get_args(annotation))
