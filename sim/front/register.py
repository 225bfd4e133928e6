"""Parts of a user's own, known by a name from then on: in scenarios, in `bidlab.run`, in lists.

A registration lasts as long as the process. Workers of a sweep with several jobs do not have it: give them the file
with `plugins`.
"""

from __future__ import annotations

import sim.world.importers  # noqa: F401 -- it registers the formats, whose names are taken
from sim.agents.bidding import POLICIES
from sim.importing.importer_registry import register_importer
from sim.mechanisms.registry import register as register_mechanism
from sim.population.belief_model import BELIEF_MODELS
from sim.specs.reserve_price import RESERVES
from sim.standing.advisors import ADVISORS
from sim.standing.reputation import COST_LEARNERS, REPUTATIONS

__all__ = [
    "register_advisor",
    "register_belief_model",
    "register_cost_learner",
    "register_importer",
    "register_mechanism",
    "register_policy",
    "register_reputation",
    "register_reserve_policy",
]

register_policy = POLICIES.register
register_reputation = REPUTATIONS.register
register_cost_learner = COST_LEARNERS.register
register_advisor = ADVISORS.register
register_belief_model = BELIEF_MODELS.register
register_reserve_policy = RESERVES.register
