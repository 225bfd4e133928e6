"""What coalitions gain, as tables of text, where an audit tried them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.audit_table import View, first_column, percent, short, who_of


def coalition_views(frame: pd.DataFrame) -> list[View]:
    """Rings; several names; shills. None where coalitions were not tried. Each fits 80 columns."""
    found = [_rings(frame), _names(frame), _shills(frame)]
    return [view for view in found if view is not None]


def _rings(frame: pd.DataFrame) -> View | None:
    rows = _measured(frame, "ring_gain")
    listed = [
        [who_of(row), short(row["ring_utility"]), _dollars(row, "ring"), _share(row, "ring"), _share(row, "fixed")]
        for row in rows
    ]
    title = (
        "rings: dollars that members gain together [95% interval], and as a share of their utility at the truth "
        "(standard error), where the best of them bids alone, or always the first (fixed)"
    )
    return _view(title, rows, ["u at\ntruth", "gain", "of u", "fixed,\nof u"], listed)


def _names(frame: pd.DataFrame) -> View | None:
    rows = _measured(frame, "names_interim_gain")
    kinds = ("copies", "copies_interim", "copies_ex_post", "names_interim", "names_ex_post")
    listed = [[who_of(row), *(_share(row, kind) for kind in kinds)] for row in rows]
    title = (
        "Sybils: gain of several names as a share of utility under one (standard error): truthful copies, over the "
        "truth, always, chosen by type or in each draw; best bids, over the best lie, by type, in each draw"
    )
    heads = ["copies\nalways", "copies\nby type", "copies\nex post", "bids\nby type", "bids\nex post"]
    return _view(title, rows, heads, listed)


def _shills(frame: pd.DataFrame) -> View | None:
    rows = _measured(frame, "shill_gain")
    listed = [
        [who_of(row), short(row["principal_money"]), _dollars(row, "shill"), _dollars(row, "shill_seen")]
        for row in rows
    ]
    title = (
        "shills: dollars that the principal gains by a bid of nobody's [95% interval], one for all postings (blind) or "
        "chosen when the bids are seen"
    )
    return _view(title, rows, ["money\nwithout", "blind", "seen"], listed)


def _measured(frame: pd.DataFrame, column: str) -> list[dict[Any, Any]]:
    return frame[frame[column].notna()].to_dict("records") if column in frame else []


def _view(title: str, rows: list[dict[Any, Any]], heads: list[str], listed: list[list[str]]) -> View | None:
    return View(title, [first_column(rows), *heads], listed, 1) if rows else None


def _dollars(row: dict[Any, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "0" if low == high == 0 else f"{short(row[f'{name}_gain'])}\n[{short(low)}, {short(high)}]"


def _share(row: dict[Any, Any], name: str) -> str:
    share, error = row[f"{name}_share"], row[f"{name}_share_se"]
    return percent(share) if pd.isna(error) or error == 0 else f"{percent(share)}\n({percent(error)})"
