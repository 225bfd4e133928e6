"""The value of self-knowledge as the command prints it, at 80 columns and more. Builds, never prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.basis import listed, numbers, title
from analysis.informed import CALIBRATION, COST_CALIBRATION, COSTS, DISCRIMINATION, FORESIGHT, OUTCOMES
from analysis.knowledge_table import AS_BID, TOTAL, money_of
from analysis.views import estimates, table, text, values
from sim.kit.digits import p_value
from sim.kit.terminal import Column, number_column

_FILE = "knowledge.csv"
_SHORT = {
    CALIBRATION: "claims\ncali-\nbrated",
    COST_CALIBRATION: "costs\ncali-\nbrated",
    DISCRIMINATION: "ability\nknown",
    COSTS: "costs\nknown *",
    OUTCOMES: "outcome\nknown *",
}  # heads of narrow columns
_EACH = 3  # arms that have a table of their own; more are rows of one


def knowledge_views(frame: pd.DataFrame, refused: Mapping[str, str], notes: list[str]) -> list[Any]:
    """What is printed of the table; refused: arm -> why it has no meaning there."""
    arms = list(dict.fromkeys(frame["arm"]))
    views: list[Any] = []
    if len(arms) > _EACH:
        views += _together(frame, arms)
    else:
        for arm in arms:
            views += [*_one(frame[frame["arm"] == arm].reset_index(drop=True), arm), ""]
    reasons = {why: [arm for arm, said in refused.items() if said == why] for why in dict.fromkeys(refused.values())}
    gap = [] if views[-1] == "" else [""]
    return [*views, *gap, *notes, *(f"not {listed(names)}: {why}" for why, names in reasons.items())]


def _one(frame: pd.DataFrame, arm: str) -> list[Any]:
    name = money_of(frame)
    shown = frame.assign(kind=[_named(kind) for kind in frame["kind"]])
    found = numbers(frame[frame["kind"] != AS_BID], "kind", [name, f"{name}_share"])
    columns = [
        text(shown, "kind", "agents also know"),
        number_column(name, frame[f"{name}_level"]),
        estimates(frame, name, head="step"),
        estimates(frame, f"{name}_share", head="mean over orders"),
        Column("p, Holm", [p_value(p) for p in frame[f"{name}_p_holm"]], rank=1),
        values(frame, "changed", 2, head="changed"),
    ]
    return table(columns, f"{arm}: {name}, $ per auction; {title(found)}", found, _FILE)


def _named(kind: str) -> str:
    return f"{kind} *" if kind in FORESIGHT else kind


def _together(frame: pd.DataFrame, arms: list[str]) -> list[Any]:
    """A row per arm, a column per kind: the steps."""
    name = money_of(frame)
    kinds = [kind for kind in dict.fromkeys(frame["kind"]) if kind not in (AS_BID, TOTAL)]
    at = {(row["arm"], row["kind"]): row for row in frame.to_dict("records")}
    start = frame[frame["kind"] == AS_BID]
    columns = [text(start, "arm"), number_column(AS_BID.replace(" ", "\n"), start[f"{name}_level"])]
    for kind in kinds:
        cells = [_step(at.get((arm, kind)), name) for arm in arms]
        columns.append(Column(_SHORT.get(kind, _named(kind)), cells))
    ends = [at[arm, TOTAL] for arm in arms]
    columns.append(number_column("all\nknown", [float(row[f"{name}_level"]) for row in ends]))
    head = f"{name}, $ per auction, and what each step adds; (…): p > .05 by Holm, or not known; intervals in {_FILE}"
    return table(columns, head, [], _FILE)


def _step(row: Mapping[Any, Any] | None, name: str) -> str:
    """What a step adds, in brackets where it may be nothing."""
    if row is None or pd.isna(row[name]):
        return "-"
    if row["changed"] == 0:
        return "same"
    text_ = f"{row[name]:+.3f}".replace("0.", ".", 1)
    return text_ if row[f"{name}_p_holm"] <= 0.05 else f"({text_})"
