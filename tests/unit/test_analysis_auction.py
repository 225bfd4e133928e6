"""The random-reserve auction in closed form: the recorded figures, quadrature, and the profit identity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import auction
from analysis.arm import ArmData
from tests.unit.test_analysis_helpers import break_even, make_world, posted_alone, sold, table_world

GEMINI = 2


def test_recorded_closed_forms():
    table = auction.compare(posted_alone(table_world(), 2.0))
    rows = {
        "hired": [0.2848, 0.2951, 0.8459, 0.0542, 0.0487, 0.2158],
        "published": [0.0798, 0.0644, 0.3045, 0.0059, 0.0063, 0.0509],
        "oracle": [0.2590, 0.2903, 0.3932, 0.3850, 0.2269, 0.3743],
    }
    for name, expected in rows.items():
        assert np.abs(table[name][0].value - expected).max() < 5.1e-5, name


def test_recorded_identity_of_gemini():
    exact = {name: entry[0].value[GEMINI] for name, entry in auction.compare(posted_alone(table_world(), 2.0)).items()}
    assert round(exact["cash"], 2) == -0.27
    assert round(exact["cash"] - exact["published"], 3) == -0.572
    assert (round(exact["wrong_probability"], 3), round(exact["wrong_cost"], 3)) == (-0.259, -0.313)


def test_drawn_agrees_with_closed_form():
    table = auction.compare(posted_alone(table_world(400, seed=12), 2.0))
    z = np.array([entry[2] for entry in table.values()])
    assert np.abs(z).max() < 4
    assert np.sqrt((z**2).mean()) < 1.6
    closed, came, _ = table["cash"]
    assert (closed.se_mc == 0).all()
    assert closed.se[GEMINI] > 10 * came.se_mc[GEMINI]


unit = st.floats(0.0, 1.0)


@given(st.floats(0.05, 1.0), unit, st.booleans(), unit, st.floats(0.0, 3.0), st.floats(0.0, 0.9), st.floats(-0.2, 0.2))
def test_identity_and_quadrature_for_every_ask(p, c, y, cost, k, low, shade):
    ask = max(0.0, (c + k * (1 - p)) / p + shade)
    offer = auction.Offer(*(np.array(float(x)) for x in (ask, p, c, y, cost, k)))
    exact = {name: float(x) for name, x in auction.closed_forms(offer, low, 1.0).items()}
    assert exact["cash"] - exact["published"] == pytest.approx(exact["wrong_probability"] + exact["wrong_cost"])
    reserve = low + (1 - low) * (np.arange(20000) + 0.5) / 20000
    hired = ask <= reserve
    naive = {
        "hired": hired,
        "expected": hired * (p * reserve - (1 - p) * k - c),
        "published": hired * y * (reserve - ask),
        "cash": hired * (y * reserve - cost - k * (1 - y)),
        "oracle": y * np.maximum(0.0, reserve - c),
    }
    for name, values in naive.items():
        assert exact[name] == pytest.approx(values.mean(), abs=5e-4), name


def test_truthful_identity_has_the_published_form():
    world = table_world()
    p, c, y, k = world.belief, world.cost_belief, world.success[..., 0].astype(float), 2.0
    b = break_even(world, k)
    offer = auction.Offer(b, p, c, y, world.cost[..., 0], np.full(p.shape, k))
    exact = auction.closed_forms(offer, 0.0, 1.0)
    assert exact["wrong_probability"] == pytest.approx(exact["hired"] * (y / p - 1) * (c + k))
    assert exact["expected"] == pytest.approx(p * np.maximum(0.0, 1 - b) ** 2 / 2)
    cash = (y * (1 - b**2) / 2 - (world.cost[..., 0] + k * (1 - y)) * (1 - b)) * (b < 1)
    assert exact["cash"] == pytest.approx(cash)


def test_drawn_identity_row_by_row():
    parts = auction.drawn(posted_alone(table_world(20), 2.0))
    assert parts["cash"] - parts["published"] == pytest.approx(
        parts["wrong_probability"] + parts["wrong_cost"], abs=1e-12
    )


def test_never_bidding_is_not_an_error():
    nobody = auction.Offer(*(np.array(x) for x in (np.inf, 0.0, 0.1, 1.0, 0.1, 2.0)))
    exact = auction.closed_forms(nobody, 0.0, 1.0)
    assert exact["hired"] == exact["cash"] == exact["wrong_cost"] == 0
    assert exact["oracle"] == pytest.approx(0.9**2 / 2)
    with pytest.raises(ValueError, match="low < high"):
        auction.closed_forms(nobody, 1.0, 1.0)


def test_only_this_auction_qualifies():
    world = table_world(3)
    ask = break_even(world, 2.0)
    hired = ask <= world.reserve[..., None]
    truthful = sold(world, hired, True, ask, 2.0)
    assert auction.applies(ArmData.build("a", "posted_price", world, truthful, True, (0.0, 1.0)))
    late = hired.copy()
    late[np.nonzero(hired)[0][0], np.nonzero(hired)[1][0], np.nonzero(hired)[2][0]] = False
    others = [
        ArmData.build("fixed reserve", "posted_price", world, truthful, True),
        ArmData.build("rule", "second_price", world, truthful, True, (0.0, 1.0)),
        ArmData.build("late", "posted_price", world, sold(world, late, True, ask, 2.0), True, (0.0, 1.0)),
        ArmData.build("together", "posted_price", world, sold(world, hired, False, ask, 2.0), False, (0.0, 1.0)),
    ]
    for arm in others:
        assert not auction.applies(arm), arm.name
        with pytest.raises(ValueError, match="no random-reserve auction"):
            auction.compare(arm)


def test_second_posting_at_which_nobody_is_hired_makes_it_another_auction():
    """Its only rows beyond the first postings are a clearing and the bids that lost it."""
    world = table_world(2)
    ask = break_even(world, 2.0)
    hired = ask <= world.reserve[..., None]
    first = sold(world, hired, True, ask, 2.0)
    again = first.clearings.iloc[[5]].assign(posting=1, n_hired=0)
    clearings = pd.concat([first.clearings, again], ignore_index=True)
    once = ArmData.build("once", "posted_price", world, first, True, (0.0, 1.0))
    twice = ArmData.build("twice", "posted_price", world, replace(first, clearings=clearings), True, (0.0, 1.0))
    assert (once.reposted, twice.reposted) == (False, True)
    assert auction.applies(once)
    assert not auction.applies(twice)


def test_synthetic_world_uses_each_replication_s_own_closed_form():
    stream = np.random.default_rng(8)
    shape = (300, 5, 2)
    belief = stream.uniform(0.5, 1.0, shape)
    world = make_world(
        (stream.random(shape) < belief)[..., None],
        present=stream.random(shape) < 0.8,
        belief=belief,
        cost_belief=stream.random(shape) / 4,
        reserve=stream.random(shape[:2]),
    )
    for exact, came, z in auction.compare(posted_alone(world, 0.5)).values():
        assert np.abs(z).max() < 4
        assert (exact.clusters == world.present.sum(axis=(0, 1))).all()  # (replication, task) pairs
        assert exact.se == pytest.approx(exact.se_mc, rel=0.1)
        assert came.value == pytest.approx(exact.value, abs=0.1)
