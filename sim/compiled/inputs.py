"""What the loop is given of a World and of an arm's rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sim.compiled.code import Code
from sim.compiled.drawing import Drawing, own_success
from sim.compiled.kept_draws import bulk_of
from sim.compiled.kernel.layout import NEVER, Field, Fields, Market, Size
from sim.compiled.pointer import Pointer
from sim.kit.arrays import FloatArray, IntArray, thin
from sim.kit.errors import MarketError
from sim.market.rules import Rules
from sim.standing.sources import family_codes
from sim.world.world import World

_KEPT: WeakKeyDictionary[World, dict[Any, Field]] = WeakKeyDictionary()
_DRAWS = ("belief", "cost_belief", "verified", "success", "infra", "cost")


def field(array: NDArray[Any] | None, dtype: Any, axes: int) -> Field:
    """The array's memory and its steps; one number where there is none."""
    if array is None:
        return _nothing(dtype, axes)
    array = np.asarray(array, dtype)
    if array.size == 0:
        return Field(Pointer(array, strided=True), *(0,) * axes)
    size, steps = array.itemsize, []
    for length, stride in zip(array.shape, array.strides, strict=True):
        if length > 1 and (stride < 0 or stride % size):
            return field(np.ascontiguousarray(array), dtype, axes)
        steps.append(0 if length == 1 else stride // size)
    return Field(Pointer(array, strided=True), *steps)


@cache
def _nothing(dtype: Any, axes: int) -> Field:
    return Field(Pointer(np.zeros((1,) * axes, dtype)), *(0,) * axes)


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1


def too_late(world: World, rules: Rules) -> MarketError:
    """The error of a market whose moments do not fit into 64 bits."""
    return MarketError(
        f"{world.n_tasks} tasks, {rules.postings} postings and {world.n_agents} agents over so many ticks are too many "
        "for the compiled engine; use the market engine"
    )


def size_of(world: World, rules: Rules, code: Code, *, seen: int, counted: bool) -> Size:
    """Counts; raises MarketError where a moment does not fit into 64 bits."""
    bits = [max(0, count - 1).bit_length() for count in (world.n_tasks, rules.postings, world.n_agents)]
    most_ticks = 1 << max(0, 62 - sum(bits))
    if int(thin(world.arrival).max(initial=0)) + rules.window >= most_ticks:
        raise too_late(world, rules)
    return Size(
        tasks=world.n_tasks,
        agents=world.n_agents,
        width=code.width,
        principals=1 if rules.budgets is None else len(rules.budgets),
        families=families(world, rules)[1],
        floats=len(code.rows["f"]),
        whole=len(code.rows["i"]),
        truths=len(code.rows["b"]),
        tries=world.n_tries,
        failures=0 if world.retry_belief is None else world.retry_belief.shape[-1],
        postings=rules.postings,
        capacity=int(rules.capacity) if rules.capacity < world.n_tasks else 1,
        states=code.states,
        adapted=code.adapted,
        memos=code.memos,
        common=code.common,
        task_bits=bits[0],
        posting_bits=bits[1],
        agent_bits=bits[2],
        attempts=0,
        clearings=0,
        seen=seen,
        counted=counted,
        keys=len(code.keys),
        most_ticks=most_ticks,
    )


def market_of(world: World, rules: Rules, code: Code) -> Market:
    """The rules as numbers."""
    deadline, drawn = rules.deadline is not None, code.drawn
    return Market(
        window=rules.window,
        delay=rules.market.repost_delay,
        approval=rules.market.approval_delay,
        deadline=0 if rules.deadline is None else rules.deadline,
        timeout=int(rules.timeout),
        bid_cost=float(rules.bid_cost),
        has_deadline=deadline,
        exclude_hired=rules.exclude == "hired",
        exclude_failed=rules.exclude == "failed",
        repeats=world.repeats,
        shares_slots=rules.capacity < world.n_tasks,
        retries=world.retry_belief is not None,
        absences=not bool(thin(world.present).all()),
        lateness=bool((thin(world.latency) > rules.window).any()),
        silences="silent" not in drawn and world.has("silent"),
        losses="infra" not in drawn and bool(thin(world.infra).any()),
        own_success=own_success(world),
        graded=world.score is not None,
        escalates="unfilled" in code.parts,
        learns=code.states > code.adapted,
        reads="read" in code.parts,
        actual_cost=rules.expected_cost.kind == "actual" and "expected_cost" in code.asks,
        outcome_advice=rules.advice == "outcome" and "advice" in code.asks,
        chooses="choice" in code.asks and "choice" not in drawn,
        adapts=code.adapted > 0,
        explores="exploration" in code.asks and "exploration" not in drawn and rules.advisor is not None,
        tells_tries=bool(code.asks & {"tries", "failures"}),
        looks_at_cost="expected_cost" in code.asks,
        looks_at_advice="advice" in code.asks,
        looks_at_lottery="lottery" in code.asks and "lottery" not in drawn,
        draws_lottery="draw_shown" in code.called,
        turns="turn" in code.gives,
        limits="budget" in code.gives,
        fees="fee" in code.gives,
        examined=rules.examined,
        bankrolls=rules.bankroll is not None,
        budgets=rules.budgets is not None,
        draws="draw" in code.called,
        bulk=bool(code.bulk),
        bulk_belief=_place(code.bulk, "belief"),
        bulk_cost_belief=_place(code.bulk, "cost_belief"),
        bulk_advice=_place(code.bulk, "advice"),
        bulk_silent=_place(code.bulk, "silent"),
        draws_tries="draw_try" in code.called,
        **{f"draws_{name}": name in drawn for name in _DRAWS},
        draws_ticks="duration" in drawn,
    )


def fields_of(world: World, rules: Rules, code: Code, drawing: Drawing, size: Size) -> Fields:
    """The World's arrays."""
    known = _KEPT.setdefault(world, {})
    expected, advice = _sources(world, rules, code)
    family, _ = families(world, rules)

    def kept(name: str, dtype: Any, axes: int, *of: Any, array: Callable[[], Any] | None = None) -> Field:
        """As `field`, of an array of the World, or one that follows from it and `of`, once for each World."""
        key = name, *of
        if key not in known:
            known[key] = field(getattr(world, name) if array is None else array(), dtype, axes)
        return known[key]

    def drawn(name: str, dtype: Any, axes: int) -> Field:
        """As `kept`; nothing where it is drawn as the market goes, or nobody reads it."""
        unread = name in ("lottery", "exploration", "choice") and name not in code.asks
        unread = unread or (name == "success" and not own_success(world))
        none = unread or name in code.drawn
        return field(None, dtype, axes) if none else kept(name, dtype, axes)

    def late() -> Any:
        few = thin(world.latency) > rules.window
        return np.broadcast_to(few, world.latency.shape) if few.any() else None

    f, b, i = np.float64, np.bool_, np.int64
    moments = size.task_bits, size.posting_bits, size.agent_bits, rules.window
    return Fields(
        value=kept("value", f, 2),
        reserve=kept("reserve", f, 2),
        penalty=field(np.full((1, 1), rules.penalty) if rules.penalties is None else rules.penalty_in(world), f, 2),
        arrival=kept("arrival", i, 2),
        owner=kept("principal", i, 2),
        belief=drawn("belief", f, 3),
        cost_belief=drawn("cost_belief", f, 3),
        present=kept("present", b, 3),
        late=kept("late", b, 3, rules.window, array=late),
        silent=drawn("silent", b, 3),
        expected_cost=field(expected, f, 3),
        advice=field(advice, f, 3),
        lottery=drawn("lottery", f, 4),
        exploration=drawn("exploration", f, 4),
        choice=drawn("choice", f, 4),
        retry_belief=kept("retry_belief", f, 4),
        delivered=field(world.delivered if rules.advice == "outcome" and "advice" in code.asks else None, b, 4),
        verified=drawn("verified", b, 4),
        success=drawn("success", b, 4),
        infra=drawn("infra", b, 4),
        duration=drawn("duration", i, 4),
        cost=drawn("cost", f, 4),
        score=kept("score", f, 4),
        bulk=bulk_of(world, code, drawing, size),
        first=kept("first", i, 2, moments, array=lambda: _first_postings(world, rules, size)),
        family=Pointer(family),
        keys=Pointer(drawing.lane_keys(code.keys, world.n_replications)),
        tasks=Pointer(np.concatenate([drawing.steps(axis, world.n_tasks) for axis in ("t", "f")])),
        postings=Pointer(drawing.steps("p", rules.postings)),
        tries=Pointer(drawing.steps("k", world.n_tries)),
        agents=Pointer(drawing.steps("i", world.n_agents)),
        bankroll=Pointer(np.array(rules.bankroll or (0.0,) * world.n_agents, np.float64)),
        budgets=Pointer(np.array(rules.budgets or (0.0,), np.float64)),
    )


def families(world: World, rules: Rules) -> tuple[IntArray, int]:
    """Number of each task's family (T,), and how many there are, one unless the advisor goes by family."""
    return family_codes(world.family, by_family=rules.advisor is not None and rules.advisor.by_family)


def _sources(world: World, rules: Rules, code: Code) -> tuple[FloatArray, FloatArray]:
    """Expected cost and advice (R, T, n) where they do not change as the market goes."""
    source = rules.expected_cost
    cost, advice = np.full((1, 1, 1), source.dollars), np.full((1, 1, 1), np.nan)
    if source.kind == "record" and "expected_cost" in code.asks and world.record_cost is not None:
        cost = world.record_cost
    if "advice" not in code.asks:
        return cost, advice
    if rules.advice == "record" and world.record_advice is not None:
        advice = world.record_advice
    elif rules.advice == "ability" and "ability" not in code.drawn:
        advice = world.ability
    elif rules.advice == "planner" and world.pilot is not None:
        advice = world.pilot
    return cost, advice


def _first_postings(world: World, rules: Rules, size: Size) -> IntArray:
    """(R, T + 1) moments of first postings in order, NEVER at the end; (1, T + 1) where all replications are alike."""
    ticks = thin(world.arrival) + rules.window
    first = ((ticks << size.task_bits) + np.arange(size.tasks)) << (size.posting_bits + size.agent_bits)
    if not (first[:, 1:] >= first[:, :-1]).all():
        first.sort(axis=1)
    return np.hstack([first, np.full((len(first), 1), NEVER)])
