"""The package's figures of what happened in a market, and of what knowledge is worth there.

timeline      one replication as it went, where its first attempts do not all start at one tick
reputations   how reputations move, where an arm keeps them
allocation    who gets which tasks, where agents share a market
knowledge     what agents' knowledge of themselves is worth, on request: every arm is played a dozen times
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.figure_registry import FIGURES, Drawable, RunFigure, Shown, counts
from analysis.informed import ORDER

if TYPE_CHECKING:
    from analysis.figures.look import Look


def _timeline(shown: Shown) -> Drawable | str:
    from analysis.figures import timeline

    ledger = shown.ledger
    if ledger is None:
        return "the rows of the ledger are not at hand"
    arms = [arm for arm in shown.arms if not arm.alone and timeline.happens_over_time(ledger(arm.name))]
    if not arms:
        return "the first attempts all start at one tick, or agents are alone"
    return Drawable(
        lambda: timeline.table(arms, ledger),
        timeline.paint,
        lambda data, look: f"{timeline.about(data, look)}\n{shown.stamp}",
    )


def _reputations(shown: Shown) -> Drawable | str:
    from analysis.figures import reputations

    ledger = shown.ledger
    arms = [arm for arm in shown.arms if arm.rules is not None and arm.rules.reputation is not None and not arm.alone]
    if ledger is None or not arms:
        return "no arm keeps reputations"
    return Drawable(
        lambda: reputations.table(arms, ledger),
        reputations.paint,
        lambda data, look: f"{reputations.about(data, look)}\nn = {counts(arms[0])}; {shown.stamp}",
    )


def _allocation(shown: Shown) -> Drawable | str:
    from analysis.figures import allocation

    arms = [arm for arm in shown.arms if not arm.alone and arm.world.n_agents > 1 and not arm.world.live]
    if not arms:
        return "each agent is alone, or what others would have done is not known"
    baseline = shown.compared[arms[0].name]
    return Drawable(
        lambda: allocation.table(arms),
        lambda data, look: allocation.paint(data, look, baseline),
        lambda data, look: f"{allocation.about(data, look, baseline)}\nn = {counts(arms[0])}; {shown.stamp}",
    )


def _knowledge(shown: Shown) -> Drawable | str:
    from analysis.figures import waterfall
    from analysis.knowledge_table import knowledge_table
    from analysis.knowledge_value import value_of_knowledge, why_no_knowledge

    reasons = {arm.name: why_no_knowledge(arm) for arm in shown.arms}
    arms = [arm for arm in shown.arms if not reasons[arm.name]]
    if not arms:
        return next(iter(reasons.values()))

    def words(data: pd.DataFrame, look: Look) -> str:
        return waterfall.words(data, look, f"n = {counts(arms[0])}; {shown.stamp}")

    return Drawable(lambda: knowledge_table([value_of_knowledge(arm) for arm in arms]), waterfall.paint, words)


_WENT = "one replication as it went: who worked when, what was posted and cleared"
_WORTH = "what agents' knowledge of themselves is worth, kind by kind; on request"
for _name, _figure in {
    "timeline": RunFigure(_WENT, _timeline, ("x",)),
    "reputations": RunFigure("how the agents' reputations move", _reputations, ("x", "reputation")),
    "allocation": RunFigure("who gets which tasks: groups of tasks by agents", _allocation),
    "knowledge": RunFigure(_WORTH, _knowledge, ("welfare", "utility", "step", *ORDER), on_request=True),
}.items():
    FIGURES.add(_name, _figure, own=True)
