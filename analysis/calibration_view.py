"""The calibration of claims as the command prints it, at 80 columns and more. Builds, never prints."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.basis import numbers, title
from analysis.calibration_table import ALL, PARTS
from analysis.few_agents import few, selection_note
from analysis.views import Shown, of_frame, table, text, with_intervals

_FILE = "calibration.csv"
_CALIBRATED: Shown = {
    "success_rate": (True, 0),
    "mean_claim": (False, 0),
    "bias": (True, 0),
    "ece": (False, 0),
    "ece_null": (False, 0),
}
_SCORES: Shown = {
    "brier": (True, 0),
    **{name: (False, rank) for rank, name in enumerate(PARTS, 1)},
    "log_score": (True, 0),
}
_RANKS: Shown = {"auc": (True, 0), "auc_others": (True, 0), "auc_by_others": (True, 0), "comparative_auc": (True, 0)}


def calibration_views(frame: pd.DataFrame, head: str, epsilon: float | None = None) -> list[Any]:
    """What is printed. head: what the claims are of. epsilon: where claims were moved to for the log score."""
    agents = frame[frame["agent"] != ALL]
    kept = few(list(agents["agent"]), agents["ece"])
    shown = pd.concat([agents.set_index("agent", drop=False).loc[kept], frame[frame["agent"] == ALL]])
    views: list[Any] = [head, ""]
    if len(kept) < len(agents):
        views += [selection_note(len(agents), "ECE", _FILE), ""]
    views += [*_one(shown, _CALIBRATED, "calibration"), "", *_one(shown, _SCORES, "proper scores"), ""]
    views += [*_one(shown, _RANKS, "discrimination"), ""]
    return [*views, *_notes(frame, epsilon)]


def _one(frame: pd.DataFrame, shown: Shown, what: str) -> list[Any]:
    found = numbers(frame, "agent", with_intervals(frame, shown))
    return table([text(frame, "agent"), *of_frame(frame, shown)], f"{what}; {title(found)}", found, _FILE)


def _notes(frame: pd.DataFrame, epsilon: float | None) -> list[str]:
    wrong = frame.loc[frame["agent"] != ALL, "certain_and_wrong"].sum()
    notes = [
        "brier = reliability - resolution + uncertainty (CORP); ece, reliability and resolution are biased upwards: "
        "compare ece with ece null, of calibrated agents with the same claims",
        "auc: the agent's claims on its own successes; others: its claims on theirs; by others: theirs on its own",
    ]
    if wrong:
        notes.append(f"{wrong:,} outcome(s) of which a claim of 0 or 1 said that they could not be")
    if wrong and epsilon is None:
        notes[-1] += ": the log score is infinite; --epsilon E moves claims into [E, 1 - E] for it"
    if epsilon is not None:
        notes.append(f"for the log score claims are moved into [{epsilon:g}, {1 - epsilon:g}]")
    return notes
