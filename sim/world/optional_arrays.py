"""Checks of what a World (sim/world/world.py) may hold or not: records, advice, beliefs after failures, and so on."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kit.arrays import FloatArray, IntArray, frozen, require, thin
from sim.kit.errors import ArrayError


def check_optional(world: Any) -> None:
    """Freeze these arrays; raises ArrayError naming the array, the rule and the first bad index."""
    _advice(world)
    _retries(world)
    _principals(world)
    _records(world)
    _masks(world)
    _score(world)


def within(array: FloatArray | IntArray, high: float) -> bool:
    """No cell is NaN, negative or above `high`: two quick passes, which settle most Worlds."""
    few = thin(array)
    return bool(few.size == 0 or (few.min() >= 0 and few.max() <= high))


def _score(world: Any) -> None:
    if world.score is None:
        return
    if world.score.shape != world.shape_of("success"):
        raise ArrayError(f"score must have shape {world.shape_of('success')}; got {world.score.shape}")
    good = (world.score >= 0) & (world.score <= 1)
    require("score", "lie in [0, 1]", world.score, good | ~world.present[..., None])
    object.__setattr__(world, "score", frozen(world.score))


def _records(world: Any) -> None:
    for name in ("record_advice", "uncarded", "record_cost", "half"):
        array = vars(world).get(name)
        if array is None:
            continue
        shape = world.reserve.shape if name == "half" else world.present.shape
        if array.shape != shape:
            raise ArrayError(f"{name} must have shape {shape}; got {array.shape}")
        few = thin(array)
        if name == "half":
            require(name, "be 0 or 1", few, (few == 0) | (few == 1))
        elif name == "record_cost":
            good = np.isnan(few) | (np.isfinite(few) & (few >= 0))
            require(name, "be finite and >= 0, or NaN", array, good | ~thin(world.present))
        elif not within(array, 1.0) and (name != "uncarded" or world.knows("belief")):
            require(name, "lie in [0, 1]", array, ((few >= 0) & (few <= 1)) | ~thin(world.present))
        object.__setattr__(world, name, frozen(array))


def _masks(world: Any) -> None:
    for name, shape in (("observed", world.shape_of("success")), ("unasked", world.reserve.shape)):
        array = getattr(world, name)
        if array is None:
            continue
        if array.shape != shape or array.dtype != np.bool_:
            raise ArrayError(f"{name} must be bool of shape {shape}; got {array.dtype} {array.shape}")
        object.__setattr__(world, name, frozen(array))


def _principals(world: Any) -> None:
    owner, count = world.principal, len(world.principals)
    if owner is None:
        if count != 1:
            raise ArrayError(f"principal must name the owner of each task; there are {count} principals")
        return
    if owner.shape != world.reserve.shape:
        raise ArrayError(f"principal must have shape {world.reserve.shape}; got {owner.shape}")
    require("principal", f"lie in 0 ... {count - 1}", owner, (owner >= 0) & (owner < count))
    object.__setattr__(world, "principal", frozen(owner))


def _advice(world: Any) -> None:
    posted = world.shape_of("lottery")
    for name, shape in (("exploration", posted), ("choice", posted), ("pilot", world.present.shape)):
        array = vars(world).get(name)
        if array is None:
            continue
        if array.shape != shape:
            raise ArrayError(f"{name} must have shape {shape}; got {array.shape}")
        if not within(array, 1.0):
            present = world.present if name == "pilot" else np.True_
            require(name, "lie in [0, 1]", array, ((array >= 0) & (array <= 1)) | ~present)
        object.__setattr__(world, name, frozen(array))


def _retries(world: Any) -> None:
    spread, later, per_agent = world.spread, world.retry_belief, world.present.shape
    if spread is None or later is None:
        if spread is not later:
            raise ArrayError("spread and retry_belief must be given together")
        return
    if spread.shape != per_agent:
        raise ArrayError(f"spread must have shape {per_agent}; got {spread.shape}")
    if later.ndim != 4 or later.shape[:3] != per_agent or later.shape[3] < 1:
        raise ArrayError(f"retry_belief must have shape {per_agent} and failures, at least 1; got {later.shape}")
    present, few, few_later = thin(world.present), thin(spread), thin(later)
    require("spread", "be finite and >= 0", spread, (np.isfinite(few) & (few >= 0)) | ~present)
    good = ((few_later >= 0) & (few_later <= 1)) | ~present[..., None]
    if world.knows("belief"):
        require("retry_belief", "lie in [0, 1]", later, good)
    object.__setattr__(world, "spread", frozen(spread))
    object.__setattr__(world, "retry_belief", frozen(later))
