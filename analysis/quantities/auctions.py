"""Quantities of auctions: what an arm solves, costs and pays.

surplus = V solved - payment + fee - overhead - inspection - harm - cost of its staff       the principal's
utility = payment - fee - cost - bid_cost, the principal's staff left out                    the agents'
welfare = surplus + utility, without payments and fees, which cancel
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analysis.quantities.declared import Mean, Part, Quantity, Ratio, Top
from analysis.quantities.view import View
from sim.kit.arrays import FloatArray


def surplus(view: View) -> FloatArray:
    """Of markets: value once per solved auction, less all that its principal and the allocator pay; NaN without one."""
    paid = view.dollars(payment=1, fee=-1, inspection=1, harm=1)
    return np.asarray(view.value * view.solved - paid - view.overhead - staff_cost(view))


def utility(view: View) -> FloatArray:
    """Of markets: the agents' payments net of fees, less their costs of attempts and bids."""
    found = view.dollars(payment=1, fee=-1, cost=-1, bid_cost=-1)
    return found + staff_cost(view) if staff(view) else found


def staff(view: View) -> list[int]:
    """Places of the agents that are the principal's own."""
    return [] if view.rules is None else list(view.rules.staff)


def of_sellers(view: View, dollars: FloatArray) -> FloatArray:
    """Of agents: these dollars, and 0 of the principal's staff, of which the principal has the gain and the loss."""
    own = staff(view)
    if not own:
        return dollars
    found = np.array(view.to_world(dollars), np.float64)
    found[..., own] = 0.0
    return view.of_world(found)


def staff_cost(view: View) -> FloatArray | float:
    """Of markets: what attempts of the principal's staff cost it; 0 where it has none."""
    own = staff(view)
    return -view.of_world(view.to_world(view.profits())[..., own].sum(axis=-1, keepdims=True)) if own else 0.0


def welfare(view: View) -> FloatArray:
    """Of markets: surplus + utility."""
    return np.asarray(view.value * view.solved - view.dollars(cost=1, bid_cost=1, inspection=1, harm=1) - view.overhead)


def _ties(view: View) -> Part:
    return view.over_markets(view.n_ties), view.over_markets(view.n_awards)


def _exits(view: View) -> Part:
    kept = float(view.world.n_agents * view.accounts)
    return view.once(view.exits * view.accounts), view.once(np.full(len(view.exits), kept))


def _false_claims(view: View) -> Part:
    return view.over_agents(view.done - view.wins), view.over_agents(view.done)


def _inspected(view: View) -> Part:
    return view.over_agents(view.with_dollars("inspection")), view.over_agents(view.done)


def _float(array: NDArray[np.bool_]) -> FloatArray:
    return array.astype(np.float64)


def _mean(
    name: str, meaning: str, how: Mean, unit: str = "$", within: tuple[float, float] = (-np.inf, np.inf)
) -> Quantity:
    described = f"dollars, {meaning}" if unit == "$" and not meaning.startswith("dollars") else meaning
    return Quantity(name, "arm", unit, described, how, paired=True, within=within)


_NO_LESS_THAN_0 = (0.0, np.inf)
MEANS = (
    _mean(
        "solve_rate",
        "auctions in which some attempt truly succeeded / auctions",
        Mean(lambda view: _float(view.solved), rate=True),
        unit="",
    ),
    _mean(
        "unfilled_rate",
        "auctions in which no attempt was made / auctions",
        Mean(lambda view: 1.0 - _float(view.filled), rate=True),
        unit="",
    ),
    _mean("cost", "cost of attempts / auctions", Mean(lambda view: view.dollars(cost=1)), within=_NO_LESS_THAN_0),
    _mean("payment", "dollars paid to agents, net of penalties / auctions", Mean(lambda view: view.dollars(payment=1))),
    _mean("overhead", "cost of clearings to the allocator / auctions", Mean(lambda view: view.overhead, stated=True)),
    _mean("bid_cost", "cost of making bids / auctions", Mean(lambda view: view.dollars(bid_cost=1), stated=True)),
    _mean(
        "inspection",
        "cost of inspections to the allocator / auctions",
        Mean(lambda view: view.dollars(inspection=1), stated=True),
    ),
    _mean(
        "harm",
        "what accepted failures cost principals / auctions",
        Mean(lambda view: view.dollars(harm=1), stated=True),
    ),
    _mean(
        "surplus",
        "V solved - payment + fees - overhead - inspection - harm - cost of its own hand, the principal's / auctions; "
        "NaN where no value is stated",
        Mean(surplus),
    ),
    _mean(
        "utility",
        "payment - fees - cost - bid_cost, the agents', the principal's own hand left out / auctions",
        Mean(utility),
    ),
    _mean("welfare", "surplus + utility / auctions", Mean(welfare)),
    _mean(
        "score",
        "best score of an attempt, 0 without one / auctions; empty where outcomes are not graded",
        Mean(lambda view: view.score),
        unit="",
        within=(0.0, 1.0),
    ),
    replace(
        _mean(
            "cost_of_last",
            "cost of the attempt that passed, of the last one where none did; no other is charged / auctions",
            Mean(lambda view: view.dollars(cost_of_last=1)),
            within=_NO_LESS_THAN_0,
        ),
        swept=False,
    ),
)
SHARES = (
    Quantity(
        "share_top",
        "arm",
        "",
        "attempts of the agent with most attempts / attempts; its errors take that agent as given",
        Top("share"),
        swept=False,
    ),
    Quantity("tie_rate", "arm", "", "clearings that hired by a tie / clearings that hired", Ratio(_ties, rate=True)),
    Quantity(
        "exit_rate",
        "arm",
        "",
        "agents that a clearing found without wealth / agents, by replication; empty where no account is kept",
        Ratio(_exits, rate=True),
    ),
    Quantity(
        "false_claim_rate",
        "arm",
        "",
        "attempts called done that truly failed / attempts called done, those neither lost, cancelled nor timed out",
        Ratio(_false_claims, rate=True),
        swept=False,
        table=None,
    ),
    Quantity(
        "inspected_rate",
        "arm",
        "",
        "attempts inspected at a cost / attempts called done",
        Ratio(_inspected, rate=True),
        swept=False,
        table=None,
    ),
)
