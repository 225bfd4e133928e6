"""Outcomes that are scores in [0, 1]: what counts as a success, what contracts pay, and the published splice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.compiled.lanes import play_compiled
from sim.compiled.refusal import refusal
from sim.kit.arrays import Award, Status, settle
from sim.kit.errors import ArrayError, ScenarioError, TableError
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.price import HireAll, SecondPrice
from sim.scenario.scenario import label_of
from sim.world.world import World
from tests.market.compare import assert_same_markets, assert_same_rows, rows
from tests.reference_market import naive_market
from tests.tried import tried_on_each
from tests.worlds import accounted, examples, rules, worlds

MARK = 0.6
PUBLISHED = {  # [HS], of 10
    "cheap market": 7.180,
    "strong model where claims are .9 or more": 7.447,
    "strong model where claims are below .8": 7.647,
    "strong model where the market failed": 8.693,
    "strong model": 8.133,
}


def graded(world: World, seed: int) -> World:
    """The World with scores, and successes by MARK."""
    score = np.random.default_rng(seed).choice([0.0, 0.25, MARK, 0.8, 1.0], world.success.shape)
    return world.changed(score=score, success=score >= MARK, verified=score >= MARK)


def test_the_published_splice() -> None:
    """All five scores to the last digit published; at least .8, the other reading of the third, gives 7.667."""
    found = bl.run("splice").summary.set_index("arm")["score"]
    assert {arm: round(10 * found[arm], 3) for arm in PUBLISHED} == PUBLISHED
    assert round(10 * found["strong model where claims are .8 or more"], 3) == 7.667


@pytest.mark.parametrize("mechanism", [pytest.param(SecondPrice(), marks=pytest.mark.slow), HireAll()], ids=label_of)
@tried_on_each(20)
@given(data=st.data())
def test_engines_and_the_definition_agree(mechanism: Mechanism, data: st.DataObject) -> None:
    assert_agree(mechanism, data)


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", examples(), ids=label_of)
@tried_on_each(20)
@given(data=st.data())
def test_under_every_rule(mechanism: Mechanism, data: st.DataObject) -> None:
    assert_agree(mechanism, data)


def assert_agree(mechanism: Mechanism, data: st.DataObject) -> None:
    world = graded(data.draw(worlds()), data.draw(st.integers(0, 99)))
    rule = data.draw(rules(mechanism))
    rule = data.draw(accounted(rule, world)) if data.draw(st.booleans()) else rule
    played = rows(simulate(world, rule))
    assert_same_rows(played, naive_market(world, rule))
    if refusal(replace(rule, card=None)) is None:
        assert_same_markets(play_compiled, world, rule)
    for row in played["attempts"]:
        assert row["success"] == (row["score"] >= MARK) or row["status"] != Status.PASS


def test_payment_by_score() -> None:
    award = Award([True] * 4, [0.5] * 4, [-0.25] * 4, np.False_)
    status = np.array([Status.PASS, Status.PASS, Status.FAIL, Status.INFRA], np.int8)
    assert settle(award, status, [1.0, 0.8, 0.2, 0.2]).tolist() == [0.5, -0.25 + 0.8 * 0.75, -0.25 + 0.2 * 0.75, 0.0]
    assert settle(award, status).tolist() == [0.5, 0.5, -0.25, 0.0]


def frame(**columns: Any) -> pd.DataFrame:
    given = {"agent": ["a", "b"] * 2, "task": ["s", "s", "t", "t"], "score": [0.2, 0.9, None, 1.0], "cost": [0.1] * 4}
    return pd.DataFrame({**given, **columns})


def test_a_table_of_scores() -> None:
    """A score of the mark is a success; an empty one was lost; costs and payments are those of the scores."""
    world = bl.World.from_frame(frame(), {"score": "score"}, graded={"mark": 0.9})
    assert world.success[0, :, :, 0].tolist() == [[False, True], [False, True]]
    assert world.infra[0, :, :, 0].tolist() == [[False, False], [True, False]]
    played = bl.Market(world, bl.Always(agent="a", pay="reserve"), expected_cost={"fixed": 0.1}).run()
    assert played.attempts[["status", "score", "payment"]].to_numpy().tolist() == [["FAIL", 0.2, 0.2], ["INFRA", 0, 0]]
    assert played.summary.iloc[0]["score"] == pytest.approx(0.1)
    other = bl.Market(world, bl.Always(agent="b", pay="reserve"), expected_cost={"fixed": 0.1}).run()
    assert other.attempts["payment"].tolist() == [0.9, 1.0]
    assert other.summary.iloc[0][["score", "solve_rate"]].tolist() == pytest.approx([0.95, 1.0])


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, r"world\.graded must be stated where columns\.score is mapped"),
        ({"graded": {"mark": 0.0}}, "graded"),
        ({"graded": {"mark": 0.5}, "verifier": {"false_pass": 0.1}}, r"world\.verifier: has no meaning"),
    ],
)
def test_what_cannot_be_graded(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ScenarioError, match=text):
        _ = bl.World.from_frame(frame(), {"score": "score"}, **settings)


def test_a_mark_needs_scores() -> None:
    with pytest.raises(ScenarioError, match=r"world\.graded needs a column of scores"):
        _ = bl.World.from_frame(frame(success=[0, 1, 0, 1]), graded={"mark": 0.5})


def test_scores_are_shares() -> None:
    with pytest.raises(TableError, match=r"row 1 and 3 more rows: score must be a number in \[0, 1\].*percentages"):
        _ = bl.World.from_frame(frame(score=[20.0, 90, 5, 100]), {"score": "score"}, graded={"mark": 0.5})
    world = bl.World.from_frame(frame(), {"score": "score"}, graded={"mark": 0.5})
    with pytest.raises(ArrayError, match=r"score must lie in \[0, 1\]"):
        world.changed(score=world.score + 1.0)
    with pytest.raises(ArrayError, match="score must have shape"):
        world.changed(score=world.score[:, :1])
