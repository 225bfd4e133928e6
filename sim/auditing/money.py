"""What everybody gets when nobody lies, and what the best lies change for the others.

    principal   V [somebody succeeds] - payments          welfare   V [somebody succeeds] - costs

both in expectation over outcomes, which are independent given abilities. Payments, net of fees, follow what the
verifier says, value and costs what is true. In a cascade the attempts after a success are not made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.auditing.choice import Choice
from sim.auditing.deviations import Desk, fees, turn_comes
from sim.auditing.problem import Verifier
from sim.auditing.search import blocks
from sim.kit.arrays import Award, FloatArray, IntArray

_MOST = 1000  # draws over which effects are averaged


class Truth(NamedTuple):
    """When nobody lies, each draw taken with the agent's own type in it. belief, ability: its utility at its belief
    and at its true ability, dollars. binding: share of awards with a binding bond, NaN where nobody is hired.
    """

    belief: float
    ability: float
    binding: float


class Effect(NamedTuple):
    """What the best joint lies change, mean over types (those that do not gain tell the truth), dollars.

    own: the liar's utility at its true ability; principal, welfare: NaN where no value is stated. share: of types that
    gain more than a thousandth of the scale; d_ask, d_claim: mean lie minus truth of these.
    """

    own: float
    principal: float
    welfare: float
    share: float
    d_ask: float
    d_claim: float


def truth(desk: Desk) -> Truth:
    """Averages over all draws of the desk."""
    problem, me = desk.problem, desk.problem.agent
    award, front = desk.honest()
    chance = desk.chance(award)
    fee = fees(award)[..., me]
    pay = [chance * side[..., me] - fee for side in (award.pay_success, award.pay_failure)]
    cost = chance * desk.draws.cost[:, me]
    worth = []
    for p in (desk.draws.belief[:, me], desk.draws.ability[:, me]):
        v = np.asarray(problem.verifier.passes(np.where(desk.draws.active[:, me], p, 0.0)))
        worth.append(float((v * pay[0] + (1.0 - v) * pay[1] - cost).mean()))
    hired = int(award.hired.sum())
    bound = int((problem.rule.binding(*front, award) & award.hired).sum())
    return Truth(worth[0], worth[1], bound / hired if hired else float("nan"))


def effect(desk: Desk, choice: Choice) -> Effect:
    """Averages over the first draws of the desk."""
    desk = Desk(desk.problem, desk.draws.cut(slice(_MOST)), desk.dealer)
    liars = ~(np.isnan(choice.lies.share) & np.isnan(choice.lies.claim))
    gaining = choice.per_type > 1e-3 * desk.problem.unit
    change, d_ask = np.zeros((3, len(liars))), np.zeros(len(liars))
    for part in blocks(len(liars), 16 * len(desk)):
        which = np.arange(part.start, part.stop)[liars[part]]
        if len(which):
            lies, honest = choice.lies.at(which), np.full(len(which), np.nan)
            change[:, which] = _money(desk, which, *lies) - _money(desk, which, honest, honest)
            with np.errstate(invalid="ignore"):  # a type that would abstain has no ask to move
                d_ask[which] = (desk.tried(which, *lies).ask - desk.truth(which)).mean(axis=1)
    d_claim = np.where(np.isnan(choice.lies.claim), 0.0, choice.lies.claim - desk.types.belief)
    shown = gaining & np.isfinite(d_ask)
    moved = [float(x[shown].mean()) if shown.any() else float("nan") for x in (d_ask, d_claim)]
    own, principal, welfare = (float(x.mean()) for x in change)
    return Effect(own, principal, welfare, float(gaining.mean()), moved[0], moved[1])


def _money(desk: Desk, which: IntArray, share: FloatArray, claim: FloatArray) -> FloatArray:
    """(3, B): the agent's utility at its true ability, the principal's money and welfare, mean over draws."""
    tried = desk.tried(which, share, claim)
    made = np.empty((3, len(which)))
    for part, award, _ in desk.awards(tried):
        made[:, part] = [x.mean(axis=1) for x in _shares(desk, which[part], award)]
    return made


def _shares(desk: Desk, which: IntArray, award: Award) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Own utility, principal's money and welfare, (B, R) each."""
    agents = range(award.hired.shape[-1])
    ability, cost = ([_of(desk, which, agent, name) for agent in agents] for name in ("ability", "cost"))
    found = divided(award, ability, cost, desk.draws.tender.value, desk.problem.verifier)
    return found.net[desk.problem.agent], found.principal, found.welfare


class Divided(NamedTuple):
    """Who gets what by an award, (B, R) dollars each. net: of each agent, at its true ability."""

    net: list[FloatArray]
    principal: FloatArray
    welfare: FloatArray


def divided(
    award: Award, ability: Sequence[FloatArray], cost: Sequence[FloatArray], value: FloatArray, verifier: Verifier
) -> Divided:
    """Money by an award (B, R, n). ability, cost: of each agent, 0 where it makes no bid; they and value as (B, R)."""
    fail = [1.0 - np.asarray(verifier.passes(p)) for p in ability]
    unseen = [(1.0 - p) * (1.0 - verifier.false_pass) for p in ability]  # it failed, and verified FAIL
    shape = award.hired.shape[:-1]
    paid, spent, solved, unsolved = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.ones(shape)
    net: list[FloatArray] = []
    for agent, p in enumerate(ability):
        works = turn_comes(award, agent, fail)
        pay = works * (
            award.pay_success[..., agent] * (1.0 - fail[agent]) + award.pay_failure[..., agent] * fail[agent]
        )
        if award.fee is not None:
            pay = pay - award.fee[..., agent]
        paid, spent = paid + pay, spent + works * cost[agent]
        solved = solved + turn_comes(award, agent, unseen) * p
        unsolved = unsolved * (1.0 - works * p)
        net.append(pay - works * cost[agent])
    worth = value * (1.0 - unsolved if award.turn is None else solved)
    return Divided(net, np.asarray(worth - paid), np.asarray(worth - spent))


def _of(desk: Desk, which: IntArray, agent: int, name: str) -> FloatArray:
    """ability or cost of an agent: (B, 1) of the type where it is the audited one, else (R,) of the draw."""
    if agent == desk.problem.agent:
        return np.asarray(getattr(desk.types, name)[which, None])
    return np.where(desk.draws.active[:, agent], getattr(desk.draws, name)[:, agent], 0.0)
