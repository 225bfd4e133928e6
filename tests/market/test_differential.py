"""The event market equals the naive one, row by row and bit by bit, under every mechanism."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from tests.market.compare import assert_same_rows, rows
from tests.reference_market import naive_market
from tests.tried import tried_on_each
from tests.worlds import accounted, each_example, rules, worlds


@pytest.mark.parametrize("mechanism", each_example())
@tried_on_each(60)
@given(data=st.data())
def test_event_market_equals_the_naive_market(mechanism: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds())
    rule = data.draw(accounted(data.draw(rules(mechanism)), world))
    assert_same_rows(rows(simulate(world, rule)), naive_market(world, rule))
