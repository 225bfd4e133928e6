"""The table of an incentive audit: its columns, and the two views that are printed and exported.

Gains are dollars per posting, means over types; an interval is 95% and two-way: over types and over draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from sim.results import number

KINDS = {"ask": "ask only", "claim": "claim only", "joint": "joint"}

_SIGNS = {"refuted": "x", "consistent": "ok", "undecided": "?"}
_NOTHING = 1e-12  # dollars, what rounding leaves of nothing


def _of_kind(kind: str, what: str) -> dict[str, str]:
    return {
        f"{kind}_gain": f"dollars gained by the best lie about {what}, mean over types; halfway between hold-out and "
        "maximum",
        f"{kind}_low": "lower end of its 95% interval: hold-out (chosen on half of the draws, evaluated on the other)",
        f"{kind}_high": "upper end of its 95% interval: maximum of the means over all draws",
        f"{kind}_gain_of_value": f"{kind}_gain / unit",
        f"{kind}_se": "two-way standard error of the upper end, over types and over draws",
        f"{kind}_most": "greatest gain met in a single draw, of any type, by any lie evaluated",
        f"{kind}_verdict": "on truth-telling: refuted (lower end > 0), consistent (upper end < tolerance) or "
        "undecided; adjusted by Holm's method over the whole table",
    }


COLUMNS: dict[str, str] = {
    "arm": "name of the scenario's arm; empty in the test world",
    "rule": "the mechanism with its parameters",
    "agent": "the agent that lies; all others tell the truth",
    "truth": "what the truthful ask is: price, the break-even one on success, or cost, of an attempt; the truthful "
    "claim is the belief; none: bids are not asked for",
    "declared": "A: declares the truthful ask dominant; Q: the truthful claim; Q*: claims change nothing",
    "promise": "refuted where a declared dominance falls: some lie gains more than 1e-9 dollars in some draw",
    "unit": "dollars, the mean value V (the highest reserve where none is stated): gains are also given as its share",
    "u_truth": "dollars, the agent's utility at its belief when nobody lies, mean over draws with its type in them",
    "u_truth_ability": "the same at its true ability (the recorded success of the first try where that is unknown), "
    "costs as believed",
    **_of_kind("ask", "the ask at the true claim"),
    **_of_kind("claim", "the claim at the true ask"),
    **_of_kind("joint", "both"),
    "ex_post": "dollars gained by the best lie chosen after seeing the draw, mean over types and screening draws",
    "ex_post_se": "its two-way standard error",
    "ex_post_grid": "the same over the grid alone, without the asks beside the critical one",
    "ex_post_max": "the greatest of these",
    "worst_gain": "dollars gained by the type that gains most, by the best joint lie of all draws",
    "worst_belief": "its belief p",
    "worst_cost": "its cost c",
    "types_gaining": "share of types that gain more than a thousandth of the unit by the best joint lie",
    "ask_change": "dollars, ask of that lie minus the truthful ask, mean over the types gaining",
    "claim_change": "claim of that lie minus the belief, mean over the types gaining",
    "own_change_ability": "dollars the lie changes the liar's utility at its true ability, mean over all types",
    "principal_change": "dollars it changes the principal's money, mean over all types; empty where no value is stated",
    "welfare_change": "dollars it changes welfare, mean over all types; empty where no value is stated",
    "binding": "share of awards at the truth whose bond is less than the rule would take on failure without a limit",
    "ignores": "claims, or bids, where these were seen to change no award, so that they were not tried further",
    "types": "number of types",
    "draws": "number of draws of everything else",
    "screening_draws": "further draws, on which candidates are picked and ex post gains are taken",
    "joint_gain_without_error": "joint_gain with a verifier that makes no error; only where one with errors is audited",
}


class View(NamedTuple):
    """A table of text. n_left: columns that are words."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    n_left: int


def audit_table(cells: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """audit.csv: one row per (arm, rule, agent), columns COLUMNS; the last only where a verifier errs."""
    frame = pd.DataFrame(cells)
    for kind in KINDS:
        frame[f"{kind}_gain_of_value"] = frame[f"{kind}_gain"] / frame["unit"]
    return frame[[name for name in COLUMNS if name in frame.columns]]


def views(frame: pd.DataFrame) -> list[View]:
    """What lies gain; then who gains, how, and at whose expense."""
    rows = frame.to_dict("records")
    return [_gains(rows), _effects(rows)]


def _who(row: dict[Any, Any]) -> str:
    """The rule, or in a scenario the arm and the agent."""
    return f"{row['arm']}: {row['agent']}" if row["arm"] else str(row["rule"])


def _gains(rows: list[dict[Any, Any]]) -> View:
    error = "joint_gain_without_error" in rows[0]
    columns = ["arm: agent" if rows[0]["arm"] else "rule", "truth", "declared", "verdict", "promise"]
    columns += ["u at truth", "at ability", *KINDS.values(), "joint, % of V", *(["without error"] if error else [])]
    listed = []
    for row in rows:
        cells = [_who(row), row["truth"], row["declared"] or "-", _verdict(row), row["promise"]]
        cells += [short(row["u_truth"]), short(row["u_truth_ability"]), *(_interval(row, kind) for kind in KINDS)]
        cells += [_percent(row["joint_gain_of_value"])]
        listed.append(cells + ([short(row["joint_gain_without_error"])] if error else []))
    title = (
        "interim gain of the best lie, dollars [95% interval]; verdict on truth in ask, claim, both: x refuted, "
        "ok consistent, ? undecided"
    )
    return View(title, columns, listed, 5)


def _effects(rows: list[dict[Any, Any]]) -> View:
    columns = ["arm: agent" if rows[0]["arm"] else "rule", "ex post", "max", "worst type", "(p, c)", "types gaining"]
    columns += ["ask moves", "claim moves", "own, at ability", "principal", "welfare", "bond binds"]
    listed = []
    for row in rows:
        worst = f"({short(row['worst_belief'], 2)}, {short(row['worst_cost'], 2)})" if row["worst_gain"] > 0 else "-"
        cells = [_who(row), short(row["ex_post"]), short(row["ex_post_max"], 3), short(row["worst_gain"], 3), worst]
        cells += [_percent(row["types_gaining"])]
        cells += [short(row[name], 3, signed=True) for name in ("ask_change", "claim_change")]
        names = ("own_change_ability", "principal_change", "welfare_change")
        cells += [short(row[name], signed=True) for name in names]
        listed.append([*cells, _percent(row["binding"])])
    title = "gain when the draw is seen (ex post), who gains, and what the best joint lie changes, dollars"
    return View(title, columns, listed, 1)


def short(value: float, places: int = 4, signed: bool = False) -> str:
    """A number of a table; exactly nothing is 0, undefined a dash.

    >>> short(0.0), short(0.0582), short(0.27, 2, signed=True), short(float("nan"))
    ('0', '.0582', '+.27', '-')
    """
    if math.isnan(value) or abs(value) < _NOTHING:
        return "-" if math.isnan(value) else "0"
    text = number(value) if places == 4 else f"{value:.{places}f}".replace("0.", ".", 1)
    return f"+{text}" if signed and value > 0 else text


def _interval(row: dict[Any, Any], kind: str) -> str:
    gain, low, high = (row[f"{kind}_{name}"] for name in ("gain", "low", "high"))
    return "0" if low == high == 0 else f"{short(gain)} [{short(low)}, {short(high)}]"


def _verdict(row: dict[Any, Any]) -> str:
    """One sign for each kind of lie."""
    return " / ".join(_SIGNS[row[f"{kind}_verdict"]] for kind in KINDS)


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else "0%" if value == 0 else f"{100 * value:.1f}%"
