"""Audits one rule for one agent: the three kinds of lies, ex post gains, and what the lies do to everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.auditing.choice import LEAST, Choice, Chooser, Estimate, estimate, nothing
from sim.auditing.compiled_deals import dealer
from sim.auditing.deviations import Desk
from sim.auditing.lies import Grid, Lies
from sim.auditing.money import Effect, Truth, effect, truth
from sim.auditing.problem import Problem
from sim.auditing.search import Screened, best_shared, blocks, screen_own, screen_shared, truths
from sim.kit.arrays import FloatArray
from sim.kit.errors import RunError
from sim.mechanisms import Mechanism

KINDS = ("ask", "claim", "joint")
_CHECKED = 64  # draws on which a rule is seen to ignore claims, or bids


@dataclass(frozen=True, eq=False)
class Kind:
    """What lies of one kind gain. ex_post, ex_post_max: mean and greatest over types and screening draws, dollars.

    ex_post_grid: the mean without the asks beside the critical one.
    """

    choice: Choice
    ex_post: Estimate
    ex_post_max: float
    ex_post_grid: float

    @property
    def most(self) -> float:
        """The greatest D met at any type and draw."""
        return max(self.choice.most, self.ex_post_max)


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found. kinds: by KINDS. effect: of the best joint lies. ignored: bids or claims that change nothing."""

    problem: Problem
    kinds: dict[str, Kind]
    truth: Truth
    effect: Effect
    ignores: str


def refusal(rule: Mechanism) -> str:
    """Why a rule cannot be audited, or nothing."""
    if rule.capabilities.couples_tasks:
        return "clears several tasks together, so that one posting alone says nothing of it"
    if rule.capabilities.takes_menu:
        return "takes menus of budgets, not one ask and one claim"
    return ""


def audit(problem: Problem, grid: Grid | None = None, *, compiled: bool = False) -> Audit:
    """Audit `problem.rule` for `problem.agent`; raises RunError naming the rule where it cannot be audited.

    compiled: the rule is compiled where it can be, which is worth its seconds where types and draws are many.
    """
    reason = refusal(problem.rule)
    if reason:
        raise RunError(f"{problem.rule.name}: {reason}; it is not audited")
    grid = grid or Grid()
    deals = dealer(problem.rule, problem.draws.ask.shape[1]) if compiled else None
    few, many = Desk(problem, problem.screening, deals), Desk(problem, problem.draws, deals)
    ignores = _ignores(few, grid)
    kinds = _kinds(few, many, grid, ignores)
    return Audit(problem, kinds, truth(many), effect(many, kinds["joint"].choice), ignores)


def _ignores(desk: Desk, grid: Grid) -> str:
    """What changes no award on some draws, as the rule says: "bids", "claims", or "" for nothing of the kind.

    A rule that says so and does otherwise is audited in full, and refuted by what is found.
    """
    rule = desk.problem.rule
    if not rule.promises.claim_ignored:
        return ""
    sample = Desk(desk.problem, desk.draws.cut(slice(_CHECKED)), desk.dealer)
    menu, n_claims = grid.joint(), grid.n_claims + 1
    deal = sample.deal(sample.shared(*menu))
    over = [field.reshape(grid.n_asks, n_claims, -1) for field in deal]
    if not rule.capabilities.solicits_bids and all((field == field[:1, :1]).all() for field in over):
        return "bids"
    return "claims" if all((field == field[:, :1]).all() for field in over) else ""


class _Menu(NamedTuple):
    """What is tried of one kind: screened menus, and lies to be weighed on all draws."""

    screened: list[Screened]
    lies: list[Lies]


def _kinds(few: Desk, many: Desk, grid: Grid, ignores: str) -> dict[str, Kind]:
    none = Kind(nothing(len(few.types)), Estimate(0.0, 0.0), 0.0, 0.0)
    if ignores == "bids":
        return dict.fromkeys(KINDS, none)
    if ignores == "claims":
        own = few.types.advice is not None
        ask = _own(few, grid.ask_only(), grid) if own else _shared_asks(few, many, grid)
        return {"claim": none, **dict.fromkeys(("ask", "joint"), _weighed(many, [ask])[0])}
    asks, claims = (_own(few, menu, grid) for menu in (grid.ask_only(), grid.claim_only()))
    both, best = screen_shared(few, grid.joint(), grid), best_shared(many, grid.joint())
    # The candidates of the other kinds are lies of the joint kind too.
    joint = _Menu([*asks.screened, *claims.screened, both], [*asks.lies, *claims.lies, *both.candidates, *best])
    return dict(zip(KINDS, _weighed(many, [asks, claims, joint]), strict=True))


def _own(few: Desk, menu: Lies, grid: Grid) -> _Menu:
    screened = screen_own(few, menu, grid)
    return _Menu([screened], screened.candidates)


def _shared_asks(few: Desk, many: Desk, grid: Grid) -> _Menu:
    """Asks alone, the whole grid on all draws, where claims change nothing."""
    menu = Lies(grid.asks, np.ones(grid.n_asks))
    screened = screen_shared(few, menu, grid)
    return _Menu([screened], [_true_claim(lies) for lies in (*screened.candidates, *best_shared(many, menu))])


def _true_claim(lies: Lies) -> Lies:
    return Lies(lies.share, np.full(len(lies.share), np.nan))


def _weighed(desk: Desk, menus: Sequence[_Menu]) -> list[Kind]:
    """Weighs all lies on all draws, one that is in several menus once."""
    distinct = {id(lies): lies for menu in menus for lies in menu.lies}
    choosers = [Chooser(len(desk.types), len(desk)) for _ in menus]
    for part in blocks(len(desk.types), (1 + len(distinct)) * len(desk)):
        which, base = np.arange(part.start, part.stop), truths(desk, part)
        parts = {key: lies.at(part) for key, lies in distinct.items()}
        gains = {key: desk.utility(which, *lies) - base for key, lies in parts.items()}
        for chooser, menu in zip(choosers, menus, strict=True):
            keys = [id(lies) for lies in menu.lies]
            chooser.add(part, [gains[key] for key in keys], [parts[key] for key in keys])
    return [_kind(chooser.choice(), menu.screened) for chooser, menu in zip(choosers, menus, strict=True)]


def _kind(choice: Choice, screened: list[Screened]) -> Kind:
    ex_post, on_grid = (np.maximum.reduce([getattr(m, name) for m in screened]) for name in ("ex_post", "on_grid"))
    average = estimate(ex_post.mean(axis=1), ex_post.mean(axis=0))
    return Kind(choice, average, _nil(ex_post.max()), _nil(on_grid.mean()))


def _nil(gain: FloatArray | np.float64) -> float:
    """A gain as a number; what rounding makes of nothing is 0."""
    return float(gain) if gain > LEAST else 0.0
