"""Settings by keyword: each goes to the section of a scenario that has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from sim.kit.errors import ScenarioError, closest
from sim.kit.invalid import invalid, written
from sim.specs.bidders import BidderSpec
from sim.specs.settings import MarketSpec, Settings, StandingSpec
from sim.specs.tender import TenderSpec
from sim.specs.world_settings import WorldSettings

_KEYS = {
    "world": tuple(WorldSettings.model_fields),
    "tender": tuple(TenderSpec.model_fields),
    "market": tuple(MarketSpec.model_fields),
    "bidders": tuple(BidderSpec.model_fields),
    "standing": tuple(StandingSpec.model_fields),
}


def sections(given: Mapping[str, Any], where: str, refused: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Any]]:
    """The settings by section. A key is a section's own key, or a section with a dict of its keys.

    refused: for each section the keys that cannot be given here. Raises ScenarioError naming the key.
    """
    allowed = {name: [key for key in keys if key not in set(refused.get(name, ()))] for name, keys in _KEYS.items()}
    found: dict[str, dict[str, Any]] = {name: {} for name in _KEYS}
    for key, value in given.items():
        if key in _KEYS:
            if not isinstance(value, Mapping):
                raise ScenarioError(f"{where}: {key}: must be a dict of its keys; got {written(value)}")
            for inner, own in value.items():
                _check(inner, allowed[key], f"{where}: {key}.{inner}")
                found[key][inner] = own
            continue
        _check(key, [own for keys in allowed.values() for own in keys], f"{where}: {key}")
        found[next(name for name, keys in allowed.items() if key in keys)][key] = value
    return found


def checked(found: Mapping[str, Any], where: str) -> Settings:
    """The settings of these sections; raises ScenarioError in one line."""
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        raise invalid(where, "", error, Settings) from None


def _check(key: str, allowed: list[str], what: str) -> None:
    if key not in allowed:
        raise ScenarioError(f"{what}: cannot be given here{closest(key, allowed)}; allowed: {', '.join(allowed)}")
