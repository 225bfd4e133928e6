"""What settings hold, in words: amounts, distributions, arrivals, and sentences that have a place for one of these."""

from __future__ import annotations

from string import Formatter
from typing import Any

from sim.kit.digits import alone
from sim.kit.invalid import written


def dollars(raw: Any) -> str:
    """An amount, or what it is drawn from.

    >>> dollars(2.0), dollars({"uniform": [0, 1]}), dollars("inf")
    ('$2', 'drawn evenly from $0 to $1', 'without limit')
    """
    return _amount(raw, "$", "")


def ticks(raw: Any) -> str:
    """A time.

    >>> ticks(1), ticks({"exponential": 20.0})
    ('1 tick', 'drawn from an exponential law of mean 20 ticks')
    """
    return _amount(raw, "", " tick" if raw == 1 else " ticks")


def percent(share: float) -> str:
    """A share.

    >>> percent(0.05), percent(1.0)
    ('5%', '100%')
    """
    return f"{share * 100:g}%"


def reserve(raw: Any) -> str:
    """How the reserve of a first posting is set.

    >>> reserve({"share_of_value": 0.5}), reserve({"uniform": [0.0, 1.0]})
    ("50% of the task's value", 'drawn evenly from $0 to $1')
    """
    match raw:
        case "value":
            return "the task's value"
        case {"share_of_value": share}:
            return f"{percent(share)} of the task's value"
        case {"best_reserve": law}:
            return f"what earns the principal most where break-even prices follow {written(law)}"
    return dollars(raw)


def sentence(said: str, raw: Any) -> str:
    """What a key's Field says (SAID), with its value in place: as it is, or as `dollars`, `ticks` or `percent` word it.

    >>> sentence("Work starts {:ticks} after an award.", 2), sentence("A posting costs {:dollars}.", 0.5)
    ('Work starts 2 ticks after an award.', 'A posting costs $0.5.')
    """
    return _Worded().format(said, raw)


def arrivals(raw: Any) -> str:
    """When tasks come.

    >>> arrivals(None), arrivals({"every": 1})
    ('All tasks are posted together, at tick 0.', 'One task arrives every tick.')
    """
    match raw:
        case {"every": 1}:
            return "One task arrives every tick."
        case {"every": every}:
            return f"One task arrives every {every:,} ticks."
        case {"poisson": rate}:
            return f"Tasks arrive at random, {rate:g} a tick on average."
    return "All tasks are posted together, at tick 0."


class _Worded(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        worded = {"dollars": dollars, "ticks": ticks, "percent": percent}.get(format_spec)
        return str(super().format_field(value, format_spec)) if worded is None else worded(value)


def _amount(raw: Any, sign: str, unit: str) -> str:
    match raw:
        case "inf":
            return "without limit"
        case int() | float():
            return f"{sign}{_plain(raw)}{unit}"
        case {"uniform": [low, high]}:
            return f"drawn evenly from {sign}{_plain(low)} to {sign}{_plain(high)}{unit}"
        case {"lognormal": {"mean": mean, "cv": cv}}:
            return f"drawn from a log-normal law of mean {sign}{_plain(mean)}{unit} and coefficient of variation {cv:g}"
        case {"exponential": mean}:
            return f"drawn from an exponential law of mean {sign}{_plain(mean)}{unit}"
    return f"as {written(raw)} says"


def _plain(number: float) -> str:
    """A number without needless zeros."""
    return f"{number:,.10g}" if abs(number) >= 1e-4 or number == 0 else alone(number)
