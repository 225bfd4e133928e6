"""incidence.csv: who bears an arm's loss or has its gain, against the baseline arm, paired auction by auction.

    principal   change of V solved - payment - overhead
    agent i     change of payment_i - cost_i - bid_cost_i
    winner      sum of these, at each auction, over whoever the baseline hired for the task
    rivals      sum of these over everybody else: the agents that the baseline left without it

Payments cancel between principal and agents, so principal and agents sum to an arm's change in welfare, and so do
principal, winner and rivals. The winner is told by the baseline, not by the arm, so that the two groups are the same
agents before and after:
an arm that hires somebody else takes from the winner and gives to a rival. Left out: the baseline itself, arms without
a stated value, arms whose agents are alone (there every market has a principal of its own), and arms that did not hold
the same auctions as their baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis import metrics
from analysis.arm import ArmData
from analysis.inference import Estimate, mean, paired_difference, ratio

COLUMNS = {
    "arm": "name of the arm",
    "mechanism": "its mechanism",
    "baseline": "name of the arm that changes are taken to",
    "party": '"principal", "agent", "winner" (whom the baseline hired for the task) or "rivals" (everybody else)',
    "agent": "name of the agent; empty for the others",
    "change": "dollars of surplus (principal) or payment - cost - bid cost (agent) in the arm minus the baseline, "
    "paired / auctions; principal and agents sum to the difference in welfare, and so do principal, winner and rivals",
    "change_se": "standard error of change for another draw of tasks like these, independent of each other",
    "change_se_mc": "standard error of change from the simulation's own noise",
}


class Incidence(NamedTuple):
    """Changes in dollars per auction: principal () and agents (n,), which sum to welfare (), as do the groups ()."""

    principal: Estimate
    agents: Estimate
    winner: Estimate
    rivals: Estimate
    welfare: Estimate


def applies(arm: ArmData, baseline: ArmData) -> bool:
    """The arm is another than its baseline, and the two can be told apart auction by auction."""
    if arm.name == baseline.name or arm.alone or baseline.alone or arm.value.shape != baseline.value.shape:
        return False
    return not (np.isnan(arm.value).any() or np.isnan(baseline.value).any())


def incidence(arm: ArmData, baseline: ArmData) -> Incidence:
    """The changes from the baseline to the arm, where they apply."""
    recorded = arm.world.recorded
    agents = metrics.utilities(arm) - metrics.utilities(baseline)
    winner, rivals = (np.where(mask, agents, 0.0).sum(axis=2) for mask in (baseline.hired, ~baseline.hired))
    return Incidence(
        paired_difference(metrics.surplus(arm), metrics.surplus(baseline), recorded),
        ratio(agents, np.ones(agents.shape), recorded),
        mean(winner, recorded),
        mean(rivals, recorded),
        paired_difference(metrics.welfare(arm), metrics.welfare(baseline), recorded),
    )


def changes(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> list[tuple[ArmData, Incidence]]:
    """Every arm for which there is an incidence. baselines: arm's name -> name of the arm it is compared to."""
    named = {arm.name: arm for arm in arms}
    pairs = [(arm, named[baselines[arm.name]]) for arm in arms]
    return [(arm, incidence(arm, base)) for arm, base in pairs if applies(arm, base)]


def incidence_table(arms: Sequence[ArmData], baselines: Mapping[str, str]) -> pd.DataFrame:
    """incidence.csv: for each arm one row of the principal, one of each agent, and the agents again in two groups."""
    rows: list[dict[str, Any]] = []
    for arm, found in changes(arms, baselines):
        head = {"arm": arm.name, "mechanism": arm.mechanism, "baseline": baselines[arm.name]}
        rows.append(head | {"party": "principal", "agent": ""} | _cells(found.principal, ()))
        for i, agent in enumerate(arm.agents):
            rows.append(head | {"party": "agent", "agent": agent} | _cells(found.agents, i))
        for party, group in (("winner", found.winner), ("rivals", found.rivals)):
            rows.append(head | {"party": party, "agent": ""} | _cells(group, ()))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _cells(estimate: Estimate, at: int | tuple[()]) -> dict[str, float]:
    parts = {"change": estimate.value, "change_se": estimate.se, "change_se_mc": estimate.se_mc}
    return {name: float(array[at]) for name, array in parts.items()}
