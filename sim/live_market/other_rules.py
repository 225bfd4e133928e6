"""What other rules would have made of the bids of a live run, held fixed: a range where outcomes are not known.

Each rule is played twice, every try that was not made being a failure, then a success. Both ends bound what it would
have solved only where no outcome moves a later bid, hire or posting: one posting, nothing learned, no accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.kit.errors import ScenarioError
from sim.ledger.ledger import REASON
from sim.live_market.from_source import play_from
from sim.live_market.held import Columns, Held
from sim.market.coupling import coupling
from sim.market.rules import Rules
from sim.market.simulate import Tables
from sim.mechanisms import Mechanism
from sim.scenario.scenario import label_of
from sim.specs.settings import Terms
from sim.world.world import World

_SOLVED = REASON.index("solved")


class Range(NamedTuple):
    """What a rule would have done. solved: tasks, where unknown tries fail, and where they pass; attempts likewise.

    unknown: (agent, task, try) that some end of the range reads and nobody knows; usd: what making them would cost, at
    each agent's mean. bounds: the ends are bounds.
    """

    rule: str
    tasks: int
    solved: tuple[int, int]
    attempts: tuple[int, int]
    unknown: int
    usd: float
    bounds: bool


def other_rules(
    world: World, rows: Mapping[str, Columns], terms: Terms, mechanisms: Sequence[Mechanism]
) -> Iterator[Range]:
    """One range for each rule. world: before its agents were asked; rows: the arm's bids and attempts; its terms.

    Raises ScenarioError where a rule needs what the arm has not.
    """
    for mechanism in mechanisms:
        rules = Rules.of(mechanism, terms, world)
        if rules.router is not None and "advice" in mechanism.capabilities.needs:
            raise ScenarioError(
                f"{label_of(mechanism)}: reads what {rules.router} advises, which is not held with the bids"
            )
        ends = [_played(Held.of(world, rows["bids"], rows["attempts"], end), rules) for end in ("fail", "pass")]
        missed = {one for held, _ in ends for one in held.missed}
        low, high = (tables for _, tables in ends)
        yield Range(
            rule=label_of(mechanism),
            tasks=world.n_replications * world.n_tasks,
            solved=(_solved(low), _solved(high)),
            attempts=(len(low["attempts"]["task"]), len(high["attempts"]["task"])),
            unknown=len(missed),
            usd=float(np.sum([ends[0][0].mean_cost(agent) for _, agent, _ in missed])),
            bounds=rules.postings == 1 and not coupling(rules, world),
        )


def _played(held: Held, rules: Rules) -> tuple[Held, Tables]:
    return held, play_from(held, held.world, rules)


def _solved(tables: Tables) -> int:
    rows = tables["clearings"]
    solved = rows["closed"] == _SOLVED
    return len(set(zip(rows["replication"][solved].tolist(), rows["task"][solved].tolist(), strict=True)))
