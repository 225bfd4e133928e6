"""The figures of a run, one file each; `draw_all` draws those that apply. Needs no display and no pyplot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.arm import ArmData


def draw_all(
    arms: Sequence[ArmData], folder: Path, stamp: str, baselines: Mapping[str, str] | None = None
) -> list[Path]:
    """Write every figure that applies to `arms` into `folder`; the paths written.

    reliability and who_knows: what the agents of the first arm would claim, where that is the same in all arms.
    hired_rate: the arms that are random-reserve auctions with agents alone. arms: where there are several.
    incidence: where some can be compared to their baseline in money, and are not too many for one figure.
    stamp: seed, scenario hash and version, printed under every figure beside its n. baselines: arm -> arm that its
    differences are taken to, the first where None.
    """
    from analysis import auction
    from analysis.basis import caption
    from analysis.figures import arms as arms_figure
    from analysis.figures import hired_rate, incidence, reliability, who_knows
    from analysis.figures.save import save
    from analysis.incidence import applies

    paths: list[Path] = []
    if not arms:
        return paths
    first = arms[0]
    n_claims = int(first.observed.known.sum())
    if n_claims and all(_same_claims(first, arm) for arm in arms[1:]):
        figure, data = reliability.draw(first)
        words = f"{_cut(reliability.MOST, len(first.agents))}{caption(reliability.drawn(data), _RATE)}"
        paths += save(figure, data, folder, "reliability", f"{words}\nn = {n_claims:,} claims{_ALL}; {stamp}")
        n_tasks = int(who_knows.complete(first).sum())
        if n_tasks > 1 and len(first.agents) > 1:
            figure, data = who_knows.draw(first)
            words = f"{caption(who_knows.drawn(data), _AUC)}\n{_PERMUTED}"
            paths += save(figure, data, folder, "who_knows", f"{words}\nn = {n_tasks:,} tasks{_ALL}; {stamp}")
    auctions = [arm for arm in arms if auction.applies(arm)]
    if auctions:
        figure, data = hired_rate.draw(auctions)
        words = f"{caption(hired_rate.drawn(data), _MEAN)}\nn = {_counts(auctions[0])} of the reserve"
        paths += save(figure, data, folder, "hired_rate", f"{words}; {stamp}")
    if len(arms) < 2:
        return paths
    compared = baselines or {arm.name: first.name for arm in arms}
    cut = f"the first {arms_figure.MOST} of {len(arms)} arms; " if len(arms) > arms_figure.MOST else ""
    figure, data = arms_figure.draw(arms, compared)
    words = f"{cut}{caption(arms_figure.drawn(data), _MEAN)}{_same(data)}\nn = {_counts(first)}"
    paths += save(figure, data, folder, "arms", f"{words}; {stamp}")
    named = {arm.name: arm for arm in arms}
    if len(arms) <= incidence.MOST and any(applies(arm, named[compared[arm.name]]) for arm in arms):
        figure, data = incidence.draw(arms, compared)
        words = f"{caption(incidence.drawn(data), 'Student t')}\nn = {_counts(first)}"
        paths += save(figure, data, folder, "incidence", f"{words}; {stamp}")
    return paths


_MEAN = "Student t; rates: Wilson"
_RATE = "Wilson"
_AUC = "Student t on the logit scale"
_PERMUTED = "p: permutation of outcomes within tasks, raw and adjusted by Holm over its agents; intervals unadjusted"


def _same(data: pd.DataFrame) -> str:
    same = ((data["changed"] == 0) & (data["arm"] != data["baseline"])).any()
    return "; same: no decision differs from the baseline's" if same else ""


_ALL = ", also of agents that did not bid"


def _cut(most: int, n_agents: int) -> str:
    return f"the first {most} of {n_agents} agents; " if n_agents > most else ""


def _counts(arm: ArmData) -> str:
    n = arm.world.n_replications
    return f"{arm.world.n_tasks} tasks × {n} replication{'s' if n > 1 else ''}"


def _same_claims(a: ArmData, b: ArmData) -> bool:
    """Equal claims and outcomes of the same agents."""
    one, other = a.observed, b.observed
    if a.agents != b.agents or one.claim.shape != other.claim.shape:
        return False
    return bool(np.array_equal(one.claim, other.claim, equal_nan=True) and np.array_equal(one.share, other.share))
