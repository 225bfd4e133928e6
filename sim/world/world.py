"""The World: everything luck decides, drawn before the market opens.

Index convention: R replications, T tasks, n agents, K tries, P postings. Arrays keep all their axes; what does not
vary along an axis is broadcast along it (stride 0), so a recorded table of T x n cells costs that much for any R.

A market is a deterministic function of (World, mechanism). Two mechanisms given one World face the same luck.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sim.kit.arrays import BoolArray, FloatArray, IntArray, frozen, require, thin
from sim.kit.errors import ArrayError
from sim.world.formula import Later
from sim.world.optional_arrays import check_optional, within

_MOST = float(np.finfo(np.float64).max)
_PER_TASK = ("value", "reserve", "arrival")
_OF_TASKS = (*_PER_TASK, "principal", "half", "unasked")
_PER_AGENT = ("present", "belief", "cost_belief", "latency", "ability")
_PER_TRY = ("success", "verified", "infra", "cost", "duration")
_FROZEN = frozenset({*_PER_TASK, *_PER_AGENT, *_PER_TRY, "lottery"})
_SHARES = ("belief", "ability")
_MONEY_OR_TIME = ("cost_belief", "latency", "cost", "duration", "reserve", "arrival")
_UNKNOWN = ("belief", "cost_belief", "cost")  # what a table may not hold


def _nothing() -> None:
    """The value of a field that may be a formula: it must be no attribute of the class."""


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """All that chance decides for R replications of T tasks and n agents.

    agents (n names), tasks (T names), family and block (T labels, "" where none).
    from_table: outcomes come from a table, so replications share them and another draw of tasks is the sampling error.
    value, reserve (R, T) dollars, value NaN where none is stated; arrival (R, T) ticks.
    present (R, T, n): the agent can bid on the task at all. Where it is False the other arrays are not read.
    belief (R, T, n) success probability as the agent believes; cost_belief (R, T, n) dollars; latency (R, T, n)
        ticks from posting to bid; ability (R, T, n) true success probability, NaN where unknown.
    success (R, T, n, K) what truly happens on that try; verified: what the verifier would say; infra: the attempt is
        lost to the system; cost dollars; duration ticks.
    repeats: a try beyond K repeats the last one instead of being refused.
    score (R, T, n, K) in [0, 1]: what the try is worth, where outcomes are graded; None where they are successes or
        none.
    belief, cost_belief and cost are NaN throughout where a table does not hold them (`knows`); cost_belief is NaN of
        an agent without any cost on its record. by_record: those of the first two that follow from a record.
    observed (R, T, n, K): the try is a recorded trial with a known outcome, and no copy of another; None where the
        first try is what is observed of an agent at a task, as in every synthetic world.
    lottery (R, T, P, n) in (0, 1): the lowest wins a tie. exploration, choice: as lottery, and independent of it, for
        advisors that explore and policies that draw their bids; None where none does.
    pilot (R, T, n): a planner's estimate of each ability, made before the market opens; None where there is none.
    silent (R, T, n): no bid comes, and another is put in its place; None where there are no such bids.
    record_advice (R, T, n) smoothed success rate, and record_cost (R, T, n) mean dollars, NaN where nobody knows, of
        the agent on other tasks (sim/standing/records.py); half (R, T): which half of the tasks each is in, 0 or 1,
        where a record is of halves; uncarded (R, T, n): belief before a card that is read before the market opens; None
        where the arm has no such thing.
    retry_belief (R, T, n, F) belief after 1, ..., F verified failures of the agent's own at the task; spread (R, T, n)
        logits, what its signal leaves unknown, from which it follows (sim/agents/retry.py); None, both, where beliefs
        stay.
    principals (P names) and principal (R, T), the place of the one that owns the task; None where there is only one.
    body (n,): place of the agent that each name is one of, its own where it has one; None: nobody has several
        (sim/world/second_names.py).
    unasked (R, T): nobody but the principal's own agents is asked for a bid on the task; None: everybody is on all.
    shared: what is drawn once for all tasks of a replication, in words (sim/market/coupling.py).
    live: bids and outcomes are asked for when their moment comes. `observed` are then the tries that were made; the
        others are not known: their cost is NaN, and their success, verified and infra are not read.

    An array may be given as a `Later` (sim/world/formula.py), and is then made when it is first read.

    Raises ArrayError naming the array, the rule and the first bad index.
    """

    formulas: ClassVar[Mapping[str, Later]]  # fields that are made when they are read; one of each World's own
    recorded: ClassVar[Callable[..., World]]  # ways to make one from Python, which sim/front/worlds.py adds
    from_frame: ClassVar[Callable[..., World]]
    drawn: ClassVar[Callable[..., World]]

    agents: tuple[str, ...]
    tasks: tuple[str, ...]
    family: tuple[str, ...]
    block: tuple[str, ...]
    from_table: bool
    repeats: bool
    value: FloatArray
    reserve: FloatArray
    arrival: IntArray
    present: BoolArray
    belief: FloatArray
    cost_belief: FloatArray
    latency: IntArray
    ability: FloatArray
    success: BoolArray
    verified: BoolArray
    infra: BoolArray
    cost: FloatArray
    duration: IntArray
    lottery: FloatArray
    silent: BoolArray | None = field(default_factory=_nothing)
    spread: FloatArray | None = None
    retry_belief: FloatArray | None = None
    exploration: FloatArray | None = field(default_factory=_nothing)
    choice: FloatArray | None = field(default_factory=_nothing)
    pilot: FloatArray | None = None
    record_advice: FloatArray | None = field(default_factory=_nothing)
    record_cost: FloatArray | None = field(default_factory=_nothing)
    half: NDArray[np.int8] | None = None
    uncarded: FloatArray | None = None
    principals: tuple[str, ...] = ("",)
    principal: IntArray | None = None
    shared: tuple[str, ...] = ()
    observed: BoolArray | None = None
    score: FloatArray | None = None
    by_record: tuple[str, ...] = ()
    body: tuple[int, ...] | None = None
    live: bool = False
    unasked: BoolArray | None = None

    def __post_init__(self) -> None:
        self._settle(vars(self))

    def _settle(self, given: Collection[str]) -> None:
        """Tell formulas from arrays, and check. given: names of the fields whose numbers nobody has checked yet."""
        formulas = {name: value for name, value in vars(self).items() if isinstance(value, Later)}
        object.__setattr__(self, "formulas", formulas)
        for name in formulas:
            object.__delattr__(self, name)
        for name in _FROZEN.intersection(given):
            if name not in formulas:
                object.__setattr__(self, name, frozen(getattr(self, name)))
        self._check_shapes()
        self._check_numbers(given)
        check_optional(self)

    def __getattr__(self, name: str) -> Any:
        """Make what is read for the first time."""
        formulas = vars(self).get("formulas", {})
        if name not in formulas:
            raise AttributeError(f"a World has no {name!r}")
        object.__setattr__(self, name, frozen(formulas[name].array))
        self._check_numbers([name])
        return vars(self)[name]

    def _check_numbers(self, names: Collection[str]) -> None:
        """Check arrays that are there."""
        given = set(names) & vars(self).keys()
        present = thin(self.present)
        present_try = present[..., None]
        for name in [one for one in _SHARES if one in given]:
            array = getattr(self, name)
            if not within(array, 1.0):
                few = thin(array)
                known = ~np.isnan(few) if name == "ability" or self._unknown(name, array) else np.True_
                require(name, "lie in [0, 1]", array, ((few >= 0) & (few <= 1)) | ~(known & present))
        for name in [one for one in _MONEY_OR_TIME if one in given]:
            array = getattr(self, name)
            if not within(array, _MOST):
                read = present_try if name in _PER_TRY else present if name in _PER_AGENT else np.True_
                few = thin(array)
                known = ~np.isnan(few) if self._unknown(name, array) else np.True_
                require(name, "be finite and >= 0", array, (np.isfinite(few) & (few >= 0)) | ~(read & known))
        if "value" not in given:
            return
        few = thin(self.value)
        require("value", "be finite and >= 0, or NaN", self.value, ~np.isinf(few) & ~(few < 0))

    def _unknown(self, name: str, array: FloatArray | IntArray) -> bool:
        """It is of a table and NaN as a whole, or may be where a record says nothing."""
        if not self.from_table:
            return False
        return self.live or name in self.by_record or (name in _UNKNOWN and bool(np.isnan(thin(array)).all()))

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Of an array, or of one that is yet to be made."""
        formula = self.formulas.get(name)
        return tuple(getattr(self, name).shape) if formula is None else formula.shape

    def _check_shapes(self) -> None:
        n_replications, n_tasks, n_agents = self.present.shape
        success, lottery = self.shape_of("success"), self.shape_of("lottery")
        n_tries, postings = success[-1] if len(success) == 4 else 0, lottery[2] if len(lottery) == 4 else 0
        expected: dict[str, tuple[int, ...]] = dict.fromkeys(_PER_TASK, (n_replications, n_tasks))
        expected |= dict.fromkeys(_PER_AGENT, (n_replications, n_tasks, n_agents))
        expected |= dict.fromkeys(_PER_TRY, (n_replications, n_tasks, n_agents, n_tries))
        expected["lottery"] = (n_replications, n_tasks, postings, n_agents)
        for name, shape in expected.items():
            if self.shape_of(name) != shape:
                raise ArrayError(f"{name} must have shape {shape}; got {self.shape_of(name)}")
        for name, count in (("agents", n_agents), ("tasks", n_tasks), ("family", n_tasks), ("block", n_tasks)):
            if len(getattr(self, name)) != count:
                raise ArrayError(f"{name} must have {count} names; got {len(getattr(self, name))}")

    @property
    def n_replications(self) -> int:
        """R."""
        return int(self.present.shape[0])

    @property
    def n_tasks(self) -> int:
        """T."""
        return int(self.present.shape[1])

    @property
    def n_agents(self) -> int:
        """n."""
        return int(self.present.shape[2])

    @property
    def owner(self) -> IntArray:
        """(R, T) place of the principal that owns the task."""
        return np.broadcast_to(np.int64(0), self.reserve.shape) if self.principal is None else self.principal

    @property
    def n_tries(self) -> int:
        """K, the tries of one agent at one task with a known outcome."""
        return int(self.shape_of("success")[3])

    @property
    def delivered(self) -> BoolArray:
        """(R, T, n, K): the try succeeds and is not lost to the system, so the principal gets its value."""
        return self.success & ~self.infra if self.infra.any() else self.success

    def knows(self, name: str) -> bool:
        """Whether anything is known of belief, cost_belief or cost; of what is drawn or asked for all is."""
        if not self.from_table or self.live:
            return True
        array = thin(getattr(self, name))[:1]
        return not array.size or not bool(np.isnan(array).all())

    def __repr__(self) -> str:
        """Its size in words."""
        count = f"{self.n_replications} replication{'s' if self.n_replications != 1 else ''}"
        origin = "live" if self.live else "from a table" if self.from_table else "drawn from a population"
        return f"World of {count} x {self.n_tasks} tasks x {self.n_agents} agents, {origin}"

    def has(self, name: str) -> bool:
        """Whether there is such an array, made or not."""
        return name in self.formulas or getattr(self, name) is not None

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays there are, by field; those that nobody has read yet are made."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}

    def changed(self, **changes: Any) -> Self:
        """The World with other fields; formulas stay formulas."""
        all_of_it = "present" in changes  # which says what of the others is read
        return self._with(dict(self.formulas) | changes, vars(self) if all_of_it else changes)

    def _with(self, other: Mapping[str, Any], given: Collection[str]) -> Self:
        made = object.__new__(type(self))
        vars(made).update({name: value for name, value in vars(self).items() if name != "formulas"})
        vars(made).update(other)
        made._settle(given)
        return made

    def _take(self, index: tuple[Any, ...], per_task: tuple[Any, ...], names: dict[str, Any]) -> Self:
        arrays: dict[str, Any] = {}
        for name in (one.name for one in fields(self)):
            array = vars(self)[name] if name in vars(self) else self.formulas.get(name)
            if isinstance(array, np.ndarray | Later):
                cut = per_task if name in _OF_TASKS else index
                if name in ("lottery", "exploration", "choice"):
                    cut = (*index[:2], slice(None), *index[2:])
                arrays[name] = array.cut(cut) if isinstance(array, Later) else array[cut]
        return self._with(arrays | names, ())

    def only(self, agent: int) -> Self:
        """The World in which this agent is alone; every array is a view."""
        return self._take(
            (slice(None), slice(None), slice(agent, agent + 1)),
            (slice(None), slice(None)),
            {"agents": self.agents[agent : agent + 1], "body": None},
        )

    def replication(self, first: int, count: int = 1) -> Self:
        """Replications first, ..., first + count - 1; every array is a view."""
        cut = (slice(first, first + count),)
        return self._take((*cut, slice(None), slice(None)), cut, {})
