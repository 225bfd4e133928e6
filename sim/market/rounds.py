"""Rounds: all open postings are cleared together, and an agent takes at most one task a round.

    couples_tasks   a rule that assigns several tasks itself does so: `Mechanism.assign`
    in_order        any other rule clears one posting after another, in task order, among the agents still free
    greedy          it is asked about every open posting among the agents still free; of the answers the one with the
                    best score is taken, its task and its agent leave, and it is asked again

Greedy takes the (task, agent) pairs in order of score, as long as task and agent are free; equal scores go by the
rule's `precedence`, then to the first task, within a task by the rule's own ties. Whom a rule pays its own ask it pays
just that; a price set by a rival is set by those still free. The promises of a rule for one task do not carry over: in
a round an agent can gain by losing one task on purpose and getting another. Those of a rule that couples tasks do.

Arrays are (m, n): m open postings in task order, n agents. Where the principal has less room than there are awards,
the pairs that come first by precedence start (in_order: the first tasks), and the others are put off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Standing, Tender
from sim.market.rules import Order
from sim.mechanisms import Mechanism

if TYPE_CHECKING:
    from sim.market.allocator import Clearing

Batch = TypeVar("Batch", Bids, Tender, Standing)


def next_round(tick: int, every: int, held: int | None) -> int:
    """The first multiple of `every` at or after `tick`; the next one where that round has been held.

    >>> next_round(5, 4, None), next_round(8, 4, None), next_round(8, 4, 8)
    (8, 8, 12)
    """
    due = -(-tick // every) * every
    return due + every if due == held else due


def assign_round(
    rule: Mechanism, order: Order, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray
) -> Award:
    """The award of every open posting of a round, (m, n)."""
    if rule.capabilities.couples_tasks:
        return rule.assign(bids, tender, standing, lottery)
    m, n = bids.active.shape
    free, waiting, found = np.ones(n, np.bool_), list(range(m)), dict[int, Award]()
    while waiting:
        asked = waiting if order == "greedy" else waiting[:1]
        among = _rows(bids, asked, active=bids.active[asked] & free)
        award = rule(among, _rows(tender, asked), _rows(standing, asked), lottery[asked])
        filled = award.hired.any(axis=-1)
        for place in np.flatnonzero(~filled).tolist():
            found[asked[place]] = _row(award, place)
        if filled.any():
            keys = _precedence(rule, among, _rows(tender, asked), _rows(standing, asked), award)
            place = min(np.flatnonzero(filled).tolist(), key=lambda at: (*keys[at], at))
            found[asked[place]] = _row(award, place)
            free &= ~award.hired[place]
        waiting = [task for task in waiting if task not in found]
    return _stack([found[task] for task in range(m)], (m, n))


def starting(
    rule: Mechanism, order: Order, bids: Bids, tender: Tender, standing: Standing, award: Award, room: float
) -> BoolArray:
    """The postings with an award that starts, (m,), where at most `room` can."""
    filled = np.flatnonzero(award.hired.any(axis=-1)).tolist()
    if len(filled) > room:
        if rule.capabilities.couples_tasks or order == "greedy":
            keys = _precedence(rule, bids, tender, standing, award)
            filled.sort(key=lambda at: (*keys[at], at))
        filled = filled[: max(0, int(room))]
    return np.isin(np.arange(len(award.hired)), filled)


def clear_round(
    rule: Mechanism, order: Order, alone: list[Clearing], lottery: FloatArray, room: float
) -> list[Clearing]:
    """The clearings of a round. alone: what each posting would be by itself; lottery (m, n)."""
    bids, tender, standing = together(alone)
    award = assign_round(rule, order, bids, tender, standing, lottery)
    starts = starting(rule, order, bids, tender, standing, award, room)
    own = [_row(award, place) if start else _nobody(_row(award, place)) for place, start in enumerate(starts)]
    return [replace(one, award=awarded) for one, awarded in zip(alone, own, strict=True)]


def together(clearings: list[Clearing]) -> tuple[Bids, Tender, Standing]:
    """What was in front of the mechanism in each of the clearings, as one batch."""

    def join(parts: list[Batch]) -> Batch:
        names = vars(parts[0])
        return type(parts[0]).trusted(**{name: np.stack([vars(part)[name] for part in parts]) for name in names})

    bids, tenders = join([one.bids for one in clearings]), join([one.tender for one in clearings])
    return bids, tenders, join([one.standing for one in clearings])


def _precedence(
    rule: Mechanism, bids: Bids, tender: Tender, standing: Standing, award: Award
) -> list[tuple[float, ...]]:
    """For each posting the keys of its best hired agent, lowest first; empty keys where it hires nobody."""
    ranking = (np.broadcast_to(key, award.hired.shape) for key in rule.precedence(bids, tender, standing))
    keys = [np.where(np.isnan(key), 0.0, key) for key in ranking]  # a rule that ranks nobody puts nobody first
    best = []
    for place, hired in enumerate(award.hired):
        own = [tuple(-float(key[place, agent]) for key in keys) for agent in np.flatnonzero(hired)]
        best.append(min(own, default=()))
    return best


def _rows(part: Batch, places: list[int], **other: BoolArray) -> Batch:
    return type(part).trusted(**{name: array[places] for name, array in vars(part).items()} | other)


def _row(award: Award, place: int) -> Award:
    return Award.trusted(**{name: array[place] for name, array in vars(award).items() if array is not None})


def _nobody(award: Award) -> Award:
    return Award.trusted(**{name: np.zeros_like(array) for name, array in vars(award).items()})


def _stack(awards: list[Award], shape: tuple[int, int]) -> Award:
    if not awards:
        none = np.zeros(shape)
        return Award.trusted(hired=none > 0, pay_success=none, pay_failure=none, by_tie=np.zeros(shape[0], np.bool_))
    parts = [vars(award) for award in awards]
    if any("fee" in part for part in parts):
        parts = [{"fee": np.zeros(shape[1])} | part for part in parts]
    return Award.trusted(**{name: np.stack([part[name] for part in parts]) for name in parts[0]})
