"""How much memory a run needs, and that the machine has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.kit.errors import RunError
from sim.kit.memory import available, gib

if TYPE_CHECKING:
    from sim.scenario.scenario import Arm, Scenario

_BID_BYTES = 250  # a row of bids on its way into the ledger: columns, their concatenation, the Arrow table
_KEPT_BYTES = 90  # a row of bids as the analysis reads it back
_CELL_BYTES = 300  # a (replication, task, agent) of the World, with its draws, and of the analysis
_RECORD_BYTES = 60  # what a record says, its half, and the sums it is made from
_CARD_BYTES = 110  # beliefs after a card, those before it, and the six sums it is made from
_TRY_BYTES = 50  # a try at it: what becomes of it, and the order of trials
_UPDATE_BYTES = 80  # a belief after failures, and what it is made from
_ARM_CELL_BYTES = 150  # what the analysis keeps of it for each arm
_BASE_BYTES = 300 * 2**20  # the interpreter, the libraries, the figures


def estimate(scenario: Scenario, n_tasks: int, n_agents: int, n_tries: int) -> int:
    """Upper estimate, in bytes, of the peak memory of a run."""
    cells = scenario.replications * n_tasks * n_agents
    postings = max(arm.settings.tender.postings for arm in scenario.arms)
    rows = cells * postings * (_BID_BYTES + _KEPT_BYTES * len(scenario.arms))
    updates = any(arm.settings.bidders.on_retry is not None for arm in scenario.arms)
    explores = any(arm.settings.explores for arm in scenario.arms)
    world = cells * (_CELL_BYTES + _TRY_BYTES * n_tries + (24 + 8 * explores + updates * _UPDATE_BYTES) * postings)
    world += cells * max(map(_of_records, scenario.arms))
    return _BASE_BYTES + rows + world + cells * _ARM_CELL_BYTES * len(scenario.arms)


def _of_records(arm: Arm) -> int:
    """Bytes that the records of an arm add to a cell of its World."""
    return sum(_CARD_BYTES if key == "bidders.card" else _RECORD_BYTES for key in arm.settings.records)


def check_memory(scenario: Scenario, n_tasks: int, n_agents: int, n_tries: int) -> None:
    """Raise RunError with the estimate where the run would need more memory than there is."""
    need, have = estimate(scenario, n_tasks, n_agents, n_tries), available()
    if need > have:
        postings = max(arm.settings.tender.postings for arm in scenario.arms)
        times = f", up to {postings:,} postings each" if postings > 1 else ""
        lower = "replications or tender.postings" if postings > 1 else "replications"
        raise RunError(
            f"{scenario.name}: {scenario.replications:,} replications of {n_tasks:,} tasks with {n_agents:,} agents in "
            f"{len(scenario.arms):,} arm(s){times} would need about {gib(need)} of memory; "
            f"this machine has {gib(have)}; lower {lower}"
        )
