"""The mechanism library. Importing it registers every rule of the package."""

from sim.mechanisms import (
    assignment,
    bonus,
    budget,
    cascade,
    contingent,
    critical,
    hybrid,
    live,
    live_second,
    planner,
    plans,
    price,
    redundant,
    reserve,
    score,
)
from sim.mechanisms.base import Capabilities, Mechanism, Promises, break_even_price, contract, lowest_lottery, select
from sim.mechanisms.critical import CriticalScoreRule
from sim.mechanisms.registry import MECHANISMS, lookup, names, register

__all__ = [
    "Capabilities",
    "CriticalScoreRule",
    "Mechanism",
    "Promises",
    "assignment",
    "bonus",
    "break_even_price",
    "budget",
    "cascade",
    "contingent",
    "contract",
    "critical",
    "hybrid",
    "live",
    "live_second",
    "lookup",
    "lowest_lottery",
    "names",
    "planner",
    "plans",
    "price",
    "redundant",
    "register",
    "reserve",
    "score",
    "select",
]

MECHANISMS.seal()
