"""Second names and shills in markets of E1, against the audit's published figures for the same world.

E1: V = r = 1, p ~ U[.3, .95], c ~ U[0, .4], four agents. k_redundant, two truthful names always: -42 to -48 % of the
agent's utility. A shill that sees the bids takes what agents would earn: $.0883 under second price, $.1593 under
contingent contracts (docs/coalitions.md).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.agents.bidding import Policy, Silent, Truthful
from sim.agents.bidding_names import Shill, Sybil
from sim.agents.everybody import Bidders
from sim.agents.learning import LearningPolicy
from sim.compiled.lanes import play_compiled
from sim.kit.arrays import FloatArray
from sim.market.rules import Rules
from sim.mechanisms import Mechanism
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.price import SecondPrice
from sim.mechanisms.redundant import KRedundant
from sim.world.world import World
from tests.worlds import make_rules, make_world

TASKS = 40_000


def e1() -> World:
    """Four agents of E1, and a fifth that is the first's second name: of its type, with a try of its own."""
    chance = np.random.default_rng(20240)
    p, c = chance.uniform(0.3, 0.95, (TASKS, 4)), chance.uniform(0.0, 0.4, (TASKS, 4))
    p, c = np.hstack([p, p[:, :1]]), np.hstack([c, c[:, :1]])
    luck = chance.random((TASKS, 4, 5))
    success = chance.random((TASKS, 5)) < p
    return make_world(
        TASKS,
        5,
        value=1.0,
        belief=p,
        ability=p,
        cost_belief=c,
        cost=c[..., None],
        success=success[..., None],
        lottery=luck,
    )


def shill_of(world: World) -> World:
    """The fifth is nobody's instead: its tries are lost and cost nothing."""
    arrays = {name: np.array(getattr(world, name)) for name in ("success", "verified", "infra", "cost")}
    for name, array in arrays.items():
        array[:, :, 4] = name == "infra"
    return world.changed(**arrays)


def profits(
    world: World, rule: Mechanism, everybody: Policy | LearningPolicy, last: Policy | LearningPolicy | None
) -> FloatArray:
    """(T, n) payments less costs."""
    bidders = Bidders(rule, everybody, {} if last is None else {4: last})
    rules: Rules = replace(make_rules(rule), bidder=bidders)
    rows = play_compiled(world, rules, detail="attempts")["attempts"]
    found = np.zeros((TASKS, 5))
    np.add.at(found, (rows["task"], rows["agent"]), rows["payment"] - rows["cost"])
    return found


def of_body(world: World, rule: Mechanism, uses: str) -> FloatArray:
    return profits(world, rule, Sybil((0, 4), uses), None)[:, [0, 4]].sum(axis=1)  # type: ignore[arg-type]


def share(gain: FloatArray, base: FloatArray) -> tuple[float, float]:
    """Mean gain / mean base, and its standard error by the delta method."""
    ratio = gain.mean() / base.mean()
    return ratio, float((gain - ratio * base).std() / np.sqrt(len(gain)) / abs(base.mean()))


@pytest.mark.slow
def test_two_truthful_names_in_redundant_hiring() -> None:
    world = e1()
    one = of_body(world, KRedundant(), "first")
    found, error = share(of_body(world, KRedundant(), "all") - one, one)
    assert error < 0.06
    assert -0.48 - 4 * error <= found <= -0.42 + 4 * error


@pytest.mark.slow
@pytest.mark.parametrize("rule", [SecondPrice(), Contingent(bond=np.inf)], ids=lambda rule: rule.name)
def test_under_a_critical_value_a_second_name_never_gains(rule: Mechanism) -> None:
    """The next name of an agent that nothing keeps out makes no bid; a bid of both only raises the bar."""
    world = e1()
    one = of_body(world, rule, "first")
    assert (of_body(world, rule, "next") == one).all()
    gain = of_body(world, rule, "all") - one
    assert gain.mean() < -4 * gain.std() / np.sqrt(TASKS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "shill", "published"),
    [(SecondPrice(), Shill("ask"), 0.0883), (Contingent(bond=np.inf), Shill("worth"), 0.1593)],
    ids=["second price", "contingent"],
)
def test_a_shill_beside_the_best_bid_takes_what_agents_would_earn(
    rule: Mechanism, shill: Shill, published: float
) -> None:
    world = shill_of(e1())
    lost = (profits(world, rule, Truthful(), Silent()) - profits(world, rule, Truthful(), shill)).sum(axis=1)
    error = lost.std() / np.sqrt(TASKS)
    assert error < 0.004
    assert abs(lost.mean() - published) <= 4 * error + 0.0009
