"""The draws that every World has, whatever its outcomes come from.

What is drawn, and by what it is named (besides the seed): value, reserve, principal (replication, task); place
in the order, arrival gap (replication, task or place); latency, response (replication, task, agent); duration, infra,
verifier (replication, task, agent, try); lottery and, only where they are needed, exploration and choice (replication,
task, posting, agent). A rerun changes the words of tries and no others. An agent with a law of its own for duration,
latency or response draws it by the same name, and nobody else's draw moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.distribution import Arrivals, Distribution
from sim.kit.errors import ScenarioError
from sim.kit.invalid import written
from sim.population.agent_profile import AgentProfile
from sim.specs.tender import TenderSpec
from sim.specs.world_settings import WorldSettings
from sim.specs.world_spec import WorldSpec
from sim.world.formula import Axis, Formula
from sim.world.principals import by_principal, dealt, principal_names

_ONE_TICK = Distribution("constant", 1.0)


class Identities(NamedTuple):
    """Words that name the draws: replications, tasks, agents, tries."""

    r: draws.Words
    t: draws.Words
    i: draws.Words
    k: draws.Words

    @property
    def per_agent(self) -> tuple[int, int, int]:
        """(R, T, n)."""
        return len(self.r), len(self.t), len(self.i)

    @property
    def per_try(self) -> tuple[int, int, int, int]:
        """(R, T, n, K)."""
        return (*self.per_agent, len(self.k))


def tries_of(world: WorldSettings, n_tries: int) -> draws.Words:
    """Words of an agent's tries at a task; a rerun has tries of its own."""
    return draws.words_range(n_tries) + np.uint64(world.rerun << 32)


def luck(
    spec: WorldSpec,
    seed: int,
    ids: Identities,
    success: BoolArray | Formula,
    recorded_duration: IntArray | None = None,
    agents: Sequence[AgentProfile] = (),
    labels: Sequence[str] = (),
    worth: FloatArray | None = None,
) -> dict[str, Any]:
    """The arrays of a World that do not depend on what its agents are like, by field name.

    success: (R, T, n, K). recorded_duration: (R, T, n, K) ticks a table holds; one that the scenario states goes first.
    agents: the n agents of a profile, their own duration, latency and nonresponse replace the scenario's.
    labels: the principal of each task, where a table says so. worth (T,): dollars of each, where tasks say so.
    Raises ScenarioError where the reserve depends on a value that is not stated.
    """
    world, tender = spec.world, spec.tender
    principal = dealt(tender, seed, ids.r, ids.t, labels)
    value = by_principal(tender, principal, lambda own: _values(own, seed, ids))
    if worth is not None:
        value = np.where(np.isnan(worth), value, worth)
    infra: BoolArray | Formula = np.broadcast_to(np.False_, ids.per_try)
    if world.infra > 0:
        rate = world.infra
        infra = Formula(
            _per_try(ids), lambda *words: draws.uniform(seed, "infra", *words) < rate, ("infra", seed, rate)
        )
    return {
        "value": value,
        "reserve": by_principal(tender, principal, lambda own: _reserves(own, value, seed, ids)),
        "principals": principal_names(tender),
        "principal": principal,
        "arrival": (world.arrivals or Arrivals()).draw(seed, ids.r, _places(world.order, seed, ids)),
        "latency": _ticks(seed, "latency", world.latency, [agent.latency for agent in agents], *ids[:3]),
        "verified": _verified(world, seed, ids, success),
        "infra": infra,
        "duration": _durations(world, seed, ids, recorded_duration, agents),
        "silent": _silent(world, seed, ids, agents),
        "lottery": _per_posting(seed, "lottery", ids, tender.postings),
        "exploration": _per_posting(seed, "exploration", ids, tender.postings) if spec.explores else None,
        "choice": _per_posting(seed, "choice", ids, tender.postings) if spec.chooses else None,
    }


def _per_posting(seed: int, purpose: str, ids: Identities, postings: int) -> Formula:
    """(R, T, P, n) uniform draws."""

    def make(*words: draws.Words) -> FloatArray:
        return draws.uniform(seed, purpose, *words)

    return Formula({"r": ids.r, "t": ids.t, "p": draws.words_range(postings), "i": ids.i}, make, (purpose, seed))


def most_tries(tender: TenderSpec, may_be_lost: bool) -> int:
    """The most often one agent can be hired for one task. may_be_lost: an attempt may be lost to the system."""
    lost = may_be_lost or tender.timeout == "INFRA"
    once = tender.exclude == "hired" or (tender.exclude == "failed" and not lost)
    return 1 if once else tender.postings


def most_failures(tender: TenderSpec) -> int:
    """The most failures of its own at a task after which an agent may still bid on it."""
    return 0 if tender.exclude in ("failed", "hired") else tender.postings - 1


def _per_try(ids: Identities) -> dict[Axis, draws.Words]:
    return {"r": ids.r, "t": ids.t, "i": ids.i, "k": ids.k}


def _verified(world: WorldSettings, seed: int, ids: Identities, success: BoolArray | Formula) -> BoolArray | Formula:
    verifier = world.verifier
    if verifier.false_pass == 0 and verifier.false_fail == 0:
        return success

    def judged(truly: BoolArray, *words: draws.Words) -> BoolArray:
        chance = draws.uniform(seed, "verifier", *words)
        return np.where(truly, chance >= verifier.false_fail, chance < verifier.false_pass)

    if isinstance(success, Formula):
        truth = success.make
        of = None if success.of is None else ("verifier", seed, verifier.false_pass, verifier.false_fail, success.of)
        return Formula(_per_try(ids), lambda *words: judged(truth(*words), *words), of, success.families)
    return judged(success, *ids)


def _silent(world: WorldSettings, seed: int, ids: Identities, agents: Sequence[AgentProfile]) -> BoolArray | None:
    """(R, T, n), or None where everybody always bids."""
    own = [agent.nonresponse for agent in agents] or [None] * len(ids.i)
    rate = np.array([world.nonresponse if stated is None else stated for stated in own])
    return draws.uniform(seed, "response", *ids[:3]) < rate if rate.any() else None


def _values(tender: TenderSpec, seed: int, ids: Identities) -> FloatArray:
    if tender.value is None:
        return np.broadcast_to(np.nan, (len(ids.r), len(ids.t)))
    return tender.value.draw(seed, "value", ids.r, ids.t)


def _reserves(tender: TenderSpec, value: FloatArray, seed: int, ids: Identities) -> FloatArray:
    if tender.reserve.distribution is None and tender.value is None:
        rule = written(tender.stated("reserve"))
        raise ScenarioError(f"tender.value: is missing; tender.reserve = {rule} depends on it")
    return tender.reserve.draw(value, seed, ids.r, ids.t)


def _places(order: str, seed: int, ids: Identities) -> IntArray:
    """Place (R, T) of each task in the order of arrival."""
    if order == "table":
        return np.broadcast_to(np.arange(len(ids.t)), (len(ids.r), len(ids.t)))
    return draws.uniform(seed, "order", ids.r, ids.t).argsort(axis=1).argsort(axis=1)


def _durations(
    world: WorldSettings, seed: int, ids: Identities, recorded: IntArray | None, agents: Sequence[AgentProfile]
) -> IntArray | Formula:
    if world.duration is None and recorded is not None:
        return np.broadcast_to(recorded, ids.per_try)
    stated = _ONE_TICK if world.duration is None else world.duration
    own = [agent.duration for agent in agents]
    if stated.kind == "constant" and not any(own):
        return _ticks(seed, "duration", stated, own, *ids)
    of = "duration", seed, repr(stated), repr(own)
    return Formula(_per_try(ids), lambda *words: _ticks(seed, "duration", stated, own, *words), of)


def _ticks(
    seed: int, purpose: str, everybody: Distribution, own: Sequence[Distribution | None], *words: draws.Words
) -> IntArray:
    """(R, T, n, ...) ticks by the law `everybody`, or by an agent's own where it has one."""
    ticks = everybody.draw_ticks(seed, purpose, *words)
    stated = {place: law for place, law in enumerate(own) if law is not None}
    ticks = ticks.copy(order="K") if stated else ticks
    for place, law in stated.items():
        one = slice(place, place + 1)
        ticks[:, :, one] = law.draw_ticks(seed, purpose, *words[:2], words[2][one], *words[3:])
    return ticks
