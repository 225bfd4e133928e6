"""What a World is drawn by, beside seed and replications: arms of the same spec share their Worlds.

`base` tells Worlds apart without their records: what agents, tasks and lotteries are like. Records (advice, mean
costs, cards) are made from it, so arms that differ in these alone share every draw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sim.kit.section import Section
from sim.specs.bidders import BidderSpec, Card
from sim.specs.tender import TenderSpec
from sim.specs.world_settings import WorldSettings

if TYPE_CHECKING:
    from sim.agents.retry import Update
    from sim.standing.pilots import Planner
    from sim.standing.records import Record
    from sim.standing.sources import Advice

# Those that say which of their keys reach no draw; keys of market never do, of standing only some advice and records.
_SECTIONS: dict[str, type[Section]] = {"world": WorldSettings, "tender": TenderSpec, "bidders": BidderSpec}


@dataclass(frozen=True)
class WorldSpec:
    """Specs are equal where their keys are.

    key, base: SHA-256 of all that decides the World, and of all but its records. card: read before the market opens, or
    of the past. on_retry: how beliefs follow failures. planner: makes pilot attempts. explores, chooses: advice, and
    policies, need a uniform draw of their own at every posting. records: made before the market opens, by the key that
    asks for each.
    """

    key: str
    base: str = field(compare=False)
    world: WorldSettings = field(compare=False, repr=False)
    tender: TenderSpec = field(compare=False, repr=False)
    card: Card | None = field(compare=False, repr=False)
    on_retry: Update | None = field(compare=False, repr=False)
    planner: Planner | None = field(compare=False, repr=False)
    explores: bool = field(compare=False, repr=False)
    chooses: bool = field(compare=False, repr=False)
    records: Mapping[str, Record] = field(compare=False, repr=False)

    @classmethod
    def of(
        cls,
        world: WorldSettings,
        tender: TenderSpec,
        bidders: BidderSpec,
        advice: Advice,
        records: Mapping[str, Record],
    ) -> Self:
        """The part of an arm's settings that decides its World."""
        of_bidders = _drawn(bidders)
        card = of_bidders.pop("card")
        of_world = {key: value for key, value in _drawn(world).items() if f"world.{key}" not in records}
        base: list[Any] = [of_world, _drawn(tender), of_bidders]
        base += [advice.explores, None if advice.planner is None else asdict(advice.planner)]
        base += ["chooses"] if bidders.chooses else []  # whatever draws no bids keeps its name
        whole = [*base, card, {key: asdict(record) for key, record in records.items()}]
        return cls(
            key=_digest(whole),
            base=_digest(base),
            world=world,
            tender=tender,
            card=bidders.card,
            on_retry=bidders.on_retry,
            planner=advice.planner,
            explores=advice.explores,
            chooses=bidders.chooses,
            records=records,
        )


def reaches_draws(section: str, key: str) -> bool:
    """Whether a key may decide a World.

    >>> reaches_draws("tender", "penalty"), reaches_draws("tender", "value")
    (False, True)
    """
    return section != "market" and not (section in _SECTIONS and key in _SECTIONS[section].no_luck)


def _drawn(section: Section) -> dict[str, Any]:
    """A section as written, without the keys that reach no draw."""
    return {key: value for key, value in section.model_dump().items() if key not in section.no_luck}


def _digest(whole: Any) -> str:
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()
