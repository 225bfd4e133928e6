"""Kinds of organisations: what follows from the draws of their members.

a, c, u: ability and cost of the member at the task, and the uniform behind its outcome at (task, try).

    scaffold   succeeds where u < expit(logit a + shift). An attempt is lost where the member's is, or where a draw of
               the member's own is below `infra`. One that lasts longer than `limit` is cut off there, at its full cost:
               INFRA, or a failure that no verifier passes; `ability` is that of attempts in time. It costs
               cost_factor c.
    solo       k tries in one attempt: its attempt j is made of tries j k + 1 ... (j + 1) k of the member, j from 0. Of
               verified ones it hands in the first that passes, or the last; of others it makes all and hands in the
               last. The attempt is what the try handed in is; costs and durations of tries made add up.
    hub        succeeds where u of its planner < P(whole), below. The fit of spoke i to part j is
               fit x u_i + sqrt(1 - fit^2) v_ij, u_i its private fit to the task and v_ij a standard normal, named by
               (replication, task, agent, part), so that it stays over tries. The attempt is lost where the planner's
               is; it lasts as long as the planner's and the longest of its spokes'.

What a planner and its spokes succeed in, and what their calls cost; p_ij: ability of spoke i at the whole, with its fit
to part j; delta: decomposability of the task, in [0, 1]:

    decompose -> m parts, each by a spoke -> synthesise -> criticise -> revise          m + 4 calls, 7 of three parts

    shift    = gain delta - context_loss (1 - delta)
    part_ij  = expit(logit(p_ij^(1/m)) + shift)
    P(whole) = recompose x product of the m parts

So at shift 0 parts of equal p multiply to recompose x p.

Tokens are counted in those of a solo try, which reads `prompt` of them and writes the rest. Each call writes `text`.
The first reads the task, a part the task and what the first call wrote, each of the last three the task and all that
was written before it. So calls read prompt (m + 4) + text (4 m + 6) and write text (m + 4): tokens grow faster than
calls. What a call costs is in proportion to reading x tokens read + tokens written, at the rate of who makes it: a
spoke its part, the planner the others. What criticism and revision repair is part of `recompose`.

Index convention: R replications, T tasks, K tries of each agent, k of them within an attempt; parts are the last axis.
Source: [HS] for the seven calls; the rest is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kit import draws
from sim.kit.arrays import BoolArray, FloatArray
from sim.kit.errors import ScenarioError
from sim.kit.portable import exp, expit, log, logit
from sim.specs.organisation import Hub, Scaffold, Solo
from sim.world.organisations import Drawn, Made, joined
from sim.world.world import World


class OfScaffold(Made):
    """One agent in another execution path."""

    def __init__(self, how: Scaffold, *given: Any) -> None:
        super().__init__(*given)
        self._how = how

    def _chance(self, of: Callable[[int], FloatArray], *, of_beliefs: bool = False) -> FloatArray:
        return np.asarray(expit(logit(of(self._places[0])) + self._how.shift))

    def cost_belief(self) -> FloatArray:
        return self._member("cost_belief") * (self._how.cost_factor if self._organisation.knows else 1.0)

    def _late(self, status: str) -> BoolArray:
        """(R, T, K): cut off, and with this status."""
        lasts = self._member("duration")
        limit = self._how.limit
        return np.zeros(lasts.shape, np.bool_) if limit is None or self._how.late != status else lasts > limit

    def success(self) -> BoolArray:
        return np.asarray((self._uniform("outcome") < self.ability()[..., None]) & ~self._late("FAIL"))

    def verified(self) -> BoolArray:
        return np.asarray(self._judged(self.success()) & ~self._late("FAIL"))

    def infra(self) -> BoolArray:
        lost = self._member("infra") | self._late("INFRA")
        return lost if self._how.infra == 0 else lost | (self._uniform("scaffold infra") < self._how.infra)

    def cost(self) -> FloatArray:
        return self._member("cost") * self._how.cost_factor

    def duration(self) -> NDArray[Any]:
        lasts = self._member("duration")
        return lasts if self._how.limit is None else np.minimum(lasts, self._how.limit)


class OfSolo(Made):
    """One agent, several tries."""

    def __init__(self, how: Solo, *given: Any) -> None:
        super().__init__(*given)
        self._how = how

    def _within(self, name: str) -> NDArray[Any]:
        """(R, T, K, k): a field of each try of each attempt."""
        array = getattr(self._world, name)[:, :, self._places[0], : self._tries * self._how.tries]
        return np.asarray(array.reshape(*array.shape[:2], self._tries, self._how.tries))

    def _last(self) -> NDArray[np.int64]:
        """(R, T, K, 1) the try that is handed in: the last one made."""
        passed = self._within("verified") & ~self._within("infra") & self._how.verified
        first = np.where(passed.any(axis=-1), passed.argmax(axis=-1), self._how.tries - 1)
        return first[..., None]

    def _handed_in(self, name: str) -> BoolArray:
        return np.asarray(np.take_along_axis(self._within(name), self._last(), axis=-1)[..., 0])

    def _total(self, name: str) -> NDArray[Any]:
        """Sum over the tries made, one after the other."""
        each, last = self._within(name), self._last()[..., 0]
        total = each[..., 0]
        for number in range(1, self._how.tries):
            total = total + np.where(number <= last, each[..., number], 0)
        return total

    def _chance(self, of: Callable[[int], FloatArray], *, of_beliefs: bool = False) -> FloatArray:
        """That the try handed in succeeds: a right pass of the first k - 1 tries, or what the last one is."""
        p = of(self._places[0])
        if not self._how.verified:
            return p
        right, total, left = self._right(p), np.zeros(p.shape), np.ones(p.shape)
        for _ in range(self._how.tries - 1):
            total, left = total + left * right, left * self._unpassed(p)
        return np.minimum(total + left * p, 1.0)

    def _right(self, p: FloatArray) -> FloatArray:
        """Chance that a try succeeds, is not lost and passes."""
        return np.asarray(p * (1.0 - self._wrong[1]) * (1.0 - self._drawn.spec.world.infra))

    def _unpassed(self, p: FloatArray) -> FloatArray:
        """Chance that a try does not pass."""
        false = (1.0 - p) * self._wrong[0] * (1.0 - self._drawn.spec.world.infra)
        return np.asarray(1.0 - self._right(p) - false)

    def cost_belief(self) -> FloatArray:
        cost = self._member("cost_belief")
        if not self._organisation.knows:
            return cost
        left, tries = np.ones(cost.shape), np.zeros(cost.shape)
        again = self._unpassed(self._member("belief")) if self._how.verified else left
        for _ in range(self._how.tries):
            tries, left = tries + left, left * again
        return np.asarray(cost * tries)

    def success(self) -> BoolArray:
        return self._handed_in("success")

    def verified(self) -> BoolArray:
        return self._handed_in("verified")

    def infra(self) -> BoolArray:
        return self._handed_in("infra")

    def cost(self) -> FloatArray:
        return self._total("cost")

    def duration(self) -> NDArray[Any]:
        return self._total("duration")


class OfHub(Made):
    """A planner and its spokes."""

    def __init__(self, how: Hub, *given: Any) -> None:
        super().__init__(*given)
        self._how, self._delta = how, self._decomposability(how)

    def _decomposability(self, how: Hub) -> FloatArray:
        """(T,) of the tasks; raises ScenarioError where it is not stated for their families."""
        stated, families = how.decomposability, [f"family {number}" for number in range(self._drawn.families)]
        if isinstance(stated, float):
            return np.full(self._world.n_tasks, stated)
        if len(families) == 1 or sorted(stated) != sorted(families):
            listed = "a number, as there is one family" if len(families) == 1 else f"a number of each of {families}"
            key = f"world.organisations.{self._name}.hub.decomposability"
            raise ScenarioError(f"{key}: must be {listed}; got {stated}")
        return np.array([stated[name] for name in self._world.family])

    def _foreign(self, place: int, part: int) -> FloatArray | float:
        """(R, T) logits by which a spoke's fit to a part moves its ability from that at the task."""
        seed, ids, fit = self._drawn.seed, self._drawn.ids, self._how.fit
        if fit == 1.0:
            return 0.0
        own = ids.i[place : place + 1]
        at_task = draws.normal(seed, "fit", ids.r, ids.t, own)[:, :, 0]
        at_part = draws.normal(seed, "part fit", ids.r, ids.t, own, draws.words_range(1, part))[:, :, 0, 0]
        return np.asarray(self._drawn.sigma_u[:, None] * ((fit - 1.0) * at_task + np.sqrt(1.0 - fit * fit) * at_part))

    def _chance(self, of: Callable[[int], FloatArray], *, of_beliefs: bool = False) -> FloatArray:
        """Nobody believes anything of a spoke's fit to a part."""
        parts = []
        for part, place in enumerate(self._places[1:]):
            moved = 0.0 if of_beliefs else self._foreign(place, part)
            parts.append(of(place) if np.ndim(moved) == 0 else expit(logit(of(place)) + moved))
        return whole(np.stack(parts, axis=-1), self._delta, self._how)

    def _bill(self, of: Callable[[int], FloatArray]) -> FloatArray:
        share = costs(self._how)
        total = share.planner * of(self._places[0])
        for place in self._places[1:]:
            total = total + share.part * of(place)
        return np.asarray(total)

    def cost_belief(self) -> FloatArray:
        if not self._organisation.knows:
            return self._member("cost_belief")
        return self._bill(lambda place: self._member("cost_belief", place))

    def success(self) -> BoolArray:
        return np.asarray(self._uniform("outcome") < self.ability()[..., None])

    def verified(self) -> BoolArray:
        return self._judged(self.success())

    def infra(self) -> BoolArray:
        return self._member("infra")

    def cost(self) -> FloatArray:
        return self._bill(lambda place: self._member("cost", place))

    def duration(self) -> NDArray[Any]:
        longest = self._member("duration", self._places[1])
        for place in self._places[2:]:
            longest = np.maximum(longest, self._member("duration", place))
        return np.asarray(self._member("duration") + longest)


def whole(p: FloatArray, delta: FloatArray, hub: Hub) -> FloatArray:
    """P(whole) (...), of abilities p (..., m) at the whole with the fit to each part; delta (...) of the task.

    >>> kept = dict(decomposability=0.0, gain=1.0, context_loss=0.0, recompose=0.5, prompt=0.2, text=0.2, reading=0.2)
    >>> whole(np.array([0.3, 0.3]), np.array(0.0), Hub(planner="a", spokes=["b", "c"], **kept)).round(12).item()
    0.15
    """
    with np.errstate(divide="ignore"):  # an ability of 0 leaves parts of 0
        of_part = logit(exp(log(p) / p.shape[-1]))
    shift = hub.gain * delta - hub.context_loss * (1.0 - delta)
    part = expit(of_part + shift[..., None])
    product = part[..., 0]
    for j in range(1, p.shape[-1]):
        product = product * part[..., j]
    return np.asarray(hub.recompose * product)


class Shares(NamedTuple):
    """What the calls of a planner, and those of one part, cost: 1 is a solo try of the agent that makes them."""

    planner: float
    part: float


def costs(hub: Hub) -> Shares:
    """Of the planner's four calls and of each part; where a token read costs what one written does, their tokens.

    >>> kept = dict(decomposability=0.0, gain=1.0, context_loss=0.0, recompose=1.0, prompt=0.25, text=0.2, reading=1.0)
    >>> planner, part = costs(Hub(planner="a", spokes=["b", "c", "d"], **kept))
    >>> round(planner + 3 * part, 12) == 7 * 0.25 + 25 * 0.2
    True
    """
    m, solo = len(hub.spokes), hub.reading * hub.prompt + 1.0 - hub.prompt
    read = 4 * hub.prompt + (3 * m + 6) * hub.text
    part_read = hub.prompt + hub.text
    return Shares(
        (hub.reading * read + 4 * hub.text) / solo,
        (hub.reading * part_read + hub.text) / solo,
    )


_MADE: Mapping[type, Callable[..., Made]] = {Scaffold: OfScaffold, Solo: OfSolo, Hub: OfHub}


def organised(world: World, drawn: Drawn) -> World:
    """The World with the organisations that its settings state; raises ScenarioError where one cannot be made."""
    return joined(world, drawn, _MADE)
