"""What clearings cost is one sum of what everything states, for rows and for counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.agents.bidding import Truthful
from sim.agents.everybody import Bidders
from sim.market.overheads import overheads
from sim.mechanisms.gates import Attention
from sim.mechanisms.make_or_buy import MakeOrBuy
from sim.mechanisms.price import SecondPrice
from sim.specs.settings import Escrow, MarketSpec
from tests.worlds import make_rules


def test_what_every_clearing_the_rule_advice_and_awards_cost_is_added_up() -> None:
    rules = make_rules(SecondPrice(), overhead=0.5, market=MarketSpec(escrow=Escrow(fee=0.25)))
    assert overheads(rules, None, 1, [0, 1, 2]).tolist() == [0.5, 0.75, 1.0]
    assert overheads(rules, None, [3, 0], [1, 0], np.array([0.125, 2.0])).tolist() == [1.875, 2.0]


def test_rules_around_each_other_add_what_they_cost() -> None:
    inner, unasked = MakeOrBuy(SecondPrice(), 1, 0.5), np.array([False, True])
    both = MakeOrBuy(Attention(inner, 2), 0, 0.25)
    assert both.staff == (1, 0)
    assert both.overhead(None) == 0.75
    assert both.overhead(unasked).tolist() == [0.75, 0.0]
    rules = make_rules(both, bidder=Bidders(both, Truthful(), {}), overhead=1.0)
    assert overheads(rules, unasked, [[2], [1]], 0).tolist() == [[3.5, 2.0], [1.75, 1.0]]


def test_rules_that_clear_alike_are_equal_whatever_asking_costs() -> None:
    rule = MakeOrBuy(SecondPrice(), 1, 0.5)
    assert rule == replace(rule, posting_cost=0.25) != replace(rule, own=0)
