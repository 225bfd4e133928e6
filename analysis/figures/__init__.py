"""The figures of a run, one file each; `draw_all` draws those that apply. Needs no display and no pyplot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from analysis.arm import ArmData


def draw_all(
    arms: Sequence[ArmData], folder: Path, stamp: str, baselines: Mapping[str, str] | None = None
) -> list[Path]:
    """Write every figure that applies to `arms` into `folder`; the paths written.

    reliability and who_knows: the claims of the first arm, where all arms saw the same claims and outcomes.
    hired_rate: the arms that are random-reserve auctions with agents alone. arms: where there are several.
    incidence: where some can be compared to their baseline in money, and are not too many for one figure.
    stamp: seed, scenario hash and version, printed under every figure beside its n. baselines: arm -> arm that its
    differences are taken to, the first where None.
    """
    from analysis import auction
    from analysis.figures import arms as arms_figure
    from analysis.figures import hired_rate, incidence, reliability, who_knows
    from analysis.figures.save import save
    from analysis.incidence import applies

    paths: list[Path] = []
    if not arms:
        return paths
    first = arms[0]
    n_claims = int((~np.isnan(first.claim[first.distinct])).sum())
    if n_claims and all(_same_claims(first, arm) for arm in arms[1:]):
        paths += save(
            *reliability.draw(first),
            folder,
            "reliability",
            f"{_cut(reliability.MOST, len(first.agents))}n = {n_claims:,} claims; {stamp}",
        )
        n_tasks = int(who_knows.complete(first)[2].sum())
        if n_tasks > 1 and len(first.agents) > 1:
            paths += save(*who_knows.draw(first), folder, "who_knows", f"{_BARS}; n = {n_tasks:,} tasks; {stamp}")
    auctions = [arm for arm in arms if auction.applies(arm)]
    if auctions:
        counts = _counts(auctions[0])
        paths += save(
            *hired_rate.draw(auctions), folder, "hired_rate", f"{_BARS}; n = {counts} of the reserve; {stamp}"
        )
    if len(arms) < 2:
        return paths
    compared = baselines or {arm.name: first.name for arm in arms}
    cut = f"the first {arms_figure.MOST} of {len(arms)} arms; " if len(arms) > arms_figure.MOST else ""
    paths += save(*arms_figure.draw(arms, compared), folder, "arms", f"{cut}{_BARS}; n = {_counts(first)}; {stamp}")
    named = {arm.name: arm for arm in arms}
    if len(arms) <= incidence.MOST and any(applies(arm, named[compared[arm.name]]) for arm in arms):
        caption = f"intervals: 95% for another draw of tasks; n = {_counts(first)}; {stamp}"
        paths += save(*incidence.draw(arms, compared), folder, "incidence", caption)
    return paths


_BARS = "bars: 95% for another draw of tasks"


def _cut(most: int, n_agents: int) -> str:
    return f"the first {most} of {n_agents} agents; " if n_agents > most else ""


def _counts(arm: ArmData) -> str:
    n = arm.world.n_replications
    return f"{arm.world.n_tasks} tasks × {n} replication{'s' if n > 1 else ''}"


def _same_claims(a: ArmData, b: ArmData) -> bool:
    """Equal claims wherever both arms saw one, and the same outcomes."""
    if a.claim.shape != b.claim.shape or a.agents != b.agents:
        return False
    known = ~(np.isnan(a.claim) | np.isnan(b.claim))
    return bool(np.array_equal(a.claim[known], b.claim[known]) and np.array_equal(a.success, b.success))
