"""The arms of a run as `show` prints them: means with intervals, paired differences, routers by record."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.basis import UNCHANGED, Number, numbers, title
from analysis.views import Shown, estimates, of_frame, table, text, values, with_coupled, with_intervals
from sim.kit.digits import p_value
from sim.kit.terminal import Column, estimate_column

_ARMS: Shown = {
    "score": (True, 0),
    "solve_rate": (True, 0),
    "cost": (True, 0),
    "welfare": (True, 0),
    "unfilled_rate": (False, 1),
    "surplus": (False, 2),
    "utility": (False, 3),
    "payment": (False, 4),
    "exit_rate": (False, 5),
    "regret_outcome": (False, 6),
    "tie_rate": (False, 7),
}
_PARTIES = ("principal", "winner", "rivals")
_UNKNOWN = (float("nan"),) * 3


def arms_view(tables: dict[str, pd.DataFrame]) -> list[Any]:
    """The arms; columns that are undefined in every arm are left out. Below, what they differ by, and routers."""
    frame = tables["summary"]
    shown = {name: how for name, how in _ARMS.items() if frame[name].notna().any()}
    found = numbers(frame, "arm", with_intervals(frame, shown))
    views = table([text(frame, "arm"), *of_frame(frame, shown)], f"per auction; {title(found)}", found, "summary.csv")
    empty = [str(arm) for arm in frame.loc[frame["unfilled_rate"] == 1.0, "arm"]]
    views += [f"nobody was ever hired in arm {arm!r}" for arm in empty]
    views += differences_view(tables)
    return views + (routers_view(tables["routers"]) if "routers" in tables else [])


def differences_view(tables: dict[str, pd.DataFrame]) -> list[Any]:
    """Paired differences to the baseline with p values, ranked, and who gains by them where that is known."""
    gaps = with_coupled(tables["differences"], tables["summary"])
    metric = "welfare" if gaps["welfare"].notna().any() else "solve_rate"
    others = gaps[(gaps["arm"] != gaps["baseline"]) & gaps[metric].notna()]
    if others.empty:
        return []
    order = others.groupby("baseline", sort=False)[metric]
    rows = pd.concat([others.loc[of.sort_values(ascending=False, kind="stable").index] for _, of in order])
    found = [part for part in numbers(rows, "arm", [metric]) if part.of not in _unchanged(rows, metric)]
    found_of: list[Number] = []
    columns = [text(rows, "arm"), _gaps(rows, metric), *_p_values(rows, metric)]
    if "incidence" in tables and metric == "welfare":
        columns += _incidence(tables["incidence"], rows)
        found_of = _of_parties(with_coupled(tables["incidence"], tables["summary"]), rows)
    words = metric.replace("_", " ")
    head = f"paired differences of {words} to {_baseline(gaps)} per auction; {title(found)}{_family(rows, metric)}"
    return ["", *table(columns, head, [*found, *found_of], "differences.csv and incidence.csv"), *_who(columns)]


def _family(rows: pd.DataFrame, metric: str) -> str:
    count = int(rows[f"{metric}_p"].notna().sum())
    return f"\np adjusted by Holm over the {count} arms; intervals are not adjusted" if count > 1 else ""


def _who(columns: list[Column]) -> list[str]:
    explained = any(column.head == "winner" for column in columns)
    return ["winner: whom the baseline hired for the task; rivals: everybody else"] if explained else []


def _unchanged(rows: pd.DataFrame, metric: str) -> set[str]:
    """Arms that hire as their baseline does, at every auction, and so do not differ."""
    return set(rows.loc[(rows["changed"] == 0) & (rows[metric] == 0), "arm"])


def _gaps(rows: pd.DataFrame, metric: str) -> Column:
    same = _unchanged(rows, metric)
    column = estimates(rows, metric)
    cells = [UNCHANGED if arm in same else cell for arm, cell in zip(rows["arm"], column.cells, strict=True)]
    return column._replace(cells=cells)


def _p_values(rows: pd.DataFrame, metric: str) -> list[Column]:
    """Raw, and adjusted where there are several; nothing where no arm has one."""
    same, names = _unchanged(rows, metric), {f"{metric}_p": "p", f"{metric}_p_holm": "p, Holm"}
    family = int(rows[f"{metric}_p"].notna().sum())
    found = []
    for name, head in list(names.items())[: min(family, 2)]:
        pairs = zip(rows["arm"], rows[name], strict=True)
        found.append(Column(head, ["" if arm in same else p_value(float(p)) for arm, p in pairs]))
    return found


def _incidence(frame: pd.DataFrame, rows: pd.DataFrame) -> list[Column]:
    """The changes of principal, winner and rivals."""
    parts = ["change", "change_low", "change_high"]
    groups = frame[frame["party"] != "agent"].set_index(["arm", "party"])[parts]
    found = []
    for rank, party in enumerate(_PARTIES, 1):
        known = [(arm, party) in groups.index for arm in rows["arm"]]
        pairs = zip(rows["arm"], known, strict=True)
        changes = [tuple(groups.loc[(arm, party)]) if has else _UNKNOWN for arm, has in pairs]
        found.append(estimate_column(party, changes, rank))
    return found


def _of_parties(frame: pd.DataFrame, rows: pd.DataFrame) -> list[Number]:
    """The changes of the parties, as far as their intervals go, but for those that are none."""
    kept = frame[frame["party"].isin(_PARTIES) & frame["arm"].isin(rows["arm"]) & (frame["change"] != 0)]
    return [
        part._replace(name=str(party))
        for party, own in kept.groupby("party", sort=False)
        for part in numbers(own, "arm", ["change"])
    ]


def _baseline(gaps: pd.DataFrame) -> str:
    found = list(gaps["baseline"].unique())
    if len(found) == 1:
        return repr(found[0])
    bases = {name.partition(" [")[0] for name in found}
    return f"{bases.pop()!r} of the same panel" if len(bases) == 1 else "each arm's own baseline"


def routers_view(frame: pd.DataFrame) -> list[Any]:
    """Arms that follow a record of the table they play, beside its best agent in hindsight and a random agent."""
    found = numbers(frame, "arm", ["solve_rate", "welfare"])
    columns = [text(frame, "arm"), text(frame, "record"), text(frame, "best_fixed", "best fixed\nagent")]
    for name in ("solve_rate", "welfare"):
        columns += [estimates(frame, name), values(frame, f"best_fixed_{name}", head="best\nfixed")]
        columns.append(values(frame, f"random_{name}", head="random"))
    head = "arms routed by a record, beside the agent that is best on this table in hindsight and a random one"
    return ["", *table(columns, f"{head}; {title(found)}", found, "routers.csv")]
