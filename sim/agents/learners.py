"""Learning policies that come with the package; sources in REFERENCES.md.

    exp3           EXP3 over mark-ups x shifts of the claim, from an agent's own profit [ACFS2002]
    hedge          Hedge over mark-ups, from the rivals' least ask, which the notice must make public [FS1997]
    recalibrate    shifts its belief in logits towards its own record
    imitate        takes over the mark-up of the agent that earns most

A mark-up m and a shift s change the truthful bid: the agent bids as if it believed expit(logit(belief) + s), and asks
(1 + m) times the truthful ask at that belief.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from sim.agents.learning import Feedback, Offer, Seen, State
from sim.kit.arrays import FloatArray, Status
from sim.kit.portable import exp, expit, logit

MarkUp = Annotated[float, Gt(-1), Le(1e6)]
Shift = Annotated[float, Ge(-50), Le(50)]
Grid = Annotated[tuple[MarkUp, ...], MinLen(1), MaxLen(64)]
Shifts = Annotated[tuple[Shift, ...], MinLen(1), MaxLen(64)]
_PASS, _FAIL = int(Status.PASS), int(Status.FAIL)
_E = math.e - 1.0


def changed(seen: Seen, mark_up: FloatArray | float, shift: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    """Ask and claim (..., n) of an agent with these mark-ups and shifts."""
    belief = np.asarray(expit(logit(seen.belief) + shift))
    return seen.truthful(belief, seen.cost_belief) * (1.0 + mark_up), belief


@dataclass(frozen=True)
class Exp3:
    """EXP3: weights w over K bids grow by exp(gamma x / (K p)) as a bid of probability p earns x, scaled to [0, 1].

    A bid is drawn with probability p = (1 - gamma) w / sum w + gamma / K. mark_ups, shifts: the K bids are all pairs.
    low, high: profits in dollars that count as 0 and 1; profits beyond count as these. rounds T: bids that an agent
    expects feedback on; gamma = min(1, sqrt(K ln K / ((e - 1) T))). Its regret is at most 2.63 sqrt(T K ln K), in
    the scale of x. Source: [ACFS2002], Corollary 3.2.
    """

    draws: ClassVar[bool] = True

    low: float
    high: float
    rounds: Annotated[int, Ge(1)]
    mark_ups: Grid = (0.0,)
    shifts: Shifts = (0.0,)

    def __post_init__(self) -> None:
        _check_scale(self.low, self.high)

    @property
    def bids(self) -> tuple[tuple[float, float], ...]:
        """The K pairs of mark-up and shift."""
        return tuple((mark_up, shift) for mark_up in self.mark_ups for shift in self.shifts)

    @property
    def gamma(self) -> float:
        """Share of bids drawn evenly."""
        k = len(self.bids)
        return min(1.0, math.sqrt(k * math.log(k) / (_E * self.rounds)))

    def init(self, n_agents: int) -> State:
        """Logarithms of the weights, all 0."""
        return tuple(np.zeros(n_agents) for _ in self.bids)

    def bid(self, state: State, seen: Seen) -> Offer:
        """The bid that was drawn. memo: its place, and the chance it had."""
        even = self.gamma / len(state)
        chances = [(1.0 - self.gamma) * one + even for one in shares(state)]
        place = drawn(chances, seen.luck)
        mark_up, shift = (picked(place, [one[axis] for one in self.bids]) for axis in (0, 1))
        return Offer(*changed(seen, mark_up, shift), (place, picked(place, chances)))

    def learn(self, state: State, feedback: Feedback) -> State:
        """A bid that lost earned its fee; one that was hired, payment less cost."""
        place, chance = feedback.memo
        scaled = _scaled(feedback.payment - feedback.cost, self.low, self.high)
        step = np.where(feedback.lost | feedback.ended, self.gamma * (scaled / chance) / len(state), 0.0)
        return tuple(one + np.where(place == float(number), step, 0.0) for number, one in enumerate(state))


@dataclass(frozen=True)
class Hedge:
    """Hedge: every mark-up's weight grows by exp(eta x), x what it would have earned, scaled to [0, 1].

    It needs `tender.public` to name "asks". A bid with mark-up m would have won below the rivals' least ask r, and is
    expected to earn p (r - b) then, p the belief and b the truthful ask, as in a price auction in which one is hired
    at the rivals' price; nothing otherwise. low, high, rounds T, mark_ups: as in `Exp3`; eta = sqrt(8 ln K / T).
    Its regret is at most sqrt(T ln K / 2). Source: [FS1997]; the constant is [CBL2006], Theorem 2.2.
    """

    draws: ClassVar[bool] = True
    reads_asks: ClassVar[bool] = True

    low: float
    high: float
    rounds: Annotated[int, Ge(1)]
    mark_ups: Grid = (0.0,)

    def __post_init__(self) -> None:
        _check_scale(self.low, self.high)

    def init(self, n_agents: int) -> State:
        """Logarithms of the weights, all 0."""
        return tuple(np.zeros(n_agents) for _ in self.mark_ups)

    def bid(self, state: State, seen: Seen) -> Offer:
        """The mark-up that was drawn. memo: truthful ask and belief."""
        mark_up = picked(drawn(shares(state), seen.luck), list(self.mark_ups))
        return Offer(seen.ask * (1.0 + mark_up), seen.belief, (seen.ask, seen.belief))

    def learn(self, state: State, feedback: Feedback) -> State:
        """What each mark-up would have earned at this clearing."""
        ask, belief = feedback.memo
        eta = math.sqrt(8.0 * math.log(len(state)) / self.rounds)
        gain, zero = belief * (feedback.rival - ask), _scaled(np.zeros(np.shape(ask)), self.low, self.high)
        earned = np.where(np.isfinite(feedback.rival), _scaled(gain, self.low, self.high), zero)
        steps = (np.where(ask * (1.0 + one) < feedback.rival, earned, zero) for one in self.mark_ups)
        return tuple(one + np.where(feedback.cleared, eta * step, 0.0) for one, step in zip(state, steps, strict=True))


@dataclass(frozen=True)
class Recalibrate:
    """Believes expit(logit(belief) + s), and moves s by rate x (outcome - belief so moved) after each of its attempts.

    Online logistic regression on the intercept: s ends where what it claims is what it solves. Source: [MB] calls for
    claims corrected by a record; the step is stochastic gradient descent on the log score.
    """

    draws: ClassVar[bool] = False

    rate: Annotated[float, Gt(0), Le(10)] = 0.1
    mark_up: MarkUp = 0.0

    def init(self, n_agents: int) -> State:
        """No shift."""
        return (np.zeros(n_agents),)

    def bid(self, state: State, seen: Seen) -> Offer:
        """The truthful bid at the moved belief. memo: that belief."""
        ask, claim = changed(seen, self.mark_up, state[0])
        return Offer(ask, claim, (claim,))

    def learn(self, state: State, feedback: Feedback) -> State:
        """A step up after a PASS, down after a FAIL."""
        passed, failed = feedback.status == _PASS, feedback.status == _FAIL
        step = self.rate * (np.where(passed, 1.0, 0.0) - feedback.memo[0])
        return (state[0] + np.where(passed | failed, step, 0.0),)


@dataclass(frozen=True)
class Imitate:
    """Agents start with the mark-ups in turn; one that loses moves its own by `rate` of the way to the best earner's.

    Earnings, payments less costs, count `decay` as much after each later bid of the same agent, and are public among
    those that imitate. Nobody follows an agent that has had no feedback; of several that earn most the highest mark-up
    is followed.
    """

    draws: ClassVar[bool] = False

    mark_ups: Grid = (0.0,)
    rate: Annotated[float, Gt(0), Le(1)] = 0.1
    decay: Annotated[float, Gt(0), Le(1)] = 0.99

    def init(self, n_agents: int) -> State:
        """Mark-ups, and what was earned, -inf before any feedback."""
        return np.resize(np.array(self.mark_ups, np.float64), n_agents), np.full(n_agents, -np.inf)

    def bid(self, state: State, seen: Seen) -> Offer:
        """The truthful ask with the mark-up."""
        return Offer(seen.ask * (1.0 + state[0]), seen.belief)

    def learn(self, state: State, feedback: Feedback) -> State:
        """Count what was earned; whoever lost follows the best."""
        mark_up, earned = state
        best = np.maximum.reduce(earned, axis=-1, keepdims=True)
        leader = np.maximum.reduce(np.where(earned == best, mark_up, -np.inf), axis=-1, keepdims=True)
        moved = mark_up + self.rate * (leader - mark_up)
        before = np.where(earned == -np.inf, 0.0, self.decay * earned)
        gained = before + (feedback.payment - feedback.cost)
        return (
            np.where(feedback.lost & (best > -np.inf), moved, mark_up),
            np.where(feedback.lost | feedback.ended, gained, earned),
        )


def shares(state: State) -> list[FloatArray]:
    """Weights (..., n) with these logarithms, as shares of their sum."""
    most = state[0]
    for one in state[1:]:
        most = np.maximum(most, one)
    weights = [exp(one - most) for one in state]
    total = weights[0]
    for one in weights[1:]:
        total = total + one
    return [one / total for one in weights]


def drawn(chances: list[FloatArray], luck: FloatArray) -> FloatArray:
    """Place (..., n), a float, of the bid that a uniform draw picks."""
    place, reached = np.zeros(np.shape(luck)), np.zeros(np.shape(luck))
    for chance in chances[:-1]:
        reached = reached + chance
        place = place + np.where(luck >= reached, 1.0, 0.0)
    return place


def picked(place: FloatArray, among: Sequence[FloatArray | float]) -> FloatArray:
    """(..., n): the one at its place."""
    found = np.where(place == 0.0, among[0], 0.0)
    for number, one in enumerate(among[1:], 1):
        found = np.where(place == float(number), one, found)
    return found


def _check_scale(low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"low must be less than high; got {low} and {high}")


def _scaled(profit: FloatArray, low: float, high: float) -> FloatArray:
    return np.minimum(np.maximum((profit - low) / (high - low), 0.0), 1.0)
