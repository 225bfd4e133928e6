"""Abilities and costs alone, of a table without claims or cost beliefs: steps 1 and 5 of sim/fitting/fit.py.

A population cannot be made of them: nothing is known of what its agents would claim.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.fitting.ability import Ability, AbilityFit
from sim.fitting.cases import Cases, cases_of, check
from sim.fitting.private_fit import private_fit_interval
from sim.fitting.resamples import Values, resampled, spread_of
from sim.fitting.signals import cost_laws
from sim.kit.arrays import FloatArray
from sim.tables.table import Recorded

COSTS = ("cost_zero", "cost_mean", "cost_sd")


@dataclass(frozen=True, eq=False)
class Skills:
    """A fit without claims. value, se: an array per name, (n,) of the agents' parameters, () of sigma_d and sigma_u.

    parameters: those of the agents. lacks: what the table does not hold, in words. Otherwise as sim/fitting/fit.py has
    them.
    """

    agents: tuple[str, ...]
    n_tasks: int
    n_outcomes: int
    log_likelihood: float
    sigma_u_interval: tuple[float, float] | None
    value: Values
    se: Values
    left_out: int
    parameters: tuple[str, ...]
    lacks: str


def lacking(recorded: Recorded) -> str:
    """What keeps a population from being fitted, as in "claims, cost beliefs or costs"; "" where nothing does."""
    said = {"claims": recorded.lacks("belief"), "cost beliefs": recorded.lacks("cost_belief")}
    said |= {"costs": recorded.lacks("cost")}
    *others, last = [word for word, lacks in said.items() if lacks] or [""]
    return f"{', '.join(others)} or {last}" if others else last


def fit_skills(
    recorded: Recorded,
    *,
    sigma_u: float,
    n_bootstrap: int = 120,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
    identified: bool = False,
) -> Skills:
    """Skills, spreads and, where the table has them, laws of costs. sigma_u: held, unless `identified` by trials.

    Raises TableError where the table cannot be fitted.
    """
    cases = cases_of(recorded, claims=False)
    ability = AbilityFit(cases, None if identified and cases.repeated else sigma_u)
    once, costly = np.ones(len(recorded.tasks)), not recorded.lacks("cost")
    best, value = _estimate(cases, ability, once, None, costly)

    def again(weight: FloatArray) -> Values:
        check(cases, weight, claims=False)
        return _estimate(cases, ability, weight, best, costly)[1]

    drawn, left_out = resampled(len(recorded.tasks), n_bootstrap, seed, again, progress)
    fitted = ability.sigma_u is None
    se = {name: spread_of(drawn, name) if drawn else np.full(np.shape(own), np.nan) for name, own in value.items()}
    return Skills(
        agents=recorded.agents,
        n_tasks=int(cases.present.any(axis=1).sum()),
        n_outcomes=int(cases.tried.sum()),
        log_likelihood=best.log_likelihood,
        sigma_u_interval=private_fit_interval(cases, once, best) if fitted else None,
        value=value,
        se=se | ({} if fitted else {"sigma_u": np.array(np.nan)}),
        left_out=left_out,
        parameters=("alpha", *(COSTS if costly else ())),
        lacks=lacking(recorded),
    )


def _estimate(
    cases: Cases, ability: AbilityFit, weight: FloatArray, start: Ability | None, costly: bool
) -> tuple[Ability, Values]:
    best = ability.fit(weight, start)
    value = {"alpha": best.alpha, "sigma_d": np.array(best.sigma_d), "sigma_u": np.array(best.sigma_u)}
    return best, value | (cost_laws(cases, weight) if costly else {})
