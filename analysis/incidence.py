"""incidence.csv: who bears an arm's loss or has its gain, against the baseline arm, paired auction by auction.

    principal   change of its surplus
    agent i     change of payment_i - fee_i - cost_i - bid_cost_i
    winner      sum of these, at each auction, over whoever the baseline hired for the task
    rivals      sum of these over everybody else: the agents that the baseline left without it

Payments cancel between principal and agents, so principal and agents sum to an arm's change in welfare, and so do
principal, winner and rivals. The winner is that of the baseline, not of the arm, so that the two groups are the same
agents before and after:
an arm that hires somebody else takes from the winner and gives to a rival. Left out: the baseline itself, arms without
a stated value, arms with agents alone (there every market has a principal of its own), and arms that did not hold
the same auctions as their baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.arm import ArmData
from analysis.cells import CLUSTERS as WHAT
from analysis.cells import cells, described
from analysis.clusters import joint, over
from analysis.inference import Estimate, mean, ratio
from analysis.quantities.of_run import difference

COLUMNS = {
    "arm": "name of the arm",
    "mechanism": "its mechanism",
    "baseline": "name of the arm that changes are taken to",
    "party": '"principal", "agent", "winner" (whom the baseline hired for the task) or "rivals" (everybody else)',
    "agent": "name of the agent; empty for the others",
    "clusters": WHAT,
    **described(
        {
            "change": "dollars of surplus (principal) or payment - cost - bid cost (agent) in the arm minus the "
            "baseline, paired / auctions; principal and agents sum to the difference in welfare, and so do principal, "
            "winner and rivals"
        }
    ),
}


class Incidence(NamedTuple):
    """Changes in dollars per auction: principal () and agents (n,), which sum to welfare (), as do the groups ().

    clusters: what they are, in words. On redrawn tables only the principal and welfare are counted.
    """

    principal: Estimate
    agents: Estimate
    winner: Estimate
    rivals: Estimate
    welfare: Estimate
    clusters: str


def applies(arm: ArmData, baseline: ArmData) -> bool:
    """The arm is another than its baseline, and the two differ in some auction."""
    if arm.name == baseline.name or arm.alone or baseline.alone or arm.value.shape != baseline.value.shape:
        return False
    return not (np.isnan(arm.value).any() or np.isnan(baseline.value).any())


def incidence(arm: ArmData, baseline: ArmData) -> Incidence:
    """The changes from the baseline to the arm, where they apply."""
    by = joint(arm, baseline)
    agents = arm.utilities - baseline.utilities
    winner, rivals = (np.where(mask, agents, 0.0).sum(axis=2) for mask in (baseline.hired, ~baseline.hired))
    return Incidence(
        difference(arm, baseline, "surplus"),
        ratio(agents, np.ones(agents.shape), by),
        mean(winner, by),
        mean(rivals, by),
        difference(arm, baseline, "welfare"),
        over(arm, baseline),
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
        head |= {"clusters": found.clusters}
        rows.append(head | {"party": "principal", "agent": ""} | cells("change", found.principal))
        for i, agent in enumerate(arm.agents):
            rows.append(head | {"party": "agent", "agent": agent} | cells("change", found.agents, i))
        for party, group in (("winner", found.winner), ("rivals", found.rivals)):
            rows.append(head | {"party": party, "agent": ""} | cells("change", group))
    return pd.DataFrame(rows, columns=list(COLUMNS))
