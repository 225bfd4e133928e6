"""Fits a population to a recorded table: `fit(recorded)` gives a profile and its standard errors.

No ability is observed; one outcome, one claim and one cost belief are, per (task, agent). In order

    1  alpha, sigma_d   maximum likelihood                                     sim/fitting/ability.py
       sigma_u          with them where trials are repeated, else held         and its interval: private_fit.py
    2  m, lambda        interval-censored normal on the agent's own grid       sim/fitting/claim_grid.py
    3  rho              polyserial correlation of claims and outcomes          sim/fitting/signals.py
    4  gamma            one factor for what signals share beyond difficulty    sim/fitting/signals.py
    5  costs            log-normals and shares of 0, cost belief correlated
                        with the signal                                        sim/fitting/signals.py

and from these m*, lambda* of calibrated claims (sim/population/beliefs.py), bias = m - m*, excess = lambda - lambda*,
and the overconfidence of sim/population/knobs.py: m less that of claims with this lambda that are right on average.

One outcome per (task, agent) does not identify sigma_u: it is then what the caller states, ASSUMED_SIGMA_U if nothing.

Standard errors are those of a bootstrap over tasks: every step anew on tasks drawn with replacement, the grids kept.
Agents are taken as given. A resample without variety (an agent that solves all its tasks, or makes fewer than three
distinct claims) has no estimate; it is left out, counted, and another is drawn.

On tables of 93 tasks like the recorded one, estimates of alpha are .2 too high on average (a quarter of a standard
error) and bias is .1 too low; rho, m and lambda are off by less than .02 (tests/theory/test_fit_recovery.py). With 5
trials a cell sigma_u is estimated without visible bias and its interval holds the truth 95% of the time
(tests/theory/test_fit_private_fit.py).

Index convention: n agents, B resamples (sim/fitting/resamples.py). A table without claims or cost beliefs has
abilities and costs fitted alone (sim/fitting/skills.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from sim.fitting import signals
from sim.fitting.ability import Ability, AbilityFit
from sim.fitting.cases import Cases, cases_of, check
from sim.fitting.claim_grid import fit_claims
from sim.fitting.private_fit import private_fit_interval
from sim.fitting.resamples import Values, resampled
from sim.kit.arrays import FloatArray
from sim.kit.errors import ScenarioError, TableError
from sim.kit.invalid import fault_lines
from sim.population.agent_profile import AgentProfile, LogNormal
from sim.population.beliefs import calibrated, right_on_average, success_rate
from sim.population.profile import Profile
from sim.tables.table import Recorded

PARAMETERS = (
    "alpha",
    "m",
    "slope",
    "rho",
    "gamma",
    "cost_belief_mean",
    "cost_belief_sd",
    "cost_belief_correlation",
    "cost_mean",
    "cost_sd",
)
ZEROS = ("cost_belief_zero", "cost_zero")  # shares of costs that are 0
DERIVED = ("m_calibrated", "slope_calibrated", "bias", "excess", "overconfidence")
POOLED = ("sigma_d", "sigma_u", "own_minus_others")
ASSUMED_SIGMA_U = 1.0
_LEAST_TAU = 0.01  # logits; below it a correlation with z means nothing


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fit. value, se: an array per name, (n,) for PARAMETERS, ZEROS and DERIVED, () for POOLED; draw: (B, ...) alike.

    se is NaN without a bootstrap, and of what was not fitted: sigma_u where it is held, logarithms of costs that are 0.
    repeated: some agent tried some task twice. sigma_u_interval: 95%, None where sigma_u was held. own_minus_others:
    how much more a signal correlates with its own latent outcome than with another agent's, mean over agents; 0 where
    signals know the task but not the fit to it.
    """

    agents: tuple[str, ...]
    n_tasks: int
    n_outcomes: int
    log_likelihood: float  # nats, of the outcomes
    repeated: bool
    sigma_u_interval: tuple[float, float] | None  # logits
    profile: Profile
    value: Values
    se: Values
    draw: Values
    profiles: tuple[Profile, ...]  # (B,) one per resample
    left_out: int

    @property
    def n_bootstrap(self) -> int:
        """B."""
        return len(self.profiles)

    def at_boundary(self) -> FloatArray:
        """(n,) share of resamples in which rho and gamma left the private noise its least variance; NaN if B = 0."""
        left = 1.0 - self.draw["rho"] ** 2 - self.draw["gamma"] ** 2
        return np.asarray((left < signals.NOISE + 1e-9).sum(axis=0) / (self.n_bootstrap or math.nan))


def fit(
    recorded: Recorded,
    *,
    sigma_u: float | None = None,
    n_bootstrap: int = 120,
    seed: int = 0,
    source: str = "",
    progress: Callable[[int], None] | None = None,
) -> Fitted:
    """The population that fits the table best.

    sigma_u: logits to hold it at; None: fitted where trials are repeated, else ASSUMED_SIGMA_U. n_bootstrap: resamples
    behind the standard errors, 0 for none. source: the profile's. progress: called with 1 after each resample. Raises
    TableError where the table cannot be fitted, ScenarioError where an argument is wrong.
    """
    if sigma_u is not None and not 0.0 <= sigma_u <= 20.0:
        raise ScenarioError(f"sigma_u must lie in [0, 20]; got {sigma_u:g}")
    if n_bootstrap < 0 or n_bootstrap == 1:
        raise ScenarioError(f"n_bootstrap must be 0, or 2 at least; got {n_bootstrap}")
    cases = cases_of(recorded)
    if sigma_u is None and not cases.repeated:
        sigma_u = ASSUMED_SIGMA_U
    ability, once = AbilityFit(cases, sigma_u), np.ones(len(recorded.tasks))
    best, value = estimate(cases, ability, once)

    def again(weight: FloatArray) -> Values:
        check(cases, weight)
        return estimate(cases, ability, weight, best)[1]

    drawn, left_out = resampled(len(recorded.tasks), n_bootstrap, seed, again, progress)
    draw = {name: np.array([one[name] for one in drawn]).reshape(-1, *np.shape(value[name])) for name in value}
    return Fitted(
        agents=recorded.agents,
        n_tasks=int(cases.present.any(axis=1).sum()),
        n_outcomes=int(cases.tried.sum()),
        log_likelihood=best.log_likelihood,
        repeated=cases.repeated,
        sigma_u_interval=private_fit_interval(cases, once, best) if sigma_u is None else None,
        profile=_profile(cases, value, source),
        value=value,
        se={name: _sd(draw[name]) for name in value} | ({} if sigma_u is None else {"sigma_u": np.array(np.nan)}),
        draw=draw,
        profiles=tuple(_profile(cases, one, source) for one in drawn),
        left_out=left_out,
    )


def estimate(
    cases: Cases, ability: AbilityFit, weight: FloatArray, start: Ability | None = None
) -> tuple[Ability, Values]:
    """Every parameter for tasks with these weights (T,); `start` speeds up the search for the maximum."""
    best = ability.fit(weight, start)
    tau = math.hypot(best.sigma_d, best.sigma_u)
    if tau < _LEAST_TAU:
        raise TableError("the agents' outcomes are unrelated: with sigma_u = 0 there is nothing a signal could know")
    grids = range(len(cases.agents))
    m, slope = np.array([fit_claims(cases.counts(weight, i), cases.border[i]) for i in grids]).T
    score, variance = signals.cell_scores(cases, weight)
    latent = signals.latent_correlations(cases, weight, score, variance)
    rho = signals.fit_rho(latent, tau)
    gamma = signals.fit_gamma(cases, weight, score, variance, rho, (best.sigma_d / tau) ** 2)
    goal = np.array([calibrated(float(a), tau, float(r) * tau) for a, r in zip(best.alpha, rho, strict=True)]).T
    level = [right_on_average(success_rate(float(a), tau), float(at)) for a, at in zip(best.alpha, slope, strict=True)]
    return best, {
        "sigma_d": np.array(best.sigma_d),
        "sigma_u": np.array(best.sigma_u),
        "own_minus_others": _own_minus_others(latent),
        "alpha": best.alpha,
        "m": m,
        "slope": slope,
        "rho": rho,
        "gamma": gamma,
        **signals.log_normals(cases, weight, score, variance),
        "m_calibrated": goal[0],
        "slope_calibrated": goal[1],
        "bias": m - goal[0],
        "excess": slope - goal[1],
        "overconfidence": m - np.array(level),
    }


def log_likelihoods(recorded: Recorded, sigma_u: Sequence[float]) -> list[float]:
    """The greatest log-likelihood of the outcomes at each of these sigma_u: flat where sigma_u is not identified."""
    cases, weight = cases_of(recorded), np.ones(len(recorded.tasks))
    return [AbilityFit(cases, spread).fit(weight).log_likelihood for spread in sigma_u]


def _own_minus_others(latent: FloatArray) -> FloatArray:
    """Mean over agents of R_ii minus the mean of R_ij over the others j they share tasks with; NaN if nobody does."""
    other = ~np.isnan(latent) & ~np.eye(len(latent), dtype=np.bool_)
    shares = other.any(axis=1)
    mean = np.where(other, latent, 0.0).sum(axis=1)[shares] / other.sum(axis=1)[shares]
    return np.array((np.diagonal(latent)[shares] - mean).mean() if shares.any() else np.nan)


def _sd(draw: FloatArray) -> FloatArray:
    return np.asarray(np.std(draw, axis=0, ddof=1) if len(draw) else np.full(draw.shape[1:], np.nan))


def _profile(cases: Cases, value: Values, source: str) -> Profile:
    agents = {}
    try:
        for i, name in enumerate(cases.agents):
            own = {key: float(value[key][i]) for key in (*PARAMETERS, *ZEROS)}
            agents[name] = AgentProfile(
                alpha=own["alpha"],
                m=own["m"],
                slope=own["slope"],
                rho=own["rho"],
                gamma=own["gamma"],
                grid=cases.grid[i].tolist(),
                cost_belief=_law(own, "cost_belief"),
                cost=_law(own, "cost"),
            )
        sigma_d, sigma_u = float(value["sigma_d"]), float(value["sigma_u"])
        return Profile(source=source, sigma_d=sigma_d, sigma_u=sigma_u, agents=agents)
    except ValidationError as error:
        what = "the fit is outside what a profile may hold"
        raise TableError(*(f"{what}: {line}" for line in fault_lines("", error, Profile))) from None


def _law(own: Mapping[str, float], which: str) -> LogNormal:
    """The law of "cost" or "cost_belief"; one that is always 0 has no logarithms and gets none of its own."""
    zero = own[f"{which}_zero"]
    if zero == 1.0:
        return LogNormal(mean=0.0, sd=0.0, zero=1.0)
    correlation = own.get(f"{which}_correlation", 0.0)
    return LogNormal(mean=own[f"{which}_mean"], sd=own[f"{which}_sd"], correlation=correlation, zero=zero)
