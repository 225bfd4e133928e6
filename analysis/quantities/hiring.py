"""Quantities of agents in the market: whom it hires, what they are paid and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from analysis.final_wealth import final_wealth
from analysis.quantities.auctions import of_sellers
from analysis.quantities.declared import Part, Quantity, Ratio
from analysis.quantities.view import View
from sim.kit.arrays import FloatArray

if TYPE_CHECKING:
    from analysis.arm import ArmData


def _share(view: View) -> Part:
    return view.attempts, np.broadcast_to(view.over_agents(view.attempts), np.shape(view.attempts))


def _asks(view: View) -> Part:
    ask = cast("ArmData", view).ask
    return np.where(np.isfinite(ask), ask, 0.0), np.isfinite(ask)


def _left(view: View) -> Part:
    arm = cast("ArmData", view)
    return arm.once(arm.exited & arm.accounts), arm.once(np.full(arm.exited.shape, float(arm.accounts)))


def _wealth(view: View) -> Part:
    arm = cast("ArmData", view)
    end = final_wealth(arm.bankroll, arm.utilities) if arm.accounts else np.zeros(arm.exited.shape)
    return arm.once(end), arm.once(np.full(end.shape, float(arm.accounts)))


def _expected(view: View) -> Part:
    return of_sellers(view, cast("ArmData", view).expected), view.present


def _oracle(view: View) -> Part:
    world = view.world
    gain: FloatArray = np.maximum(0.0, view.terms("reserve") - world.cost_belief)
    solved = world.delivered[..., 0]
    if world.live and world.observed is not None:  # what others would have done, nobody knows
        solved = np.where(world.observed[..., 0], solved, np.nan)
    return view.of_world(np.where(world.present & (solved != 0), solved * gain, 0.0)), view.present


def _profits(view: View) -> FloatArray:
    return of_sellers(view, view.profits())


def _of_body(view: View) -> Part:
    return _over_names(view, _profits(view))


def _net_of_body(view: View) -> Part:
    return _over_names(view, cast("ArmData", view).utilities)


def _over_names(view: View, dollars: FloatArray) -> Part:
    bodies = view.world.body
    if bodies is None:
        return dollars, view.present
    profit, held = view.to_world(dollars), np.array(view.to_world(view.present), np.float64)
    total = np.zeros(held.shape)
    for name, body in enumerate(bodies):
        total[..., body] += profit[..., name]
    held[..., [name != body for name, body in enumerate(bodies)]] = 0.0
    return view.of_world(total), view.of_world(held)


def _rivals(view: View) -> Part:
    profit = _profits(view)
    held = np.broadcast_to(np.float64(view.n_markets), np.shape(profit))
    return view.over_agents(profit) - profit, held


def _of_agent(
    name: str,
    meaning: str,
    how: Ratio,
    unit: str = "",
    paired: bool = False,
    needs: str = "",
    swept: bool = True,
    tabled: bool = True,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> Quantity:
    return Quantity(
        name, "agent", unit, meaning, how, paired, frozenset(needs.split()), swept, "own" if tabled else None, within
    )


HIRING = (
    _of_agent(
        "hired_rate",
        "opportunities with at least one attempt / opportunities",
        Ratio(lambda view: (view.hired, view.present), rate=True),
    ),
    _of_agent("share", "this agent's attempts / all attempts of the arm", Ratio(_share, rate=True)),
    _of_agent(
        "success_rate_hired",
        "attempts of the agent that truly succeeded / its attempts",
        Ratio(lambda view: (view.wins, view.attempts), rate=True),
        tabled=False,
    ),
    _of_agent(
        "ask_mean",
        "dollars asked, mean over finite asks at the first posting",
        Ratio(_asks),
        unit="$",
        needs="bids",
        swept=False,
    ),
    _of_agent(
        "claim_minus_success_hired",
        "claim - success, mean over this agent's attempts that were not lost (INFRA)",
        Ratio(lambda view: (view.claim_gap, view.judged)),
        within=(-1.0, 1.0),
    ),
    _of_agent(
        "negative_utility_rate",
        "attempts paid less than they cost, whatever the bid cost / this agent's attempts",
        Ratio(lambda view: (view.losses, view.attempts), rate=True),
    ),
    _of_agent(
        "exit_rate",
        "replications in which a clearing found the agent's wealth at 0 or below / replications; empty where no "
        "account is kept",
        Ratio(_left, rate=True),
        needs="bids",
        swept=False,
    ),
    _of_agent(
        "final_wealth",
        "dollars, bankroll + payment - fees - cost - bid cost at the end of a replication, mean over replications; "
        "empty where no account is kept, or one without limit",
        Ratio(_wealth),
        unit="$",
        needs="bids",
        swept=False,
    ),
    _of_agent(
        "expected_profit",
        "dollars, sum over attempts of p pay_success + (1 - p) pay_failure - cost_belief with p the agent's belief / "
        "opportunities",
        Ratio(_expected),
        unit="$",
        needs="beliefs",
        swept=False,
    ),
    _of_agent(
        "published_profit",
        "dollars, sum over attempts of [verified PASS] x (payment - ask) / opportunities; undefined where an ask is "
        "the cost of an attempt",
        Ratio(lambda view: (of_sellers(view, view.published), view.present)),
        unit="$",
        swept=False,
    ),
    _of_agent(
        "cash_profit",
        "dollars, sum over attempts of payment - cost / opportunities; 0 of the principal's own hand: its costs are "
        "the principal's",
        Ratio(lambda view: (_profits(view), view.present)),
        unit="$",
        paired=True,
    ),
    _of_agent(
        "body_profit",
        "dollars, sum over attempts under all names of the agent of payment - cost / its opportunities; of an agent "
        "with one name its cash_profit, of a further name empty",
        Ratio(_of_body),
        unit="$",
        paired=True,
        swept=False,
    ),
    _of_agent(
        "body_utility",
        "dollars, sum under all names of the agent of payment - fee - cost - bid cost / its opportunities; of a "
        "further name empty",
        Ratio(_net_of_body),
        unit="$",
        paired=True,
        needs="bids",
        swept=False,
        tabled=False,
    ),
    _of_agent(
        "oracle_profit",
        "dollars, success x max(0, reserve - cost_belief) at the first try, mean over opportunities",
        Ratio(_oracle),
        unit="$",
        swept=False,
    ),
    _of_agent(
        "rivals_profit",
        "dollars, payments less costs of attempts of all other agents / auctions",
        Ratio(_rivals),
        unit="$",
        paired=True,
        tabled=False,
    ),
)
