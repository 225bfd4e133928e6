"""The package's own figures of a run, each with what decides whether it applies, and its caption.

reliability, who_knows   what the agents of the first arm would claim, where that is the same in all arms
hired_rate               the arms that are random-reserve auctions with agents alone
arms                     where there are several
incidence                where some can be compared to their baseline in money
rescue                   where tasks are posted again
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import auction
from analysis.arm import ArmData
from analysis.basis import caption
from analysis.few_agents import selection_note
from analysis.figures.figure_registry import FIGURES, Drawable, RunFigure, Shown, counts
from analysis.figures.methods import method
from analysis.incidence import applies

if TYPE_CHECKING:
    from analysis.figures.look import Look

_LEAST = 2
_MOST = 12  # agents in rows
_ONE = "there is one arm"
_BY_RECORD = "; of arms that hire by a record: percentiles of the redrawn tables"
_RATE = "Wilson"
_AUC = "Student t on the logit scale"
_PERMUTED = "p: permutation of outcomes within tasks, raw and adjusted by Holm over its agents; intervals unadjusted"


def _reliability(shown: Shown) -> Drawable | str:
    from analysis.figures import reliability

    first = shown.arms[0]

    def words(data: pd.DataFrame, look: Look) -> str:
        cut = _cut(len(first.agents), "ECE", "reliability.csv", reliability.MOST)
        text = f"{cut}{caption(reliability.drawn(data, look), _RATE)}"
        return f"{text}\nn = {int(first.observed.known.sum()):,} claims{_ALL}; {shown.stamp}"

    return _why_no_claims(shown.arms) or Drawable(lambda: reliability.table(first), reliability.paint, words)


def _who_knows(shown: Shown) -> Drawable | str:
    from analysis.figures import who_knows

    first = shown.arms[0]
    if why := _why_no_claims(shown.arms):
        return why
    n_tasks = int(who_knows.complete(first).sum())
    if n_tasks < _LEAST or len(first.agents) < _LEAST:
        few = f"{n_tasks} such task(s), {len(first.agents)} agent(s)"
        return f"needs 2 agents and 2 tasks at which an outcome of each is known; there are {few}"

    def words(data: pd.DataFrame, look: Look) -> str:
        cut = _cut(len(first.agents), "own − others", "who_knows.csv", _MOST)
        text = f"{cut}{caption(who_knows.drawn(data, look), _AUC)}\n{_PERMUTED}"
        return f"{text}\nn = {n_tasks:,} tasks{_ALL}; {shown.stamp}"

    return Drawable(lambda: who_knows.table(first), who_knows.paint, words)


def _why_no_claims(arms: Sequence[ArmData]) -> str:
    """Why there is no figure of claims, "" where there is one."""
    if not arms[0].observed.known.any():
        return "no outcome of a claim is known"
    return "" if all(_same_claims(arms[0], arm) for arm in arms[1:]) else "claims or outcomes differ between the arms"


def _hired_rate(shown: Shown) -> Drawable | str:
    from analysis.figures import hired_rate

    auctions = [arm for arm in shown.arms if auction.applies(arm)]

    def words(data: pd.DataFrame, look: Look) -> str:
        found = hired_rate.drawn(data, look)
        cut = _cut(len(auctions[0].agents), "cash profit", "hired_rate.csv", _MOST)
        text = f"{cut}{hired_rate.about(data, look)}{caption(found, method(found))}"
        return f"{text}\nn = {counts(auctions[0])} of the reserve; {shown.stamp}"

    if not auctions:
        return "no arm is a posted price against a uniform reserve with each agent alone"
    return Drawable(lambda: hired_rate.table(auctions), hired_rate.paint, words)


def _arms(shown: Shown) -> Drawable | str:
    from analysis.figures import arms as arms_figure

    arms = shown.arms
    if len(arms) < _LEAST:
        return _ONE

    def words(data: pd.DataFrame, look: Look) -> str:
        found = arms_figure.drawn(data, look)
        text = f"{caption(found, method(found) + _record(arms))}{_same(data)}"
        return f"{arms_figure.about(data, look)}{text}\nn = {counts(arms[0])}; {shown.stamp}"

    return Drawable(lambda: arms_figure.table(arms, shown.compared), arms_figure.paint, words)


def _incidence(shown: Shown) -> Drawable | str:
    from analysis.figures import incidence

    arms, named = shown.arms, {arm.name: arm for arm in shown.arms}
    if len(arms) < _LEAST:
        return _ONE
    if not any(applies(arm, named[shown.compared[arm.name]]) for arm in arms):
        return "no arm can be compared with its baseline in money"

    def words(data: pd.DataFrame, look: Look) -> str:
        text = caption(incidence.drawn(data, look), f"Student t{_record(arms)}")
        return f"{incidence.about(data, look)}{text}\nn = {counts(arms[0])}; {shown.stamp}"

    return Drawable(lambda: incidence.table(arms, shown.compared), incidence.paint, words)


def _rescue(shown: Shown) -> Drawable | str:
    from analysis.figures import rescue

    arms, ledger = shown.arms, shown.ledger
    if ledger is None or not any(arm.reposted for arm in arms):
        return "no task is posted again"

    def words(data: pd.DataFrame, look: Look) -> str:
        text = caption(rescue.drawn(data, look), _RATE)
        return f"{rescue.about(data, look)}{text}\nn = {counts(arms[0])}; {shown.stamp}"

    return Drawable(lambda: rescue.table(arms, shown.compared, ledger), rescue.paint, words)


def _record(arms: Sequence[ArmData]) -> str:
    return _BY_RECORD if any(arm.by_record and arm.replays is not None for arm in arms) else ""


def _same(data: pd.DataFrame) -> str:
    same = ((data["changed"] == 0) & (data["arm"] != data["baseline"])).any()
    return "; same: no decision differs from the baseline's" if same else ""


_ALL = ", also of agents that did not bid"


def _cut(n_agents: int, by: str, where: str, most: int) -> str:
    which = selection_note(n_agents, by, where, most)
    return f"{which}\n" if which else ""


def _same_claims(a: ArmData, b: ArmData) -> bool:
    """Equal claims and outcomes of the same agents."""
    one, other = a.observed, b.observed
    if a.agents != b.agents or one.claim.shape != other.claim.shape:
        return False
    return bool(np.array_equal(one.claim, other.claim, equal_nan=True) and np.array_equal(one.share, other.share))


_MONEY = ("welfare", "solve_rate", "cost")
_CLAIMED = "how well claims rank an agent's successes: its own claims, or others'"
_ALONE = "how often each agent is hired alone against a random reserve, and what it earns"
_SIDE = "the arms side by side: welfare, solve rate, cost, whom each hires"
_GAINS = "who gains and who pays in each arm, beside its baseline"
_AGAIN = "what a second attempt buys, by who failed and by another agent"
_LABELS = ("success_rate", "claims", "mean_claim")
_OF_ARMS = (*_MONEY, *(f"difference:{name}" for name in _MONEY), "share")
for _name, _figure in {
    "reliability": RunFigure("success rate against claim, by agent", _reliability, _LABELS),
    "who_knows": RunFigure(_CLAIMED, _who_knows, ("auc", "comparative_auc")),
    "hired_rate": RunFigure(_ALONE, _hired_rate, ("mean_claim", "hired_rate", "cash")),
    "arms": RunFigure(_SIDE, _arms, _OF_ARMS, rows=True),
    "incidence": RunFigure(_GAINS, _incidence, ("welfare",), rows=True),
    "rescue": RunFigure(_AGAIN, _rescue, ("rate", "solve_rate"), rows=True),
}.items():
    FIGURES.add(_name, _figure, own=True)
