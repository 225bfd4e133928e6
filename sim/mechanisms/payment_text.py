"""How a rule explains its payments to bidders: sentences that the rules share, and numbers as they write them.

A paragraph says in words who is hired, and as formulas what is paid:

    Success pays FORMULA; failure pays FORMULA.      of whoever is hired
    Here NAME is FORMULA.                            or words, where NAME is one of those below

Formulas are arithmetic with min, max and round (half to even) over ask, claim (a share), value, reserve, penalty,
reputation, expected_cost and advice; next_ask, the lowest ask of the others; score, the rule's own; bar, the larger of
the least score that is hired and the best score of the others; and what the rule's `told_names` holds. The contract of
mechanisms evaluates them, so that no paragraph says one thing and its rule does another.
"""

from __future__ import annotations

import math
from typing import Literal

SHARE = "In formulas a claim is a share: 70 percent is 0.7."
IGNORED = "Your claim changes nothing."
ALONE = (
    "Whoever is not hired neither pays nor is paid. Everybody bears what its own attempt costs. "
    "An attempt that is lost to a fault of the system pays nothing."
)
NEXT_ASK = "Here next_ask is the lowest ask of the others: your own decides whether you are hired, not what you get."
LEAST_SURPLUS = (
    "The highest score is hired, if it is at least value - reserve. "
    "Here bar is the larger of value - reserve and the best score of the others."
)


def paragraph(asks_for: Literal["price", "cost", "nothing"], *sentences: str) -> str:
    """One paragraph: what an ask is, the sentences, and what holds under every rule. Empty sentences are left out.

    asks_for: as in Capabilities; "nothing" where nobody is asked for a bid.
    """
    asked = {
        "price": "Your ask is the price that you want if your work passes.",
        "cost": "Your ask is what an attempt costs you.",
        "nothing": "Nobody is asked for a bid.",
    }
    return " ".join(filter(None, (asked[asks_for], *sentences, ALONE)))


def pays(success: str, failure: str) -> str:
    """The sentence that says what is paid. Formulas."""
    signed = " A negative amount is one that you pay." if "-" in success + failure else ""
    return f"Success pays {success}; failure pays {failure}.{signed}"


def times(factor: float, name: str) -> str:
    """The name times a factor, which goes where it is 1.

    >>> times(1.0, "value"), times(2.5, "value")
    ('value', '2.5 * value')
    """
    return name if factor == 1 else f"{plain(factor)} * {name}"


def plus(formula: str, number: float) -> str:
    """The formula and a number, which goes where it is 0.

    >>> plus("ask", 0.0), plus("ask", 0.5), plus("ask", -0.5)
    ('ask', '(ask + 0.5)', '(ask - 0.5)')
    """
    return formula if number == 0 else f"({formula} {'-' if number < 0 else '+'} {plain(abs(number))})"


def plain(number: float) -> str:
    """A number as a formula writes it, exact.

    >>> plain(0.25), plain(90.0), plain(1e-7)
    ('0.25', '90', '1e-07')
    """
    return str(int(number)) if math.isfinite(number) and number == int(number) and number < 1e15 else repr(number)
