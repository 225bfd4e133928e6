"""Which settings share their Worlds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from sim.scenario.settings import Settings
from sim.sources import parse_advice

_NO_LUCK = {  # settings that reach no draw; those of market never do, of standing only some advice and records
    "world": {"bid_cost"},
    "tender": {"penalty", "public", "escalation", "deadline", "budget"},
    "bidders": {"policy", "agents", "fallback", "bankroll"},
}


def world_key(settings: Settings) -> str:
    """What decides a World beside seed and replications; settings of the same key share their Worlds."""
    whole = [getattr(settings, section).model_dump(exclude=excluded) for section, excluded in _NO_LUCK.items()]
    advice = parse_advice(settings.standing.advice)
    whole += [advice.explores, None if advice.planner is None else asdict(advice.planner)]
    whole.append({key: asdict(record) for key, record in settings.records.items()})
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()
