"""The H/L phase diagram: where a market of a high and a low agent beats the best fixed use of them.

Proposition 1 of [MB]: agents who know their own ability make a market that is at least as good as always high, always
low, or both at once. rho = 1 is that case here, at every private share of difficulty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from analysis.paper.beside import THEORY, Beside
from analysis.paper.published_numbers import shown
from analysis.paper_table import PaperTable

SCENARIO = "hl_phase_diagram"
RHO, SHARE = 'world.agents."*".rho', "world.private_share"
PROVED = ("always high", "always low", "both at once")
ARMS = (*PROVED, "low, then high", "cascade", "ability oracle")


def leads(table: pd.DataFrame) -> pd.DataFrame:
    """By arm, rho and share: welfare of the market less that of the arm, with its interval. table: of the sweep."""
    own = table[(table["metric"] == "welfare") & (table["arm"] != "market") & (table["agent"].fillna("") == "")]
    low, high = -own["difference_high"], -own["difference_low"]
    return pd.DataFrame(
        {"arm": own["arm"], "rho": own[RHO], "share": own[SHARE], "lead": -own["difference"], "low": low, "high": high}
    )


def phases(found: pd.DataFrame) -> list[Beside]:
    """At rho = 1, the least lead over each fixed use, over all shares."""
    rows = []
    for arm in PROVED:
        known = found[(found["arm"] == arm) & (found["rho"] == 1.0)]
        least = known.iloc[int(known["lead"].to_numpy().argmin())]
        rows.append(
            Beside(
                "phase", f"market less {arm}", "least lead at rho 1", float(least["lead"]), float(least["low"]),
                float(least["high"]), THEORY, decimals=3, setting=f"private share {least['share']:.1f}",
            )
        )  # fmt: skip
    return rows


def crossings_table(found: pd.DataFrame, caption: str, arms: Sequence[str] = ARMS) -> PaperTable:
    """From which rho on the market leads each arm, by share, and its lead at rho = 1."""
    shares = sorted(found["share"].unique())
    rows, numbers = [], []
    for arm in arms:
        for share in shares:
            own = found[(found["arm"] == arm) & (found["share"] == share)].sort_values("rho")
            last = own.iloc[-1]
            start = _from(own)
            begins = "never" if math.isnan(start) else f"{shown(start, 1)}"
            lead = f"{shown(last['lead'], 3)} [{shown(last['low'], 3)}, {shown(last['high'], 3)}]"
            lead = "no decision differs" if math.isnan(last["low"]) else lead
            rows.append([arm, f"{share:.1f}", begins, lead])
            numbers.append((arm, share, start, last["lead"], last["low"], last["high"]))
    data = pd.DataFrame(numbers, columns=["arm", "private_share", "leads_from_rho", "lead", "low", "high"])
    heads = ["market against", "private share", "leads from rho", "lead at rho 1"]
    notes = ["leads from rho: the least rho of the grid from which on the 95% interval of the lead lies above 0."]
    return PaperTable(heads, rows, caption, "tab:phase", notes=notes, data=data)


def _from(own: pd.DataFrame) -> float:
    """The least rho from which on the market's lead is above 0 with its interval; NaN where there is none."""
    start = math.nan
    for rho, low in zip(own["rho"].iloc[::-1], own["low"].iloc[::-1], strict=True):
        if not low > 0:
            break
        start = float(rho)
    return start
