"""What a mechanism is, and the selection step that all single-winner rules share.

A mechanism is a frozen dataclass of its parameters, called as `(bids, tender, standing, lottery) -> Award`. It is a
pure function over arrays with agents as last axis: no clock, no I/O, no generator. It uses element-wise arithmetic,
max and argmin only, so a batch gives bit for bit what its rows give one by one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Self, cast

import numpy as np

from sim.kit.arrays import Award, Bids, BoolArray, FloatArray, Notice, Standing, Tender, require
from sim.kit.errors import ScenarioError
from sim.kit.shortcut import shortcut

Terms = dict[str, FloatArray]
Need = Literal["value", "expected_cost", "advice"]

_NEVER = -np.inf


@dataclass(frozen=True)
class Promises:
    """What a rule promises, as data that the contract suite tries to falsify.

    All relative to each agent's own belief, held fixed: one-shot, no collusion, success verified without error.

    ask: the truthful ask is dominant, whatever rivals bid and whatever the agent itself claims. ask_at_true_claim: with
        ask, only while it claims the truth; after another claim some other ask pays more.
    claim: the truthful claim is dominant; with ask, the truth about both is. claim_ignored: the claim changes nothing.
    rational: individually rational in expectation, at the truth.
    efficient: at the truth, where the reserve equals the value, hires whom maximises belief x value - cost; a rule
        that hires several hires the set of greatest expected welfare.
    no_deficit: the principal never pays more than the task is worth, in any state, where reserve <= value and the
        penalty is 0 (with a penalty some rules pay more on success against what they collect on failure).
    equilibrium: the truth is a best reply to rivals who are truthful, where it is not dominant.
    """

    ask: bool
    claim: bool
    rational: bool
    efficient: bool
    no_deficit: bool
    claim_ignored: bool = False
    equilibrium: bool = False
    ask_at_true_claim: bool = False


@dataclass(frozen=True)
class Capabilities:
    """What a rule needs and can do, as its market must know.

    needs: what the scenario must provide beyond bids: "value", "expected_cost", "advice"; may follow from parameters.
    announces_reserve: the rule makes the reserve public (the live rules post a bounty).
    solicits_bids: agents are asked for bids, and pay for making them where bids cost. False for planners.
    asks_for: what an ask means: "price", paid on success (the truth is the break-even price), or "cost", of an attempt.
    couples_tasks: the rule clears all open tasks of a round at once, by `assign`; __call__ is the case of one task.
    takes_index: it ranks by advice and pays nothing by it, so that an index above 1 may stand in for a probability.
    in_turns: its awards may name turns. takes_menu: it reads `bids.menu`, and its awards may name budgets.
    hires_several: one posting may hire more than one agent.
    most_agents: with more it refuses to clear; None: it takes any number.
    scores_dollars: its score is a sum of money.
    takes_penalty: it has a meaning with a penalty > 0. False where claiming failure would then win: such a rule refuses
        a penalty (`refuse_penalty`).
    """

    needs: frozenset[Need] = frozenset()
    announces_reserve: bool = False
    solicits_bids: bool = True
    asks_for: Literal["price", "cost"] = "price"
    couples_tasks: bool = False
    takes_index: bool = False
    in_turns: bool = False
    takes_menu: bool = False
    hires_several: bool = False
    most_agents: int | None = None
    scores_dollars: bool = True
    takes_penalty: bool = True


_PLAIN = Capabilities()


class NothingToldError(ScenarioError):
    """A rule has no paragraph for bidders, and one is asked for."""


class Selection(NamedTuple):
    """Outcome of `select`. hired (..., n); masked: score, -inf where not eligible (..., n); by_tie (...)."""

    hired: BoolArray
    masked: FloatArray
    by_tie: BoolArray


class Mechanism:
    """Base of every rule. A subclass is a frozen dataclass of its parameters with these attributes of the class.

    summary: one line for `bidlab list mechanisms`. source: keys of REFERENCES.md. promises, capabilities: what
        it promises, needs and can do; a property where that follows from parameters.
    dollars: names of the parameters that are sums of money, which scale with its unit.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str] = ""
    dollars: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        """Raise TypeError where a class states a capability as an attribute of its own."""
        super().__init_subclass__()
        for flag in dataclasses.fields(Capabilities):
            if flag.name in vars(cls):
                stated = f"capabilities = Capabilities({flag.name}=...)"
                raise TypeError(f"{cls.__name__}.{flag.name}: state it as {stated}")

    @property
    def promises(self) -> Promises:
        """What it promises; every rule says it."""
        raise TypeError(f"{type(self).__name__} defines no promises")

    @property
    def capabilities(self) -> Capabilities:
        """What it needs and can do."""
        return _PLAIN

    @property
    def staff(self) -> tuple[int, ...]:
        """Places of the agents that are the principal's own: it bears their costs, and they sell nothing. Nobody."""
        return ()

    @property
    def parameters(self) -> dict[str, Any]:
        """Name -> value of the fields of the dataclass that the rule is."""
        return {own.name: getattr(self, own.name) for own in dataclasses.fields(cast(Any, self))}

    @property
    def defaults(self) -> dict[str, Any]:
        """Name -> default of the parameters that have one."""
        fields = dataclasses.fields(cast(Any, self))
        return {own.name: own.default for own in fields if own.default is not dataclasses.MISSING}

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        """Clear one posting per leading index. lottery: (..., n) in [0, 1), the lowest wins a tie."""
        raise TypeError(f"{type(self).__name__} defines no __call__")

    def assign(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        """Clear m open tasks together; bids, standing and lottery (m, n), tender (m,), the award (m, n)."""
        raise TypeError(f"{type(self).__name__} defines no assign")

    def truthful_ask(self, belief: FloatArray, cost_belief: FloatArray, notice: Notice) -> FloatArray:
        """What an honest agent asks, (..., n) dollars; infinite where it would rather abstain. Default: its cost where
        the rule asks for that, else its break-even price; where nobody is asked, 0 for what it does not know.
        """
        own, asks_cost = self.capabilities, self.capabilities.asks_for == "cost"
        ask = cost_belief if asks_cost else break_even_price(belief, cost_belief, notice.penalty)
        return ask if own.solicits_bids else np.where(np.isnan(ask), 0.0, ask)

    def told_to_bidders(self) -> str:
        """One plain paragraph for a bidder: who is hired, what success and failure pay, what a claim does.

        It states formulas as `sim.mechanisms.payment_text` says. Raises NothingToldError where the rule has none, which
        matters in live runs alone.
        """
        name = getattr(self, "name", type(self).__name__)
        raise NothingToldError(
            f"mechanism {name} has nothing to tell bidders, which a live run needs: define "
            "told_to_bidders(self), a paragraph that says who is hired and 'Success pays X; failure pays Y.'"
        )

    def told_names(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Terms:
        """What the formulas of `told_to_bidders` name beyond the bids and the tender, (..., n) each."""
        return {}

    def binding(self, bids: Bids, tender: Tender, standing: Standing, award: Award) -> BoolArray:
        """Whose bond is less than the rule would take on failure without a limit, (..., n); nobody's by default."""
        return np.zeros(award.hired.shape, np.bool_)

    def terms(self, bids: Bids, tender: Tender, standing: Standing) -> Terms:
        """The score as named terms, (..., n) each, that sum to it; empty where the rule ranks nobody."""
        return {}

    def precedence(self, bids: Bids, tender: Tender, standing: Standing) -> tuple[FloatArray, ...]:
        """What decides between bids on different tasks, (..., n) each: the first counts, equal ones go by the next."""
        return (self.scores(bids, tender, standing),)

    def overhead(self, unasked: BoolArray | None) -> FloatArray | float:
        """Dollars (...) that a clearing costs by this rule, beside what every clearing does; 0 by default.

        unasked (...): nobody but staff is asked for a bid on the task; None: everybody is on all of them.
        """
        return 0.0

    def threshold(self, tender: Tender) -> FloatArray:
        """The least score that is hired, (...); NaN where the rule ranks nobody."""
        return np.full(np.shape(tender.reserve), np.nan)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """One instance for each set of promises the rule can make; listed and put through the contract suite."""
        return (cls(),)

    def for_agents(self, agents: Sequence[str]) -> Self:
        """This rule with agent names resolved to positions. Rules that name no agent return themselves."""
        return self

    def scores(self, bids: Bids, tender: Tender, standing: Standing) -> FloatArray:
        """Sum of `terms`, left to right, (..., n); NaN where the rule ranks nobody."""
        total: FloatArray | None = None
        for term in self.terms(bids, tender, standing).values():
            total = term if total is None else total + term
        return np.full(bids.ask.shape, np.nan) if total is None else total


def break_even_price(belief: FloatArray, cost: FloatArray, penalty: FloatArray | np.float64) -> FloatArray:
    """b = (c + k (1 - p)) / p, (..., n): the price on success at which an agent expects to gain nothing.

    belief p (..., n) in [0, 1]; cost c (..., n) of one attempt, spent whether or not it succeeds; penalty k (...) paid
    on failure. Infinite where p = 0: such an agent never bids. Source: [MB].

    >>> np.round(break_even_price(np.array([.9, .6, .5]), np.array([.3, .05, .2]), np.float64(0)), 4).tolist()
    [0.3333, 0.0833, 0.4]
    """
    owed = cost + np.asarray(penalty)[..., None] * (1.0 - belief)
    possible = belief > 0
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # a belief next to 0 abstains as one at 0
        price = owed / belief
    return price if shortcut(possible.all()) else np.where(possible, price, np.inf)


def select(
    score: FloatArray, eligible: BoolArray, lottery: FloatArray, infinite: FloatArray | None = None
) -> Selection:
    """Hire the eligible agent with the highest score; equal scores go to the lowest lottery, then the first agent.

    All arguments (..., n); n = 0 and "nobody eligible" hire nobody. infinite: ranks infinite scores among themselves,
    which are equal as numbers only; None: the score is never infinite.
    """
    if score.shape[-1] == 0:
        nobody = np.zeros(score.shape, np.bool_)
        return Selection(nobody, score, np.zeros(score.shape[:-1], np.bool_))
    masked = score if shortcut(eligible.all()) else np.where(eligible, score, _NEVER)
    best = np.maximum.reduce(masked, axis=-1, keepdims=True)
    tied = eligible & (masked == best)
    if infinite is not None and not shortcut(np.all(best != np.inf)):
        rank = np.where(tied, infinite, _NEVER)
        tied = tied & ((best < np.inf) | (rank == np.maximum.reduce(rank, axis=-1, keepdims=True)))
    if at_most_one(tied):
        return Selection(tied, masked, np.zeros(tied.shape[:-1], np.bool_))
    return Selection(lowest_lottery(tied, lottery), masked, np.add.reduce(tied, axis=-1, dtype=np.int64) > 1)


def rank_of_infinite(score: FloatArray, bids: Bids, tender: Tender) -> FloatArray:
    """Claim x value where the score is infinite, else 0, (..., n): what decides between infinite scores."""
    return np.where(score == np.inf, bids.claim * np.asarray(tender.value)[..., None], 0.0)


def refuse_penalty(rule: str, tender: Tender) -> None:
    """Raise `ArrayError` where the tender has a penalty, which would reward claiming failure under this rule."""
    penalty = np.asarray(tender.penalty)
    require("penalty", f"be 0 under {rule}, where a low claim would win by it", penalty, penalty == 0)


def at_most_one(mask: BoolArray) -> bool:
    """No row (..., n) of the mask has two True; False where a rule is traced: a short cut may follow, nothing else."""
    return shortcut(np.count_nonzero(mask) == np.count_nonzero(np.logical_or.reduce(mask, axis=-1)))


def lowest_lottery(eligible: BoolArray, lottery: FloatArray) -> BoolArray:
    """Mask (..., n) of the eligible agent with the lowest lottery; all False where nobody is eligible."""
    if eligible.shape[-1] == 0:
        return eligible
    drawn = lottery if shortcut(eligible.all()) else np.where(eligible, lottery, np.inf)
    lowest: BoolArray = eligible & (drawn == np.minimum.reduce(drawn, axis=-1, keepdims=True))
    if at_most_one(lowest):
        return lowest
    first = drawn.argmin(axis=-1)  # two drew the same number
    return np.asarray(eligible & (np.arange(eligible.shape[-1]) == first[..., None]))


def best_rival(selection: Selection) -> FloatArray:
    """Highest score among the agents not hired, (..., 1); -inf where there is none."""
    rivals = np.where(selection.hired, _NEVER, selection.masked)
    return np.maximum.reduce(rivals, axis=-1, keepdims=True, initial=_NEVER)


def contract(hired: BoolArray, pay_success: FloatArray, pay_failure: FloatArray, by_tie: BoolArray) -> Award:
    """An `Award` with both payments set to 0 where nobody is hired; payments broadcast against hired (..., n)."""
    nothing = shortcut(np.all(pay_failure == 0))
    failure = np.zeros_like(hired, dtype=np.float64) if nothing else np.where(hired, pay_failure, 0.0)
    return Award.trusted(hired=hired, pay_success=np.where(hired, pay_success, 0.0), pay_failure=failure, by_tie=by_tie)
