"""The table [ecology] of a scenario: who lives, what a generation costs and pays, and who has children.

Money is in dollars; an agent's energy is its money. Logits are natural. F families are numbered 0, ..., F - 1.

What a task pays is a fixed price, or one by family that rises while too few of the family's tasks are solved:

    price_f = clip(base + gain (target - s_f), low, high)
    s_f    <- s_f + weight (share of the family's tasks solved in the generation - s_f),   s_f = target at first

so that the first price is `base`. A family without a task leaves its s_f. The form is [EV]'s; weight is ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import Field

from sim.kit.arrays import FloatArray, IntArray
from sim.kit.distribution import MOST, is_number
from sim.kit.errors import closest
from sim.kit.invalid import written
from sim.kit.parameters import build, split
from sim.kit.section import Money, Rate, Section, parsed_by
from sim.mechanisms import Mechanism, lookup, names

_Dollars = Annotated[float, Ge(0), Le(MOST)]
Spread = Annotated[float, Field(ge=0, le=20)]
Logit = Annotated[float, Field(ge=-20, le=20)]
MOST_SLOTS = 64


def _rule(raw: Any) -> Mechanism:
    name, parameters = split(raw)
    if name not in names():
        raise ValueError(f"no mechanism {name!r}{closest(name, names())}; allowed: {', '.join(names())}")
    rule: Mechanism = build(lookup(name), parameters)
    has = rule.capabilities
    for refused, why in (
        (has.couples_tasks, "clears tasks in rounds"),
        (has.takes_menu, "takes menus of budgets"),
        (has.in_turns, "hires in turns"),
        (name == "always", "names its agents, and these come and go"),
    ):
        if refused:
            raise ValueError(f"{name} {why}; a generation's market clears tasks one by one")
    return rule


def _generations(raw: Any) -> float:
    if raw == math.inf or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1):
        return float(raw)
    raise ValueError(f"must be a whole number >= 1, or inf; got {written(raw)}")


@dataclass(frozen=True, kw_only=True)
class BountyPrice:
    """Parameters as above; gain: dollars per unit of solve rate."""

    base: _Dollars
    gain: _Dollars = 0.0
    target: Annotated[float, Ge(0), Le(1)] = 0.0
    low: _Dollars = 0.0
    high: Annotated[float, Gt(0), Le(MOST)] = MOST
    weight: Annotated[float, Gt(0), Le(1)] = 0.2

    def first(self, shape: tuple[int, ...]) -> FloatArray:
        """The solve rates that are remembered before the first generation."""
        return np.full(shape, self.target)

    def of(self, rate: FloatArray) -> FloatArray:
        """Prices at remembered solve rates."""
        return np.clip(self.base + self.gain * (self.target - rate), self.low, self.high)

    def learned(self, rate: FloatArray, solved: IntArray, posted: IntArray) -> FloatArray:
        """Solve rates remembered after a generation with so many tasks of each family, and so many solved."""
        share = solved / np.maximum(posted, 1)
        return np.where(posted > 0, rate + self.weight * (share - rate), rate)


def parse_price(raw: Any) -> BountyPrice:
    """A price as written; raises ValueError saying what is allowed."""
    if is_number(raw) and 0 < raw <= MOST:
        return BountyPrice(base=float(raw))
    if not isinstance(raw, dict):
        raise ValueError(f"must be dollars > 0 or {{base, gain, target, low, high, weight}}; got {written(raw)}")
    price = build(BountyPrice, raw)
    if price.low > price.high:
        raise ValueError(f"low must be at most high; got {written(raw)}")
    return price


class Kind(Section):
    """Agents of one build; children are of their first parent's."""

    upkeep: Annotated[float, Field(ge=0, le=1e6)] = Field(1.0, description="tickets a generation")
    level: Logit = Field(0.0, description="logits added to its ability in every family")
    tokens: Annotated[float, Field(ge=0, le=1e6)] = Field(1.0, description="times `cost` that an attempt costs it")


class EcologySettings(Section):
    """What an ecology is (sim/economies/ecology)."""

    rule: Annotated[Mechanism, parsed_by(_rule)] = Field(
        description="mechanism of every generation's market; value and reserve of a task are its price"
    )
    generations: Annotated[int, Field(ge=1, le=100_000)] = Field(description="generations of a replication")
    tasks: Annotated[int, Field(ge=1, le=100_000)] = Field(100, description="tasks of a generation, one a tick")
    duration: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1, description="ticks of an attempt; an agent makes one at a time, so that it serves tasks / duration at most"
    )
    families: Annotated[int, Field(ge=1, le=64)] = Field(4, description="families of tasks")
    difficulty: list[Logit] | None = Field(None, description="logits off ability, by family; absent: none")
    shock_sd: Spread = Field(0.0, description="sd of the shocks to each family's log demand; 0: families are alike")
    shock_memory: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="share of a shock that is left a generation later"
    )
    price: Annotated[Any, parsed_by(parse_price)] = Field(
        description="dollars of a task, or {base, gain, target, low, high, weight}: by family, after its successes"
    )
    cost: Money = Field(0.0, description="dollars of tokens an attempt costs its agent, times its kind's tokens")
    ticket: Money = Field(description="dollars an agent pays each generation, times its kind's upkeep")
    grace: Annotated[float, parsed_by(_generations)] = Field(
        2, validate_default=True, description="generations in a row below zero after which an agent leaves; inf: never"
    )
    slots: Annotated[int, Field(ge=1, le=MOST_SLOTS)] = Field(16, description="most agents at a time")
    founders: Annotated[int, Field(ge=1, le=MOST_SLOTS)] = Field(8, description="agents there are at first")
    founding: Literal["random", "specialists", "generalists"] = Field(
        "random",
        description="skills of founders: drawn with founder_sd, each the best there is at one family in turn, or none",
    )
    kinds: Annotated[list[Kind], Field(min_length=1)] | None = Field(
        None, description="builds of agents, {upkeep, level, tokens} each; founders in turn; absent: one, of defaults"
    )
    focus: Spread = Field(1.5, description="most skill an agent has, as root mean square logits over families")
    founder_sd: Spread = Field(1.0, description="sd of founders' skill in each family, before it is fitted to focus")
    bias_sd: Spread = Field(0.0, description="sd of founders' bias: logits by which beliefs exceed abilities")
    start: Money = Field(description="dollars of each founder, from outside")
    parents: Annotated[int, Field(ge=0, le=MOST_SLOTS)] = Field(
        4, description="mu: richest agents that may have children; 0: nobody has"
    )
    children: Annotated[int, Field(ge=0, le=MOST_SLOTS)] = Field(12, description="lambda: most children a generation")
    threshold: Annotated[float, Field(gt=0, le=MOST)] = Field(description="least energy of who has a child")
    endowment: Money = Field(description="dollars a parent gives its child")
    skill_sd: Spread = Field(0.0, description="sd of a child's mutation in each family's skill")
    belief_sd: Spread = Field(0.0, description="sd of a child's mutation of its bias")
    merging: Literal["none", "any", "complementary"] = Field(
        "none",
        description="whether a child may be the average of two parents; complementary: of opposed skills alone",
    )
    merge_rate: Rate = Field(0.5, description="share of children that are such averages, where a mate is found")
    most_return: Money = Field(10.0, description="limit of an agent's return in a generation")
    accounts: bool = Field(False, description="keep every payment of every agent and generation")
    window: Annotated[int, Field(ge=1)] | None = Field(
        None, description="generations at the end that measures are of; absent: the last half"
    )

    @property
    def builds(self) -> list[Kind]:
        """The kinds there are."""
        return [Kind()] if self.kinds is None else self.kinds

    @property
    def counted(self) -> int:
        """Generations that measures are of."""
        return max(1, self.generations // 2) if self.window is None else self.window

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.founders > self.slots:
            yield f"founders: at most slots ({self.slots}); got {self.founders}"
        if self.parents > self.slots:
            yield f"parents: at most slots ({self.slots}); got {self.parents}"
        if self.difficulty is not None and len(self.difficulty) != self.families:
            yield f"difficulty: one number for each of {self.families} families; got {len(self.difficulty)}"
        if self.endowment > self.threshold:
            yield f"endowment: at most threshold ({self.threshold}), or a child would leave its parent in debt"
        if self.window is not None and not 1 <= self.window <= self.generations:
            yield f"window: 1 ... {self.generations}, the generations; got {self.window}"
        if self.merging == "none" and "merge_rate" in self.model_fields_set:
            yield 'merge_rate has no meaning with merging = "none"'
        if self.families == 1 and self.founding == "specialists":
            yield "founding: specialists need two families at least"
