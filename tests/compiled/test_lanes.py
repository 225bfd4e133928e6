"""The compiled engine gives the ledger of the event market, row by row and bit by bit, under every mechanism."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.compiled.lanes import play_compiled
from sim.compiled.trace import UntraceableError
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.scenario.scenario import label_of
from sim.world.world import World
from tests.market.compare import assert_same_rows, rows
from tests.tried import tried
from tests.worlds import accounted, examples, rules, worlds

pytest.importorskip("numba")


def assert_same(world: World, rule: Rules) -> None:
    """All tables are equal, and so are the counts per auction; a card of the past is left out."""
    rule = replace(rule, card=None)
    try:
        played = play_compiled(world, rule)
    except UntraceableError:
        return
    assert_same_rows(rows(played), rows(simulate(world, rule)))
    counts = (engine(world, rule, detail="auctions")["auctions"] for engine in (play_compiled, simulate))
    found, expected = counts
    assert set(found) == set(expected)
    for name, column in expected.items():
        np.testing.assert_array_equal(found[name], column, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", examples(), ids=label_of)
@tried(30)
@given(data=st.data())
def test_compiled_engine_equals_the_event_market(mechanism: Mechanism, data: st.DataObject) -> None:
    most = min(20, mechanism.capabilities.most_agents or 20)
    world = data.draw(worlds((4, 5, most)))
    assert_same(world, data.draw(accounted(data.draw(rules(mechanism)), world)))
