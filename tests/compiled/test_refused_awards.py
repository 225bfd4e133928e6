"""Awards that no market can keep, promised after many good ones: refused by both engines in the same words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.compiled.code import COMPARED
from sim.compiled.lanes import play_compiled
from sim.kit.arrays import Award, Bids
from sim.kit.errors import MarketError
from sim.market.simulate import simulate
from sim.mechanisms.price import SecondPrice
from tests.worlds import make_rules, make_world

pytest.importorskip("numba")
TASKS = COMPARED + 200


class _Late(SecondPrice):
    """As the second price, but where the first agent asks more than .9 or makes no bid."""

    name = "late"

    def __call__(self, bids: Bids, *others: Any) -> Award:
        award = super().__call__(bids, *others)
        return Award.trusted(**vars(award) | self.instead(award, bids, (bids.ask > 0.9) & (np.arange(2) == 0)))

    def instead(self, award: Award, bids: Bids, here: Any) -> dict[str, Any]:
        """What it promises there."""
        raise NotImplementedError


class PaysTooMuch(_Late):
    dollars = np.inf

    def instead(self, award: Award, bids: Bids, here: Any) -> dict[str, Any]:
        return {"pay_success": np.where(here, self.dollars, award.pay_success)}


class PaysNothingKnown(PaysTooMuch):
    dollars = np.nan


class PaysHugely(PaysTooMuch):
    dollars = 1e30


class OwesHugely(_Late):
    def instead(self, award: Award, bids: Bids, here: Any) -> dict[str, Any]:
        return {"pay_failure": np.where(here, -1e16, award.pay_failure)}


class HiresNobodysBid(_Late):
    def instead(self, award: Award, bids: Bids, here: Any) -> dict[str, Any]:
        return {"hired": award.hired | ((np.arange(2) == 0) & ~bids.active)}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PaysTooMuch(), "late: pay_success must be finite; got inf"),
        (PaysNothingKnown(), "late: pay_success must be finite; got nan"),
        (PaysHugely(), r"late: pay_success must be from -1e\+15 to 1e\+15; got 1e\+30"),
        (OwesHugely(), r"late: pay_failure must be from -1e\+15 to 1e\+15; got -1e\+16"),
        (HiresNobodysBid(), "late: hires an agent without a bid that counts"),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("last", [False, True], ids=["never", "after those that are compared"])
def test_it_is_refused_wherever_it_comes(rule: Any, words: str, last: bool) -> None:
    n = TASKS if last else TASKS - 1
    cost, present = np.full((n, 2), 0.25), np.full((n, 2), True)
    if last:
        present[-1, 0] = not isinstance(rule, HiresNobodysBid)
        cost[-1, 0] = 0.95
    world = make_world(n, 2, value=2.0, reserve=1.5, cost_belief=cost, present=present, belief=1.0, cost=0.25)
    for engine in (simulate, play_compiled):
        if last:
            with pytest.raises(MarketError, match=words):
                engine(world, make_rules(rule))
        else:
            assert len(engine(world, make_rules(rule))["attempts"]["task"]) == TASKS - 1
