"""The tables of a run of an economy as the terminal shows them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.figures.left_out import figures_among
from analysis.inference import LEAST
from analysis.views import estimates, text
from sim.experiment.versions import mixture
from sim.kit.terminal import Column, Sheet, number_column

_ALWAYS = 2  # measures that are shown however narrow the terminal is
_T = "95% intervals: Student t over replications, of levels corrected for skewness; rates: Wilson, differences: Tango"


def economy_found(info: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> list[Any]:
    """What a run found: levels, paired differences, and the published beside ours."""
    scenario = info["scenario"]
    head = (
        f"{scenario['name']}: {scenario['question']}\n"
        f"economy {scenario['economy']}, seed {info['seed']}, {scenario['replications']} replication(s), "
        f"hash {info['hash'][:12]}\n"
    )
    head += mixture(info, "jobs") + (f"{scenario['note']}\n" if scenario["note"] else "")
    alone = _by_question(info)
    parts: list[Any] = [head, _levels("Arms", tables["summary"], alone, "summary.csv")]
    few = scenario["replications"] < LEAST["replication"]
    parts.append(f"no intervals: fewer than {LEAST['replication']} replications" if few else _T)
    if len(tables["differences"]):
        base = list(dict.fromkeys(tables["differences"]["baseline"]))
        of = f"{base[0]!r}" if len(base) == 1 else "the arm's own baseline"
        title = f"Differences to {of}, paired by replication"
        parts += ["", _levels(title, tables["differences"], alone, "differences.csv", len(base) > 1)]
    if len(tables["published"]):
        parts += ["", _beside(tables["published"])]
    units = "; ".join(f"{one['name']}: {one['meaning']} ({one['unit']})" for one in alone)
    return [*parts, "", units]


def economy_place(folder: Path) -> list[str]:
    """Where the results are."""
    return ["", f"{folder}: replications.parquet, summary.csv, differences.csv{figures_among(folder)}"]


def _by_question(info: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The measures of replications: those ahead that figures show or that something is published of."""
    shown = [figure.get("y") or [] for figure in info["figures"]]
    drawn = [name for y in shown for name in ([y] if isinstance(y, str) else y)]
    published = [name for arm in info["scenario"]["arms"] for name in arm["published"]]
    asked = list(dict.fromkeys([*drawn, *published]))
    alone = [one for one in info["measures"] if not one["steps"]]
    return sorted(alone, key=lambda one: asked.index(one["name"]) if one["name"] in asked else len(asked))


def _levels(title: str, frame: pd.DataFrame, measures: list[Any], where: str, bases: bool = False) -> Sheet:
    columns = [text(frame, "arm"), *([text(frame, "baseline")] if bases else [])]
    shown = [one["name"] for one in measures if frame[one["name"]].notna().any()]
    ranked = (estimates(frame, name, max(0, place + 1 - _ALWAYS)) for place, name in enumerate(shown))
    return Sheet(title, [*columns, *ranked], where)


def _beside(frame: pd.DataFrame) -> Sheet:
    columns: list[Column] = [text(frame, "arm"), text(frame, "measure"), estimates(frame, "ours")]
    columns += [number_column(name, frame[name]) for name in ("published", "deviation")]
    return Sheet("Beside the published", columns, "published.csv")
