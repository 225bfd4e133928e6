"""knowledge.csv: what each kind of self-knowledge is worth in an arm, one row per (arm, kind) in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from analysis.cells import CLUSTERS as WHAT
from analysis.cells import cells, described
from analysis.inference import Estimate, without_error
from analysis.informed import COST_CALIBRATION, COSTS, DISCRIMINATION, FORESIGHT, OUTCOMES
from analysis.intervals import holm
from analysis.knowledge_value import MONEY, Knowledge

AS_BID, TOTAL = "as bid", "total"
_OF = {
    "welfare": "surplus + utility",
    "surplus": "the principal's value less payments; empty where no value is stated",
    "utility": "the agents' payments less costs",
}
COLUMNS: dict[str, str] = {
    "arm": "name of the arm",
    "mechanism": "its mechanism",
    "step": "0: as agents bid; 1, 2, ...: what they know besides, in this order; the last: all of it",
    "kind": "what agents know of themselves (analysis/informed.py)",
    "foresight": "1: nobody knows it beforehand, so that what it is worth is a bound",
    "changed": "auctions in which the step hires others / auctions; 0: no decision differs",
    "clusters": WHAT,
    "coupled": "what couples the tasks of a replication; empty where nothing does",
    **described(
        {
            meaning: text
            for name, of in _OF.items()
            for meaning, text in (
                (f"{name}_level", f"dollars, {of} / auctions, once agents know this too"),
                (name, f"dollars, what the step adds to {name} / auctions, paired"),
                (
                    f"{name}_share",
                    f"dollars, what the kind adds to {name} / auctions, mean over the orders of the kinds",
                ),
            )
        }
    ),
    **{f"{name}_p": f"two-sided p value of no step in {name}" for name in _OF},
    **{f"{name}_p_holm": "the same, adjusted by Holm's method over the steps of the arm" for name in _OF},
}


def knowledge_table(found: Sequence[Knowledge]) -> pd.DataFrame:
    """knowledge.csv: columns COLUMNS."""
    return pd.DataFrame([row for one in found for row in _rows(one)], columns=list(COLUMNS))


def _rows(found: Knowledge) -> Iterator[dict[str, Any]]:
    arm, last = found.arm, len(found.order)
    head = {"arm": arm.name, "mechanism": arm.mechanism, "coupled": "; ".join(arm.coupled)}
    adjusted = {name: _adjusted(found, name) for name in MONEY}
    for step, kind in enumerate((AS_BID, *found.order, TOTAL)):
        row: dict[str, Any] = {**head, "step": step, "kind": kind, "foresight": int(kind in FORESIGHT)}
        row |= {"clusters": found.over if kind in found.order else found.clusters}
        row["changed"] = found.changed.get(kind, float("nan"))
        for name in MONEY:
            row |= cells(f"{name}_level", found.levels[name][min(step, last)])
            added, shared = _added(found, name, kind)
            row |= cells(name, added) | cells(f"{name}_share", shared)
            row |= {f"{name}_p": float(added.p), f"{name}_p_holm": adjusted[name].get(kind, float("nan"))}
        yield row


def _added(found: Knowledge, name: str, kind: str) -> tuple[Estimate, Estimate]:
    """Step and share."""
    if kind == TOTAL:
        return found.totals[name], found.totals[name]
    unknown = without_error(float("nan"))
    return found.steps[name].get(kind, unknown), found.shares[name].get(kind, unknown)


def _adjusted(found: Knowledge, name: str) -> dict[str, float]:
    steps = found.steps[name]
    return dict(zip(steps, holm([float(one.p) for one in steps.values()]).tolist(), strict=True))


def notes(found: Sequence[Knowledge]) -> list[str]:
    """What is to be said of these numbers, a line each."""
    kinds = {kind for one in found for kind in one.order}
    said = {
        f"{COSTS} and {OUTCOMES} are foresight, which nobody has: bounds": bool(kinds & set(FORESIGHT)),
        f"no {DISCRIMINATION}: nobody knows abilities at a table's tasks; the step to {OUTCOMES} holds what they are "
        "worth": bool(kinds) and DISCRIMINATION not in kinds,
        "no costs are known, so that nothing is said of knowing them": bool(kinds) and COST_CALIBRATION not in kinds,
        "p values are adjusted by Holm's method over the steps of an arm; intervals are not": bool(kinds),
    }
    return [line for line, holds in said.items() if holds]


def money_of(frame: pd.DataFrame) -> str:
    """The quantity that is shown: welfare, or the agents' utility where no value is stated."""
    return "welfare" if frame["welfare_level"].notna().any() else "utility"
