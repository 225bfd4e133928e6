"""The parameter error of a fitted profile: its bootstrap draws, in a CSV beside it (NAME.draws.csv).

Columns: draw (0, 1, ...), sigma_d, agent, alpha, m, slope, rho, gamma. One row per draw and agent. What a draw does not
hold (grids, costs, durations, latencies, non-response, sigma_u) is the profile's own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import ScenarioError
from sim.invalid import invalid
from sim.profile import Profile

_PARAMETERS = ("alpha", "m", "slope", "rho", "gamma")
COLUMNS = ("draw", "sigma_d", "agent", *_PARAMETERS)


def draws_beside(path: Path) -> Path:
    """Where the draws of the profile at `path` are."""
    return path.with_suffix(".draws.csv")


def write_draws(path: Path, draws: Sequence[Profile]) -> None:
    """Write the parameters of `draws` to `path`, six decimals each."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for number, draw in enumerate(draws):
        for name, agent in draw.agents.items():
            parameters = [getattr(agent, key) for key in _PARAMETERS]
            rows.writerow([number, f"{draw.sigma_d:.6f}", name, *(f"{value:.6f}" for value in parameters)])
    path.write_text(text.getvalue(), encoding="utf-8")


def read_draws(path: Path, profile: Profile) -> list[Profile]:
    """One profile per draw; raises ScenarioError naming the file and what is wrong with it."""
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError):
        raise ScenarioError(f"{path}: cannot be read; `bidlab fit` writes it beside a profile") from None
    if not rows or set(rows[0]) != set(COLUMNS):
        raise ScenarioError(f"{path}: must have the columns {', '.join(COLUMNS)} and a row per draw and agent")
    by_draw: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_draw.setdefault(row["draw"], []).append(row)
    return [_draw(path, profile, number, rows) for number, rows in by_draw.items()]


def _draw(path: Path, profile: Profile, number: str, rows: list[dict[str, str]]) -> Profile:
    where = f"{path}: draw {number}"
    if {row["agent"] for row in rows} != set(profile.agents) or len(rows) != len(profile.agents):
        raise ScenarioError(f"{where}: must hold each agent of the profile once")
    if any(None in row or None in row.values() for row in rows):
        raise ScenarioError(f"{where}: every row must have {len(COLUMNS)} cells")
    raw: dict[str, Any] = profile.model_dump()
    try:
        raw["sigma_d"] = float(rows[0]["sigma_d"])
        for row in rows:
            raw["agents"][row["agent"]] |= {key: float(row[key]) for key in _PARAMETERS} | {"signal": None}
        draw = Profile.model_validate(raw)
    except ValidationError as error:
        raise invalid(where, "", error, Profile) from None
    except ValueError as error:
        raise ScenarioError(f"{where}: {error}") from None
    if len({row["sigma_d"] for row in rows}) > 1:
        raise ScenarioError(f"{where}: sigma_d must be the same for all its agents")
    return draw
