"""The table of an incentive audit: its columns, and the views of it that are printed and exported.

Gains are dollars per posting, means over types; an interval is 95% and two-way: over types and over draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from analysis.coalition_columns import COLUMNS as COALITIONS
from sim.kit.digits import number
from sim.kit.digits import short as shortened

KINDS = {"ask": "ask only", "claim": "claim only", "joint": "joint"}
LETTERS = {
    "A": "truthful ask dominant (A+: at a true claim only)",
    "Q": "truthful claim dominant (Q*: claims change nothing)",
    "N": "the truth a best reply to truthful rivals; tried where declared",
    "IR": "a truthful agent among truthful ones never expects a loss",
    "E": "greatest expected welfare at the truth, where the reserve equals the value",
    "D": "no deficit in any state, where the reserve is at most the value and there is no penalty",
}

_SIGNS = {"refuted": "x", "consistent": "ok", "undecided": "?"}
_FOUND = {"fails": "x", "holds": "ok", "in expectation": "exp.", "not tried": "?"}
_KEPT = {"kept": "yes", "refuted": "no", "none made": "-"}
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


def _of_letter(letter: str, meaning: str) -> dict[str, str]:
    found = "holds (no posting refutes it), fails, or not tried"
    weaker = "; in expectation: fails in some state, though not in expectation at the truth" if letter == "D" else ""
    return {
        letter: f"{meaning}: {found}{weaker}",
        f"{letter}_gap": f"dollars by which {letter} fails in the posting that shows it; 0 where it holds",
    }


COLUMNS: dict[str, str] = {
    "arm": "name of the scenario's arm; empty in the test world",
    "rule": "the mechanism with its parameters",
    "agent": "the agent that lies; all others tell the truth",
    "truth": "what the truthful ask is: price, the break-even one on success, or cost, of an attempt; the truthful "
    "claim is the belief; none: bids are not asked for",
    "declared": "letters of what the rule promises",
    **{name: meant for letter, meaning in LETTERS.items() for name, meant in _of_letter(letter, meaning).items()},
    "promise": "refuted where a declared letter fails by more than 1e-9 dollars in one posting",
    "counterexample": "for each declared letter that fails, a posting in which it does",
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
    "binding": "share of awards at the truth with a bond below what the rule would take on failure without a limit",
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
    """audit.csv: one row per (arm, rule, agent), columns COLUMNS; the last only where a verifier errs; then those of
    coalitions, where they were tried.
    """
    optional = "joint_gain_without_error"
    frame = pd.DataFrame(cells)
    own = [name for name in COLUMNS if name != optional or name in frame.columns]
    frame = frame.reindex(columns=[*own, *(name for name in COALITIONS if name in frame.columns)])
    for kind in KINDS:
        frame[f"{kind}_gain_of_value"] = frame[f"{kind}_gain"] / frame["unit"]
    sizes = ["types", "draws", "screening_draws"]
    frame[sizes] = frame[sizes].astype("Int64")
    return frame


def views(frame: pd.DataFrame) -> list[View]:
    """Promises; gains from misreporting; who gains; ex post; effects of the best misreports. Each fits 80 columns."""
    rows = frame.to_dict("records")
    measured = [row for row in rows if not pd.isna(row["types"])]
    if not measured:
        return [_promises(rows)]
    return [_promises(rows), _gains(measured), _who_gains(measured), _ex_post(measured), _changes(measured)]


def who_of(row: dict[Any, Any]) -> str:
    """The rule, or in a scenario the arm and the agent."""
    return f"{row['arm']}: {row['agent']}" if row["arm"] else str(row["rule"])


def first_column(rows: list[dict[Any, Any]]) -> str:
    """Head of the column that `who_of` fills."""
    return "arm: agent" if rows[0]["arm"] else "rule"


def _promises(rows: list[dict[Any, Any]]) -> View:
    letters = [letter for letter in LETTERS if letter != "N" or any(row["N"] for row in rows)]
    listed = [[who_of(row), *(_letter(row, letter) for letter in letters), _KEPT[row["promise"]]] for row in rows]
    title = (
        "promises, declared (- is not) and found: ok nothing refutes it, x refuted, exp. in expectation only; A "
        "truthful ask dominant (A+ at a true claim), Q truthful claim dominant (Q* ignored), N truth a best reply to "
        "the truth, IR no expected loss, E efficient, D no deficit"
    )
    return View(title, [first_column(rows), *letters, "kept"], listed, 2 + len(letters))


def _letter(row: dict[Any, Any], letter: str) -> str:
    """How it is declared, and what was found."""
    declared = [word for word in str(row["declared"]).split() if word.rstrip("+*") == letter]
    if not row[letter]:
        return ""
    return f"{declared[0] if declared else '-'} {_FOUND[row[letter]]}"


def _gains(rows: list[dict[Any, Any]]) -> View:
    listed = [[who_of(row), *(_gain(row, kind) for kind in KINDS)] for row in rows]
    title = (
        "interim gain of the best lie, dollars [95% interval], and verdict on the truth: x refuted, ok consistent, "
        "? undecided"
    )
    return View(title, [first_column(rows), *KINDS.values()], listed, 1)


def _who_gains(rows: list[dict[Any, Any]]) -> View:
    error = "joint_gain_without_error" in rows[0]
    columns = [first_column(rows), "truth", "u at\ntruth", "at\nability", "joint,\n% of V", "types\ngaining"]
    listed = []
    for row in rows:
        cells = [who_of(row), row["truth"], short(row["u_truth"]), short(row["u_truth_ability"])]
        cells += [percent(row["joint_gain_of_value"]), percent(row["types_gaining"])]
        listed.append(cells + ([short(row["joint_gain_without_error"])] if error else []))
    title = "what the truth asks for and is worth, dollars, and who gains by a joint lie"
    return View(title, [*columns, *(["without\nerror"] if error else [])], listed, 2)


def _ex_post(rows: list[dict[Any, Any]]) -> View:
    columns = [first_column(rows), "ex post", "max", "worst\ntype", "(p, c)", "bond\nbinds"]
    listed = []
    for row in rows:
        worst = f"({short(row['worst_belief'], 2)}, {short(row['worst_cost'], 2)})" if row["worst_gain"] > 0 else "-"
        cells = [who_of(row), short(row["ex_post"]), short(row["ex_post_max"], 3), short(row["worst_gain"], 3), worst]
        listed.append([*cells, percent(row["binding"])])
    title = "gain when the draw is seen (ex post), and of the type that gains most, dollars"
    return View(title, columns, listed, 1)


def _changes(rows: list[dict[Any, Any]]) -> View:
    columns = [first_column(rows), "ask\nmoves", "claim\nmoves", "own, at\nability", "principal", "welfare"]
    listed = []
    for row in rows:
        moved = [short(row[name], 3, signed=True) for name in ("ask_change", "claim_change")]
        names = ("own_change_ability", "principal_change", "welfare_change")
        listed.append([who_of(row), *moved, *(short(row[name], signed=True) for name in names)])
    return View("what the best joint lie changes, dollars per posting", columns, listed, 1)


def short(value: float, places: int = 4, signed: bool = False) -> str:
    """A number of a table; exactly nothing is 0, undefined a dash.

    >>> short(0.0), short(0.0582), short(0.27, 2, signed=True), short(float("nan"))
    ('0', '.0582', '+.27', '-')
    """
    if math.isnan(value) or abs(value) < _NOTHING:
        return "-" if math.isnan(value) else "0"
    text = number(value) if places == 4 else shortened(value, places)
    return f"+{text}" if signed and value > 0 else text


def _gain(row: dict[Any, Any], kind: str) -> str:
    """Gain and verdict, and the interval on a line of its own."""
    gain, low, high = (row[f"{kind}_{name}"] for name in ("gain", "low", "high"))
    sign = _SIGNS[row[f"{kind}_verdict"]]
    return f"0 {sign}" if low == high == 0 else f"{short(gain)} {sign}\n[{short(low)}, {short(high)}]"


def percent(value: float) -> str:
    """A share as a percentage, "-" where it is not known."""
    return "-" if math.isnan(value) else "0%" if value == 0 else f"{100 * value:.1f}%"
