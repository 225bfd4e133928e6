"""What is wrong with an award: asked of rules that are not the package's own, at every clearing."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kit.arrays import MOST_PAID, Award, Bids
from sim.mechanisms.base import Mechanism


def award_fault(award: Any, bids: Bids) -> str:
    """What is wrong with an award for these bids, or nothing."""
    if not isinstance(award, Award):
        return f"must return an Award (use sim.mechanisms.contract); got {type(award).__name__}"
    shape = bids.active.shape
    for name, kind, expected in (
        ("hired", "b", shape),
        ("pay_success", "f", shape),
        ("pay_failure", "f", shape),
        ("by_tie", "b", shape[:-1]),
    ):
        array = np.asarray(getattr(award, name, None))
        if array.dtype.kind != kind:
            return f"{name} must be {'booleans' if kind == 'b' else 'floats'}; got dtype {array.dtype}"
        if array.shape != expected:
            return f"{name} must have shape {expected} for bids of shape {shape}; got {array.shape}"
        if kind == "f" and not np.isfinite(array).all():
            return f"{name} must be finite; got {array[~np.isfinite(array)][0]}"
        if kind == "f" and (np.abs(array) > MOST_PAID).any():
            return f"{name} must be from -{MOST_PAID:g} to {MOST_PAID:g}; got {array[np.abs(array) > MOST_PAID][0]}"
    for name, kind in (("turn", "i"), ("budget", "f")):
        array = getattr(award, name)
        if array is not None and (np.asarray(array).dtype.kind, np.shape(array)) != (kind, shape):
            wanted = "whole numbers" if kind == "i" else "floats"
            return f"{name} must be {wanted} of shape {shape}; got {np.asarray(array).dtype} of shape {np.shape(array)}"
    if (award.hired & ~bids.active).any():
        return "hires an agent without a bid that counts (bids.active is False)"
    return ""


def undeclared(rule: Mechanism, award: Award) -> str:
    """What the award names and the rule does not say it may, or nothing."""
    if award.turn is not None and not rule.capabilities.in_turns:
        return "names turns: say so with capabilities = Capabilities(in_turns=True)"
    if award.budget is not None and not rule.capabilities.takes_menu:
        return "names budgets: say so with capabilities = Capabilities(takes_menu=True)"
    return ""
