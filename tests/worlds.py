"""Small Worlds and Rules for tests: from plain arguments, or drawn by hypothesis.

Index convention as in `sim.world.world`: R replications, T tasks, n agents, K tries, P postings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from sim.agents.bidding import BidderState
from sim.agents.everybody import Bidders
from sim.agents.production import Plans
from sim.agents.retry import after_each
from sim.kit.arrays import FloatArray, Notice, Status
from sim.market.escalation import Escalation
from sim.market.rules import Rules
from sim.mechanisms import Mechanism, lookup, names
from sim.scenario.scenario import label_of
from sim.specs.bidders import BidderSpec, Card
from sim.specs.settings import MarketSpec, StandingSpec
from sim.standing.advisors import UCB1, Advisor, BaseRate, Beta, PlattBatch, PlattOnline, Thompson
from sim.standing.reputation import BetaReputation, ExponentialReputation, LiveReputation, RunningMeanCost
from sim.standing.sources import ExpectedCost
from sim.world.card import PastCard
from sim.world.world import World

CANCELS = MarketSpec(first_success_cancels=True)
POSTINGS = 4  # lotteries are drawn for this many postings of a task


def _spread(values: ArrayLike, shape: tuple[int, ...], kind: type) -> NDArray[Any]:
    """`values` with axes (T, n, K), missing ones at the end, repeated over replications."""
    array = np.asarray(values, kind)
    array = array.reshape(array.shape + (1,) * (len(shape) - 1 - array.ndim))
    return np.broadcast_to(array, shape).copy()


def make_world(
    n_tasks: int = 1,
    n_agents: int = 1,
    *,
    replications: int = 1,
    tries: int = 1,
    repeats: bool = False,
    value: ArrayLike = 1.75,
    reserve: ArrayLike = 1.0,
    arrival: ArrayLike = 0,
    present: ArrayLike = True,
    belief: ArrayLike = 0.5,
    cost_belief: ArrayLike = 0.125,
    latency: ArrayLike = 0,
    ability: ArrayLike = 0.5,
    success: ArrayLike = True,
    verified: ArrayLike | None = None,
    infra: ArrayLike = False,
    cost: ArrayLike = 0.125,
    duration: ArrayLike = 1,
    lottery: ArrayLike | None = None,
    spread: ArrayLike | None = None,
    retry_belief: ArrayLike | None = None,
    principal: ArrayLike | None = None,
) -> World:
    """A World of tasks t0, t1, ... and agents a0, a1, ...

    Arrays have axes (T, n, K), missing ones at the end: `cost=[[0.1, 0.2]]` is one task, two agents, any try. Agents
    with a lower number have the luckier lottery, unless `lottery` says otherwise with axes (T, P, n). spread: beliefs
    after failures follow from it; retry_belief (T, n, F): they are these. principal (T,): tasks of p0, p1, ...
    """
    per_task, per_agent = (replications, n_tasks), (replications, n_tasks, n_agents)
    per_try, per_posting = (*per_agent, tries), (replications, n_tasks, POSTINGS, n_agents)
    beliefs = _spread(belief, per_agent, float)
    later: dict[str, Any] = {}
    if spread is not None:
        later["spread"] = _spread(spread, per_agent, float)
        later["retry_belief"] = after_each(beliefs, later["spread"], POSTINGS - 1)
    if retry_belief is not None:
        later["spread"] = np.zeros(per_agent)
        later["retry_belief"] = np.broadcast_to(np.asarray(retry_belief, float), (*per_agent, POSTINGS - 1))
    if principal is not None:
        later["principal"] = _spread(principal, per_task, int)
        later["principals"] = tuple(f"p{k}" for k in range(int(np.max(principal)) + 1))
    luck = (np.arange(n_agents) + 0.5) / max(1, n_agents) if lottery is None else np.asarray(lottery, float)
    return World(
        agents=tuple(f"a{i}" for i in range(n_agents)),
        tasks=tuple(f"t{t}" for t in range(n_tasks)),
        family=("",) * n_tasks,
        block=("",) * n_tasks,
        from_table=False,
        repeats=repeats,
        value=_spread(value, per_task, float),
        reserve=_spread(reserve, per_task, float),
        arrival=_spread(arrival, per_task, int),
        present=_spread(present, per_agent, bool),
        belief=beliefs,
        cost_belief=_spread(cost_belief, per_agent, float),
        latency=_spread(latency, per_agent, int),
        ability=_spread(ability, per_agent, float),
        success=_spread(success, per_try, bool),
        verified=_spread(success if verified is None else verified, per_try, bool),
        infra=_spread(infra, per_try, bool),
        cost=_spread(cost, per_try, float),
        duration=_spread(duration, per_try, int),
        lottery=np.broadcast_to(luck, per_posting).copy(),
        **later,
    )


@dataclass(frozen=True)
class Nosy:
    """Asks half the reserve where it sees one, else its cost belief for every try, the next included, and failure."""

    def __call__(
        self, belief: FloatArray, cost_belief: FloatArray, notice: Notice, state: BidderState
    ) -> tuple[FloatArray, FloatArray]:
        reserve = np.asarray(notice.reserve)[..., None]
        times = 1 + state.tries + state.failures
        return np.where(np.isnan(reserve), cost_belief * times, reserve * 0.5), belief


def make_rules(mechanism: Mechanism | str = "first_price", **changes: Any) -> Rules:
    """Rules of a truthful market with a penalty of 0 and public value; `changes` as `changed` takes them."""
    rule = lookup(mechanism)() if isinstance(mechanism, str) else mechanism
    announced = ("reserve",) if rule.capabilities.announces_reserve else ()
    stated: dict[str, Any] = {
        "bidder": Bidders.truthful(rule),
        "public": ("value", "penalty", *announced),
        "penalty": 0.0,
        "expected_cost": ExpectedCost("fixed", 0.0),
    }
    return changed(Rules(mechanism=rule, **stated), **changes)


def changed(rule: Rules, **changes: Any) -> Rules:
    """`dataclasses.replace`, which takes keys of sections as well that rules read as they are stated."""
    names = {one.name for one in fields(Rules)}
    for section, model in {"market": MarketSpec, "bidders": BidderSpec, "standing": StandingSpec}.items():
        own = {key: changes.pop(key) for key in model.model_fields if key in changes and key not in names}
        if own:
            changes[section] = changes.get(section, getattr(rule, section)).model_copy(update=own)
    return replace(rule, **changes)


def examples() -> list[Mechanism]:
    """Every registered mechanism with the parameters that change what it does."""
    more = {
        "agent_economy": [{"pay": "bounty"}, {"rounded": False, "credits_per_dollar": 64.0}],
        "always": [{"agent": 1, "pay": "reserve"}],
        "cascade": [{"order": (1, 0)}],
        "route_by_advice": [{"pay": "reserve"}],
        "best_reserve_public": [{"low": 0.125, "high": 0.75, "shape": 2.0}],
        "k_redundant": [{"at_most": 2}],
    }
    found: list[Mechanism] = []
    for name in names():
        for rule in (*lookup(name).examples(), *(lookup(name)(**parameters) for parameters in more.get(name, []))):
            if rule not in found:
                found.append(rule)
    return found


def each_example() -> list[Any]:
    """The examples as parameters of tests; in `make test` the first of each mechanism."""
    first = {rule.name: label_of(rule) for rule in reversed(examples())}
    marks = {label: [] if label in first.values() else [pytest.mark.slow] for label in map(label_of, examples())}
    return [pytest.param(rule, id=label_of(rule), marks=marks[label_of(rule)]) for rule in examples()]


def _grid(chance: np.random.Generator, shape: tuple[int, ...], steps: int, high: float) -> NDArray[np.float64]:
    """Multiples of high / steps in [0, high]: exact sums where both are powers of two, and many ties."""
    return chance.integers(0, steps, shape, endpoint=True) * (high / steps)


@st.composite
def worlds(draw: st.DrawFn, most: tuple[int, int, int] = (3, 5, 5)) -> World:
    """Small Worlds full of coincidences: ties, equal ticks, zero durations, claims of 0 and 1, absent cells, infra.

    In some, beliefs after failures are drawn, and do not follow from the spread: what is read where shows.
    """
    sizes = [draw(st.integers(1, size), label=axis) for axis, size in zip("RTn", most, strict=True)]
    repeats = draw(st.booleans(), label="repeats")
    tries = draw(st.integers(1, 3), label="K") if repeats else POSTINGS + 2
    steps = draw(st.sampled_from([2, 8, 64]), label="steps of money")
    ticks = draw(st.sampled_from([0, 1, 3, 6]), label="longest duration")
    updates = draw(st.booleans(), label="beliefs after failures")
    gap = draw(st.sampled_from([0, 1, 4]), label="latest arrival")
    slow = draw(st.sampled_from([0, 3]), label="longest latency")
    rare, lost, false_pass, false_fail = (
        draw(st.sampled_from([0.0, 0.3]), label=label) for label in ("absent", "lost", "false pass", "false fail")
    )
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1), label="luck"))
    n_replications, n_tasks, n_agents = sizes
    per_task, per_agent, per_try = (n_replications, n_tasks), tuple(sizes), (*sizes, tries)
    present = chance.random(per_agent) >= rare
    success = chance.random(per_try) < 0.5

    def hidden(array: NDArray[Any]) -> NDArray[Any]:
        """What is not present is never read."""
        return np.where(present, array, np.nan if array.dtype.kind == "f" else -7)

    world = World(
        agents=tuple(f"a{i}" for i in range(n_agents)),
        tasks=tuple(f"t{t}" for t in range(n_tasks)),
        family=tuple(chance.choice(["x", "y", "z"], n_tasks).tolist()),
        block=("",) * n_tasks,
        from_table=False,
        repeats=repeats,
        value=_grid(chance, per_task, 8, 4.0),
        reserve=_grid(chance, per_task, steps, 4.0),
        arrival=chance.integers(0, gap, per_task, endpoint=True),
        present=present,
        belief=hidden(_grid(chance, per_agent, 8, 1.0)),
        cost_belief=hidden(_grid(chance, per_agent, steps, 0.5)),
        latency=hidden(chance.integers(0, slow, per_agent, endpoint=True)),
        ability=hidden(_grid(chance, per_agent, 8, 1.0)),
        success=success,
        verified=success ^ (chance.random(per_try) < np.where(success, false_fail, false_pass)),
        infra=chance.random(per_try) < lost,
        cost=_grid(chance, per_try, steps, 0.5),
        duration=chance.integers(0, ticks, per_try, endpoint=True),
        lottery=chance.random((n_replications, n_tasks, POSTINGS, n_agents)),
        exploration=chance.random((n_replications, n_tasks, POSTINGS, n_agents)),
        pilot=hidden(chance.random(per_agent)),
        record_advice=hidden(_grid(chance, per_agent, 8, 1.0)),
        record_cost=np.where(chance.random(per_agent) < rare, np.nan, _grid(chance, per_agent, steps, 0.5)),
    )
    if draw(st.booleans(), label="two principals"):
        world = replace(world, principals=("p0", "p1"), principal=chance.integers(0, 2, per_task))
    if not updates:
        return world
    spread = hidden(_grid(chance, per_agent, 2, 2.0))
    later = np.where(present[..., None], _grid(chance, (*sizes, POSTINGS - 1), 8, 1.0), np.nan)
    return replace(world, spread=spread, retry_belief=later)


cents = st.integers(0, 8).map(lambda k: k / 16)


@st.composite
def _sources(draw: st.DrawFn) -> ExpectedCost:
    kind = draw(st.sampled_from(["fixed", "actual", "record", "unknown", "learned"]), label="expected cost")
    if kind == "fixed":
        return ExpectedCost(kind, draw(cents, label="dollars"))
    if kind == "learned":
        prior, weight = draw(cents, label="prior"), draw(st.sampled_from([0.5, 1.0, 3.0]), label="weight")
        return ExpectedCost(kind, learner=RunningMeanCost(prior, weight))
    return ExpectedCost(kind)


@st.composite
def accounted(draw: st.DrawFn, rule: Rules, world: World) -> Rules:
    """The rules with accounts kept of agents, of principals, of both or of none, from penniless to without limit."""
    amounts = st.sampled_from([0.0, 0.0625, 0.25, 0.5, 1.0, 3.0, math.inf])

    def each(count: int, label: str, factor: float = 1.0) -> tuple[float, ...] | None:
        return draw(st.none() | st.tuples(*[amounts.map(lambda dollars: dollars * factor)] * count), label=label)

    taken = st.sampled_from([0.0, 0.25, 2.0] if rule.mechanism.capabilities.takes_penalty else [0.0])
    penalties = st.tuples(*[taken] * len(world.principals))
    return replace(
        rule,
        bankroll=each(world.n_agents, "bankrolls"),
        budgets=each(len(world.principals), "budgets", 8.0),
        penalties=draw(st.none() | penalties, label="penalties"),
    )


cards = st.builds(
    Card,
    record=st.just("past"),
    weight=st.sampled_from([0.0, 0.5, 1.0]),
    cost_weight=st.sampled_from([0.0, 0.16, 1.0]),
    history=st.none() | st.integers(1, 3),
)


REPUTATIONS = (None, LiveReputation(), ExponentialReputation(weight=0.3, start=0.8), BetaReputation(2.0, 0.5, 0.9))


def _advisors(mechanism: Mechanism) -> st.SearchStrategy[Advisor | None]:
    """No advisor, or any: half of the time where the mechanism asks for advice."""
    if "advice" not in mechanism.capabilities.needs:
        return st.none()
    by_family = st.booleans()
    learned: list[st.SearchStrategy[Advisor]] = [
        st.builds(BaseRate, prior=st.sampled_from([0.5, 3.0]), mean=st.sampled_from([0.25, 0.6]), by_family=by_family),
        st.builds(
            Beta,
            prior=st.sampled_from([0.5, 10.0]),
            mean=st.sampled_from([None, 0.7]),
            decay=st.sampled_from([1.0, 0.8]),
            by_family=by_family,
        ),
        st.builds(PlattOnline, eta=st.sampled_from([0.05, 2.0]), eps=st.just(0.01), by_family=by_family),
        st.builds(PlattBatch, eps=st.just(0.01), memory=st.sampled_from([1, 3, 50]), by_family=by_family),
        st.builds(Thompson, by_family=by_family),
    ]
    if mechanism.capabilities.takes_index:
        learned.append(st.builds(UCB1, by_family=by_family))
    return st.one_of(st.none(), *learned)


@st.composite
def rules(draw: st.DrawFn, mechanism: Mechanism) -> Rules:
    """Rules of any market the mechanism can run in, with a window from none to longer than every latency."""
    window = draw(st.integers(0, 3), label="window")
    budgets = st.lists(st.sampled_from([0.0625, 0.125, 0.25, 0.375, math.inf]), min_size=1, unique=True).map(sorted)
    menus = st.builds(Plans, budgets.map(tuple), st.sampled_from([0.0, 0.5, 2.0]))
    deadline = draw(st.none() | st.integers(window + 1, window + 8), label="deadline")
    shown = draw(st.sampled_from([(), ("value",), ("reserve",), ("value", "reserve")]), label="public")
    escalation = st.builds(
        Escalation,
        unfilled_factor=st.sampled_from([1.0, 1.15, 1.5]),
        failed_factor=st.sampled_from([1.0, 1.10, 2.0]),
        every=st.integers(1, 2),
        cap=st.sampled_from([1.0, 2.0]),
        credits_per_dollar=st.sampled_from([None, 90.0, 64.0]),
        above_value=st.sampled_from([None, True, False]),
    )
    return make_rules(
        mechanism,
        public=(*shown, "penalty", *(("reserve",) if mechanism.capabilities.announces_reserve else ())),
        penalty=draw(
            st.sampled_from([0.0, 0.25, 2.0] if mechanism.capabilities.takes_penalty else [0.0]), label="penalty"
        ),
        bid_cost=draw(cents, label="bid cost"),
        overhead=draw(cents, label="overhead"),
        bidder=draw(st.sampled_from([Bidders.truthful(mechanism), Nosy()]), label="bidder"),
        window=window,
        capacity=draw(st.sampled_from([1, 2, 3, math.inf]), label="capacity"),
        postings=draw(st.integers(1, POSTINGS), label="postings"),
        repost_delay=draw(st.integers(0, 2), label="repost delay"),
        exclude=draw(st.sampled_from(["none", "failed", "hired"]), label="exclude"),
        escalation=draw(st.none() | escalation, label="escalation"),
        deadline=deadline,
        timeout=draw(st.sampled_from([Status.FAIL, Status.INFRA]), label="timeout"),
        reputation=draw(st.sampled_from(REPUTATIONS), label="reputation"),
        expected_cost=draw(_sources()),
        advice=draw(st.sampled_from([None, "outcome", "ability", "record", "planner"]), label="advice"),
        advisor=draw(_advisors(mechanism), label="advisor"),
        card=draw(st.none() | st.builds(PastCard, cards), label="card"),
        plans=draw(st.none() | menus, label="plans") if mechanism.capabilities.takes_menu else None,
    )
