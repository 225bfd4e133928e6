"""The mechanism library. Importing it registers every rule of the package."""

from sim.mechanisms import bonus, contingent, critical, hybrid, live, live_second, planner, price, score
from sim.mechanisms.base import Mechanism, Promises, break_even_price, contract, lowest_lottery, select
from sim.mechanisms.critical import CriticalScoreRule
from sim.mechanisms.registry import lookup, names, register

__all__ = [
    "CriticalScoreRule",
    "Mechanism",
    "Promises",
    "bonus",
    "break_even_price",
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
    "price",
    "register",
    "score",
    "select",
]
