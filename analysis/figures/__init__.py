"""The figures of a run: `draw_all` writes those that apply, `drawables` makes them. Needs no display and no pyplot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from analysis.few_agents import MOST as MOST_AGENTS
from analysis.few_agents import selection_note

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawable(NamedTuple):
    """A figure that applies. draw: makes it, with its data. words: its caption, from the data."""

    draw: Callable[[], tuple[Figure, pd.DataFrame]]
    words: Callable[[pd.DataFrame], str]


def draw_all(
    arms: Sequence[ArmData], folder: Path, stamp: str, baselines: Mapping[str, str] | None = None
) -> list[Path]:
    """Write every figure that applies to `arms` into `folder`; the paths written. The rest as in `drawables`.

    left_out.csv says of every other figure why it is not there.
    """
    from analysis.figures.left_out import list_left_out
    from analysis.figures.save import save

    paths: list[Path] = []
    found = _candidates(arms, stamp, baselines)
    for name, one in found.items():
        if isinstance(one, Drawable):
            figure, data = one.draw()
            paths += save(figure, data, folder, name, one.words(data))
    list_left_out(folder, {name: why for name, why in found.items() if isinstance(why, str)})
    return paths


def drawables(arms: Sequence[ArmData], stamp: str, baselines: Mapping[str, str] | None = None) -> dict[str, Drawable]:
    """The figures that apply to `arms`, by name.

    reliability and who_knows: what the agents of the first arm would claim, where that is the same in all arms.
    hired_rate: the arms that are random-reserve auctions with agents alone. arms: where there are several.
    incidence: where some can be compared to their baseline in money, and are not too many for one figure.
    stamp: seed, scenario hash and version, printed under every figure beside its n. baselines: arm -> arm that its
    differences are taken to, the first where None.
    """
    found = _candidates(arms, stamp, baselines)
    return {name: one for name, one in found.items() if isinstance(one, Drawable)}


def _candidates(arms: Sequence[ArmData], stamp: str, baselines: Mapping[str, str] | None) -> dict[str, Drawable | str]:
    """Every figure there is: how it is drawn, or why it does not apply."""
    if not arms:
        return {}
    compared = baselines or {arm.name: arms[0].name for arm in arms}
    return _of_claims(arms, stamp) | _of_auctions(arms, stamp) | _of_arms(arms, stamp, compared)


def _of_claims(arms: Sequence[ArmData], stamp: str) -> dict[str, Drawable | str]:
    from analysis.basis import caption
    from analysis.figures import reliability, who_knows

    first = arms[0]
    n_claims = int(first.observed.known.sum())
    if not n_claims:
        return dict.fromkeys(("reliability", "who_knows"), "no outcome of a claim is known")
    if not all(_same_claims(first, arm) for arm in arms[1:]):
        return dict.fromkeys(("reliability", "who_knows"), "claims or outcomes differ between the arms")

    def of_rates(data: pd.DataFrame) -> str:
        cut = _cut(len(first.agents), "ECE", "reliability.csv", reliability.MOST)
        words = f"{cut}{caption(reliability.drawn(data), _RATE)}"
        return f"{words}\nn = {n_claims:,} claims{_ALL}; {stamp}"

    found: dict[str, Drawable | str] = {"reliability": Drawable(lambda: reliability.draw(first), of_rates)}
    n_tasks = int(who_knows.complete(first).sum())

    def of_ranks(data: pd.DataFrame) -> str:
        cut = _cut(len(first.agents), "own − others", "who_knows.csv", MOST_AGENTS)
        return f"{cut}{caption(who_knows.drawn(data), _AUC)}\n{_PERMUTED}\nn = {n_tasks:,} tasks{_ALL}; {stamp}"

    found["who_knows"] = Drawable(lambda: who_knows.draw(first), of_ranks)
    if n_tasks < _LEAST or len(first.agents) < _LEAST:
        few = f"{n_tasks} such task(s), {len(first.agents)} agent(s)"
        found["who_knows"] = f"needs 2 agents and 2 tasks at which an outcome of each is known; there are {few}"
    return found


def _of_auctions(arms: Sequence[ArmData], stamp: str) -> dict[str, Drawable | str]:
    from analysis import auction
    from analysis.basis import caption
    from analysis.figures import hired_rate

    auctions = [arm for arm in arms if auction.applies(arm)]

    def words(data: pd.DataFrame) -> str:
        cut = _cut(len(auctions[0].agents), "cash profit", "hired_rate.csv", hired_rate.MOST_AGENTS)
        return f"{cut}{caption(hired_rate.drawn(data), _MEAN)}\nn = {_counts(auctions[0])} of the reserve; {stamp}"

    if not auctions:
        return {"hired_rate": "no arm is a posted price against a uniform reserve with each agent alone"}
    return {"hired_rate": Drawable(lambda: hired_rate.draw(auctions), words)}


def _of_arms(arms: Sequence[ArmData], stamp: str, compared: Mapping[str, str]) -> dict[str, Drawable | str]:
    from analysis.basis import caption
    from analysis.figures import arms as arms_figure
    from analysis.figures import incidence
    from analysis.incidence import applies

    if len(arms) < _LEAST:
        return dict.fromkeys(("arms", "incidence"), "there is one arm")
    first, named = arms[0], {arm.name: arm for arm in arms}
    cut = f"the first {arms_figure.MOST} of {len(arms)} arms; " if len(arms) > arms_figure.MOST else ""
    by_record = _BY_RECORD if any(arm.by_record and arm.replays is not None for arm in arms) else ""

    def of_arms(data: pd.DataFrame) -> str:
        words = f"{cut}{caption(arms_figure.drawn(data), _MEAN + by_record)}{_same(data)}"
        return f"{words}\nn = {_counts(first)}; {stamp}"

    def of_parties(data: pd.DataFrame) -> str:
        return f"{caption(incidence.drawn(data), f'Student t{by_record}')}\nn = {_counts(first)}; {stamp}"

    found: dict[str, Drawable | str] = {"arms": Drawable(lambda: arms_figure.draw(arms, compared), of_arms)}
    found["incidence"] = Drawable(lambda: incidence.draw(arms, compared), of_parties)
    if len(arms) > incidence.MOST:
        found["incidence"] = f"{len(arms)} arms; it takes at most {incidence.MOST}"
    elif not any(applies(arm, named[compared[arm.name]]) for arm in arms):
        found["incidence"] = "no arm can be compared with its baseline in money"
    return found


_LEAST = 2
_MEAN = "Student t corrected for skewness; rates: Wilson"
_BY_RECORD = "; of arms that hire by a record: percentiles of the redrawn tables"
_RATE = "Wilson"
_AUC = "Student t on the logit scale"
_PERMUTED = "p: permutation of outcomes within tasks, raw and adjusted by Holm over its agents; intervals unadjusted"


def _same(data: pd.DataFrame) -> str:
    same = ((data["changed"] == 0) & (data["arm"] != data["baseline"])).any()
    return "; same: no decision differs from the baseline's" if same else ""


_ALL = ", also of agents that did not bid"


def _cut(n_agents: int, by: str, where: str, most: int) -> str:
    which = selection_note(n_agents, by, where, most)
    return f"{which}\n" if which else ""


def _counts(arm: ArmData) -> str:
    n = arm.world.n_replications
    return f"{arm.world.n_tasks} tasks × {n} replication{'s' if n > 1 else ''}"


def _same_claims(a: ArmData, b: ArmData) -> bool:
    """Equal claims and outcomes of the same agents."""
    one, other = a.observed, b.observed
    if a.agents != b.agents or one.claim.shape != other.claim.shape:
        return False
    return bool(np.array_equal(one.claim, other.claim, equal_nan=True) and np.array_equal(one.share, other.share))
