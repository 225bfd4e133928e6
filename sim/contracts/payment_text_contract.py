"""What a rule tells bidders must be what it does: the formulas of its paragraph give the awards that it makes.

The paragraph (sim/mechanisms/payment_text.py) is evaluated on postings of several sizes, for whoever the rule hires,
and its `score`, where it states one, for everybody. Words are not read: who is hired stands in words, tested by hand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import numpy as np

from sim.contracts.trial import grid
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms.base import Mechanism, NothingToldError

SENTENCE = "Success pays X; failure pays Y."
_PAYS = re.compile(r"Success pays (.+?); failure pays (.+?)\.(?= |$)")
_DEFINES = re.compile(r"Here (\w+) is (.+?)\.(?= |$)")
_CLOSE = 1e-9
_FUNCTIONS = {
    "min": lambda *numbers: reduce(np.minimum, numbers),
    "max": lambda *numbers: reduce(np.maximum, numbers),
    "round": np.rint,
}
_NODES = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.Load)
Given = tuple[Bids, Tender, Standing, FloatArray]


def payment_text_faults(rule: Mechanism) -> Iterator[str]:
    """All that is wrong with what a rule tells bidders; nothing of one without a paragraph."""
    try:
        text = rule.told_to_bidders()
    except NothingToldError:
        return
    if not isinstance(text, str) or not text.strip() or "\n" in text.strip():
        yield "told_to_bidders must give one paragraph of text"
        return
    found = _PAYS.findall(text)
    if len(found) != 1:
        yield f"told_to_bidders must say '{SENTENCE}' once, with formulas; it says so {len(found)} times"
        return
    defined = definitions(text)
    wrong: dict[str, None] = {}
    for leading, n in (((40,), 1), ((60,), 3), ((40,), 5)):
        given = _postings(rule, leading, n)
        wrong |= dict.fromkeys(_contradictions(rule, defined, found[0], given))
    yield from wrong


def formulas(text: str) -> tuple[str, str]:
    """What success and failure pay, as the paragraph says; raises ValueError where it does not say so once."""
    ((success, failure),) = _PAYS.findall(text)
    return success, failure


def definitions(text: str) -> dict[str, str]:
    """Name -> formula of what the paragraph defines by one; what it defines in words is not among them."""
    return {name: formula for name, formula in _DEFINES.findall(text) if _is_formula(formula)}


def _contradictions(rule: Mechanism, defined: dict[str, str], paid: tuple[str, str], given: Given) -> Iterator[str]:
    award = rule(*given)
    numbers = known(rule, given, award)
    scores = numbers["score"]
    for name, formula in defined.items():
        if name == "score":
            stated, where = _value(formula, numbers), given[0].active & np.isfinite(scores)
            if isinstance(stated, str):
                yield stated
            elif not _close(stated, scores, where):
                yield f"told_to_bidders says that score is {formula}, which its scores are not"
        else:
            made = _value(formula, numbers)
            if isinstance(made, str):
                yield made
                return
            numbers[name] = made
    for what, formula, pay in (("success", paid[0], award.pay_success), ("failure", paid[1], award.pay_failure)):
        made = _value(formula, numbers)
        if isinstance(made, str):
            yield made
        elif not _close(made, pay, award.hired):
            yield f"told_to_bidders says that {what} pays {formula}, which is not what its awards pay"


def known(rule: Mechanism, given: Given, award: Award) -> dict[str, FloatArray]:
    """What formulas may name, (..., n) each."""
    bids, tender, standing, lottery = given
    shape = bids.ask.shape
    scores = np.asarray(rule.scores(bids, tender, standing), np.float64)
    counted = np.where(bids.active & ~award.hired & ~np.isnan(scores), scores, -np.inf)
    best = np.maximum.reduce(counted, axis=-1, keepdims=True, initial=-np.inf)
    asks = np.where(bids.active, bids.ask, np.inf)
    others = np.where(np.eye(shape[-1], dtype=np.bool_), np.inf, asks[..., None, :])
    made = {
        "ask": bids.ask,
        "claim": bids.claim,
        "reputation": standing.reputation,
        "expected_cost": standing.expected_cost,
        "advice": standing.advice,
        "score": scores,
        "bar": np.maximum(np.asarray(rule.threshold(tender))[..., None], best),
        "next_ask": np.minimum.reduce(others, axis=-1, initial=np.inf),
    }
    made |= {name: np.asarray(getattr(tender, name))[..., None] for name in ("value", "reserve", "penalty")}
    made |= rule.told_names(bids, tender, standing, lottery)
    return {name: np.broadcast_to(array, shape) for name, array in made.items()}


def evaluated(formula: str, numbers: Mapping[str, Any]) -> Any:
    """What a formula gives; raises ValueError where it is none, or names what is not there."""
    if not _is_formula(formula):
        raise ValueError(f"told_to_bidders: {formula!r} is no formula")
    tree = ast.parse(formula, mode="eval")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(_FUNCTIONS)
    if unknown := sorted(names - set(numbers)):
        allowed = ", ".join(sorted(numbers))
        raise ValueError(
            f"told_to_bidders: {formula} names {', '.join(unknown)}; known: {allowed}; any other name must be defined, "
            "as in 'Here cap is 0.8 * value.', or be a key of the arrays that the method told_names of the rule returns"
        )
    with np.errstate(all="ignore"):
        return eval(compile(tree, "formula", "eval"), {"__builtins__": {}}, {**numbers, **_FUNCTIONS})


def _value(formula: str, numbers: Mapping[str, FloatArray]) -> FloatArray | str:
    """What a formula gives, or what is wrong with it."""
    try:
        made = evaluated(formula, numbers)
    except ValueError as error:
        return str(error)
    return np.broadcast_to(np.asarray(made, np.float64), numbers["ask"].shape)


def _is_formula(text: str) -> bool:
    """It is arithmetic, and not words."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    known_calls = all(isinstance(called, ast.Name) and called.id in _FUNCTIONS for called in calls)
    return known_calls and all(isinstance(node, _NODES) for node in ast.walk(tree))


def _close(one: FloatArray, other: FloatArray, where: Any) -> bool:
    return bool(np.allclose(one[where], other[where], rtol=_CLOSE, atol=_CLOSE))


def _postings(rule: Mechanism, leading: tuple[int, ...], n: int) -> Given:
    """Postings with asks below and above the reserve, reserves below the value, and a penalty where one has meaning."""
    shape = (*leading, n)
    value = 0.5 + grid(leading, 5)
    penalty = 0.3 * grid(leading, 23) if rule.capabilities.takes_penalty else np.zeros(leading)
    active = grid(shape, 29) < 0.9
    bids = Bids.trusted(ask=0.6 * grid(shape), claim=0.1 + 0.9 * grid(shape, 11), active=active)
    reserve = value * (0.4 + 0.6 * grid(leading, 31))
    tender = Tender(value=value, reserve=reserve, penalty=penalty, posting=np.zeros(leading, np.int64))
    standing = Standing(
        reputation=0.4 + grid(shape, 37), expected_cost=0.2 * grid(shape, 13), advice=0.1 + 0.9 * grid(shape, 17)
    )
    return bids, tender, standing, grid(shape, 19)
