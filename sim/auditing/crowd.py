"""Postings with bids added or withdrawn, and what several bidders get by them.

Index convention: R draws, n agents; B bids tried side by side; m names, the first at the audited agent's place, the
others after all agents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.auditing.choice import LEAST, Estimate, estimate, standard_error
from sim.auditing.deviations import fees, turn_comes
from sim.auditing.problem import Draws, Verifier
from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.kit.errors import RunError
from sim.mechanisms import Mechanism

_CELLS = 1 << 16  # (bid, draw, agent) cleared at a time


class Said(NamedTuple):
    """What some names bid, (B, R, m) each, or broadcast to it; advice about all of them (B,), None: the draw's."""

    ask: FloatArray
    claim: FloatArray
    active: BoolArray
    advice: FloatArray | None = None


class Means(NamedTuple):
    """Of a table (N, R): the mean of each type (N,) and of each draw (R,); one type where types do not matter."""

    per_type: FloatArray
    per_draw: FloatArray

    @classmethod
    def of_draws(cls, values: FloatArray) -> Means:
        """Of values (R,) without types."""
        return cls(values.mean(keepdims=True), values)

    def less(self, other: Means, factor: float) -> Means:
        """This minus factor x other."""
        return Means(self.per_type - factor * other.per_type, self.per_draw - factor * other.per_draw)

    def estimate(self) -> Estimate:
        """The mean with its two-way standard error."""
        return estimate(self.per_type, self.per_draw)


class Gain(NamedTuple):
    """Dollars. low, high: by hold-out and by maximum, the same where nothing is chosen. base: what it is a share of.

    share_se: standard error of the share, by the delta method.
    """

    low: Estimate
    high: Estimate
    base: float
    share_se: float

    @property
    def mean(self) -> float:
        """Halfway between the two ends."""
        return (self.low.mean + self.high.mean) / 2.0

    @property
    def interval(self) -> tuple[float, float]:
        """95%, as that of `sim.auditing.choice`."""
        return self.low.mean - self.low.half_width, self.high.mean + self.high.half_width

    @property
    def share(self) -> float:
        """Of the base; NaN where that is nothing."""
        return self.mean / self.base if self.base > LEAST else float("nan")


def gain(low: Means, high: Means, base: Means) -> Gain:
    """The gain with these ends over this base."""
    ends, whole = (low.estimate(), high.estimate()), base.estimate().mean
    if whole <= LEAST:
        return Gain(*ends, whole, float("nan"))
    return Gain(*ends, whole, standard_error(*high.less(base, ends[1].mean / whole))[0] / whole)


class Chosen(NamedTuple):
    """Of one type: the best of all choices over the best of those allowed anyway, (R,) each.

    low: chosen on one half of the draws and taken on the other; high: chosen and taken on all; ex_post: chosen in each
    draw. base: the best of those allowed anyway, chosen on all draws.
    """

    low: FloatArray
    high: FloatArray
    ex_post: FloatArray
    base: FloatArray


def chosen(u: FloatArray, n_allowed: int) -> Chosen:
    """u (P, R): what each choice gets; the first n_allowed may be chosen anyway."""
    odd = np.arange(u.shape[1]) % 2 == 1
    more, fewer = (
        [_first_best(rows[:, part].mean(axis=1)) for part in (~odd, odd, slice(None))] for rows in (u, u[:n_allowed])
    )
    even_pick, odd_pick, high = (u[a] - u[b] for a, b in zip(more, fewer, strict=True))
    ex_post = u.max(axis=0) - u[:n_allowed].max(axis=0)
    low = np.where(odd, even_pick, odd_pick)
    return Chosen(low, high, np.where(ex_post > LEAST, ex_post, 0.0), u[fewer[2]])


def _first_best(means: FloatArray) -> int:
    return int((means >= means.max() - LEAST).argmax())


def clear(rule: Mechanism, draws: Draws) -> Award:
    """The award of every draw, (R, n), when everybody bids as the draw says."""
    bids = Bids.trusted(ask=np.where(draws.active, draws.ask, np.nan), claim=draws.claim, active=draws.active)
    return _priced(rule, rule(bids, draws.tender, draws.standing, draws.lottery))


def without(draws: Draws, out: BoolArray) -> Draws:
    """The draws in which those in `out` (R, n) make no bid."""
    return replace(draws, active=draws.active & ~out)


def with_names(draws: Draws, agent: int, lottery: FloatArray) -> Draws:
    """The draws with names added that are and stand as `agent` does. lottery (R, k): that of the k names."""
    count = lottery.shape[1]

    def added(whole: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([whole, np.repeat(whole[:, agent, None], count, axis=1)], axis=1)

    own: dict[str, Any] = {
        name: added(getattr(draws, name)) for name in ("ask", "claim", "active", "belief", "cost", "ability")
    }
    standing = {name: added(array) for name, array in vars(draws.standing).items()}
    lots = np.concatenate([draws.lottery, lottery], axis=1)
    return replace(draws, **own, standing=Standing.trusted(**standing), lottery=lots)


def awards(rule: Mechanism, draws: Draws, places: Sequence[int], said: Said) -> Iterator[tuple[slice, Award]]:
    """The rule's answers (rows, R, n) when the names at these places bid this, some rows at a time."""
    (count, size, _), n = np.broadcast_shapes(*(np.shape(field) for field in said[:3])), draws.ask.shape[1]
    at, rows = list(places), max(1, _CELLS // (size * n))
    for start in range(0, count, rows):
        part = slice(start, min(start + rows, count))
        shape = part.stop - start, size, n
        ask, claim, active = (_put(getattr(draws, name), at, getattr(said, name)[part], shape) for name in _BID)
        bids = Bids.trusted(ask=np.where(active, ask, np.nan), claim=claim, active=active)
        known = {name: np.broadcast_to(array, shape) for name, array in vars(draws.standing).items()}
        if said.advice is not None:
            known["advice"] = _put(draws.standing.advice, at, said.advice[part, None, None], shape)
        tender = {name: np.broadcast_to(array, shape[:2]) for name, array in vars(draws.tender).items()}
        lottery = np.broadcast_to(draws.lottery, shape)
        yield part, _priced(rule, rule(bids, Tender.trusted(**tender), Standing.trusted(**known), lottery))


_BID = ("ask", "claim", "active")


def _put(whole: NDArray[Any], at: list[int], own: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    made = np.array(np.broadcast_to(whole, shape))
    made[..., at] = own
    return made


def _priced(rule: Mechanism, award: Award) -> Award:
    if award.budget is not None:
        raise RunError(f"{rule.name}: stops attempts at a budget, which an audit cannot price")
    return award


def utility(award: Award, draws: Draws, agent: int, verifier: Verifier) -> FloatArray:
    """What the agent expects of its award at its belief, (R,) dollars, 0 where it makes no bid.

    Those before it work at their true abilities.
    """
    fails = list(1.0 - np.asarray(verifier.passes(draws.ability)).T)
    v = np.asarray(verifier.passes(draws.belief[:, agent]))
    pay = v * award.pay_success[:, agent] + (1.0 - v) * award.pay_failure[:, agent]
    worth = turn_comes(award, agent, fails) * (pay - draws.cost[:, agent]) - fees(award)[:, agent]
    return np.where(draws.active[:, agent], worth, 0.0)
