"""What members of a ring pay each other, posting by posting (`ring = { members, share = "equal" }`).

At a clearing a member i expects, by its belief q and cost belief c, hired under (w, l) and charged a fee f,

    u_i = hired_i (q_i w_i + (1 - q_i) l_i - c_i) - f_i

The gain of the ring is G = sum u_i of its members under the award there was - the same under the award that the rule
would have made had those who stood down bid the truth as well, all else equal. Of k members that could bid, which are
not kept out, late or silent, the one that did keeps G / k and pays each other G / k, at the clearing, where it is hired
and G > 1e-9 (less is rounding), whatever becomes of its attempt. Source: [GrahamMarshall1987], equal shares of what a
ring gains; [McAfeeMcMillan1992], whoever stays pays those that stand down. Our assumptions: members know each other's
beliefs, so that G is known, and is paid posting by posting and not in the mean. The market knows nothing of it: no
balance, bond or exit hangs on it.

Index convention: C clearings, n agents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.agents.bidding import see
from sim.agents.bidding_ring import Ring, sharing
from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, IntArray
from sim.market.rows import Cleared
from sim.market.rules import Rules
from sim.market.source import ABSTAINED

_ROUNDING = 1e-9  # dollars


class SidePayments(NamedTuple):
    """Who pays whom at which clearing (m,), dollars > 0."""

    clearing: IntArray
    source: IntArray
    to: IntArray
    dollars: FloatArray


Luck = tuple[FloatArray, BoolArray | None]  # lottery (R, T, P, n) and silent (R, T, n), as in `World`


def side_payments(cleared: Cleared, rules: Rules, luck: Callable[[], Luck]) -> SidePayments | None:
    """Those of all rings; None where none shares. luck: asked for where one does."""
    rings = list(sharing(rules.bidder))
    if not rings:
        return None
    at, (lottery, silent) = (cleared.replication, cleared.task), luck()
    stood_down = _stood_down(cleared, None if silent is None else silent[at])
    parts = [_of_ring(ring, cleared, rules, lottery[(*at, cleared.posting)], stood_down) for ring in rings]
    return SidePayments(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _of_ring(ring: Ring, cleared: Cleared, rules: Rules, lottery: FloatArray, everybody: BoolArray) -> SidePayments:
    members = np.zeros(cleared.n_agents, np.bool_)
    members[[int(place) for place in ring.members]] = True
    stood_down = members & everybody
    gain = _joint(cleared, cleared.award, members) - _joint(
        cleared, _all_bid(cleared, rules, lottery, stood_down), members
    )
    able = (members & (stood_down | cleared.bids.active)).sum(axis=1)
    stayed = members & cleared.award.hired
    pays = np.asarray(gain > _ROUNDING) & stayed.any(axis=1)
    row, to = np.nonzero(stood_down & pays[:, None])
    return SidePayments(row, stayed[row].argmax(axis=1), to, gain[row] / able[row])


def _stood_down(cleared: Cleared, silent: BoolArray | None) -> BoolArray:
    """(C, n): abstained, and could have won. silent (C, n): no bid would have come from it; None: from nobody."""
    abstained = np.asarray((cleared.reason == ABSTAINED) & ~np.isnan(cleared.belief))
    could = cleared.barred.asked(abstained)
    for not_heard in (cleared.late, silent):
        could = could if not_heard is None else could & ~not_heard
    return could


def _all_bid(cleared: Cleared, rules: Rules, lottery: FloatArray, stood_down: BoolArray) -> Award:
    """The award if these had bid the truth."""
    tender, bids = cleared.tender, cleared.bids
    notice = see(rules.public, tender.value, tender.reserve, tender.penalty, tender.posting)
    with np.errstate(all="ignore"):  # of those without a known belief
        ask = rules.mechanism.truthful_ask(cleared.belief, cleared.cost_belief, notice)
    joins = stood_down & np.isfinite(ask)
    whole = Bids.trusted(
        ask=np.where(joins, ask, bids.ask),
        claim=np.where(joins, cleared.belief, bids.claim),
        active=bids.active | joins,
    )
    return rules.ask(whole, tender, cleared.standing, lottery)


def _joint(cleared: Cleared, award: Award, members: BoolArray) -> FloatArray:
    """(C,) dollars that the members expect together."""
    q = cleared.belief
    each = np.where(award.hired, q * award.pay_success + (1.0 - q) * award.pay_failure - cleared.cost_belief, 0.0)
    each = each if award.fee is None else each - award.fee
    return np.asarray(np.where(members, each, 0.0).sum(axis=1))
