"""What a market in compiled code has in hand: three arrays of a row for each name and a column for each agent.

Floats, whole numbers and truth values have an array each. A number of the clearing stands in column 0 of its row. What
learners know, the memos of bids by policies that learn, and what a traced part puts down on its way stand in the rows
after those named here.

Words name draws (sim/kit/draws.py): of the task, the posting and the try that are dealt with, of the task's family, the
keys of the replication for each purpose, and the words of the agents.
"""

from __future__ import annotations

FIRST_KEY, MOST_KEYS = 4, 28  # the words of task, posting, try and the task's family come before
FIRST_AGENT = FIRST_KEY + MOST_KEYS  # then those of agents
FLOATS = (
    "belief",
    "cost_belief",
    "ask",
    "claim",
    "reputation",
    "expected_cost",
    "advice",
    "lottery",
    "exploration",
    "choice",
    "pay_success",
    "pay_failure",
    "budget",
    "fee",
    "cost",  # of the attempt that ended, 0 for all others
    "claimed",  # in the bid behind the attempt that ended, NaN for all others
    "value",
    "reserve",
    "first_reserve",
    "raised",  # reserve
    "penalty",
    "try_cost",  # of an attempt that is drawn as it starts
    "payment",  # in feedback to policies that learn
)
WHOLE = ("tries", "failures", "turn", "status", "posting", "task_failures", "try_ticks")
TRUTHS = ("silent", "active", "hired", "by_tie", "try_verified", "try_success", "try_infra", "informed")
PER_CLEARING = frozenset(
    {"value", "reserve", "first_reserve", "raised", "penalty", "posting", "task_failures", "by_tie"}
)
