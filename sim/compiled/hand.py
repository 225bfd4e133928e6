"""What a market in compiled code has in hand: three arrays of a row for each name and a column for each agent.

Floats, whole numbers and truth values have an array each. A number of the clearing stands in column 0 of its row. What
learners know, and what a traced part puts down on its way, stands in the rows after those named here.
"""

from __future__ import annotations

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
)
WHOLE = ("tries", "failures", "turn", "status", "posting", "task_failures")
TRUTHS = ("silent", "active", "hired", "by_tie")
PER_CLEARING = frozenset(
    {"value", "reserve", "first_reserve", "raised", "penalty", "posting", "task_failures", "by_tie"}
)
