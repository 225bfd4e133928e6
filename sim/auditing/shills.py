"""Shills of the principal: a bid of nobody's, put in so that whoever is hired is paid less.

The name stands as the audited agent does, and bids an ask and a claim; everybody else is truthful. What it is hired
for is not done: under a single-hire rule the task is unfilled and pays nobody; in a cascade the next agent's turn
comes. Its payments and fees stay with the principal.

    gain     principal's money with the best such bid - without it

The bid is chosen before bids are seen, one for all draws (blind), or in each draw (seen): just beyond the best bid, so
that the winner has nothing to beat but the shill. No bid is a choice, so that both are at least 0 but for hold-out.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from sim.auditing.crowd import Gain, Means, Said, awards, chosen, clear, gain, with_names
from sim.auditing.lies import Grid
from sim.auditing.money import divided
from sim.auditing.problem import Draws, Problem
from sim.auditing.search import critical
from sim.kit.arrays import Award, BoolArray, FloatArray


class Shill(NamedTuple):
    """Gains of the principal, whose money without shills is the base of both."""

    blind: Gain
    seen: Gain


def shill(problem: Problem, lottery: FloatArray, grid: Grid) -> Shill | None:
    """What one shill gains. lottery (R,): its own. None where no value is stated."""
    if np.isnan(problem.draws.tender.value).any():
        return None
    draws, menu = with_names(problem.draws, problem.agent, lottery[:, None]), grid.joint()
    honest = clear(problem.rule, problem.draws)
    without = _money(problem, problem.draws, _one_row(honest))
    money, hired = _tried(problem, draws, menu.share[:, None] * draws.scale, menu.claim)
    blind = chosen(np.concatenate([without, money]), 1)
    seen = money.max(axis=0)
    claims, wins = grid.claims, partial(_wins, problem, draws, grid.claims)
    won = hired.reshape(grid.n_asks, len(claims), -1).swapaxes(0, 1)
    for share in critical(wins, won, grid.asks):
        near = _tried(problem, draws, share * draws.scale, claims)[0]
        seen = np.fmax(seen, near.max(axis=0))
    base = Means.of_draws(without[0])
    low, high = (Means.of_draws(column) for column in (blind.low, blind.high))
    best = Means.of_draws(np.maximum(0.0, seen - without[0]))
    return Shill(gain(low, high, base), gain(best, best, base))


def _wins(problem: Problem, draws: Draws, claims: FloatArray, share: FloatArray) -> BoolArray:
    return _tried(problem, draws, share * draws.scale, claims)[1]


def _tried(problem: Problem, draws: Draws, ask: FloatArray, claim: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The principal's money and whether the shill is hired, (B, R) each. ask (B, R), NaN: no bid; claim (B,)."""
    last = draws.ask.shape[1] - 1
    said = Said(ask[..., None], claim[:, None, None], np.isfinite(ask)[..., None])
    money, hired = np.empty(ask.shape), np.empty(ask.shape, np.bool_)
    for part, award in awards(problem.rule, draws, [last], said):
        money[part], hired[part] = _money(problem, draws, award), award.hired[..., last]
    return money, hired


def _money(problem: Problem, draws: Draws, award: Award) -> FloatArray:
    """(B, R) dollars, from the award of all agents there are."""
    n = problem.draws.ask.shape[1]
    real = {name: None if array is None else array[..., :n] for name, array in vars(award).items() if name != "by_tie"}
    ability, cost = (list(np.where(draws.active, getattr(draws, name), 0.0).T[:n]) for name in ("ability", "cost"))
    whole = Award.trusted(**real, by_tie=award.by_tie)
    return divided(whole, ability, cost, draws.tender.value, problem.verifier).principal


def _one_row(award: Award) -> Award:
    """An award (R, n) as (1, R, n)."""
    return Award.trusted(**{name: None if array is None else array[None] for name, array in vars(award).items()})
