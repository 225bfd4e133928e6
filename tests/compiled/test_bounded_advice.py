"""Advice that calls itself a probability is held to that by both engines, however late it leaves [0, 1]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import bidlab as bl
import numpy as np
import pytest

from sim.kit.errors import MarketError
from sim.standing.advisors import ADVISORS, Posted
from sim.standing.advisors.advisor import Counting
from sim.standing.advisors.read_advice import read_advice

PASSES = 30.0  # at which it leaves [0, 1], long after the clearings that are compared with the rules


@dataclass(frozen=True)
class Late(Counting):
    """A fixed chance until an agent has passed so often."""

    then: float = 2.0

    def read(self, state: Any, posted: Posted) -> Any:
        """Advice of every agent."""
        return np.where(state[0] >= PASSES, self.then, 0.5)


@dataclass(frozen=True)
class Index(Late):
    """The same, which says that it is an index."""

    index: ClassVar[bool] = True


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    ADVISORS.register("late")(Late)
    ADVISORS.register("late_index")(Index)
    yield
    ADVISORS.unregister("late")
    ADVISORS.unregister("late_index")


def played(engine: str, advice: Any, rule: str = "hybrid") -> Any:
    settings = {"standing.advice": advice, "world.arrivals": {"every": 1}, "tender.penalty": 0.0}
    if rule == "route_by_advice":
        settings["standing.expected_cost"] = "actual"
    return bl.run("marketbench_population", mechanisms=[rule], settings=settings, replications=2, engine=engine)


@pytest.mark.parametrize("engine", ["market", "compiled"])
@pytest.mark.parametrize("then", [2.0, -0.25])
def test_advice_outside_is_refused(engine: str, then: float) -> None:
    said = rf"standing\.advice: late: advice must lie in \[0, 1\] unless the class says index = True; got {then:g}"
    with pytest.raises(MarketError, match=said):
        played(engine, {"late": {"then": then}})


@pytest.mark.parametrize("engine", ["market", "compiled"])
def test_what_lies_inside_or_is_an_index_is_played(engine: str) -> None:
    assert len(played(engine, {"late": {"then": 1.0}}).attempts)
    assert len(played(engine, "late_index", "route_by_advice").attempts)


def test_no_advice_is_no_fault() -> None:
    state = (np.array([0.0, PASSES]), np.zeros(2))
    assert np.isnan(read_advice(Late(np.nan), state, Posted(np.full(2, 0.5)))).tolist() == [False, True]
