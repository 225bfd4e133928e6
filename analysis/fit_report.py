"""What `bidlab fit` prints: parameters with standard errors, moments, what the table cannot say. Builds, never prints.

A value stands before its standard error for another draw of tasks, the agents being given.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from analysis.fit_moments import EVERYBODY, FITTED, PER_AGENT, POOLED, rms_z
from sim.fitting.fit import Fitted, log_likelihoods
from sim.fitting.private_fit import DROP
from sim.fitting.signals import NOISE
from sim.fitting.skills import Skills
from sim.kit.arrays import BoolArray
from sim.kit.digits import Digits, digits, number, short
from sim.kit.terminal import Column, Sheet, error_column, shown_name
from sim.population.agent_profile import LOGISTIC_VARIANCE
from sim.tables.table import Recorded

SIGMA_U = (0.0, 1.0, 2.3, 3.0)  # where the likelihood is shown
_OFTEN = 0.05
_PARAMETERS = {"alpha": "alpha", "m": "m", "slope": "lambda", "rho": "rho", "gamma": "gamma"}
_DERIVED = {
    "m_calibrated": "m*",
    "bias": "bias",
    "slope_calibrated": "lambda*",
    "excess": "excess",
    "overconfidence": "overconfidence",
}
_COSTS = {
    "cost_belief_zero": "cost belief: share of 0",
    "cost_belief_mean": "ln cost belief, mean",
    "cost_belief_sd": "sd",
    "cost_belief_correlation": "with signal",
    "cost_zero": "cost: share of 0",
    "cost_mean": "ln cost, mean",
    "cost_sd": "sd",
}


def report(recorded: Recorded, fitted: Fitted, moments: pd.DataFrame) -> list[Any]:
    """Everything about a fit of this table; moments: those of `analysis.fit_moments.moments`."""
    return [
        _head(fitted),
        "",
        _agents(fitted, f"ability, claims and signals{_errors(fitted)}", _PARAMETERS),
        "",
        _agents(
            fitted,
            "logits: bias = m - m*, excess = lambda - lambda*, overconfidence = m less that of claims right on average",
            _DERIVED,
        ),
        "",
        _agents(fitted, "costs in logarithms of dollars", {k: v for k, v in _COSTS.items() if _shown(fitted, k)}),
        "",
        _moments(moments),
        "",
        _pooled(moments),
        _verdict(moments),
        "",
        "what this table cannot say:",
        *(f"- {line}" for line in cannot_say(recorded, fitted)),
    ]


def skills_report(skills: Skills) -> list[Any]:
    """Everything about a fit of a table without claims or cost beliefs."""
    left = f", {skills.left_out} resamples left out for want of variety" if skills.left_out else ""
    spread, sigma_u = number(float(skills.value["sigma_d"]), float(skills.se["sigma_d"])), skills.value["sigma_u"]
    ends = skills.sigma_u_interval
    held = "held, not fitted" if ends is None else f"95% interval {interval(ends)}, from repeated trials"
    heads = _PARAMETERS | _COSTS
    columns = {name: heads[name] for name in skills.parameters if _shown(skills, name)}
    return [
        f"{skills.n_tasks} tasks, {len(skills.agents)} agents, {skills.n_outcomes} outcomes; "
        f"log-likelihood of outcomes {skills.log_likelihood:.2f}{left}\n"
        f"sigma_d = {spread}, sigma_u = {float(sigma_u):.2f} ({held})",
        "",
        _agents(skills, "ability, and costs in logarithms of dollars (± standard error)", columns),
        "",
        f"the table has no {skills.lacks}: abilities and what it has of costs are fitted alone. No population can be "
        "drawn from these; claims may be made from a record instead (world.claim)",
    ]


def cannot_say(recorded: Recorded, fitted: Fitted) -> list[str]:
    """What is not identified, in words and with the figures that show it."""
    lines = [_split(fitted)] if fitted.repeated else [_sigma_u(recorded, fitted), _split(fitted)]
    if len(set(recorded.block) - {""}) > 1:
        lines.append(_blocks(recorded))
    often = [place for place in range(len(fitted.agents)) if fitted.at_boundary()[place] > _OFTEN]
    if often:
        names = ", ".join(f"{fitted.agents[i]} ({fitted.at_boundary()[i]:.0%} of resamples)" for i in often)
        lines.append(
            f"gamma is often at its limit, which leaves {NOISE:.0%} of the signal to private noise: {names}; its "
            "standard error is too small there."
        )
    return lines


def _head(fitted: Fitted) -> str:
    profile, spread = fitted.profile, number(float(fitted.value["sigma_d"]), float(fitted.se["sigma_d"]))
    latent = profile.tau**2 + LOGISTIC_VARIANCE
    left = f", {fitted.left_out} more left out for want of variety" if fitted.left_out else ""
    return (
        f"{fitted.n_tasks} tasks, {len(fitted.agents)} agents, {fitted.n_outcomes} outcomes; "
        f"log-likelihood of outcomes {fitted.log_likelihood:.2f}; {fitted.n_bootstrap or 'no'} resamples of the tasks"
        f"{left}\n"
        f"sigma_d = {spread}, sigma_u = {_spread_of_fit(fitted)}: {profile.sigma_d**2 / latent:.0%} of the latent "
        "variance is common to all agents"
    )


def _spread_of_fit(fitted: Fitted) -> str:
    """sigma_u, and where it is from."""
    stated = f"{fitted.profile.sigma_u:g}"
    if fitted.sigma_u_interval is None:
        why = "held, though repeated trials identify it" if fitted.repeated else "assumed, not identified"
        return f"{stated} ({why})"
    value = number(float(fitted.value["sigma_u"]), float(fitted.se["sigma_u"]))
    return f"{value} (95% interval {interval(fitted.sigma_u_interval)}, from repeated trials)"


def interval(ends: tuple[float, float]) -> str:
    """Both ends in words.

    >>> interval((0.0, 2.345)), interval((1.0, float("inf")))
    ('.00 to 2.35', '1.00 or more')
    """
    low, high = (short(end, 2) for end in ends)
    return f"{low} or more" if math.isinf(ends[1]) else f"{low} to {high}"


def _shown(fitted: Fitted | Skills, key: str) -> bool:
    """Shares of zeros only where there are some."""
    return not key.endswith("_zero") or bool((fitted.value[key] > 0).any())


def _errors(fitted: Fitted) -> str:
    return " (± standard error for another draw of tasks)" if fitted.profiles else ", without standard errors"


def _agents(fitted: Fitted | Skills, title: str, columns: dict[str, str]) -> Sheet:
    names = Column("agent", [shown_name(agent) for agent in fitted.agents], left=True)
    shown = [error_column(head, zip(fitted.value[k], fitted.se[k], strict=True)) for k, head in columns.items()]
    return Sheet(title, [names, *shown])


def _moments(moments: pd.DataFrame) -> Sheet:
    title = (
        "observed / simulated (z): fitted moments, and the win rate against U[0, 1] at penalty 2, which was not fitted"
    )
    rows = moments[moments["agent"] != EVERYBODY]
    agents = list(dict.fromkeys(rows["agent"]))
    names = Column("agent", [shown_name(str(agent)) for agent in agents], left=True)
    by_name = rows.set_index(["moment", "agent"])
    return Sheet(
        title, [names, *(_moment(by_name.loc[[(name, agent) for agent in agents]], name) for name in PER_AGENT)]
    )


def _pooled(moments: pd.DataFrame) -> Sheet:
    rows = moments[moments["agent"] == EVERYBODY].set_index("moment")
    return Sheet(None, [Column(EVERYBODY, [""], left=True), *(_moment(rows.loc[[name]], name) for name in POOLED)])


def _moment(rows: pd.DataFrame, name: str) -> Column:
    """observed / simulated (z) of one moment, with one number of decimals."""
    shown = digits([*rows["observed"], *rows["simulated"]], 3)
    head = f"{name.replace('_', ' ')} {shown.unit}".rstrip()
    return Column(head, [_cell(row, shown) for row in rows.to_dict("records")])


def _cell(row: Any, shown: Digits) -> str:
    observed, simulated, z = (float(row[key]) for key in ("observed", "simulated", "z"))
    return f"{shown.text(observed)} / {shown.text(simulated)} ({'-' if math.isnan(z) else f'{z:+.1f}'})"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else short(value, 3)


def _verdict(moments: pd.DataFrame) -> str:
    parts = [rms_z(moments, names) for names in (PER_AGENT, FITTED, ("win_rate",))]
    return (
        f"rms z {_short(parts[0])} over the agents' moments: {_short(parts[1])} over the fitted, small by construction "
        f"and {_short(parts[2])} over the win rates"
    )


def _sigma_u(recorded: Recorded, fitted: Fitted) -> str:
    shown = ", ".join(f"{-x:.2f}" for x in log_likelihoods(recorded, SIGMA_U))
    profile = fitted.profile
    ratio = profile.sigma_d / math.sqrt(profile.sigma_u**2 + LOGISTIC_VARIANCE)
    return (
        f"sigma_u is not identified, and with it the scale of alpha and sigma_d: -log L is {shown} at sigma_u "
        f"{', '.join(f'{x:g}' for x in SIGMA_U)}, flat (a 95% interval ends {DROP} above the least). Known is sigma_d "
        f"/ sqrt(sigma_u^2 + pi^2/3) = {ratio:.2f}. Repeated trials of an agent at a task would identify it; until "
        "then show a finding at several sigma_u."
    )


def _split(fitted: Fitted) -> str:
    profile = fitted.profile
    own, error = float(fitted.value["own_minus_others"]), float(fitted.se["own_minus_others"])
    latent = profile.tau * math.sqrt(profile.tau**2 + LOGISTIC_VARIANCE)
    expected = float(np.mean(fitted.value["rho"])) * profile.sigma_u**2 / latent
    return (
        "what a signal knows of a task's difficulty and what of one's own fit to it: rho is split as ability is. A "
        "signal's correlation with its own outcome minus that with another agent's is "
        f"{number(own, error)}; the split expects {_short(expected)}."
    )


def _blocks(recorded: Recorded) -> str:
    rates = []
    for label in dict.fromkeys(recorded.block):
        here = recorded.present & (np.array(recorded.block) == label)[:, None]
        rates.append(f"{label or 'none'} {_short(_rate(recorded, here))}")
    return (
        f"whether blocks differ in difficulty (success rates: {', '.join(rates)}): blocks may have been chosen by "
        "outcome, and a fit to one of them would take that choice for skill; none is used."
    )


def _rate(recorded: Recorded, here: BoolArray) -> float:
    tried = here[..., None] & (np.arange(recorded.success.shape[-1]) < recorded.trials[..., None])
    return float(recorded.success[tried].mean()) if tried.any() else math.nan
