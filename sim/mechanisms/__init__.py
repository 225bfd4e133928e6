"""The mechanism library. Importing it registers every rule of the package."""

from sim.mechanisms import assignment, live, planner, price, score
from sim.mechanisms.base import Mechanism, Promises, break_even_price, contract, lowest_lottery, select
from sim.mechanisms.registry import lookup, names, register

__all__ = [
    "Mechanism",
    "Promises",
    "assignment",
    "break_even_price",
    "contract",
    "live",
    "lookup",
    "lowest_lottery",
    "names",
    "planner",
    "price",
    "register",
    "score",
    "select",
]
