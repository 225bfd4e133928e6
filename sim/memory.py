"""How much memory a run needs, and whether the machine has it."""

from __future__ import annotations

import os
from pathlib import Path

from sim.errors import RunError
from sim.scenario import Scenario

_BID_BYTES = 250  # a row of bids on its way into the ledger: columns, their concatenation, the Arrow table
_CELL_BYTES = 300  # a (replication, task, agent) of the World, with its draws, and of the analysis
_ARM_CELL_BYTES = 130  # what the analysis keeps of it for each arm


def estimate(scenario: Scenario, n_tasks: int, n_agents: int, n_tries: int) -> int:
    """Upper estimate, in bytes, of the peak memory of a run."""
    cells = scenario.replications * n_tasks * n_agents
    postings = max(arm.settings.tender.postings for arm in scenario.arms)
    rows = cells * postings * (_BID_BYTES + 16 * len(scenario.arms))
    world = cells * (_CELL_BYTES + 40 * n_tries + 24 * postings)
    return rows + world + cells * _ARM_CELL_BYTES * len(scenario.arms)


def available() -> int:
    """Bytes of memory this machine, or the container, can give."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file():
        text = limit.read_text().strip()
        if text.isdigit():
            total = min(total, int(text))
    return total


def check_memory(scenario: Scenario, n_tasks: int, n_agents: int, n_tries: int) -> None:
    """Raise RunError with the estimate where the run would need more memory than there is."""
    need, have = estimate(scenario, n_tasks, n_agents, n_tries), available()
    if need > have:
        raise RunError(
            f"{scenario.name}: {scenario.replications:,} replications of {n_tasks:,} tasks with {n_agents} agents in "
            f"{len(scenario.arms)} arm(s) would need about {need / 2**30:,.1f} GiB of memory; this machine has "
            f"{have / 2**30:,.1f} GiB. Lower `replications`"
        )
