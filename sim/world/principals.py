"""Several principals in one market, each with tasks of its own and its own policy.

What a principal does not state is the tender's. Tasks are dealt in proportion to shares, each by a draw of its own
(replication, task), or as a recorded table says; every arm with the same shares deals alike. A task's value and
reserve are drawn under the names they have without principals, so that a principal's law changes its own tasks alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from sim.kit import draws
from sim.kit.arrays import FloatArray, IntArray
from sim.kit.errors import ScenarioError, closest
from sim.specs.principal import PrincipalSettings
from sim.specs.tender import TenderSpec


def principal_names(tender: TenderSpec) -> tuple[str, ...]:
    """Names of the principals, "" for a single one without a name."""
    return ("",) if tender.principals is None else tuple(one.name for one in tender.principals)


def tenders(tender: TenderSpec) -> list[TenderSpec]:
    """What each principal offers."""
    own = ("value", "reserve", "penalty", "budget")
    return [tender.with_stated(one, own) for one in tender.principals or []] or [tender]


def states_values(tender: TenderSpec) -> bool:
    """Every task has a value."""
    return all(own.value is not None for own in tenders(tender))


def penalties_of(tender: TenderSpec) -> tuple[float, ...] | None:
    """Each principal's penalty; None where all have the tender's."""
    each = tuple(own.penalty for own in tenders(tender))
    return None if set(each) == {tender.penalty} else each


def stated_penalties(tender: TenderSpec) -> list[tuple[str, float]]:
    """Key and dollars of every penalty that some task has."""
    if tender.principals is None:
        return [("tender.penalty", tender.penalty)]
    return [
        ("tender.penalty", tender.penalty)
        if one.penalty is None
        else (f"tender.principals.penalty of {one.name!r}", one.penalty)
        for one in tender.principals
    ]


def budgets_of(tender: TenderSpec) -> tuple[float, ...] | None:
    """Each principal's budget, inf where it has none; None where nobody has one."""
    each = [own.budget for own in tenders(tender)]
    if all(budget is None for budget in each):
        return None
    return tuple(math.inf if budget is None else budget for budget in each)


def dealt(tender: TenderSpec, seed: int, r: draws.Words, t: draws.Words, labels: Sequence[str]) -> IntArray | None:
    """(R, T) place of the principal of each task; None where there is one. labels: the owners that a table names.

    Raises ScenarioError where table and scenario disagree.
    """
    names, principals = principal_names(tender), tender.principals or []
    if labels:
        return _of_table(names, principals, labels, len(r))
    if len(names) == 1:
        return None
    share = np.array([1.0 if one.share is None else one.share for one in principals])
    bounds = np.cumsum(share)[:-1] / share.sum()
    return np.asarray(np.searchsorted(bounds, draws.uniform(seed, "principal", r, t), side="right"), np.int64)


def _of_table(
    names: tuple[str, ...], principals: Sequence[PrincipalSettings], labels: Sequence[str], replications: int
) -> IntArray | None:
    if not principals:
        raise ScenarioError(
            "world.columns.principal: the table names the owners of its tasks; state [[tender.principals]]"
        )
    for one in principals:
        if one.share is not None:
            raise ScenarioError(
                "tender.principals.share: has no meaning where world.columns.principal names the owners"
            )
    for label in labels:
        if label not in names:
            hint = f"{closest(label, names)}; the scenario has {', '.join(names)}"
            raise ScenarioError(f"world.columns.principal: no principal {label!r} in tender.principals{hint}")
    owner = np.array([names.index(label) for label in labels], np.int64)
    return np.broadcast_to(owner, (replications, len(labels))) if len(names) > 1 else None


def by_principal(tender: TenderSpec, owner: IntArray | None, draw: Callable[[TenderSpec], FloatArray]) -> FloatArray:
    """(R, T): what `draw` gives (R, T) under the tender of each task's own principal."""
    each = [draw(own) for own in tenders(tender)]
    if owner is None:
        return each[0]
    found = np.array(each[0])
    for place, array in enumerate(each[1:], start=1):
        found[owner == place] = array[owner == place]
    return found
