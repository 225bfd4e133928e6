"""What a second attempt buys: success at the first posting, and of rescues, by the agent that failed or by another.

One row per arm. Left, success rates of attempts: at the first posting, and at the second, once the first had failed,
by an agent that had tried the task before and by one that had not. Right, how many auctions are solved in the end. All
with 95% intervals for another draw of tasks; a cross where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from analysis.arm import ArmData
from analysis.basis import Number, numbers
from analysis.cells import cells
from analysis.figures.arm_rows import Rows, described, name_rows, note, rows_of
from analysis.figures.look import Look, fold
from analysis.figures.style import ground, ink, legend_columns, legend_rows, muted, tone, whisker
from analysis.postings import postings_table
from analysis.quantities.of_run import summary
from sim.ledger.ledger import Ledger

_KINDS = {(0, "any"): "first", (1, "same"): "same", (1, "other"): "other"}
_WORDS = {"first": "first attempt", "same": "second, by who failed", "other": "second, by another agent"}
_NAMES = {True: 0.98, False: 1.7}  # inches that names of arms take, in one column and in two


def table(arms: Sequence[ArmData], baselines: Mapping[str, str], ledger: Callable[[str], Ledger]) -> pd.DataFrame:
    """One row per arm: NAME_rate of each kind of attempt and how many there were, and the solve rate."""
    found = postings_table([(arm.name, arm.world, ledger(arm.name), arm.by) for arm in arms])
    rows = []
    for arm in arms:
        own = found[found["arm"] == arm.name]
        row = {"arm": arm.name, **described(arm), "baseline": baselines[arm.name], "clusters": arm.over}
        row |= {"coupled": "; ".join(arm.coupled)}
        for kind in own.to_dict("records"):
            name = _KINDS.get((kind["posting"], kind["who"]))
            if name is not None:
                row |= {f"{name}_attempts": kind["attempts"]}
                row |= {
                    str(key).replace("success", name): kind[key] for key in kind if str(key).startswith("success_rate")
                }
        rows.append(row | cells("solve_rate", summary(arm)["solve_rate"]))
    return pd.DataFrame(rows)


def paint(data: pd.DataFrame, look: Look) -> Figure:
    """The figure of that table."""
    placed = _rows(data, look)
    shown = data.iloc[placed.places].reset_index(drop=True)
    room = 0.55 * (look.width - _NAMES[look.narrow])
    labels = [
        look.words("rate", "success rate", "share of attempts"),
        look.words("solve_rate", "solved", "share of auctions"),
    ]
    folded = [fold(words, share * room) for words, share in zip(labels, (1.0, 0.6), strict=True)]
    kinds = [name for name in _WORDS if f"{name}_rate" in shown and shown[f"{name}_rate"].notna().any()]
    around = look.around(folded, legend_rows([_WORDS[name] for name in kinds], look.width))
    figure = look.figure(1.15 * placed.lines * look.line + around)
    rates, solved = figure.subplots(1, 2, sharey=True, width_ratios=[1.7, 1.0])
    looks = {"first": (muted(), "o", ground()), "same": (tone(5), "s", tone(5)), "other": (tone(0), "D", tone(0))}
    for name, (shade, marker, face) in looks.items():
        if name in kinds:
            whisker(rates, shown, f"{name}_rate", placed.at, marker, color=shade, mfc=face, label=_WORDS[name])
    whisker(solved, shown, "solve_rate", placed.at, color=ink())
    for axes, words in zip((rates, solved), folded, strict=True):
        axes.set_xlabel(words)
    name_rows(rates, placed)
    for axes in (rates, solved):
        axes.grid(axis="x")
        axes.locator_params(axis="x", nbins=4)
    handles, labels = rates.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=legend_columns(labels, look.width), handlelength=1.0)
    return figure


def drawn(data: pd.DataFrame, look: Look) -> list[Number]:
    """The estimates that the figure draws, as far as their intervals go."""
    names = [name for name in ("first_rate", "same_rate", "other_rate", "solve_rate") if name in data]
    return numbers(data.iloc[_rows(data, look).places], "arm", names)


def about(data: pd.DataFrame, look: Look) -> str:
    """What is left out, for the footer."""
    return note(_rows(data, look), "the solve rate", "rescue.csv")


def _rows(data: pd.DataFrame, look: Look) -> Rows:
    return rows_of(data, "solve_rate", look, _NAMES[look.narrow])
