"""The parameter error of a fitted profile: its bootstrap draws, in a CSV beside it (NAME.draws.csv).

Columns: draw (0, 1, ...), sigma_d, agent, alpha, m, slope, rho, gamma, and sigma_u where it was fitted. One row per
draw and agent. What a draw does not hold (grids, costs, durations, latencies, non-response) is the profile's own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.kit.errors import ScenarioError
from sim.kit.escape import csv_name, csv_name_back
from sim.kit.invalid import invalid
from sim.population.profile import Profile

_PARAMETERS = ("alpha", "m", "slope", "rho", "gamma")
COLUMNS = ("draw", "sigma_d", "agent", *_PARAMETERS)
_FITTED = "sigma_u"  # a column where draws differ in it


def draws_beside(path: Path) -> Path:
    """Where the draws of the profile at `path` are."""
    return path.with_suffix(".draws.csv")


def write_draws(path: Path, draws: Sequence[Profile]) -> None:
    """Write the parameters of `draws` to `path`, six decimals each."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    fitted = len({draw.sigma_u for draw in draws}) > 1
    rows.writerow((*COLUMNS, _FITTED) if fitted else COLUMNS)
    for number, draw in enumerate(draws):
        for name, agent in draw.agents.items():
            parameters = [getattr(agent, key) for key in _PARAMETERS]
            parameters += [draw.sigma_u] if fitted else []
            rows.writerow([number, f"{draw.sigma_d:.6f}", csv_name(name), *(f"{value:.6f}" for value in parameters)])
    path.write_text(text.getvalue(), encoding="utf-8")


def read_draws(path: Path, profile: Profile) -> list[Profile]:
    """One profile per draw; raises ScenarioError naming the file and what is wrong with it."""
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError):
        raise ScenarioError(f"{path}: cannot be read; `bidlab fit` writes it beside a profile") from None
    if not rows or set(rows[0]) - {_FITTED} != set(COLUMNS):
        raise ScenarioError(f"{path}: must have the columns {', '.join(COLUMNS)} and a row per draw and agent")
    by_draw: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        row["agent"] = csv_name_back(row["agent"] or "")
        by_draw.setdefault(row["draw"], []).append(row)
    return [_draw(path, profile, number, rows) for number, rows in by_draw.items()]


def _draw(path: Path, profile: Profile, number: str, rows: list[dict[str, str]]) -> Profile:
    where = f"{path}: draw {number}"
    if {row["agent"] for row in rows} != set(profile.agents) or len(rows) != len(profile.agents):
        raise ScenarioError(f"{where}: must hold each agent of the profile once")
    if any(None in row or None in row.values() for row in rows):
        raise ScenarioError(f"{where}: every row must have {len(rows[0])} cells")
    raw: dict[str, Any] = profile.model_dump()
    try:
        shared = [key for key in ("sigma_d", _FITTED) if key in rows[0]]
        raw |= {key: float(rows[0][key]) for key in shared}
        for row in rows:
            raw["agents"][row["agent"]] |= {key: float(row[key]) for key in _PARAMETERS} | {"signal": None}
        draw = Profile.model_validate(raw)
    except ValidationError as error:
        raise invalid(where, "", error, Profile) from None
    except ValueError as error:
        raise ScenarioError(f"{where}: {error}") from None
    for key in shared:
        if len({row[key] for row in rows}) > 1:
            raise ScenarioError(f"{where}: {key} must be the same for all its agents")
    return draw
