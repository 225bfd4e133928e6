"""Keys that a scenario states and that change nothing, as another key is: likely mistakes, which are no errors.

A key is reported where no arm that states it could read it, and the key that it waits for is not swept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sim.experiment.plan import Plan
from sim.scenario.file import key_path
from sim.scenario.scenario import Scenario
from sim.specs.settings import Settings
from sim.world.origin import Origin, ProfileOrigin


class _Waiting(NamedTuple):
    """A key that waits for others. needs: those. why: what they say. stated, idle: of the settings of an arm."""

    key: str
    needs: tuple[str, ...]
    why: str
    stated: Callable[[Settings], bool]
    idle: Callable[[Settings], bool]


def _posted_once(settings: Settings) -> bool:
    return settings.tender.postings == 1 and settings.market.round is None


_AGAIN = ("tender.postings", "market.round"), "every task is posted once; state tender.postings"
_WAITING = (
    _Waiting(
        "tender.timeout",
        ("tender.deadline",),
        "no task has a deadline; state tender.deadline",
        lambda s: s.tender.timeout is not None,
        lambda s: s.tender.deadline is None,
    ),
    _Waiting("tender.exclude", *_AGAIN, lambda s: s.tender.exclude is not None, _posted_once),
    _Waiting("tender.escalation", *_AGAIN, lambda s: s.tender.escalation is not None, _posted_once),
    _Waiting("market.repost_delay", *_AGAIN, lambda s: s.market.repost_delay > 0, _posted_once),
    _Waiting(
        "bidders.on_retry",
        ("tender.postings", "tender.exclude", "market.round"),
        'nobody may try a task again; state tender.postings > 1 and another tender.exclude than "hired"',
        lambda s: s.bidders.stated("on_retry") is not None,
        lambda s: _posted_once(s) or (s.tender.postings > 1 and s.tender.exclude == "hired"),
    ),
)


def idle_keys(plan: Plan) -> list[str]:
    """A line for each key that is stated and changes nothing in any arm that states it."""
    scenario = plan.scenario
    swept = {".".join(key_path(key)[:2]) for factor in scenario.factors for key in factor.keys}
    settings = [arm.settings for arm in scenario.arms]
    lines = [
        f"{one.key}: changes nothing: {one.why}"
        for one in _WAITING
        if swept.isdisjoint(one.needs) and _all_idle(settings, one)
    ]
    lines += _of_worlds(settings, swept, plan.origin)
    lines += _own_baselines(scenario)
    return [f"{scenario.name}: warning: {line}" for line in lines]


def _all_idle(settings: Sequence[Settings], one: _Waiting) -> bool:
    stating = [arm for arm in settings if one.stated(arm)]
    return bool(stating) and all(one.idle(arm) for arm in stating)


def _of_worlds(settings: Sequence[Settings], swept: set[str], origin: Origin) -> Iterator[str]:
    """Shocks that change nothing, and a fit to families where there is one family."""
    if "world.shocks" not in swept:
        stated = [(number, shock) for arm in settings for number, shock in enumerate(arm.world.shocks or (), 1)]
        active = {number for number, shock in stated if shock.skill or shock.overconfidence or shock.outage}
        for number in sorted({number for number, _ in stated} - active):
            yield f"world.shocks: number {number} changes nothing: it states no skill, overconfidence or outage"
    if isinstance(origin, ProfileOrigin) and "world.families" not in swept:
        fits = [arm.world for arm in settings if arm.world.sigma_f]
        if fits and all((world.families or origin.profile.families) == 1 for world in fits):
            yield (
                "world.sigma_f: there is one family of tasks, so that it moves an agent at all tasks of a replication "
                "alike; state world.families"
            )


def _own_baselines(scenario: Scenario) -> Iterator[str]:
    """Arms that are compared to themselves, and that nothing else is compared to."""
    for arm in scenario.arms:
        own = arm.baseline is not None and scenario.baseline_of(arm) == arm.name
        if own and not any(scenario.baseline_of(other) == arm.name for other in scenario.arms if other is not arm):
            yield f"arm {arm.name!r}: baseline: is the arm itself, so that it is compared to nothing"
