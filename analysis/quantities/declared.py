"""What a declaration of a quantity holds.

A quantity is declared once. Runs, sweeps, tables, figures and `show --columns` read it. How it adds up:

    Mean        a number of each auction; its mean
    Ratio       num and den of each (replication, task); sum num / sum den
    Statistic   sums of groups of replications or tasks, and a value of the sums (analysis/quantities/grouped.py)
    Top         another quantity, of the agent with the greatest numerator

Index convention: as in `View` (analysis/quantities/view.py). G groups, k sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.kit.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from analysis.arm import ArmData
    from analysis.inference import By, Estimate
    from analysis.quantities.view import View

Level = Literal["arm", "agent"]
Table = Literal["own", "claims"]  # summary.csv or agents.csv, by its level; or claims.csv, of an arm's claims together
Part = tuple[ArrayLike, ArrayLike]
NEEDS = {
    "bids": "every bid of the arm",
    "beliefs": "what agents believed at each attempt",
}


@dataclass(frozen=True)
class Mean:
    """The mean over auctions. values: of each auction. rate: they are 0 or 1.

    stated: it is known to be 0 where a scenario states none, and then has an interval of no width.
    """

    values: Callable[[View], ArrayLike]
    rate: bool = False
    stated: bool = False


@dataclass(frozen=True)
class Ratio:
    """sum num / sum den over (replication, task); where den is 0 num is 0.

    rate: it is a share of trials. claims: it hangs on claims and their outcomes alone, and no market changes its
    clusters. of_pairs: it is a share of pairs won, with an interval on the logit scale.
    """

    part: Callable[[View], Part]
    rate: bool = False
    claims: bool = False
    of_pairs: bool = False


class Context(NamedTuple):
    """What the error of a statistic may depend on beside its sums. by: its clusters."""

    by: By
    tasks: tuple[str, ...]
    seed: int


class Label(NamedTuple):
    """Groups that sums are taken of: number (R', T) of each, how many there are, and whether they are of tasks."""

    of: IntArray
    n: int
    by_task: bool


class Clustered(NamedTuple):
    """An error, an interval and the number of clusters behind them."""

    se: float
    low: float
    high: float
    clusters: int


class Groups(NamedTuple):
    """Sums by group of one number: lost (G, k), what leaving a group out takes away; total (k,)."""

    total: FloatArray
    lost: FloatArray


@dataclass(frozen=True)
class Statistic:
    """A function of sums that is no ratio.

    of_run: its estimates, exactly, from all rows of a run. sums: what leaving each group out takes away, (G, q, k), q
    agents or 1; where groups are of replications they add up to the total. value: of sums (..., k). error: standard
    error of groups; None where it has none. interval: (low, high) of value, error and groups; None where it has none.
    by_pair: both from the total alone, where it is enough, of clusters that are (replication, task) pairs.
    by_task: on a recorded table every task is a group of its own, however many. estimated: False where it is what
    others are compared to, and has no error of any kind. never: why it has no interval, whatever the clusters.
    """

    of_run: Callable[[ArmData], Estimate]
    sums: Callable[[View, Label], FloatArray]
    value: Callable[[FloatArray], FloatArray]
    error: Callable[[Groups, Context], float] | None = None
    interval: Callable[[float, float, Groups], tuple[float, float]] | None = None
    by_pair: Callable[[FloatArray], Clustered] | None = None
    claims: bool = False
    by_task: bool = False
    estimated: bool = True
    never: str = ""


@dataclass(frozen=True)
class Top:
    """The quantity `of`, a Ratio of each agent, of the agent with the greatest numerator, taken as given."""

    of: str


How = Mean | Ratio | Statistic | Top


@dataclass(frozen=True)
class Quantity:
    """One declared quantity.

    level: it is one number of an arm, or one of each agent. unit: "$", "" for a share or a score. meaning: what it is
    and what it is divided by. paired: arms are compared in it, too; it is then a Mean, or a Ratio with the den of its
    baseline. needs: more than the attempts, see NEEDS. swept: every sweep keeps it; others where a scenario asks for
    them. table: of a run, that it is a column of, see Table; None: of none. within: the least and the most that it can
    be, where its interval ends.
    """

    name: str
    level: Level
    unit: str
    meaning: str
    how: How
    paired: bool = False
    needs: frozenset[str] = frozenset()
    swept: bool = True
    table: Table | None = "own"
    within: tuple[float, float] = (-math.inf, math.inf)

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.level, self.name

    @property
    def rate(self) -> bool:
        """It is a share of trials."""
        return isinstance(self.how, Mean | Ratio) and self.how.rate

    @property
    def stated(self) -> bool:
        """It is known to be 0 where a scenario states none."""
        return isinstance(self.how, Mean) and self.how.stated

    @property
    def claims(self) -> bool:
        """Its clusters are those of claims."""
        return isinstance(self.how, Ratio | Statistic) and self.how.claims

    @property
    def of_pairs(self) -> bool:
        """It is a share of pairs won."""
        return isinstance(self.how, Ratio) and self.how.of_pairs


def by_group(values: FloatArray, groups: Label) -> FloatArray:
    """(G, k) sums of values (R', T, k)."""
    sums = np.zeros((groups.n, values.shape[2]))
    np.add.at(sums, groups.of.ravel(), values.reshape(-1, values.shape[2]))
    return sums


def check(quantity: Any) -> None:
    """Raise ValueError where a declaration does not hold together."""
    if not isinstance(quantity, Quantity):
        raise ValueError(f"a quantity must be a Quantity; got {type(quantity).__name__}")
    at = f"quantity {quantity.name!r}"
    if not isinstance(quantity.name, str) or not quantity.name.isidentifier():
        raise ValueError(f"{at}: a name is letters, digits and underscores")
    if quantity.level not in ("arm", "agent"):
        raise ValueError(f"{at}: level must be arm or agent; got {quantity.level!r}")
    if not quantity.meaning.strip() or len(quantity.meaning.splitlines()) > 1:
        raise ValueError(f"{at}: meaning must be one line of text")
    if not set(quantity.needs) <= set(NEEDS):
        raise ValueError(f"{at}: needs must be among {', '.join(NEEDS)}; got {', '.join(sorted(quantity.needs))}")
    if isinstance(quantity.how, Mean) and quantity.level != "arm":
        raise ValueError(f"{at}: a Mean over auctions is of an arm; use a Ratio for agents")
    if quantity.paired and not isinstance(quantity.how, Mean | Ratio):
        raise ValueError(f"{at}: only a Mean or a Ratio can be paired")
    if quantity.paired and quantity.level == "arm" and not isinstance(quantity.how, Mean):
        raise ValueError(f"{at}: a paired quantity of an arm must be a Mean")
