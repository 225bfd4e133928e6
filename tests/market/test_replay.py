"""The batch engine gives the ledger of the event market, row by row and bit by bit, under every mechanism."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.mechanisms import Mechanism
from sim.replay import replay
from sim.scenario import label_of
from sim.simulate import simulate
from tests.market.compare import assert_same_rows, rows
from tests.worlds import examples, rules, worlds


@pytest.mark.parametrize("mechanism", examples(), ids=label_of)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_batch_engine_equals_the_event_market(mechanism: Mechanism, data: st.DataObject) -> None:
    world, rule = data.draw(worlds()), data.draw(rules(mechanism))
    assert_same_rows(rows(replay(world, rule)), rows(simulate(world, rule)))
