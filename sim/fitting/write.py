"""Writes a fit: a profile that `sim.population.profile.read_profile` reads, and its bootstrap draws beside it.

Numbers have DIGITS decimals, so that a refit on another machine gives the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

from sim.fitting.fit import Fitted
from sim.kit.errors import RunError
from sim.population.agent_profile import AgentProfile, LogNormal
from sim.population.profile_draws import draws_beside, write_draws

DIGITS = 4
_FIRST_WORDS = "# Fitted to "  # by which a fit knows its own files
_NUMBERS = ("alpha", "m", "slope", "rho", "gamma")
_NOT_IDENTIFIED = (
    "sigma_u is held, not fitted: one outcome per (task, agent) does not identify it, and with it the scale of alpha",
    "and sigma_d. sigma_d / sqrt(sigma_u^2 + pi^2/3) is fitted, and so are m, slope, gamma and the costs. +- is a",
    "standard error for another draw of tasks.",
)
_HELD = (
    "sigma_u is held as asked, though repeated trials identify it. +- is a standard error for another draw of tasks.",
)


def check_replaceable(path: Path, force: bool, how: str) -> None:
    """Raise RunError where a fit to `path` would replace a file that no fit wrote, unless `force`; how: to ask for it.

    What stands beside a profile that a fit wrote is the fit's too.
    """
    if path.suffix != ".toml":
        raise RunError(f"--out {path}: a profile's name ends in .toml")
    try:
        if path.is_dir():
            raise RunError(f"--out {path}: is a folder")
        there = [one for one in (path, draws_beside(path), *_figure(path)) if one.exists() or one.is_symlink()]
        if force or not there or (there[0] == path and path.read_bytes().startswith(_FIRST_WORDS.encode())):
            return
    except (OSError, ValueError) as error:
        raise RunError(f"--out {path}: cannot be used: {getattr(error, 'strerror', error)}") from None
    raise RunError(f"--out {path}: {there[0]} is there and no fit wrote it; choose another name, or give {how}")


def _figure(path: Path) -> list[Path]:
    return [path.with_name(f"{path.stem}.fit.{suffix}") for suffix in ("pdf", "png", "csv")]


def write_fitted(fitted: Fitted, path: Path, *, table: str, command: str) -> list[Path]:
    """Write the profile to `path` and, if there are any, its draws beside it; the paths written.

    table, command: named in the profile's first lines. Raises RunError where a file cannot be written.
    """
    paths = [path]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(profile_text(fitted, table=table, command=command), encoding="utf-8")
        if fitted.profiles:
            paths.append(draws_beside(path))
            write_draws(paths[1], fitted.profiles)
    except OSError as error:
        raise RunError(f"{error.filename or path}: cannot be written: {error.strerror}") from None
    return paths


def profile_text(fitted: Fitted, *, table: str, command: str) -> str:
    """The profile as TOML, with standard errors in comments."""
    profile = fitted.profile
    comments = (
        f"{_FIRST_WORDS[2:]}{table} "
        f"({fitted.n_tasks} tasks, {len(fitted.agents)} agents, {fitted.n_outcomes} outcomes) by",
        f"    {command}",
        *_about_sigma_u(fitted),
    )
    lines = [*("# " + " ".join(line.splitlines()) for line in comments), ""]
    lines += [f"source = {_text(profile.source)}", f"sigma_d = {_number(profile.sigma_d)}{_error(fitted, 'sigma_d')}"]
    lines += [f"sigma_u = {_number(profile.sigma_u)}{_error(fitted, 'sigma_u') if fitted.sigma_u_interval else ''}"]
    for place, (name, agent) in enumerate(profile.agents.items()):
        lines += ["", f"[agents.{_text(name)}]", *_agent(fitted, place, agent)]
    return "\n".join(lines) + "\n"


def _about_sigma_u(fitted: Fitted) -> tuple[str, ...]:
    if fitted.sigma_u_interval is not None:
        low, high = fitted.sigma_u_interval
        ends = f"{low:.2f} or more" if math.isinf(high) else f"{low:.2f} to {high:.2f}"
        return (
            f"sigma_u is fitted to repeated trials, 95% interval {ends}. +- is a standard error for",
            "another draw of tasks.",
        )
    return _HELD if fitted.repeated else _NOT_IDENTIFIED


def _agent(fitted: Fitted, place: int, agent: AgentProfile) -> Iterator[str]:
    for key in _NUMBERS:
        yield f"{key} = {_number(getattr(agent, key))}{_error(fitted, key, place)}"
    if agent.grid is not None:
        yield f"grid = [{', '.join(repr(claim) for claim in agent.grid)}]"
    yield f"cost_belief = {_log_normal(agent.cost_belief, True)}"
    yield f"cost = {_log_normal(agent.cost, False)}"


def _log_normal(law: LogNormal, correlated: bool) -> str:
    keys = ("mean", "sd", *(("correlation",) if correlated else ()), *(("zero",) if law.zero > 0 else ()))
    return "{ " + ", ".join(f"{key} = {_number(getattr(law, key))}" for key in keys) + " }"


def _error(fitted: Fitted, name: str, place: int | tuple[()] = ()) -> str:
    return f" # +- {fitted.se[name][place]:.2f}" if fitted.profiles else ""


def _number(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
